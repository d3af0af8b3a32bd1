"""First passage through a network of steps: Dijkstra as Knuth generalised it, over keyed draws.

An OR step is taken when its earliest parent arrives, an AND step when its last one does ("A
generalization of Dijkstra's algorithm", 1977: both are monotone and never earlier than what they
wait for, so that steps can be settled in order of time). An edge's luck and delay are drawn when
its source is settled, as pure functions of (world, source, edge). Nothing is reset between worlds:
what an array holds counts only where its stamp is the world's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from dinghai.foundation.canonical import JSON
from dinghai.foundation.streams import (
    exponential,
    natural_logarithm,
    normal_quantile,
    stream_key,
)
from dinghai.supplychain.cascade import Estimate, estimate_of
from dinghai.supplychain.draws import DELAY, GATE, LEAVING, draw_word, node_word, unit, world_word
from dinghai.supplychain.spreading import BLOCKS
from dinghai.supplychain.step_graph import EXPONENTIAL, FIXED, Floats, StepGraph

NO_NODE: Final = -1


@dataclass(frozen=True, slots=True)
class Passage:
    """The time from one node to another: mean over worlds that arrive, chances by a time."""

    worlds: int
    arrival: Estimate
    mean: Estimate | None
    by_time: Mapping[str, Estimate]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON. Without an arrival there is no mean."""
        mean = {"mean": None, "se": None} if self.mean is None else self.mean.to_dict()
        return {**mean, "reached": self.arrival.to_dict("p"), "worlds": self.worlds,
                "cdf": {name: one.to_dict("p") for name, one in self.by_time.items()}}


def passage(
    graph: StepGraph, start: int, end: int, *, times: Sequence[str], worlds: int, seed: int,
    horizon: float = np.inf,
) -> Passage:
    """The first-passage time from ``start`` to ``end``. ``times`` are numbers as typed."""
    arrivals = arrival_times(graph, start, end, worlds=worlds, seed=seed, horizon=horizon)
    came = arrivals[np.isfinite(arrivals)]
    return Passage(
        worlds, _share(len(came), worlds), estimate_of(came) if len(came) else None,
        {name: _share(int(np.count_nonzero(arrivals <= float(name))), worlds) for name in times})


def _share(number: int, worlds: int) -> Estimate:
    share = number / worlds
    return Estimate(share, float(np.sqrt(share * (1.0 - share) / worlds)))


def arrival_times(
    graph: StepGraph, start: int, end: int, *, worlds: int, seed: int, horizon: float = np.inf,
    first_world: int = 0,
) -> Floats:
    """When each world arrives, shape (worlds,); infinite where it never does."""
    out = np.empty(worlds)
    _arrivals(graph.start, graph.target, thresholds(graph.edge_chance), graph.family, graph.first,
              graph.second, thresholds(graph.chance), _waits_for(graph), start, end, horizon,
              stream_key(seed, "chain.passage"), first_world, out)
    return out


def thresholds(chance: Floats) -> npt.NDArray[np.uint64]:
    """Chances in parts of 2⁶⁴ − 1: a word at or below one of them is a success; 0 is never."""
    whole = np.minimum(chance, 1.0) * 2.0**64
    return np.where(chance >= 1.0, np.uint64(0xFFFFFFFFFFFFFFFF),
                    np.minimum(whole, 2.0**64 - 2048.0).astype(np.uint64))


def _waits_for(graph: StepGraph) -> npt.NDArray[np.int32]:
    """How many edges must arrive: 1 for an OR node, all for an AND node."""
    return np.where(graph.waits_for_all, graph.needed, 1).astype(np.int32)


@njit(cache=True, nogil=True, inline="always")
def delay_of(family, first, second, word):  # type: ignore[no-untyped-def]
    """The time an edge takes."""
    if family == FIXED:
        return first
    if family == EXPONENTIAL:
        return -natural_logarithm(unit(word)) / first
    return exponential(first + second * normal_quantile(unit(word)))


@njit(cache=True, nogil=True, inline="always")
def _push(times, nodes, size, time, node):  # type: ignore[no-untyped-def]
    """Add to the heap; its new size. Ties are settled by the node's number."""
    at = size
    while at > 0:
        above = (at - 1) >> 1
        if times[above] < time or (times[above] == time and nodes[above] <= node):
            break
        times[at], nodes[at] = times[above], nodes[above]
        at = above
    times[at], nodes[at] = time, node
    return size + 1


@njit(cache=True, nogil=True, inline="always")
def _pop(times, nodes, size):  # type: ignore[no-untyped-def]
    """Take the first off the heap, which the caller has read; its new size."""
    size -= 1
    time, node = times[size], nodes[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and (times[below + 1] < times[below] or (
                times[below + 1] == times[below] and nodes[below + 1] < nodes[below])):
            below += 1
        if time < times[below] or (time == times[below] and node <= nodes[below]):
            break
        times[at], nodes[at] = times[below], nodes[below]
        at = below
    times[at], nodes[at] = time, node
    return size


@njit(cache=True, nogil=True)
def settle(  # type: ignore[no-untyped-def]
    start, target, carries, family, first, second, succeeds, waits_for, heap_times, heap_nodes,
    waiting, end, horizon, word, stamp, stamps, times, left, settled, parent
):
    """Settle a world whose starting nodes are on the heap; how many nodes were settled.

    ``settled[:n]`` are the nodes in order of time, ``times`` when, ``parent`` the edge that was
    waited for. Stops at ``end`` (−1: never) and at the horizon. A settled or dead node has
    ``left`` −1; an OR node that is on its way has 0.
    """
    number = 0
    while waiting > 0:
        now, node = heap_times[0], heap_nodes[0]
        waiting = _pop(heap_times, heap_nodes, waiting)
        if left[node] < 0:
            continue
        left[node] = -1
        settled[number] = node
        number += 1
        if node == end:
            break
        leaving = node_word(word, node, LEAVING)
        for edge in range(start[node], start[node + 1]):
            bits = draw_word(leaving, edge - start[node])
            if bits > carries[edge] or carries[edge] == 0:
                continue
            other = target[edge]
            fresh = stamps[other] != stamp
            if not fresh and left[other] < 0:
                continue
            later = now + delay_of(family[edge], first[edge], second[edge],
                                   node_word(bits, edge - start[node], DELAY))
            if later > horizon:
                continue
            if fresh:
                stamps[other] = stamp
                left[other] = waits_for[other]
                times[other] = later
                parent[other] = edge
                if succeeds[other] < node_word(word, other, GATE) or succeeds[other] == 0:
                    left[other] = -1
                    continue
            if waits_for[other] > 1:
                if later >= times[other]:
                    times[other] = later
                    parent[other] = edge
                left[other] -= 1
                if left[other] == 0:
                    waiting = _push(heap_times, heap_nodes, waiting, times[other], other)
            elif left[other] > 0 or later < times[other]:
                left[other] = 0
                times[other] = later
                parent[other] = edge
                waiting = _push(heap_times, heap_nodes, waiting, later, other)
    return number


@njit(cache=True, nogil=True)
def _arrivals_block(  # type: ignore[no-untyped-def]
    start, target, carries, family, first, second, succeeds, waits_for, begin, end, horizon, key,
    first_world, first_at, last_at, out
):
    nodes, edges = start.shape[0] - 1, target.shape[0]
    heap_times, heap_nodes = np.empty(edges + 1), np.empty(edges + 1, dtype=np.int32)
    stamps, left = np.zeros(nodes, dtype=np.int32), np.empty(nodes, dtype=np.int32)
    times, parent = np.empty(nodes), np.empty(nodes, dtype=np.int32)
    settled = np.empty(nodes, dtype=np.int32)
    for world in range(first_at, last_at):
        stamp = np.int32(world - first_at + 1)
        word = world_word(key, first_world + world)
        stamps[begin], left[begin], times[begin], parent[begin] = stamp, 0, 0.0, -1
        waiting = _push(heap_times, heap_nodes, 0, 0.0, begin)
        number = settle(start, target, carries, family, first, second, succeeds, waits_for,
                        heap_times, heap_nodes, waiting, end, horizon, word, stamp, stamps,
                        times, left, settled, parent)
        out[world] = times[end] if settled[number - 1] == end else np.inf


@njit(cache=True, nogil=True, parallel=True)
def _arrivals(  # type: ignore[no-untyped-def]
    start, target, carries, family, first, second, succeeds, waits_for, begin, end, horizon, key,
    first_world, out
):
    worlds = out.shape[0]
    for block in prange(BLOCKS):
        _arrivals_block(start, target, carries, family, first, second, succeeds, waits_for, begin,
                        end, horizon, key, first_world, worlds * block // BLOCKS,
                        worlds * (block + 1) // BLOCKS, out)
