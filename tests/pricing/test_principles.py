"""Premium principles: textbook values, what must never happen, and the target loss ratio."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from dinghai.foundation.errors import InputError
from dinghai.losses.compound import Aggregate
from dinghai.losses.evaluation import LossEvaluation
from dinghai.pricing.load_calibration import calibrated_load
from dinghai.pricing.premium import make_premium
from dinghai.pricing.principles import risk_load
from dinghai.pricing.rating import Rating, RiskLoad, load_rating
from tests.losses.risks import PRODUCT, evaluator, model

WANG = RiskLoad(principle="wang", shift_ppm=300_000, source="test", confidence="D")
HAZARD = RiskLoad(principle="proportional_hazard", hazard_ppm=2_000_000, source="test",
                  confidence="D")
TAIL = RiskLoad(principle="tail_value_at_risk", level_ppm=900_000, cost_of_capital_ppm=60_000,
                source="test", confidence="D")


def of_year(*mass: float, step: int = 1) -> LossEvaluation:
    """An evaluation whose year inside the aggregate is this mass on 0, step, …"""
    year = Aggregate(step, np.array(mass), 0.0)
    return LossEvaluation(year.mean(), 0.0, year.standard_deviation(), 10**9, {}, {}, {}, {},
                          lambda: year, year)


def test_two_point_years_by_hand() -> None:
    # One year in ten costs 100, nine cost nothing: mean 10.
    year = of_year(0.9, 0.1, step=100)
    # Proportional hazard with ρ = 2: 100 × √0.1 = 31.62 in place of 10.
    assert risk_load(year, HAZARD) == pytest.approx(100 * math.sqrt(0.1) - 10)
    # Wang with λ = 0.3: 100 × Φ(Φ⁻¹(0.1) + 0.3).
    assert risk_load(year, WANG) == pytest.approx(
        100 * special.ndtr(special.ndtri(0.1) + 0.3) - 10)
    # The worst tenth of years costs 100: 6% of 100 − 10.
    assert risk_load(year, TAIL) == pytest.approx(0.06 * 90)
    # Variance 0.09 × 100² = 900 over twice the tolerance of 450: 1.
    variance = RiskLoad(risk_tolerance_fen=450, source="test", confidence="D")
    assert risk_load(year, variance) == pytest.approx(1.0)


def test_what_stands_outside_the_aggregate_is_loaded_in_proportion() -> None:
    inside = of_year(0.9, 0.1, step=100)
    more = LossEvaluation(20.0, 0.0, 0.0, 10**9, {}, {}, {}, {}, inside.year, inside.inside)
    assert risk_load(more, WANG) == pytest.approx(2.0 * risk_load(inside, WANG))


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=12).filter(lambda m: sum(m) > 0.1),
       st.integers(1, 10), st.floats(0.0, 1.0))
def test_a_worse_year_never_loads_less_in_all_and_no_load_is_negative(
    masses: list[float], places: int, share: float
) -> None:
    mass = np.array(masses) / sum(masses)
    worse = np.concatenate((mass * (1.0 - share), np.zeros(places)))
    worse[places:] += mass * share  # part of every year costs more: worse in every quantile
    for load in (WANG, HAZARD):
        one, other = of_year(*mass), of_year(*worse)
        assert risk_load(one, load) >= 0.0
        assert (other.expected + risk_load(other, load)
                >= one.expected + risk_load(one, load) - 1e-9)


def rating(load: RiskLoad) -> Rating:
    """The shipped rating with another risk load."""
    shipped = load_rating(PRODUCT)
    return msgspec.structs.replace(
        shipped, loads=msgspec.structs.replace(shipped.loads, risk=load))


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(["HRD-01", "DET-01", "IAM-03", "EPP-01"]), st.integers(0, 3),
       st.sampled_from([WANG, HAZARD, TAIL]))
def test_a_better_control_never_costs_more_under_any_principle(
    indicator: str, score: int, load: RiskLoad
) -> None:
    posture = {indicator: score * 250_000}
    better = {indicator: (score + 1) * 250_000}
    prices = [make_premium(evaluator().evaluate(model(one)), rating(load),
                           revenue_fen=10**10).technical_net for one in (posture, better)]
    assert prices[1] <= prices[0]


@pytest.mark.parametrize("principle", ["variance", "tail_value_at_risk", "wang",
                                       "proportional_hazard"])
def test_the_target_loss_ratio_is_met(principle: str) -> None:
    policies = [(evaluator().evaluate(model(revenue_fen=revenue)), revenue)
                for revenue in (5 * 10**9, 5 * 10**10)]
    found = calibrated_load(principle, 400_000, policies, load_rating(PRODUCT),  # type: ignore[arg-type]
                            source="test", confidence="D")
    premiums = [make_premium(evaluation, rating(found.load), revenue_fen=revenue)
                for evaluation, revenue in policies]
    reached = sum(one.pure for one in premiums) / sum(one.technical_net for one in premiums)
    assert reached == pytest.approx(0.4, abs=2e-5)
    assert found.reached_ppm == pytest.approx(400_000, abs=20)


def test_targets_out_of_reach_and_incomplete_principles_are_refused() -> None:
    policies = [(evaluator().evaluate(model()), 10**10)]
    with pytest.raises(InputError) as found:
        calibrated_load("wang", 950_000, policies, load_rating(PRODUCT), source="t",
                        confidence="D")
    assert "between" in (found.value.fault.mend or "")
    with pytest.raises(InputError) as found:
        risk_load(of_year(0.9, 0.1), RiskLoad(principle="wang", source="t", confidence="D"))
    assert found.value.fault.field == "loads.risk.shift_ppm"
    with pytest.raises(InputError):
        calibrated_load("wang", 400_000, [], load_rating(PRODUCT), source="t", confidence="D")
