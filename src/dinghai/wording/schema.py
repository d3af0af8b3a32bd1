"""The structured wording: what a product and its clauses are made of.

Amounts are fen, ratios parts per million, durations seconds. A field left out that belongs to
the standard vocabulary (texts, triggers, predicate, effect) is filled from it when the product is
resolved, so that a policy carries its whole wording and needs no table to be read again.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import MAXIMUM_FEN, PPM
from dinghai.foundation.reading import plain

Line = Literal["property", "liability", "product_service", "service", "personal"]
Tier = Literal["inclusive", "standard", "demonstration"]
Status = Literal["draft", "in_use", "filed", "revised", "withdrawn"]
TriggerBasis = Literal["occurrence", "claims_made", "discovery", "in_kind"]
WaitingMode = Literal[
    "replaces_deductible", "higher_of", "waiting_then_deductible", "franchise_hours"
]
RetentionKind = Literal[
    "none", "event_deductible", "fixed", "percentage", "higher_of", "lower_of"
]
ValuationMethod = Literal[
    "business_interruption_gross_profit", "actual_cost", "data_restoration", "per_record",
    "liability", "direct_financial",
]
Payability = Literal["covered", "conditional", "nominal_only", "prohibited"]
Duty = Literal["explain", "highlight", "none"]
ActsOn = Literal["event", "item", ""]
Stage = Literal[
    "recoveries", "average", "retention", "sublimit", "shared_limits", "event_deductible",
    "insured_share", "other_insurance", "each_event_limit", "aggregate_limit",
]

DEFAULT_ORDER: Final[tuple[Stage, ...]] = (
    "recoveries", "average", "retention", "sublimit", "shared_limits", "event_deductible",
    "insured_share", "other_insurance", "each_event_limit", "aggregate_limit",
)
"""Calculation order of DECISIONS 1, after exclusions and reasonableness (always first) and before
the towers outside and interim payments (always last)."""


Ratio = Annotated[int, msgspec.Meta(ge=0, le=PPM)]
"""Parts per million, from none to the whole."""
Amount = Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_FEN)]
"""Fen."""
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
"""Seconds, hours or days."""


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True,
              omit_defaults=True):
    """Frozen, strict, and written without its defaults."""


class Waiting(_Struct, frozen=True):
    """How long a loss must last, and what that time costs the insured."""

    seconds: Count
    mode: WaitingMode
    deductible: Literal["waived", "kept"] = "waived"
    """Only for ``franchise_hours``: whether the event deductible is still taken."""


class Retention(_Struct, frozen=True):
    """What the insured bears of one section's loss."""

    kind: RetentionKind = "event_deductible"
    amount_fen: Amount = 0
    ppm: Ratio = 0


class Sublimit(_Struct, frozen=True):
    """A section's own limit: an amount, or a share of the aggregate limit."""

    amount_fen: Amount | None = None
    ppm_of_aggregate: Ratio | None = None
    basis: Literal["annual", "each_event"] = "annual"


class Valuation(_Struct, frozen=True):
    """How a loss item becomes an amount."""

    method: ValuationMethod
    window_days: Count | None = None
    """Costs incurred later than this after the incident do not count."""


class Section(_Struct, frozen=True):
    """One coverage as this product grants it."""

    coverage: str
    clause: str
    mandatory: bool = True
    name_zh: str = ""
    name_en: str = ""
    text_zh: str = ""
    text_en: str = ""
    plain_zh: str = ""
    plain_en: str = ""
    payability: Payability | None = None
    trigger_basis: TriggerBasis | None = None
    triggers: tuple[str, ...] | None = None
    perils: tuple[str, ...] | None = None
    valuation: Valuation | None = None
    sublimit: Sublimit = Sublimit(ppm_of_aggregate=1_000_000)
    waiting: Waiting | None = None
    retention: Retention = Retention()
    insured_share_ppm: Ratio = 0
    indemnity_days: Count | None = None
    average: bool = False
    """Whether under-insurance reduces pro rata (保险法55条); the default is first loss."""
    prior_consent: Literal["none", "panel", "written"] = "none"
    exclusions: tuple[str, ...] | None = None
    """Exclusions that act on this section's items; None takes the vocabulary's typical ones."""
    evidence: tuple[str, ...] | None = None
    source: str = ""
    confidence: str = ""


class Tower(_Struct, frozen=True):
    """A cover that the law puts outside the aggregate: no deductible, no insured's share."""

    coverage: str
    clause: str
    cap: Literal["sum_insured", "none"]
    law: str
    name_zh: str = ""
    name_en: str = ""
    text_zh: str = ""
    text_en: str = ""
    plain_zh: str = ""
    plain_en: str = ""
    triggers: tuple[str, ...] | None = None
    evidence: tuple[str, ...] | None = None


class SharedLimit(_Struct, frozen=True):
    """A limit that several sections share, pro rata within one event."""

    id: str
    coverages: tuple[str, ...]
    amount_fen: Amount | None = None
    ppm_of_aggregate: Ratio | None = None
    clause: str = ""


class Band(_Struct, frozen=True):
    """The insured's share up to a value of the fact; the last band has no upper bound."""

    up_to: Count | None
    insured_share_ppm: Ratio


class Effect(_Struct, frozen=True):
    """What an exclusion or condition does once its predicate is true.

    ``exclude_event`` takes the whole event, ``exclude_item`` the item; ``reduce_by_fact`` takes an
    amount off, ``reduce_by_ratio_fact`` a share, ``reduce_hours_by_fact`` hours of an interruption;
    ``reduce_to_fact`` caps by an amount, ``reduce_to_ratio`` pays numerator ÷ denominator;
    ``coinsurance`` adds points to the insured's share, ``sliding_coinsurance`` does so by the
    value of a fact; ``deductible_uplift`` adds points (``points``) or multiplies the deductible
    (``multiply``); ``graded`` takes the first rung that holds; ``decline_quote`` acts before
    binding only.
    """

    type: Literal[
        "none", "exclude_event", "exclude_item", "reduce_by_fact", "reduce_by_ratio_fact",
        "reduce_hours_by_fact", "reduce_to_fact", "reduce_to_ratio", "coinsurance",
        "sliding_coinsurance", "deductible_uplift", "graded", "decline_quote",
    ]
    fact: str | None = None
    insured_share_ppm: Ratio = 0
    mode: Literal["points", "multiply"] = "points"
    rate_ppm: Ratio = 0
    bands: tuple[Band, ...] = ()
    steps: tuple[GradedStep, ...] = ()
    numerator: dict[str, str] | None = None
    denominator: dict[str, str] | None = None


class GradedStep(_Struct, frozen=True):
    """One rung: when the predicate is true, this follows. The first rung that holds decides."""

    when: dict[str, JSON]
    effect: Effect


class CarveBack(_Struct, frozen=True):
    """Where an exclusion gives way: for these coverages (all when empty), while ``when`` holds."""

    coverages: tuple[str, ...] = ()
    when: dict[str, JSON] | None = None
    text_zh: str = ""
    text_en: str = ""


class Exclusion(_Struct, frozen=True):
    """An exclusion or reducing condition as this product words it."""

    code: str
    clause: str
    highlighted: bool = True
    duty: Duty | None = None
    """保险法17条: ``highlight`` alone suffices for statutory prohibitions (解释二10条); ``none``
    where the law itself is the rule."""
    penalty_group: str = ""
    """Penalties of one group rest on one fact: the heaviest applies. Empty: on its own."""
    cumulative: bool = False
    """Whether this product adds penalties of one group up after all."""
    acts_on: ActsOn = ""
    predicate: dict[str, JSON] | None = None
    effect: Effect | None = None
    burden: Literal["insurer", "insured", ""] = ""
    name_zh: str = ""
    name_en: str = ""
    text_zh: str = ""
    text_en: str = ""
    plain_zh: str = ""
    plain_en: str = ""
    law: str = ""
    carve_backs: tuple[CarveBack, ...] | None = None


class Basis(_Struct, frozen=True):
    """What counts as one event, and where."""

    aggregation_rule: Literal["root_cause", "hours_window", "batch_defect"] = "root_cause"
    hours_window: Count | None = None
    territory: str = "worldwide"
    extended_reporting_days: Count = 60
    retroactive: Literal["inception", "date", "none"] = "inception"


class Limits(_Struct, frozen=True):
    """Bounds and defaults of the amounts that a schedule fills in."""

    aggregate_minimum_fen: Amount
    aggregate_default_fen: Amount
    aggregate_maximum_fen: Amount
    each_event_ppm: Ratio = 1_000_000
    deductible_minimum_fen: Amount = 0
    deductible_default_fen: Amount = 0
    deductible_maximum_fen: Amount = 0
    defence: Literal["inside", "outside"] = "inside"


class Obligation(_Struct, frozen=True):
    """Something a party must do, with its deadline and what a breach costs."""

    id: str
    who: Literal["insured", "applicant", "insurer"]
    text_zh: str
    text_en: str
    clause: str
    deadline_hours: Count | None = None
    statutory: bool = False
    breach: str = ""


class ClaimsProcess(_Struct, frozen=True):
    """The promises about a claim; the law's own days are the longest allowed."""

    notice_hours: Count = 48
    decision_days: Count = 30
    pay_days: Count = 10
    interim_days: Count = 60
    refusal_days: Count = 3
    appeal_zh: str = ""
    appeal_en: str = ""


class Service(_Struct, frozen=True):
    """A service that comes with the policy."""

    code: str
    quantity: Count
    unit_zh: str
    unit_en: str
    clause: str


class Rating(_Struct, frozen=True):
    """Where the premium comes from and how it floats."""

    table: str
    float_rule: str


class Product(_Struct, frozen=True):
    """A whole product. Resolved, it needs nothing beside itself to be read, priced and decided."""

    schema: Literal["dinghai.product/1"]
    product_id: str
    version: str
    name_zh: str
    name_en: str
    summary_zh: str
    summary_en: str
    line: Line
    tier: Tier
    limits: Limits
    sections: tuple[Section, ...]
    rating: Rating
    status: Status = "draft"
    filing_no: str | None = None
    currency: Literal["CNY"] = "CNY"
    jurisdictions: tuple[str, ...] = ("CN-mainland",)
    sectors: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    basis: Basis = Basis()
    towers: tuple[Tower, ...] = ()
    shared_limits: tuple[SharedLimit, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    obligations: tuple[Obligation, ...] = ()
    claims_process: ClaimsProcess = ClaimsProcess()
    services: tuple[Service, ...] = ()
    calculation_order: tuple[Stage, ...] = DEFAULT_ORDER
    vocabulary: str = ""
    """Version of the vocabulary it was resolved with; empty while it still refers to it."""

    def section(self, coverage: str) -> Section | None:
        """The section of a coverage, if the product grants it."""
        return next((one for one in self.sections if one.coverage == coverage), None)

    def tower(self, coverage: str) -> Tower | None:
        """The tower of a coverage, if there is one."""
        return next((one for one in self.towers if one.coverage == coverage), None)

    def exclusion(self, code: str) -> Exclusion | None:
        """The exclusion of that code, if the product has it."""
        return next((one for one in self.exclusions if one.code == code), None)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return plain(self)
