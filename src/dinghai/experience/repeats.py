"""How unequal enterprises are: a negative binomial of events by name, of those that had one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import optimize, special

from dinghai.experience.intervals import CHI_SQUARED_95, Interval

_SIZES: Final = (-10.0, 6.0)
"""Logarithms of the sizes that are searched: below them the law is the logarithmic series."""
_MEANS: Final = (-16.0, 6.0)


@dataclass(frozen=True, slots=True)
class Repeats:
    """The size of the law between enterprises, zero where the data put no lower end to it."""

    names: int
    events: int
    size: float
    interval: Interval


def fit_repeats(names: Iterable[str]) -> Repeats | None:
    """Of the names of events. Names without an event are not seen: the law is truncated at one.

    None where no name comes twice: then nothing is told.
    """
    events = Counter(name.strip().casefold() for name in names if name.strip())
    times = Counter(events.values())
    if set(times) <= {1}:
        return None
    number = np.array(sorted(times), dtype=np.float64)
    weight = np.array([times[int(one)] for one in number], dtype=np.float64)

    def likelihood(size: float, mean: float) -> float:
        none = -size * math.log1p(mean / size)
        terms = (special.gammaln(number + size) - special.gammaln(size)
                 - special.gammaln(number + 1.0) + none
                 + number * math.log(mean / (size + mean)) - math.log(-math.expm1(none)))
        return float((weight * terms).sum())

    def profile(logs: float) -> float:
        found = optimize.minimize_scalar(
            lambda mean: -likelihood(math.exp(logs), math.exp(mean)), bounds=_MEANS,
            method="bounded", options={"xatol": 1e-9})
        return -float(found.fun)

    first, last = _SIZES
    found = optimize.minimize_scalar(lambda logs: -profile(logs), bounds=_SIZES, method="bounded",
                                     options={"xatol": 1e-7})
    best, top = float(found.x), max(-float(found.fun), profile(first))

    def drop(logs: float) -> float:
        return 2.0 * (top - profile(logs)) - CHI_SQUARED_95

    open_below = drop(first) <= 0.0
    low = 0.0 if open_below else math.exp(float(optimize.brentq(drop, first, best)))
    high = math.exp(float(optimize.brentq(drop, best, last)) if drop(last) > 0.0 else last)
    at_edge = open_below and top - profile(first) < 1e-3
    return Repeats(len(events), sum(events.values()), 0.0 if at_edge else math.exp(best),
                   (low, high))
