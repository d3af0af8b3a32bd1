"""The tail: a generalised Pareto above a threshold, with profile intervals, and a threshold's rule.

Method: peaks over threshold (McNeil 1997). The shape's interval is where twice the profile
log-likelihood stays within 3.84 of its maximum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize

from dinghai.experience.distances import kolmogorov_smirnov
from dinghai.foundation.laws import GeneralisedPareto

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_CHI_SQUARED_95: Final = 3.841458820694124
_SHAPES: Final = (-0.9, 8.0)
FEWEST_EXCEEDANCES: Final = 20
_WANTED_EXCEEDANCES: Final = 50


@dataclass(frozen=True, slots=True)
class Tail:
    """A fitted tail. Intervals are at 95%."""

    threshold: float
    exceedances: int
    xi: float
    beta: float
    xi_interval: tuple[float, float]
    log_likelihood: float

    @property
    def law(self) -> GeneralisedPareto:
        """The law of a loss above the threshold."""
        return GeneralisedPareto(self.xi, self.beta, self.threshold)

    @property
    def tail_exponent(self) -> float | None:
        """α = 1/ξ of a tail that falls like x^−α; None where it falls faster."""
        return 1.0 / self.xi if self.xi > 0.0 else None

    @property
    def tail_exponent_interval(self) -> tuple[float | None, float | None]:
        """Its interval; None where a bound is not finite."""
        low, high = self.xi_interval
        return (1.0 / high if high > 0.0 else None, 1.0 / low if low > 0.0 else None)


@dataclass(frozen=True, slots=True)
class _Excesses:
    """Excesses over the threshold in units of their mean. Of a censored one only that it is at
    least so large is known; ``entries`` are excesses of floors that lie above the threshold."""

    values: Floats
    censored: Flags | None = None
    entries: Floats | None = None


def fit_tail(
    losses: Floats, threshold: float, floors: Floats | None = None, censored: Flags | None = None
) -> Tail | None:
    """The tail strictly above a threshold; None with too few exceedances. Rows may have floors of
    their own and be censored; the number of exceedances counts those that are not."""
    beyond = losses > threshold
    order = np.argsort(losses[beyond], kind="stable")
    excess = losses[beyond][order] - threshold
    cut = None if censored is None or not censored[beyond].any() else censored[beyond][order]
    exact = len(excess) if cut is None else int((~cut).sum())
    if exact < FEWEST_EXCEEDANCES or excess[-1] <= 0.0:
        return None
    unit = float(excess.mean())
    entries = None
    if floors is not None and (floors[beyond] > threshold).any():
        entries = np.maximum(floors[beyond] - threshold, 0.0) / unit
    scaled = _Excesses(excess / unit, cut, entries)
    best, value = _maximum(scaled)
    interval = _interval(scaled, best, value)
    beta = _scale(scaled, best)
    return Tail(threshold, exact, best, beta * unit, interval, value - exact * math.log(unit))


def choose_threshold(losses: Floats) -> float | None:
    """The threshold of smallest Kolmogorov–Smirnov distance between exceedances and their fit.

    Tried are the quantiles from 50% to 99% in steps of one percent (of all losses) that leave at
    least fifty exceedances, or a tenth of the losses where there are fewer than five hundred
    (Clauset, Shalizi, Newman 2009, for the generalised Pareto).
    """
    least = min(_WANTED_EXCEEDANCES, max(len(losses) // 10, FEWEST_EXCEEDANCES))
    best: tuple[float, float] | None = None
    for level in np.linspace(0.5, 0.99, 50):
        threshold = float(np.quantile(losses, level))
        if int((losses > threshold).sum()) < least:
            break
        fit = fit_shape(losses, threshold)
        if fit is not None and (best is None or fit[1] < best[0]):
            best = (fit[1], threshold)
    return None if best is None else best[1]


def fit_shape(losses: Floats, threshold: float) -> tuple[GeneralisedPareto, float] | None:
    """The law above a threshold and its distance from the exceedances, without an interval."""
    excess = np.sort(losses[losses > threshold]) - threshold
    if len(excess) < FEWEST_EXCEEDANCES or excess[-1] <= 0.0:
        return None
    unit = float(excess.mean())
    scaled = _Excesses(excess / unit)
    shape, _value = _maximum(scaled)
    law = GeneralisedPareto(shape, _scale(scaled, shape) * unit, threshold)
    return law, kolmogorov_smirnov(1.0 - law.survival(excess + threshold))


def _log_likelihood(sample: _Excesses, xi: float, beta: float) -> float:
    excess, censored = sample.values, sample.censored
    if abs(xi) < 1e-9:
        total = -float(excess.sum()) / beta
        exact = len(excess) if censored is None else int((~censored).sum())
        total -= exact * math.log(beta)
        return total if sample.entries is None else total + float(sample.entries.sum()) / beta
    grown = 1.0 + xi * excess / beta
    if grown.min() <= 0.0:
        return -math.inf
    if censored is None:
        total = -len(excess) * math.log(beta) - (1.0 / xi + 1.0) * float(np.log(grown).sum())
    else:
        logs = np.log(grown)
        total = (-int((~censored).sum()) * math.log(beta)
                 - (1.0 / xi + 1.0) * float(logs[~censored].sum())
                 - float(logs[censored].sum()) / xi)
    if sample.entries is not None:
        total += float(np.log1p(xi * sample.entries / beta).sum()) / xi
    return total


def _scale(sample: _Excesses, xi: float) -> float:
    """The scale of largest likelihood for a given shape."""
    if sample.censored is None and sample.entries is None:
        return _plain_scale(sample.values, xi)
    least = 1e-6 if xi >= 0.0 else -xi * float(sample.values[-1]) * (1.0 + 1e-9)
    found = optimize.minimize_scalar(
        lambda logs: -_log_likelihood(sample, xi, math.exp(logs)),
        bounds=(math.log(max(least, 1e-6)), math.log(1e4)), method="bounded",
        options={"xatol": 1e-10})
    return math.exp(float(found.x))


def _plain_scale(excess: Floats, xi: float) -> float:
    """Where the score, which falls with the scale, is zero: excesses all known from zero on."""
    if abs(xi) < 1e-9:
        return float(excess.mean())
    least = 1e-6 if xi >= 0.0 else -xi * float(excess[-1]) * (1.0 + 1e-9)
    low, high = math.log(max(least, 1e-6)), math.log(1e4)

    def score(logs: float) -> float:
        beta = math.exp(logs)
        return (1.0 + xi) * float(excess @ (1.0 / (beta + xi * excess))) / len(excess) - 1.0

    if score(low) <= 0.0:
        return math.exp(low)
    if score(high) >= 0.0:
        return math.exp(high)
    return math.exp(float(optimize.brentq(score, low, high, xtol=1e-10)))


def _profile(sample: _Excesses) -> Callable[[float], float]:
    return lambda xi: _log_likelihood(sample, xi, _scale(sample, xi))


def _maximum(sample: _Excesses) -> tuple[float, float]:
    """The shape of largest profile likelihood, and that likelihood."""
    profile = _profile(sample)
    grid = np.linspace(*_SHAPES, 60)
    values = [profile(float(one)) for one in grid]
    place = int(np.argmax(values))
    low, high = grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(lambda xi: -profile(xi), bounds=(low, high),
                                     method="bounded", options={"xatol": 1e-8})
    return float(found.x), -float(found.fun)


def _interval(sample: _Excesses, best: float, value: float) -> tuple[float, float]:
    """Where the profile falls by half the chi-squared quantile on both sides."""
    profile = _profile(sample)

    def drop(xi: float) -> float:
        return 2.0 * (value - profile(xi)) - _CHI_SQUARED_95

    low, high = _SHAPES
    left = optimize.brentq(drop, low, best) if drop(low) > 0.0 else low
    right = optimize.brentq(drop, best, high) if drop(high) > 0.0 else high
    return float(left), float(right)
