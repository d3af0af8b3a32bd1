"""What protecting a node is worth: alone, as a fair share of protecting all, and as the best set.

The loss of a year is the sum over nodes of incidents that start there × the expected loss of such
a passage. Protecting a node makes it ``immune`` (nothing starts there and nothing comes in) or
``halve``s both. Worlds are the same with and without protection: what is drawn at an edge does not
move, only the bar that it must clear.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations
from typing import Any, Final, Literal

import numpy as np
from numba import njit, prange

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import stream_key
from dinghai.supplychain.cascade import estimate_of, told
from dinghai.supplychain.draws import GATE, LEAVING, draw_word, node_word, world_word
from dinghai.supplychain.enumeration import exact_outcomes
from dinghai.supplychain.passage import ways_of
from dinghai.supplychain.spreading import BLOCKS
from dinghai.supplychain.step_graph import Floats, StepGraph

Rule = Literal["immune", "halve"]
RULES: Final = ("immune", "halve")
FACTORS: Final[Mapping[Rule, float]] = {"immune": 0.0, "halve": 0.5}
MOST_EXACT: Final = 14
"""Nodes up to which all sets of protected nodes are looked at."""
MOST_COMBINATIONS: Final = 3_000
"""Sets of one size up to which the best is found by looking at each."""
ORDERS: Final = 4
"""Keyed orders in which the nodes of a passage are protected, for fair shares; half of them are the
reverse of the other half."""
ORDER: Final = 6
"""The purpose of the draws that make an order."""

Protected = frozenset[int]
Losses = Callable[[Protected], Floats]
"""The loss of a year in each world (one where it is exact) with some nodes protected."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The best set found for a number of nodes, and whether every such set was looked at."""

    nodes: tuple[str, ...]
    value: float
    error: float
    proved: bool


@dataclass(frozen=True, slots=True)
class Worth:
    """Loss of a year without protection, and what protection averts. ``errors`` are standard
    errors: zero where the values are exact, null where a single world tells none."""

    rule: Rule
    method: str
    base: float
    first: Mapping[str, float]
    shapley: Mapping[str, float]
    best: Mapping[int, Plan]
    errors: dict[str, JSON]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {
            "rule": self.rule, "method": self.method, "base": self.base,
            "first": dict(self.first), "shapley": dict(self.shapley),
            "best": {str(number): [list(plan.nodes), plan.value]
                     for number, plan in self.best.items()},
            "proved": {str(number): plan.proved for number, plan in self.best.items()},
            "standard_error": self.errors,
        }


def exact_worth(graph: StepGraph, rule: Rule, *, budget: int) -> Worth:
    """By enumeration over worlds and sets. Raises InputError for a graph that is too large."""
    if graph.nodes > MOST_EXACT:
        raise InputError(f"{graph.nodes} nodes have 2^{graph.nodes} sets", field="--exact",
                         mend=f"leave --exact away, or keep to {MOST_EXACT} nodes")

    @cache
    def losses(protected: Protected) -> Floats:
        guarded = _guarded(graph, rule, protected)
        total = 0.0
        for start in np.flatnonzero(guarded.rate > 0.0):
            outcomes = exact_outcomes(guarded, np.array([start], dtype=np.int32))
            total += float(guarded.rate[start]) * sum(
                chance * sum(float(graph.loss[place]) for place in range(graph.nodes)
                             if mask >> place & 1) for mask, chance in outcomes.items())
        return np.array([total])

    base = losses(frozenset())
    first = [base - losses(frozenset([place])) for place in range(graph.nodes)]
    shares = _shapley_of_all(graph.nodes, losses)
    return _worth(graph, rule, "exact", base, first, shares, losses, budget)


def sampled_worth(graph: StepGraph, rule: Rule, *, budget: int, worlds: int, seed: int) -> Worth:
    """By sampled worlds, the same for every set. In one passage only the nodes that it reaches
    have a share: the others change nothing, whoever else is protected."""
    key = stream_key(seed, "chain.protect")

    def losses(protected: Protected) -> Floats:
        out = np.empty(worlds)
        _losses(*_arrays(_guarded(graph, rule, protected)), key, out)  # type: ignore[call-arg]
        return out

    base = np.empty(worlds)
    sums = np.zeros((2, BLOCKS, 2, graph.nodes))
    _values(*_arrays(graph), FACTORS[rule], key, base, sums[0], sums[1])  # type: ignore[call-arg]
    first, shares = sums[:, :, 0].sum(axis=1) / worlds
    squares = sums[:, :, 1].sum(axis=1) / worlds
    spread = np.sqrt(np.maximum(squares - np.array([first, shares]) ** 2, 0.0) / worlds)
    if worlds == 1:
        spread[:] = np.inf
    return _worth(graph, rule, "sampled", base, list(first[:, None]), list(shares[:, None]),
                  losses, budget, spread)


def _guarded(graph: StepGraph, rule: Rule, protected: Protected) -> StepGraph:
    factor = np.ones(graph.nodes)
    factor[list(protected)] = FACTORS[rule]
    return replace(graph, rate=graph.rate * factor,
                   edge_chance=graph.edge_chance * factor[graph.target])


def _arrays(graph: StepGraph) -> Any:
    """What the kernels read: the graph, losses, starts and their rates."""
    starts = np.flatnonzero(graph.rate > 0.0).astype(np.int32)
    return ways_of(graph), graph.loss, starts, graph.rate[starts]


def _worth(
    graph: StepGraph, rule: Rule, method: str, base: Floats, first: list[Floats],
    shares: list[Floats], losses: Losses, budget: int, spread: Floats | None = None,
) -> Worth:
    best = {number: _best(graph, method, losses, [first, shares], number)
            for number in range(1, min(budget, graph.nodes) + 1)}
    spread = np.zeros((2, graph.nodes)) if spread is None else spread
    alone, fair = ([told(one) for one in row] for row in spread.tolist())
    return Worth(
        rule, method, float(base.mean()),
        {name: float(one.mean()) for name, one in zip(graph.names, first, strict=True)},
        {name: float(one.mean()) for name, one in zip(graph.names, shares, strict=True)}, best,
        {"base": told(_error(base, method)),
         "first": dict(zip(graph.names, alone, strict=True)),
         "shapley": dict(zip(graph.names, fair, strict=True)),
         "best": {str(number): told(plan.error) for number, plan in best.items()}})


def _error(values: Floats, method: str) -> float:
    return 0.0 if method == "exact" else estimate_of(values).error


def _shapley_of_all(nodes: int, losses: Losses) -> list[Floats]:
    """Over all sets S: |S|! (n − |S| − 1)! ÷ n! × what the node adds to S."""
    shares = [np.zeros(1) for _ in range(nodes)]
    for size in range(nodes):
        weight = (math.factorial(size) * math.factorial(nodes - size - 1)
                  / math.factorial(nodes))
        for chosen in combinations(range(nodes), size):
            with_them = losses(frozenset(chosen))
            for place in set(range(nodes)) - set(chosen):
                shares[place] += weight * (with_them - losses(frozenset((*chosen, place))))
    return shares


def _best(
    graph: StepGraph, method: str, losses: Losses, worth: Sequence[list[Floats]], number: int
) -> Plan:
    """Every set where there are few; otherwise the best by steps, then by swaps.

    Steps and swaps have no bound here: with AND nodes, protecting is not submodular. A node that
    averts nothing alone may still belong to the best set (the second of two ways to one target);
    one without a fair share either adds nothing to any.
    """
    mean = cache(lambda chosen: float(losses(chosen).mean()))
    worth_it = [place for place in range(graph.nodes)
                if any(float(one[place].mean()) != 0.0 for one in worth)]
    rest = [place for place in range(graph.nodes) if place not in worth_it]
    candidates = (worth_it + rest)[:max(len(worth_it), number)]
    proved = math.comb(len(candidates), number) <= MOST_COMBINATIONS
    if proved:
        chosen = min(combinations(candidates, number),
                     key=lambda one: (mean(frozenset(one)), one))
    else:
        chosen = _by_steps_and_swaps(candidates, mean, number)
    averted = losses(frozenset()) - losses(frozenset(chosen))
    return Plan(tuple(graph.names[place] for place in sorted(chosen)), float(averted.mean()),
                _error(averted, method), proved)


def _by_steps_and_swaps(
    candidates: list[int], loss: Callable[[Protected], float], number: int
) -> tuple[int, ...]:
    chosen: Protected = frozenset()
    for _ in range(number):
        chosen |= {min((one for one in candidates if one not in chosen),
                       key=lambda one: (loss(chosen | {one}), one))}
    while True:
        swaps = [(chosen - {out}) | {into} for out in sorted(chosen) for into in candidates
                 if into not in chosen]
        better = min(swaps, key=loss, default=chosen)
        if loss(better) >= loss(chosen) * (1.0 - 1e-12):
            return tuple(sorted(chosen))
        chosen = better


@njit(cache=True, nogil=True)
def _reach(  # type: ignore[no-untyped-def]
    ways, loss, begin, guarded, factor, word, stamp, stamps, left, queue
):
    """The passage from ``begin`` with the nodes of ``guarded`` stamps protected: number reached
    (they stand in ``queue``), and their loss."""
    head, tail, total = 0, 1, loss[begin]
    stamps[begin], left[begin], queue[0] = stamp, -1, begin
    while head < tail:
        node = queue[head]
        head += 1
        leaving = node_word(word, ways.node_key[node], LEAVING)
        for edge in range(ways.start[node], ways.start[node + 1]):
            other = ways.target[edge]
            if stamps[other] == stamp and left[other] < 0:
                continue
            bar = ways.carries[edge]
            if guarded[other]:
                bar = np.uint64(0) if factor == 0.0 else bar >> np.uint64(1)
            if bar == 0 or draw_word(leaving, ways.edge_key[edge]) > bar:
                continue
            if stamps[other] != stamp:
                stamps[other], left[other] = stamp, ways.waits_for[other]
            left[other] -= 1
            if left[other] > 0:
                continue
            left[other] = -1
            gate = ways.succeeds[other]
            if gate == 0 or node_word(word, ways.node_key[other], GATE) > gate:
                continue
            queue[tail] = other
            tail += 1
            total += loss[other]
    return tail, total


@njit(cache=True, nogil=True, parallel=True)
def _losses(  # type: ignore[no-untyped-def]
    ways, loss, starts, rates, key, out
):
    """The loss of a year in each world."""
    worlds, nodes = out.shape[0], ways.start.shape[0] - 1
    for block in prange(BLOCKS):
        stamps, left = np.zeros(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int32)
        queue, guarded = np.empty(nodes, dtype=np.int32), np.zeros(nodes, dtype=np.bool_)
        stamp = 0
        for world in range(worlds * block // BLOCKS, worlds * (block + 1) // BLOCKS):
            word = world_word(key, world)
            total = 0.0
            for one in range(starts.shape[0]):
                stamp += 1
                total += rates[one] * _reach(
                    ways, loss, starts[one], guarded, 1.0, draw_word(word, starts[one]), stamp,
                    stamps, left, queue)[1]
            out[world] = total


@njit(cache=True, nogil=True)
def _shuffle(order, number, word):  # type: ignore[no-untyped-def]
    """A keyed order of the first ``number`` places (Fisher and Yates)."""
    for place in range(number - 1, 0, -1):
        other = np.int64(draw_word(word, place) % np.uint64(place + 1))
        order[place], order[other] = order[other], order[place]


@njit(cache=True, nogil=True)
def _value_one(  # type: ignore[no-untyped-def]
    ways, loss, begin, rate, factor, word, stamp, stamps, left, queue, guarded, reached, alone,
    shared
):
    """Add to ``alone`` and ``shared`` what protecting each node of one passage averts: alone, and
    in keyed orders. The loss without protection and the next stamp."""
    stamp += 1
    number, base = _reach(ways, loss, begin, guarded, factor, word, stamp, stamps, left, queue)
    reached[:number] = queue[:number]
    for place in range(number):
        node = reached[place]
        guarded[node] = True
        stamp += 1
        after = _reach(ways, loss, begin, guarded, factor, word, stamp, stamps, left, queue)[1]
        guarded[node] = False
        alone[node] += rate * (base - after * (factor if node == begin else 1.0))
    for turn in range(ORDERS):
        if turn % 2 == 0:
            _shuffle(reached, number, node_word(word, turn, ORDER))
        before, share = base, 1.0
        for step in range(number):
            node = reached[step if turn % 2 == 0 else number - 1 - step]
            guarded[node] = True
            if node == begin:
                share = factor
            after = 0.0
            if share > 0.0:
                stamp += 1
                after = share * _reach(ways, loss, begin, guarded, factor, word, stamp, stamps,
                                       left, queue)[1]
            shared[node] += rate * (before - after) / ORDERS
            before = after
        for place in range(number):
            guarded[reached[place]] = False
    return rate * base, stamp


@njit(cache=True, nogil=True, parallel=True)
def _values(  # type: ignore[no-untyped-def]
    ways, loss, starts, rates, factor, key, out, alone, shared
):
    """Loss of each world; sums and sums of squares over the worlds of each block, by node."""
    worlds, nodes = out.shape[0], ways.start.shape[0] - 1
    for block in prange(BLOCKS):
        stamps, left = np.zeros(nodes, dtype=np.int64), np.empty(nodes, dtype=np.int32)
        queue, guarded = np.empty(nodes, dtype=np.int32), np.zeros(nodes, dtype=np.bool_)
        reached = np.empty(nodes, dtype=np.int32)
        stamp = 0
        for world in range(worlds * block // BLOCKS, worlds * (block + 1) // BLOCKS):
            word = world_word(key, world)
            one_alone, one_shared, total = np.zeros(nodes), np.zeros(nodes), 0.0
            for one in range(starts.shape[0]):
                lost, stamp = _value_one(
                    ways, loss, starts[one], rates[one], factor, draw_word(word, starts[one]),
                    stamp, stamps, left, queue, guarded, reached, one_alone, one_shared)
                total += lost
            out[world] = total
            for node in range(nodes):
                alone[block, 0, node] += one_alone[node]
                alone[block, 1, node] += one_alone[node] * one_alone[node]
                shared[block, 0, node] += one_shared[node]
                shared[block, 1, node] += one_shared[node] * one_shared[node]
