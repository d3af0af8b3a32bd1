"""Who is reached in the end, by exact enumeration: for small graphs, and to prove the kernels.

A state is which nodes are reached, which of them have passed on already, and which can never be
reached any more. Nodes pass on one after another, so the number of states stays far below that of
all worlds; AND nodes and shared ancestors need nothing special, since nothing is multiplied that is
not independent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dinghai.foundation.errors import InputError
from dinghai.supplychain.spreading import Model
from dinghai.supplychain.step_graph import Places, StepGraph

MOST_STATES: Final = 400_000

Outcomes = dict[int, float]
"""The chance of each final set of reached nodes, as a bit mask."""


@dataclass(frozen=True, slots=True)
class _Ways:
    """A graph as plain lists: edges by source, sources of each node as a mask."""

    leaving: tuple[tuple[tuple[int, float], ...], ...]
    sources: tuple[int, ...]
    weight: tuple[dict[int, float], ...]
    all_needed: tuple[bool, ...]
    chance: tuple[float, ...]

    @classmethod
    def of(cls, graph: StepGraph) -> _Ways:
        sources = [0] * graph.nodes
        weight: list[dict[int, float]] = [defaultdict(float) for _ in range(graph.nodes)]
        leaving: list[tuple[tuple[int, float], ...]] = []
        for node in range(graph.nodes):
            edges = range(int(graph.start[node]), int(graph.start[node + 1]))
            found = tuple((int(graph.target[e]), float(graph.edge_chance[e])) for e in edges)
            leaving.append(found)
            for other, p in found:
                sources[other] |= 1 << node
                weight[other][node] += p
        return cls(tuple(leaving), tuple(sources), tuple(weight),
                   tuple(bool(one) for one in graph.waits_for_all),
                   tuple(float(one) for one in graph.chance))


def exact_outcomes(
    graph: StepGraph, seeds: Places, *, model: Model = "ic", recovery_rate: float = 0.0
) -> Outcomes:
    """The chance of every final set. Raises InputError where there are too many states."""
    ways = _Ways.of(graph)
    start = sum(1 << int(one) for one in seeds)
    if model == "sir":
        return _by_jumps(ways, start, recovery_rate)
    return _by_processing(ways, start, model)


def _by_processing(ways: _Ways, start: int, model: Model) -> Outcomes:
    states: dict[tuple[int, int, int], float] = {(start, 0, 0): 1.0}
    final: Outcomes = defaultdict(float)
    while states:
        following: dict[tuple[int, int, int], float] = defaultdict(float)
        for (active, done, dead), chance in states.items():
            waiting = active & ~done
            if not waiting:
                final[active] += chance
                continue
            node = (waiting & -waiting).bit_length() - 1
            after = done | 1 << node
            for reached, failed, part in _branches(ways, node, active, done, dead, model):
                following[active | reached, after, dead | failed] += chance * part
            _bound(len(following))
        states = following
    return dict(final)


def _branches(
    ways: _Ways, node: int, active: int, done: int, dead: int, model: Model
) -> list[tuple[int, int, float]]:
    """What a node's passing on may bring: newly reached, newly dead, chance."""
    chances: dict[int, list[float]] = defaultdict(list)
    for other, p in ways.leaving[node]:
        if not (active | dead) >> other & 1:
            chances[other].append(p)
    branches = [(0, 0, 1.0)]
    for other, ps in chances.items():
        outcomes = tuple(_outcomes(ways, node, other, ps, done, model))
        branches = [(reached | r, failed | f, chance * part)
                    for reached, failed, chance in branches for r, f, part in outcomes
                    if part > 0.0]
        _bound(len(branches))
    return branches


def _outcomes(
    ways: _Ways, node: int, other: int, ps: list[float], done: int, model: Model
) -> Iterator[tuple[int, int, float]]:
    bit, gate = 1 << other, ways.chance[other]
    if ways.all_needed[other]:
        carries = _product(ps)
        yield 0, bit, 1.0 - carries
        if ways.sources[other] & ~(done | 1 << node):
            yield 0, 0, carries
        else:
            yield bit, 0, carries * gate
            yield 0, bit, carries * (1.0 - gate)
        return
    if model == "lt":
        weight = ways.weight[other]
        left = 1.0 - sum(w for source, w in weight.items() if done >> source & 1)
        carries = min(sum(ps) / left, 1.0) if left > 0.0 else float(sum(ps) > 0.0)
    else:
        carries = 1.0 - _product([1.0 - p for p in ps])
    yield 0, 0, 1.0 - carries
    yield bit, 0, carries * gate
    yield 0, bit, carries * (1.0 - gate)


def _by_jumps(ways: _Ways, start: int, recovery_rate: float) -> Outcomes:
    """The chain of an epidemic's next events: passing on along an edge, or recovering."""
    numbered = _numbered_waits(ways)
    states: dict[tuple[int, int, int, int], float] = {(start, 0, 0, 0): 1.0}
    final: Outcomes = defaultdict(float)
    while states:
        following: dict[tuple[int, int, int, int], float] = defaultdict(float)
        for (active, over, dead, arrived), chance in states.items():
            jumps = list(_jumps(ways, numbered, recovery_rate, active, over, dead, arrived))
            rate = sum(one[1] for one in jumps)
            if rate == 0.0:
                final[active] += chance
            for state, part in jumps:
                following[state] += chance * part / rate
            _bound(len(following))
        states = following
    return dict(final)


def _jumps(
    ways: _Ways, numbered: dict[tuple[int, int], int], recovery_rate: float, active: int,
    over: int, dead: int, arrived: int,
) -> Iterator[tuple[tuple[int, int, int, int], float]]:
    node, rest = 0, active & ~over
    while rest:
        if rest & 1:
            if recovery_rate > 0.0:
                yield (active, over | 1 << node, dead, arrived), recovery_rate
            for place, (other, rate) in enumerate(ways.leaving[node]):
                if rate == 0.0 or (active | dead) >> other & 1:
                    continue
                bit, come = 1 << other, arrived
                if ways.all_needed[other]:
                    mark = 1 << numbered[node, place]
                    if arrived & mark:
                        continue
                    come |= mark
                    if any(not come >> number & 1 for (source, at), number in numbered.items()
                           if ways.leaving[source][at][0] == other):
                        yield (active, over, dead, come), rate
                        continue
                gate = ways.chance[other]
                if gate > 0.0:
                    yield (active | bit, over, dead, come), rate * gate
                if gate < 1.0:
                    yield (active, over, dead | bit, come), rate * (1.0 - gate)
        node, rest = node + 1, rest >> 1


def _numbered_waits(ways: _Ways) -> dict[tuple[int, int], int]:
    """A number for each edge into a node that waits for all."""
    edges = [(node, place) for node, leaving in enumerate(ways.leaving)
             for place, (other, _) in enumerate(leaving) if ways.all_needed[other]]
    return {edge: number for number, edge in enumerate(edges)}


def _product(values: list[float]) -> float:
    out = 1.0
    for one in values:
        out *= one
    return out


def _bound(states: int) -> None:
    if states > MOST_STATES:
        raise InputError(f"more than {MOST_STATES} states are open at once", field="--exact",
                         mend="leave --exact away: worlds are sampled then")
