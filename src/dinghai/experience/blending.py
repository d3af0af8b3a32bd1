"""A rate of events from three sources: a published prior, public data, and own claims.

The market's rate M has a gamma prior. Public counts inform it with a discount: a likelihood raised
to the power ``trust`` (the power prior of Ibrahim & Chen, 2000). The own rate is gamma about M with
the coefficient of variation ``between``, and own claims are Poisson. What is left is an integral
over M, done on a fine grid: no sampling, so the same input gives the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from dinghai.foundation.errors import InputError

Floats = npt.NDArray[np.float64]
_POINTS: Final = 4000
_REACH: Final = 1e-14
"""Chances and weights below this are left out."""
_LAYINGS: Final = 3
_WIDEST: Final = 5.0
"""A wider gamma law puts mass where no number reaches."""
_LEVELS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Observed:
    """Events counted over an exposure in enterprise-years."""

    events: float
    exposure: float


@dataclass(frozen=True, slots=True)
class Prior:
    """A published rate per enterprise-year, and its coefficient of variation."""

    mean: float
    variation: float


@dataclass(frozen=True, slots=True)
class Rate:
    """A mean with its 95% interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Blend:
    """The rate after each step of evidence. ``factor`` is how far own claims moved the rate from
    the market's towards their own: the credibility of own claims."""

    prior: Rate
    market: Rate
    own: Rate
    factor: float | None


def blend(prior: Prior, public: Observed, trust: float, own: Observed, between: float) -> Blend:
    """Prior, then public data with a trust of 0 to 1, then own claims.

    Raises InputError for a number outside its range.
    """
    _check(prior, public, trust, own, between)
    shape = 1.0 / prior.variation ** 2
    market_shape = shape + trust * public.events
    market_slope = shape / prior.mean + trust * public.exposure
    spread = 1.0 / between ** 2
    markets, weights = _posterior(market_shape, market_slope, spread, own)
    slopes = spread / markets + own.exposure
    mean = float((weights * (spread + own.events) / slopes).sum())
    market = _gamma(market_shape, market_slope)
    return Blend(_gamma(shape, shape / prior.mean), market,
                 Rate(mean, *(_quantile(weights, spread + own.events, slopes, level)
                              for level in _LEVELS)),
                 _moved(market.mean, mean, own))


def _posterior(
    shape: float, slope: float, spread: float, own: Observed
) -> tuple[Floats, Floats]:
    """Market rates on an even grid of their logarithm, and the weight of each after own claims.
    The grid is laid again where the weight turned out to lie."""
    low, high = (float(one) / slope for one in (special.gammaincinv(shape, _REACH),
                                                special.gammainccinv(shape, _REACH)))
    if own.exposure > 0.0:
        low = min(low, 0.1 * (own.events + 0.5) / own.exposure)
        high = max(high, 10.0 * (own.events + 0.5) / own.exposure)
    first, last = math.log(max(low, np.finfo(np.float64).tiny)), math.log(high)
    for _ in range(_LAYINGS):
        logs = np.linspace(first, last, _POINTS)
        markets = np.exp(logs)
        heights = shape * logs - slope * markets
        if own.exposure > 0.0:
            slopes = spread / markets + own.exposure
            heights += spread * np.log(spread / (markets * slopes)) - own.events * np.log(slopes)
        weights = np.exp(heights - heights.max())
        held = np.flatnonzero(weights > _REACH)
        first = float(logs[max(int(held[0]) - 1, 0)])
        last = float(logs[min(int(held[-1]) + 1, _POINTS - 1)])
    return markets, np.asarray(weights / weights.sum(), dtype=np.float64)


def _gamma(shape: float, slope: float) -> Rate:
    return Rate(shape / slope, *(float(special.gammaincinv(shape, level)) / slope
                                 for level in _LEVELS))


def _quantile(weights: Floats, shape: float, slopes: Floats, level: float) -> float:
    """Of a mixture of gammas of one shape: between the quantiles of its extremes."""
    base = float(special.gammaincinv(shape, level))
    low, high = base / float(slopes.max()), base / float(slopes.min())
    if high - low <= 1e-12 * high:
        return high
    return float(optimize.brentq(
        lambda rate: float((weights * special.gammainc(shape, rate * slopes)).sum()) - level,
        low, high, xtol=1e-12 * low + 1e-300, rtol=1e-12))


def _moved(market: float, mean: float, own: Observed) -> float | None:
    """None where own claims agree with the market: there is nothing to move towards."""
    if own.exposure == 0.0:
        return 0.0
    rate = own.events / own.exposure
    if math.isclose(rate, market, rel_tol=1e-9):
        return None
    return (mean - market) / (rate - market)


def _check(
    prior: Prior, public: Observed, trust: float, own: Observed, between: float
) -> None:
    if not (math.isfinite(prior.mean) and prior.mean > 0.0):
        raise InputError(f"{prior.mean:g} is not a rate", field="--prior",
                         mend="give events per enterprise-year, above zero")
    for field, number in (("--prior-variation", prior.variation), ("--between", between)):
        if not 0.0 < number <= _WIDEST:
            raise InputError(f"{number:g} is not a coefficient of variation", field=field,
                             mend=f"give a number above 0, at most {_WIDEST:g}")
    if not 0.0 <= trust <= 1.0:
        raise InputError(f"{trust:g} is not a share", field="--trust", mend="give 0 to 1")
    for field, one in (("--public", public), ("--own", own)):
        if not all(math.isfinite(number) and number >= 0.0
                   for number in (one.events, one.exposure)):
            raise InputError("events and exposure are zero or more", field=field,
                             mend="give EVENTS/EXPOSURE such as 3/120")
        if one.events > 0.0 and one.exposure == 0.0:
            raise InputError("events without exposure", field=field,
                             mend="give the enterprise-years they were counted over")
