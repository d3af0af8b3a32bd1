"""The 48 standard coverages, the order of calculation and the waiting modes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec

from dinghai.foundation.money import Fen
from dinghai.vocabulary.perils import PerilCode
from dinghai.vocabulary.tables import by_id, read_table

CoverageClass = Literal[
    "first_party", "third_party", "supply_chain", "product_service", "service", "emerging",
    "personal",
]
Basis = Literal["occurrence", "claims_made", "discovery", "in_kind"]
Mainland = Literal["covered", "nominal_only", "prohibited_if_virtual_currency", "prohibited"]


class Trigger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What sets the cover going: event facts, and the perils they come from."""

    basis: Basis
    events: tuple[str, ...]
    perils: tuple[PerilCode, ...]


class Waiting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The waiting period: usual, least and longest seconds, and the modes in use."""

    default_seconds: int
    minimum_seconds: int
    maximum_seconds: int
    modes: tuple[str, ...]


class LimitHabit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the cover is usually limited. Empty tuples mean that no habit is known."""

    type: str
    erodes_aggregate: bool | None
    share_of_aggregate_ppm: tuple[int, ...]
    indemnity_days: tuple[int, ...]
    window_days: tuple[int, ...]
    fee_multiple: tuple[int, ...]
    share_of_restoration_ppm: tuple[int, ...]
    sums_insured_fen: tuple[Fen, ...]
    statute: str | None
    shared_by: str | None
    per_supplier_cap: bool
    per_member_sublimit: bool
    series_clause: bool
    product_switch: str | None
    cap: str | None


class RetentionHabit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the insured usually keeps a part."""

    type: str
    nil_for_panel_vendors: bool
    share_of_loss_ppm: tuple[int, ...]
    amount_fen: Fen | None


class Valuation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the loss is valued, for people; the product language holds the executable form."""

    method: str
    formula: str
    inputs: tuple[str, ...]


class Coverage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={
        "coverage_class": "class"}):
    """One standard coverage.

    ``plain_*`` says in at most 120 characters what is paid. ``contribution_shares_ppm`` are
    commercial contributions under a chain's own agreement, never insurance (保险法6条).
    """

    id: str
    coverage_class: CoverageClass
    name_zh: str
    name_en: str
    definition_zh: str
    definition_en: str
    plain_zh: str
    plain_en: str
    pilot_line: str
    trigger: Trigger
    waiting: Waiting | None
    limit: LimitHabit
    retention: RetentionHabit
    insured_share_ppm: tuple[int, ...]
    contribution_shares_ppm: dict[str, tuple[int, int]]
    valuation: Valuation
    settlement_mode: str
    prior_consent: str
    evidence: tuple[str, ...]
    typical_exclusions: tuple[str, ...]
    disapplied_exclusions: tuple[str, ...]
    conditions: tuple[str, ...]
    mainland: Mainland
    mainland_note: str
    certainty: str
    source: str
    confidence: str


class CalculationStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the default order in which terms apply."""

    id: str
    name_zh: str
    name_en: str
    source: str
    confidence: str


class ValuationForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A formula that wordings share."""

    id: str
    name_zh: str
    name_en: str
    formula_zh: str
    formula_en: str
    source: str
    confidence: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    coverages: tuple[Coverage, ...]
    calculation_order: tuple[CalculationStep, ...]
    waiting_modes: tuple[CalculationStep, ...]
    valuation_forms: tuple[ValuationForm, ...]


@cache
def _table() -> _Table:
    return read_table("coverages", _Table)


@cache
def coverages() -> Mapping[str, Coverage]:
    """The 48 coverages by code."""
    return by_id(_table().coverages, "coverages")


@cache
def calculation_order() -> tuple[CalculationStep, ...]:
    """The default order of terms, first to last."""
    return _table().calculation_order


@cache
def waiting_modes() -> Mapping[str, CalculationStep]:
    """The ways a waiting period meets a deductible."""
    return by_id(_table().waiting_modes, "waiting modes")


@cache
def valuation_forms() -> Mapping[str, ValuationForm]:
    """The shared valuation formulas."""
    return by_id(_table().valuation_forms, "valuation forms")
