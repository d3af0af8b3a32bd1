"""SIS: nodes that catch, recover and catch again, as a Markov chain in continuous time.

An infected node infects along each edge at rate (infection rate × the edge's ``p`` × the target's
``p``) and recovers at the recovery rate. Sampled by events, or exact over all 2ⁿ states.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit, prange
from scipy import sparse
from scipy.linalg import expm
from scipy.sparse.linalg import expm_multiply

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import natural_logarithm, stream_key
from dinghai.supplychain.cascade import Estimate, check_no_waits, estimate_of
from dinghai.supplychain.draws import draw_word, unit, world_word
from dinghai.supplychain.spreading import BLOCKS
from dinghai.supplychain.step_graph import Floats, Places, StepGraph

MOST_EXACT: Final = 14
DENSE_STATES: Final = 256
"""States up to which the whole matrix is raised, in few steps however long the time."""
MOST_JUMPS: Final = 1e6
"""Changes of state within a time up to which repeated squaring keeps ten digits."""
MOST_STEPS: Final = 2e4
"""Likewise, and up to which a large chain is followed step by step."""
_RECOVERY: Final = -1


@dataclass(frozen=True, slots=True)
class Moment:
    """At one time: how many are infected, and each node's chance to be."""

    size: Estimate
    chances: Mapping[int, float]
    infected: Mapping[str, Estimate]


@dataclass(frozen=True, slots=True)
class Contact:
    """The infected at each time, by the time as typed."""

    method: str
    moments: Mapping[str, Moment]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {
            "model": "sis", "method": self.method,
            "size": {time: {**one.size.to_dict(),
                            "pmf": {str(size): p for size, p in one.chances.items()}}
                     for time, one in self.moments.items()},
            "reached": {time: {name: p.to_dict("p") for name, p in one.infected.items()}
                        for time, one in self.moments.items()},
        }


def sampled_contact(
    graph: StepGraph, infected: Places, *, infection_rate: float, recovery_rate: float,
    times: Sequence[str], worlds: int, seed: int,
) -> Contact:
    """By simulated worlds. Raises InputError for AND nodes."""
    check_no_waits(graph, "sis")
    order = np.argsort([float(one) for one in times], kind="stable")
    moments = np.array([float(times[place]) for place in order])
    rates = infection_rate * graph.edge_chance * graph.chance[graph.target]
    sizes = np.empty((len(times), worlds), dtype=np.int32)
    reached = np.zeros((BLOCKS, len(times), graph.nodes), dtype=np.int64)
    _contacts(graph.start, graph.target, rates, recovery_rate, infected, moments,
              stream_key(seed, "chain.sis"), sizes, reached)
    found = {}
    for row, place in enumerate(order):
        shares = reached[:, row].sum(axis=0) / worlds
        values, counts = np.unique(sizes[row], return_counts=True)
        found[int(place)] = Moment(
            estimate_of(sizes[row].astype(np.float64)),
            {int(v): int(c) / worlds for v, c in zip(values, counts, strict=True)},
            {name: Estimate(float(p), float(np.sqrt(p * (1.0 - p) / worlds)))
             for name, p in zip(graph.names, shares, strict=True)})
    return Contact("sampled", {times[place]: found[place] for place in range(len(times))})


def exact_contact(
    graph: StepGraph, infected: Places, *, infection_rate: float, recovery_rate: float,
    times: Sequence[str],
) -> Contact:
    """By the chain's own generator. Raises InputError for AND nodes and for more than 14 nodes."""
    check_no_waits(graph, "sis")
    if graph.nodes > MOST_EXACT:
        raise InputError(f"{graph.nodes} nodes have 2^{graph.nodes} states", field="--exact",
                         mend=f"leave --exact away, or keep to {MOST_EXACT} nodes")
    generator = _generator(graph, infection_rate, recovery_rate)
    start = np.zeros(1 << graph.nodes)
    start[sum(1 << int(one) for one in infected)] = 1.0
    masks = np.arange(1 << graph.nodes)
    on = (masks[:, None] >> np.arange(graph.nodes)) & 1
    found = {}
    for time in times:
        chances = np.maximum(_after(generator, start, float(time)), 0.0)
        sizes = np.bincount(on.sum(axis=1), chances, minlength=graph.nodes + 1)
        found[time] = Moment(
            Estimate(float(sizes @ np.arange(graph.nodes + 1))),
            {size: float(p) for size, p in enumerate(sizes)},
            {name: Estimate(float(p)) for name, p in
             zip(graph.names, chances @ on, strict=True)})
    return Contact("exact", found)


def _after(generator: sparse.csr_matrix, start: Floats, time: float) -> Floats:
    """The chances of all states after a time. Raises InputError where so much happens in it that
    its digits would be lost, or that it would take hours."""
    dense = generator.shape[0] <= DENSE_STATES
    if float(-generator.diagonal().min()) * time > (MOST_JUMPS if dense else MOST_STEPS):
        raise InputError(f"too much happens by time {time:g} to follow it exactly", field="--times",
                         mend="give shorter times or lower rates, or leave --exact away")
    if dense:
        return np.asarray(expm(generator.toarray() * time)[np.flatnonzero(start)[0]])
    return np.asarray(expm_multiply(generator.T.tocsc() * time, start))


def _generator(graph: StepGraph, infection_rate: float, recovery_rate: float) -> sparse.csr_matrix:
    """Rates from state to state; a state's bits are its infected nodes."""
    states = np.arange(1 << graph.nodes)
    rows, columns, rates = [], [], []
    for node in range(graph.nodes):
        sick = states[(states >> node) & 1 == 1]
        rows.append(sick)
        columns.append(sick ^ (1 << node))
        rates.append(np.full(len(sick), recovery_rate))
        for edge in range(int(graph.start[node]), int(graph.start[node + 1])):
            other = int(graph.target[edge])
            open_ = sick[(sick >> other) & 1 == 0]
            rows.append(open_)
            columns.append(open_ | (1 << other))
            rates.append(np.full(len(open_), infection_rate * float(graph.edge_chance[edge])
                                 * float(graph.chance[other])))
    size = len(states)
    jumps = sparse.csr_matrix(
        (np.concatenate(rates), (np.concatenate(rows), np.concatenate(columns))), (size, size))
    return jumps - sparse.diags(np.asarray(jumps.sum(axis=1)).ravel())


@njit(cache=True, nogil=True, inline="always")
def _wait(rate, word, draw):  # type: ignore[no-untyped-def]
    return -natural_logarithm(unit(draw_word(word, draw))) / rate


@njit(cache=True, nogil=True)
def _add(heap, what, size, time, one):  # type: ignore[no-untyped-def]
    """Add an event to a heap that grows; the arrays and the new size."""
    if size == heap.shape[0]:
        more, longer = np.empty(2 * size), np.empty((2 * size, 2), dtype=np.int32)
        more[:size], longer[:size] = heap, what
        heap, what = more, longer
    at = size
    while at > 0 and heap[(at - 1) >> 1] > time:
        above = (at - 1) >> 1
        heap[at], what[at] = heap[above], what[above]
        at = above
    heap[at], what[at, 0], what[at, 1] = time, one[0], one[1]
    return heap, what, size + 1


@njit(cache=True, nogil=True)
def _take(heap, what, size):  # type: ignore[no-untyped-def]
    """Take the first event off; the new size."""
    size -= 1
    time, first, second = heap[size], what[size, 0], what[size, 1]
    at = 0
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if time <= heap[below]:
            break
        heap[at], what[at] = heap[below], what[below]
        at = below
    heap[at], what[at, 0], what[at, 1] = time, first, second
    return size


@njit(cache=True, nogil=True)
def _infect(start, rates, recovery, node, now, last, word, draw, ends, heap, what, size):  # type: ignore[no-untyped-def]
    """A node catches: when it recovers, and the first contact along each of its edges."""
    ends[node] = np.inf
    if recovery > 0.0:
        ends[node] = now + _wait(recovery, word, draw)
        draw += 1
        if ends[node] <= last:
            heap, what, size = _add(heap, what, size, ends[node], (node, _RECOVERY))
    for edge in range(start[node], start[node + 1]):
        if rates[edge] > 0.0:
            time = now + _wait(rates[edge], word, draw)
            draw += 1
            if time <= min(ends[node], last):
                heap, what, size = _add(heap, what, size, time, (node, edge))
    return heap, what, size, draw


@njit(cache=True, nogil=True)
def _world(start, target, rates, recovery, infected, moments, word, sizes, reached):  # type: ignore[no-untyped-def]
    nodes = start.shape[0] - 1
    sick, ends = np.zeros(nodes, dtype=np.bool_), np.zeros(nodes)
    heap, what = np.empty(64), np.empty((64, 2), dtype=np.int32)
    size, draw, last, number = 0, 0, moments[-1], 0
    for node in infected:
        sick[node] = True
        number += 1
    for node in infected:
        heap, what, size, draw = _infect(start, rates, recovery, node, 0.0, last, word, draw, ends,
                                         heap, what, size)
    for row in range(moments.shape[0]):
        while size > 0 and heap[0] <= moments[row]:
            now, node, edge = heap[0], what[0, 0], what[0, 1]
            size = _take(heap, what, size)
            if edge == _RECOVERY:
                sick[node] = False
                number -= 1
                continue
            other = target[edge]
            if not sick[other]:
                sick[other] = True
                number += 1
                heap, what, size, draw = _infect(start, rates, recovery, other, now, last, word,
                                                 draw, ends, heap, what, size)
            time = now + _wait(rates[edge], word, draw)
            draw += 1
            if time <= min(ends[node], last):
                heap, what, size = _add(heap, what, size, time, (node, edge))
        sizes[row] = number
        for node in range(nodes):
            if sick[node]:
                reached[row, node] += 1


@njit(cache=True, nogil=True, parallel=True)
def _contacts(start, target, rates, recovery, infected, moments, key, sizes, reached):  # type: ignore[no-untyped-def]
    worlds, blocks = sizes.shape[1], reached.shape[0]
    for block in prange(blocks):
        for world in range(worlds * block // blocks, worlds * (block + 1) // blocks):
            _world(start, target, rates, recovery, infected, moments, world_word(key, world),
                   sizes[:, world], reached[block])
