"""Years of a chain: how many events, where they start, and what they cost whom.

Events of a year are those that no other brought and those that did bring more (a self-exciting
count, in daily time, `intensity`); each starts at a party and aims at a peril in proportion to
their rates. Event e is the same in every what-if: its year, its start, its aim and its luck depend
on the seed and e alone. Sums are whole fen, so that they are the same on any number of cores.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.compute.compiled import is_compiled
from dinghai.compute.parts import cut, in_order
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import stream_key
from dinghai.supplychain.averting import avert, avert_alone
from dinghai.supplychain.draws import draw_word, unit, world_word
from dinghai.supplychain.event_rows import FIRST_ROOM, EventRows, filled, note_event, rows_for
from dinghai.supplychain.fizzling import (
    BATCH,
    GOES_ON,
    apart_for,
    guide_to,
    struck_alone,
    tell_apart,
)
from dinghai.supplychain.goods import (
    DAY_SECONDS,
    GoodsWays,
    concern,
    lent_goods,
    lent_starved,
    starve,
)
from dinghai.supplychain.intensity import SelfExciting, sampled_counts, sampled_times
from dinghai.supplychain.lending import fetch_ahead, uncounted
from dinghai.supplychain.programme import (
    OWN_PART,
    SPREAD_PART,
    SUPPLY_PART,
    Terms,
    account_of,
    hungry_room,
    lent_account,
    lent_terms,
    open_year,
    pay_event,
)
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import (
    NOTHING,
    OUTSIDE,
    Field,
    lent_field,
    lent_room,
    room_of,
    strike,
)

Whole = npt.NDArray[np.int64]
PARTS: Final = 64
EVENTS_A_PART: Final = 200_000
"""Where events are kept: attempts of the years that are run at a time."""
DAYS: Final = 365.0
AHEAD: Final = 6
"""So many events before its turn, what an event will cost is fetched."""


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """``first[y]`` to ``first[y + 1]`` are year y's events; they start at parties and aim at perils
    in proportion to ``rate`` a year, shape (parties, perils). ``process`` says when."""

    years: int
    seed: int
    first: Whole
    rate: Floats
    process: SelfExciting

    @property
    def number(self) -> int:
        """Events of all years."""
        return int(self.first[-1])

    def days(self, years: range) -> npt.NDArray[np.int32]:
        """The day of each event of some years, from 0: in order within its year."""
        times = sampled_times(self.process, DAYS, first=self.first, from_world=years.start,
                              to_world=years.stop, seed=self.seed)
        days: npt.NDArray[np.int32] = np.minimum(times, DAYS - 1.0).astype(np.int32)
        return days


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
    return Events(years, seed, np.concatenate([[0], np.cumsum(counts)]), rate, process)


@dataclass(frozen=True, slots=True, eq=False)
class ChainYears:
    """``loss`` of each year in fen, ``starved`` the part of it that came through goods, ``paid``
    what the programme pays, and ``layers`` what each layer bears of it, shape (layers, years).
    ``parts`` are the own, propagation and supply payments of all years, before the limits of event
    and year. By party:
    ``own`` loss of events that started there, ``inherited`` loss there of events from elsewhere,
    ``exported`` loss elsewhere of events from there, ``supply`` what of its loss came through
    goods (within the inherited); ``starts``, ``struck`` and ``entered`` count events, the last
    those that could strike there or go on. ``strikes`` counts firms struck by where the event
    began and its aim, shape (2, parties, perils): there, and elsewhere.
    ``suffered`` is each party's loss by the part of the cover that answers for it (own,
    propagation, supply), shape (parts, parties); ``paid_to`` what it is paid by section of the
    programme, shape (sections, parties), and ``part`` the part of each section. Where the ranking
    was asked for, ``averted`` is what protecting each party alone averts, and ``squares`` its sum
    of squares over events; else both are empty. All over all years.
    """

    loss: Whole
    starved: Whole
    paid: Whole
    layers: Whole
    parts: Whole
    own: Whole
    inherited: Whole
    exported: Whole
    supply: Whole
    starts: Whole
    struck: Whole
    entered: Whole
    strikes: Whole
    suffered: Whole
    paid_to: Whole
    part: Whole
    averted: Whole
    squares: Floats

    @property
    def compensated(self) -> Whole:
        """What each party is paid by part of the cover, shape (parts, parties)."""
        return np.array([self.paid_to[self.part == one].sum(axis=0) for one in range(3)])


@dataclass(frozen=True, slots=True, eq=False)
class Supply:
    """The goods between firms, each firm's gross profit of a day in fen, and the days from a
    supplier's stop after which lost supply is covered."""

    goods: GoodsWays
    profit: Floats
    waiting_days: float


def run_years(
    field: Field, events: Events, supply: Supply, terms: Terms, *, horizon_days: float = DAYS,
    workers: int | None = None, keep: Callable[[range, EventRows], None] | None = None,
    ranked: bool = False, executor: Executor | None = None,
) -> ChainYears:
    """Run every event. ``keep`` is given the events that cost something, some years at a time and
    in their order; ``ranked`` adds what protecting each party averts. An ``executor`` runs the
    same parts elsewhere."""
    cumulative, key = draws_of(events)
    run = _Run(field, events.first, cumulative, guide_to(cumulative), events.rate.shape, supply,
               terms, key, horizon_days, keep is not None, ranked)
    several = max(PARTS, -(-events.number // EVENTS_A_PART)) if keep else PARTS
    totals = np.zeros((3, events.years), dtype=np.int64)
    layers = np.zeros((len(terms.attachment), events.years), dtype=np.int64)
    found: _Part | None = None
    for one in in_order(run, cut(events.years, several), workers=workers, executor=executor):
        totals[:, one.years.start:one.years.stop] = one.totals
        layers[:, one.years.start:one.years.stop] = one.layers
        if keep is not None:
            keep(one.years, one.rows)
        found = one if found is None else found.with_(one)
    assert found is not None
    own, inherited, exported, through, starts, struck, entered = found.sums[:7]
    return ChainYears(totals[0], totals[1], totals[2], layers, found.parts, own, inherited,
                      exported, through, starts, struck, entered, found.strikes, found.sums[7:],
                      found.paid_to, terms.part, found.averted, found.squares)


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """Runs some of the years; it can be handed to another process."""

    field: Field
    first: Whole
    cumulative: Floats
    guide: npt.NDArray[np.int32]
    shape: tuple[int, ...]
    supply: Supply
    terms: Terms
    key: np.uint64
    horizon_days: float
    keeping: bool
    ranked: bool

    def __call__(self, years: range) -> _Part:
        parties, perils = self.shape
        first, terms, goods = self.first, self.terms, self.supply.goods
        room = int(first[years.stop] - first[years.start]) if self.keeping else 0
        members = FIRST_ROOM
        while True:
            totals = np.zeros((3, len(years)), dtype=np.int64)
            layers = np.zeros((len(terms.attachment), len(years)), dtype=np.int64)
            sums, parts = np.zeros((parties, 10), dtype=np.int64), np.zeros(3, dtype=np.int64)
            paid_to = np.zeros((parties, len(terms.part)), dtype=np.int64)
            strikes = np.zeros((2, parties, perils), dtype=np.int64)
            averted = np.zeros(parties if self.ranked else 0, dtype=np.int64)
            squares = np.zeros(len(averted))
            rows = rows_for(terms, parties=parties, events=room, members=members if room else 0)
            _run_part(self.field, goods, hungry_room(goods, terms), self.supply.waiting_days, terms,
                      first, self.cumulative, perils, self.horizon_days, self.key, years.start,
                      years.stop, totals, layers, sums, parts, paid_to, strikes, rows, self.guide,
                      averted, squares)
            if not rows.number[2]:
                return _Part(years, totals, layers, np.ascontiguousarray(sums.T), parts,
                             np.ascontiguousarray(paid_to.T), strikes, averted, squares,
                             filled(rows))
            members *= 4


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What some of the years come to."""

    years: range
    totals: Whole
    layers: Whole
    sums: Whole
    parts: Whole
    paid_to: Whole
    strikes: Whole
    averted: Whole
    squares: Floats
    rows: EventRows

    def with_(self, other: _Part) -> _Part:
        """The sums of both; what is by year or event is kept elsewhere."""
        return replace(self, sums=self.sums + other.sums, parts=self.parts + other.parts,
                       paid_to=self.paid_to + other.paid_to, strikes=self.strikes + other.strikes,
                       averted=self.averted + other.averted, squares=self.squares + other.squares)


def kernels_are_compiled() -> bool:
    """Whether years can be run without compiling first, which takes up to a minute."""
    return is_compiled(_run_part)


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


@njit(cache=True, nogil=True, forceinline=True)
def short_of_goods(field, goods, hungry, room, aim, waiting_days, stamp):  # type: ignore[no-untyped-def]
    """Let the firms that the event in the room stopped starve those that buy from them."""
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    number, losses, parties, bins = hungry.number, room.loss, room.party, room.bin
    first, stock, stopped = goods.first, goods.stock, field.stopped
    number[:] = 0
    firms, slots, short = first.shape[0] - 1, room.number[0], False
    for slot in range(slots):
        party = parties[slot]
        if losses[slot] != NOTHING and party < firms:
            days = stopped[party, aim, bins[slot]] / DAY_SECONDS
            for way in range(first[party], first[party + 1]):
                short = short or days > stock[way]
    if not short:  # every buyer lives on its stock
        return
    for slot in range(slots):
        party = parties[slot]
        if losses[slot] != NOTHING and party < firms:
            seconds = stopped[party, aim, bins[slot]]
            if seconds > 0:
                concern(goods, hungry, party, seconds / DAY_SECONDS, stamp)
    if number[0] > 0:
        starve(goods, hungry, waiting_days, stamp)


@njit(cache=True, nogil=True)
def _run_part(  # type: ignore[no-untyped-def]
    shared, ways, starved, waiting_days, contract, first, cumulative, perils, horizon, key,
    from_year, to_year, totals, layers, sums, parts, paid_to, strikes, rows, guide, averted,
    squares
):
    own, other, fizzled = room_of(shared), room_of(shared), np.zeros(len(sums), dtype=np.int64)
    book = account_of(contract, shared.structure.shape[0], ways.buyer.shape[0])
    apart = apart_for(shared, cumulative, first[to_year] - first[from_year])
    _run_events(
        lent_field(shared), lent_goods(ways), lent_starved(starved), waiting_days,
        lent_terms(contract), first, cumulative, perils, horizon, key, from_year, to_year, totals,
        layers, sums, parts, paid_to, strikes, rows, guide, averted, squares, lent_room(own),
        lent_room(other), lent_account(book), apart, fizzled)
    sums[:, 4] += fizzled
    sums[:, 6] += fizzled
    # rooms live as long as what they lent
    return own.number[0] + other.number[0] + book.number[0]


@uncounted
def _run_events(  # type: ignore[no-untyped-def]
    field, goods, hungry, waiting_days, terms, first, cumulative, perils, horizon, key, from_year,
    to_year, totals, layers, sums, parts, paid_to, strikes, rows, guide, averted, squares, room,
    spare, account, apart, fizzled
):
    ranked, again = averted.shape[0] > 0, 1
    firms, keeping = goods.first.shape[0] - 1, rows.year.shape[0] > 0
    slots, struck_party, losses = room.number, room.party, room.loss
    cames, sinces = room.came, room.since
    concerned_firms, starving, lost_days = hungry.number, hungry.firm, hungry.lost
    lines, line_section, line_party = account.number, account.section, account.party
    line_before, line_amount = account.before, account.amount
    part_of, profit = terms.part, terms.profit
    begins, bins = apart.begin, apart.bin
    live, costed, shares = apart.order, field.ground_up.shape[2], terms.granted.shape[3]
    bars, firsts = field.bars.ctypes.data, field.begin
    costs, stops = field.ground_up.ctypes.data, field.stopped.ctypes.data
    grants, takes = terms.granted.ctypes.data, terms.deducted.ctypes.data
    since = told = first[from_year]
    number = at = 0
    for year in range(from_year, to_year):
        total = through_goods = paid = np.int64(0)
        open_year(account)
        while True:
            if at == number:
                if told >= first[year + 1]:
                    break
                since, told, at = told, min(told + BATCH, first[to_year]), 0
                number = tell_apart(field, room, cumulative, guide, key, since, told, horizon,
                                    fizzled, apart)
                continue
            event = since + live[at]
            if event >= first[year + 1]:
                break
            if at + AHEAD < number and bins[live[at + AHEAD]] >= 0:  # what it will cost alone
                soon = np.int64(begins[live[at + AHEAD]]) * costed + bins[live[at + AHEAD]]
                fetch_ahead(costs, soon, 8)
                fetch_ahead(stops, soon, 8)
                fetch_ahead(grants, soon, 8 * shares)
                fetch_ahead(takes, soon, 8 * shares)
            if at + AHEAD < number and bins[live[at + AHEAD]] == GOES_ON:  # its doors
                soon = np.int64(firsts[begins[live[at + AHEAD]] // perils])
                for line in range(8):
                    fetch_ahead(bars, soon + line * 8, 8)
            alone, begin = bins[live[at]], begins[live[at]]
            at += 1
            root = begin // perils
            aim = begin - root * perils
            word, stamp = world_word(key, event), event + 1
            if alone == GOES_ON:
                strike(field, room, root, aim, -1, horizon, word, stamp)
            else:
                struck_alone(field, room, root, aim, alone)
            sums[root, 4] += 1
            struck = 0
            for slot in range(slots[0]):
                party, lost, came = struck_party[slot], losses[slot], cames[slot]
                sums[party, 6] += sinces[slot] != OUTSIDE
                if lost == NOTHING:
                    continue
                total += lost
                struck += 1
                sums[party, 5] += 1
                strikes[int(party != root), root, aim] += 1
                along = came != NOTHING and came < firms
                sums[party, 7 + (SPREAD_PART if along else OWN_PART)] += lost
                if party == root:
                    sums[party, 0] += lost
                else:
                    sums[party, 1] += lost
                    sums[root, 2] += lost
            if struck == 0:
                continue
            if ranked and alone != GOES_ON:
                avert_alone(root, losses[0], averted, squares)
            elif ranked:
                again = avert(field, room, spare, again, root, aim, horizon, word, averted, squares)
            short_of_goods(field, goods, hungry, room, aim, waiting_days, stamp)
            for concerned in range(concerned_firms[0]):
                party = starving[concerned]
                lost = np.int64(np.rint(lost_days[party] * profit[party]))
                through_goods += lost
                sums[party, 3] += lost
                sums[party, 7 + SUPPLY_PART] += lost
                sums[party, 1] += lost
                sums[root, 2] += lost
            given = pay_event(terms, account, room, hungry, goods, aim, year)
            paid += given
            for line in range(lines[0]):
                section = line_section[line]
                parts[part_of[section]] += line_before[line]
                paid_to[line_party[line], section] += line_amount[line]
            if keeping and not note_event(rows, terms, account, room, hungry, firms, year, event,
                                          root, aim, given):
                return
        place_of = year - from_year
        totals[0, place_of], totals[1, place_of] = total + through_goods, through_goods
        totals[2, place_of] = paid
        for layer in range(layers.shape[0]):
            layers[layer, place_of] = account.layer_borne[layer]
