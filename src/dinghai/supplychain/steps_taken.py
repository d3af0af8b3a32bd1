"""Which steps an event took: read off the room that `strike` leaves behind, for other kernels."""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import njit

from dinghai.supplychain.draws import draw_word, node_word, unit
from dinghai.supplychain.passage import CERTAIN
from dinghai.supplychain.strikes import NOTHING, SEVERITY

SETTLED: Final = -1


@njit(cache=True, nogil=True)
def step_taken(field, room, slot, step, stamp):  # type: ignore[no-untyped-def]
    """Whether the party in a slot suffered a step: tried, succeeded, and not contained before."""
    place = slot * room.width + step
    if room.stamp[place] != stamp or room.left[place] != SETTLED:
        return False
    party = room.party[slot]
    shape = field.structure[party]
    if room.came[slot] == SETTLED and step == field.s_start[shape] and room.since[slot] == 0.0:
        return True  # where the event begins nothing is tried
    bar = field.bars[field.begin[party] + step]
    if bar == 0:
        return False
    if bar != CERTAIN and draw_word(
            room.luck[slot], field.code[field.s_step[shape] + step]) > bar:
        return False
    return room.time[place] <= room.until[slot]


@njit(cache=True, nogil=True)
def got_in(field, room, slot, stamp):  # type: ignore[no-untyped-def]
    """Whether an event got into the party in a slot: it took a step there beyond the start of an
    attempt. A provider's one step is its compromise."""
    if room.number[0] <= slot:
        return False
    shape = field.structure[room.party[slot]]
    start = field.s_start[shape]
    steps = field.s_step[shape + 1] - field.s_step[shape]
    if steps == 1:
        return step_taken(field, room, slot, 0, stamp)
    stamps, left, base = room.stamp, room.left, slot * room.width
    for step in range(steps):
        if step != start and stamps[base + step] == stamp and left[base + step] == SETTLED and (
                step_taken(field, room, slot, step, stamp)):
            return True
    return False


@njit(cache=True, nogil=True)
def perils_hit(field, room, stamp, masks):  # type: ignore[no-untyped-def]
    """By slot, which perils' impacts the event took there, whatever it aims at: a bit for each
    peril. All bits together."""
    s_step, perils, structure = field.s_step, field.peril, field.structure
    stamps, left, parties, width = room.stamp, room.left, room.party, room.width
    whole = np.int64(0)
    for slot in range(room.number[0]):
        shape, mask = structure[parties[slot]], np.int64(0)
        base, first = slot * width, s_step[shape]
        for place in range(first, s_step[shape + 1]):
            here = base + place - first
            if perils[place] >= 0 and stamps[here] == stamp and left[here] == SETTLED:
                bit = np.int64(1) << np.int64(perils[place])
                if mask & bit == 0 and step_taken(field, room, slot, place - first, stamp):
                    mask |= bit
        masks[slot] = mask
        whole |= mask
    return whole


@njit(cache=True, nogil=True)
def aim_at(field, room, aim, word, masks):  # type: ignore[no-untyped-def]
    """Let the event in the room aim at a peril: losses and bins as `strike` would have set them."""
    cuts, bins = field.cuts, field.cuts.shape[0] - 1
    state = _place_in(field.states, unit(node_word(word, 0, SEVERITY)))
    for slot in range(room.number[0]):
        room.loss[slot] = NOTHING
        if masks[slot] >> np.int64(aim) & np.int64(1):
            found = state * bins + _place_in(
                cuts[1:], unit(node_word(room.luck[slot], 0, SEVERITY)))
            room.loss[slot] = field.ground_up[room.party[slot], aim, found]
            room.bin[slot] = found


@njit(cache=True, nogil=True, inline="always")
def _place_in(cumulative, chance):  # type: ignore[no-untyped-def]
    low, high = 0, cumulative.shape[0] - 1
    while low < high:
        middle = (low + high) >> 1
        if chance < cumulative[middle]:
            high = middle
        else:
            low = middle + 1
    return low


@njit(cache=True, nogil=True)
def chain_of_places(room, place, out):  # type: ignore[no-untyped-def]
    """The places from where the event began to a place it reached, in ``out``; their number. A step
    that waits for all is reached by way of the last of them."""
    number = 0
    here = np.int64(place)
    while here >= 0 and number < out.shape[0]:
        out[number] = here
        number += 1
        here = np.int64(room.parent[here])
    for one in range(number // 2):
        out[one], out[number - 1 - one] = out[number - 1 - one], out[one]
    return number
