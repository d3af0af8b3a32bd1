"""What protecting a party averts of years, on average and in the tail, with goods counted.

The tail is taken anew without what is averted: other years are then the worst. A fall of the mean
of the worst years is never more than the mean fall in those that were the worst before, so that the
leading parties are found without working the tail out for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.supplychain.costly_events import CostlyEvents
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.worst_years import error_of, tail_influence, tail_mean_of, worst_years
from dinghai.supplychain.years import Whole

LEADING: Final = 200
"""Parties whose tail is worked out exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Protection:
    """By party, in fen. ``averted`` of the expected loss of a year, with averaged severity, and its
    standard error over years; ``at_most`` of the tail; ``tail`` exactly for the leading parties
    (``exact``), with the standard error, and the same as at most for all others."""

    averted: Floats
    error: Floats
    at_most: Floats
    tail: Floats
    tail_error: Floats
    exact: npt.NDArray[np.bool_]


def protection(
    drawn: CostlyEvents, averaged: CostlyEvents, *, worst: float = 0.01, leading: int = LEADING
) -> Protection:
    """Protect each party alone, on the same events."""
    years, parties = drawn.years, drawn.parties
    entry_year = np.repeat(drawn.year, np.diff(drawn.first))
    by_party = np.argsort(drawn.party, kind="stable")
    begin = np.searchsorted(drawn.party[by_party], np.arange(parties + 1))
    loss = drawn.loss
    number = worst_years(years, worst)
    in_tail = np.zeros(years, dtype=np.bool_)
    in_tail[np.argsort(-loss, kind="stable")[:number]] = True
    tail_sums = np.zeros(parties, dtype=np.int64)
    inside = in_tail[entry_year]
    np.add.at(tail_sums, drawn.party[inside], drawn.averted[inside])
    at_most = tail_sums / number
    averted, error = np.zeros(parties), np.zeros(parties)
    for party in range(parties):
        entries = by_party[begin[party]:begin[party + 1]]
        fall = _by_year(entry_year[entries], averaged.averted[entries])[1]
        averted[party] = int(fall.sum()) / years
        square = float((fall.astype(np.float64) ** 2).sum())
        error[party] = max(square / years - averted[party] ** 2, 0.0) ** 0.5 / years ** 0.5
    tail, tail_error = at_most.copy(), np.zeros(parties)
    exact = np.zeros(parties, dtype=np.bool_)
    base, moved = tail_mean_of(loss, worst), tail_influence(loss, worst)
    for party in np.argsort(-at_most, kind="stable")[:leading].tolist():
        entries = by_party[begin[party]:begin[party + 1]]
        where, fall = _by_year(entry_year[entries], drawn.averted[entries])
        after = loss.copy()
        after[where] -= fall
        tail[party] = base - tail_mean_of(after, worst)
        tail_error[party] = error_of(moved - tail_influence(after, worst))
        exact[party] = True
    return Protection(averted, error, at_most, tail, tail_error, exact)


def _by_year(years: npt.NDArray[np.int32], amounts: Whole) -> tuple[npt.NDArray[np.int32], Whole]:
    if len(years) == 0:
        return years, amounts
    where, starts = np.unique(years, return_index=True)
    return where, np.add.reduceat(amounts, starts)
