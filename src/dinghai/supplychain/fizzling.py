"""Which events cost something: most attempts fail at their first steps, and are told apart quickly.

An event surely costs nothing and goes nowhere where every impact that it aims at fails, or no way
leads there or to a link that lets it through: so much is told without times. What is tried has the
same luck as in `strikes`, which need not run for such an event. What is left may still come to
nothing: it may take too long, or fail where it goes on to.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.supplychain.draws import draw_word, node_word, unit, world_word
from dinghai.supplychain.passage import CERTAIN
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.strikes import LEAVES, LUCK

GUIDE: Final = 1 << 16
BATCH: Final = 1 << 12
"""Events that are told apart at a time."""


def guide_to(cumulative: Floats) -> Places:
    """For each of many equal parts of the chance, the first place above its beginning."""
    places: npt.NDArray[np.int32] = np.searchsorted(
        cumulative, np.arange(GUIDE) / GUIDE, side="right").astype(np.int32)
    return places


@njit(cache=True, nogil=True)
def survivors(  # type: ignore[no-untyped-def]
    field, room, cumulative, guide, key, from_event, to_event, starts, found, begins
):
    """Find the events that do not fizzle: ``found`` their numbers, ``begins`` where they start
    (party × perils + aim); how many they are. Those that fizzle are counted in ``starts``.

    An event is stamped with its number + 1.
    """
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    s_step, s_start, waits_for, code = field.s_step, field.s_start, field.waits_for, field.code
    structure, keys, firsts, bars = field.structure, field.key, field.begin, field.bars
    l_first, l_step, l_party, l_entry = field.l_first, field.l_step, field.l_party, field.l_entry
    l_bar, l_key = field.l_bar, field.l_key
    i_first, i_step, r_first, r_target = field.i_first, field.i_step, field.r_first, field.r_target
    wanted, tried, needed, stack = room.wanted, room.tried, room.needed, room.stack
    perils, steps, number = field.ground_up.shape[1], s_step[s_step.shape[0] - 1], 0
    for event in range(from_event, to_event):
        word, stamp = world_word(key, event), event + 1
        chance = unit(draw_word(word, 0))
        start = guide[np.int64(chance * GUIDE)]
        while cumulative[start] <= chance:
            start += 1
        root = start // perils
        aim = start - root * perils
        shape = structure[root]
        base, begin = s_step[shape], firsts[root]
        luck = node_word(word, keys[root], LUCK)
        hope = False
        for place in range(i_first[shape * perils + aim], i_first[shape * perils + aim + 1]):
            step = i_step[place]
            bar = bars[begin + step]
            if bar == CERTAIN or (bar != 0 and draw_word(luck, code[base + step]) <= bar):
                wanted[step] = stamp
                hope = True
        for link in range(l_first[root], l_first[root + 1]):
            step, bar = l_step[link], l_bar[link]
            if wanted[step] == stamp or bar == 0 or draw_word(
                    draw_word(luck, code[base + step] ^ LEAVES), l_key[link]) > bar:
                continue
            there, entry = l_party[link], l_entry[link]
            bar = bars[firsts[there] + entry]
            if bar == CERTAIN or (bar != 0 and draw_word(
                    node_word(word, keys[there], LUCK),
                    code[s_step[structure[there]] + entry]) <= bar):
                wanted[step] = stamp
                hope = True
        alive = False
        if hope:
            first = s_start[shape]
            alive = wanted[first] == stamp
            tried[first], stack[0], height = stamp, first, 1
            useful = aim * steps + base
            while height > 0 and not alive:
                height -= 1
                step = stack[height]
                for edge in range(r_first[useful + step], r_first[useful + step + 1]):
                    other = r_target[edge]
                    if tried[other] != stamp:
                        tried[other] = stamp
                        bar = bars[begin + other]
                        opened = bar == CERTAIN or (
                            bar != 0 and draw_word(luck, code[base + other]) <= bar)
                        needed[other] = waits_for[base + other] if opened else 0
                    if needed[other] > 0:
                        needed[other] -= 1
                        if waits_for[base + other] == 1:
                            needed[other] = 0
                        if needed[other] == 0:
                            if wanted[other] == stamp:
                                alive = True
                                break
                            stack[height] = other
                            height += 1
        if alive:
            found[number], begins[number] = event, start
            number += 1
        else:
            starts[root] += 1
    return number
