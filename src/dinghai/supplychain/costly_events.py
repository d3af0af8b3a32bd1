"""The events that struck somebody, by the party they got into: what every what-if is run again on.

Events that strike nobody stay so under better controls, and an event changes only where what is
changed is a party that it got into. So a fix is worth what the events of its party say. Worlds may
have their severity averaged: how far an event gets does not hang on how dear it is, so that the
mean of what an impact costs may stand for the draw. Means of years stay what they are, with a small
part of the noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.fizzling import (
    BATCH,
    FIZZLES,
    GOES_ON,
    apart_for,
    guide_to,
    struck_alone,
    tell_apart,
)
from dinghai.supplychain.goods import DAY_SECONDS, concern, starve, starved_room
from dinghai.supplychain.step_graph import Places
from dinghai.supplychain.strikes import (
    NOTHING,
    OUTSIDE,
    Field,
    lent_field,
    lent_room,
    room_of,
    strike,
)
from dinghai.supplychain.years import DAYS, PARTS, Events, Supply, Whole, draws_of

_ROOM = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Worlds:
    """What events run on: the twin as kernels read it, the goods, and the events."""

    field: Field
    supply: Supply
    events: Events
    horizon_days: float = DAYS
    averaged: bool = False

    def with_mean_severity(self) -> Worlds:
        """The same events, where each impact costs its mean. Stops stay as drawn."""
        return replace(self, averaged=True, field=self.field._replace(
            ground_up=mean_of_bins(self.field, self.field.ground_up)))


def mean_of_bins(field: Field, ground_up: Whole) -> Whole:
    """Losses by bin (last axis) with each in place of them the mean over states and bins."""
    chance = np.outer(np.diff(field.states, prepend=0.0), np.diff(field.cuts)).ravel()
    means = np.rint((ground_up * chance).sum(axis=-1)).astype(np.int64)
    return np.repeat(means[..., None], ground_up.shape[-1], axis=-1)


@dataclass(frozen=True, eq=False)
class CostlyEvents:
    """Events that struck somebody, in their order.

    By event: its ``number``, its ``year``, the party where it began (``root``) and what it cost all
    parties, with what came through goods (``total``, fen; ``through_goods`` of it, and ``own`` what
    it cost the root itself). The parties that it got into stand in ``party``
    from ``first`` on; for each of them ``averted`` is what protecting it alone averts of the event,
    and ``most`` what no change at that party alone can pass: all goods and what protecting it
    averts of the rest.
    """

    years: int
    parties: int
    number: Whole
    year: Places
    root: Places
    own: Whole
    total: Whole
    through_goods: Whole
    first: Whole
    party: Places
    averted: Whole
    most: Whole

    @cached_property
    def loss(self) -> Whole:
        """The loss of each year."""
        return self.by_year(self.total)

    def by_year(self, amounts: Whole) -> Whole:
        """Sums by year of amounts by event."""
        sums = np.concatenate([[0], np.cumsum(amounts)])
        return np.diff(sums[np.searchsorted(self.year, np.arange(self.years + 1))])

    @cached_property
    def _by_party(self) -> tuple[Whole, Places]:
        order = np.argsort(self.party, kind="stable")
        events = np.repeat(np.arange(len(self.number), dtype=np.int32), np.diff(self.first))
        begin = np.zeros(self.parties + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.party, minlength=self.parties), out=begin[1:])
        return begin, events[order]

    def at(self, party: int) -> Places:
        """The places of the events that got into a party, in order."""
        begin, events = self._by_party
        return events[begin[party]:begin[party + 1]]

    def entered_by(self, events: Places) -> tuple[Places, Whole]:
        """The parties that events (by place) got into, one event after another, and how many each
        did."""
        number = self.first[events + 1] - self.first[events]
        begin = self.first[events] - np.cumsum(number) + number
        return self.party[np.repeat(begin, number) + np.arange(int(number.sum()))], number

    def sums(self, amounts: Whole) -> Whole:
        """Sums by party of amounts by event and party."""
        found = np.zeros(self.parties, dtype=np.int64)
        np.add.at(found, self.party, amounts)
        return found


def costly_events(
    worlds: Worlds, *, workers: int | None = None
) -> tuple[CostlyEvents, CostlyEvents]:
    """Run every event, and those that got into several parties again without each of them. The
    same events twice: as drawn, and with averaged severity."""
    events, supply, field = worlds.events, worlds.supply, worlds.field
    parties, perils = events.rate.shape
    cumulative, key = draws_of(events)
    guide = guide_to(cumulative)
    means = np.ascontiguousarray(mean_of_bins(field, field.ground_up)[..., 0])

    def part(years: range) -> tuple[np.ndarray, ...]:
        return _record(  # type: ignore[no-any-return]
            field, supply.goods, starved_room(supply.goods), supply.profit, means, events.first,
            cumulative, guide, perils, worlds.horizon_days, key, years.start, years.stop)

    found = in_parts(part, cut(events.years, PARTS), workers=workers)
    number, width, party, totals, entries = (
        np.concatenate([one[place] for one in found]) for place in range(5))
    year = (np.searchsorted(events.first, number, side="right") - 1).astype(np.int32)
    first = np.concatenate([[0], np.cumsum(width)])
    root = totals[:, 3].astype(np.int32)
    drawn, averaged = (CostlyEvents(
        events.years, parties, number, year, root, np.ascontiguousarray(totals[:, 4 + which]),
        np.ascontiguousarray(totals[:, which]), np.ascontiguousarray(totals[:, 2]), first, party,
        np.ascontiguousarray(entries[:, 2 * which]),
        np.ascontiguousarray(entries[:, 2 * which + 1])) for which in range(2))
    return drawn, averaged


@njit(cache=True, nogil=True)
def cost_of(  # type: ignore[no-untyped-def]
    field, goods, hungry, profit, room, aim, variant, ground_up, stopped, stamp
):
    """What the event in the room cost all parties: directly, and with goods. A party with a
    variant loses and stops by the variant's tables."""
    direct = np.int64(0)
    firms = goods.first.shape[0] - 1
    hungry.number[0] = 0
    for slot in range(room.number[0]):
        if room.loss[slot] == NOTHING:
            continue
        party, found = room.party[slot], room.bin[slot]
        if variant[party] < 0:
            direct += room.loss[slot]
            seconds = field.stopped[party, aim, found]
        else:
            direct += ground_up[variant[party], aim, found]
            seconds = stopped[variant[party], aim, found]
        if party < firms and seconds > 0:
            concern(goods, hungry, party, seconds / DAY_SECONDS, stamp)
    total = direct
    if hungry.number[0] > 0:
        starve(goods, hungry, 0.0, stamp)
        for place in range(hungry.number[0]):
            firm = hungry.firm[place]
            total += np.int64(np.rint(hungry.lost[firm] * profit[firm]))
    return direct, total


@njit(cache=True, nogil=True)
def _longer(array, needed):  # type: ignore[no-untyped-def]
    if needed <= array.shape[0]:
        return array
    out = np.empty(max(needed, 2 * array.shape[0]), dtype=array.dtype)
    out[:array.shape[0]] = array
    return out


@njit(cache=True, nogil=True)
def _wider(array, needed):  # type: ignore[no-untyped-def]
    if needed <= array.shape[0]:
        return array
    out = np.empty((max(needed, 2 * array.shape[0]), array.shape[1]), dtype=array.dtype)
    out[:array.shape[0]] = array
    return out


@njit(cache=True, nogil=True, inline="always")
def _mean_cost(room, aim, means):  # type: ignore[no-untyped-def]
    total = np.int64(0)
    for slot in range(room.number[0]):
        if room.loss[slot] != NOTHING:
            total += means[room.party[slot], aim]
    return total


@njit(cache=True, nogil=True)
def _record(  # type: ignore[no-untyped-def]
    shared, goods, hungry, profit, means, first, cumulative, guide, perils, horizon, key, from_year,
    to_year
):
    lender = room_of(shared)
    field, room = lent_field(shared), lent_room(lender)
    parties = field.structure.shape[0]
    none, nothing = np.full(parties, -1, np.int32), np.zeros((0, 0, 0), np.int64)
    number, width = np.empty(_ROOM, np.int64), np.empty(_ROOM, np.int64)
    totals = np.empty((_ROOM, 6), np.int64)
    party, worths = np.empty(_ROOM, np.int32), np.empty((_ROOM, 4), np.int64)
    found = entries = 0
    fizzled = np.zeros(parties, dtype=np.int64)
    since = told = first[from_year]
    apart = apart_for(field, cumulative, first[to_year] - since)
    stamp = 0
    for event in range(since, first[to_year]):
        if event == told:
            since, told = told, min(told + BATCH, first[to_year])
            tell_apart(field, room, cumulative, guide, key, since, told, horizon, fizzled, apart)
        alone = apart.bin[event - since]
        if alone == FIZZLES:
            continue
        word = world_word(key, event)
        root = apart.begin[event - since] // perils
        aim = apart.begin[event - since] - root * perils
        stamp += 1
        if alone == GOES_ON:
            strike(field, room, root, aim, -1, horizon, word, stamp)
        else:
            struck_alone(field, room, root, aim, alone)
        struck = False
        for slot in range(room.number[0]):
            struck = struck or room.loss[slot] != NOTHING
        if not struck:
            continue
        direct, whole = cost_of(field, goods, hungry, profit, room, aim, none, nothing, nothing,
                                stamp)
        mean = _mean_cost(room, aim, means)
        number, width = _longer(number, found + 1), _longer(width, found + 1)
        totals = _wider(totals, found + 1)
        inside, own = 0, room.loss[0]
        for slot in range(room.number[0]):
            if room.since[slot] != OUTSIDE:
                party = _longer(party, entries + inside + 1)
                party[entries + inside] = room.party[slot]
                inside += 1
        worths = _wider(worths, entries + inside)
        goods_cost = whole - direct
        for place in range(entries, entries + inside):
            worths[place, 0] = worths[place, 1] = whole
            worths[place, 2] = worths[place, 3] = mean + goods_cost
            if party[place] != root:
                stamp += 1
                strike(field, room, root, aim, party[place], horizon, word, stamp)
                left, left_whole = cost_of(field, goods, hungry, profit, room, aim, none, nothing,
                                           nothing, stamp)
                mean_left = _mean_cost(room, aim, means)
                worths[place, 0] -= left_whole
                worths[place, 1] -= left
                worths[place, 2] -= mean_left + left_whole - left
                worths[place, 3] -= mean_left
        number[found], width[found] = event, inside
        totals[found, 0], totals[found, 1] = whole, mean + goods_cost
        totals[found, 2], totals[found, 3] = goods_cost, root
        totals[found, 4], totals[found, 5] = (
            (own, means[root, aim]) if own != NOTHING else (0, 0))
        found, entries = found + 1, entries + inside
    # a room lives as long as what it lent: until it is handed out
    return (number[:found], width[:found], party[:entries], totals[:found], worths[:entries],
            lender.number)
