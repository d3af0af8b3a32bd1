"""What the API of the shared data pool takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import ErrorDetail, Part


class BudgetAnswer(Schema):
    """A year's privacy budget: epsilon in millionths, delta in billionths."""

    year: int
    spent_epsilon_ppm: int
    spent_delta_ppb: int
    most_epsilon_ppm: int
    most_delta_ppb: int


class PoolAnswer(Schema):
    """What the pool holds, and the budget of the year. ``is_member`` is about who asks."""

    members: int
    batches: int
    records: int
    records_by_purpose: dict[str, int]
    purposes: list[str]
    is_member: bool
    credits_milli: int
    budget: BudgetAnswer


class PoolMemberAnswer(Schema):
    """A member and its share of all credits."""

    organisation: UUID
    name: str
    state: str
    admitted_at: datetime
    credits_milli: int
    share_ppm: int


class PoolMemberNew(Schema):
    """The organisation to admit, or whose membership ends."""

    organisation: UUID


class PoolRecordNew(Schema):
    """A record; ``firm`` is its unified social credit code, of which a keyed hash is kept."""

    kind: str = Field(max_length=20)
    firm: str = Field(max_length=40)
    day: str = Field(max_length=20)
    section: str = Field(max_length=10)
    size_band: str = Field(max_length=20)
    peril: str | None = Field(None, max_length=40)
    amount_fen: int | None = None
    records: int | None = None
    duration_hours: int | None = None
    role: str | None = Field(None, max_length=40)


class ContributionNew(Schema):
    """Records and what they may be used for."""

    purposes: list[str] = Field(max_length=20)
    records: list[PoolRecordNew] = Field(max_length=10_000)


class CheckAnswer(Schema):
    """What would become of records; nothing was kept."""

    rows: int
    accepted: int
    rejected: int
    faults: list[ErrorDetail]


class BatchAnswer(Schema):
    """A batch's receipt."""

    id: UUID
    number: str
    name: str
    sha256: str
    content_hash: str
    purposes: list[str]
    rows: int
    events: int
    covers: int
    firms: int
    rejected: int
    state: str
    created_at: datetime
    withdrawn_at: datetime | None
    withdrawal_reason: str
    credits_milli: int


class BatchWholeAnswer(BatchAnswer):
    """A batch with what was rejected, and the releases it entered."""

    faults: list[ErrorDetail]
    releases: list[str]


class BatchPart(Part):
    """One's own batches."""

    items: list[BatchAnswer]


class PoolWithdrawalNew(Schema):
    """Why records are taken back."""

    reason: str = Field(min_length=1, max_length=2000)


class CreditAnswer(Schema):
    """An entry of the credits, in thousandths."""

    id: UUID
    batch: UUID
    kind: str
    amount_milli: int
    parts: dict[str, int]
    created_at: datetime


class CreditPart(Part):
    """One's own credits."""

    items: list[CreditAnswer]


class ReleaseAnswer(Schema):
    """A release without its tables."""

    number: str
    purpose: str
    method: str
    as_of: date
    published_at: datetime
    hash: str


class ReleasePart(Part):
    """Releases."""

    items: list[ReleaseAnswer]


class ReleaseWholeAnswer(Schema):
    """A release: ``document`` is dinghai.pool-release/1, cut to tables of at most one dimension
    where ``whole`` is false; the hash is that of the whole."""

    number: str
    published_at: datetime
    hash: str
    whole: bool
    withdrawn_since: int
    document: dict[str, Any]


class ReleaseNew(Schema):
    """What to publish: exact figures with small cells withheld, or with ``epsilon_ppm`` noisy
    ones. Tables are dimensions to cross."""

    purpose: str = Field(max_length=40)
    method: Literal["suppressed", "private"] = "suppressed"
    tables: list[list[Literal["peril", "section", "size_band", "year"]]] | None = Field(
        None, max_length=12)
    epsilon_ppm: int | None = Field(None, ge=10_000, le=10_000_000)
    delta_ppb: int = Field(0, ge=0, le=10_000)


class ReleaseRequestAnswer(Schema):
    """A release that was asked for: how far its job is, the release's number once it is published,
    and why it failed where it did."""

    id: UUID
    state: Literal["requested", "running", "published", "failed", "cancelled"]
    purpose: str
    method: Literal["suppressed", "private"]
    tables: list[list[str]]
    epsilon_ppm: int
    delta_ppb: int
    job: UUID
    progress: int
    total: int | None
    message: str
    waits_because: str
    error: str
    release: str | None
    requested_at: datetime


class ReleaseRequestPart(Part):
    """A part of the requests of releases."""

    items: list[ReleaseRequestAnswer]
