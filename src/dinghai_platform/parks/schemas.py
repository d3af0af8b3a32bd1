"""Shapes of the API of parks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part


class ParkAnswer(Schema):
    """A park. ``document`` is its master policy (dinghai.park/1)."""

    id: UUID
    number: str
    code: str
    insurer: UUID
    operator: UUID | None
    name_zh: str
    name_en: str
    state: Literal["draft", "in_force", "closed"]
    policy_no: str
    product_id: str
    inception: date
    expiry: date
    document: dict[str, Any]
    document_hash: str
    members: int
    net_fen: int
    vat_fen: int
    period_left_fen: int
    created_at: datetime


class ParkBriefAnswer(Schema):
    """A park in a list."""

    id: UUID
    number: str
    code: str
    operator: UUID | None
    name_zh: str
    name_en: str
    state: Literal["draft", "in_force", "closed"]
    inception: date
    expiry: date
    members: int


class ParkPart(Part):
    """Parks, newest first."""

    items: list[ParkBriefAnswer]


class ParkNew(Schema):
    """A master policy to open (dinghai.park/1), or to put in a draft's place."""

    document: dict[str, Any]
    operator: UUID | None = None


class ParkReasonNew(Schema):
    """Why."""

    reason: str = Field(max_length=2_000)


class ParkTopUpAnswer(Schema):
    """A top-up that a member holds, and the first day that it covers."""

    id: str
    first: date


class ParkMemberAnswer(Schema):
    """A member. Amounts in fen; null is not known."""

    id: UUID
    park: UUID
    park_number: str
    organisation: UUID | None
    credit_code: str
    name_zh: str
    name_en: str
    sector: str
    rating_class: str
    size: str
    revenue_fen: int | None
    state: Literal["enrolled", "left"]
    first: date
    last: date
    limit_fen: int
    top_ups: list[ParkTopUpAnswer]
    network: list[str] | None
    providers: list[str] | None
    grade: str
    net_fen: int
    vat_fen: int


class ParkMemberPart(Part):
    """Members of a park, in the order of its roll."""

    items: list[ParkMemberAnswer]


class ParkStepAnswer(Schema):
    """A step of a member's premium; negative goes back."""

    cover: str
    on: date
    reason: Literal["enrolled", "left"]
    days_left: int
    net_fen: int
    vat_fen: int


class ParkCertificateAnswer(Schema):
    """What a certificate says (dinghai.park-certificate/1)."""

    id: UUID
    number: str
    revision: int
    issued_on: date
    document: dict[str, Any]
    document_hash: str


class ParkMemberClaimAnswer(Schema):
    """What a member is paid of an event."""

    number: str
    event: str
    day: date
    claimed_fen: int
    entitled_fen: int
    paid_before_fen: int
    due_fen: int
    retained_fen: int
    reversed_at: datetime | None


class ParkMemberWholeAnswer(ParkMemberAnswer):
    """A member with its premium step by step, certificates and claims."""

    steps: list[ParkStepAnswer]
    certificates: list[ParkCertificateAnswer]
    claims: list[ParkMemberClaimAnswer]


class ParkChangeAnswer(Schema):
    """A change of members: ``outcome`` of each row (dinghai.park-enrolment/1), ``preview`` of what
    it charges and gives back; ``seen`` is the hash of both, which applying asks for."""

    id: UUID
    park: UUID
    number: str
    kind: Literal["list", "join", "leave"]
    state: Literal["checked", "applied", "dropped"]
    file_name: str
    joined: int
    left: int
    rejected: int
    charged_fen: int
    refunded_fen: int
    outcome: dict[str, Any]
    preview: dict[str, Any]
    seen: str
    created_at: datetime


class ParkChangeBriefAnswer(Schema):
    """A change in a list."""

    id: UUID
    number: str
    kind: Literal["list", "join", "leave"]
    state: Literal["checked", "applied", "dropped"]
    file_name: str
    joined: int
    left: int
    rejected: int
    charged_fen: int
    refunded_fen: int
    created_at: datetime


class ParkChangePart(Part):
    """Changes of members, newest first."""

    items: list[ParkChangeBriefAnswer]


class ParkJoiningNew(Schema):
    """A firm that joins, as a row of a list says it."""

    credit_code: str = Field(max_length=30)
    name: str = Field(max_length=200)
    sector: str = Field(max_length=60)
    size: str = Field("", max_length=64)
    revenue_fen: int | None = Field(None, ge=0, le=10**16)
    joined: date
    limit_fen: int | None = Field(None, gt=0, le=10**14)
    top_ups: list[str] = Field([], max_length=50)
    network: list[str] | None = Field(None, max_length=50)
    providers: list[str] | None = Field(None, max_length=50)
    grade: str = Field("", max_length=1)

    def cells(self) -> dict[str, str]:
        """The row's cells: null is not known, an empty list is nothing."""
        lists = {"network": self.network, "providers": self.providers}
        return {
            "credit_code": self.credit_code, "name": self.name, "sector": self.sector,
            "size": self.size, "joined": self.joined.isoformat(), "grade": self.grade,
            "revenue": "" if self.revenue_fen is None else f"{self.revenue_fen}fen",
            "limit": "" if self.limit_fen is None else f"{self.limit_fen}fen",
            "top_ups": ";".join(self.top_ups),
            **{name: "" if parts is None else ";".join(parts) or "none"
               for name, parts in lists.items()}}


class ParkLeavingNew(Schema):
    """The last day of a member, and why it leaves."""

    last: date
    reason: str = Field(max_length=2_000)


class ParkApplicationNew(Schema):
    """What was seen is applied; with ``all_or_nothing`` only without a row at fault."""

    seen: str = Field(max_length=64)
    all_or_nothing: bool = False


class ParkPackNew(Schema):
    """In which language the certificates are set."""

    language: Literal["zh", "en"] = "zh"


class ParkPackAnswer(Schema):
    """The certificates of all members in one ZIP, and the job that makes it."""

    id: UUID
    language: str
    state: Literal["running", "done"]
    certificates: int
    job: UUID | None
    file: UUID | None


class ParkLineNew(Schema):
    """A line of an event: what the terms grant a member before any limit, in fen."""

    claim: str = Field("", max_length=64)
    member: str = Field(max_length=200)
    coverage: str = Field(max_length=64)
    top_up: str = Field("", max_length=64)
    day: date
    amount_fen: int = Field(ge=0, le=10**16)


class ParkEventNew(Schema):
    """An event with every claim of it."""

    event: str = Field(max_length=100)
    facts: str = Field("", max_length=4_000)
    lines: list[ParkLineNew] = Field(min_length=1, max_length=5_000)


class ParkSettlementAnswer(Schema):
    """What an event costs whom (``document``: dinghai.park-settlement/1)."""

    id: UUID
    park: UUID
    number: str
    event: str
    day: date
    facts: str
    state: Literal["proposed", "posted", "rejected", "reversed"]
    firms: int
    claimed_fen: int
    due_fen: int
    retained_fen: int
    left_fen: int
    document: dict[str, Any]
    document_hash: str
    note: str


class ParkSettlementBriefAnswer(Schema):
    """A settlement in a list."""

    id: UUID
    number: str
    event: str
    day: date
    state: Literal["proposed", "posted", "rejected", "reversed"]
    firms: int
    claimed_fen: int
    due_fen: int
    retained_fen: int
    left_fen: int


class ParkSettlementPart(Part):
    """Settlements of a park, newest first."""

    items: list[ParkSettlementBriefAnswer]


class ParkPortraitAnswer(Schema):
    """A portrait on a day (dinghai.park-portrait/1)."""

    document: dict[str, Any]


class ParkStatementLineAnswer(Schema):
    """The premium of one change and day."""

    change: str
    on: date
    firms: int
    net_fen: int
    vat_fen: int
    charged_fen: int
    refunded_fen: int


class ParkServiceNew(Schema):
    """A service that the park offers."""

    kind: Literal["monitoring", "scan", "training", "drill", "response", "backup", "other"]
    name_zh: str = Field(max_length=200)
    name_en: str = Field("", max_length=200)
    provider: str = Field("", max_length=200)
    note: str = Field("", max_length=2_000)


class ParkServiceAnswer(Schema):
    """A shared service, with how often and by how many it was used."""

    id: UUID
    kind: str
    name_zh: str
    name_en: str
    provider: str
    note: str
    state: Literal["offered", "withdrawn"]
    times: int
    users: int


class ParkUseNew(Schema):
    """That a member used a service on a day."""

    park_member: UUID
    on: date
    note: str = Field("", max_length=500)


class ParkUseAnswer(Schema):
    """A use of a service."""

    id: UUID
    service: UUID
    member: UUID
    on: date
    note: str
