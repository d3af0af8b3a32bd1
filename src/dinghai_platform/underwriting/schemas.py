"""Shapes of underwriting's API. Amounts are whole fen, ratios parts per million."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema


class CaseNew(Schema):
    """A case to open."""

    insured: UUID
    title: str = Field(min_length=1, max_length=200)


class CaseAnswer(Schema):
    """A case."""

    id: UUID
    number: str
    title: str
    insured: UUID
    step: int
    opened_at: datetime


class DossierAnswer(Schema):
    """A dossier with its counts; ``job`` tells the progress while it is read."""

    id: UUID
    case: UUID
    version: int
    state: str
    sha256: str
    files: int
    records: int
    findings: int
    rejected: int
    faults: list[Any]
    job: UUID | None
    imported_at: datetime | None


class FindingAnswer(Schema):
    """A finding with its evidence."""

    id: UUID
    dossier: UUID
    finding_id: str
    kind: str
    severity: str
    asset: str
    port: int | None
    title: str
    cves: list[str]
    vantage: str
    source_name: str
    reference: str
    known_exploited: bool
    state: str


class DisputeNew(Schema):
    """Why a finding is wrong."""

    reason: str = Field(min_length=1, max_length=5_000)


class DisputeAnswer(Schema):
    """A dispute and its decision."""

    id: UUID
    finding: UUID
    reason: str
    accepted: bool | None
    decision: str


class DecisionNew(Schema):
    """The decision of a dispute, with reasons."""

    accepted: bool
    decision: str = Field(min_length=1, max_length=5_000)


class AssessNew(Schema):
    """How to assess: all 46 indicators or the 28 light ones."""

    light: bool = False


class AssessmentAnswer(Schema):
    """An assessment; ``document`` is dinghai.assessment/1."""

    id: UUID
    case: UUID
    dossier: UUID
    as_of: date
    score_ppm: int
    grade: str
    outcome: str
    confidence_ppm: int
    document: dict[str, Any] | None = None


class StatedClaimNew(Schema):
    """One claim of a history; amounts in fen, null is unknown. Without a number it gets its place.
    """

    claim_no: str = Field("", max_length=80)
    occurred_on: date
    notified_on: date | None = None
    peril: str = Field("", max_length=40)
    ground_up_fen: int | None = Field(None, ge=0, le=10**15)
    paid_fen: int | None = Field(None, ge=0, le=10**15)
    outstanding_fen: int | None = Field(None, ge=0, le=10**15)
    deductible_fen: int | None = Field(None, ge=0, le=10**15)
    state: Literal["", "open", "closed", "closed_without_payment", "refused", "withdrawn"] = ""


class HistoryNew(Schema):
    """A claims history as a whole; no claim says that there was none.

    ``base`` is the version that was seen (0: none yet).
    """

    base: int = Field(ge=0, le=10**9)
    first: date
    last: date
    uses_held: bool = False
    claims: list[StatedClaimNew] = Field(default_factory=list, max_length=1_000)


class HistoryStepNew(Schema):
    """A step on a history, with the version that was seen."""

    base: int = Field(ge=0, le=10**9)


class HistoryFileNew(HistoryStepNew):
    """What is done with a file of claims: checked only, or taken in. ``key`` is how the file names
    the insured, where that is neither credit code nor name."""

    check_only: bool = False
    key: str = Field("", max_length=80)


class FaultAnswer(Schema):
    """One fault of a file."""

    message: str
    line: int | None = None
    field: str | None = None
    mend: str | None = None


class StatedClaimAnswer(Schema):
    """One claim as stated; ``counts`` and, where it does not, why not."""

    claim_no: str
    occurred_on: date
    notified_on: date | None
    peril: str
    ground_up_fen: int | None
    paid_fen: int | None
    outstanding_fen: int | None
    deductible_fen: int | None
    state: str
    currency: str
    origin: str
    counts: bool | None = None
    reason: str = ""


class HistoryAnswer(Schema):
    """The claims history of a case; ``given`` false is not the same as no claim.

    ``held`` are claims under this insurer's own policies, offered also while they do not count.
    ``document`` is dinghai.claims-history/1, as a quote of today takes it.
    """

    case: UUID
    version: int
    given: bool
    first: date | None
    last: date | None
    uses_held: bool
    claims: list[StatedClaimAnswer]
    held: list[StatedClaimAnswer]
    document: dict[str, Any] | None


class ClaimsFileAnswer(Schema):
    """What a file of claims says, and what became of it."""

    kept: bool
    claims: list[StatedClaimAnswer]
    of_others: int
    names_insured: bool
    faults: list[FaultAnswer]
    faults_total: int
    ignored_columns: list[str]
    history: HistoryAnswer | None = None


class ScreeningNew(Schema):
    """One sanctions screening: which lists were searched, when, and what was found."""

    lists: list[str] = Field(min_length=1, max_length=50)
    screened_on: date
    result: Literal["clear", "possible", "hit"]
    reference: str = Field(min_length=1, max_length=200)
    valid_until: date | None = None
    note: str = Field("", max_length=2_000)


class ScreeningAnswer(Schema):
    """A recorded screening; ``holds`` says whether it says anything today."""

    id: UUID
    case: UUID
    insured: UUID
    result: str
    lists: list[str]
    reference: str
    screened_on: date
    valid_until: date
    holds: bool
    recorded_at: datetime
    sha256: str


class ScreeningPart(Schema):
    """A part of the screenings."""

    count: int
    limit: int
    offset: int
    items: list[ScreeningAnswer]


class CostsAnswer(Schema):
    """What fixes cost in a case; ``document`` is dinghai.fix-costs/1, ``own`` its own offers."""

    case: UUID
    own: bool
    document: dict[str, Any]


class PriceNew(Schema):
    """What to price; what is left out is what the dossier wants."""

    product: UUID
    limit_fen: int | None = Field(None, ge=1, le=10**13)
    deductible_fen: int | None = Field(None, ge=0, le=10**13)
    inception: date | None = None


class PlanNew(Schema):
    """Under which product the treatment is planned."""

    product: UUID
    inception: date | None = None


class CommitmentNew(Schema):
    """By when a fix is done."""

    due: date


class FixAnswer(Schema):
    """A fix with its worth; ``level`` is next (the next anchor) or full (full marks)."""

    id: UUID
    plan: UUID
    code: str
    indicator: str
    level: str
    name_zh: str
    name_en: str
    effort: str
    knock_out: bool
    from_ppm: int | None
    to_ppm: int
    expected_loss_saved_fen: int
    premium_saved_fen: int
    state: str
    due: date | None
    verified_at: datetime | None


class PlanAnswer(Schema):
    """A treatment plan: where the risk stands today, and what each fix would change."""

    id: UUID
    case: UUID
    assessment: UUID
    product: UUID
    planned_at: datetime
    expected_loss_fen: int
    charged_fen: int
    fixes: list[FixAnswer] | None = None


class QuoteAnswer(Schema):
    """A quote; ``document`` is dinghai.quote/1 (for the insurer alone; ``screening`` only for those
    who may see screenings)."""

    id: UUID
    number: str
    case: UUID
    assessment: UUID
    product: UUID
    state: str
    limit_fen: int
    deductible_fen: int
    charged_fen: int
    vat_fen: int
    gross_fen: int
    adequacy_ppm: int | None
    valid_until: date | None
    unexplained: list[str] | None = None
    document: dict[str, Any] | None = None


class ReasonNew(Schema):
    """A reason, where a step asks for one."""

    reason: str = Field("", max_length=5_000)


class WaiverNew(Schema):
    """Terms that will not be explained, and why."""

    keys: list[str] = Field(min_length=1, max_length=500)
    reason: str = Field(min_length=1, max_length=5_000)


class ExplainNew(Schema):
    """Terms that were shown, explained and confirmed."""

    keys: list[str] = Field(max_length=500)
    channel: str = Field("online", max_length=40)
    confirmed_name: str = Field("", max_length=200)


class TermAnswer(Schema):
    """A term to explain, in both languages."""

    key: str
    kind: str
    clause: str
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    plain_zh: str
    plain_en: str
    explained: bool


class PaymentNew(Schema):
    """The bank's reference of a payment."""

    reference: str = Field(min_length=1, max_length=200)


class PaperAnswer(Schema):
    """A PDF: its kind, language, hash and address."""

    id: UUID
    kind: str
    language: str
    sha256: str
    address: str


class PolicyAnswer(Schema):
    """A policy; ``document`` is dinghai.policy/1."""

    id: UUID
    policy_no: str
    case: UUID
    quote: UUID
    state: str
    inception: date
    expiry: date
    aggregate_limit_fen: int
    gross_premium_fen: int
    document_hash: str
    papers: list[PaperAnswer] | None = None
    document: dict[str, Any] | None = None


class CasePart(Schema):
    """A part of the cases."""

    count: int
    limit: int
    offset: int
    items: list[CaseAnswer]


class DossierPart(Schema):
    """A part of the dossiers."""

    count: int
    limit: int
    offset: int
    items: list[DossierAnswer]


class FindingPart(Schema):
    """A part of the findings."""

    count: int
    limit: int
    offset: int
    items: list[FindingAnswer]


class PlanPart(Schema):
    """A part of the treatment plans."""

    count: int
    limit: int
    offset: int
    items: list[PlanAnswer]


class QuotePart(Schema):
    """A part of the quotes."""

    count: int
    limit: int
    offset: int
    items: list[QuoteAnswer]


class PolicyPart(Schema):
    """A part of the policies."""

    count: int
    limit: int
    offset: int
    items: list[PolicyAnswer]
