"""Whose the worst years are: co-TVaR and Shapley shares of the tail, by where events began.

Both add up to the tail to the fen, and neither drives a price: a better control can raise either
(DECISIONS 26). The tail is the mean of the worst years. A coalition's worth is the tail of the
years in which only the events that began at its members happen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Final

import numpy as np

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen, split
from dinghai.foundation.streams import uniforms
from dinghai.supplychain.shared_events import SharedEvents, added
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.years import Whole

MOST_GROUPS: Final = 12


@dataclass(frozen=True, slots=True, eq=False)
class YearsByRoot:
    """What each party's events present, year by year where anything: rows in the order of the
    party, ``first[p]`` to ``first[p + 1]`` are p's ``year`` and ``fen``."""

    years: int
    first: Whole
    year: Places
    fen: Whole

    def of(self, party: int) -> tuple[Places, Whole]:
        """One party's years and amounts."""
        here = slice(int(self.first[party]), int(self.first[party + 1]))
        return self.year[here], self.fen[here]

    def together(self, parties: Sequence[int]) -> Whole:
        """The years of several parties' events."""
        out = np.zeros(self.years, dtype=np.int64)
        for party in parties:
            year, fen = self.of(party)
            out[year] += fen
        return out

    def sums(self) -> Whole:
        """Each party's sum over all years."""
        running = np.concatenate([[0], np.cumsum(self.fen)])
        out: Whole = running[self.first[1:]] - running[self.first[:-1]]
        return out

    def error(self) -> Floats:
        """Standard error of each party's yearly mean."""
        squares = np.concatenate([[0.0], np.cumsum(self.fen.astype(np.float64) ** 2)])
        square = (squares[self.first[1:]] - squares[self.first[:-1]]) / self.years
        mean = self.sums() / self.years
        out: Floats = np.sqrt(np.maximum(square - mean * mean, 0.0) / max(self.years - 1, 1))
        return out


def years_by_root(events: SharedEvents, parties: int) -> YearsByRoot:
    """The rows of events, added up by party and year."""
    key = events.root.astype(np.int64) * events.years + events.year
    found, place = np.unique(key, return_inverse=True)
    fen = added(events.payable, place, len(found))
    root = found // events.years
    first = np.searchsorted(root, np.arange(parties + 1)).astype(np.int64)
    return YearsByRoot(events.years, first, (found % events.years).astype(np.int32), fen)


def worst_years(years: int, level: float) -> int:
    """How many years are the worst ones: at least one."""
    return max(round(years * (1.0 - level)), 1)


def tail_sum(years: Whole, worst: int) -> Fen:
    """The sum of the worst years."""
    return int(np.partition(years, len(years) - worst)[len(years) - worst:].sum())


def tail_fen(years: Whole, worst: int) -> Fen:
    """The mean of the worst years, to the fen."""
    return _mean(tail_sum(years, worst), worst)


def _mean(total: Fen, number: int) -> Fen:
    return (2 * total + number) // (2 * number)


def co_tail(table: YearsByRoot, worst: int) -> list[Fen]:
    """Each party's part of the mean of the worst years; the parts add up to it."""
    parties = len(table.first) - 1
    whole = table.together(range(parties))
    bad = np.zeros(table.years, dtype=np.bool_)
    bad[np.argsort(-whole, kind="stable")[:worst]] = True
    sums = [int(fen[bad[year]].sum()) for year, fen in map(table.of, range(parties))]
    return split(_mean(sum(sums), worst), sums)


@dataclass(frozen=True, slots=True)
class ShapleyShares:
    """Shares of the tail in fen, in the order of the players, that add up to it; ``error`` is the
    standard error of each where orders were sampled, else zero."""

    fen: tuple[Fen, ...]
    error: tuple[float, ...]
    orders: int


def exact_shapley(
    table: YearsByRoot, groups: Sequence[Sequence[int]], worst: int
) -> ShapleyShares:
    """Shapley shares of few groups, over all coalitions. Raises InputError for too many."""
    number = len(groups)
    if number > MOST_GROUPS:
        raise InputError(f"{number} groups have too many coalitions", field="groups",
                         mend=f"give at most {MOST_GROUPS}")
    years = [table.together(one) for one in groups]
    worth: dict[tuple[int, ...], int] = {(): 0}
    for size in range(1, number + 1):
        for some in combinations(range(number), size):
            worth[some] = tail_sum(np.sum([years[one] for one in some], axis=0), worst)
    sums = [0] * number
    for some, value in worth.items():
        inside, out = len(some), number - len(some)
        if inside:
            weight = factorial(inside - 1) * factorial(out)
            for one in some:
                sums[one] += weight * value
        if out:
            weight = factorial(inside) * factorial(out - 1)
            for one in set(range(number)) - set(some):
                sums[one] -= weight * value
    total = worth[tuple(range(number))]
    return ShapleyShares(tuple(split(_mean(total, worst), sums)), (0.0,) * number, 0)


def sampled_shapley(
    table: YearsByRoot, worst: int, *, orders: int, seed: int
) -> ShapleyShares:
    """Shapley shares of all parties over sampled orders of joining. Each order's parts add up to
    the tail, so the shares do too; parties whose events present nothing have none.

    Raises InputError for less than two orders.
    """
    if orders < 2:
        raise InputError("the error of shares needs two orders", field="--orders",
                         mend="give 2 or more")
    parties = len(table.first) - 1
    playing = np.flatnonzero(np.diff(table.first))
    sums, squares = [0] * parties, [0.0] * parties
    luck = uniforms(seed, "chain.shapley", orders, parties)
    for row in range(orders):
        years, before = np.zeros(table.years, dtype=np.int64), 0
        for party in playing[np.argsort(luck[row, playing], kind="stable")]:
            year, fen = table.of(int(party))
            years[year] += fen
            after = tail_sum(years, worst)
            sums[party] += after - before
            squares[party] += float(after - before) ** 2
            before = after
    total = _mean(sum(sums), orders * worst) if playing.size else 0
    errors = tuple(
        (max(square / orders - (one / orders) ** 2, 0.0) / (orders - 1)) ** 0.5 / worst
        for one, square in zip(sums, squares, strict=True))
    return ShapleyShares(tuple(split(total, sums)), errors, orders)
