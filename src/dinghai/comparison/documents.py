"""The comparison as a document (schema dinghai.comparison/1): plain, frozen, complete.

Amounts are fen, ratios parts per million, durations seconds. Every key is always there: what does
not exist is null, so that two comparisons can be laid side by side.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

import msgspec

from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.reading import plain
from dinghai.wording.sections import Retention, Sublimit, Waiting


class _Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen and strict."""


class Enterprise(_Struct, frozen=True):
    """For whom products are compared. ``posture`` says whether its controls are known."""

    name_zh: str
    name_en: str
    industry: str
    revenue_fen: int
    gross_profit_per_day_fen: int
    personal_records: int
    endpoints: int
    posture: Literal["assessed", "unknown"]


class Deviation(_Struct, frozen=True):
    """One place where a product departs from the market standard."""

    rule: str
    severity: str
    field: str
    clause: str
    zh: str
    en: str


class Conformance(_Struct, frozen=True):
    """The check against the market standard: score of 100, and what cost it points."""

    conforming: bool
    monotone: bool
    score: int
    deviations: tuple[Deviation, ...]


class ComparedProduct(_Struct, frozen=True):
    """A product and the amounts it is compared with.

    ``adjusted`` holds what was asked for where the product's bounds do not allow it.
    """

    product: str
    version: str
    name_zh: str
    name_en: str
    line: str
    status: str
    aggregate_limit_fen: int
    each_event_limit_fen: int
    event_deductible_fen: int
    retroactive_date: date | None
    adjusted: dict[str, int]
    policy_sha256: str
    conformance: Conformance


class Cover(_Struct, frozen=True):
    """One coverage as one product grants it. ``sublimit_fen`` null: outside any limit."""

    product: str
    version: str
    kind: Literal["section", "tower"]
    clause: str
    mandatory: bool
    payability: str
    sublimit_fen: int | None
    sublimit: Sublimit | None
    waiting: Waiting | None
    retention: Retention | None
    insured_share_ppm: int
    indemnity_days: int | None
    average: bool
    conditions: tuple[str, ...]
    exclusions: tuple[str, ...]


class CoverRow(_Struct, frozen=True):
    """One of the standard coverages; ``products`` lists those that grant it."""

    coverage: str
    name_zh: str
    name_en: str
    mainland: str
    products: tuple[Cover, ...]


class Cliff(_Struct, frozen=True):
    """What one product says on a topic, in a word and in plain sentences."""

    product: str
    version: str
    says: str
    zh: str
    en: str


class CliffTopic(_Struct, frozen=True):
    """A topic on which wordings differ sharply; ``differs`` when these products do."""

    topic: str
    name_zh: str
    name_en: str
    differs: bool
    products: tuple[Cliff, ...]


class PayoutStep(_Struct, frozen=True):
    """One rule that changed an amount."""

    rule: str
    code: str
    clause: str
    before_fen: int | None
    after_fen: int | None


class PayoutLine(_Struct, frozen=True):
    """One line of the decision: a coverage, the losses claimed under it, and what is paid.

    ``asked`` names facts without which nothing is paid for now.
    """

    coverage: str
    clause: str
    kinds: tuple[str, ...]
    loss_fen: int
    payable_fen: int
    in_kind_fen: int
    outcome: str
    steps: tuple[PayoutStep, ...]
    asked: tuple[str, ...]


class Uncovered(_Struct, frozen=True):
    """A loss that no section of the product takes. ``coverages`` are those that would."""

    kind: str
    name_zh: str
    name_en: str
    amount_fen: int
    coverages: tuple[str, ...]
    reason: Literal["no_section_takes_it", "not_insurable_on_the_mainland"]


class Payout(_Struct, frozen=True):
    """What one product pays in one scenario. ``kept_fen``: what stays with the enterprise."""

    product: str
    version: str
    payable_fen: int
    in_kind_fen: int
    kept_fen: int
    uncovered_fen: int
    lines: tuple[PayoutLine, ...]
    uncovered: tuple[Uncovered, ...]


class ScenarioLoss(_Struct, frozen=True):
    """One loss of a scenario, before any product, with where its amount comes from."""

    kind: str
    name_zh: str
    name_en: str
    amount_fen: int
    source: str
    confidence: str


class ScenarioResult(_Struct, frozen=True):
    """A scenario: what it costs the enterprise, and what each product pays of it.

    ``not_applicable`` names a figure that is zero for this enterprise; then nothing is paid.
    """

    scenario: str
    version: str
    name_zh: str
    name_en: str
    summary_zh: str
    summary_en: str
    not_applicable: str | None
    loss_fen: int
    losses: tuple[ScenarioLoss, ...]
    products: tuple[Payout, ...]


class Reason(_Struct, frozen=True):
    """Why there is no number, in a code, in words, and about which coverages."""

    code: Literal["coverages_not_modelled", "valuation_not_modelled", "nothing_modelled",
                  "no_expected_payout", "no_rating"]
    coverages: tuple[str, ...]
    zh: str
    en: str


class Price(_Struct, frozen=True):
    """Premium and what it buys. Null where there is a reason instead.

    ``modelled_payout_fen`` is the expected payout of the coverages the loss model knows: the whole
    only where there is no reason. ``per_million_fen`` is the gross premium for each ¥1m of expected
    payout.
    """

    product: str
    version: str
    gross_premium_fen: int | None
    charged_net_fen: int | None
    expected_payout_fen: int | None
    per_million_fen: int | None
    modelled_payout_fen: int
    modelled_by_coverage_fen: dict[str, int]
    reasons: tuple[Reason, ...]


class Comparison(_Struct, frozen=True):
    """Products side by side for one enterprise. The same input gives the same bytes."""

    schema: Literal["dinghai.comparison/1"]
    enterprise: Enterprise
    inception: date
    vocabulary: str
    calibration: str
    products: tuple[ComparedProduct, ...]
    cover: tuple[CoverRow, ...]
    cliffs: tuple[CliffTopic, ...]
    scenarios: tuple[ScenarioResult, ...]
    prices: tuple[Price, ...]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON with its own hash."""
        document = plain(self)
        return {**document, "hash": document_hash(document)}
