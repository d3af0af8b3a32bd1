"""Events run again with changes at parties and links, on the same luck.

A change at a party replaces the chances and times of its steps, its containment and what impacts
cost it; a change of a link lowers the chance that it is crossed. Before an event is run again it is
asked whether any draw falls differently that it needed for what it struck: a change that touches
none strikes the same, and changes that turn the same draws share one course.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.supplychain.costly_events import CostlyEvents, Worlds, cost_of, mean_of_bins
from dinghai.supplychain.draws import world_word
from dinghai.supplychain.goods import Starved, starved_room
from dinghai.supplychain.passage import thresholds
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.strikes import NOTHING, Field, Room, room_of, strike
from dinghai.supplychain.structures_behind import with_structures
from dinghai.supplychain.turned_draws import (
    contained_at,
    latest_needed,
    link_turned,
    list_taken,
    mark_needed,
    slack_of,
    steps_turned,
)
from dinghai.supplychain.years import Whole, draws_of, start_of

_PARTS: Final = 4
"""An event's answer is its own, so that any number of parts gives the same."""
_FEW: Final = 4096
"""Up to so many runs are not cut into parts."""
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


@dataclass(frozen=True, slots=True, eq=False)
class _Rooms:
    """One part's room: for an event as it is and with a change, for goods, and for `mark_needed`.
    """

    room: Room
    other: Room
    hungry: Starved
    marks: Whole
    stack: Places

    @classmethod
    def of(cls, worlds: Worlds) -> _Rooms:
        one = room_of(worlds.field)
        return cls(one, room_of(worlds.field), starved_room(worlds.supply.goods),
                   np.zeros(len(one.stamp), dtype=np.int64),
                   np.empty(len(one.stamp), dtype=np.int32))


class Reruns:
    """Runs events again; keeps its room between runs, and serves one caller at a time."""

    def __init__(self, worlds: Worlds, events: CostlyEvents, *, workers: int | None = None) -> None:
        self.worlds, self.events = worlds, events
        self._workers = workers
        self._cumulative, self._key = draws_of(worlds.events)
        self._rooms: list[_Rooms] = []
        self._stamp = 0
        self._grown = worlds.field
        self._bars = worlds.field.bars.copy()
        self._retimed: dict[tuple[int, bytes], int] = {}

    def totals(self, changes: Changes, places: Places) -> Whole:
        """What events (by place) cost in all under changes."""
        out = np.empty(len(places), dtype=np.int64)
        self._run(changes, places, out, _NOBODY, _NOTHING)
        return out

    def caused(self, changes: Changes, places: Places) -> tuple[Places, Whole, Whole]:
        """The parties where events began, what they cost these, and what they cost others with
        all that came through goods."""
        roots = np.empty(len(places), dtype=np.int32)
        own, whole = np.empty((2, len(places)), dtype=np.int64)
        self._run(changes, places, whole, roots, own)
        return roots, own, whole - own

    def _run(self, changes: Changes, places: Places, out: Whole, roots: Places,
             own: Whole) -> None:
        overlay = self._overlay(list(changes.parties.values()))
        given, variant = _applied(overlay, changes, len(changes.parties))
        events, supply = self.events, self.worlds.supply

        def part(some: range, rooms: _Rooms, stamp: int) -> None:
            _totals(given, supply.goods, rooms.hungry, supply.profit, rooms.room, events.number,
                    places, some.start, some.stop, self._cumulative,
                    self.worlds.events.rate.shape[1], self.worlds.horizon_days, self._key,
                    variant, overlay.ground_up, overlay.stopped, stamp, out, roots, own)

        self._in_rooms(part, len(places), 1)

    def gains(
        self, changes: Changes, now: Whole, candidates: Sequence[Change], places: Places
    ) -> Whole:
        """What each candidate on top of changes takes off each event, shape (candidates, events).

        ``now`` is what the events cost under the changes alone. All candidates change one party, or
        are links. A variant of a candidate holds what was changed at its party before, too.
        """
        variants = [one for one in candidates if isinstance(one, Variant)]
        overlay = self._overlay([*changes.parties.values(), *variants])
        given, variant = _applied(overlay, changes, len(changes.parties))
        which, link, bar = _candidate_rows(candidates, len(changes.parties))
        events, supply = self.events, self.worlds.supply
        sources = np.repeat(np.arange(len(given.structure), dtype=np.int32),
                            np.diff(given.l_first))
        out = np.zeros((len(places), len(candidates)), dtype=np.int64)
        growth = _growth(given, overlay)

        def part(some: range, rooms: _Rooms, stamp: int) -> None:
            own = given._replace(
                structure=given.structure.copy(), begin=given.begin.copy(),
                containment=given.containment.copy(), l_bar=given.l_bar.copy())
            _gains(given, own, supply.goods, rooms.hungry, supply.profit, rooms.room, rooms.other,
                   rooms.marks, rooms.stack, events.number, now, places, some.start, some.stop,
                   self._cumulative, self.worlds.events.rate.shape[1],
                   self.worlds.horizon_days, self._key, variant, variant.copy(),
                   overlay.ground_up, overlay.stopped, which, overlay.party,
                   overlay.structure, growth, overlay.begin, overlay.containment, link, bar,
                   sources, stamp, out)

        self._in_rooms(part, len(places), 1 + 3 * len(candidates))
        return out.T

    def _in_rooms(self, part, number: int, strikes: int) -> None:  # type: ignore[no-untyped-def]
        """Cut events into parts, each in a room of its own and with stamps of its own."""
        pieces = cut(number, _PARTS if number * strikes > _FEW else 1)
        while len(self._rooms) < len(pieces):
            self._rooms.append(_Rooms.of(self.worlds))
        stamps, stamp = [], self._stamp
        for piece in pieces:
            stamps.append(stamp)
            stamp += len(piece) * strikes
        self._stamp = stamp
        in_parts(lambda place: part(pieces[place], self._rooms[place], stamps[place]),
                 range(len(pieces)), workers=self._workers)

    def _overlay(self, variants: Sequence[Variant]) -> _Overlay:
        """The field with the variants' bars, and structures where their times differ, behind it."""
        base = self.worlds.field
        structure = [self._shape_of(one) for one in variants]
        begin = len(base.bars) + np.cumsum([0, *(len(one.chance) for one in variants)])
        if begin[-1] > len(self._bars):
            self._bars = np.concatenate([base.bars, np.zeros(2 * (begin[-1] - len(base.bars)),
                                                             dtype=np.uint64)])
        if variants:
            self._bars[len(base.bars):begin[-1]] = thresholds(
                np.concatenate([one.chance for one in variants]))
        party = np.array([one.party for one in variants], dtype=np.int32)
        ground_up, stopped = base.ground_up[party], base.stopped[party]
        moved = [place for place, one in enumerate(variants) if one.ground_up is not None]
        if moved:
            tables = np.array([variants[place].ground_up for place in moved])
            ground_up[moved] = mean_of_bins(base, tables) if self.worlds.averaged else tables
        for place, one in enumerate(variants):
            if one.stopped is not None:
                stopped[place] = one.stopped
        return _Overlay(
            self._grown._replace(bars=self._bars), party, np.array(structure, dtype=np.int32),
            begin[:-1].astype(np.int32),
            np.array([one.containment for one in variants], dtype=np.float64).reshape(-1, 2),
            ground_up, stopped)

    def _shape_of(self, one: Variant) -> int:
        """The structure of a variant: one with other times is put behind the field, and stays."""
        shape = int(self.worlds.field.structure[one.party])
        if one.mu is None:
            return shape
        key = shape, one.mu.tobytes()
        if key not in self._retimed:
            self._retimed[key] = len(self._grown.s_start)
            self._grown = with_structures(self._grown, ((shape, one.mu),))
        return self._retimed[key]


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


def _growth(given: Field, overlay: _Overlay) -> Floats:
    """By variant, by what factor its party's times grow at most; without end where one falls."""
    found = np.ones(len(overlay.party))
    for place, (party, shape) in enumerate(zip(overlay.party, overlay.structure, strict=True)):
        now = int(given.structure[party])
        if now == shape:
            continue
        first, last = (given.s_edge[given.s_step[one:one + 2]] for one in (now, int(shape)))
        rise = given.mu[last[0]:last[1]] - given.mu[first[0]:first[1]]
        found[place] = np.inf if (rise < 0.0).any() else np.exp(rise.max()) * (1.0 + 1e-9)
    return found


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
def _gains(  # type: ignore[no-untyped-def]
    field, own, goods, hungry, profit, room, other, marks, stack, number, now, places, first, last,
    cumulative, perils, horizon, key, variant, varied, ground_up, stopped, which, v_party,
    v_structure, v_growth, v_begin, v_containment, link, bar, sources, stamp, out
):
    firms, several = goods.first.shape[0] - 1, which.shape[0]
    steps, words = np.empty(room.width, dtype=np.int32), np.empty(room.width, dtype=np.uint64)
    failed, needed = np.empty(3, dtype=np.uint64), np.empty(room.width, dtype=np.bool_)
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    entered, slots, l_party, bars = room.entered, room.slot, field.l_party, field.bars
    # Courses of one event that were run: candidates under which the same steps fail share one.
    failures, shapes = np.empty((several, 3), dtype=np.uint64), np.empty(several, dtype=np.int32)
    ends, totals = np.empty(several), np.empty(several, dtype=np.int64)
    bins = np.empty(several, dtype=np.int32)
    for place in range(first, last):
        word = world_word(key, number[places[place]])
        begin = start_of(cumulative, word)
        root = begin // perils
        aim = begin - root * perils
        stamp += 1
        base_stamp = stamp
        strike(field, room, root, aim, -1, horizon, word, stamp)
        taken, courses, lying, marked = -1, 0, -1, False
        slack = latest = ends_at = mean = spread = 0.0
        start, shape, lost_in, luck = -1, np.int32(0), NOTHING, np.uint64(0)
        for candidate in range(several):
            if which[candidate] < 0:
                edge = link[candidate]
                source = sources[edge]
                if entered[source] != base_stamp or entered[l_party[edge]] != base_stamp:
                    continue
                if not marked:
                    mark_needed(field, room, aim, base_stamp, marks, stack)
                    marked = True
                there = slots[l_party[edge]] * room.width + field.l_entry[edge]
                if marks[there] != base_stamp or room.parent[there] != (
                        slots[source] * room.width + field.l_step[edge]):
                    continue
                if not link_turned(field, room.luck[room.slot[source]], source, edge,
                                    bar[candidate]):
                    continue
                before, lying = own.l_bar[edge], -1
                own.l_bar[edge] = bar[candidate]
                stamp += 1
                strike(own, other, root, aim, -1, horizon, word, stamp)
                own.l_bar[edge] = before
                _, total = cost_of(field, goods, hungry, profit, other, aim, variant, ground_up,
                                   stopped, stamp)
                out[place, candidate] = now[place] - total
                continue
            one = which[candidate]
            party = v_party[one]
            if entered[party] != base_stamp:
                continue
            slot, held = slots[party], variant[party]
            if taken < 0:
                if not marked:
                    mark_needed(field, room, aim, base_stamp, marks, stack)
                    marked = True
                taken = list_taken(field, room, party, root, base_stamp, marks, steps, words,
                                    needed)
                slack = slack_of(field, room, horizon, base_stamp)
                latest = latest_needed(room, slot, steps, needed, taken)
                start = field.s_start[field.structure[party]] if party == root else -1
                shape, ends_at, luck = field.structure[party], room.until[slot], room.luck[slot]
                mean, spread = field.containment[party, 0], field.containment[party, 1]
                lost_in = room.bin[slot] if room.loss[slot] != NOTHING else NOTHING
            until = ends_at
            if v_containment[one, 0] != mean or v_containment[one, 1] != spread:
                until = contained_at(v_containment[one, 0], v_containment[one, 1], luck)
            turned = steps_turned(bars, v_begin[one], steps, words, needed, taken, start, failed)
            growth = v_growth[one] if v_structure[one] != shape else 1.0
            same = not (turned or growth > slack or latest * growth > until)
            course = -1
            if same:
                plain, found = now[place], lost_in
            else:
                for known in range(courses):
                    if shapes[known] == v_structure[one] and ends[known] == until and (
                            failed[2] == 0 and failures[known, 2] == 0) and (
                            failures[known, 0] == failed[0] and failures[known, 1] == failed[1]):
                        course = known
                        break
                if course < 0:
                    stamp += 1
                    _strike_varied(own, other, root, aim, horizon, word, stamp, party,
                                   v_structure[one], v_begin[one], v_containment[one])
                    course, lying, courses = courses, courses, courses + 1
                    shapes[course], ends[course] = v_structure[one], until
                    failures[course] = failed
                    _, totals[course] = cost_of(field, goods, hungry, profit, other, aim, variant,
                                                ground_up, stopped, stamp)
                    bins[course] = NOTHING
                    if other.entered[party] == stamp and (
                            other.loss[other.slot[party]] != NOTHING):
                        bins[course] = other.bin[other.slot[party]]
                plain, found = totals[course], bins[course]
            if found == NOTHING:
                out[place, candidate] = now[place] - plain
                continue
            if held < 0:
                lost, still = field.ground_up[party, aim, found], field.stopped[party, aim, found]
            else:
                lost, still = ground_up[held, aim, found], stopped[held, aim, found]
            if party >= firms or still == stopped[one, aim, found]:
                out[place, candidate] = now[place] - plain + lost - ground_up[one, aim, found]
                continue
            if not same and course != lying:
                stamp += 1
                _strike_varied(own, other, root, aim, horizon, word, stamp, party,
                               v_structure[one], v_begin[one], v_containment[one])
                lying = course
            varied[party] = one
            if same:
                stamp += 1
                _, total = cost_of(field, goods, hungry, profit, room, aim, varied, ground_up,
                                   stopped, stamp)
            else:
                stamp += 1
                _, total = cost_of(field, goods, hungry, profit, other, aim, varied, ground_up,
                                   stopped, stamp)
            varied[party] = held
            out[place, candidate] = now[place] - total


@njit(cache=True, nogil=True)
def _strike_varied(  # type: ignore[no-untyped-def]
    own, room, root, aim, horizon, word, stamp, party, structure, begin, containment
) -> None:
    """Run an event where a party has another structure, bars and containment."""
    shape, first = own.structure[party], own.begin[party]
    mean, spread = own.containment[party, 0], own.containment[party, 1]
    own.structure[party], own.begin[party] = structure, begin
    own.containment[party, 0], own.containment[party, 1] = containment[0], containment[1]
    strike(own, room, root, aim, -1, horizon, word, stamp)
    own.structure[party], own.begin[party] = shape, first
    own.containment[party, 0], own.containment[party, 1] = mean, spread
