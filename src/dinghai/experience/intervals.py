"""Intervals at 95%: profile likelihood, order statistics, exact shares, resampling by stream."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from dinghai.experience.severity import CANDIDATES, Fit, truncated_log_likelihood
from dinghai.foundation.streams import uniforms

Floats = npt.NDArray[np.float64]
Interval = tuple[float, float]
CHI_SQUARED_95: Final = 3.841458820694124
NORMAL_95: Final = 1.959963984540054
_TAILS: Final = (0.025, 0.975)
_REACH: Final = 50.0
"""An end so far away in logarithms is none."""
_BAD: Final = 1e300


def profile_intervals(
    losses: Floats, floor: float | None, name: str, fit: Fit
) -> Mapping[str, Interval | None]:
    """Of both parameters of a candidate law: where twice the profile log-likelihood stays within
    3.84 of its maximum. None where the likelihood has no end on a side: it does not determine it.
    """
    candidate = CANDIDATES[name]
    unit = float(np.median(losses))
    scaled = losses / unit
    low = None if floor is None else np.array([floor / unit])
    best = np.array([
        (math.log(value / (unit if key == "theta" else 1.0)) if positive
         else value - math.log(unit))
        for (key, value), positive in zip(fit.parameters.items(), candidate.positive, strict=True)])

    def likelihood(point: Floats) -> float:
        with np.errstate(all="ignore"):
            try:
                law = candidate.law(*(
                    math.exp(min(one, 300.0)) if positive else float(one)
                    for one, positive in zip(point, candidate.positive, strict=True)))
                return truncated_log_likelihood(law, scaled, low)
            except (OverflowError, ValueError, ZeroDivisionError):
                return -_BAD

    found: dict[str, Interval | None] = {}
    for place, (key, positive) in enumerate(zip(fit.parameters, candidate.positive, strict=True)):
        ends = _profile(likelihood, best, place)
        if ends is None:
            found[key] = None
            continue
        scale = unit if key == "theta" else 1.0
        shift = 0.0 if positive else math.log(unit)
        found[key] = ((scale * math.exp(ends[0]), scale * math.exp(ends[1])) if positive
                      else (ends[0] + shift, ends[1] + shift))
    return found


def _profile(
    likelihood: Callable[[Floats], float], best: Floats, place: int
) -> Interval | None:
    """Both ends of one of two parameters, the other at its best for each value."""
    top = likelihood(best)
    other = 1 - place
    warm = {"at": float(best[other])}

    def drop(value: float) -> float:
        def cost(free: float) -> float:
            point = np.empty(2)
            point[place], point[other] = value, free
            return -likelihood(point)

        start = warm["at"]
        found = optimize.minimize_scalar(cost, bracket=(start, start + 0.1), method="brent",
                                         options={"xtol": 1e-9})
        warm["at"] = float(found.x)
        return 2.0 * (top + float(found.fun)) - CHI_SQUARED_95

    ends = []
    for side in (-1.0, 1.0):
        warm["at"] = float(best[other])
        step, inside = 0.02, float(best[place])
        outside = inside + side * step
        while drop(outside) <= 0.0:
            if abs(outside - float(best[place])) > _REACH:
                return None
            inside, step = outside, 1.5 * step
            outside = inside + side * step
        ends.append(float(optimize.brentq(drop, inside, outside, xtol=1e-7)))
    return ends[0], ends[1]


def quantile_interval(losses: Floats, probability: float) -> Interval | None:
    """Of a quantile, from order statistics: it needs no law (David & Nagaraja 2003, 7.1). None
    where the losses are too few to bound it."""
    ordered = np.sort(losses)
    n = len(ordered)
    low, high = (int(stats.binom.ppf(tail, n, probability)) for tail in _TAILS)
    if low < 1 or high >= n:
        return None
    return float(ordered[low - 1]), float(ordered[high])


def share_interval(hits: int, of: int) -> Interval:
    """Of a share, exact (Clopper & Pearson 1934)."""
    low = 0.0 if hits == 0 else float(stats.beta.ppf(_TAILS[0], hits, of - hits + 1))
    high = 1.0 if hits == of else float(stats.beta.ppf(_TAILS[1], hits + 1, of - hits))
    return low, high


def power_index(losses: Floats, above: float) -> tuple[float, Interval, int]:
    """The index ξ of a pure power tail above an amount (Hill 1975), its exact interval if the tail
    is one, and the number of losses above."""
    beyond = losses[losses > above]
    n = len(beyond)
    index = float(np.log(beyond / above).mean())
    low, high = (2.0 * n * index / float(stats.chi2.ppf(tail, 2 * n)) for tail in _TAILS[::-1])
    return index, (low, high), n


def resampled(
    purpose: str, n: int, statistic: Callable[[npt.NDArray[np.int64]], float], *, samples: int = 500
) -> Interval:
    """Percentile interval of a statistic of resampled places 0 … n − 1, the same for the same
    purpose."""
    values = []
    for number in range(samples):
        draws = uniforms(1, f"calibration.{purpose}", 1, n, first_unit=number)[0]
        values.append(statistic((draws * n).astype(np.int64)))
    low, high = np.quantile(np.array(values), _TAILS)
    return float(low), float(high)


def mean_interval(values: Floats) -> Interval:
    """Of a mean above zero: its logarithm ± 1.96 standard errors."""
    mean = float(values.mean())
    error = float(values.std(ddof=1)) / (math.sqrt(len(values)) * mean)
    return mean * math.exp(-NORMAL_95 * error), mean * math.exp(NORMAL_95 * error)
