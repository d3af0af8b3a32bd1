"""Shapes of the API of programmes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part

MOST_PREMIUM = 10**14


class ProgrammeAnswer(Schema):
    """A programme. ``layers`` is its agreement (dinghai.chain-layers/1)."""

    id: UUID
    number: str
    chain: UUID
    version: int
    insurer: UUID
    owner: UUID | None
    policy: UUID | None
    name_zh: str
    name_en: str
    state: Literal["open", "closed"]
    product_id: str
    product_version: str
    inception: date
    expiry: date
    premium_fen: int
    aggregate_fen: int
    layers: dict[str, Any]
    layers_hash: str
    members: int
    created_at: datetime


class ProgrammePart(Part):
    """Programmes, newest first."""

    items: list[ProgrammeAnswer]


class ProgrammeNew(Schema):
    """A programme to open. Without ``layers`` those of the wording count."""

    chain: UUID
    version: int | None = None
    inception: date
    expiry: date
    premium_fen: int | None = Field(None, gt=0, le=MOST_PREMIUM)
    layers: dict[str, Any] | None = None
    name_zh: str = Field("", max_length=200)
    name_en: str = Field("", max_length=200)


class MemberAnswer(Schema):
    """A member. Amounts in fen before tax."""

    id: UUID
    programme_number: str
    firm: str
    name_zh: str
    name_en: str
    role: str
    tier: int
    state: Literal["enrolled", "left"]
    first: date
    last: date
    annual_fen: int
    basis: Literal["stated", "shares", "revenue"]
    premium_fen: int
    grade: str
    organisation: UUID | None


class MemberPart(Part):
    """Members of a programme."""

    items: list[MemberAnswer]


class PremiumStepAnswer(Schema):
    """A step of a member's premium; negative goes back."""

    on: date
    reason: Literal["enrolled", "left", "float"]
    days_left: int
    fen: int
    vat_fen: int


class StandingAnswer(Schema):
    """Where a member stood: its own reasons, evidence and fixes."""

    version_number: int
    as_of: date
    grade: str
    index_ppm: int | None
    score_ppm: int
    factor_ppm: int
    document: dict[str, Any]


class MemberFloatAnswer(Schema):
    """A change of a member's premium."""

    id: UUID
    number: str
    state: str
    factor_before_ppm: int
    factor_ppm: int
    amount_fen: int
    effective: date
    appeal_until: date | None
    appeal_reason: str


class CertificateAnswer(Schema):
    """A certificate (dinghai.chain-certificate/1)."""

    id: UUID
    number: str
    document: dict[str, Any]
    document_hash: str
    created_at: datetime


class MemberWholeAnswer(MemberAnswer):
    """A member with its steps, standings, notices and certificates, and nobody else's."""

    steps: list[PremiumStepAnswer]
    standings: list[StandingAnswer]
    floats: list[MemberFloatAnswer]
    certificates: list[CertificateAnswer]


class JoiningNew(Schema):
    """A firm that joins; without ``premium_fen`` its premium is allocated."""

    firm: str = Field(min_length=1, max_length=64)
    first: date | None = None
    premium_fen: int | None = Field(None, ge=0, le=MOST_PREMIUM)
    organisation: UUID | None = None


class EnrolmentNew(Schema):
    """Firms that join, all or none."""

    members: list[JoiningNew] = Field(min_length=1, max_length=5_000)


class LeavingNew(Schema):
    """When and why a member leaves."""

    last: date
    reason: str = Field(min_length=1, max_length=2_000)


class ProgrammeReasonNew(Schema):
    """Why."""

    reason: str = Field(min_length=1, max_length=2_000)


class ProgrammeStudyNew(Schema):
    """A study to queue: ``runs`` years of shares, or attempts of a float against ``after``."""

    kind: Literal["shares", "float"]
    runs: int = Field(20_000, ge=100, le=200_000)
    seed: int = Field(1, ge=0, le=2_147_483_647)
    after: int | None = Field(None, ge=1, le=1_000_000_000)


class ProgrammeStudyAnswer(Schema):
    """A study. ``document`` is what the engine found (shares or floats)."""

    id: UUID
    kind: Literal["shares", "float"]
    state: Literal["running", "done", "failed"]
    runs: int
    seed: int
    after: int | None
    job: UUID | None
    document: dict[str, Any] | None
    document_hash: str
    fault: dict[str, Any] | None


class SectionNew(Schema):
    """A section as the terms grant it before the layers. ``overdue_causal_finding`` is null where
    nobody has established it."""

    member: str = Field(min_length=1, max_length=64)
    coverage: str = Field(min_length=1, max_length=40)
    amount_fen: int = Field(gt=0, le=MOST_PREMIUM)
    deductible_ppm: int = Field(0, ge=0, le=1_000_000)
    overdue_causal_finding: bool | None = False


class SettlementNew(Schema):
    """An event to settle, or a decided claim by its decision."""

    event: str = Field("", max_length=100)
    occurred_on: date | None = None
    root_cause: str | None = Field(None, max_length=64)
    sections: list[SectionNew] = Field(default_factory=list, max_length=500)
    decision: UUID | None = None


class SettlementAnswer(Schema):
    """A settlement; ``document`` is dinghai.chain-settlement/1."""

    id: UUID
    number: str
    event: str
    occurred_on: date
    root_cause: str
    state: Literal["proposed", "posted", "rejected", "reversed"]
    presented_fen: int
    insurance_fen: int
    contribution_fen: int
    retention_fen: int
    document: dict[str, Any]
    document_hash: str
    note: str


class SettlementPart(Part):
    """Settlements, newest first."""

    items: list[SettlementAnswer]
