"""Exceedance curves: quantiles, tails and bands, and a change on the same years."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dinghai.foundation.errors import InputError
from dinghai.supplychain.chain_results import tail_mean
from dinghai.supplychain.exceedance import exceedance, exceedance_document


def losses(years: int = 10_000, seed: int = 1) -> np.ndarray:
    return np.rint(np.random.default_rng(seed).pareto(1.5, years) * 1e6).astype(np.int64)


def test_quantiles_and_tail_means_are_those_of_the_years() -> None:
    loss = losses()
    found = exceedance(loss)
    for one in found.points:
        level = 1.0 - 1.0 / one.return_period
        assert one.loss_fen == np.quantile(loss, level, method="inverted_cdf")
        assert one.low_fen <= one.loss_fen <= one.high_fen <= loss.max()
        beyond = np.sort(loss)[int(np.ceil(level * len(loss) - 1e-9)) - 1:]
        assert one.tail_mean_fen == round(beyond.mean())
    at = {one.return_period: one for one in found.points}
    assert at[100.0].tail_mean_fen == pytest.approx(tail_mean(loss, 0.99), rel=0.02)
    assert found.mean_fen == round(loss.mean())


def test_bands_hold_the_true_quantile_nine_times_in_ten() -> None:
    hits = 0
    for seed in range(300):
        point = next(one for one in exceedance(losses(2_000, seed)).points
                     if one.return_period == 50.0)
        true = (50.0**(1 / 1.5) - 1.0) * 1e6
        hits += point.low_fen <= true <= point.high_fen
    assert stats.binomtest(hits, 300, 0.9).pvalue > 1e-3


def test_the_curve_falls_and_is_bounded() -> None:
    found = exceedance(losses(50_000))
    assert len(found.curve) <= 120
    periods, amounts = zip(*found.curve, strict=True)
    assert list(periods) == sorted(periods)
    assert list(amounts) == sorted(amounts)
    assert found.curve[-1] == (50_000, int(losses(50_000).max()))


def test_return_periods_that_the_years_do_not_hold_are_left_out() -> None:
    assert max(one.return_period for one in exceedance(losses(1_000)).points) == 200.0
    assert exceedance(np.array([7])).points == ()


def test_a_change_is_that_of_the_same_years() -> None:
    before = losses()
    after = before // 2
    found = exceedance_document("c", 1, before, after)
    assert found.change is not None and found.after is not None
    assert found.change.mean_fen == pytest.approx((after - before).mean(), abs=1)
    assert found.change.worse_years == 0
    assert found.change.better_years == (before > 0).sum()
    for (period, quantile, tail), one, other in zip(
            found.change.points, found.before.points, found.after.points, strict=True):
        assert period == one.return_period
        assert quantile == other.loss_fen - one.loss_fen < 0
        assert tail == other.tail_mean_fen - one.tail_mean_fen < 0
    assert found.change.se_fen < found.before.se_fen


def test_other_years_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="same years"):
        exceedance_document("c", 1, losses(10), losses(11))
    with pytest.raises(InputError, match="needs years"):
        exceedance_document("c", 1, np.zeros(0, dtype=np.int64))
