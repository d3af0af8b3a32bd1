"""Whether an event that cannot leave a firm takes one of its goals before the firm contains it.

Most races are won or lost by far, so they are first run on times that are nearly right: each within
`NEARLY` of the exact one, as a share of it. Sums, the earliest and the latest of such times are as
near, and so is the time of the goal. Only where it then stands too close to the containment is the
race run again on exact times: the answer is always that of the exact race.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import numpy as np
from numba import njit

from dinghai.supplychain.draws import draw_word
from dinghai.supplychain.lending import uncounted
from dinghai.supplychain.openings import LEAVES, NONE, holds, next_step, with_step
from dinghai.supplychain.strikes import days

CELLS: Final = 1 << 10
EDGE: Final = 16
"""So many cells at either end of the quantile bend too much: times there are exact."""
MOST_SPREAD: Final = 2.0
"""Of ln days: above it a time is exact."""
NEARLY: Final = 4e-4
"""Between two points of the quantile a straight line is off by at most (1 ÷ 1024)² ÷ 8 times its
second derivative, which is 1402 where the edge begins: 0.00017; at the largest spread, twice that.
"""
_CLEAR: Final = 1.0 + 4.0 * NEARLY
"""Two nearly right times whose ratio is above this stand as the exact ones do."""
_CELL = np.uint64(54)
_WITHIN: Final = 1.0 / (1 << 53)
_REST, _LAST = np.uint64((1 << 53) - 1), np.uint64(1)
_LARGEST_MEAN: Final = 600.0
_QUANTILE = np.array([0.0, *(NormalDist().inv_cdf(one / CELLS) for one in range(1, CELLS)), 0.0],
                     dtype=np.float32)


@njit(cache=True, nogil=True, inline="always")
def nearly_days(mu, sigma, word):  # type: ignore[no-untyped-def]
    """A lognormal time within a share of `NEARLY`."""
    cell = np.int64(word >> _CELL)
    if cell < EDGE or cell >= CELLS - EDGE or sigma > MOST_SPREAD or abs(mu) > _LARGEST_MEAN:
        return days(mu, sigma, word)
    low = float(_QUANTILE[cell])
    within = float((word >> _LAST) & _REST) * _WITHIN
    value = mu + sigma * (low + (float(_QUANTILE[cell + 1]) - low) * within)
    k = np.floor(value * 1.4426950408889634 + 0.5)
    rest = value - k * 0.6931471805599453
    term = 1.0 + rest * (1.0 + rest * (0.5 + rest * (
        0.16666666666666666 + rest * (0.041666666666666664 + rest * 0.008333333333333333))))
    return term * np.int64((np.int64(k) + 1023) << 52).view(np.float64)


@njit(cache=True, nogil=True, forceinline=True)
def takes_in_time(  # type: ignore[no-untyped-def]
    base, rows, first, goal_low, goal_high, low, high, luck, contained, mean, spread, horizon, code,
    mu, sigma, waits_for, r_first, r_edge, r_target, due, waiting
):
    """Whether an event takes one of its goals before the horizon, and before it is contained, in
    lognormal time by the word ``contained``. ``rows`` is where the ways of the aim from the firm's
    steps begin, ``low`` and ``high`` the steps that it can come to the goals by."""
    until = min(horizon, nearly_days(mean, spread, contained))
    now = _first_goal(base, rows, first, goal_low, goal_high, low, high, luck, until * _CLEAR,
                      False, code, mu, sigma, waits_for, r_first, r_edge, r_target, due, waiting)
    if now == np.inf:
        return False
    if now * _CLEAR < until:
        return True
    until = min(horizon, days(mean, spread, contained))
    return _first_goal(base, rows, first, goal_low, goal_high, low, high, luck, until, True, code,
                       mu, sigma, waits_for, r_first, r_edge, r_target, due, waiting) <= until


@uncounted
def _first_goal(  # type: ignore[no-untyped-def]
    base, rows, first, goal_low, goal_high, low, high, luck, until, exactly, code, mu, sigma,
    waits_for, r_first, r_edge, r_target, due, waiting
):
    """When an event takes the first of its goals; infinite where that is after ``until``."""
    open_low, open_high = with_step(NONE, NONE, first)
    seen_low = seen_high = NONE
    due[first] = 0.0
    while open_low != NONE or open_high != NONE:
        now, step = np.inf, 0
        some_low, some_high = open_low, open_high
        while some_low != NONE or some_high != NONE:
            some_low, some_high, other = next_step(some_low, some_high)
            if due[other] < now:
                now, step = due[other], other
        if now > until:
            return np.inf
        if holds(goal_low, goal_high, step):
            return now
        one_low, one_high = with_step(NONE, NONE, step)
        open_low, open_high = open_low ^ one_low, open_high ^ one_high
        low, high = low & ~one_low, high & ~one_high
        leaving = draw_word(luck, code[base + step] ^ LEAVES)
        for way in range(r_first[rows + step], r_first[rows + step + 1]):
            other = r_target[way]
            if not holds(low, high, other):
                continue
            edge = r_edge[way]
            drawn = draw_word(leaving, code[base + other])
            later = now + (days(mu[edge], sigma[edge], drawn) if exactly
                           else nearly_days(mu[edge], sigma[edge], drawn))
            needed = waits_for[base + other]
            fresh = not holds(seen_low, seen_high, other)
            if fresh:
                waiting[other], due[other] = needed, later
                seen_low, seen_high = with_step(seen_low, seen_high, other)
            if needed > 1:
                due[other] = max(due[other], later)
                waiting[other] -= 1
                if waiting[other] > 0:
                    continue
            elif later < due[other]:
                due[other] = later
            open_low, open_high = with_step(open_low, open_high, other)
    return np.inf
