"""The worked examples of the domain guide, to the fen."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.making import EXPLAINED, INTERRUPTION, change_section, make_claim, make_policy

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.replay import replay
from dinghai.pricing.shares import Share, share_loss
from dinghai.wording.policy import (
    Party,
    Schedule,
    bind,
    scheduled_sections,
    terms_to_explain,
    with_explanations,
)
from dinghai.wording.products import load_product, read_product
from dinghai.wording.schema import Waiting

CASES = Path(__file__).parent / "cases"


def _case(name: str) -> dict[str, Any]:
    return json.loads((CASES / f"{name}.json").read_text("utf-8"))


def _decide(case: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    product = load_product("cyber-comprehensive-standard")
    if "waiting" in expected:
        waiting = msgspec.convert(expected["waiting"], Waiting)
        product = change_section(product, "FP-BI", waiting=waiting)
    policy = make_policy(product, **case["policy"])
    claim = make_claim(case["items"], prior=case.get("prior", {}))
    return adjudicate(policy.to_dict(), claim)


@pytest.mark.parametrize("index", range(5))
def test_g1_business_interruption(index: int) -> None:
    case = _case("g1")
    expected = case["expected"][index]
    decision = _decide(case, expected)
    assert decision["total_fen"] == expected["total_fen"]
    assert replay(decision).same


def test_g2_anti_fraud() -> None:
    """(40,000 − 5,000 − 3,000) × 70% = 22,400, capped after the insured's share."""
    product = read_product(CASES / "g2-product")
    policy = bind(product, Schedule(
        policy_no="CL-2026-000001", applicant=Party(name_zh="王某"), insured=Party(name_zh="王某"),
        insurer=Party(name_zh="沧澜财产保险"), inception=date(2026, 4, 1),
        expiry=date(2027, 3, 31), aggregate_limit_fen=5_000_000, each_event_limit_fen=5_000_000,
        event_deductible_fen=0, sections=scheduled_sections(product, 5_000_000)))
    keys = tuple(term.key for term in terms_to_explain(policy))
    policy = with_explanations(policy, keys, EXPLAINED)
    claim = make_claim([{"coverage": "PL-FRAUD", "facts": {
        "fraud.transferred": 4_000_000, "item.recovered": 500_000}}],
        {"event.telecom_fraud_loss": True})
    assert adjudicate(policy.to_dict(), claim)["total_fen"] == 2_240_000


def test_g3_three_party_share() -> None:
    """¥1,000,000 at 20/10/70; the supplier's overdue causal finding costs the supplier alone."""
    parts = share_loss(100_000_000, [
        Share("owner", "commercial_contribution", 200_000),
        Share("supplier", "retention", 100_000), Share("insurer", "insurance", 700_000)])
    assert [one.fen for one in parts] == [20_000_000, 10_000_000, 70_000_000]
    overdue = {"finding.notified": True, "finding.overdue_at_incident": True,
               "finding.causal": True}
    policy = make_policy(aggregate=1_000_000_000, deductible=0).to_dict()
    items = [{"coverage": "FP-IR", "facts": {"item.amount": 10_000_000}}]
    supplier = adjudicate(policy, make_claim(items, overdue))
    owner = adjudicate(policy, make_claim(items, {"finding.notified": False}))
    assert (supplier["total_fen"], owner["total_fen"]) == (9_000_000, 10_000_000)


def test_g4_order_of_terms() -> None:
    case = _case("g4")
    expected = case["expected"][0]
    decision = _decide(case, expected)
    assert decision["total_fen"] == expected["total_fen"]
    assert {line["coverage"]: line["payable_fen"] for line in decision["lines"]} == (
        expected["lines"])


def test_g5_unknown_never_excludes() -> None:
    facts = {"incident.cause_actor": "state_proxy", "incident.attribution_status": "suspected",
             "incident.state_major_detrimental_impact": True,
             "incident.insured_asset_in_impacted_state": True}
    policy = make_policy(aggregate=1_000_000_000).to_dict()
    decision = adjudicate(policy, make_claim([INTERRUPTION], facts))
    assert decision["total_fen"] == 69_000_000

    del facts["incident.attribution_status"]
    decision = adjudicate(policy, make_claim([INTERRUPTION], facts))
    assert decision["total_fen"] == 69_000_000
    flag = next(one for one in decision["lines"][0]["flags"] if one["code"] == "EX-CYBEROP")
    assert flag["kind"] == "evidence_needed"
    assert flag["burden"] == "insurer"
    assert "incident.attribution_status" in flag["facts"]

    facts["incident.attribution_status"] = "government_attributed"
    decision = adjudicate(policy, make_claim([INTERRUPTION], facts))
    assert decision["total_fen"] == 0
    assert decision["lines"][0]["outcome"] == "excluded"


def test_g6_explanation_missing() -> None:
    facts = {"vuln.root_cause": True, "vuln.days_patch_available": 120}
    items = [{"coverage": "FP-IR", "facts": {"item.amount": 10_000_000}}]
    explained = adjudicate(make_policy().to_dict(), make_claim(items, facts))
    assert explained["total_fen"] == 9_000_000

    silent = make_policy(explain={"event_deductible"})
    decision = adjudicate(silent.to_dict(), make_claim(items, facts))
    assert decision["total_fen"] == 10_000_000
    flag = next(one for one in decision["lines"][0]["flags"] if one["code"] == "EX-UNPATCHED")
    assert flag["kind"] == "not_explained"
    assert flag["law"] == ["保险法17条"]
