"""Shapes of small firms in the API. Money in fen, ratios and scores in ppm, times in seconds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part


class SmallFirmAnswer(Schema):
    """A firm and where it stands."""

    id: UUID
    insurer: UUID
    broker: UUID | None
    insured: UUID | None
    number: str
    channel: str
    state: str
    credit_code: str
    name: str
    industry: str
    score_ppm: int | None
    grade: str
    on_offer_fen: int | None


class SmallFirmPart(Part):
    """Firms."""

    items: list[SmallFirmAnswer]


class SmallFirmNew(Schema):
    """A firm begins. ``insurer`` where the actor deals with several."""

    insurer: UUID | None = None


class SmallFirmCells(Schema):
    """Answers by column of the engine's file, as texts: what the page sends."""

    cells: dict[str, str] = Field(default_factory=dict, max_length=100)
    inception: date | None = None


class SmallFirmQuoteAnswer(Schema):
    """A quote; ``document`` as one firm of dinghai.small-firm-quotes/1."""

    id: UUID
    firm: UUID
    batch: UUID | None
    line: int | None
    number: str
    on: date
    inception: date
    valid_until: date
    outcome: str
    decision: str
    decided_plan: str
    reduced: bool
    score_ppm: int
    grade: str
    offered_plan: str
    gross_fen: int | None
    bindable_plans: list[str]
    document: dict[str, Any]
    document_hash: str


class SmallFirmQuotePart(Part):
    """Quotes."""

    items: list[SmallFirmQuoteAnswer]


class SmallFirmTermAnswer(Schema):
    """A term that must be explained before a plan is taken."""

    key: str
    kind: str
    clause: str
    name_zh: str
    name_en: str
    text_zh: str
    text_en: str
    plain_zh: str
    plain_en: str


class SmallFirmBindNew(Schema):
    """The offer is taken: which plan, which terms were explained, who confirmed it and how."""

    plan: str = Field(max_length=40)
    read: list[str] = Field(max_length=200)
    confirmed_by: str = Field("", max_length=100)
    channel: Literal["online", "in_person", "telephone", "paper"] = "online"


class SmallFirmDecisionNew(Schema):
    """An underwriter's decision on a referred quote."""

    approve: bool
    plan: str = Field("", max_length=40)
    reason: str = Field(max_length=2_000)


class SmallFirmAgainNew(Schema):
    """What a firm says against a refusal."""

    text: str = Field(min_length=1, max_length=1_000)


class SmallFirmLookNew(Schema):
    """That a refusal is lifted, or stands, and why."""

    lift: bool
    reason: str = Field(max_length=2_000)


class SmallFirmRenewalRunNew(Schema):
    """How far ahead policies are renewed."""

    days: int = Field(45, ge=1, le=59)


class SmallFirmRenewalRunAnswer(Schema):
    """A run of renewals. ``outcomes`` counts quotes by outcome, and ``ask`` and ``left``."""

    id: UUID
    number: str
    state: str
    on: date
    until: date
    policies: int
    outcomes: dict[str, int]
    broker: UUID | None
    job: UUID | None
    binding: UUID | None


class SmallFirmRenewalAnswer(Schema):
    """What became of one policy of a run: ``quoted``, ``ask`` (its answers are too old) or
    ``left``, with why."""

    id: UUID
    policy: UUID
    firm: UUID
    policy_no: str
    state: str
    why: str
    quote: UUID | None
    outcome: str
    gross_fen: int | None


class SmallFirmRenewalPart(Part):
    """Renewals of a run."""

    items: list[SmallFirmRenewalAnswer]


class SmallFirmPolicyAnswer(Schema):
    """A policy (``document`` is dinghai.policy/1)."""

    id: UUID
    firm: UUID
    quote: UUID
    policy_no: str
    state: str
    plan: str
    reduced: bool
    inception: date
    expiry: date
    treat_by: date | None
    aggregate_limit_fen: int
    paid_claims_fen: int = Field(description="what claims have taken out of the limit")
    net_premium_fen: int
    vat_fen: int
    gross_premium_fen: int
    document: dict[str, Any]
    document_hash: str
    paid_at: datetime | None


class SmallFirmPolicyPart(Part):
    """Policies."""

    items: list[SmallFirmPolicyAnswer]


class SmallFirmPaymentNew(Schema):
    """The premium has arrived."""

    reference: str = Field(min_length=1, max_length=100)


class SmallFirmBatchNew(Schema):
    """What goes with a file of firms."""

    inception: date | None = None


class SmallFirmBatchAnswer(Schema):
    """A batch: how far it is, and every fault of its rows."""

    id: UUID
    broker: UUID | None
    number: str
    file: str
    state: str
    on: date
    inception: date
    rows: int
    readable: int
    rejected: int
    faults: list[dict[str, Any]]
    notes: list[str]
    outcomes: dict[str, int]
    answering: dict[str, Any]
    job: UUID | None
    binding: UUID | None


class SmallFirmBatchPart(Part):
    """Batches."""

    items: list[SmallFirmBatchAnswer]


class SmallFirmBatchStart(Schema):
    """Quote what can be read, or nothing while a row has a fault."""

    all_or_nothing: bool = False


class SmallFirmBatchBind(Schema):
    """Bind these quotes of a batch (all open offers with null), under a declaration that the terms
    were explained to each applicant."""

    quotes: list[UUID] | None = Field(None, max_length=2_000)
    confirmed_by: str = Field(max_length=100)
    channel: Literal["in_person", "telephone", "paper"]
    explained: bool


class SmallFirmLinkNew(Schema):
    """A link for one firm without an account."""

    label: str = Field("", max_length=100)
    days: int = Field(14, ge=1, le=60)


class SmallFirmLinkAnswer(Schema):
    """A link; ``address`` is given once, when it is made."""

    id: UUID
    label: str
    state: str
    expires_at: datetime
    prices: int
    firm: UUID | None
    address: str | None = None


class SmallFirmLinkPart(Part):
    """Links."""

    items: list[SmallFirmLinkAnswer]


class SmallFirmMonthAnswer(Schema):
    """A monthly page (``document`` is dinghai.small-firm-month/1)."""

    id: UUID
    firm: UUID
    on: date
    document: dict[str, Any]


class SmallFirmMonthPart(Part):
    """Monthly pages."""

    items: list[SmallFirmMonthAnswer]


class SmallFirmRunNew(Schema):
    """Pages of all firms, packed in one language."""

    language: Literal["zh", "en"] = "zh"


class SmallFirmRunAnswer(Schema):
    """A run of monthly pages."""

    id: UUID
    on: date
    language: str
    state: str
    pages: int
    faults: list[dict[str, Any]]
    job: UUID | None
    is_packed: bool

