"""Sections of a product: what is covered, how it is valued, limited and retained."""

from __future__ import annotations

from typing import Literal

from dinghai.wording.words import (
    Amount,
    Count,
    Payability,
    Ratio,
    RetentionKind,
    Struct,
    Texts,
    TriggerBasis,
    ValuationMethod,
    WaitingMode,
)


class Waiting(Struct, frozen=True):
    """How long a loss must last, and what that time costs the insured."""

    seconds: Count
    mode: WaitingMode
    deductible: Literal["waived", "kept"] = "waived"
    """Only for ``franchise_hours``: whether the deductible is still taken."""

    @property
    def takes_deductible_away(self) -> bool:
        """Whether its mode spares the section every deductible."""
        return self.mode == "replaces_deductible" or (
            self.mode == "franchise_hours" and self.deductible == "waived")


class Retention(Struct, frozen=True):
    """What the insured bears of one section's loss."""

    kind: RetentionKind = "event_deductible"
    amount_fen: Amount = 0
    ppm: Ratio = 0
    of: Literal["loss", "sublimit"] = "loss"
    """What ``ppm`` is a share of."""
    minimum_fen: Amount = 0
    maximum_fen: Amount | None = None
    """Bounds of what is taken, whatever its kind."""
    then_event_deductible: bool = False
    """Whether what an own retention or waiting leaves takes part in the event deductible too."""
    limit: Literal["on_top", "including"] = "on_top"
    """Whether the sublimit stands on top of the retention, or includes it (the most that is paid
    is then the sublimit less the retention)."""


class Sublimit(Struct, frozen=True):
    """A section's own limit: an amount, a share of the aggregate limit, or a multiple of the
    annual service fee (parameter ``annual_service_fee``)."""

    amount_fen: Amount | None = None
    ppm_of_aggregate: Ratio | None = None
    multiple_of_fee: Count | None = None
    basis: Literal["annual", "each_event"] = "annual"
    per: Literal["policy", "insured"] = "policy"
    """Whether the members of a programme share it, or each has its own."""


class Valuation(Struct, frozen=True):
    """How a loss item becomes an amount."""

    method: ValuationMethod
    window_days: Count | None = None
    """Costs incurred later than this after the incident do not count."""
    share_ppm: Ratio | None = None
    """``betterment_share``: the most, as a share of the restoration cost."""
    uplift_ppm: Ratio = 0
    """``replacement_cost``: agreed uplift on the actual cash value."""


class Section(Texts, frozen=True):
    """One coverage as this product grants it."""

    coverage: str
    clause: str
    mandatory: bool = True
    module: str = ""
    """Optional sections of one module are taken or left together."""
    payability: Payability | None = None
    trigger_basis: TriggerBasis | None = None
    triggers: tuple[str, ...] | None = None
    perils: tuple[str, ...] | None = None
    valuation: Valuation | None = None
    sublimit: Sublimit = Sublimit(ppm_of_aggregate=1_000_000)
    erodes_aggregate: bool = True
    """False for services in kind and for sections with a limit beside the aggregate."""
    per_supplier_fen: Amount | None = None
    """The most for one supplier's stop in one event, before any share (DECISIONS 6)."""
    waiting: Waiting | None = None
    retention: Retention = Retention()
    insured_share_ppm: Ratio = 0
    indemnity_days: Count | None = None
    """Loss of time is paid for this long from the start of the interruption."""
    average: bool = False
    """Whether under-insurance reduces pro rata (保险法55条); the default is first loss."""
    prior_consent: Literal["none", "panel", "written"] = "none"
    vendor_rule: Literal["any", "panel", "designated"] = "any"
    schedule_refs: tuple[Literal["providers", "outsourcers", "suppliers", "products"], ...] = ()
    """Lists of the schedule that this section is confined to."""
    exclusions: tuple[str, ...] | None = None
    """Exclusions that act on this section's items; None takes the vocabulary's typical ones."""
    asks: tuple[str, ...] = ()
    """Facts that the insured must establish before an item is paid, beside those of its valuation
    (such as how long money has stayed unrecovered)."""
    evidence: tuple[str, ...] | None = None
    source: str = ""
    confidence: str = ""


class Tower(Texts, frozen=True):
    """A cover that the law puts outside the aggregate: no deductible, no insured's share."""

    coverage: str
    clause: str
    cap: Literal["sum_insured", "none"]
    law: str
    triggers: tuple[str, ...] | None = None
    evidence: tuple[str, ...] | None = None


class SharedLimit(Struct, frozen=True):
    """A limit that several sections share, pro rata within one event."""

    id: str
    coverages: tuple[str, ...]
    amount_fen: Amount | None = None
    ppm_of_aggregate: Ratio | None = None
    basis: Literal["annual", "each_event"] = "annual"
    clause: str = ""
