"""Counts by period, the dispersion test, and both laws against scipy."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from scipy import stats

from dinghai.experience.frequency import count_periods, fit_frequency, period_name
from dinghai.foundation.streams import uniforms


def days_of(counts: list[int], first: date = date(2020, 1, 1)) -> list[date]:
    """One day for each event of each month."""
    return [date(first.year + (first.month - 1 + place) // 12,
                 (first.month - 1 + place) % 12 + 1, 5)
            for place, count in enumerate(counts) for _ in range(count)]


def test_empty_periods_count() -> None:
    days = [date(2024, 2, 28), date(2024, 3, 1), date(2024, 3, 1)]
    assert count_periods(days, "day") == (1, 0, 2)
    assert count_periods(days, "month") == (1, 2)
    assert count_periods([date(2020, 5, 1), date(2023, 1, 1)], "year") == (1, 0, 0, 1)
    assert [period_name(date(2023, 12, 31), per, 1) for per in ("day", "month", "year")] == [
        "2024-01-01", "2024-01", "2024"]


def test_poisson_counts_prefer_the_poisson() -> None:
    chances = uniforms(1, "test.counts", 120, 1)[:, 0]
    fit = fit_frequency(days_of([1, *stats.poisson(4.0).ppf(chances).astype(int).tolist(), 1]),
                        "month")
    assert fit.preferred == "poisson"
    assert fit.dispersion == pytest.approx(1.0, abs=0.3)
    assert fit.poisson.log_likelihood == pytest.approx(
        float(stats.poisson(fit.mean).logpmf(fit.counts).sum()), rel=1e-12)


def test_dispersed_counts_prefer_the_negative_binomial() -> None:
    chances = uniforms(2, "test.counts", 400, 1)[:, 0]
    size, mean = 1.5, 6.0
    counts = stats.nbinom(size, size / (size + mean)).ppf(chances).astype(int).tolist()
    fit = fit_frequency(days_of([1, *counts, 1], date(1950, 1, 1)), "month")
    assert fit.preferred == "negative_binomial"
    assert fit.negative_binomial.size == pytest.approx(size, rel=0.25)
    assert fit.mean == pytest.approx(mean, rel=0.1)
    peer = stats.nbinom(fit.negative_binomial.size,
                        fit.negative_binomial.size / (fit.negative_binomial.size + fit.mean))
    assert fit.negative_binomial.log_likelihood == pytest.approx(
        float(peer.logpmf(fit.counts).sum()), rel=1e-9)
    assert fit.negative_binomial.aic < fit.poisson.aic


def test_counts_less_dispersed_than_poisson_have_no_size() -> None:
    fit = fit_frequency([date(2024, 1, 1) + timedelta(days=day) for day in range(30)], "day")
    assert (fit.dispersion, fit.negative_binomial.size) == (0.0, None)
    assert fit.preferred == "poisson"
    assert np.isclose(fit.negative_binomial.log_likelihood, fit.poisson.log_likelihood)
