"""The quick kernel against a slow one that takes every step, event by event on the same luck."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from dinghai.foundation.streams import normal_quantile
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.fizzling import FIZZLES, GOES_ON, apart_for, guide_to, tell_apart
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.outcomes import BINS, Outcomes
from dinghai.supplychain.passage import quick_exponential, thresholds
from dinghai.supplychain.strikes import (
    CONTAINMENT,
    LEAVES,
    LUCK,
    NOTHING,
    OUTSIDE,
    field_of,
    room_of,
    strike,
)
from dinghai.supplychain.twin import Twin, twin_of, word_of

ENERGY = Path(__file__).parents[2] / "examples" / "energy"
EVENTS, PERILS, HORIZON, KEY = 2_500, 6, 365.0, 20_261_201
ALL = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15


def mixed(value: int) -> int:
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & ALL
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & ALL
    return value ^ (value >> 31)


def draw(word: int, number: int) -> int:
    return mixed(word + (number + 1) * GOLDEN & ALL)


def node(word: int, number: int, purpose: int) -> int:
    return mixed(word + (number * 8 + purpose) * GOLDEN & ALL)


def unit(word: int) -> float:
    return ((word >> 12) + 0.5) / (1 << 52)


def days(mu: float, sigma: float, word: int) -> float:
    return float(quick_exponential(mu + sigma * normal_quantile(unit(word))))


@dataclass
class Slow:
    """One event with every step: who is entered when and from where, and who is struck."""

    twin: Twin
    word: int
    root: int
    aim: int
    since: dict[int, float] = field(default_factory=dict)
    came: dict[int, int] = field(default_factory=dict)
    struck: set[int] = field(default_factory=set)

    def run(self) -> Slow:
        twin, bars = self.twin, [int(one) for one in thresholds(self.twin.chance)]
        link_bars = [int(one) for one in thresholds(twin.links.chance)]
        shapes = [twin.structures[int(one)] for one in twin.structure]
        luck = [node(self.word, int(one), LUCK) for one in twin.key]
        until = [days(*twin.containment[one], node(luck[one], 0, CONTAINMENT))
                 for one in range(twin.parties)]
        best: dict[tuple[int, int], tuple[float, int]] = {}
        missing: dict[tuple[int, int], int] = {}
        settled: set[tuple[int, int]] = set()
        first = self.root, shapes[self.root].start
        heap = [(0.0, *first, NOTHING)]

        def lead(party: int, step: int, later: float, by: int) -> None:
            code = word_of(shapes[party].codes[step])
            bar = bars[int(twin.begin[party]) + step]
            if later > HORIZON or bar == 0 or (bar != ALL and draw(luck[party], code) > bar):
                return
            place = party, step
            if shapes[party].waits_for[step] > 1:
                time, who = best.get(place, (-1.0, NOTHING))
                best[place] = (later, by) if later >= time else (time, who)
                missing[place] = missing.get(place, int(shapes[party].waits_for[step])) - 1
                if missing[place] == 0:
                    heapq.heappush(heap, (best[place][0], party, step, best[place][1]))
            else:
                heapq.heappush(heap, (later, party, step, by))

        while heap:
            now, party, step, by = heapq.heappop(heap)
            if (party, step) in settled:
                continue
            settled.add((party, step))
            if now > until[party]:
                continue
            shape = shapes[party]
            if party not in self.since:
                self.since[party], self.came[party] = now, by
            if shape.peril[step] == self.aim:
                self.struck.add(party)
            leaving = draw(luck[party], word_of(shape.codes[step]) ^ int(LEAVES))
            for edge in range(shape.first[step], shape.first[step + 1]):
                other = int(shape.target[edge])
                lead(party, other, now + days(float(shape.mu[edge]), float(shape.sigma[edge]), draw(
                    leaving, word_of(shape.codes[other]))), party)
            for link in range(twin.links.first[party], twin.links.first[party + 1]):
                passed = draw(leaving, int(twin.links.key[link]))
                if twin.links.step[link] == step and 0 < link_bars[link] >= passed:
                    lead(int(twin.links.party[link]), int(twin.links.entry[link]), now + days(
                        float(twin.links.mu[link]), float(twin.links.sigma[link]),
                        node(passed, 0, LUCK)), party)
        return self


@pytest.fixture(scope="module")
def twin() -> Twin:
    """The energy chain with open links, so that many events go on."""
    chain, language = read_chain(ENERGY), shipped_language()
    one = twin_of(chain, {firm.id: compile_firm(chain, firm, language) for firm in chain.firms})
    return replace(one, links=replace(one.links, chance=np.minimum(one.links.chance * 8.0, 0.95)))


def test_every_event_is_that_of_the_slow_kernel(twin: Twin) -> None:
    costs = np.ones((twin.parties, PERILS, BINS), dtype=np.int64)
    known = field_of(twin, Outcomes(np.ones(1), costs, 0 * costs))
    cumulative = np.linspace(0.0, 1.0, twin.parties * PERILS + 1)[1:]
    room = room_of(known)
    fizzled = np.zeros(twin.parties, dtype=np.int64)
    apart = apart_for(known, cumulative, EVENTS)
    tell_apart(known, room, cumulative, guide_to(cumulative), np.uint64(KEY), 0, EVENTS, HORIZON,
               fizzled, apart)
    alive = {event: (int(apart.begin[event]), int(apart.bin[event]))
             for event in np.flatnonzero(apart.bin != FIZZLES).tolist()}
    assert len(alive) + fizzled.sum() == EVENTS
    seen: Counter[str] = Counter()
    for event in range(EVENTS):
        word = mixed(KEY + event * GOLDEN & ALL)
        start = int(np.searchsorted(cumulative, unit(draw(word, 0)), side="right"))
        root, aim = divmod(start, PERILS)
        slow = Slow(twin, word, root, aim).run()
        seen["struck"] += bool(slow.struck)
        seen["several"] += len(slow.struck) > 1
        seen["passed on"] += len(slow.since) > 1
        strike(known, room, root, aim, -1, HORIZON, np.uint64(word), event + 1)
        slots = [slot for slot in range(room.number[0]) if room.since[slot] != OUTSIDE]
        entered = {int(room.party[slot]): float(room.since[slot]) for slot in slots}
        struck = {int(room.party[slot]): int(room.bin[slot]) for slot in slots
                  if room.loss[slot] != NOTHING}
        assert set(struck) == slow.struck
        # where the event could do nothing it is not said to have got in, but never so elsewhere
        assert entered.items() <= slow.since.items()
        for slot in slots:
            assert slow.came[int(room.party[slot])] == room.came[slot]
        seen["left out"] += len(entered) < len(slow.since)
        if event not in alive:
            assert not slow.struck
            assert set(entered) == {root}
            seen["fizzled"] += 1
            continue
        begin, alone = alive[event]
        assert begin == start
        if alone != GOES_ON:
            assert struck == {root: alone}
            assert set(entered) == {root}
            seen["alone"] += 1
    # most of all kinds of event were met
    assert seen["fizzled"] > EVENTS // 2
    assert seen["struck"] > 100
    assert seen["several"] > 10
    assert seen["passed on"] > 30
    assert seen["alone"] > 30
    assert seen["left out"] > 10
