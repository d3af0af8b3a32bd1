"""Worlds of an independent cascade 64 at a time: bit w of a word says what is so in world w.

An edge's word says in which of the 64 worlds it carries. World w has a uniform number for the edge,
and what is drawn of the 64 numbers is their binary digits, the first digits of all of them, then
the second ones, until every number is known to lie below the edge's chance or above it: after k
digits one in 2^k is still open, so about eight draws decide 64 worlds, exactly. A node passes on
the worlds in which it is newly reached, so an edge is looked at a few times for all 64 together.
Numbers hang on (world, edge) alone: a larger chance never reaches less.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from dinghai.supplychain.draws import GATE, LEAVING, draw_word, mixed, node_word, world_word
from dinghai.supplychain.step_graph import Places, StepGraph, Words

TOGETHER: Final = 64
"""Worlds in a word."""
_DIGITS: Final = 52
"""Binary digits of a chance."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ALL, _NONE, _ONE = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0), np.uint64(1)
_FIRST_DIGIT, _TOP = np.uint64(_DIGITS - 1), np.uint64(_DIGITS)
_FIVES, _THREES = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333)
_NIBBLES, _EACH = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x0101010101010101)
_S1, _S2, _S4, _S56 = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)


def packed_spread(
    graph: StepGraph, seeds: Places, key: np.uint64, first_world: int, blocks: int,
    sizes: npt.NDArray[np.int32], losses: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """Fill sizes and losses by world, and return worlds by node. World w is the same in any cut."""
    worlds = len(sizes)
    reached = np.zeros((min(blocks, max(worlds, 1)), graph.nodes), dtype=np.int64)
    special = graph.waits_for_all | (graph.chance < 1.0)
    entering, slot = _slots(graph)
    _groups(
        graph.start, graph.target, _digits(graph.edge_chance), graph.node_key, graph.edge_key,
        special, graph.waits_for_all, _digits(graph.chance), entering, slot, graph.loss, seeds,
        key, first_world, sizes, losses, reached)
    total: npt.NDArray[np.int64] = reached.sum(axis=0)
    return total


def _digits(chances: npt.NDArray[np.float64]) -> Words:
    """Chances in parts of 2^52: a number of so many digits lies below its chance that often."""
    return np.ceil(np.clip(chances, 0.0, 1.0) * float(1 << _DIGITS)).astype(np.uint64)


def _slots(graph: StepGraph) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Where the edges into each AND node stand side by side: by node where they begin (one more at
    the end), by edge its place. Edges into OR nodes have none."""
    into = graph.waits_for_all[graph.target] if graph.edges else np.zeros(0, dtype=np.bool_)
    counts = np.where(graph.waits_for_all, graph.needed, 0)
    entering = np.zeros(graph.nodes + 1, dtype=np.int64)
    np.cumsum(counts, out=entering[1:])
    if not into.any():
        return entering, np.zeros(0, dtype=np.int64)
    slot = np.full(graph.edges, -1, dtype=np.int64)
    chosen = np.flatnonzero(into)
    order = chosen[np.argsort(graph.target[chosen], kind="stable")]
    slot[order] = np.arange(len(order))
    return entering, slot


@njit(cache=True, nogil=True, inline="always")
def worlds_below(word, digits):  # type: ignore[no-untyped-def]
    """In which of 64 worlds a uniform number lies below a chance given by its binary digits."""
    if digits >> _TOP:
        return _ALL
    below, still, digit = _NONE, _ALL, _FIRST_DIGIT
    if digits == _NONE:
        return below
    while True:
        word += _GOLDEN
        drawn = mixed(word)
        mine = _NONE - ((digits >> digit) & _ONE)
        below |= still & ~drawn & mine
        still &= ~(drawn ^ mine)
        if still == _NONE or digit == _NONE:
            return below
        digit -= _ONE


@njit(cache=True, nogil=True, inline="always")
def ones(word):  # type: ignore[no-untyped-def]
    """How many bits are set."""
    word -= (word >> _S1) & _FIVES
    word = (word & _THREES) + ((word >> _S2) & _THREES)
    word = (word + (word >> _S4)) & _NIBBLES
    return np.int64((word * _EACH) >> _S56)


@njit(cache=True, nogil=True, inline="always")
def _let_through(  # type: ignore[no-untyped-def]
    node, edge, come, word, waits_for_all, gates, node_key, entering, slot, arrived
):
    """Of the worlds in which an edge comes into a node of its own rules, those that reach it."""
    if waits_for_all[node]:
        arrived[slot[edge]] |= come
        for one in range(entering[node], entering[node + 1]):
            come &= arrived[one]
    if come and gates[node] >> _TOP == _NONE:
        come &= worlds_below(node_word(word, node_key[node], GATE), gates[node])
    return come


@njit(cache=True, nogil=True)
def _group(  # type: ignore[no-untyped-def]
    word, valid, start, target, digits, node_key, edge_key, special, waits_for_all, gates,
    entering, slot, seeds, reach, passed_on, drawn, queue, live, arrived
):
    """Fill ``reach``, the worlds of one group by node. A node waits in the queue, a ring of 2^n,
    while it is reached in worlds that it has not passed on; that is told without a branch."""
    reach[:], passed_on[:], drawn[:], arrived[:] = _NONE, _NONE, False, _NONE
    any_special, ring = special.any(), queue.shape[0] - 1
    head = tail = 0
    for node in seeds:
        queue[tail] = node
        tail += reach[node] == _NONE
        reach[node] = valid
    while head != tail:
        node = queue[head]
        head = (head + 1) & ring
        new = reach[node] & ~passed_on[node]
        passed_on[node] = reach[node]
        begin, stop = start[node], start[node + 1]
        if not drawn[node]:
            drawn[node] = True
            leaving = node_word(word, node_key[node], LEAVING)
            for edge in range(begin, stop):
                live[edge] = worlds_below(draw_word(leaving, edge_key[edge]), digits[edge])
        for edge in range(begin, stop):
            other = target[edge]
            before = reach[other]
            come = new & live[edge]
            if any_special and special[other]:
                come = _let_through(other, edge, come & ~before, word, waits_for_all, gates,
                                    node_key, entering, slot, arrived)
            after = before | come
            reach[other] = after
            queue[tail] = other
            tail = (tail + np.int64((after != before) & (before == passed_on[other]))) & ring


@njit(cache=True, nogil=True)
def _counted(reach, loss, sizes, losses, reached):  # type: ignore[no-untyped-def]
    """Add a group: ``sizes`` and ``losses`` by bit, ``reached`` by node."""
    sizes[:] = 0
    losses[:] = 0.0
    for node in range(reach.shape[0]):
        word = reach[node]
        if word == _NONE:
            continue
        reached[node] += ones(word)
        worth = loss[node]
        for bit in range(TOGETHER):
            there = np.int64((word >> np.uint64(bit)) & _ONE)
            sizes[bit] += there
            losses[bit] += worth * there


@njit(cache=True, nogil=True, parallel=True)
def _groups(  # type: ignore[no-untyped-def]
    start, target, digits, node_key, edge_key, special, waits_for_all, gates, entering, slot, loss,
    seeds, key, first_world, sizes, losses, reached
):
    worlds, nodes, blocks = sizes.shape[0], start.shape[0] - 1, reached.shape[0]
    begin = first_world // TOGETHER
    groups = (first_world + worlds + TOGETHER - 1) // TOGETHER - begin
    ring = 1
    while ring <= nodes:
        ring *= 2
    for block in prange(blocks):
        reach, passed_on = np.empty(nodes, dtype=np.uint64), np.empty(nodes, dtype=np.uint64)
        drawn, queue = np.empty(nodes, dtype=np.bool_), np.empty(ring, dtype=np.int32)
        live = np.empty(target.shape[0], dtype=np.uint64)
        arrived = np.empty(entering[nodes], dtype=np.uint64)
        by_bit, worth = np.empty(TOGETHER, dtype=np.int64), np.empty(TOGETHER)
        for place in range(groups * block // blocks, groups * (block + 1) // blocks):
            base = (begin + place) * TOGETHER
            low, high = max(first_world - base, 0), min(first_world + worlds - base, TOGETHER)
            valid = _ALL << np.uint64(low)
            if high < TOGETHER:
                valid &= (_ONE << np.uint64(high)) - _ONE
            _group(world_word(key, begin + place), valid, start, target, digits, node_key, edge_key,
                   special, waits_for_all, gates, entering, slot, seeds, reach, passed_on, drawn,
                   queue, live, arrived)
            _counted(reach, loss, by_bit, worth, reached[block])
            for bit in range(low, high):
                sizes[base + bit - first_world] = by_bit[bit]
                losses[base + bit - first_world] = worth[bit]
