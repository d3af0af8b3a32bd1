"""Credibility: how far a group's own experience is believed beside that of all groups.

Bühlmann & Straub, "Glaubwürdigkeit für Schadensätze", Mitteilungen der VSVM 70 (1970).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError

Floats = npt.NDArray[np.float64]
_NORMAL_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its weight, its own mean, how far it is believed (0 to 1), the estimate."""

    name: str
    periods: int
    weight: float
    mean: float
    factor: float
    estimate: float
    standard_error: float
    """Root mean square error of the estimate, of a given between and within variance."""

    @property
    def interval(self) -> tuple[float, float]:
        """Estimate ± 1.96 standard errors: 95% if the error is normal."""
        reach = _NORMAL_95 * self.standard_error
        return self.estimate - reach, self.estimate + reach


@dataclass(frozen=True, slots=True)
class Credibility:
    """The structure of a set of groups. ``within`` is the variance of one period's value at
    weight one; ``between`` that of the groups' true means, zero where the data show none."""

    collective: float
    within: float
    between: float
    groups: tuple[Group, ...]

    @property
    def half(self) -> float:
        """The weight at which a group's own mean is believed by half (within ÷ between)."""
        return math.inf if self.between == 0.0 else self.within / self.between


def buhlmann_straub(
    groups: Sequence[str], values: Sequence[float], weights: Sequence[float]
) -> Credibility:
    """One row for each period of each group: the period's value (a rate, a ratio, a mean) and its
    weight (exposure, premium, number of claims). Unbiased estimates of both variances; the
    collective mean weighs groups by their factors.

    Raises InputError for fewer than two groups, or where no group has two periods.
    """
    names = sorted(set(groups))
    if len(names) < 2:
        raise InputError("fewer than two groups have a row of use", field="--group",
                         mend="name a column that tells groups apart")
    place = np.searchsorted(np.array(names), np.array(groups))
    value, weight = np.array(values, dtype=np.float64), np.array(weights, dtype=np.float64)
    periods = np.bincount(place, minlength=len(names))
    if int(periods.max()) < 2:
        raise InputError("no group has two periods: what varies within one cannot be seen",
                         field="--group", mend="give several periods of each group")
    total = _sums(place, weight)
    means = _sums(place, weight * value) / total
    within = float((weight * (value - means[place]) ** 2).sum() / (periods - 1).sum())
    between = max(_between(total, means, within), 0.0)
    factors = _factors(total, within, between)
    shares = factors if factors.any() else total
    collective = float((shares * means).sum() / shares.sum())
    errors = _errors(factors, total, within, between)
    estimates = factors * means + (1.0 - factors) * collective
    return Credibility(collective, within, between, tuple(
        Group(name, int(count), float(mass), float(mean), float(factor), float(estimate),
              float(error))
        for name, count, mass, mean, factor, estimate, error in zip(
            names, periods, total, means, factors, estimates, errors, strict=True)))


def _sums(place: npt.NDArray[np.intp], values: Floats) -> Floats:
    return np.bincount(place, values).astype(np.float64)


def _between(total: Floats, means: Floats, within: float) -> float:
    """The unbiased estimate of the variance between groups: it may fall below zero."""
    whole = float(total.sum())
    centre = float((total * means).sum()) / whole
    spread = float((total * (means - centre) ** 2).sum()) - (len(total) - 1) * within
    return spread / (whole - float((total ** 2).sum()) / whole)


def _factors(total: Floats, within: float, between: float) -> Floats:
    if between == 0.0:
        return np.zeros(len(total))
    return total / (total + within / between)


def _errors(factors: Floats, total: Floats, within: float, between: float) -> Floats:
    """The error of a group's estimate: its own uncertainty, and that of the collective mean."""
    if between == 0.0:
        return np.full(len(total), math.sqrt(within / float(total.sum())))
    missing = 1.0 - factors
    return np.sqrt(between * missing * (1.0 + missing / float(factors.sum())))
