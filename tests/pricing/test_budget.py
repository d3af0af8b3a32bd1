"""The best fixes for a budget: against enumeration, within their bounds, and clear refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.pricing import budget
from dinghai.pricing.budget import best_fixes
from dinghai.pricing.rating import FixCosts, load_effort, load_fix_costs, read_fix_costs
from dinghai.pricing.treatment import treatment_plan
from tests.losses.risks import INCEPTION
from tests.pricing.test_quote import pricer

FEW = ("HRD-01", "DET-01", "IAM-03", "EPP-01", "GOV-03", "NET-04")


def offers(*prices: int, indicators: tuple[str, ...] = FEW) -> FixCosts:
    """An enterprise's own costs for a few indicators and nothing else."""
    return FixCosts(schema="dinghai.fix-costs/1", version="test", source="Offers",
                    confidence="T", full_fen=dict(zip(indicators, prices, strict=True)))


def plan(money: int, costs: FixCosts | None = None, name: str = "donghai") -> budget.FixPlan:
    """The plan of an example."""
    one = pricer(name)
    return best_fixes(one, one.schedule(inception=INCEPTION), money, costs)


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(100_000, 20_000_000), min_size=6, max_size=6),
       st.integers(50_000, 40_000_000))
def test_search_and_bound_hold_against_enumeration(prices: list[int], money: int) -> None:
    costs = offers(*prices)
    best = plan(money, costs)
    assert best.exact and best.gap_ppm == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(budget, "ENUMERATED", 0)
        searched = plan(money, costs)
    assert searched.averted_fen <= best.averted_fen <= searched.bound_fen
    assert searched.averted_fen >= best.averted_fen * 0.98


@pytest.mark.parametrize("name", ["donghai", "pilot-small", "pilot-large"])
def test_the_plan_keeps_its_budget_and_its_sums(name: str) -> None:
    money = 30_000_000
    one = plan(money, name=name)
    assert 0 < one.cost_fen <= money
    assert one.cost_fen == sum(fix.cost_fen for fix in one.fixes)
    assert one.before.pure - one.after.pure == sum(
        fix.expected_loss_reduction_fen for fix in one.fixes)
    assert one.averted_fen <= one.bound_fen
    assert one.gap_ppm <= 150_000
    assert len({fix.indicator for fix in one.fixes}) == len(one.fixes)


def test_money_for_everything_buys_everything() -> None:
    one = plan(10**12)
    fixes = treatment_plan(pricer(), pricer().schedule(inception=INCEPTION))
    assert {fix.indicator for fix in one.fixes} == {
        fix.indicator for fix in fixes.fixes if fix.level == "full"}
    assert one.after.pure == fixes.path[-1].expected_loss_fen
    assert one.exact


def test_a_step_costs_its_share_of_the_way() -> None:
    one = plan(10**9, offers(1_000_000, indicators=("HRD-01",)))
    (fix,) = one.fixes
    assert fix.from_ppm == 500_000 and fix.to_ppm == PPM
    assert fix.cost_fen == 500_000  # half of the way to full marks


def test_indicators_without_a_cost_are_named_and_left_out() -> None:
    one = plan(10**9, offers(1_000_000, indicators=("HRD-01",)))
    assert "HRD-01" not in one.without_cost
    assert "DET-01" in one.without_cost
    assert all(fix.indicator == "HRD-01" for fix in one.fixes)


def test_nothing_affordable_is_an_empty_plan() -> None:
    one = plan(1)
    assert one.fixes == () and one.cost_fen == 0 and one.exact
    assert one.before == one.after


def test_every_indicator_has_a_shipped_cost() -> None:
    costs = load_fix_costs()
    for indicator in load_effort().classes:
        cost = costs.full(indicator, endpoints=10, people=10)
        assert cost is not None and cost > 0


def test_bad_budgets_and_costs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        plan(0)
    assert found.value.fault.field == "budget"
    path = tmp_path / "costs.toml"
    head = 'schema = "dinghai.fix-costs/1"\nversion = "1"\nsource = "x"\nconfidence = "T"\n'
    for row, field in (("XYZ-01 = 5", "full_fen.XYZ-01"), ("IAM-01 = 0", "full_fen.IAM-01")):
        path.write_text(f"{head}[full_fen]\n{row}\n", "utf-8")
        with pytest.raises(InputError) as found:
            read_fix_costs(path)
        assert found.value.fault.field == field


def test_bundles_take_off_at_least_their_best_member_and_everything_most() -> None:
    whole = treatment_plan(pricer(), pricer().schedule(inception=INCEPTION))
    worth = {fix.indicator: fix.expected_loss_reduction_fen for fix in whole.fixes
             if fix.level == "full"}
    most = {bundle.code: bundle.expected_loss_reduction_fen for bundle in whole.bundles}
    for bundle in whole.bundles:
        best = max(worth[indicator] for indicator in bundle.indicators)
        assert bundle.expected_loss_reduction_fen >= best
        assert bundle.expected_loss_reduction_fen <= most["everything"]
    assert most["everything"] == whole.expected_loss_fen - whole.path[-1].expected_loss_fen
