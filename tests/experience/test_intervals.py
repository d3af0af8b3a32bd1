"""Intervals against closed forms, and against data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dinghai.experience.contagion import fit_contagion, parameter_intervals
from dinghai.experience.intervals import (
    mean_interval,
    power_index,
    profile_intervals,
    quantile_interval,
    resampled,
    share_interval,
)
from dinghai.experience.severity import fit_candidates
from dinghai.foundation.laws import Lognormal
from dinghai.foundation.streams import uniforms
from tests.experience.test_contagion import drawn

CHI = 3.841458820694124


def lognormal(n: int, mu: float = 8.0, sigma: float = 1.5) -> np.ndarray:
    return Lognormal(mu, sigma).quantile(uniforms(3, "test.intervals", n, 1)[:, 0])


def test_the_profile_interval_of_a_lognormal_is_the_closed_form() -> None:
    losses = lognormal(400)
    logs = np.log(losses)
    fit = fit_candidates(losses, None)["lognormal"]
    found = profile_intervals(losses, None, "lognormal", fit)
    reach = float(logs.std()) * math.sqrt(math.expm1(CHI / len(logs)))
    assert found["mu"] == pytest.approx((logs.mean() - reach, logs.mean() + reach), abs=1e-4)
    low, high = found["sigma"]
    for end in (low, high):
        # 2 (l(max) − l(σ)) = n (s²/σ² − 1 + ln σ²/s²) at both ends
        ratio = (float(logs.std()) / end) ** 2
        assert len(logs) * (ratio - 1.0 - math.log(ratio)) == pytest.approx(CHI, rel=1e-3)
    assert low < float(logs.std()) < high


def test_a_truncated_fit_has_a_wider_interval_that_holds_the_truth() -> None:
    whole = lognormal(4000)
    seen = whole[whole >= 3000.0]
    fit = fit_candidates(seen, 3000.0)["lognormal"]
    low, high = profile_intervals(seen, 3000.0, "lognormal", fit)["sigma"]
    plain = profile_intervals(whole, None, "lognormal", fit_candidates(whole, None)["lognormal"])
    assert low < 1.5 < high
    assert high - low > 2.0 * (plain["sigma"][1] - plain["sigma"][0])


def test_what_the_losses_do_not_determine_has_no_interval() -> None:
    tail = 500.0 * np.asarray(uniforms(4, "test.intervals.pareto", 800, 1)[:, 0]) ** -1.7
    fit = fit_candidates(tail, 500.0)["weibull"]
    assert profile_intervals(tail, 500.0, "weibull", fit)["theta"] is None


def test_a_quantile_needs_losses_enough_to_bound_it() -> None:
    losses = np.arange(1.0, 1001.0)
    assert quantile_interval(losses, 0.5) == (469.0, 532.0)
    assert quantile_interval(losses[:100], 0.99) is None
    low, high = quantile_interval(losses, 0.99)
    ends = stats.binom.cdf(high - 1, 1000, 0.99) - stats.binom.cdf(low - 1, 1000, 0.99)
    assert ends >= 0.95


@given(st.integers(0, 60), st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_shares_are_bounded_as_the_binomial_bounds_them(hits: int, more: int) -> None:
    of = hits + more
    low, high = share_interval(hits, of)
    assert 0.0 <= low <= hits / of <= high <= 1.0
    if hits:
        assert stats.binom.sf(hits - 1, of, low) == pytest.approx(0.025)
    assert stats.binom.cdf(hits, of, high) == pytest.approx(0.025)


def test_published_exact_intervals() -> None:
    assert share_interval(5, 10) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert share_interval(0, 10) == pytest.approx((0.0, 0.3085), abs=1e-4)
    assert share_interval(10, 10)[1] == 1.0


def test_a_pure_power_tail_has_its_index() -> None:
    chances = (np.arange(2000) + 0.5) / 2000.0
    losses = 100.0 * chances ** -0.8
    index, (low, high), n = power_index(losses, 100.0)
    assert n == 2000
    assert index == pytest.approx(0.8, rel=2e-3)
    assert low < 0.8 < high and high / low == pytest.approx(math.exp(4 * 0.98 / math.sqrt(n)),
                                                            rel=0.01)


def test_resampling_is_the_same_for_the_same_purpose() -> None:
    losses = lognormal(300)
    first = resampled("a", 300, lambda places: float(losses[places].mean()), samples=60)
    assert first == resampled("a", 300, lambda places: float(losses[places].mean()), samples=60)
    assert first != resampled("b", 300, lambda places: float(losses[places].mean()), samples=60)
    assert first[0] < float(losses.mean()) < first[1]
    assert mean_interval(losses)[0] < float(losses.mean()) < mean_interval(losses)[1]


def test_the_intervals_of_contagion_hold_the_truth() -> None:
    days = drawn(0.4, 0.6, 0.8, 6000, 3)
    fit = fit_contagion(days)
    assert fit is not None
    ends = parameter_intervals(days, fit)
    assert ends is not None
    branching, half_life = ends
    assert branching[0] < 0.6 < branching[1] and branching[1] - branching[0] < 0.3
    assert half_life[0] < math.log(0.5) / math.log(0.8) < half_life[1]


def test_no_interval_where_the_likelihood_has_no_top_inside() -> None:
    days = drawn(1.0, 0.0, 0.5, 400, 8)
    fit = fit_contagion(days)
    assert fit is not None
    if fit.branching == 0.0:
        assert parameter_intervals(days, fit) is None
    else:
        ends = parameter_intervals(days, fit)
        assert ends is None or ends[0][0] < 0.2
