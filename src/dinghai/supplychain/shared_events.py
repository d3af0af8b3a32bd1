"""What a programme is presented with, event by event and firm by firm, and what each layer bears.

The same events as everywhere (`years`), once more, with a row for each payment of an event: the
party where it began, the member that suffers, and what the programme's terms grant it before the
layers. Limits that members share are taken pro rata within an event (DECISIONS 7). Whole fen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.goods import starved_room
from dinghai.supplychain.step_graph import Places
from dinghai.supplychain.strikes import NOTHING, field_of, room_of, strike
from dinghai.supplychain.years import (
    DAYS,
    PARTS,
    Events,
    Whole,
    draws_of,
    short_of_goods,
    start_of,
)
from dinghai.wording.layers import Layer

OWN_GROUND: Final = 0
EXPORTED_GROUND: Final = 1
INHERITED_GROUND: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class SharedEvents:
    """Rows in the order of the events: ``year``, ``event``, the party where it began (``root``),
    the firm that suffers (``member``) and what the terms grant it (``payable``, fen). ``ground`` is
    ground-up loss of all years by party: own, exported, inherited."""

    years: int
    year: Places
    event: Whole
    root: Places
    member: Places
    payable: Whole
    ground: Whole

    @property
    def rows(self) -> int:
        """Number of payments."""
        return len(self.payable)

    def by_year(self, amounts: Whole) -> Whole:
        """The sum of a column over each year."""
        return added(amounts, self.year, self.years)


def added(amounts: Whole, places: npt.NDArray[np.integer], number: int) -> Whole:
    """Whole amounts added up by place."""
    out = np.zeros(number, dtype=np.int64)
    np.add.at(out, places, amounts)
    return out


def share_events(
    model: ChainModel, events: Events, *, horizon_days: float = DAYS, workers: int | None = None
) -> SharedEvents:
    """Run every event. The same rows for any number of workers."""
    field, supply, terms = field_of(model.twin, model.outcomes), model.supply, model.terms
    parties, perils = events.rate.shape
    cumulative, key = draws_of(events)

    def part(years: range) -> tuple[Whole, Whole]:
        ground = np.zeros((3, parties), dtype=np.int64)
        rows = _rows_of(field, supply.goods, starved_room(supply.goods), supply.waiting_days, terms,
                        events.first, cumulative, perils, horizon_days, key, years.start,
                        years.stop, ground)
        return rows, ground

    found = in_parts(part, cut(events.years, PARTS), workers=workers)
    rows = np.concatenate([one for one, _ in found])
    return SharedEvents(
        events.years, rows[:, 0].astype(np.int32), rows[:, 1], rows[:, 2].astype(np.int32),
        rows[:, 3].astype(np.int32), rows[:, 4], np.sum([one for _, one in found], axis=0))


@njit(cache=True, nogil=True)
def cut_to(amounts, first, last, limit):  # type: ignore[no-untyped-def]
    """Cut amounts pro rata to a limit: floors, and the fen that are missing to the first listed
    that still have any."""
    total = np.int64(0)
    for place in range(first, last):
        total += amounts[place]
    if total <= limit:
        return
    ratio, given = limit / total, np.int64(0)
    for place in range(first, last):
        before = amounts[place]
        amounts[place] = min(np.int64(np.floor(before * ratio)), before)
        given += amounts[place]
    place = first
    while given != limit and place < last:
        # floors lose less than a fen each; a float's own error is far smaller than that
        step = 1 if given < limit else -1
        if amounts[place] + step >= 0:
            amounts[place] += step
            given += step
        place += 1


@njit(cache=True, nogil=True)
def grant(terms, room, hungry, firms, aim, own_left, members, amounts):  # type: ignore[no-untyped-def]
    """What the terms grant in the event of the room, before the limits of event and year.

    Fills ``members`` and ``amounts``: first own sections, then propagation, then the owner's lost
    supply. Returns how many, and what the own sections take of their limit.
    """
    own, spread = terms.own, terms.spread
    number = 0
    for slot in range(room.number[0]):
        party, came = room.party[slot], room.came[slot]
        if room.loss[slot] != NOTHING and party < firms and (came == NOTHING or came >= firms):
            members[number], amounts[number] = party, own[party, aim, room.bin[slot]]
            number += 1
    cut_to(amounts, 0, number, own_left)
    taken = np.int64(0)
    for place in range(number):
        taken += amounts[place]
    begin = number
    for slot in range(room.number[0]):
        party, came = room.party[slot], room.came[slot]
        if room.loss[slot] != NOTHING and party < firms and came != NOTHING and came < firms:
            members[number], amounts[number] = party, spread[party, aim, room.bin[slot]]
            number += 1
    supplied = number
    days, stopped = 0.0, 0
    for place in range(hungry.number[0]):
        firm = hungry.firm[place]
        if firm == terms.owner:
            days = min(hungry.late[firm], terms.indemnity_days)
        elif hungry.stopped[firm] > 0.0:
            stopped += 1
    supply = min(np.int64(np.rint(days * terms.profit[terms.owner])),
                 stopped * terms.per_supplier, terms.supply_limit)
    if supply > 0:
        members[number], amounts[number] = terms.owner, supply
        number += 1
    cut_to(amounts, begin, number, terms.spread_limit)
    for place in range(begin, supplied):
        amounts[place] = max(amounts[place] - terms.deductible, 0)
    return number, taken


@njit(cache=True, nogil=True)
def _rows_of(  # type: ignore[no-untyped-def]
    field, goods, hungry, waiting_days, terms, first, cumulative, perils, horizon, key, from_year,
    to_year, ground
):
    room = room_of(field)
    parties = field.structure.shape[0]
    members, amounts = np.empty(parties + 1, dtype=np.int64), np.empty(parties + 1, dtype=np.int64)
    rows, number = np.empty((1024, 5), dtype=np.int64), 0
    firms = goods.first.shape[0] - 1
    for year in range(from_year, to_year):
        own_left, left = np.int64(terms.own_limit), np.int64(terms.aggregate)
        for event in range(first[year], first[year + 1]):
            word, stamp = world_word(key, event), event + 1
            begin = start_of(cumulative, word)
            root = begin // perils
            aim = begin - root * perils
            strike(field, room, root, aim, -1, horizon, word, stamp)
            struck = False
            for slot in range(room.number[0]):
                party, lost = room.party[slot], room.loss[slot]
                if lost == NOTHING:
                    continue
                struck = True
                if party == root:
                    ground[OWN_GROUND, root] += lost
                else:
                    ground[EXPORTED_GROUND, root] += lost
                    ground[INHERITED_GROUND, party] += lost
            if not struck:
                continue
            short_of_goods(field, goods, hungry, room, aim, waiting_days, stamp)
            for place in range(hungry.number[0]):
                party = hungry.firm[place]
                lost = np.int64(np.rint(hungry.lost[party] * terms.profit[party]))
                ground[EXPORTED_GROUND, root] += lost
                ground[INHERITED_GROUND, party] += lost
            granted, taken = grant(terms, room, hungry, firms, aim, own_left, members, amounts)
            own_left -= taken
            cut_to(amounts, 0, granted, min(np.int64(terms.event_limit), left))
            for place in range(granted):
                if amounts[place] > 0:
                    if number == rows.shape[0]:
                        more = np.empty((2 * number, 5), dtype=np.int64)
                        more[:number] = rows
                        rows = more
                    rows[number, 0], rows[number, 1], rows[number, 2] = year, event, root
                    rows[number, 3], rows[number, 4] = members[place], amounts[place]
                    number += 1
                    left -= amounts[place]
    return rows[:number].copy()


@dataclass(frozen=True, slots=True, eq=False)
class LayeredEvents:
    """What layers bear, fen: ``borne`` by layer and row, and what no layer reaches (``above``)."""

    events: SharedEvents
    layers: tuple[Layer, ...]
    borne: Whole
    above: Whole


def through_layers(events: SharedEvents, layers: Sequence[Layer]) -> LayeredEvents:
    """Each event through the layers in its year's order, cut to its rows pro rata and exactly."""
    attachment = np.array([one.attachment_fen for one in layers], dtype=np.int64)
    limit = np.array([one.limit_fen for one in layers], dtype=np.int64)
    annual = np.array([
        (one.limit_fen if one.aggregate_fen is None else one.aggregate_fen)
        * (1 + one.reinstatements) for one in layers], dtype=np.int64)
    each = np.array([one.basis == "each_event" for one in layers])
    borne = np.zeros((len(layers), events.rows), dtype=np.int64)
    _layered(events.year, events.event, events.payable, attachment, limit, annual, each, borne)
    return LayeredEvents(events, tuple(layers), borne, events.payable - borne.sum(axis=0))


@njit(cache=True, nogil=True)
def _layered(year, event, payable, attachment, limit, annual, each, borne):  # type: ignore[no-untyped-def]
    layers, rows = borne.shape
    left = annual.copy()
    rest = np.empty(rows, dtype=np.int64)
    before, row = np.int64(0), 0
    while row < rows:
        if row == 0 or year[row] != year[row - 1]:
            before = np.int64(0)
            left[:] = annual
        end, total = row, np.int64(0)
        while end < rows and event[end] == event[row] and year[end] == year[row]:
            total += payable[end]
            rest[end] = payable[end]
            end += 1
        borne_here = np.int64(0)
        for layer in range(layers):
            earlier = np.int64(0) if each[layer] else before
            reached = min(max(earlier + total - attachment[layer], 0), limit[layer])
            begun = min(max(earlier - attachment[layer], 0), limit[layer])
            here = max(min(reached - begun, left[layer], total - borne_here), 0)
            borne_here += here
            left[layer] -= here
            if here > 0:
                for place in range(row, end):
                    borne[layer, place] = rest[place]
                cut_to(borne[layer], row, end, here)
                for place in range(row, end):
                    rest[place] -= borne[layer, place]
        before += total
        row = end
