"""Golden claims: each derived by hand in its file, then decided by the engine, to the fen."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.replay import replay
from dinghai.foundation.reading import typed
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    Policy,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import resolve
from dinghai.wording.schema import Product
from dinghai.wording.validity import validity_faults
from tests.making import EXPLAINED

FOLDER = Path(__file__).parent / "claims"
FILES = sorted(FOLDER.glob("*/*.toml"))
POLICY_NO = "CL-GOLDEN"
PRODUCT: dict[str, Any] = {
    "schema": "dinghai.product/1", "product_id": "golden", "version": "1", "name_zh": "算例",
    "name_en": "Worked example", "summary_zh": "", "summary_en": "", "line": "property",
    "tier": "standard", "rating": {"table": "none", "float_rule": "none"},
    "limits": {"aggregate_minimum_fen": 1, "aggregate_default_fen": 1_000_000_000,
               "aggregate_maximum_fen": 1_000_000_000_000,
               "deductible_maximum_fen": 1_000_000_000_000},
}
PARTY = {"name_zh": "算例企业"}
SCHEDULE: dict[str, Any] = {
    "policy_no": POLICY_NO, "applicant": PARTY, "insured": PARTY, "insurer": PARTY,
    "inception": "2026-04-01", "expiry": "2027-03-31", "retroactive_date": "2026-04-01",
    "aggregate_limit_fen": 1_000_000_000, "event_deductible_fen": 0,
}
FACTS: dict[str, Any] = {
    "event.cyber_incident_confirmed": True,
    "incident.first_occurrence_at": "2026-09-07T02:00:00+08:00",
    "incident.discovered_at": "2026-09-07T10:00:00+08:00",
    "claim.made_at": "2026-09-08T10:00:00+08:00",
}


def golden_policy(case: dict[str, Any]) -> Policy:
    """The policy of a golden claim."""
    given = case.get("product", {})
    limits = {**PRODUCT["limits"], **given.get("limits", {})}
    product = resolve(typed(_plain({**PRODUCT, **given, "limits": limits}), Product))
    assert not validity_faults(product), validity_faults(product)
    wanted = dict(case.get("policy", {}))
    explained, unexplained = wanted.pop("explained", True), wanted.pop("unexplained", [])
    sublimits = wanted.pop("sublimits", {})
    schedule = {**SCHEDULE, **_plain(wanted)}
    aggregate = schedule["aggregate_limit_fen"]
    schedule.setdefault("each_event_limit_fen", aggregate)
    fee = schedule.get("parameters", {}).get("annual_service_fee")
    sections = msgspec.to_builtins(scheduled_sections(product, aggregate, service_fee_fen=fee))
    schedule.setdefault("sections", [
        {**one, "sublimit_fen": sublimits.get(one["coverage"], one["sublimit_fen"])}
        for one in sections])
    schedule.setdefault("layers", msgspec.to_builtins(scheduled_layers(product, aggregate)))
    policy = bind(product, schedule)
    keys = [term.key for term in terms_to_explain(policy)]
    if explained is not True:
        assert set(explained) <= set(keys), set(explained) - set(keys)
        keys = explained
    assert set(unexplained) <= set(keys), set(unexplained) - set(keys)
    return with_explanations(policy, tuple(one for one in keys if one not in unexplained),
                             EXPLAINED)


def _plain(value: Any) -> Any:
    """TOML's dates as text, as JSON has them."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def golden_claim(case: dict[str, Any]) -> dict[str, Any]:
    """The claim file of a golden claim."""
    claim = dict(case["claim"])
    items = [{"no": number, **one} for number, one in enumerate(claim.pop("items"), start=1)]
    return _plain({
        "schema": "dinghai.claim/1", "claim_no": "CLM-GOLDEN", "policy_no": POLICY_NO,
        "reported_at": "2026-09-07T11:00:00+08:00", **claim,
        "facts": {**FACTS, **claim.get("facts", {})}, "items": items,
    })


def golden_history(case: dict[str, Any]) -> dict[str, Any] | None:
    """Earlier claims, if the case has any."""
    if "history" not in case:
        return None
    return {"schema": "dinghai.history/1", "policy_no": POLICY_NO,
            "claims": _plain(case["history"])}


def _name(line: dict[str, Any]) -> str:
    return line["coverage"] + (f"@{line['insured']}" if line.get("insured") else "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_claim(path: Path) -> None:
    case = tomllib.loads(path.read_text("utf-8"))
    assert len(case["derivation"].strip()) > 20
    expected = case["expected"]
    decision = adjudicate(golden_policy(case).to_dict(), golden_claim(case), golden_history(case))
    lines = {_name(line): line for line in decision["lines"] if line["coverage"]}
    assert {name: line["payable_fen"] for name, line in lines.items()} == expected["lines"]
    assert decision["total_fen"] == expected["total_fen"]
    for name, outcome in expected.get("outcomes", {}).items():
        assert lines[name]["outcome"] == outcome
    for name, flags in expected.get("flags", {}).items():
        assert set(flags) <= {f"{one['code']}:{one['kind']}" for one in lines[name]["flags"]}
    layers = {one["id"]: one for one in decision.get("layers", [])}
    for name, amount in expected.get("layers", {}).items():
        assert layers[name]["borne_fen"] == amount
    for name, amount in expected.get("shares", {}).items():
        layer, party = name.split("/")
        shares = {one["party"]: one["fen"] for one in layers[layer]["shares"]}
        assert shares[party] == amount
    assert replay(decision).same
