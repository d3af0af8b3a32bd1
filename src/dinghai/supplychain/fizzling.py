"""Which events cost something: most attempts fail at their first steps, and are told apart quickly.

An event surely costs nothing and goes nowhere where every impact that it aims at fails, or no way
leads there or to a link that lets it through: so much is told without times. One that could never
leave the firm where it begins is a race of few steps against the firm's containment, and is run
here at once. What is tried has the same luck as in `strikes`, which runs what may go on.

Events that start alike are tried up to 64 at a time: for each step of the firm one word says, bit
by bit, in which of them it succeeds, and what can be reached is found for all of them together.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.supplychain.draws import GOLDEN, draw_word, mixed, node_word, unit, world_word
from dinghai.supplychain.lending import uncounted
from dinghai.supplychain.openings import (
    LEAVES,
    LUCK,
    NONE,
    ONE,
    SETS,
    leading_to,
    leads_on,
    next_step,
    place_of,
    with_step,
)
from dinghai.supplychain.passage import CERTAIN
from dinghai.supplychain.races import takes_in_time
from dinghai.supplychain.step_graph import Floats, Places, Words
from dinghai.supplychain.strikes import CONTAINMENT, NOTHING, SEVERITY, place_in

GUIDE: Final = 1 << 16
BATCH: Final = 1 << 22
"""Events that are told apart at a time, those that start alike one after another."""
LANES: Final = 64
GOES_ON: Final = -1
"""In place of a bin: the event may leave the firm where it begins."""
FIZZLES: Final = -2
"""In place of a bin: the event strikes nobody."""


def guide_to(cumulative: Floats) -> Places:
    """For each of many equal parts of the chance, the first place above its beginning."""
    places: npt.NDArray[np.int32] = np.searchsorted(
        cumulative, np.arange(GUIDE) / GUIDE, side="right").astype(np.int32)
    return places


class Apart(NamedTuple):
    """Room for a batch of events; by event: where it starts (``begin``: party × perils + aim), and
    the ``bin`` of the impact where it alone strikes, `GOES_ON` or `FIZZLES`. ``order`` are the
    events by where they start, those of each start up to ``until``. Of up to 64 events at a time,
    the lanes: their ``word`` and ``luck``; in which of them, a bit each, a step succeeds
    (``opened``) and is ``reached``, and a link of the party lets the event through (``crossed``).
    """

    begin: Places
    bin: Places
    order: Places
    until: Places
    word: Words
    luck: Words
    opened: Words
    reached: Words
    crossed: Words


@njit(cache=True, nogil=True)
def apart_for(field, cumulative, events):  # type: ignore[no-untyped-def]
    """Room for so many events, at most a batch."""
    size, links = min(events, BATCH), 0
    for party in range(field.structure.shape[0]):
        links = max(links, field.l_first[party + 1] - field.l_first[party])
    return Apart(np.empty(size, dtype=np.int32), np.empty(size, dtype=np.int32),
                 np.empty(size, dtype=np.int32), np.empty(cumulative.shape[0], dtype=np.int32),
                 np.zeros(LANES, dtype=np.uint64), np.zeros(LANES, dtype=np.uint64),
                 np.empty(SETS, dtype=np.uint64), np.empty(SETS, dtype=np.uint64),
                 np.empty(links, dtype=np.uint64))


@njit(cache=True, nogil=True, forceinline=True)
def _succeeds(bar, code, luck, lanes):  # type: ignore[no-untyped-def]
    """In which lanes a step's draw is below its bar."""
    if bar == CERTAIN:
        return ~NONE
    found, salt = NONE, (code + ONE) * GOLDEN
    if bar != 0:
        for lane in range(lanes):
            found |= np.uint64(mixed(luck[lane] + salt) <= bar) << np.uint64(lane)
    return found


@njit(cache=True, nogil=True, forceinline=True)
def _crosses(bar, code, key, luck, lanes):  # type: ignore[no-untyped-def]
    """In which lanes a link lets the event through."""
    found, salt, other = NONE, ((code ^ LEAVES) + ONE) * GOLDEN, (key + ONE) * GOLDEN
    if bar != 0:
        for lane in range(lanes):
            found |= np.uint64(mixed(mixed(luck[lane] + salt) + other) <= bar) << np.uint64(lane)
    return found


@njit(cache=True, nogil=True, forceinline=True)
def _spread(base, first, useful_low, useful_high, opened, reached, before, after, waits_for):  # type: ignore[no-untyped-def]
    """Let what is reached in each lane lead on from the first step to useful steps that succeed,
    until nothing does. Only steps that something new leads to are looked at."""
    low, high = after[base + first, 0] & useful_low, after[base + first, 1] & useful_high
    while low != NONE or high != NONE:
        low, high, step = next_step(low, high)
        missing = opened[step] & ~reached[step]
        if missing == NONE:
            continue
        every = waits_for[base + step] > 1
        come = ~NONE if every else NONE
        from_low, from_high = before[base + step, 0], before[base + step, 1]
        while from_low != NONE or from_high != NONE:
            from_low, from_high, other = next_step(from_low, from_high)
            come = come & reached[other] if every else come | reached[other]
        if come & missing != NONE:
            reached[step] |= come & missing
            low |= after[base + step, 0] & useful_low
            high |= after[base + step, 1] & useful_high


@uncounted
def _by_start(cumulative, guide, key, from_event, to_event, begin, order, until):  # type: ignore[no-untyped-def]
    """Draw where events start, and put them in order of it."""
    until[:] = 0
    for event in range(from_event, to_event):
        chance = unit(draw_word(world_word(key, event), 0))
        start = guide[np.int64(chance * GUIDE)]
        while cumulative[start] <= chance:
            start += 1
        begin[event - from_event] = start
        until[start] += 1
    total = np.int32(0)
    for start in range(until.shape[0]):
        until[start], total = total, total + until[start]
    for place in range(to_event - from_event):
        start = begin[place]
        order[until[start]] = place
        until[start] += 1


@uncounted
def tell_apart(  # type: ignore[no-untyped-def]
    field, room, cumulative, guide, key, from_event, to_event, horizon, starts, apart
):
    """Tell events of a batch apart, by their place in it. Those that fizzle are counted in
    ``starts``; how many do not, whose places then stand in ``order``, in their order."""
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    s_step, s_start, waits_for, code = field.s_step, field.s_start, field.waits_for, field.code
    structure, keys, firsts, bars = field.structure, field.key, field.begin, field.bars
    l_first, l_step, l_party, l_entry = field.l_first, field.l_step, field.l_party, field.l_entry
    l_bar, l_key = field.l_bar, field.l_key
    i_first, i_step, useful = field.i_first, field.i_step, field.useful
    r_first, r_edge, r_target = field.r_first, field.r_edge, field.r_target
    mu, sigma, containment = field.mu, field.sigma, field.containment
    before, after, states, cuts = field.before, field.after, field.states, field.cuts[1:]
    due, waiting = room.due, room.open_edges
    bins, order, until, words, lucks = (apart.bin, apart.order, apart.until, apart.word,
                                        apart.luck)
    opened, reached, crossed = apart.opened, apart.reached, apart.crossed
    perils, shapes, steps = field.ground_up.shape[1], s_step.shape[0] - 1, code.shape[0]
    _by_start(cumulative, guide, key, from_event, to_event, apart.begin, order, until)
    last = 0
    for start in range(until.shape[0]):
        first_place, last = last, until[start]
        if first_place == last:
            continue
        root = start // perils
        aim = start - root * perils
        shape = structure[root]
        base, begin, first = s_step[shape], firsts[root], s_start[shape]
        wide = s_step[shape + 1] - base > SETS
        row = aim * shapes + shape
        useful_low, useful_high = useful[row, 0], useful[row, 1]
        first_link, last_link = l_first[root], l_first[root + 1]
        impacts_low = impacts_high = NONE
        for impact in range(i_first[shape * perils + aim], i_first[shape * perils + aim + 1]):
            impacts_low, impacts_high = with_step(impacts_low, impacts_high, i_step[impact])
        for ordered in range(first_place, last, LANES):
            lanes = min(LANES, last - ordered)
            for lane in range(lanes):
                place = order[ordered + lane]
                bins[place] = FIZZLES
                words[lane] = world_word(key, from_event + place)
                lucks[lane] = node_word(words[lane], keys[root], LUCK)
            if wide:
                for lane in range(lanes):
                    bins[order[ordered + lane]] = GOES_ON
                continue
            hope = NONE
            low, high = impacts_low, impacts_high
            while low != NONE or high != NONE:
                low, high, step = next_step(low, high)
                opened[step] = _succeeds(bars[begin + step], code[base + step], lucks, lanes)
                hope |= opened[step]
            for link in range(first_link, last_link):
                crossed[link - first_link] = _crosses(
                    l_bar[link], code[base + l_step[link]], l_key[link], lucks, lanes)
                hope |= crossed[link - first_link]
            starts[root] += lanes
            if hope == NONE:
                continue
            low, high = useful_low & ~impacts_low, useful_high & ~impacts_high
            while low != NONE or high != NONE:
                low, high, step = next_step(low, high)
                opened[step] = _succeeds(bars[begin + step], code[base + step], lucks, lanes)
            reached[:s_step[shape + 1] - base] = NONE
            reached[first] = hope
            _spread(base, first, useful_low, useful_high, opened, reached, before, after,
                    waits_for)
            alive = NONE
            low, high = impacts_low, impacts_high
            while low != NONE or high != NONE:
                low, high, step = next_step(low, high)
                alive |= reached[step]
            for link in range(first_link, last_link):
                crossed[link - first_link] &= reached[l_step[link]]
                alive |= crossed[link - first_link]
            if lanes < LANES:
                alive &= (ONE << np.uint64(lanes)) - ONE
            while alive != NONE:
                bit = alive & (~alive + ONE)
                alive ^= bit
                lane = place_of(bit)
                place, word, luck = order[ordered + lane], words[lane], lucks[lane]
                goes_on = False
                for link in range(first_link, last_link):
                    if crossed[link - first_link] & bit != NONE and leads_on(
                            l_party[link], l_entry[link], aim, word, code, s_step, structure, keys,
                            firsts, bars, waits_for, l_first, l_step, l_party, l_entry, l_bar,
                            l_key, i_first, i_step, before, after, useful):
                        goes_on = True
                        break
                if goes_on:
                    bins[place] = GOES_ON
                    starts[root] -= 1
                    continue
                low, high = _of_lane(bit, useful_low, useful_high, reached)
                low, high = with_step(low, high, first)
                goal_low, goal_high = impacts_low & low, impacts_high & high
                if goal_low | goal_high == NONE:
                    continue
                low, high = leading_to(goal_low, goal_high, low, high, base, before)
                if takes_in_time(
                        base, aim * steps + base, first, goal_low, goal_high, low, high, luck,
                        node_word(luck, 0, CONTAINMENT), containment[root, 0],
                        containment[root, 1], horizon, code, mu, sigma, waits_for, r_first, r_edge,
                        r_target, due, waiting):
                    state = place_in(states, unit(node_word(word, 0, SEVERITY)))
                    bins[place] = state * cuts.shape[0] + place_in(
                        cuts, unit(node_word(luck, 0, SEVERITY)))
                    starts[root] -= 1
    number = 0
    for place in range(to_event - from_event):
        order[number] = place
        number += bins[place] != FIZZLES
    return number


@njit(cache=True, nogil=True, forceinline=True)
def _of_lane(bit, useful_low, useful_high, reached):  # type: ignore[no-untyped-def]
    """The useful steps that are reached in a lane."""
    low = high = NONE
    todo_low, todo_high = useful_low, useful_high
    while todo_low != NONE or todo_high != NONE:
        todo_low, todo_high, step = next_step(todo_low, todo_high)
        if reached[step] & bit != NONE:
            low, high = with_step(low, high, step)
    return low, high


@njit(cache=True, nogil=True, forceinline=True)
def struck_alone(field, room, root, aim, found):  # type: ignore[no-untyped-def]
    """Put into the room an event that struck the firm where it began, and nobody else."""
    room.number[0] = 1
    room.party[0], room.since[0], room.came[0] = root, 0.0, NOTHING
    room.loss[0], room.bin[0] = field.ground_up[root, aim, found], found
