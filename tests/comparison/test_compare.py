"""The comparison as a document: the same bytes, in any order, by the code that decides claims."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.comparison.compare import STANDARD_INCEPTION, compare
from dinghai.comparison.placing import claim_of, place
from dinghai.comparison.policies import compared_policy
from dinghai.comparison.scenarios import load_scenario, occur, shipped_scenarios
from dinghai.foundation.canonical import canonical_bytes, document_hash
from dinghai.foundation.errors import InputError
from dinghai.losses.exposure import exposure_of
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.conformance import check_product
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section, Valuation
from dinghai.wording.words import INTERRUPTIONS, ValuationMethod
from tests.comparison.making import STANDARD, paid, profile, standard, variant, with_section

SCENARIOS = ("bec-transfer", "cloud-outage-24-hours", "ransomware-five-days")


def two() -> list[Product]:
    return [standard(), variant(sections=(Section(coverage="FP-FRAUD", clause="2.15"),))]


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    first, second = two()
    one = compare([first, second], profile(), scenarios=SCENARIOS).to_dict()
    other = compare([second, first], profile(), scenarios=SCENARIOS[::-1]).to_dict()
    assert canonical_bytes(one) == canonical_bytes(other)
    assert one["hash"] == document_hash(one)


def test_another_process_with_another_hash_seed_gives_the_same_hash() -> None:
    code = ("from tests.comparison.making import *; "
            "print(compare([standard()], profile(), scenarios=['insider']).to_dict()['hash'])")
    found = {subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                            check=True, env={"PYTHONHASHSEED": seed, "PATH": ""}).stdout
             for seed in ("1", "2")}
    assert len(found) == 1


def test_the_order_of_products_and_scenarios_is_theirs_not_the_callers() -> None:
    found = compare(two()[::-1], profile(), scenarios=SCENARIOS[::-1])
    assert [one.product for one in found.products] == [STANDARD, "variant"]
    assert [one.scenario for one in found.scenarios] == sorted(SCENARIOS)


@pytest.mark.parametrize("name", shipped_products())
def test_payouts_are_those_of_the_claims_code(name: str) -> None:
    product = load_product(name)
    policy = compared_policy(product, profile(), inception=STANDARD_INCEPTION,
                             limit_fen=1_000_000_000, deductible_fen=10_000_000).policy
    found = compare([product], profile())
    assert found.products[0].policy_sha256 == policy.hash
    for result in found.scenarios:
        occurrence = occur(load_scenario(result.scenario), exposure_of(profile()),
                           STANDARD_INCEPTION)
        placed = place(occurrence, policy)
        payout = result.products[0]
        if not payout.lines:
            continue
        claim, _ = claim_of(occurrence, placed, policy)
        decision = adjudicate(policy.to_dict(), claim.to_dict())
        assert payout.payable_fen == decision["total_fen"]
        assert [(one.coverage, one.payable_fen, one.outcome) for one in payout.lines] == [
            (one["coverage"], one["payable_fen"], one["outcome"]) for one in decision["lines"]]
        assert all(one.outcome != "evidence_needed" for one in payout.lines), (
            "a standard scenario leaves nothing unknown")


def test_the_matrix_has_every_coverage() -> None:
    found = compare([standard()], profile(), scenarios=["insider"])
    assert [one.coverage for one in found.cover] == list(coverages())
    granted = {one.coverage: one.products[0] for one in found.cover if one.products}
    assert len(granted) == 12
    assert granted["FP-BI"].sublimit_fen == 500_000_000
    assert granted["FP-BI"].waiting is not None
    assert granted["FP-IR"].conditions == ("prior_consent:panel",)
    assert granted["FP-MIT"].kind == "tower"
    assert granted["FP-PROOF"].sublimit_fen is None


def test_limit_and_deductible_are_the_same_for_all_inside_their_bounds() -> None:
    found = compare(two(), profile(), scenarios=["insider"], aggregate_limit_fen=50_000_000,
                    event_deductible_fen=20_000_000)
    for one in found.products:
        assert (one.aggregate_limit_fen, one.event_deductible_fen) == (100_000_000, 20_000_000)
        assert one.adjusted == {"aggregate_limit_fen": 50_000_000}


def test_a_higher_deductible_or_lower_limit_never_pays_more() -> None:
    for scenario in shipped_scenarios():
        usual = paid(standard(), scenario).payable_fen
        assert paid(standard(), scenario, event_deductible_fen=50_000_000).payable_fen <= usual
        assert paid(standard(), scenario, aggregate_limit_fen=100_000_000).payable_fen <= usual


def test_conformance_is_the_checks_own() -> None:
    product = variant(without=("EX-WAR",))
    (shown,) = compare([product], profile(), scenarios=["insider"]).products
    report = check_product(product)
    assert (shown.conformance.score, shown.conformance.conforming) == (
        report.score, report.conforming)
    assert [one.rule for one in shown.conformance.deviations] == [
        one.rule for one in report.deviations]


def test_price_is_given_for_what_the_model_knows() -> None:
    (price,) = compare([standard()], profile(), scenarios=["insider"]).prices
    assert price.reasons == ()
    assert price.gross_premium_fen is not None
    assert price.expected_payout_fen is not None
    assert price.per_million_fen == round(
        price.gross_premium_fen * 100_000_000 / price.expected_payout_fen)


def test_price_has_a_reason_instead_where_the_model_does_not_know() -> None:
    product = variant(sections=(Section(coverage="FP-HW", clause="2.16"),))
    (price,) = compare([product], profile(), scenarios=["insider"]).prices
    assert (price.gross_premium_fen, price.expected_payout_fen, price.per_million_fen) == (
        None, None, None)
    assert [one.code for one in price.reasons] == ["coverages_not_modelled"]
    assert price.reasons[0].coverages == ("FP-HW",)
    assert price.modelled_payout_fen > 0


def test_price_has_a_reason_where_the_valuation_asks_for_more() -> None:
    product = with_section("FP-IR", valuation=Valuation(method="excess_over_baseline"))
    (price,) = compare([product], profile(), scenarios=["insider"]).prices
    assert [(one.code, one.coverages) for one in price.reasons] == [
        ("valuation_not_modelled", ("FP-IR",))]
    assert "FP-IR" not in price.modelled_by_coverage_fen


@pytest.mark.parametrize("method", sorted(INTERRUPTIONS))
def test_every_form_of_interruption_has_a_price(method: ValuationMethod) -> None:
    product = with_section("FP-BI", valuation=Valuation(method=method))
    (price,) = compare([product], profile(), scenarios=["insider"]).prices
    assert price.reasons == ()
    assert price.modelled_by_coverage_fen["FP-BI"] > 0


def test_nothing_to_compare_and_the_same_twice_are_refused() -> None:
    with pytest.raises(InputError, match="no product"):
        compare([], profile())
    with pytest.raises(InputError, match="twice"):
        compare([standard(), standard()], profile())
    with pytest.raises(InputError, match="no scenario"):
        compare([standard()], profile(), scenarios=["earthquake"])
    with pytest.raises(InputError, match="twice"):
        compare([standard()], profile(), scenarios=["insider", "insider"])


def test_another_year_moves_the_moments_and_not_the_amounts() -> None:
    here = compare([standard()], profile(), scenarios=["leak-100000-persons"])
    there = compare([standard()], profile(), scenarios=["leak-100000-persons"],
                    inception=date(2027, 7, 1))
    assert here.scenarios == there.scenarios
