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
from dinghai.supplychain.lending import lent, uncounted
from dinghai.supplychain.openings import (
    LEAVES,
    LUCK,
    NONE,
    SETS,
    holds,
    leading_to,
    leads_on,
    next_step,
    passes,
    with_step,
)
from dinghai.supplychain.outcomes import CUTS, Outcomes
from dinghai.supplychain.passage import pop, push, quick_exponential, thresholds
from dinghai.supplychain.step_graph import Floats, Places, Words
from dinghai.supplychain.twin import Twin, word_of

CONTAINMENT: Final = 2
SEVERITY: Final = 3
NOTHING: Final = -1
OUTSIDE: Final = -1.0


class Field(NamedTuple):
    """The twin as a kernel reads it.

    By structure: where its steps (``s_step``) begin and which is its ``s_start``. By step of a
    structure: ``waits_for``, ``peril``, ``code`` (the key of its luck) and where its edges begin
    (``s_edge``). By edge: ``target``, ``mu``, ``sigma``. By party: ``structure``, ``key``, where
    its own ``bars`` begin (``begin``), ``containment`` and where its links begin (``l_first``). By
    link: ``l_step`` it leaves, ``l_party`` and ``l_entry`` it comes into, its bar, times and key.
    Then the severity: chances of the states up to each, cuts, ground-up loss in fen and seconds of
    a whole stop. What can matter for each aim: the impacts ``i_step`` from ``i_first`` of structure
    × perils + aim on; and by aim × steps + step, from ``r_first`` on, the edges ``r_edge`` and
    their targets ``r_target`` from which an impact of the aim or a way out can be reached. Sets of
    the first 128 steps of a structure as two words each: by step those that lead to it
    (``before``) and those that it leads to (``after``), by aim × structures + structure what can
    matter (``useful``).
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
    i_first: Places
    i_step: Places
    r_first: Places
    r_edge: Places
    r_target: Places
    before: Words
    after: Words
    useful: Words


class Room(NamedTuple):
    """A kernel's own room for one event after another.

    ``heap_time`` and ``heap_place`` are what is on its way. By place (slot × width + step), where
    ``stamp`` is the event's: edges ``left`` to wait for (−1: settled or dead), ``time``, and the
    place it was reached from (``parent``). By party, where ``entered`` is the event's: its
    ``slot``. By slot: the ``party``, its ``luck``, ``until`` when something can happen there,
    ``since`` when it is in (−1: reached, and nothing taken), the party it ``came`` from (−1: the
    event began there), and its loss, if any (−1: none), with the place of the impact and the bin.
    ``live`` of its links, in ``links`` from ``leave`` on, let the event through to where it leads
    on, and ``kept`` are the steps that succeed and from which one of these or an impact can be
    reached, as two words. ``number[0]`` slots and ``number[1]`` links are in use; each slot has
    room for 2 ** ``shift`` (``width``) steps. ``due`` and ``open_edges`` are by step of one party,
    for `fizzling`: the time when it is taken, and the edges that it still waits for.
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
    live: Places
    leave: Places
    links: Places
    kept: Words
    due: Floats
    open_edges: Places
    shift: int


def field_of(twin: Twin, outcomes: Outcomes) -> Field:
    """What the kernels read."""
    shapes, links = twin.structures, twin.links
    steps = np.cumsum([0, *(len(one.codes) for one in shapes)]).astype(np.int32)
    edges = np.cumsum([0, *(len(one.target) for one in shapes)]).astype(np.int32)
    first = np.concatenate([one.first[:-1] + edges[place] for place, one in enumerate(shapes)])
    targets = np.concatenate([one.target for one in shapes])
    # Structures as one graph, so that all are followed at once.
    shape_of = np.repeat(np.arange(len(shapes)), np.diff(steps))
    inner = steps[shape_of]
    source = np.repeat(np.arange(steps[-1]), np.diff(np.append(first, edges[-1])))
    joined = targets + inner[source]
    peril = np.concatenate([one.peril for one in shapes])
    impact = peril == np.arange(outcomes.ground_up.shape[1])[:, None]
    i_aim, i_step = np.nonzero(impact)
    by_shape = np.lexsort((i_step, i_aim, shape_of[i_step]))
    i_number = np.zeros((len(shapes), len(impact)), dtype=np.int32)
    np.add.at(i_number, (shape_of[i_step], i_aim), 1)
    r_aim, r_edge = np.nonzero(_leading(impact | _exits(twin, steps), source, joined)[:, joined])
    r_source, r_target = source[r_edge], targets[r_edge]
    return Field(
        s_step=steps, s_start=np.array([one.start for one in shapes], dtype=np.int32),
        s_edge=np.append(first, edges[-1]).astype(np.int32),
        waits_for=np.concatenate([one.waits_for for one in shapes]),
        peril=peril,
        code=np.array([word_of(code) for one in shapes for code in one.codes], dtype=np.uint64),
        target=targets,
        mu=np.concatenate([one.mu for one in shapes]),
        sigma=np.concatenate([one.sigma for one in shapes]),
        structure=twin.structure, key=twin.key, begin=twin.begin, bars=thresholds(twin.chance),
        containment=twin.containment, l_first=links.first, l_step=links.step, l_party=links.party,
        l_entry=links.entry, l_bar=thresholds(links.chance), l_mu=links.mu, l_sigma=links.sigma,
        l_key=links.key, states=np.cumsum(outcomes.states), cuts=np.array(CUTS),
        ground_up=outcomes.ground_up, stopped=outcomes.stopped,
        i_first=_begins(i_number.ravel()),
        i_step=(i_step - inner[i_step])[by_shape].astype(np.int32),
        r_first=_begins(np.bincount(r_aim * steps[-1] + r_source,
                                    minlength=len(impact) * steps[-1])),
        r_edge=r_edge.astype(np.int32), r_target=r_target,
        before=_sets(steps[-1], joined, source - inner[source]),
        after=_sets(steps[-1], source, targets),
        useful=_sets(len(impact) * len(shapes), r_aim * len(shapes) + shape_of[r_source],
                     r_target))


def _begins(numbers: npt.NDArray[np.integer]) -> Places:
    """Where the members of each begin, by how many each has, with the end."""
    return np.append(0, np.cumsum(numbers)).astype(np.int32)


def _sets(number: int, rows: npt.NDArray[np.integer], members: Places) -> Words:
    """Sets by row as two words, of members below 128."""
    sets = np.zeros((number, 2), dtype=np.uint64)
    low = members < SETS
    np.bitwise_or.at(sets, (rows[low], members[low] >> 6),
                     np.uint64(1) << (members[low] & 63).astype(np.uint64))
    return sets


def _exits(twin: Twin, begin: Places) -> npt.NDArray[np.bool_]:
    """By step of the joined structures, whether a link leaves from it at any party."""
    leaving = np.repeat(np.arange(twin.parties), np.diff(twin.links.first))
    exits = np.zeros(begin[-1], dtype=np.bool_)
    exits[begin[twin.structure[leaving]] + twin.links.step] = True
    return exits


def _leading(
    ends: npt.NDArray[np.bool_], source: Places, target: Places
) -> npt.NDArray[np.bool_]:
    """By aim and step, whether one of the aim's ends can be reached from it (or it is one)."""
    useful = ends
    while True:
        aim, edge = np.nonzero(useful[:, target] & ~useful[:, source])
        if not len(edge):
            return useful
        useful = useful.copy()
        useful[aim, source[edge]] = True


@njit(cache=True, nogil=True)
def room_of(field):  # type: ignore[no-untyped-def]
    """Room for the events of one core."""
    parties, width = field.structure.shape[0], 1
    for place in range(field.s_step.shape[0] - 1):
        width = max(width, field.s_step[place + 1] - field.s_step[place])
    shift = 0
    while 1 << shift < width:
        shift += 1
    width = 1 << shift
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
        np.empty(parties, dtype=np.int32), np.zeros(2, dtype=np.int64), width,
        np.empty(parties, dtype=np.int32), np.empty(parties, dtype=np.int32),
        np.empty(field.l_step.shape[0], dtype=np.int32), np.empty((parties, 2), dtype=np.uint64),
        np.empty(SETS), np.empty(SETS, dtype=np.int32), shift)


@njit(cache=True, nogil=True)
def lent_field(field):  # type: ignore[no-untyped-def]
    """The field for a kernel's own use: see `lending`."""
    return Field(
        lent(field.s_step), lent(field.s_start), lent(field.s_edge),
        lent(field.waits_for), lent(field.peril), lent(field.code), lent(field.target),
        lent(field.mu), lent(field.sigma), lent(field.structure), lent(field.key),
        lent(field.begin), lent(field.bars), lent(field.containment), lent(field.l_first),
        lent(field.l_step), lent(field.l_party), lent(field.l_entry), lent(field.l_bar),
        lent(field.l_mu), lent(field.l_sigma), lent(field.l_key), lent(field.states),
        lent(field.cuts), lent(field.ground_up), lent(field.stopped), lent(field.i_first),
        lent(field.i_step), lent(field.r_first), lent(field.r_edge), lent(field.r_target),
        lent(field.before), lent(field.after), lent(field.useful))


@njit(cache=True, nogil=True)
def lent_room(room):  # type: ignore[no-untyped-def]
    """The room for the use of the kernel that holds it: see `lending`."""
    return Room(
        lent(room.heap_time), lent(room.heap_place), lent(room.stamp), lent(room.left),
        lent(room.time), lent(room.parent), lent(room.entered), lent(room.slot),
        lent(room.party), lent(room.luck), lent(room.until), lent(room.since),
        lent(room.came), lent(room.loss), lent(room.impact), lent(room.bin),
        lent(room.number), room.width, lent(room.live), lent(room.leave), lent(room.links),
        lent(room.kept), lent(room.due), lent(room.open_edges), room.shift)


@njit(cache=True, nogil=True, inline="always")
def days(mu, sigma, word):  # type: ignore[no-untyped-def]
    """A lognormal time."""
    return quick_exponential(mu + sigma * normal_quantile(unit(word)))


@njit(cache=True, nogil=True, inline="always")
def place_in(cumulative, chance):  # type: ignore[no-untyped-def]
    """The first place whose cumulative chance is above ``chance``, by bisection."""
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) >> 1
        if chance < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@uncounted
def _enter(  # type: ignore[no-untyped-def]
    slot, party, aim, guarded, luck, word, live, leave, leaving, number, kept, code, s_step,
    structure, key, begin, bars, waits_for, l_first, l_step, l_party, l_entry, l_bar, l_key,
    i_first, i_step, before, after, useful
):
    """Note what can matter at a party: its links that let the event through to where it leads on,
    and the steps that succeed and from which one of these or an impact can be reached."""
    shape, place = structure[party], number[1]
    base, first = s_step[shape], begin[party]
    shapes = s_step.shape[0] - 1
    low = high = NONE
    leave[slot] = place
    told = aim >= 0 and s_step[shape + 1] - base <= SETS
    opened_low = opened_high = ~NONE  # where all steps matter, or are not told apart
    closed_low = closed_high = NONE
    if told:
        row = aim * shapes + shape
        closed_low, closed_high = todo_low, todo_high = useful[row, 0], useful[row, 1]
        opened_low = opened_high = NONE
        while todo_low != NONE or todo_high != NONE:
            todo_low, todo_high, step = next_step(todo_low, todo_high)
            if passes(bars[first + step], draw_word(luck, code[base + step])):
                opened_low, opened_high = with_step(opened_low, opened_high, step)
        closed_low, closed_high = closed_low & ~opened_low, closed_high & ~opened_high
    for link in range(l_first[party], l_first[party + 1]):
        there, bar, step = l_party[link], l_bar[link], l_step[link]
        if there != guarded and bar != 0 and not (
                step < SETS and holds(closed_low, closed_high, step)) and draw_word(
                draw_word(luck, code[base + step] ^ LEAVES), l_key[link]) <= bar and (
                aim < 0 or leads_on(there, l_entry[link], aim, word, code, s_step, structure, key,
                                    begin, bars, waits_for, l_first, l_step, l_party, l_entry,
                                    l_bar, l_key, i_first, i_step, before, after, useful)):
            leaving[place] = link
            place += 1
            low, high = with_step(low, high, step)
    live[slot], number[1] = place - number[1], place
    if not told:
        kept[slot, 0] = kept[slot, 1] = ~NONE
        return
    perils = (i_first.shape[0] - 1) // shapes
    for place in range(i_first[shape * perils + aim], i_first[shape * perils + aim + 1]):
        low, high = with_step(low, high, i_step[place])
    kept[slot, 0], kept[slot, 1] = leading_to(low & opened_low, high & opened_high, opened_low,
                                              opened_high, base, before)


@uncounted
def strike(field, room, root, aim, guarded, horizon, word, stamp):  # type: ignore[no-untyped-def]
    """Run one event that starts at a party and aims at a peril: other impacts cost nothing. Nothing
    gets into ``guarded`` (−1: no party). Where the aim is below zero every step is taken that can
    be, and nothing costs anything.

    What it did stands in ``room``: the parties by slot, in the order in which they were reached.
    Steps from which the event can neither come to an impact of its aim nor leave the firm are not
    taken; nor are any more once a firm is struck and no link of it leads on; and no firm is entered
    where the event could do nothing.
    """
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    s_step, waits_for, perils = field.s_step, field.waits_for, field.peril
    code, mu, sigma = field.code, field.mu, field.sigma
    r_first, r_edge, r_target = field.r_first, field.r_edge, field.r_target
    s_edge, target = field.s_edge, field.target
    structure, key, begin, bars = field.structure, field.key, field.begin, field.bars
    containment, cuts, ground_up = field.containment, field.cuts, field.ground_up
    l_first, l_step, l_party, l_entry = field.l_first, field.l_step, field.l_party, field.l_entry
    l_bar, l_mu, l_sigma, l_key = field.l_bar, field.l_mu, field.l_sigma, field.l_key
    heap_time, heap_place, stamps, left = room.heap_time, room.heap_place, room.stamp, room.left
    times, parents, entered, slots = room.time, room.parent, room.entered, room.slot
    parties, lucks, until, losses = room.party, room.luck, room.until, room.loss
    since, live, kept, shift = room.since, room.live, room.kept, room.shift
    leave, leaves = room.leave, room.links
    i_first, i_step, useful = field.i_first, field.i_step, field.useful
    before, after = field.before, field.after
    number, steps = 0, s_step[s_step.shape[0] - 1]
    room.number[0] = room.number[1] = 0
    if root == guarded:
        return
    bins = cuts.shape[0] - 1
    state = -1
    entered[root], slots[root], parties[0], since[0] = stamp, 0, root, OUTSIDE
    lucks[0], losses[0] = node_word(word, key[root], LUCK), NOTHING
    until[0] = days(containment[root, 0], containment[root, 1],
                     node_word(lucks[0], 0, CONTAINMENT))
    _enter(0, root, aim, guarded, lucks[0], word, live, leave, leaves, room.number, kept, code,
           s_step, structure, key, begin, bars, waits_for, l_first, l_step, l_party, l_entry, l_bar,
           l_key, i_first, i_step, before, after, useful)
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
        slot = place >> shift
        if now > until[slot] or (live[slot] == 0 and losses[slot] != NOTHING):
            continue
        step, party, luck = place - (slot << shift), parties[slot], lucks[slot]
        base = s_step[structure[party]]
        if since[slot] == OUTSIDE:
            since[slot] = now
            room.came[slot] = NOTHING if parents[place] < 0 else parties[parents[place] >> shift]
        if perils[base + step] == aim and aim >= 0 and losses[slot] == NOTHING:
            if state < 0:
                state = place_in(field.states, unit(node_word(word, 0, SEVERITY)))
            found = state * bins + place_in(cuts[1:], unit(node_word(luck, 0, SEVERITY)))
            losses[slot] = ground_up[party, aim, found]
            room.impact[slot], room.bin[slot] = place, found
            if live[slot] == 0:
                continue
        leaving = draw_word(luck, code[base + step] ^ LEAVES)
        if aim < 0:
            first = s_edge[base + step]
            inside = s_edge[base + step + 1] - first
        else:
            row = aim * steps + base + step
            first = r_first[row]
            inside = r_first[row + 1] - first
        for way in range(inside + live[slot]):
            if way < inside:
                edge = first + way if aim < 0 else r_edge[first + way]
                there, there_base, there_luck = party, base, luck
                other, far = target[edge] if aim < 0 else r_target[first + way], slot
            else:
                edge = leaves[leave[slot] + way - inside]
                if l_step[edge] != step:
                    continue
                there, other = l_party[edge], l_entry[edge]
                if entered[there] != stamp:
                    entered[there], slots[there] = stamp, number
                    parties[number], since[number], losses[number] = there, OUTSIDE, NOTHING
                    lucks[number] = node_word(word, key[there], LUCK)
                    until[number] = days(containment[there, 0], containment[there, 1],
                                          node_word(lucks[number], 0, CONTAINMENT))
                    _enter(number, there, aim, guarded, lucks[number], word, live, leave, leaves,
                           room.number, kept, code, s_step, structure, key, begin, bars, waits_for,
                           l_first, l_step, l_party, l_entry, l_bar, l_key, i_first, i_step, before,
                           after, useful)
                    number += 1
                far = slots[there]
                there_base, there_luck = s_step[structure[there]], lucks[far]
            if way < inside and other < SETS and not holds(kept[slot, 0], kept[slot, 1], other):
                continue
            reached = (far << shift) + other
            fresh = stamps[reached] != stamp
            if fresh:
                bar = bars[begin[there] + other]
                if not passes(bar, draw_word(there_luck, code[there_base + other])):
                    stamps[reached], left[reached] = stamp, -1
                    continue
            elif left[reached] < 0:
                continue
            if way < inside:
                later = now + days(mu[edge], sigma[edge],
                                    draw_word(leaving, code[there_base + other]))
            else:
                later = now + days(l_mu[edge], l_sigma[edge],
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
