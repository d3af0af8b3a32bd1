"""What no plan can pass: bounds on what fixes take off events, whatever else is fixed.

A step fails under several fixes where the sum of their falls, in logs, is more than its luck had to
spare. So the share of that margin that a fix uses up bounds its part in what follows, even where
fixes reinforce each other: of an event that changes, the shares add up to one at least.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numba import njit

from dinghai.foundation.money import Fen
from dinghai.foundation.streams import natural_logarithm
from dinghai.supplychain.draws import draw_word, unit, world_word
from dinghai.supplychain.passage import CERTAIN
from dinghai.supplychain.reruns import Reruns, Variant
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.strikes import room_of, strike
from dinghai.supplychain.years import draws_of, start_of

_OPENED_AT_ONCE: Final = 8
_MOST_OPENED: Final = 40
_MIXED: Final = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Item:
    """A choice in the bound: what it may take off, what it costs at least, and whose it is."""

    party: int
    worth: float
    cost_fen: float


def most_of_items(
    coarse: Sequence[Item], finer: Callable[[int], Sequence[Item] | None],
    caps: Mapping[int, float], *, budget_fen: Fen, most: int | None,
) -> float:
    """What no choice of items within a budget and a number takes off: parts of items may be taken,
    and of a party no more than its cap.

    ``coarse`` has one item for each party; where it is taken, ``finer`` says what it is made of
    (None: no more is known).
    """
    if most is None:
        return _refined(coarse, finer, caps, lambda one: one.cost_fen / budget_fen)
    opened: dict[int, Sequence[Item] | None] = {}

    def once(party: int) -> Sequence[Item] | None:
        if party not in opened:
            opened[party] = finer(party)
        return opened[party]

    return min(_refined(coarse, once, caps, partial(_room_of, budget_fen, most, part))
               for part in _MIXED)


def _room_of(budget_fen: Fen, most: int, part: float, one: Item) -> float:
    """What an item takes of both limits, mixed: a plan within both is within any mixture."""
    return part * one.cost_fen / budget_fen + (1.0 - part) / most


def _refined(
    coarse: Sequence[Item], finer: Callable[[int], Sequence[Item] | None],
    caps: Mapping[int, float], cost: Callable[[Item], float],
) -> float:
    known: dict[int, Sequence[Item]] = {one.party: (one,) for one in coarse}
    fixed: set[int] = set()
    while True:
        items = sorted((one for some in known.values() for one in some),
                       key=lambda one: (-one.worth / cost(one), one.party))
        total, taken = _taken(items, caps, cost)
        opened = [party for party in taken if party not in fixed][:_OPENED_AT_ONCE]
        if not opened or len(fixed) >= _MOST_OPENED:
            return total
        for party in opened:
            fixed.add(party)
            found = finer(party)
            if found is not None:
                known[party] = found


def _taken(
    items: Sequence[Item], caps: Mapping[int, float], cost: Callable[[Item], float]
) -> tuple[float, list[int]]:
    """What items in order come to, and whose they are."""
    left = dict(caps)
    total, room, parties = 0.0, 1.0, {}
    for one in items:
        part = min(1.0, room / cost(one))
        if part <= 0.0:
            break
        worth = min(one.worth * part, left[one.party])
        if worth <= 0.0:
            continue
        left[one.party] -= worth
        total += worth
        room -= part * cost(one)
        parties[one.party] = True
    return total, list(parties)


def shares_of_margin(
    reruns: Reruns, variants: Sequence[Variant], onto: Sequence[tuple[Variant, Variant] | None],
    places: Places,
) -> Floats:
    """By event and variant of one party, the share of the margin that it uses up, from 0 to 1.

    How far a fix lowers a step may hang on what else is fixed (where findings raise it, or it is
    at its highest): it counts as the larger of the fall alone and that on top of all others, whose
    variants without and with it are ``onto`` (None: there are no others).
    """
    party = variants[0].party
    field, worlds = reruns.worlds.field, reruns.worlds
    shape = int(field.structure[party])
    steps = slice(int(field.s_step[shape]), int(field.s_step[shape + 1]))
    own = slice(int(field.begin[party]), int(field.begin[party]) + steps.stop - steps.start)
    with np.errstate(divide="ignore"):
        before = np.log(np.minimum(field.bars[own].astype(np.float64) / 2.0**64, 1.0))
        falls = np.array([np.fmax(before - np.log(one.chance), np.log(both[0].chance)
                                  - np.log(both[1].chance) if both else 0.0)
                          for one, both in zip(variants, onto, strict=True)])
    falls = np.where(np.isnan(falls), 0.0, np.maximum(falls, 0.0))
    quicker = np.array([
        max(_quicker(field.containment[party], one),
            max(both[0].containment[0] - both[1].containment[0], 0.0) if both else 0.0)
        for one, both in zip(variants, onto, strict=True)])
    perils = worlds.events.rate.shape[1]
    aims, exits = _leading(field, party, perils)
    out = np.empty((len(places), len(variants)))
    cumulative, key = draws_of(worlds.events)
    alone = np.diff(reruns.events.first)[places] == 1
    _shares(field, party, reruns.events.number, places, alone, cumulative, perils,
            worlds.horizon_days, key, aims, exits, before, falls, quicker, out)
    return out


def _quicker(containment: Floats, one: Variant) -> float:
    """How far ln days to containment fall; without end where the spread or times change."""
    if one.mu is not None or one.containment[1] != containment[1]:
        return np.inf
    return max(float(containment[0]) - one.containment[0], 0.0)


def _leading(field, party: int, perils: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[no-untyped-def]
    """The steps of a party that lead to an impact of each peril, and those that lead out."""
    shape = int(field.structure[party])
    first, last = int(field.s_step[shape]), int(field.s_step[shape + 1])
    number = last - first
    edges = [(step, int(target)) for step in range(number)
             for target in field.target[field.s_edge[first + step]:field.s_edge[first + step + 1]]]

    def ancestors(found: np.ndarray) -> np.ndarray:
        while True:
            more = found.copy()
            for source, target in edges:
                more[source] |= more[target]
            if (more == found).all():
                return found
            found = more

    perilous = field.peril[first:last]
    aims = np.array([ancestors(perilous == peril) for peril in range(perils)])
    out = np.zeros(number, dtype=np.bool_)
    out[field.l_step[field.l_first[party]:field.l_first[party + 1]]] = True
    return aims, ancestors(out)


@njit(cache=True, nogil=True)
def _shares(  # type: ignore[no-untyped-def]
    field, party, number, places, alone, cumulative, perils, horizon, key, aims, exits, before,
    falls, quicker, out
) -> None:
    room = room_of(field)
    shape = field.structure[party]
    base, own = field.s_step[shape], field.begin[party]
    steps = field.s_step[shape + 1] - base
    start = field.s_start[shape]
    for place in range(places.shape[0]):
        word = world_word(key, number[places[place]])
        begin = start_of(cumulative, word)
        root = begin // perils
        aim = begin - root * perils
        stamp = place + 1
        strike(field, room, root, aim, -1, horizon, word, stamp)
        out[place] = 0.0
        if room.entered[party] != stamp:
            continue
        slot = room.slot[party]
        luck, until = room.luck[slot], room.until[slot]
        latest = 0.0
        for step in range(steps):
            at = slot * room.width + step
            if room.stamp[at] != stamp or not (
                    aims[aim, step] or (exits[step] and not alone[place])):
                continue
            bar = field.bars[own + step]
            tried = not (step == start and party == root)
            drawn = draw_word(luck, field.code[base + step])
            if tried and bar != CERTAIN and (bar == 0 or drawn > bar):
                continue
            if room.time[at] <= until:
                latest = max(latest, room.time[at])
            if not tried:
                continue
            margin = before[step] - natural_logarithm(unit(drawn))
            for one in range(falls.shape[0]):
                if falls[one, step] > 0.0:
                    share = falls[one, step] / margin if margin > falls[one, step] else 1.0
                    out[place, one] = max(out[place, one], share)
        if latest > 0.0:
            margin = natural_logarithm(until) - natural_logarithm(latest)
            for one in range(falls.shape[0]):
                if quicker[one] > 0.0:
                    share = quicker[one] / margin if margin > quicker[one] else 1.0
                    out[place, one] = max(out[place, one], share)
