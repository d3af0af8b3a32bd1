"""What the API of residents' cover takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part


class ResidentSchemeNew(Schema):
    """A scheme as its document (dinghai.resident-scheme/1)."""

    document: dict[str, Any]


class ResidentSchemeAnswer(Schema):
    """A scheme and its figures from sealed lists: the premium as it stands in the books, charges
    and refunds of changes included; certificates without those cancelled; averages in fen and the
    rate in millionths, of the whole period."""

    id: UUID
    number: str
    name_zh: str
    name_en: str
    first_day: date
    last_day: date
    document: dict[str, Any]
    lists: int
    certificates: int
    rejected: int
    premium_fen: int
    sum_insured_fen: int
    average_premium_fen: int | None
    average_sum_insured_fen: int | None
    rate_ppm: int | None
    cancelled: int
    charged_fen: int
    refunded_fen: int


class ResidentListAnswer(Schema):
    """A list on its way into a scheme. ``check`` is what looking through it came to
    (dinghai.resident-check/1, or its faults where it is no list)."""

    id: UUID
    scheme: str
    file: str
    sha256: str
    state: str
    job: UUID | None
    rows: int
    accepted: int
    accepted_by_plan: list[int]
    rejected: int
    premium_fen: int
    sum_insured_fen: int
    root: str
    sealed_at: datetime | None
    check: dict[str, Any] | None


class ResidentListPart(Part):
    """Lists of a scheme, newest first."""

    items: list[ResidentListAnswer]


class ResidentListIssueNew(Schema):
    """``all_or_nothing`` refuses to issue a list of which any row was rejected."""

    all_or_nothing: bool = False


class ResidentCertificateAnswer(Schema):
    """A certificate, its holder masked."""

    number: str
    id: int
    scheme: str
    plan: str
    sum_insured_fen: int
    premium_fen: int
    holder: str
    line: int
    enrolment: UUID


class ResidentComingPlan(Schema):
    """A plan into which a certificate comes from a later day on."""

    from_day: date
    plan: str
    sum_insured_fen: int
    premium_fen: int


class ResidentCertificateWholeAnswer(ResidentCertificateAnswer):
    """A certificate with its signed code (for a QR mark) and masked identity number; its plan is
    that of today, ``coming`` are those of later days."""

    identity: str
    first_day: date
    last_day: date
    coming: list[ResidentComingPlan]
    code: str
    public_key: str


class ResidentCertificateQuery(Schema):
    """A number, a whole identity number or a name; of many, those after a certificate."""

    search: str = Field("", max_length=100)
    after: int = Field(0, ge=0, le=9_223_372_036_854_775_807)
    limit: int = Field(50, ge=1, le=500)


class ResidentRevealNew(Schema):
    """Why the person behind a certificate is looked at."""

    reason: str = Field(min_length=1, max_length=500, pattern=r"\S")


class ResidentAnswer(Schema):
    """The person of a certificate."""

    name: str
    identity: str
    mobile: str
    consented_on: date


class ResidentPapersNew(Schema):
    """In which language the certificates of a list are made."""

    language: Literal["zh", "en"] = "zh"


class ResidentPapersPartAnswer(Schema):
    """A ZIP of certificates, from the first number to the last."""

    id: UUID
    number: int
    first: int
    last: int
    certificates: int
    size: int
    sha256: str


class ResidentPapersAnswer(Schema):
    """An order of certificates as PDF, and its parts so far."""

    id: UUID
    language: str
    job: UUID | None
    state: str
    parts: list[ResidentPapersPartAnswer]


class SaleLinkNew(Schema):
    """A sale link: which plans, where it is shown, for how many days and sales."""

    plans: list[str] = Field(min_length=1, max_length=100)
    channel: str = Field(min_length=1, max_length=100, pattern=r"\S")
    days: int = Field(30, ge=1, le=366)
    most: int = Field(1_000, ge=1, le=1_000_000)


class SaleLinkAnswer(Schema):
    """A sale link. ``state`` is open, sold_out, over or withdrawn."""

    id: UUID
    number: str
    scheme: str
    channel: str
    plans: list[str]
    state: str
    expires_at: datetime
    most: int
    sold: int


class SaleLinkMadeAnswer(SaleLinkAnswer):
    """A new sale link with its address, which is answered this once."""

    address: str


class SaleLinkPart(Part):
    """Sale links of a scheme, newest first."""

    items: list[SaleLinkAnswer]


class ResidentChangesNew(Schema):
    """What a list of changes is to do. ``kind``: correction, plan, renewal or cancellation.

    ``from_day`` is the first day of a new plan, or the first without cover. With ``whole`` a
    renewal or cancellation is about everybody of the scheme (or of one ``enrolment``), less those
    whom the file names. A renewal goes into the scheme ``target``.
    """

    kind: str
    from_day: date | None = None
    whole: bool = False
    enrolment: UUID | None = None
    target: UUID | None = None
    consent_since: date | None = None


class ResidentChangesAnswer(Schema):
    """A list of changes. ``check`` is what looking through it came to
    (dinghai.resident-changes/1, or its faults where it is no list)."""

    id: UUID
    scheme: str
    kind: str
    whole: bool
    from_day: date
    target: str | None
    consent_since: date | None
    enrolment: UUID | None
    file: str | None
    state: str
    job: UUID | None
    rows_a_second: int | None
    rows: int
    accepted: int
    rejected: int
    left_out: int
    charged_fen: int
    refunded_fen: int
    root: str
    sealed_at: datetime | None
    check: dict[str, Any] | None


class ResidentChangesPart(Part):
    """Lists of changes of a scheme, newest first."""

    items: list[ResidentChangesAnswer]


class ResidentPaceNew(Schema):
    """Rows a second that a list may take at most; null: as many as it can."""

    rows_a_second: int | None = Field(None, ge=1, le=1_000_000)


class ResidentPaceAnswer(Schema):
    """The pace as it is now."""

    rows_a_second: int | None


class ResidentChangeAnswer(Schema):
    """A change of a certificate and how it stood afterwards. ``step_fen`` was charged (negative:
    given back), ``owed_fen`` is what all the cover costs; ``ended_on`` the first day without
    cover."""

    id: int
    kind: str
    changes: UUID
    line: int
    day: date
    plan_before: str
    plan: str
    step_fen: int
    owed_fen: int
    ended_on: date | None
    corrected: bool
    sealed_at: datetime


class ResidentHistoryAnswer(Schema):
    """A certificate as it was issued, and its changes, newest first."""

    number: str
    id: int
    issued_plan: str
    holder: str
    changes: list[ResidentChangeAnswer]


class ResidentDayQuery(Schema):
    """A day; today unless given."""

    day: date | None = None


class ResidentPlanCount(Schema):
    """Certificates of a plan."""

    code: str
    number: int


class ResidentInForceAnswer(Schema):
    """Who is in force in a scheme on a day."""

    day: date
    number: int
    sum_insured_fen: int
    by_plan: list[ResidentPlanCount]
