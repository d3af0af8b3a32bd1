"""What it is worth that nothing gets into a party: all parties from the same events, in one pass.

An event that touches one party alone is averted whole where that party is protected. One that
touches several is run again without each of them, on the same luck; parties that it does not touch
change nothing. Sums are whole fen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.supplychain.averting import avert, avert_alone
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.fizzling import (
    BATCH,
    FIZZLES,
    GOES_ON,
    apart_for,
    guide_to,
    tell_apart,
)
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import Field, lent_field, lent_room, room_of, strike
from dinghai.supplychain.years import DAYS, PARTS, ChainYears, Events, Whole, draws_of


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """By party, fen a year: the expected loss that protecting it alone averts, and its standard
    error over independent events; ``tail`` is what it averts in the years that are given as the
    tail, on average over these."""

    averted: Floats
    error: Floats
    tail: Floats


def rank_parties(
    field: Field, events: Events, *, tail: Whole | None = None, horizon_days: float = DAYS,
    workers: int | None = None, known: ChainYears | None = None,
) -> Ranking:
    """Protect each party alone. ``tail`` are years, for what they lose alone. ``known`` are years
    of the same events that were run with their ranking: these need not be run again."""
    if known is not None and len(known.averted):
        averted, squares = known.averted, known.squares
    else:
        averted, squares = _over(field, events, np.arange(events.years), horizon_days, workers)
    worst = np.zeros(0, dtype=np.int64) if tail is None else np.sort(tail)
    in_tail, _ = _over(field, events, worst, horizon_days, workers)
    return Ranking(averted / events.years, np.sqrt(squares) / events.years,
                   in_tail / max(len(worst), 1))


def _over(
    field: Field, events: Events, years: Whole, horizon_days: float, workers: int | None
) -> tuple[Whole, Floats]:
    """What is averted in some years, by party, and the sum of squares over events."""
    parties, perils = events.rate.shape
    cumulative, key = draws_of(events)
    guide = guide_to(cumulative)

    def part(which: range) -> tuple[Whole, Floats]:
        averted, squares = np.zeros(parties, dtype=np.int64), np.zeros(parties)
        _rank_years(field, events.first, cumulative, guide, perils, horizon_days, key,
                    years[which.start:which.stop], averted, squares)
        return averted, squares

    found = in_parts(part, cut(len(years), PARTS), workers=workers)
    if not found:
        return np.zeros(parties, dtype=np.int64), np.zeros(parties)
    averted: Whole = np.sum([one for one, _ in found], axis=0)
    squares: Floats = np.sum([one for _, one in found], axis=0)
    return averted, squares


@njit(cache=True, nogil=True)
def _rank_years(  # type: ignore[no-untyped-def]
    shared, first, cumulative, guide, perils, horizon, key, years, averted, squares
):
    own, other = room_of(shared), room_of(shared)
    field, room, spare = lent_field(shared), lent_room(own), lent_room(other)
    fizzled = np.zeros(field.structure.shape[0], dtype=np.int64)
    apart = apart_for(field, cumulative, BATCH)
    stamp = 1
    for year in years:
        since = told = first[year]
        for event in range(since, first[year + 1]):
            if event == told:
                since, told = told, min(told + BATCH, first[year + 1])
                tell_apart(field, room, cumulative, guide, key, since, told, horizon, fizzled,
                           apart)
            alone = apart.bin[event - since]
            if alone == FIZZLES:
                continue
            root = apart.begin[event - since] // perils
            aim = apart.begin[event - since] - root * perils
            word = world_word(key, event)
            if alone != GOES_ON:
                avert_alone(root, field.ground_up[root, aim, alone], averted, squares)
                continue
            strike(field, room, root, aim, -1, horizon, word, event + 1)
            stamp = avert(field, room, spare, stamp, root, aim, horizon, word, averted, squares)
    return own.number[0] + other.number[0]  # rooms live as long as what they lent
