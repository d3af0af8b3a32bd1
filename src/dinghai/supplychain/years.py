"""Years of a chain: how many events, where they start, and what they cost whom.

Events of a year are those that no other brought and those that did bring more (a self-exciting
count, in daily time, `intensity`); each starts at a party and aims at a peril in proportion to
their rates. Event e is the same in every what-if: its year, its start, its aim and its luck depend
on the seed and e alone. Sums are whole fen, so that they are the same on any number of cores.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import stream_key
from dinghai.supplychain.draws import draw_word, unit, world_word
from dinghai.supplychain.goods import DAY_SECONDS, GoodsWays, concern, starve, starved_room
from dinghai.supplychain.intensity import SelfExciting, sampled_counts
from dinghai.supplychain.programme import Terms, pay_event
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import NOTHING, OUTSIDE, Field, room_of, strike

Whole = npt.NDArray[np.int64]
PARTS: Final = 64
DAYS: Final = 365.0


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """``first[y]`` to ``first[y + 1]`` are year y's events; they start at parties and aim at perils
    in proportion to ``rate`` a year, shape (parties, perils)."""

    years: int
    seed: int
    first: Whole
    rate: Floats

    @property
    def number(self) -> int:
        """Events of all years."""
        return int(self.first[-1])


def draw_events(
    rate: Floats, *, years: int, seed: int, branching: float = 0.0,
    memory_days: float = 30.0,
) -> Events:
    """The events of years. ``branching`` of all events are brought by others, with a mean delay of
    ``memory_days``; the mean number a year stays the sum of the rates but for what a year's end
    cuts off. Raises InputError for rates that are none."""
    total = float(rate.sum())
    if not (np.isfinite(rate).all() and (rate >= 0.0).all() and total > 0.0):
        raise InputError("no event can start anywhere", field="rate",
                         mend="give at least one party a rate above zero")
    decay = 1.0 / memory_days
    process = SelfExciting(total * (1.0 - branching) / DAYS, branching * decay, decay)
    counts = sampled_counts(process, DAYS, worlds=years, seed=seed)
    return Events(years, seed, np.concatenate([[0], np.cumsum(counts)]), rate)


@dataclass(frozen=True, slots=True, eq=False)
class ChainYears:
    """``loss`` of each year in fen, ``starved`` the part of it that came through goods, ``paid``
    what the programme pays; ``parts`` are its own, propagation and supply payments of all years,
    before the limits of event and year. By party:
    ``own`` loss of events that started there, ``inherited`` loss there of events from elsewhere,
    ``exported`` loss elsewhere of events from there, ``supply`` what of its loss came through
    goods (within the inherited); ``starts``, ``struck`` and ``entered`` count events. ``strikes``
    counts firms struck by where the event began and its aim, shape (2, parties, perils): there, and
    elsewhere."""

    loss: Whole
    starved: Whole
    paid: Whole
    parts: Whole
    own: Whole
    inherited: Whole
    exported: Whole
    supply: Whole
    starts: Whole
    struck: Whole
    entered: Whole
    strikes: Whole


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """The goods between firms, each firm's gross profit of a day in fen, and the days from a
    supplier's stop after which lost supply is covered."""

    goods: GoodsWays
    profit: Floats
    waiting_days: float


def run_years(
    field: Field, events: Events, supply: Supply, terms: Terms, *, horizon_days: float = DAYS,
    workers: int | None = None,
) -> ChainYears:
    """Run every event."""
    parties, perils = events.rate.shape
    totals = np.zeros((3, events.years), dtype=np.int64)
    cumulative, key = draws_of(events)

    def part(years: range) -> tuple[Whole, Whole, Whole]:
        sums, parts = np.zeros((7, parties), dtype=np.int64), np.zeros(3, dtype=np.int64)
        strikes = np.zeros((2, parties, perils), dtype=np.int64)
        _run_part(field, supply.goods, starved_room(supply.goods), supply.waiting_days, terms,
                  events.first, cumulative, perils, horizon_days, key, years.start, years.stop,
                  totals, sums, parts, strikes)
        return sums, parts, strikes

    found = in_parts(part, cut(events.years, PARTS), workers=workers)
    sums, parts, strikes = (np.sum([one[place] for one in found], axis=0) for place in range(3))
    own, inherited, exported, through, starts, struck, entered = sums
    return ChainYears(totals[0], totals[1], totals[2], parts, own, inherited, exported, through,
                      starts, struck, entered, strikes)


def draws_of(events: Events) -> tuple[Floats, np.uint64]:
    """What start and luck of events are drawn from."""
    cumulative = np.cumsum(events.rate.ravel())
    return cumulative / cumulative[-1], stream_key(events.seed, "chain.event")


@njit(cache=True, nogil=True, inline="always")
def start_of(cumulative, word):  # type: ignore[no-untyped-def]
    """Where an event starts and what it aims at: party × number of perils + peril."""
    chance = unit(draw_word(word, 0))
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) >> 1
        if chance < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True, nogil=True)
def short_of_goods(field, goods, hungry, room, aim, waiting_days, stamp):  # type: ignore[no-untyped-def]
    """Let the firms that the event in the room stopped starve those that buy from them."""
    hungry.number[0] = 0
    firms = goods.first.shape[0] - 1
    for slot in range(room.number[0]):
        party = room.party[slot]
        if room.loss[slot] != NOTHING and party < firms:
            seconds = field.stopped[party, aim, room.bin[slot]]
            if seconds > 0:
                concern(goods, hungry, party, seconds / DAY_SECONDS, stamp)
    if hungry.number[0] > 0:
        starve(goods, hungry, waiting_days, stamp)


@njit(cache=True, nogil=True)
def _run_part(  # type: ignore[no-untyped-def]
    field, goods, hungry, waiting_days, terms, first, cumulative, perils, horizon, key, from_year,
    to_year, totals, sums, parts, strikes
):
    room, left = room_of(field), np.empty(2, dtype=np.int64)
    firms = goods.first.shape[0] - 1
    for year in range(from_year, to_year):
        total = through_goods = paid = np.int64(0)
        left[0], left[1] = terms.own_limit, terms.aggregate
        for event in range(first[year], first[year + 1]):
            word, stamp = world_word(key, event), event + 1
            begin = start_of(cumulative, word)
            root = begin // perils
            aim = begin - root * perils
            strike(field, room, root, aim, -1, horizon, word, stamp)
            sums[4, root] += 1
            for slot in range(room.number[0]):
                party, lost = room.party[slot], room.loss[slot]
                sums[6, party] += room.since[slot] != OUTSIDE
                if lost == NOTHING:
                    continue
                total += lost
                sums[5, party] += 1
                strikes[int(party != root), root, aim] += 1
                if party == root:
                    sums[0, party] += lost
                else:
                    sums[1, party] += lost
                    sums[2, root] += lost
            short_of_goods(field, goods, hungry, room, aim, waiting_days, stamp)
            for place in range(hungry.number[0]):
                party = hungry.firm[place]
                lost = np.int64(np.rint(hungry.lost[party] * terms.profit[party]))
                through_goods += lost
                sums[3, party] += lost
                sums[1, party] += lost
                sums[2, root] += lost
            paid += pay_event(terms, room, hungry, firms, aim, left, parts)
        totals[0, year], totals[1, year] = total + through_goods, through_goods
        totals[2, year] = paid
