"""The closed word lists and ranges that every part of the product language shares."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from dinghai.foundation.money import MAXIMUM_FEN, PPM

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
    "business_interruption_gross_profit", "business_interruption_net_profit",
    "business_interruption_net_profit_hourly", "business_interruption_hourly_profile",
    "actual_cost", "betterment_share", "excess_over_baseline", "data_restoration",
    "replacement_cost", "property_damage", "per_record", "liability", "direct_financial",
    "outage_over_service_level", "per_endpoint", "service_credit", "in_kind", "on_chain",
    "member_bundle", "model_bundle",
]
INTERRUPTIONS: Final[frozenset[ValuationMethod]] = frozenset({
    "business_interruption_gross_profit", "business_interruption_net_profit",
    "business_interruption_net_profit_hourly", "business_interruption_hourly_profile",
})
"""Methods that value lost time: only these may wait."""
Payability = Literal["covered", "conditional", "nominal_only", "prohibited"]
Duty = Literal["explain", "highlight", "none"]
ActsOn = Literal["event", "item", ""]
PartyRole = Literal[
    "lead_insurer", "following_insurer", "chain_owner", "supplier", "captive", "insured"
]
"""Who bears a share of a layer. Only the first two are insurance (保险法6条); the share of a chain
owner or supplier in another's loss is a commercial contribution (DECISIONS 15)."""
Bearer = Literal["named", "root_cause", "sufferer", "enrolled"]
"""Which supplier bears a supplier's share: the party by name, the firm where the event's root cause
lies, the firm that suffers, or all enrolled ones in proportion to their premiums."""
Stage = Literal[
    "recoveries", "average", "retention", "sublimit", "shared_limits", "event_deductible",
    "insured_share", "premium_paid", "other_insurance", "each_event_limit", "aggregate_limit",
    "layers",
]

DEFAULT_ORDER: Final[tuple[Stage, ...]] = (
    "recoveries", "average", "retention", "sublimit", "shared_limits", "event_deductible",
    "insured_share", "premium_paid", "other_insurance", "each_event_limit", "aggregate_limit",
    "layers",
)
"""Calculation order of DECISIONS 1, after exclusions and reasonableness (always first) and before
the towers outside and interim payments (always last)."""

Ratio = Annotated[int, msgspec.Meta(ge=0, le=PPM)]
"""Parts per million, from none to the whole."""
Amount = Annotated[int, msgspec.Meta(ge=0, le=MAXIMUM_FEN)]
"""Fen."""
Count = Annotated[int, msgspec.Meta(ge=0, le=10**9)]
"""Seconds, hours or days."""
Cell = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
"""The value of a parameter, in its own unit."""


class Struct(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True,
             omit_defaults=True):
    """Frozen, strict, and written without its defaults."""


class Texts(Struct, frozen=True, kw_only=True):
    """What a part of the wording is called and says; left out, the vocabulary's own texts."""

    name_zh: str = ""
    name_en: str = ""
    text_zh: str = ""
    text_en: str = ""
    plain_zh: str = ""
    plain_en: str = ""
