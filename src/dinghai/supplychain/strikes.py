"""One event in the twin: an attack starts at a party, passes on, and is contained party by party.

Each party finds and contains the event after a time of its own, counted from the event's start: no
later step of it is taken, and nothing leaves it any more. (Were it counted from the first step
inside, a better door could raise a loss: who comes in late and quietly would have more time. With
times that do not depend on the way, better controls never raise any loss in any world.) An event
aims at one peril, and costs a firm something once, when it takes a step of that peril there. The
latent state of severity is drawn once an event and shared by all firms that it strikes; where a
firm falls within the state is its own luck.

The kernel is first passage as in `passage`, on two levels: a party that is reached gets the next
slot of a small workspace, and its steps are settled there.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.streams import normal_quantile
from dinghai.supplychain.draws import draw_word, node_word, unit
from dinghai.supplychain.outcomes import CUTS, Outcomes
from dinghai.supplychain.passage import CERTAIN, pop, push, quick_exponential, thresholds
from dinghai.supplychain.step_graph import Floats, Places, Words
from dinghai.supplychain.twin import Twin, word_of

LUCK: Final = 1
CONTAINMENT: Final = 2
SEVERITY: Final = 3
NOTHING: Final = -1
OUTSIDE: Final = -1.0
_LEAVES = np.uint64(0xD6E8FEB86659FD93)


class Field(NamedTuple):
    """The twin as a kernel reads it.

    By structure: where its steps (``s_step``) begin and which is its ``s_start``. By step of a
    structure: ``waits_for``, ``peril``, ``code`` (the key of its luck) and where its edges begin
    (``s_edge``). By edge: ``target``, ``mu``, ``sigma``. By party: ``structure``, ``key``, where
    its own ``bars`` begin (``begin``), ``containment`` and where its links begin (``l_first``). By
    link: ``l_step`` it leaves, ``l_party`` and ``l_entry`` it comes into, its bar, times and key.
    Then the severity: chances of the states up to each, cuts, ground-up loss in fen and seconds of
    a whole stop.
    """

    s_step: Places
    s_start: Places
    s_edge: Places
    waits_for: Places
    peril: npt.NDArray[np.int8]
    code: Words
    target: Places
    mu: Floats
    sigma: Floats
    structure: Places
    key: Words
    begin: Places
    bars: Words
    containment: Floats
    l_first: Places
    l_step: Places
    l_party: Places
    l_entry: Places
    l_bar: Words
    l_mu: Floats
    l_sigma: Floats
    l_key: Words
    states: Floats
    cuts: Floats
    ground_up: npt.NDArray[np.int64]
    stopped: npt.NDArray[np.int64]


class Room(NamedTuple):
    """A kernel's own room for one event after another.

    ``heap_time`` and ``heap_place`` are what is on its way. By place (slot × width + step), where
    ``stamp`` is the event's: edges ``left`` to wait for (−1: settled or dead), ``time``, and the
    place it was reached from (``parent``). By party, where ``entered`` is the event's: its
    ``slot``. By slot: the ``party``, its ``luck``, ``until`` when something can happen there,
    ``since`` when it is in (−1: reached, and nothing taken), the party it ``came`` from (−1: the
    event began there), and its loss, if any (−1: none), with the place of the impact and the bin.
    ``number[0]`` slots are in use.
    """

    heap_time: Floats
    heap_place: Places
    stamp: npt.NDArray[np.int64]
    left: npt.NDArray[np.int16]
    time: Floats
    parent: Places
    entered: npt.NDArray[np.int64]
    slot: Places
    party: Places
    luck: Words
    until: Floats
    since: Floats
    came: Places
    loss: npt.NDArray[np.int64]
    impact: Places
    bin: Places
    number: npt.NDArray[np.int64]
    width: int


def field_of(twin: Twin, outcomes: Outcomes) -> Field:
    """What the kernels read."""
    shapes, links = twin.structures, twin.links
    steps = np.cumsum([0, *(len(one.codes) for one in shapes)]).astype(np.int32)
    edges = np.cumsum([0, *(len(one.target) for one in shapes)]).astype(np.int32)
    first = np.concatenate([one.first[:-1] + edges[place] for place, one in enumerate(shapes)])
    return Field(
        s_step=steps, s_start=np.array([one.start for one in shapes], dtype=np.int32),
        s_edge=np.append(first, edges[-1]).astype(np.int32),
        waits_for=np.concatenate([one.waits_for for one in shapes]),
        peril=np.concatenate([one.peril for one in shapes]),
        code=np.array([word_of(code) for one in shapes for code in one.codes], dtype=np.uint64),
        target=np.concatenate([one.target for one in shapes]),
        mu=np.concatenate([one.mu for one in shapes]),
        sigma=np.concatenate([one.sigma for one in shapes]),
        structure=twin.structure, key=twin.key, begin=twin.begin, bars=thresholds(twin.chance),
        containment=twin.containment, l_first=links.first, l_step=links.step, l_party=links.party,
        l_entry=links.entry, l_bar=thresholds(links.chance), l_mu=links.mu, l_sigma=links.sigma,
        l_key=links.key, states=np.cumsum(outcomes.states), cuts=np.array(CUTS),
        ground_up=outcomes.ground_up, stopped=outcomes.stopped)


@njit(cache=True, nogil=True)
def room_of(field):  # type: ignore[no-untyped-def]
    """Room for the events of one core."""
    parties, width = field.structure.shape[0], 1
    for place in range(field.s_step.shape[0] - 1):
        width = max(width, field.s_step[place + 1] - field.s_step[place])
    size, waiting = parties * width, 1 + field.l_step.shape[0]
    for party in range(parties):
        shape = field.structure[party]
        waiting += field.s_edge[field.s_step[shape + 1]] - field.s_edge[field.s_step[shape]]
    return Room(
        np.empty(waiting), np.empty(waiting, dtype=np.int32), np.zeros(size, dtype=np.int64),
        np.empty(size, dtype=np.int16), np.empty(size), np.empty(size, dtype=np.int32),
        np.zeros(parties, dtype=np.int64), np.empty(parties, dtype=np.int32),
        np.empty(parties, dtype=np.int32), np.empty(parties, dtype=np.uint64), np.empty(parties),
        np.empty(parties), np.empty(parties, dtype=np.int32), np.empty(parties, dtype=np.int64),
        np.empty(parties, dtype=np.int32),
        np.empty(parties, dtype=np.int32), np.zeros(1, dtype=np.int64), width)


@njit(cache=True, nogil=True, inline="always")
def _days(mu, sigma, word):  # type: ignore[no-untyped-def]
    return quick_exponential(mu + sigma * normal_quantile(unit(word)))


@njit(cache=True, nogil=True, inline="always")
def _place_in(cumulative, chance):  # type: ignore[no-untyped-def]
    """The first place whose cumulative chance is above ``chance``, by bisection."""
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) >> 1
        if chance < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True, nogil=True)
def strike(field, room, root, aim, guarded, horizon, word, stamp):  # type: ignore[no-untyped-def]
    """Run one event that starts at a party and aims at a peril: other impacts cost nothing. Nothing
    gets into ``guarded`` (−1: no party).

    What it did stands in ``room``: the parties by slot, in the order in which they were reached.
    """
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    s_step, s_edge, waits_for, perils = field.s_step, field.s_edge, field.waits_for, field.peril
    code, target, mu, sigma = field.code, field.target, field.mu, field.sigma
    structure, key, begin, bars = field.structure, field.key, field.begin, field.bars
    containment, cuts, ground_up = field.containment, field.cuts, field.ground_up
    l_first, l_step, l_party, l_entry = field.l_first, field.l_step, field.l_party, field.l_entry
    l_bar, l_mu, l_sigma, l_key = field.l_bar, field.l_mu, field.l_sigma, field.l_key
    heap_time, heap_place, stamps, left = room.heap_time, room.heap_place, room.stamp, room.left
    times, parents, entered, slots = room.time, room.parent, room.entered, room.slot
    parties, lucks, until, losses = room.party, room.luck, room.until, room.loss
    since = room.since
    width, number = room.width, 0
    room.number[0] = 0
    if root == guarded:
        return
    bins = cuts.shape[0] - 1
    state = _place_in(field.states, unit(node_word(word, 0, SEVERITY)))
    entered[root], slots[root], parties[0], since[0] = stamp, 0, root, OUTSIDE
    lucks[0], losses[0] = node_word(word, key[root], LUCK), NOTHING
    until[0] = _days(containment[root, 0], containment[root, 1],
                     node_word(lucks[0], 0, CONTAINMENT))
    number = 1
    start = field.s_start[structure[root]]
    stamps[start], left[start], times[start], parents[start] = stamp, 0, 0.0, NOTHING
    waiting = push(heap_time, heap_place, 0, 0.0, start)
    while waiting > 0:
        place, now = heap_place[0], heap_time[0]
        waiting = pop(heap_time, heap_place, waiting)
        if left[place] < 0:
            continue
        left[place] = -1
        slot = place // width
        step, party, luck = place - slot * width, parties[slot], lucks[slot]
        base = s_step[structure[party]]
        if now > until[slot]:
            continue
        if since[slot] == OUTSIDE:
            since[slot] = now
            room.came[slot] = NOTHING if parents[place] < 0 else parties[parents[place] // width]
        if perils[base + step] == aim and losses[slot] == NOTHING:
            found = state * bins + _place_in(cuts[1:], unit(node_word(luck, 0, SEVERITY)))
            losses[slot] = ground_up[party, aim, found]
            room.impact[slot], room.bin[slot] = place, found
        leaving = draw_word(luck, code[base + step] ^ _LEAVES)
        inside = s_edge[base + step + 1] - s_edge[base + step]
        links = l_first[party + 1] - l_first[party]
        for way in range(inside + links):
            if way < inside:
                edge = s_edge[base + step] + way
                there, there_base, there_luck = party, base, luck
                other, far = target[edge], slot
            else:
                edge = l_first[party] + way - inside
                if l_step[edge] != step or l_party[edge] == guarded:
                    continue
                if l_bar[edge] == 0 or draw_word(leaving, l_key[edge]) > l_bar[edge]:
                    continue
                there, other = l_party[edge], l_entry[edge]
                if entered[there] != stamp:
                    entered[there], slots[there] = stamp, number
                    parties[number], since[number], losses[number] = there, OUTSIDE, NOTHING
                    lucks[number] = node_word(word, key[there], LUCK)
                    until[number] = _days(containment[there, 0], containment[there, 1],
                                          node_word(lucks[number], 0, CONTAINMENT))
                    number += 1
                far = slots[there]
                there_base, there_luck = s_step[structure[there]], lucks[far]
            reached = far * width + other
            fresh = stamps[reached] != stamp
            if fresh:
                bar = bars[begin[there] + other]
                if bar != CERTAIN and (bar == 0 or draw_word(
                        there_luck, code[there_base + other]) > bar):
                    stamps[reached], left[reached] = stamp, -1
                    continue
            elif left[reached] < 0:
                continue
            if way < inside:
                later = now + _days(mu[edge], sigma[edge],
                                    draw_word(leaving, code[there_base + other]))
            else:
                later = now + _days(l_mu[edge], l_sigma[edge],
                                    node_word(draw_word(leaving, l_key[edge]), 0, LUCK))
            if later > horizon:
                continue
            needed = waits_for[there_base + other]
            if fresh:
                stamps[reached], left[reached] = stamp, needed
                times[reached], parents[reached] = later, place
            if needed > 1:
                if later >= times[reached]:
                    times[reached], parents[reached] = later, place
                left[reached] -= 1
                if left[reached] == 0:
                    waiting = push(heap_time, heap_place, waiting, times[reached], reached)
            elif left[reached] > 0 or later < times[reached]:
                left[reached], times[reached], parents[reached] = 0, later, place
                waiting = push(heap_time, heap_place, waiting, later, reached)
    room.number[0] = number
