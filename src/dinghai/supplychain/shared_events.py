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

from dinghai.compute import parts
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.programme import (
    account_of,
    cut,
    hungry_room,
    open_year,
    pay_event,
    without_layers,
)
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
    field, supply = field_of(model.twin, model.outcomes), model.supply
    terms = without_layers(model.terms)
    parties, perils = events.rate.shape
    cumulative, key = draws_of(events)

    def part(years: range) -> tuple[Whole, Whole]:
        ground = np.zeros((3, parties), dtype=np.int64)
        rows = _rows_of(field, supply.goods, hungry_room(supply.goods, terms), supply.waiting_days,
                        terms, events.first, cumulative, perils, horizon_days, key, years.start,
                        years.stop, ground)
        return rows, ground

    found = parts.in_parts(part, parts.cut(events.years, PARTS), workers=workers)
    rows = np.concatenate([one for one, _ in found])
    return SharedEvents(
        events.years, rows[:, 0].astype(np.int32), rows[:, 1], rows[:, 2].astype(np.int32),
        rows[:, 3].astype(np.int32), rows[:, 4], np.sum([one for _, one in found], axis=0))


@njit(cache=True, nogil=True)
def _rows_of(  # type: ignore[no-untyped-def]
    field, goods, hungry, waiting_days, terms, first, cumulative, perils, horizon, key, from_year,
    to_year, ground
):
    room = room_of(field)
    account = account_of(terms, field.structure.shape[0], goods.buyer.shape[0])
    rows, number = np.empty((1024, 5), dtype=np.int64), 0
    for year in range(from_year, to_year):
        open_year(account)
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
            pay_event(terms, account, room, hungry, goods, aim, year)
            for line in range(account.number[0]):
                if account.amount[line] > 0:
                    if number == rows.shape[0]:
                        more = np.empty((2 * number, 5), dtype=np.int64)
                        more[:number] = rows
                        rows = more
                    rows[number, 0], rows[number, 1], rows[number, 2] = year, event, root
                    rows[number, 3] = account.party[line]
                    rows[number, 4] = account.amount[line]
                    number += 1
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
    rest, group = np.empty(rows, dtype=np.int64), np.arange(rows).astype(np.int32)
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
                cut(borne[layer], group[row:end], end - row, here)
                for place in range(row, end):
                    rest[place] -= borne[layer, place]
        before += total
        row = end
