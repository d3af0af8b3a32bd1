"""The single most likely way to a party: the steps that must succeed, and the chance that they do.

A way is a set of steps that lead from one start to an impact at the party: an OR step needs one
step before it, an AND step all of them. The chance of a way is the product over its distinct steps
and links, each counted once however many later steps need it: that is exact, for their draws are
independent. Which way is the most likely is found start by start with Dijkstra as Knuth generalised
it, on −ln of the chance. Without AND steps it is the best. With them, adding up what all parents
need counts shared steps twice, and taking the dearest parent alone counts too little: the first
finds a way, the second a bound that no way beats (`at_most_a_year`). Where the two agree, the way
is proven the best.

Time is not in the product: what containment takes away is sampled along the way (`in_time`).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec
import numpy as np
from numba import njit

from dinghai.foundation.streams import exponential, normal_quantile, uniforms
from dinghai.losses.tables import PERILS
from dinghai.supplychain.language import Language
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.step_naming import link_kind_of, step_names
from dinghai.supplychain.twin import Twin

LIKELY_SCHEMA = "dinghai.chain-likely-path/1"
WORLDS: Final = 4_096
_NEVER: Final = math.inf


class LikelyStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of the way. ``chance`` that it succeeds once allowed, ``link_chance`` that the link
    by which it came in lets an attack through; ``needs`` are the steps before it, by place in the
    list."""

    party: str
    code: str
    name_zh: str
    name_en: str
    chance: float
    needs: tuple[int, ...]
    waits_for_all: bool
    link: str | None = None
    link_chance: float | None = None


class LikelyPath(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most likely way to a party (schema dinghai.chain-likely-path/1) for one aim: of those
    that begin there (``direct``) or of those from elsewhere. ``chance`` that all its steps succeed
    once an event starts, ``a_year`` that times the attempts there; ``at_most_a_year`` bounds every
    such way; ``proven`` where this one reaches it. ``in_time`` is the sampled share of successes
    that containment comes too late for."""

    schema: Literal["dinghai.chain-likely-path/1"]
    chain: str
    to: str
    aim: str
    direct: bool
    parties: tuple[str, ...]
    attempts_a_year: float
    chance: float
    a_year: float
    at_most_a_year: float
    proven: bool
    in_time: float
    se_in_time: float
    steps: tuple[LikelyStep, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Steps:
    """All steps of a twin: by step its party, the cost (−ln chance) of itself and whether it waits
    for all; ``ways`` into each as (step before, cost of the link or 0, mu, sigma, link chance)."""

    party: list[int]
    begin: list[int]
    cost: list[float]
    waits: list[bool]
    into: list[list[tuple[int, float, float, float, float | None]]]
    out: list[list[int]]


def likely_paths(
    twin: Twin, rates: Floats, to: str, language: Language, *, chain: str, seed: int = 1
) -> tuple[LikelyPath, ...]:
    """The most likely way to a party for each aim, beginning there and from elsewhere, the most
    likely first. Raises KeyError for a party that is none."""
    if to not in twin.names:
        raise KeyError(to)
    steps, target = _steps_of(twin), twin.names.index(to)
    found = _best(twin, steps, rates, target)
    paths = [_path(twin, steps, rates, target, aim, direct, one, language, chain, seed)
             for (aim, direct), one in found.items() if one.way]
    return tuple(sorted(paths, key=lambda one: (-one.a_year, PERILS.index(one.aim), one.direct)))


def _steps_of(twin: Twin) -> _Steps:
    total = int(twin.begin[-1])
    party = np.repeat(np.arange(twin.parties), np.diff(twin.begin)).tolist()
    into: list[list[tuple[int, float, float, float, float | None]]] = [[] for _ in range(total)]
    out: list[list[int]] = [[] for _ in range(total)]
    waits: list[bool] = []
    for place in range(twin.parties):
        shape, begin = twin.structures[int(twin.structure[place])], int(twin.begin[place])
        waits.extend((shape.waits_for > 1).tolist())
        source = np.repeat(np.arange(len(shape.codes)), np.diff(shape.first))
        for before, after, mu, sigma in zip(source.tolist(), shape.target.tolist(),
                                            shape.mu.tolist(), shape.sigma.tolist(), strict=True):
            into[begin + after].append((begin + before, 0.0, mu, sigma, None))
            out[begin + before].append(begin + after)
    links = twin.links
    leaving = np.repeat(np.arange(twin.parties), np.diff(links.first)).tolist()
    for source_party, step, target, entry, chance, mu, sigma in zip(
            leaving, links.step.tolist(), links.party.tolist(), links.entry.tolist(),
            links.chance.tolist(), links.mu.tolist(), links.sigma.tolist(), strict=True):
        if chance > 0.0:
            before, after = int(twin.begin[source_party]) + step, int(twin.begin[target]) + entry
            into[after].append((before, -math.log(chance), mu, sigma, chance))
            out[before].append(after)
    cost = [-math.log(one) if one > 0.0 else _NEVER for one in twin.chance.tolist()]
    return _Steps(party, twin.begin.tolist(), cost, waits, into, out)


@dataclass(slots=True)
class _Found:
    """The best way so far for an aim: its cost with the start's, the step it ends in, the way; and
    the least that any could cost."""

    cost: float = _NEVER
    bound: float = _NEVER
    goal: int = -1
    way: dict[int, tuple[int, ...]] = field(default_factory=dict)


def _best(
    twin: Twin, steps: _Steps, rates: Floats, target: int
) -> dict[tuple[int, bool], _Found]:
    """The best way by aim, and whether it begins at the target."""
    shape = twin.structures[int(twin.structure[target])]
    goals = {int(twin.begin[target]) + int(step): int(shape.peril[step])
             for step in np.flatnonzero(shape.peril >= 0)}
    found = {(aim, direct): _Found() for aim in sorted(set(goals.values()))
             for direct in (True, False)}
    upstream = _upstream(twin, target)
    for party in (target, *(one for one in upstream if one != target)):
        begin = {aim: -math.log(rate) for aim, rate in enumerate(rates[party].tolist())
                 if rate > 0.0}
        wanted = {goal: aim for goal, aim in goals.items() if aim in begin}
        start = int(twin.begin[party]) + twin.structures[int(twin.structure[party])].start
        limit = {goal: found[aim, party == target].cost - begin[aim]
                 for goal, aim in wanted.items()}
        for adding in (False, True):
            costs, chosen = _settled(steps, start, wanted, adding,
                                     _NEVER if adding else max(limit.values(), default=0.0))
            reached = {goal: aim for goal, aim in wanted.items() if goal in costs}
            for goal, aim in reached.items():
                best, way = found[aim, party == target], _way(goal, chosen)
                if not adding:
                    best.bound = min(best.bound, costs[goal] + begin[aim])
                cost = begin[aim] + _cost(steps, way)
                if cost < best.cost:
                    best.cost, best.goal, best.way = cost, goal, way
            if not reached:
                break
    return found


def _upstream(twin: Twin, target: int) -> list[int]:
    """The parties from which links lead to one, however far, in their order."""
    links = twin.links
    leaving = np.repeat(np.arange(twin.parties), np.diff(links.first))
    into: dict[int, list[int]] = {}
    for source, party in zip(leaving.tolist(), links.party.tolist(), strict=True):
        into.setdefault(party, []).append(source)
    seen, waiting = {target}, [target]
    while waiting:
        for one in into.get(waiting.pop(), ()):
            if one not in seen:
                seen.add(one)
                waiting.append(one)
    return sorted(seen)


def _settled(
    steps: _Steps, start: int, goals: Mapping[int, int], adding: bool, limit: float
) -> tuple[dict[int, float], dict[int, tuple[int, ...]]]:
    """The least cost of each step from a start and the steps before it on the way there, until all
    goals are settled or everything costs more than ``limit``. An AND step costs what all its
    parents cost together (``adding``), or what the dearest of them does."""
    costs: dict[int, float] = {}
    chosen: dict[int, tuple[int, ...]] = {}
    best: dict[int, float] = {}
    left: dict[int, int] = {}
    waiting = set(goals)
    heap: list[tuple[float, int, tuple[int, ...]]] = [(0.0, start, ())]
    while heap and waiting:
        cost, one, before = heapq.heappop(heap)
        if cost > limit:
            break
        if one in costs:
            continue
        costs[one], chosen[one] = cost, before
        waiting.discard(one)
        for after in dict.fromkeys(steps.out[one]):
            if after in costs or steps.cost[after] == _NEVER:
                continue
            if not steps.waits[after]:
                reached = cost + _link(steps, one, after)[0] + steps.cost[after]
                if reached < best.get(after, _NEVER):
                    best[after] = reached
                    heapq.heappush(heap, (reached, after, (one,)))
                continue
            into = [place for place, *_ in steps.into[after]]
            left[after] = left.get(after, len(into)) - into.count(one)
            if left[after] == 0:
                parents = tuple(dict.fromkeys(into))
                each = [costs[place] for place in parents]
                heapq.heappush(heap, ((sum(each) if adding else max(each)) + steps.cost[after],
                                      after, parents))
    return costs, chosen


def _path(
    twin: Twin, steps: _Steps, rates: Floats, target: int, aim: int, direct: bool, best: _Found,
    language: Language, chain: str, seed: int,
) -> LikelyPath:
    order = _ordered(best.goal, best.way)
    rate = float(rates[steps.party[order[0]], aim])
    in_time = _in_time(twin, steps, order, best.way, seed)
    return LikelyPath(
        schema="dinghai.chain-likely-path/1", chain=chain, to=twin.names[target],
        aim=PERILS[aim], direct=direct,
        parties=tuple(dict.fromkeys(twin.names[steps.party[one]] for one in order)),
        attempts_a_year=rate, chance=math.exp(-_cost(steps, best.way)),
        a_year=math.exp(-best.cost), at_most_a_year=math.exp(-min(best.bound, best.cost)),
        proven=best.cost - best.bound <= 1e-9, in_time=in_time,
        se_in_time=(in_time * (1.0 - in_time) / WORLDS)**0.5,
        steps=tuple(_step(twin, steps, order, best.way, one, language) for one in order))


def _way(goal: int, chosen: dict[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """The distinct steps of the way to a step, each with the steps before it."""
    way: dict[int, tuple[int, ...]] = {}
    waiting = [goal]
    while waiting:
        one = waiting.pop()
        if one not in way:
            way[one] = chosen[one]
            waiting.extend(chosen[one])
    return way


def _cost(steps: _Steps, way: dict[int, tuple[int, ...]]) -> float:
    """−ln of the chance that all distinct steps and links of a way succeed, once it has started."""
    return sum(steps.cost[one] + sum(_link(steps, place, one)[0] for place in before)
               for one, before in way.items() if before)


def _link(steps: _Steps, before: int, after: int) -> tuple[float, float, float, float | None]:
    """The surest of the ways from one step to the next: cost, mu, sigma, and a link's chance."""
    return min(((link, mu, sigma, chance) for place, link, mu, sigma, chance in steps.into[after]
                if place == before), key=lambda one: one[0])


def _ordered(goal: int, way: dict[int, tuple[int, ...]]) -> list[int]:
    """The steps of a way, each after those that it needs."""
    order: list[int] = []

    def visit(one: int) -> None:
        if one not in order:
            for before in way[one]:
                visit(before)
            order.append(one)

    visit(goal)
    return order


def _in_time(
    twin: Twin, steps: _Steps, order: list[int], way: dict[int, tuple[int, ...]], seed: int
) -> float:
    """The share of worlds in which every step of a way comes before its party contains the event.
    Times from the event's start, as the twin has them."""
    parties = list(dict.fromkeys(steps.party[one] for one in order))
    draws = sum(len(way[one]) for one in order) + len(parties)
    luck = uniforms(seed, "chain.likely", WORLDS, draws)
    column = iter(range(draws))
    until = {party: _days(float(twin.containment[party, 0]), float(twin.containment[party, 1]),
                          luck[:, next(column)]) for party in parties}
    times: dict[int, Floats] = {}
    good = np.ones(WORLDS, dtype=np.bool_)
    for one in order:
        arrivals = []
        for before in way[one]:
            _, mu, sigma, _ = _link(steps, before, one)
            arrivals.append(times[before] + _days(mu, sigma, luck[:, next(column)]))
        times[one] = np.max(arrivals, axis=0) if arrivals else np.zeros(WORLDS)
        good &= times[one] <= until[steps.party[one]]
    return float(good.mean())


@njit(cache=True, nogil=True)
def _days(mu, sigma, luck):  # type: ignore[no-untyped-def]
    days = np.empty(len(luck))
    for place in range(len(luck)):
        days[place] = exponential(mu + sigma * normal_quantile(luck[place]))
    return days


def _step(
    twin: Twin, steps: _Steps, order: list[int], way: dict[int, tuple[int, ...]], one: int,
    language: Language,
) -> LikelyStep:
    party = steps.party[one]
    code = twin.codes(party)[one - steps.begin[party]]
    crossed = [before for before in way[one] if steps.party[before] != party]
    chance = _link(steps, crossed[0], one)[3] if crossed else None
    return LikelyStep(
        twin.names[party], code, *step_names(code, language),
        chance=math.exp(-steps.cost[one]) if way[one] else 1.0,
        needs=tuple(order.index(before) for before in way[one]),
        waits_for_all=steps.waits[one],
        link=link_kind_of(code, language) if crossed else None, link_chance=chance)
