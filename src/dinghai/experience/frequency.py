"""Frequency fitted to counts of a period: Poisson, negative binomial, and which the data prefer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

Per = Literal["day", "month", "year"]
_SIGNIFICANT: Final = 0.05
_LARGEST_SIZE: Final = 1e7


@dataclass(frozen=True, slots=True)
class CountFit:
    """A fitted law of counts. ``size`` is None of a Poisson, and of a negative binomial that
    became one."""

    mean: float
    size: float | None
    log_likelihood: float
    free: int

    @property
    def aic(self) -> float:
        """2 × free parameters − 2 × log-likelihood: lower is better."""
        return 2.0 * self.free - 2.0 * self.log_likelihood


@dataclass(frozen=True, slots=True)
class Frequency:
    """Counts by period and what was fitted to them. ``dispersion`` is variance over mean."""

    first: date
    last: date
    counts: tuple[int, ...]
    mean: float
    variance: float
    dispersion: float
    chance_if_poisson: float
    """Of a dispersion at least as large (χ² with n − 1 degrees of freedom)."""
    poisson: CountFit
    negative_binomial: CountFit

    @property
    def preferred(self) -> Literal["poisson", "negative_binomial"]:
        """The negative binomial where the dispersion test rejects the Poisson at 5%."""
        over = self.dispersion > 1.0 and self.chance_if_poisson < _SIGNIFICANT
        return "negative_binomial" if over else "poisson"


def count_periods(days: Sequence[date], per: Per) -> tuple[int, ...]:
    """How many days fall into each period from the first to the last, empty ones included."""
    keys = Counter(_period(day, per) for day in days)
    first, last = min(keys), max(keys)
    return tuple(keys.get(one, 0) for one in range(first, last + 1))


def fit_frequency(days: Sequence[date], per: Per) -> Frequency:
    """The counts of a set of days, fitted. There must be two periods or more."""
    counts = np.array(count_periods(days, per), dtype=np.float64)
    mean, variance = float(counts.mean()), float(counts.var(ddof=1))
    dispersion = variance / mean
    chance = float(stats.chi2.sf((len(counts) - 1) * dispersion, len(counts) - 1))
    poisson = CountFit(mean, None, _poisson(counts, mean), 1)
    return Frequency(min(days), max(days), tuple(int(one) for one in counts), mean, variance,
                     dispersion, chance, poisson, _negative_binomial(counts, mean))


def _period(day: date, per: Per) -> int:
    if per == "day":
        return day.toordinal()
    return day.year if per == "year" else 12 * day.year + day.month - 1


def period_name(day: date, per: Per, number: int) -> str:
    """The name of the ``number``-th period from the one a day is in."""
    if per == "day":
        return (day + timedelta(days=number)).isoformat()
    place = _period(day, per) + number
    return str(place) if per == "year" else f"{place // 12:04d}-{place % 12 + 1:02d}"


def _poisson(counts: npt.NDArray[np.float64], mean: float) -> float:
    return float((special.xlogy(counts, mean) - mean - special.gammaln(counts + 1.0)).sum())


def size_likelihood(counts: npt.NDArray[np.float64], size: float) -> float:
    """The log-likelihood of a negative binomial of this size whose mean is that of the counts."""
    mean = float(counts.mean())
    return float((special.gammaln(counts + size) - special.gammaln(size)
                  - special.gammaln(counts + 1.0) + size * math.log(size / (size + mean))
                  + special.xlogy(counts, mean / (size + mean))).sum())


def _negative_binomial(counts: npt.NDArray[np.float64], mean: float) -> CountFit:
    """The mean's estimate is the sample mean; the size is found by one search."""
    def likelihood(size: float) -> float:
        return size_likelihood(counts, size)

    found = optimize.minimize_scalar(lambda logs: -likelihood(math.exp(logs)),
                                     bounds=(math.log(1e-6), math.log(_LARGEST_SIZE)),
                                     method="bounded", options={"xatol": 1e-9})
    size = math.exp(float(found.x))
    if size > 0.5 * _LARGEST_SIZE or float(counts.var()) <= mean:
        return CountFit(mean, None, _poisson(counts, mean), 2)
    return CountFit(mean, size, likelihood(size), 2)
