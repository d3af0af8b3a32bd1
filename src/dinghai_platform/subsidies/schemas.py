"""Shapes of the API of subsidies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from ninja import Field, Schema

from dinghai_platform.core.schemas import Part

Fen = int


class SubsidyAnswer(Schema):
    """A subsidy: its budget and how its register stands."""

    id: UUID
    authority: UUID
    code: str
    name_zh: str
    name_en: str
    state: str
    mode: str
    version: str
    first: date
    last: date
    budget_fen: Fen
    used_fen: Fen
    left_fen: Fen
    closed_on: date | None
    register_length: int
    register_head: str


class SubsidyPart(Part):
    """Subsidies."""

    items: list[SubsidyAnswer]


class SubsidyWords(Schema):
    """One part of a rule in plain words."""

    title: str
    text: str


class SubsidyRuleAnswer(Schema):
    """A subsidy with its rule, as data and in plain words of the request's language."""

    subsidy: SubsidyAnswer
    rule: dict[str, Any]
    rule_hash: str
    in_words: list[SubsidyWords]


class SubsidyRuleNew(Schema):
    """A rule (dinghai.subsidy-rule/1)."""

    rule: dict[str, Any]


class SubsidyReasonNew(Schema):
    """Why."""

    reason: str = Field(min_length=1, max_length=2_000)


class SubsidyWithdrawalNew(Schema):
    """Why a firm takes its application back; it need not say."""

    reason: str = Field("", max_length=500)


class SubsidyReasonAnswer(Schema):
    """Why an application stands as it does, in both languages."""

    code: str
    part: str
    truth: str
    text_zh: str
    text_en: str
    mend_zh: str
    mend_en: str


class SubsidyStatementNew(Schema):
    """What only the firm knows. Empty texts and missing facts are unknown, not "no"."""

    subsidy: UUID
    policy: UUID
    sector: str = Field("", max_length=20)
    area: str = Field("", max_length=6)
    size: Literal["", "micro", "small", "medium", "large"] = ""
    credit_code: str = Field("", max_length=18)
    other_subsidies_fen: int = Field(0, ge=0, le=10**14)
    facts: dict[str, str] = Field(default_factory=dict, max_length=50)


class SubsidyCompletionNew(Schema):
    """What is stated anew of an application."""

    sector: str = Field("", max_length=20)
    area: str = Field("", max_length=6)
    size: Literal["", "micro", "small", "medium", "large"] = ""
    credit_code: str = Field("", max_length=18)
    other_subsidies_fen: int = Field(0, ge=0, le=10**14)
    facts: dict[str, str] = Field(default_factory=dict, max_length=50)


class SubsidyExpectationAnswer(Schema):
    """What would be decided now. Papers count as enclosed; nothing is promised."""

    outcome: str
    basis_fen: Fen
    entitled_fen: Fen
    granted_fen: Fen
    reasons: list[SubsidyReasonAnswer]


class SubsidyApplicationAnswer(Schema):
    """An application as the register leaves it."""

    id: UUID
    subsidy: UUID
    organisation: UUID | None
    insurer: UUID | None
    policy: UUID | None
    firm_policy: UUID | None
    number: str
    source: str
    state: str
    name: str
    credit_code: str
    sector: str
    area: str
    size: str
    policy_no: str
    applied_at: datetime
    decided_on: date
    premium_fen: Fen
    basis_fen: Fen
    entitled_fen: Fen
    granted_fen: Fen
    paid_fen: Fen
    returned_fen: Fen
    due_fen: Fen
    refund_fen: Fen
    cancelled: bool
    published_until: date | None


class SubsidyApplicationPart(Part):
    """Applications."""

    items: list[SubsidyApplicationAnswer]


class SubsidyApplicationWholeAnswer(Schema):
    """An application with what was stated, why it stands as it does, and its entries."""

    application: SubsidyApplicationAnswer
    stated: dict[str, Any]
    reasons: list[SubsidyReasonAnswer]
    entries: list[dict[str, Any]]


class SubsidyPremiumNew(Schema):
    """What others than the firm bore of the premium."""

    borne_by_others_fen: int = Field(ge=0, le=10**14)


class SubsidyObjectionNew(Schema):
    """An objection and what it has come to."""

    number: str = Field(min_length=1, max_length=64)
    status: Literal["open", "upheld", "dismissed"]
    text: str = Field(min_length=1, max_length=500)


class SubsidyChangeNew(Schema):
    """What happened to a policy, or that subsidy came back; ``number`` counts once. A refund of
    the day and amount of one that is there under another number is taken if it is ``different``."""

    number: str = Field(min_length=1, max_length=64)
    change: Literal["cancelled", "refunded", "returned"]
    day: date
    amount_fen: int | None = Field(None, ge=0, le=10**14)
    to_others_fen: int | None = Field(None, ge=0, le=10**14)
    different: bool = False


class SubsidyListAnswer(Schema):
    """A list: what it adds, and every row left out with line, field and mend."""

    id: UUID
    subsidy: UUID
    kind: str
    state: str
    file_name: str
    rows: int
    added: int
    rejected: int
    result: dict[str, Any]
    job: UUID | None
    taken_at: datetime | None


class SubsidyListTakeNew(Schema):
    """How a list is taken."""

    all_or_nothing: bool = False


class SubsidyWrittenAnswer(Schema):
    """What a verb added to the register."""

    entries_added: int
    register_head: str
    left_fen: Fen


class SubsidyPublicListAnswer(Schema):
    """A public list."""

    id: UUID
    number: int
    day: date
    objections_until: date
    grants: int
    granted_fen: Fen
    document: dict[str, Any]
    document_hash: str


class SubsidyPaymentAnswer(Schema):
    """A list of payments for the treasury, with its entry in the books."""

    id: UUID
    number: str
    day: date
    count: int
    total_fen: Fen
    entry: UUID
    document: dict[str, Any]
    document_hash: str
