"""Shapes of the actuary's API. Amounts are whole fen, ratios parts per million."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part


class TableVersionAnswer(Schema):
    """A version of a table; ``document`` is dinghai.rating/1 or dinghai.referral/1."""

    id: UUID
    kind: str
    table_id: str
    number: int
    label: str
    state: str
    document_hash: str
    based_on: UUID | None
    rolls_back: bool
    reason: str
    in_force_from: date | None
    drafted_by: str | None
    proposed_by: str | None
    proposed_at: datetime | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str
    created_at: datetime
    document: dict[str, Any] | None = None


class TableVersionPart(Part):
    """Versions."""

    items: list[TableVersionAnswer]


class TableInForceAnswer(Schema):
    """A table that prices today; ``version`` is null for the one that comes with the platform."""

    kind: str
    table_id: str
    label: str
    sha256: str
    version: UUID | None
    in_force_from: date | None
    document: dict[str, Any]


class TableInForceList(Schema):
    """Every table that prices today."""

    on: date
    items: list[TableInForceAnswer]


class TableVersionNew(Schema):
    """A new version: a copy of the table in force, or the document given."""

    kind: str = Field("rating", max_length=40)
    table_id: str = Field("cyber-comprehensive-standard", max_length=80)
    label: str = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=1, max_length=2_000)


class FigureNew(Schema):
    """A changed figure with its source and its mark of confidence."""

    place: str = Field(min_length=1, max_length=200)
    value: int | bool | str | list[str]
    source: str = Field(min_length=1, max_length=500)
    confidence: Literal["T", "A", "M", "M-", "D"]


class FiguresNew(Schema):
    """Changes of a draft; ``header`` may change as_of, filing and the names."""

    figures: list[FigureNew] = Field(max_length=500)
    header: dict[str, str] = Field(default_factory=dict)


class TableStepNew(Schema):
    """Why a step is taken."""

    reason: str = Field(min_length=1, max_length=2_000)


class TableApprovalNew(TableStepNew):
    """From which day a version counts, and why."""

    in_force_from: date


class TableRollBackNew(TableStepNew):
    """The name under which a former table comes back."""

    label: str = Field(min_length=1, max_length=40)


class DifferenceAnswer(Schema):
    """One place at which two documents differ."""

    place: str
    change: str
    before: Any = None
    after: Any = None


class DifferencesAnswer(Schema):
    """What differs between a version and another one, or the shipped table (``against`` null)."""

    version: UUID
    against: UUID | None
    items: list[DifferenceAnswer]


class TableEventAnswer(Schema):
    """One step in the life of a version."""

    event: str
    state: str
    at: datetime
    by: str | None
    role: str
    reason: str
    document_hash: str
    changed: list[str]


class TableEventList(Schema):
    """The life of a version, oldest first."""

    items: list[TableEventAnswer]


class ImpactRunAnswer(Schema):
    """An impact run; ``summary`` holds its totals once it is done."""

    id: UUID
    version: UUID
    state: str
    job: UUID | None
    document_hash: str
    against_label: str
    against_hash: str
    policies_hash: str
    as_of: date
    policies: int
    quotes: int
    faults: int
    finished_at: datetime | None
    summary: dict[str, Any]


class ImpactRunList(Schema):
    """The impact runs of a version, newest first."""

    items: list[ImpactRunAnswer]


class ImpactRowAnswer(Schema):
    """One policy or open quote before and after."""

    id: UUID
    policy: UUID | None
    quote: UUID
    number: str
    product: str
    industry: str
    size: str
    grade: str
    technical_before_fen: int | None
    technical_after_fen: int | None
    charged_before_fen: int | None
    charged_after_fen: int | None
    change_fen: int | None
    change_ppm: int | None
    outcome_before: str
    outcome_after: str
    reasons_after: list[str]
    steps: list[dict[str, Any]]
    fault: str


class ImpactRowPart(Part):
    """Rows of an impact run."""

    items: list[ImpactRowAnswer]


class CalibrationRowAnswer(Schema):
    """One figure of a calibration table; ``measured`` is what public data say of it."""

    table: str
    place: str
    value: str
    unit: str
    interval: str
    sample: str
    source: str
    confidence: str
    as_of: str
    note: str
    measured: str
    taken: bool | None


class CalibrationPart(Part):
    """Figures of the calibration tables."""

    items: list[CalibrationRowAnswer]


class AdequacySegmentAnswer(Schema):
    """Premiums of a group of policies in force."""

    segment: str
    code: str
    policies: int
    technical_fen: int
    charged_fen: int
    expected_fen: int
    adequacy_ppm: int | None


class AdequacyAnswer(Schema):
    """Charged against technical premium of the book and of its segments."""

    policies: int
    technical_fen: int
    charged_fen: int
    expected_fen: int
    adequacy_ppm: int | None
    segments: list[AdequacySegmentAnswer]


class ReferralTrialNew(Schema):
    """A quote to try the rules in force on, and facts to suppose."""

    quote: UUID
    supposed: dict[str, bool] = Field(default_factory=dict)


class ReferralTrialAnswer(Schema):
    """What the rules say of a quote."""

    quote: UUID
    outcome_before: str
    outcome_after: str
    referral: dict[str, Any]


class FitColumn(Schema):
    """A column of a file and what it will do: as amounts, as days, as groups."""

    name: str
    amounts: bool
    days: bool
    groups: bool


class FitReportAnswer(Schema):
    """A fit of one file. ``document`` is what ``dinghai fit --json`` says, while there is one;
    ``screened`` are line and reason of rows that were not used (the first 200); ``job`` can be
    followed under ``/core/jobs/{id}``."""

    id: UUID
    title: str
    purpose: str
    state: Literal["read", "running", "refused", "done", "withdrawn"]
    origin: Literal["upload", "own_claims"]
    kind: Literal["", "severity", "frequency", "delay"]
    file_name: str
    file_size: int
    file_sha256: str
    rows: int
    is_incidents: bool
    question: dict[str, Any]
    unit: str
    shipped: str
    fault: dict[str, Any] | None
    document_hash: str
    observations: int | None
    law: str
    job: UUID | None
    job_state: str | None
    begun_by: str | None
    created_at: datetime
    finished_at: datetime | None
    withdrawn_at: datetime | None
    withdrawal_reason: str
    columns: list[FitColumn] | None = None
    notes: list[str] | None = None
    screened: list[tuple[int, str]] | None = None
    document: dict[str, Any] | None = None


class FitReportPart(Part):
    """Fits, newest first."""

    items: list[FitReportAnswer]


class FitQuestionNew(Schema):
    """What is asked of a file. ``column`` holds the amounts or the days; ``known``, for delays, the
    days of notice. ``floor``, ``threshold`` and ``limits`` are in the unit of the amounts."""

    kind: Literal["severity", "frequency", "delay"]
    column: str = Field(min_length=1, max_length=200)
    known: str = Field("", max_length=200)
    floor: float | None = Field(None, ge=0, allow_inf_nan=False)
    threshold: float | None = Field(None, ge=0, allow_inf_nan=False)
    by: str = Field("", max_length=200)
    per: Literal["day", "month", "year"] = "month"
    currency: str = Field("", max_length=3)
    limits: list[float] = Field(default_factory=list, max_length=20)
    unit: Literal["", "CNY", "USD", "records", "hours", "days"] = ""
    shipped: str = Field("", max_length=80, description="code of a shipped series to compare with")


class FitAboutNew(Schema):
    """What data are, and what their fit is for."""

    title: str = Field(min_length=1, max_length=120)
    purpose: str = Field("", max_length=500)


class FitWithdrawalNew(Schema):
    """Why a fit is taken back."""

    reason: str = Field(min_length=1, max_length=2_000)
