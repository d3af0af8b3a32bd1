"""What an event could come to at a party, were there time for all of it: sets of steps, no times.

A step's luck is drawn when the event first comes to it, and is what `strikes` draws. Sets hold the
first 128 steps of a structure as two words; what a wider structure leads to is not told apart.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

from dinghai.supplychain.draws import draw_word, node_word
from dinghai.supplychain.lending import uncounted
from dinghai.supplychain.passage import CERTAIN

LUCK: Final = 1
SETS: Final = 128
LEAVES = np.uint64(0xD6E8FEB86659FD93)
ONE, NONE = np.uint64(1), np.uint64(0)


@intrinsic
def _zeros_below(typing: Any, word: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.uint64), code


@njit(cache=True, nogil=True, inline="always")
def passes(bar, word):  # type: ignore[no-untyped-def]
    """Whether a draw is below a bar."""
    return bar == CERTAIN or (bar != 0 and word <= bar)


@njit(cache=True, nogil=True, inline="always")
def place_of(bit):  # type: ignore[no-untyped-def]
    """Where a word's only bit stands."""
    return _zeros_below(bit)  # type: ignore[call-arg]


@njit(cache=True, nogil=True, inline="always")
def holds(low, high, step):  # type: ignore[no-untyped-def]
    """Whether a set holds a step."""
    if step < 64:
        return ((low >> np.uint64(step)) & ONE) != NONE
    return ((high >> np.uint64(step - 64)) & ONE) != NONE


@njit(cache=True, nogil=True, inline="always")
def next_step(low, high):  # type: ignore[no-untyped-def]
    """The first step of a set that is not empty, and the set without it."""
    if low != NONE:
        return low & (low - ONE), high, _zeros_below(low)  # type: ignore[call-arg]
    return low, high & (high - ONE), 64 + _zeros_below(high)  # type: ignore[call-arg]


@njit(cache=True, nogil=True, inline="always")
def with_step(low, high, step):  # type: ignore[no-untyped-def]
    """A set with one step more; none beyond those that sets hold."""
    if step < 64:
        return low | ONE << np.uint64(step), high
    if step < SETS:
        return low, high | ONE << np.uint64(step - 64)
    return low, high


@njit(cache=True, nogil=True, forceinline=True)
def reached_from(  # type: ignore[no-untyped-def]
    entry, base, first, luck, either, useful_low, useful_high, code, bars, waits_for, before, after
):
    """The steps that an event comes to from a step of a party whose steps stand from ``base`` and
    whose bars from ``first`` on, as two words. Only useful steps are looked at; with ``either`` a
    step that waits for all waits for one."""
    low, high = with_step(NONE, NONE, entry)
    todo_low, todo_high = low, high
    left_low, left_high = useful_low & ~low, useful_high & ~high
    while todo_low != NONE or todo_high != NONE:
        todo_low, todo_high, step = next_step(todo_low, todo_high)
        new_low = after[base + step, 0] & left_low
        new_high = after[base + step, 1] & left_high
        while new_low != NONE or new_high != NONE:
            new_low, new_high, other = next_step(new_low, new_high)
            opened = passes(bars[first + other], draw_word(luck, code[base + other]))
            if opened and not either and waits_for[base + other] > 1 and (
                    (before[base + other, 0] & ~low) | (before[base + other, 1] & ~high)) != NONE:
                continue  # another of those that it waits for may come
            one_low, one_high = with_step(NONE, NONE, other)
            left_low &= ~one_low
            left_high &= ~one_high
            if opened:
                low |= one_low
                high |= one_high
                todo_low |= one_low
                todo_high |= one_high
    return low, high


@njit(cache=True, nogil=True, forceinline=True)
def leading_to(  # type: ignore[no-untyped-def]
    low, high, opened_low, opened_high, base, before
):
    """Of the opened steps, those that the steps of a set can be reached from, and the set."""
    todo_low, todo_high = low, high
    while todo_low != NONE or todo_high != NONE:
        todo_low, todo_high, step = next_step(todo_low, todo_high)
        more = before[base + step, 0] & opened_low & ~low
        low |= more
        todo_low |= more
        more = before[base + step, 1] & opened_high & ~high
        high |= more
        todo_high |= more
    return low, high


@njit(cache=True, nogil=True, inline="always")
def gets_in(party, entry, word, code, s_step, structure, key, begin, bars):  # type: ignore[no-untyped-def]
    """Whether a step of a party lets an event in that comes to it."""
    return passes(bars[begin[party] + entry], draw_word(
        node_word(word, key[party], LUCK), code[s_step[structure[party]] + entry]))


@uncounted
def leads_on(  # type: ignore[no-untyped-def]
    party, entry, aim, word, code, s_step, structure, key, begin, bars, waits_for, l_first, l_step,
    l_party, l_entry, l_bar, l_key, i_first, i_step, before, after, useful
):
    """Whether an event that comes into a party at a step gets in, and could there come to an impact
    of its aim or go on to a party that lets it in."""
    shape, luck, first = structure[party], node_word(word, key[party], LUCK), begin[party]
    base, shapes = s_step[shape], s_step.shape[0] - 1
    if not passes(bars[first + entry], draw_word(luck, code[base + entry])):
        return False
    if s_step[shape + 1] - base > SETS:
        return True
    row = aim * shapes + shape
    low, high = reached_from(entry, base, first, luck, True, useful[row, 0], useful[row, 1], code,
                             bars, waits_for, before, after)
    perils = (i_first.shape[0] - 1) // shapes
    for place in range(i_first[shape * perils + aim], i_first[shape * perils + aim + 1]):
        if holds(low, high, i_step[place]):
            return True
    for link in range(l_first[party], l_first[party + 1]):
        step, bar = l_step[link], l_bar[link]
        if bar != 0 and holds(low, high, step) and draw_word(
                draw_word(luck, code[base + step] ^ LEAVES), l_key[link]) <= bar and gets_in(
                l_party[link], l_entry[link], word, code, s_step, structure, key, begin, bars):
            return True
    return False
