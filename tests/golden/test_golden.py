"""The worked examples G1 to G9 of the domain guide, to the fen. Inputs and outputs are files."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.replay import replay
from dinghai.foundation.money import split
from dinghai.portfolio.figures import book_figures
from dinghai.pricing.floating import refund_by_day
from dinghai.pricing.shares import Share, share_loss
from dinghai.vocabulary.grading import grade_incident, reporting_clock
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import Party, Schedule, bind, scheduled_sections, with_explanations
from dinghai.wording.products import load_product, read_product
from dinghai.wording.sections import Waiting
from tests.making import EXPLAINED, INTERRUPTION, change_section, make_claim, make_policy

CASES = Path(__file__).parent / "cases"


def case(name: str) -> dict[str, Any]:
    """One worked example."""
    return json.loads((CASES / f"{name}.json").read_text("utf-8"))


def decide(given: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    product = load_product("cyber-comprehensive-standard")
    if "waiting" in expected:
        waiting = msgspec.convert(expected["waiting"], Waiting)
        product = change_section(product, "FP-BI", waiting=waiting)
    policy = make_policy(product, **given["policy"])
    return adjudicate(policy.to_dict(), make_claim(given["items"], prior=given.get("prior", {})))


@pytest.mark.parametrize("expected", case("g1")["expected"],
                         ids=lambda one: "-".join(map(str, one["waiting"].values())))
def test_g1_business_interruption(expected: dict[str, Any]) -> None:
    decision = decide(case("g1"), expected)
    assert decision["total_fen"] == expected["total_fen"]
    assert replay(decision).same


def test_g2_anti_fraud() -> None:
    given = case("g2")
    product = read_product(CASES / given["product"])
    limit = given["limit_fen"]
    party = Party(name_zh="王某")
    policy = bind(product, Schedule(
        policy_no="CL-2026-000001", applicant=party, insured=party,
        insurer=Party(name_zh="沧澜财产保险"), inception=date(2026, 4, 1),
        expiry=date(2027, 3, 31), aggregate_limit_fen=limit, each_event_limit_fen=limit,
        event_deductible_fen=0, sections=scheduled_sections(product, limit)))
    keys = tuple(term.key for term in terms_to_explain(policy))
    policy = with_explanations(policy, keys, EXPLAINED)
    decision = adjudicate(policy.to_dict(), make_claim(given["items"], given["facts"]))
    assert decision["total_fen"] == given["expected"]["total_fen"]


def test_g3_three_party_share() -> None:
    given = case("g3")
    parts = share_loss(given["loss_fen"], [Share(*row) for row in given["shares"]])
    assert [one.fen for one in parts] == given["expected_shares_fen"]
    policy = make_policy(aggregate=1_000_000_000, deductible=0).to_dict()
    for party, total in given["expected_total_fen"].items():
        decision = adjudicate(policy, make_claim(given["items"], given[f"{party}_facts"]))
        assert decision["total_fen"] == total


def test_g4_order_of_terms() -> None:
    given = case("g4")
    expected = given["expected"][0]
    decision = decide(given, expected)
    assert decision["total_fen"] == expected["total_fen"]
    assert {line["coverage"]: line["payable_fen"] for line in decision["lines"]} == (
        expected["lines"])


@pytest.mark.parametrize("expected", case("g5")["expected"],
                         ids=lambda one: str(one["attribution"]))
def test_g5_unknown_never_excludes(expected: dict[str, Any]) -> None:
    facts = dict(case("g5")["facts"])
    if expected["attribution"]:
        facts["incident.attribution_status"] = expected["attribution"]
    policy = make_policy(aggregate=1_000_000_000).to_dict()
    decision = adjudicate(policy, make_claim([INTERRUPTION], facts))
    line = decision["lines"][0]
    assert (decision["total_fen"], line["outcome"]) == (
        expected["total_fen"], expected["outcome"])
    flags = [one for one in line["flags"] if one["code"] == "EX-CYBEROP"]
    assert bool(flags) == expected["flagged"]
    for flag in flags:
        assert (flag["kind"], flag["burden"]) == ("evidence_needed", "insurer")
        assert "incident.attribution_status" in flag["facts"]


def test_g6_explanation_missing() -> None:
    given = case("g6")
    claim = make_claim(given["items"], given["facts"])
    explained = adjudicate(make_policy().to_dict(), claim)
    silent = adjudicate(make_policy(explain={"event_deductible"}).to_dict(), claim)
    assert explained["total_fen"] == given["expected"]["explained"]
    assert silent["total_fen"] == given["expected"]["not_explained"]
    flag = next(one for one in silent["lines"][0]["flags"] if one["code"] == "EX-UNPATCHED")
    assert (flag["kind"], flag["law"]) == ("not_explained", ["保险法17条"])


@pytest.mark.parametrize("expected", case("g7")["expected"], ids=lambda one: str(one["persons"]))
def test_g7_regulator_clock(expected: dict[str, Any]) -> None:
    given = case("g7")
    discovered = datetime.fromisoformat(given["discovered_at"])
    grade = grade_incident({"notice.personal_data_persons": expected["persons"]},
                           critical_infrastructure=given["critical_infrastructure"])
    assert grade.grade == expected["grade"]
    assert grade.needs_judgement == expected["needs_judgement"]
    (duty,) = reporting_clock("general", grade, discovered)
    assert duty.due == datetime.fromisoformat(expected["due"])
    assert duty.certain == (not expected["needs_judgement"])


@pytest.mark.parametrize("expected", case("g8")["expected"], ids=lambda one: str(one["policies"]))
def test_g8_pilot_figures(expected: dict[str, Any]) -> None:
    weights = [1 + index % 7 for index in range(expected["policies"])]
    figures = book_figures(
        np.array(split(expected["premium_fen"], weights), dtype=np.int64),
        np.array(split(expected["limit_fen"], weights[::-1]), dtype=np.int64))
    assert msgspec.to_builtins(figures) == expected


def test_g9_hazard_falls() -> None:
    given = case("g9")
    refund = refund_by_day(given["annual_premium_fen"], given["factor_before_ppm"],
                           given["factor_after_ppm"], given["days_left"], given["days"])
    assert refund == given["expected_refund_fen"]
