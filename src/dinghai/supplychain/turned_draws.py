"""Which draws of an event fall differently under a change, and whether it needed them: for kernels.

An event that was run stands in its room with the steps that it tried. A change that turns no draw
that the event needed for what it struck leaves all of that as it is, at the same times.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from dinghai.foundation.streams import normal_quantile
from dinghai.supplychain.draws import draw_word, node_word, unit
from dinghai.supplychain.openings import LEAVES, ONE, SETS
from dinghai.supplychain.passage import CERTAIN, quick_exponential
from dinghai.supplychain.strikes import CONTAINMENT, NOTHING


@njit(cache=True, nogil=True)
def mark_needed(field, room, aim, stamp, marks, stack) -> None:  # type: ignore[no-untyped-def]
    """Mark the places of the steps by which the event in the room came to what it struck: those
    that it was reached from, and all before a step that waits for several. If other steps are not
    taken, all these are taken still, at the same times."""
    steps, height = field.s_step[field.s_step.shape[0] - 1], 0
    for slot in range(room.number[0]):
        if room.loss[slot] != NOTHING:
            marks[room.impact[slot]] = stamp
            stack[height] = room.impact[slot]
            height += 1
    while height > 0:
        height -= 1
        place = stack[height]
        if room.parent[place] >= 0 and marks[room.parent[place]] != stamp:
            marks[room.parent[place]] = stamp
            stack[height] = room.parent[place]
            height += 1
        slot = place >> room.shift
        step, base = place - (slot << room.shift), field.s_step[field.structure[room.party[slot]]]
        if field.waits_for[base + step] < 2:
            continue
        last = field.s_step[field.structure[room.party[slot]] + 1]
        for other in range(last - base):
            there = (slot << room.shift) + other
            if room.stamp[there] != stamp or marks[there] == stamp:
                continue
            row = aim * steps + base + other
            for edge in range(field.r_first[row], field.r_first[row + 1]):
                if field.r_target[edge] == step:
                    marks[there] = stamp
                    stack[height] = there
                    height += 1
                    break


@njit(cache=True, nogil=True)
def list_taken(field, room, party, root, stamp, marks, steps, words, needed):  # type: ignore[no-untyped-def]
    """The steps of a party that the event in the room tried and that succeeded, with what was drawn
    (nothing, where it begins) and whether they were needed; how many they are."""
    slot, number = room.slot[party], 0
    luck, shape = room.luck[slot], field.structure[party]
    base, own, start = field.s_step[shape], field.begin[party], field.s_start[shape]
    for step in range(field.s_step[shape + 1] - base):
        place = slot * room.width + step
        if room.stamp[place] != stamp:
            continue
        word = np.uint64(0)
        if step != start or party != root:
            bar, word = field.bars[own + step], draw_word(luck, field.code[base + step])
            if bar != CERTAIN and (bar == 0 or word > bar):
                continue
        steps[number], words[number], needed[number] = step, word, marks[place] == stamp
        number += 1
    return number


@njit(cache=True, nogil=True)
def link_turned(field, luck, source, link, bar):  # type: ignore[no-untyped-def]
    """Whether a link lets an event through that it does not under another bar."""
    code = field.code[field.s_step[field.structure[source]] + field.l_step[link]]
    drawn = draw_word(draw_word(luck, code ^ LEAVES), field.l_key[link])
    return field.l_bar[link] != 0 and drawn <= field.l_bar[link] and (bar == 0 or drawn > bar)


@njit(cache=True, nogil=True)
def steps_turned(bars, begin, steps, words, needed, number, start, out):  # type: ignore[no-untyped-def]
    """The steps that fail under the bars from ``begin`` on, as two words in ``out`` and, for those
    from the 128th on, how many in the third; whether a needed one is among them."""
    out[:] = 0
    found = False
    for place in range(number):
        step, bar = steps[place], bars[begin + steps[place]]
        if bar == CERTAIN or step == start or (bar != 0 and words[place] <= bar):
            continue
        found = found or needed[place]
        if step < SETS:
            out[step >> 6] |= ONE << np.uint64(step & 63)
        else:
            out[2] += ONE
    return found


@njit(cache=True, nogil=True)
def slack_of(field, room, horizon, stamp):  # type: ignore[no-untyped-def]
    """By what factor all times of an event may grow so that every step is still taken."""
    slack = np.inf
    for slot in range(room.number[0]):
        shape = field.structure[room.party[slot]]
        until = room.until[slot]
        for step in range(field.s_step[shape + 1] - field.s_step[shape]):
            at = slot * room.width + step
            if room.stamp[at] == stamp and 0.0 < room.time[at] <= until:
                slack = min(slack, min(until, horizon) / room.time[at])
    return slack


@njit(cache=True, nogil=True)
def contained_at(mean, spread, luck):  # type: ignore[no-untyped-def]
    """When an event is contained at a party with that luck."""
    return quick_exponential(mean + spread * normal_quantile(
        unit(node_word(luck, 0, CONTAINMENT))))


@njit(cache=True, nogil=True)
def latest_needed(room, slot, steps, needed, number):  # type: ignore[no-untyped-def]
    """When the last of the needed steps of a party was taken."""
    latest = 0.0
    for place in range(number):
        if needed[place]:
            latest = max(latest, room.time[slot * room.width + steps[place]])
    return latest
