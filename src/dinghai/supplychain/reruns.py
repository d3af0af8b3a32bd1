"""Events run again with changes at parties and links, on the same luck.

A change at a party replaces the chances and times of its steps, its containment and what impacts
cost it; a change of a link lowers the chance that it is crossed. Before an event is run again it is
asked whether any draw of it falls differently: a change that touches none leaves the event's course
as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.foundation.streams import normal_quantile
from dinghai.supplychain.costly_events import CostlyEvents, Worlds, cost_of, mean_of_bins
from dinghai.supplychain.draws import draw_word, node_word, unit, world_word
from dinghai.supplychain.goods import starved_room
from dinghai.supplychain.passage import CERTAIN, quick_exponential, thresholds
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.strikes import (
    CONTAINMENT,
    NOTHING,
    Field,
    Room,
    room_of,
    strike,
)
from dinghai.supplychain.structures_behind import with_structures
from dinghai.supplychain.years import Whole, draws_of, start_of

_PARTS: Final = 4
"""An event's answer is its own, so that any number of parts gives the same."""
_NOBODY: Final = np.zeros(0, dtype=np.int32)
_NOTHING: Final = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Variant:
    """A party with changes. ``chance`` by step and ``mu`` by way (None: as it is), as in the twin;
    ``containment`` in ln days; ``ground_up`` and ``stopped`` by peril and bin (None: as it is)."""

    party: int
    chance: Floats
    mu: Floats | None
    containment: tuple[float, float]
    ground_up: Whole | None = None
    stopped: Whole | None = None


@dataclass(frozen=True, slots=True)
class LinkChange:
    """A link, by its place among the twin's, with another chance to be crossed."""

    link: int
    chance: float


Change = Variant | LinkChange


@dataclass(frozen=True, slots=True)
class Changes:
    """What is changed at the same time: variants by party and chances by link."""

    parties: Mapping[int, Variant] = field(default_factory=dict)
    links: Mapping[int, float] = field(default_factory=dict)

    def with_change(self, change: Change) -> Changes:
        """These and one more, which takes the place of one at the same party or link."""
        if isinstance(change, Variant):
            return Changes({**self.parties, change.party: change}, self.links)
        return Changes(self.parties, {**self.links, change.link: change.chance})


@dataclass(frozen=True, slots=True, eq=False)
class _Overlay:
    """A field with variants behind it. By variant: ``party``, ``structure``, ``begin``,
    ``containment``, and what impacts cost and stop."""

    field: Field
    party: Places
    structure: Places
    begin: Places
    containment: Floats
    ground_up: Whole
    stopped: Whole


class Reruns:
    """Runs events again; keeps its room between runs, and serves one caller at a time."""

    def __init__(self, worlds: Worlds, events: CostlyEvents, *, workers: int | None = None) -> None:
        self.worlds, self.events = worlds, events
        self._workers = workers
        self._cumulative, self._key = draws_of(worlds.events)
        self._rooms: list[tuple[Room, Room]] = []
        self._stamp = 0

    def totals(self, changes: Changes, places: Places) -> Whole:
        """What events (by place) cost in all under changes."""
        overlay = _overlay(self.worlds, list(changes.parties.values()))
        given, variant = _applied(overlay, changes, len(changes.parties))
        events, supply = self.events, self.worlds.supply
        out = np.empty(len(places), dtype=np.int64)

        def part(some: range, rooms: tuple[Room, Room], stamp: int) -> None:
            _totals(given, supply.goods, starved_room(supply.goods), supply.profit, rooms[0],
                    events.number, places, some.start, some.stop, self._cumulative,
                    self.worlds.events.rate.shape[1], self.worlds.horizon_days, self._key,
                    variant, overlay.ground_up, overlay.stopped, stamp, out, _NOBODY, _NOTHING)

        self._in_rooms(part, len(places), 1)
        return out

    def caused(self, changes: Changes, places: Places) -> tuple[Places, Whole, Whole]:
        """The parties where events began, what they cost these, and what they cost others with
        all that came through goods."""
        overlay = _overlay(self.worlds, list(changes.parties.values()))
        given, variant = _applied(overlay, changes, len(changes.parties))
        events, supply = self.events, self.worlds.supply
        roots = np.empty(len(places), dtype=np.int32)
        own, whole = np.empty((2, len(places)), dtype=np.int64)

        def part(some: range, rooms: tuple[Room, Room], stamp: int) -> None:
            _totals(given, supply.goods, starved_room(supply.goods), supply.profit, rooms[0],
                    events.number, places, some.start, some.stop, self._cumulative,
                    self.worlds.events.rate.shape[1], self.worlds.horizon_days, self._key,
                    variant, overlay.ground_up, overlay.stopped, stamp, whole, roots, own)

        self._in_rooms(part, len(places), 1)
        return roots, own, whole - own

    def gains(
        self, changes: Changes, now: Whole, candidates: Sequence[Change], places: Places
    ) -> Whole:
        """What each candidate on top of changes takes off each event, shape (candidates, events).

        ``now`` is what the events cost under the changes alone. All candidates change one party, or
        are links. A variant of a candidate holds what was changed at its party before, too.
        """
        variants = [one for one in candidates if isinstance(one, Variant)]
        overlay = _overlay(self.worlds, [*changes.parties.values(), *variants])
        given, variant = _applied(overlay, changes, len(changes.parties))
        which, link, bar = _candidate_rows(candidates, len(changes.parties))
        events, supply = self.events, self.worlds.supply
        sources = np.repeat(np.arange(len(given.structure), dtype=np.int32),
                            np.diff(given.l_first))
        out = np.zeros((len(places), len(candidates)), dtype=np.int64)

        def part(some: range, rooms: tuple[Room, Room], stamp: int) -> None:
            own = given._replace(
                structure=given.structure.copy(), begin=given.begin.copy(),
                containment=given.containment.copy(), l_bar=given.l_bar.copy())
            _gains(given, own, supply.goods, starved_room(supply.goods), supply.profit, *rooms,
                   events.number, now, places, some.start, some.stop, self._cumulative,
                   self.worlds.events.rate.shape[1], self.worlds.horizon_days, self._key,
                   variant, variant.copy(), overlay.ground_up, overlay.stopped, which,
                   overlay.party, overlay.structure, overlay.begin, overlay.containment,
                   link, bar, sources, stamp, out)

        self._in_rooms(part, len(places), 1 + len(candidates))
        return out.T

    def _in_rooms(self, part, number: int, strikes: int) -> None:  # type: ignore[no-untyped-def]
        """Cut events into parts, each in a room of its own and with stamps of its own."""
        pieces = cut(number, _PARTS if number > 64 else 1)
        while len(self._rooms) < len(pieces):
            self._rooms.append((room_of(self.worlds.field), room_of(self.worlds.field)))
        stamps, stamp = [], self._stamp
        for piece in pieces:
            stamps.append(stamp)
            stamp += len(piece) * strikes
        self._stamp = stamp
        in_parts(lambda place: part(pieces[place], self._rooms[place], stamps[place]),
                 range(len(pieces)), workers=self._workers)


def _overlay(worlds: Worlds, variants: Sequence[Variant]) -> _Overlay:
    """The field with the variants' bars, and structures where their times differ, behind it."""
    base = worlds.field
    shapes, length = len(base.s_start), len(base.bars)
    retimed: list[tuple[int, Floats]] = []
    bars, begin, structure = [base.bars], [], []
    for one in variants:
        shape = int(base.structure[one.party])
        begin.append(length)
        bars.append(thresholds(one.chance))
        length += len(one.chance)
        structure.append(shape if one.mu is None else shapes + len(retimed))
        if one.mu is not None:
            retimed.append((shape, one.mu))
    tables = base.ground_up.shape[1:]
    return _Overlay(
        with_structures(base, retimed)._replace(bars=np.concatenate(bars)),
        np.array([one.party for one in variants], dtype=np.int32),
        np.array(structure, dtype=np.int32), np.array(begin, dtype=np.int32),
        np.array([one.containment for one in variants], dtype=np.float64).reshape(-1, 2),
        np.array([_ground_up(worlds, one) for one in variants],
                 dtype=np.int64).reshape(-1, *tables),
        np.array([base.stopped[one.party] if one.stopped is None else one.stopped
                  for one in variants], dtype=np.int64).reshape(-1, *tables))


def _ground_up(worlds: Worlds, one: Variant) -> Whole:
    if one.ground_up is None:
        known: Whole = worlds.field.ground_up[one.party]
        return known
    return mean_of_bins(worlds.field, one.ground_up) if worlds.averaged else one.ground_up


def _applied(overlay: _Overlay, changes: Changes, number: int) -> tuple[Field, Places]:
    """The field with the first variants in force, and which variant each party has (−1: none)."""
    base = overlay.field
    structure, begin = base.structure.copy(), base.begin.copy()
    containment, bars = base.containment.copy(), base.l_bar.copy()
    variant = np.full(len(structure), -1, dtype=np.int32)
    for place in range(number):
        party = overlay.party[place]
        structure[party], begin[party] = overlay.structure[place], overlay.begin[place]
        containment[party], variant[party] = overlay.containment[place], place
    for link, chance in changes.links.items():
        bars[link] = thresholds(np.array([chance]))[0]
    return base._replace(structure=structure, begin=begin, containment=containment,
                         l_bar=bars), variant


def _candidate_rows(
    candidates: Sequence[Change], first: int
) -> tuple[Places, Places, np.ndarray]:
    """By candidate: its variant (−1: it changes a link), its link (−1) and the link's bar."""
    which, link, chance = [], [], []
    for one in candidates:
        if isinstance(one, Variant):
            which.append(first)
            link.append(-1)
            chance.append(0.0)
            first += 1
        else:
            which.append(-1)
            link.append(one.link)
            chance.append(one.chance)
    return (np.array(which, dtype=np.int32), np.array(link, dtype=np.int32),
            thresholds(np.array(chance, dtype=np.float64)))


@njit(cache=True, nogil=True)
def _totals(  # type: ignore[no-untyped-def]
    field, goods, hungry, profit, room, number, places, first, last, cumulative, perils, horizon,
    key, variant, ground_up, stopped, stamp, out, roots, owns
) -> None:
    for place in range(first, last):
        word = world_word(key, number[places[place]])
        begin = start_of(cumulative, word)
        root = begin // perils
        aim = begin - root * perils
        stamp += 1
        strike(field, room, root, aim, -1, horizon, word, stamp)
        _, out[place] = cost_of(field, goods, hungry, profit, room, aim, variant, ground_up,
                                stopped, stamp)
        if roots.shape[0] > 0:
            roots[place], owns[place] = root, 0
            if room.loss[0] != NOTHING:
                found, held = room.bin[0], variant[root]
                owns[place] = room.loss[0] if held < 0 else ground_up[held, aim, found]


@njit(cache=True, nogil=True)
def _falls_differently(field, room, party, root, begin, containment, stamp):  # type: ignore[no-untyped-def]
    """Whether a draw of the event in the room falls differently at a party with other bars, which
    stand from ``begin`` on, and another containment."""
    if room.entered[party] != stamp:
        return False
    slot = room.slot[party]
    luck, shape = room.luck[slot], field.structure[party]
    base, own = field.s_step[shape], field.begin[party]
    until = room.until[slot]
    if containment[0] != field.containment[party, 0] or (
            containment[1] != field.containment[party, 1]):
        until = quick_exponential(containment[0] + containment[1] * normal_quantile(
            unit(node_word(luck, 0, CONTAINMENT))))
    start = field.s_start[shape]
    for step in range(field.s_step[shape + 1] - base):
        place = slot * room.width + step
        if room.stamp[place] != stamp:
            continue
        before, after = field.bars[own + step], field.bars[begin + step]
        if step == start and party == root:
            before = after = CERTAIN
        drawn = draw_word(luck, field.code[base + step])
        if before != CERTAIN and (before == 0 or drawn > before):
            continue
        if after != CERTAIN and (after == 0 or drawn > after):
            return True
        if room.time[place] > until and room.time[place] <= room.until[slot]:
            return True
    return False


@njit(cache=True, nogil=True)
def _gains(  # type: ignore[no-untyped-def]
    field, own, goods, hungry, profit, room, other, number, now, places, first, last, cumulative,
    perils, horizon, key, variant, varied, ground_up, stopped, which, v_party, v_structure,
    v_begin, v_containment, link, bar, sources, stamp, out
):
    firms = goods.first.shape[0] - 1
    for place in range(first, last):
        word = world_word(key, number[places[place]])
        begin = start_of(cumulative, word)
        root = begin // perils
        aim = begin - root * perils
        stamp += 1
        base_stamp = stamp
        strike(field, room, root, aim, -1, horizon, word, stamp)
        for candidate in range(which.shape[0]):
            stamp += 1
            if which[candidate] < 0:
                edge = link[candidate]
                source, target = sources[edge], field.l_party[edge]
                if room.entered[source] != base_stamp or room.entered[target] != base_stamp:
                    continue
                before = own.l_bar[edge]
                own.l_bar[edge] = bar[candidate]
                strike(own, other, root, aim, -1, horizon, word, stamp)
                own.l_bar[edge] = before
                _, total = cost_of(field, goods, hungry, profit, other, aim, variant, ground_up,
                                   stopped, stamp)
                out[place, candidate] = now[place] - total
                continue
            one = which[candidate]
            party = v_party[one]
            if room.entered[party] != base_stamp:
                continue
            differs = v_structure[one] != field.structure[party] or _falls_differently(
                field, room, party, root, v_begin[one], v_containment[one], base_stamp)
            if not differs:
                slot = room.slot[party]
                if room.loss[slot] == NOTHING:
                    continue
                found, held = room.bin[slot], variant[party]
                if held < 0:
                    lost, still = room.loss[slot], field.stopped[party, aim, found]
                else:
                    lost, still = ground_up[held, aim, found], stopped[held, aim, found]
                if party >= firms or still == stopped[one, aim, found]:
                    out[place, candidate] = lost - ground_up[one, aim, found]
                    continue
                varied[party] = one
                _, total = cost_of(field, goods, hungry, profit, room, aim, varied, ground_up,
                                   stopped, stamp)
                varied[party] = held
                out[place, candidate] = now[place] - total
                continue
            structure, start = field.structure[party], field.begin[party]
            own.structure[party], own.begin[party] = v_structure[one], v_begin[one]
            own.containment[party, 0] = v_containment[one, 0]
            own.containment[party, 1] = v_containment[one, 1]
            held = varied[party]
            varied[party] = one
            strike(own, other, root, aim, -1, horizon, word, stamp)
            _, total = cost_of(field, goods, hungry, profit, other, aim, varied, ground_up,
                               stopped, stamp)
            own.structure[party], own.begin[party], varied[party] = structure, start, held
            own.containment[party, 0] = field.containment[party, 0]
            own.containment[party, 1] = field.containment[party, 1]
            out[place, candidate] = now[place] - total
