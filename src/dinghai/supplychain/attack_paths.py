"""The ways attacks really take: chains of parents in the simulated events, counted.

Every firm that an event strikes was struck along one chain: each step was allowed by the step
before it, an AND step by the last it waited for. These chains are counted between parties and step
by step, with the loss at their end, and the times of a path are read from a bounded sample of its
events. What is counted adds up: all paths together are all strikes and all losses by attack of the
simulation. A run is cut the same for any number of workers and each part keeps at most `CAPACITY`
paths, so that memory is bounded and the bytes are the same; what a full table left out is said
(`counted_ppm`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.compute.parts import cut, in_parts
from dinghai.foundation.money import PPM
from dinghai.losses.tables import PERILS
from dinghai.supplychain.draws import draw_word, mixed, world_word
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.step_graph import Floats, Words
from dinghai.supplychain.step_naming import link_kind_of, step_names
from dinghai.supplychain.steps_taken import chain_of_places
from dinghai.supplychain.strikes import NOTHING, Field, room_of, strike
from dinghai.supplychain.twin import Twin
from dinghai.supplychain.years import DAYS, Events, Whole, draws_of, start_of

PATHS_SCHEMA = "dinghai.chain-paths/1"
CAPACITY: Final = 1 << 13
_PARTS: Final = 64
_SAMPLES: Final = 8
"""Events of a path that each part remembers, to read its times from."""
_LONGEST: Final = 512
_MOST_EVENTS: Final = 200_000
SECONDS: Final = 86_400


class PathStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a path: where, which, by what kind of link it came in, and the median time since
    the event's start in seconds."""

    party: str
    code: str
    name_zh: str
    name_en: str
    median_seconds: int
    link: str | None = None


class AttackPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One path: its parties in order, how often it strikes the last of them, with standard error,
    and the mean loss a year there. ``steps`` are of the path step by step; empty between parties.
    ``median_seconds`` is the time from the event's start to the strike; ``read_from`` events."""

    parties: tuple[str, ...]
    strikes: int
    a_year: float
    se_a_year: float
    loss_fen: int
    median_seconds: int
    read_from: int
    perils: tuple[str, ...]
    steps: tuple[PathStep, ...] = ()


class Leading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The leading paths of a kind, of ``distinct`` ones."""

    distinct: int
    by_frequency: tuple[AttackPath, ...]
    by_loss: tuple[AttackPath, ...]


class AttackPaths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The leading paths of a simulation (schema dinghai.chain-paths/1): between parties and step by
    step, of all and of those that came along a link. ``counted_ppm`` of all strikes are on paths
    that were counted, ``along_links_ppm`` came along a link. ``to`` restricts to one party."""

    schema: Literal["dinghai.chain-paths/1"]
    chain: str
    years: int
    seed: int
    strikes: int
    loss_fen: int
    counted_ppm: int
    along_links_ppm: int
    parties: Leading
    parties_along_links: Leading
    steps: Leading
    steps_along_links: Leading
    to: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """Counted paths of one kind: by path its ``key``, ``strikes``, ``loss``, the number of
    ``links`` along it, and up to `_SAMPLES` a part of the strikes that it was seen in, as event ×
    parties + party."""

    key: Words
    strikes: Whole
    loss: Whole
    links: Whole
    samples: tuple[Whole, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PathCounts:
    """All counted paths of a run of events; ``strikes`` and ``loss`` of all, ``along`` links, and
    ``missed`` strikes for which a table was full (between parties, step by step)."""

    by_party: Counted
    by_step: Counted
    strikes: int
    along: int
    loss: int
    missed: tuple[int, int]


def count_paths(
    field: Field, events: Events, *, to: int | None = None, horizon_days: float = DAYS,
    workers: int | None = None,
) -> PathCounts:
    """Count the paths of all events, or of those that strike one party. The same for any number of
    workers."""
    cumulative, key = draws_of(events)
    perils = events.rate.shape[1]

    def part(which: range) -> Any:
        return _count_part(field, events.first, cumulative, perils, horizon_days, key,
                           -1 if to is None else to, which.start, which.stop, CAPACITY)

    found = in_parts(part, cut(events.years, _PARTS), workers=workers)
    totals = np.sum([one[2] for one in found], axis=0)
    return PathCounts(
        _merged([one[0] for one in found]), _merged([one[1] for one in found]), int(totals[0]),
        int(totals[1]), int(totals[2]), (int(totals[3]), int(totals[4])))


def attack_paths(
    twin: Twin, field: Field, events: Events, language: Language, *, chain: str, top: int = 10,
    to: str | None = None, horizon_days: float = DAYS, workers: int | None = None,
) -> AttackPaths:
    """The leading paths of a run of events, with names and times."""
    place = None if to is None else twin.names.index(to)
    counts = count_paths(field, events, to=place, horizon_days=horizon_days, workers=workers)
    read = _Reader(twin, field, events, language, horizon_days)

    def leading(found: Counted, along_links: bool, steps: bool) -> Leading:
        wanted = np.flatnonzero((found.links > 0) | (not along_links))

        def first(*columns: Whole) -> tuple[AttackPath, ...]:
            order = np.lexsort((found.key[wanted], *(-one[wanted] for one in columns)))
            return tuple(read.path(found, int(one), steps) for one in wanted[order[:top]])

        return Leading(len(wanted), first(found.loss, found.strikes),
                       first(found.strikes, found.loss))

    strikes = max(counts.strikes, 1)
    return AttackPaths(
        schema="dinghai.chain-paths/1", chain=chain, years=events.years, seed=events.seed,
        strikes=counts.strikes, loss_fen=counts.loss,
        counted_ppm=PPM - round(max(counts.missed) / strikes * PPM),
        along_links_ppm=round(counts.along / strikes * PPM),
        parties=leading(counts.by_party, False, False),
        parties_along_links=leading(counts.by_party, True, False),
        steps=leading(counts.by_step, False, True),
        steps_along_links=leading(counts.by_step, True, True), to=to)


def leading_paths(twin: Twin, field: Field, events: Events, *, chain: str) -> AttackPaths:
    """The few leading paths that a simulation shows, from the first of its years that hold a
    bounded number of events."""
    years = max(int(np.searchsorted(events.first, _MOST_EVENTS, side="right")) - 1, 1)
    return attack_paths(twin, field, events if years >= events.years else replace(
        events, years=years, first=events.first[:years + 1]), shipped_language(), chain=chain,
        top=5)


def _merged(found: Sequence[tuple[Words, Whole, Whole]]) -> Counted:
    """The parts' tables as one, in the order of the keys."""
    keys = np.concatenate([one[0] for one in found])
    counts = np.concatenate([one[1] for one in found])
    samples = np.concatenate([one[2] for one in found])
    unique, first, place = np.unique(keys, return_index=True, return_inverse=True)
    sums = np.zeros((len(unique), 2), dtype=np.int64)
    np.add.at(sums, place, counts[:, :2])
    order = np.argsort(place, kind="stable")
    seen = [samples[one][samples[one] >= 0]
            for one in np.split(order, np.cumsum(np.bincount(place))[:-1])] if len(unique) else []
    return Counted(unique, sums[:, 0], sums[:, 1], counts[first, 2], tuple(seen))


@dataclass(slots=True)
class _Reader:
    """Runs the events that a path was seen in again, for its steps and times."""

    twin: Twin
    field: Field
    events: Events
    language: Language
    horizon: float

    def path(self, found: Counted, one: int, steps: bool) -> AttackPath:
        """A counted path with names and median times."""
        cumulative, key = draws_of(self.events)
        seen = found.samples[one]
        places, times, aims, lengths = _read_part(
            self.field, cumulative, self.events.rate.shape[1], self.horizon, key, seen)
        number = int(lengths[0])
        strikes, years = int(found.strikes[one]), self.events.years
        party = places[0, :number, 0]
        ends = times[np.arange(len(seen)), lengths - 1]
        return AttackPath(
            parties=tuple(self.twin.names[int(party[place])] for place in range(number)
                          if place == 0 or party[place] != party[place - 1]),
            strikes=strikes, a_year=strikes / years, se_a_year=strikes**0.5 / years,
            loss_fen=round(int(found.loss[one]) / years), median_seconds=_middle(ends),
            read_from=len(seen),
            perils=tuple(PERILS[aim] for aim in sorted(set(aims.tolist()))),
            steps=self._steps(places[0, :number], times[:, :number]) if steps else ())

    def _steps(self, places: npt.NDArray[np.int32], times: Floats) -> tuple[PathStep, ...]:
        out = []
        for place, (party, step) in enumerate(places.tolist()):
            code = self.twin.codes(party)[step]
            crossed = place > 0 and places[place - 1, 0] != party
            out.append(PathStep(
                self.twin.names[party], code, *step_names(code, self.language),
                _middle(times[:, place]),
                link_kind_of(code, self.language) if crossed else None))
        return tuple(out)


def _middle(days: Floats) -> int:
    """The median in seconds."""
    return round(float(np.median(days)) * SECONDS)


@njit(cache=True, nogil=True)
def _read_part(field, cumulative, perils, horizon, key, seen):  # type: ignore[no-untyped-def]
    """Party and step along the path to each party struck, and their times; what events aimed at."""
    room = room_of(field)
    out = np.empty(_LONGEST, dtype=np.int64)
    places = np.full((seen.shape[0], _LONGEST, 2), -1, dtype=np.int32)
    times, aims = np.zeros((seen.shape[0], _LONGEST)), np.zeros(seen.shape[0], dtype=np.int64)
    lengths = np.zeros(seen.shape[0], dtype=np.int64)
    parties = field.structure.shape[0]
    for row in range(seen.shape[0]):
        event = seen[row] // parties
        word = world_word(key, event)
        begin = start_of(cumulative, word)
        root = begin // perils
        aims[row] = begin - root * perils
        strike(field, room, root, aims[row], -1, horizon, word, row + 1)
        slot = room.slot[seen[row] - event * parties]
        number = chain_of_places(room, room.impact[slot], out)
        lengths[row] = number
        for one in range(number):
            there = out[one] // room.width
            places[row, one, 0] = room.party[there]
            places[row, one, 1] = out[one] - there * room.width
            times[row, one] = room.time[out[one]]
    return places, times, aims, lengths


@njit(cache=True, nogil=True)
def _noted(keys, counts, samples, used, key, loss, links, seen):  # type: ignore[no-untyped-def]
    """Count a strike under its path's key, in an open table; False where it is full."""
    size = keys.shape[0]
    place = np.int64(key & np.uint64(size - 1))
    while counts[place, 0] > 0 and keys[place] != key:
        place = (place + 1) & (size - 1)
    if counts[place, 0] == 0:
        if 2 * used[0] >= size:
            return False
        keys[place] = key
        used[0] += 1
    number = counts[place, 0]
    if number < samples.shape[1]:
        samples[place, number] = seen
    counts[place, 0], counts[place, 2] = number + 1, links
    counts[place, 1] += loss
    return True


@njit(cache=True, nogil=True)
def _count_part(  # type: ignore[no-untyped-def]
    field, first, cumulative, perils, horizon, key, to, from_year, to_year, capacity
):
    room = room_of(field)
    size = 2 * capacity
    keys, counts = np.zeros((2, size), dtype=np.uint64), np.zeros((2, size, 3), dtype=np.int64)
    samples = np.full((2, size, _SAMPLES), -1, dtype=np.int64)
    used, totals = np.zeros((2, 1), dtype=np.int64), np.zeros(5, dtype=np.int64)
    out = np.empty(_LONGEST, dtype=np.int64)
    stamp, parties = 0, field.structure.shape[0]
    for year in range(from_year, to_year):
        for event in range(first[year], first[year + 1]):
            word = world_word(key, event)
            begin = start_of(cumulative, word)
            root = begin // perils
            stamp += 1
            strike(field, room, root, begin - root * perils, -1, horizon, word, stamp)
            for slot in range(room.number[0]):
                party, loss = room.party[slot], room.loss[slot]
                if loss == NOTHING or (to >= 0 and party != to):
                    continue
                totals[0] += 1
                totals[1] += party != root
                totals[2] += loss
                number = chain_of_places(room, room.impact[slot], out)
                by_party = by_step = np.uint64(0)
                before, links, seen = -1, -1, event * parties + party
                for one in range(number):
                    there = out[one] // room.width
                    step = out[one] - there * room.width
                    if room.party[there] != before:
                        before, links = room.party[there], links + 1
                        by_party = mixed(draw_word(by_party, before))
                    by_step = mixed(draw_word(by_step, before * room.width + step))
                totals[3] += not _noted(keys[0], counts[0], samples[0], used[0], by_party, loss,
                                        links, seen)
                totals[4] += not _noted(keys[1], counts[1], samples[1], used[1], by_step, loss,
                                        links, seen)
    between, steps = counts[0, :, 0] > 0, counts[1, :, 0] > 0
    return ((keys[0][between], counts[0][between], samples[0][between]),
            (keys[1][steps], counts[1][steps], samples[1][steps]), totals)
