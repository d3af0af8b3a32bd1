"""What each event of a run cost, and which one stands where: the worst, the median, a bad year."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.foundation.errors import InputError
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.goods import starved_room
from dinghai.supplychain.strikes import NOTHING, Field, room_of, strike
from dinghai.supplychain.years import (
    DAYS,
    Events,
    Supply,
    Whole,
    draws_of,
    short_of_goods,
    start_of,
)

_PARTS: Final = 64


def event_losses(
    field: Field, events: Events, supply: Supply, *, guarded: int = -1,
    horizon_days: float = DAYS, workers: int | None = None,
) -> Whole:
    """The ground-up loss of each event in fen, with what came through goods. A year's events add up
    to its loss in `run_years`. Nothing gets into the party ``guarded`` (−1: none)."""
    cumulative, key = draws_of(events)
    losses = np.zeros(events.number, dtype=np.int64)

    def part(which: range) -> None:
        _losses_part(field, supply.goods, starved_room(supply.goods), supply.waiting_days,
                     supply.profit, cumulative, events.rate.shape[1], horizon_days, key, guarded,
                     which.start, which.stop, losses)

    in_parts(part, cut(events.number, _PARTS), workers=workers)
    return losses


def losses_by_year(events: Events, losses: Whole) -> Whole:
    """The losses of each year's events, added up."""
    sums = np.concatenate([[0], np.cumsum(losses)])
    by_year: Whole = sums[events.first[1:]] - sums[events.first[:-1]]
    return by_year


def worst_event(losses: Whole) -> int:
    """The event that cost most; the first of equals. Raises InputError where none cost anything."""
    _some(losses)
    return int(np.argmax(losses))


def median_event(losses: Whole) -> int:
    """The event in the middle of those that cost something. Raises InputError where none did."""
    _some(losses)
    costly = np.flatnonzero(losses > 0)
    order = np.argsort(losses[costly], kind="stable")
    return int(costly[order[(len(order) - 1) // 2]])


def year_at(loss: Whole, level: float) -> int:
    """The year whose loss is the quantile at a level (0 to 1); the first of equals."""
    if not 0.0 <= level <= 1.0:
        raise InputError(f"{level} is no level", field="--level", mend="give 0 to 1, as 0.99")
    wanted = np.quantile(loss, level, method="inverted_cdf")
    return int(np.flatnonzero(loss == wanted)[0])


def events_of_year(events: Events, losses: Whole, year: int) -> tuple[int, ...]:
    """The events of a year that cost something, the costliest first."""
    first, last = int(events.first[year]), int(events.first[year + 1])
    order = np.argsort(-losses[first:last], kind="stable")
    return tuple(first + int(one) for one in order if losses[first + one] > 0)


def _some(losses: Whole) -> None:
    if not (losses > 0).any():
        raise InputError("no event of the run cost anything", field="--years",
                         mend="simulate more years")


@njit(cache=True, nogil=True)
def _losses_part(  # type: ignore[no-untyped-def]
    field, goods, hungry, waiting_days, profit, cumulative, perils, horizon, key, guarded,
    first, last, losses
):
    room = room_of(field)
    for event in range(first, last):
        word, stamp = world_word(key, event), event + 1
        begin = start_of(cumulative, word)
        root = begin // perils
        aim = begin - root * perils
        strike(field, room, root, aim, guarded, horizon, word, stamp)
        total = np.int64(0)
        for slot in range(room.number[0]):
            if room.loss[slot] != NOTHING:
                total += room.loss[slot]
        short_of_goods(field, goods, hungry, room, aim, waiting_days, stamp)
        for place in range(hungry.number[0]):
            firm = hungry.firm[place]
            total += np.int64(np.rint(hungry.lost[firm] * profit[firm]))
        losses[event] = total
