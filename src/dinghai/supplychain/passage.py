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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit, prange

from dinghai.foundation.canonical import JSON
from dinghai.foundation.streams import (
    natural_logarithm,
    normal_quantile,
    stream_key,
)
from dinghai.supplychain.cascade import Estimate, estimate_of
from dinghai.supplychain.draws import DELAY, GATE, LEAVING, draw_word, node_word, unit, world_word
from dinghai.supplychain.spreading import BLOCKS
from dinghai.supplychain.step_graph import EXPONENTIAL, FIXED, Floats, Places, StepGraph, Words


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
    _arrivals(ways_of(graph), start, end, horizon, stream_key(seed, "chain.passage"), first_world,
              out)
    return out


CERTAIN = np.uint64(0xFFFFFFFFFFFFFFFF)


class Ways(NamedTuple):
    """A graph as a kernel reads it; ``carries`` and ``succeeds`` are bars for 64-bit words."""

    start: npt.NDArray[np.int64]
    target: Places
    carries: Words
    family: npt.NDArray[np.int8]
    first: Floats
    second: Floats
    succeeds: Words
    waits_for: Places
    node_key: Words
    edge_key: Words


class Room(NamedTuple):
    """A kernel's own room: the heap, and by node what holds where ``stamp`` is the world's."""

    heap_time: Floats
    heap_node: Places
    stamp: npt.NDArray[np.int64]
    left: Places
    time: Floats
    parent: Places
    settled: Places


def ways_of(graph: StepGraph) -> Ways:
    """What a kernel reads of a graph."""
    return Ways(graph.start, graph.target, thresholds(graph.edge_chance), graph.family,
                graph.first, graph.second, thresholds(graph.chance), graph.waits_for,
                graph.node_key, graph.edge_key)


def thresholds(chance: Floats) -> Words:
    """Chances as bars: a 64-bit word at or below one is a success; a bar of 0 is never cleared."""
    return np.where(chance >= 1.0, np.uint64(0xFFFFFFFFFFFFFFFF),
                    np.minimum(chance * 2.0**64, 2.0**64 - 2048.0).astype(np.uint64))


@njit(cache=True, nogil=True)
def room_for(nodes, edges):  # type: ignore[no-untyped-def]
    """Room for the worlds of one core, one after another."""
    return Room(np.empty(edges + 1), np.empty(edges + 1, dtype=np.int32),
                np.zeros(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int32), np.empty(nodes),
                np.empty(nodes, dtype=np.int32), np.empty(nodes, dtype=np.int32))


@njit(cache=True, nogil=True, inline="always")
def delay_of(family, first, second, word):  # type: ignore[no-untyped-def]
    """The time an edge takes."""
    if family == FIXED:
        return first
    if family == EXPONENTIAL:
        return -natural_logarithm(unit(word)) / first
    return quick_exponential(first + second * normal_quantile(unit(word)))


@njit(cache=True, nogil=True, inline="always")
def quick_exponential(value):  # type: ignore[no-untyped-def]
    """e^x by + and × alone, to the last digits; for times, of which a world draws many.

    Beyond ±700 it stays at the value there.
    """
    value = min(max(value, -700.0), 700.0)
    k = np.floor(value * 1.4426950408889634 + 0.5)
    rest = value - k * 0.6931471803691238 - k * 1.9082149292705877e-10
    term = 2.08767569878681e-09
    for factor in (2.505210838544172e-08, 2.755731922398589e-07, 2.7557319223985893e-06,
                   2.48015873015873e-05, 0.0001984126984126984, 0.001388888888888889,
                   0.008333333333333333, 0.041666666666666664, 0.16666666666666666, 0.5, 1.0, 1.0):
        term = term * rest + factor
    return term * np.int64((np.int64(k) + 1023) << 52).view(np.float64)


@njit(cache=True, nogil=True, inline="always")
def push(times, nodes, size, time, node):  # type: ignore[no-untyped-def]
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
def pop(times, nodes, size):  # type: ignore[no-untyped-def]
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
def settle(ways, room, begin, end, horizon, word, stamp):  # type: ignore[no-untyped-def]
    """Settle a world that starts at the node ``begin``; how many nodes were settled.

    ``room.settled`` are the nodes in order of time, ``room.time`` when, ``room.parent`` the edge
    that was waited for. Stops at ``end`` (−1: never) and at the horizon. A settled or dead node has
    ``left`` −1, an OR node that is on its way 0.
    """
    # Arrays are taken out of their bundles once: each look into a bundle counts references.
    start, target, carries, family = ways.start, ways.target, ways.carries, ways.family
    first, second, succeeds, waits_for = ways.first, ways.second, ways.succeeds, ways.waits_for
    node_key, edge_key = ways.node_key, ways.edge_key
    heap_time, heap_node, stamps, left = room.heap_time, room.heap_node, room.stamp, room.left
    times, parent, settled = room.time, room.parent, room.settled
    stamps[begin], left[begin], times[begin], parent[begin] = stamp, 0, 0.0, -1
    waiting = push(heap_time, heap_node, 0, 0.0, begin)
    number = 0
    while waiting > 0:
        node, now = heap_node[0], heap_time[0]
        waiting = pop(heap_time, heap_node, waiting)
        if left[node] < 0:
            continue
        left[node] = -1
        settled[number] = node
        number += 1
        if node == end:
            break
        leaving = node_word(word, node_key[node], LEAVING)
        for edge in range(start[node], start[node + 1]):
            other = target[edge]
            fresh = stamps[other] != stamp
            if not fresh and left[other] < 0:
                continue
            bar = carries[edge]
            bits = draw_word(leaving, edge_key[edge])
            if bits > bar or bar == 0:
                continue
            gate = succeeds[other]
            if fresh and gate != CERTAIN and (
                    gate == 0 or node_word(word, node_key[other], GATE) > gate):
                stamps[other], left[other] = stamp, -1
                continue
            later = now + delay_of(family[edge], first[edge], second[edge],
                                   node_word(bits, 0, DELAY))
            if later > horizon:
                continue
            needed = waits_for[other]
            if fresh:
                stamps[other], left[other] = stamp, needed
                times[other], parent[other] = later, edge
            if needed > 1:
                if later >= times[other]:
                    times[other], parent[other] = later, edge
                left[other] -= 1
                if left[other] == 0:
                    waiting = push(heap_time, heap_node, waiting, times[other], other)
            elif left[other] > 0 or later < times[other]:
                left[other], times[other], parent[other] = 0, later, edge
                waiting = push(heap_time, heap_node, waiting, later, other)
    return number


@njit(cache=True, nogil=True)
def _arrivals_of(ways, start, end, horizon, key, first_world, out):  # type: ignore[no-untyped-def]
    room = room_for(ways.start.shape[0] - 1, ways.target.shape[0])
    for world in range(out.shape[0]):
        number = settle(ways, room, start, end, horizon, world_word(key, first_world + world),
                        world + 1)
        arrived = room.settled[number - 1] == end
        out[world] = room.time[end] if arrived else np.inf


@njit(cache=True, nogil=True, parallel=True)
def _arrivals(ways, start, end, horizon, key, first_world, out):  # type: ignore[no-untyped-def]
    worlds = out.shape[0]
    for block in prange(BLOCKS):
        first = worlds * block // BLOCKS
        _arrivals_of(ways, start, end, horizon, key, first_world + first,
                     out[first:worlds * (block + 1) // BLOCKS])
