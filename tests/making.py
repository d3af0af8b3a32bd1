"""Policies and claim files for tests, made from the shipped product."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import msgspec

from dinghai.foundation.clock import SHANGHAI
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    ScheduledSection,
    bind,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product

EXPLAINED = ExplanationRecord(
    highlighted=True, explained_at=datetime(2026, 3, 12, 10, tzinfo=SHANGHAI), channel="web")


def make_policy(
    product: Product | None = None, *, aggregate: int = 766_700_000,
    deductible: int = 10_000_000, each_event: int | None = None,
    sublimits: dict[str, int] | None = None, explain: bool | set[str] = True,
    without: frozenset[str] = frozenset(),
) -> Policy:
    """A one-year policy from 2026-04-01; every term explained unless ``explain`` names fewer."""
    product = product or load_product("cyber-comprehensive-standard")
    sections = tuple(
        ScheduledSection(coverage=one.coverage,
                         sublimit_fen=(sublimits or {}).get(one.coverage, one.sublimit_fen))
        for one in scheduled_sections(product, aggregate, without=without))
    policy = bind(product, Schedule(
        policy_no="CL-2026-000001", applicant=Party(name_zh="东海家电"),
        insured=Party(name_zh="东海家电"), insurer=Party(name_zh="沧澜财产保险"),
        inception=date(2026, 4, 1), expiry=date(2027, 3, 31), aggregate_limit_fen=aggregate,
        each_event_limit_fen=each_event or aggregate, event_deductible_fen=deductible,
        retroactive_date=date(2026, 4, 1), sections=sections))
    keys = tuple(term.key for term in terms_to_explain(policy))
    if explain is not True:
        keys = tuple(key for key in keys if explain and key in explain)
    return with_explanations(policy, keys, EXPLAINED)


def change_section(product: Product, coverage: str, **changes: Any) -> Product:
    """The product with one section changed."""
    return msgspec.structs.replace(product, sections=tuple(
        msgspec.structs.replace(one, **changes) if one.coverage == coverage else one
        for one in product.sections))


def make_claim(
    items: list[dict[str, Any]], facts: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """A claim file on the made policy; a ransomware incident discovered 2026-09-07 10:00."""
    return {
        "schema": "dinghai.claim/1",
        "claim_no": "CLM-2026-000001",
        "policy_no": "CL-2026-000001",
        "reported_at": "2026-09-07T11:00:00+08:00",
        "facts": {
            "event.cyber_incident_confirmed": True,
            "event.system_interruption": True,
            "event.data_encryption": True,
            "event.extortion_threat": True,
            "incident.peril": "ransomware",
            "incident.first_occurrence_at": "2026-09-07T02:00:00+08:00",
            "incident.discovered_at": "2026-09-07T10:00:00+08:00",
            **(facts or {}),
        },
        "items": [{"no": number, **item} for number, item in enumerate(items, start=1)],
        **more,
    }


INTERRUPTION = {
    "coverage": "FP-BI",
    "facts": {
        "bi.standard_turnover": 240_000_000,
        "bi.actual_turnover": 60_000_000,
        "bi.gross_profit_rate": 400_000,
        "bi.saved_costs": 5_000_000,
        "bi.increased_cost_of_working": 12_000_000,
        "bi.turnover_preserved": 40_000_000,
        "bi.interruption_seconds": 864_000,
        "bi.period_seconds": 864_000,
    },
}
"""The interruption of worked example G1."""
