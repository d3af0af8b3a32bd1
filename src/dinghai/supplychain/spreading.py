"""Worlds of an untimed cascade on any graph: who is reached in the end.

Every world is one draw of which edges carry. In ``ic`` each edge carries with its own chance; in
``sir`` a node passes on along an edge of rate β within its infectious time of rate γ; in ``lt`` a
node's uniform threshold is the same as picking at most one incoming edge by its weight (Kempe,
Kleinberg and Tardos, "Maximizing the spread of influence through a social network", 2003). An AND
node is reached when all its incoming edges carry from nodes that are reached.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from dinghai.foundation.streams import exponential, natural_logarithm, stream_key
from dinghai.supplychain.draws import (
    GATE,
    LEAVING,
    PERIOD,
    THRESHOLD,
    draw_word,
    node_word,
    unit,
    world_word,
)
from dinghai.supplychain.packed_worlds import packed_spread
from dinghai.supplychain.step_graph import Floats, Places, StepGraph

Model = Literal["ic", "lt", "sir"]
MODELS: Final = ("ic", "lt", "sir")
BLOCKS: Final = 16
"""Worlds are cut into so many parts for the cores; the result does not depend on it."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Sampled worlds: ``sizes`` and ``losses`` by world, ``reached`` worlds by node."""

    sizes: npt.NDArray[np.int32]
    losses: Floats
    reached: npt.NDArray[np.int64]

    @property
    def worlds(self) -> int:
        """Number of worlds."""
        return int(self.sizes.shape[0])


def spread(
    graph: StepGraph, seeds: Places, *, model: Model = "ic", recovery_rate: float = 0.0,
    worlds: int, seed: int, first_world: int = 0,
) -> Spread:
    """Draw worlds. ``seeds`` are reached for certain. World w is the same in any cut of the work.

    ``lt`` reads an edge's chance as its weight, ``sir`` as its rate.
    """
    key = stream_key(seed, f"chain.{model}")
    sizes = np.empty(worlds, dtype=np.int32)
    losses = np.empty(worlds)
    if model == "ic":
        return Spread(sizes, losses, packed_spread(graph, seeds, key, first_world, BLOCKS, sizes,
                                                   losses))
    special = graph.waits_for_all | (graph.chance < 1.0)
    reached = np.zeros((min(BLOCKS, max(worlds, 1)), graph.nodes), dtype=np.int64)
    left = np.where(graph.waits_for_all, graph.needed, 1).astype(np.int32)
    low, high = _windows(graph) if model == "lt" else (graph.edge_chance, graph.edge_chance)
    _keyed(graph.start, graph.target, low, high, model == "lt", recovery_rate, special, left,
           graph.chance, graph.loss, seeds, key, first_world, sizes, losses, reached)
    return Spread(sizes, losses, reached.sum(axis=0))


def _windows(graph: StepGraph) -> tuple[Floats, Floats]:
    """Where a target's uniform must fall for each edge to be the one that counts."""
    by_target = np.argsort(graph.target, kind="stable")
    weights = graph.edge_chance[by_target]
    ends = np.cumsum(weights)
    starts = ends - weights
    first = np.concatenate([[0], np.cumsum(graph.needed)[:-1]]).astype(np.int64)
    base = np.where(graph.needed > 0, np.append(starts, 0.0)[first], 0.0)
    base = np.repeat(base, graph.needed)
    low, high = np.empty(graph.edges), np.empty(graph.edges)
    low[by_target], high[by_target] = starts - base, ends - base
    return low, high


@njit(cache=True, nogil=True, inline="always")
def _allowed(node, word, left, chance, waits, stamp, seen, waiting):  # type: ignore[no-untyped-def]
    """One more edge has come into a node of its own rules: whether it is reached now."""
    if waits[node] != stamp:
        waits[node] = stamp
        waiting[node] = left[node]
    waiting[node] -= 1
    if waiting[node] > 0:
        return False
    seen[node] = stamp  # whether it succeeds or fails, nothing more can happen to it
    return unit(node_word(word, node, GATE)) < chance[node]


@njit(cache=True, nogil=True)
def _keyed_block(  # type: ignore[no-untyped-def]
    start, target, low, high, by_target, recovery, special, left, chance, loss, seeds, key,
    first_world, first, last, sizes, losses, reached
):
    nodes = start.shape[0] - 1
    seen = np.zeros(nodes, dtype=np.int32)
    waits, waiting = np.zeros(nodes, dtype=np.int32), np.zeros(nodes, dtype=np.int32)
    queue = np.empty(nodes, dtype=np.int32)
    for world in range(first, last):
        stamp = np.int32(world - first + 1)
        word = world_word(key, first_world + world)
        tail = head = 0
        for one in seeds:
            seen[one] = stamp
            queue[tail] = one
            tail += 1
        while head < tail:
            node = queue[head]
            head += 1
            period = np.inf
            if not by_target and recovery > 0.0:
                period = -natural_logarithm(unit(node_word(word, node, PERIOD))) / recovery
            leaving = node_word(word, node, LEAVING)
            for edge in range(start[node], start[node + 1]):
                other = target[edge]
                if seen[other] == stamp:
                    continue
                if by_target:
                    place = unit(node_word(word, other, THRESHOLD))
                    carries = low[edge] <= place < high[edge]
                else:
                    reach = 0.0 if high[edge] == 0.0 else (
                        1.0 - exponential(-high[edge] * period))
                    carries = unit(draw_word(leaving, edge - start[node])) < reach
                if not carries:
                    continue
                if special[other] and not _allowed(other, word, left, chance, waits, stamp, seen,
                                                   waiting):
                    continue
                seen[other] = stamp
                queue[tail] = other
                tail += 1
        sizes[world] = tail
        total = 0.0
        for place in range(tail):
            reached[queue[place]] += 1
            total += loss[queue[place]]
        losses[world] = total


@njit(cache=True, nogil=True, parallel=True)
def _keyed(  # type: ignore[no-untyped-def]
    start, target, low, high, by_target, recovery, special, left, chance, loss, seeds, key,
    first_world, sizes, losses, reached
):
    worlds, blocks = sizes.shape[0], reached.shape[0]
    for block in prange(blocks):
        _keyed_block(start, target, low, high, by_target, recovery, special, left, chance, loss,
                     seeds, key, first_world, worlds * block // blocks,
                     worlds * (block + 1) // blocks, sizes, losses, reached[block])
