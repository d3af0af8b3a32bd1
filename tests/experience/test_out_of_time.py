"""Checks on later losses and counts: they hold where nothing changed and fail where it did."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from dinghai.experience.out_of_time import check_counts, check_severity
from dinghai.foundation.laws import Lognormal
from dinghai.foundation.streams import uniforms

YEARS = (2019, 2022, 2024)


def losses(n: int, seed: int) -> np.ndarray:
    law = Lognormal(7.0, 1.8)
    above = float(law.survival(np.array([500.0]))[0])
    return law.quantile_of_survival(above * uniforms(seed, "test.later", n, 1)[:, 0])


def test_the_same_law_holds_above_the_floor() -> None:
    found = check_severity(losses(3000, 3), losses(1000, 4), 500.0, YEARS)
    assert [level.probability for level in found.levels] == [0.95, 0.99]
    assert all(level.held for level in found.levels)
    assert (found.fitted, found.levels[0].of) == (3000, 1000)
    assert found.levels[0].expected == pytest.approx(50.0)
    low, high = found.levels[0].interval
    assert low < found.levels[0].exceeded / 1000 < high


def test_larger_losses_do_not_hold() -> None:
    found = check_severity(losses(3000, 3), 3.0 * losses(1000, 4), 500.0, YEARS)
    assert not any(level.held for level in found.levels)
    assert found.levels[0].exceeded > found.levels[0].expected


def every(days: int, first: date, until: date) -> list[date]:
    out, day = [], first
    while day < until:
        out.append(day)
        day += timedelta(days=days)
    return out


def test_counts_hold_at_the_same_rate_and_not_at_twice_of_it() -> None:
    before = every(3, date(2019, 1, 1), date(2023, 1, 1))
    same = check_counts(before, every(3, date(2023, 1, 1), date(2024, 1, 1)))
    assert same.held and same.months == 12 and same.fitted_months == 48
    assert same.expected == pytest.approx(12 * len(before) / 48)
    twice = check_counts(before, every(1, date(2023, 1, 1), date(2024, 1, 1)))
    assert not twice.held and twice.observed > twice.interval[1]


def test_months_that_vary_leave_more_open() -> None:
    steady = every(3, date(2019, 1, 1), date(2023, 1, 1))
    bursts = [day for day in every(1, date(2019, 1, 1), date(2023, 1, 1)) if day.month % 3 == 1]
    later = every(3, date(2023, 1, 1), date(2024, 1, 1))
    one, other = check_counts(steady, later), check_counts(bursts, later)
    assert other.interval[1] - other.interval[0] > one.interval[1] - one.interval[0]
