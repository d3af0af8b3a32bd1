"""The product limit: the empirical share where all is seen, an oracle's where some is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dinghai.experience.diagnostics import empirical_survival, survival_above, threshold_fits
from dinghai.experience.product_limit import FEWEST_IN_SIGHT, product_limit
from dinghai.experience.tail import fit_tail
from dinghai.foundation.laws import Lognormal
from dinghai.foundation.streams import uniforms
from tests.experience.test_row_wise import MU, SIGMA, sample

NONE = np.zeros


def drawn(count: int) -> np.ndarray:
    return Lognormal(MU, SIGMA).quantile(uniforms(5, "test.product_limit", count, 1)[:, 0])


@pytest.mark.parametrize("floor", [0.0, 2_000.0])
def test_with_one_floor_it_is_the_empirical_share(floor: float) -> None:
    losses = drawn(300)
    losses = losses[losses >= floor]
    found = product_limit(losses, np.full(len(losses), floor), NONE(len(losses), dtype=bool))
    ordered, chance = empirical_survival(losses)
    assert found is not None and found.left_out == 0
    assert found.start == ordered[0]
    np.testing.assert_array_equal(found.amounts, ordered)
    np.testing.assert_allclose(found.at_least, chance, rtol=1e-12)
    np.testing.assert_allclose(found.above[:-1], chance[1:], rtol=1e-12)
    assert found.above[-1] == 0.0
    law = Lognormal(MU, SIGMA)
    np.testing.assert_allclose(found.modelled(law, ordered),
                               survival_above(law, found.start, ordered))


def test_with_limits_it_is_kaplan_and_meiers() -> None:
    """An independent implementation, with losses and limits at the same amount."""
    losses = np.round(drawn(200), -2) + 100.0
    censored = np.arange(200) % 3 == 0
    found = product_limit(losses, NONE(200), censored)
    assert found is not None
    oracle = stats.ecdf(stats.CensoredData(losses[~censored], right=losses[censored])).sf
    np.testing.assert_allclose(found.above, oracle.evaluate(found.amounts), atol=1e-12)


def test_with_floors_it_is_worked_by_hand() -> None:
    """Twenty rows from zero (ten lose 1, ten lose 4) and twenty from 2 (ten lose 3, ten lose 4)."""
    losses = np.repeat([1.0, 4.0, 3.0, 4.0], 10)
    floors = np.repeat([0.0, 0.0, 2.0, 2.0], 10)
    found = product_limit(losses, floors, NONE(40, dtype=bool))
    assert found is not None
    assert found.amounts.tolist() == [1.0, 3.0, 4.0]
    assert found.in_sight.tolist() == [20, 30, 20]
    np.testing.assert_allclose(found.above, [1 / 2, 1 / 2 * 2 / 3, 0.0], atol=1e-15)
    np.testing.assert_allclose(found.at_least, [1.0, 1 / 2, 1 / 3])
    assert [found.place(level) for level in (0.4, 0.5, 0.6, 0.7, 1.0)] == [0, 0, 1, 2, 2]


def test_it_finds_the_law_that_floors_and_limits_hide() -> None:
    """The plain share of what was seen is far off."""
    sizes, floors, censored = sample().arrays()
    found = product_limit(sizes, floors, censored)
    assert found is not None
    away = np.abs(found.above - found.modelled(Lognormal(MU, SIGMA), found.amounts))
    assert away.max() < 0.04
    plain = np.array([(sizes > one).mean() for one in found.amounts])
    assert np.abs(plain - found.modelled(Lognormal(MU, SIGMA), found.amounts)).max() > 0.15


def test_it_begins_where_enough_rows_are_in_sight() -> None:
    """One row alone at the bottom would end the estimate where it began."""
    losses = np.concatenate(([1.0, 2.0], np.arange(100.0, 140.0)))
    floors = np.concatenate(([0.0, 0.0], np.full(40, 50.0)))
    found = product_limit(losses, floors, NONE(42, dtype=bool))
    assert found is not None
    assert (found.start, found.left_out, found.in_sight[0]) == (100.0, 2, 40)
    few = FEWEST_IN_SIGHT - 1
    assert product_limit(losses[:few], floors[:few], NONE(few, dtype=bool)) is None
    assert product_limit(losses, floors, np.ones(42, dtype=bool)) is None


ROWS = st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40), st.booleans()),
                min_size=1, max_size=80)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_it_falls_from_one_and_counts_whom_it_sees(rows: list[tuple[int, int, bool]]) -> None:
    losses = np.array([float(max(loss, floor)) for loss, floor, _ in rows])
    floors = np.array([float(floor) for _, floor, _ in rows])
    censored = np.array([cut for _, _, cut in rows])
    found = product_limit(losses, floors, censored)
    if found is None:
        return
    assert found.at_least[0] == 1.0
    assert (found.above >= 0.0).all() and (found.at_least >= found.above).all()
    np.testing.assert_array_equal(found.at_least[1:], found.above[:-1])
    for place, amount in enumerate(found.amounts.tolist()):
        seen = int(((floors <= amount) & (losses >= amount)).sum())
        gone = int(((losses == amount) & ~censored).sum())
        assert found.in_sight[place] == seen >= gone > 0
        assert found.above[place] == pytest.approx(
            found.at_least[place] * (1.0 - gone / seen), abs=1e-12)


def test_thresholds_are_fitted_by_each_rows_own_floor() -> None:
    sizes, floors, censored = sample().arrays()
    found = threshold_fits(sizes, 8_000.0, floors, censored)
    chosen = next(one for one in found if one.threshold == 8_000.0)
    tail = fit_tail(sizes, 8_000.0, floors, censored)
    assert tail is not None and (chosen.xi, chosen.interval) == (tail.xi, tail.xi_interval)
    plain = {one.threshold: one.xi for one in threshold_fits(sizes, 8_000.0)}
    below = next(one for one in found if one.threshold < 8_000.0)
    assert plain[below.threshold] != below.xi
