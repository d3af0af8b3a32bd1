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
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import NOTHING, OUTSIDE, Field, room_of, strike
from dinghai.supplychain.years import DAYS, PARTS, Events, Whole, draws_of, start_of


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
    workers: int | None = None,
) -> Ranking:
    """Protect each party alone. ``tail`` are years, for what they lose alone."""
    parties, perils = events.rate.shape
    cumulative, key = draws_of(events)
    in_tail = np.zeros(events.years, dtype=np.bool_)
    if tail is not None:
        in_tail[tail] = True

    def part(years: range) -> tuple[Whole, Floats]:
        sums, squares = np.zeros((2, parties), dtype=np.int64), np.zeros(parties)
        _rank_part(field, events.first, cumulative, perils, horizon_days, key, years.start,
                   years.stop, in_tail, sums, squares)
        return sums, squares

    found = in_parts(part, cut(events.years, PARTS), workers=workers)
    sums = np.sum([one for one, _ in found], axis=0)
    squares = np.sum([one for _, one in found], axis=0)
    return Ranking(sums[0] / events.years, np.sqrt(squares) / events.years,
                   sums[1] / max(int(in_tail.sum()), 1))


@njit(cache=True, nogil=True, inline="always")
def _loss(room):  # type: ignore[no-untyped-def]
    """What the event in the room cost all parties."""
    total = np.int64(0)
    for slot in range(room.number[0]):
        if room.loss[slot] != NOTHING:
            total += room.loss[slot]
    return total


@njit(cache=True, nogil=True)
def _rank_part(  # type: ignore[no-untyped-def]
    field, first, cumulative, perils, horizon, key, from_year, to_year, in_tail, sums, squares
):
    room = room_of(field)
    touched = np.empty(field.structure.shape[0], dtype=np.int32)
    stamp = 0
    for year in range(from_year, to_year):
        for event in range(first[year], first[year + 1]):
            word = world_word(key, event)
            begin = start_of(cumulative, word)
            root = begin // perils
            aim = begin - root * perils
            stamp += 1
            strike(field, room, root, aim, -1, horizon, word, stamp)
            base = _loss(room)
            if base == 0:
                continue
            number = 0
            for slot in range(room.number[0]):
                if room.since[slot] != OUTSIDE:
                    touched[number] = room.party[slot]
                    number += 1
            for place in range(number):
                party, averted = touched[place], base
                if party != root:
                    stamp += 1
                    strike(field, room, root, aim, party, horizon, word, stamp)
                    averted = base - _loss(room)
                sums[0, party] += averted
                squares[party] += float(averted) * float(averted)
                if in_tail[year]:
                    sums[1, party] += averted
