"""The most likely way to a party: against every way there is, and what is shared counts once."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator

import numpy as np
import pytest

from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.likely_path import LikelyPath, likely_paths
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.twin import Twin, step_graph_of, twin_of
from dinghai.supplychain.years import draw_events, run_years
from tests.supplychain.test_twin import NEVER, no_goods, nothing_paid, one_yuan
from tests.supplychain.twins import chain, twin


def rates(one: Twin, *roots: int) -> np.ndarray:
    found = np.zeros((one.parties, 6))
    found[list(roots), 0] = 1.0
    return found


def only(one: Twin, root: int, to: str) -> LikelyPath:
    (found,) = likely_paths(one, rates(one, root), to, shipped_language(), chain="test")
    return found


def random_firm(number: int) -> FirmSteps:
    """A few steps at random, AND steps and shared ancestors among them; the last one costs."""
    draw = random.Random(number)
    size = draw.randint(4, 8)
    ways = [(a, b) for b in range(1, size) for a in range(b) if draw.random() < 0.55]
    for step in range(1, size):
        if not any(b == step for _, b in ways):
            ways.append((draw.randrange(step), step))
    waits = np.array([step > 1 and draw.random() < 0.45 for step in range(size)])
    peril = np.full(size, -1, dtype=np.int8)
    peril[-1] = 0
    return FirmSteps(
        codes=tuple(f"s{step}" for step in range(size)), waits_for_all=waits,
        chance=np.array([1.0, *(draw.choice([1.0, 0.9, 0.6, 0.3]) for _ in range(size - 1))]),
        peril=peril, output_share=np.zeros(size),
        source=np.array([a for a, _ in ways], dtype=np.int32),
        target=np.array([b for _, b in ways], dtype=np.int32), mu=np.zeros(len(ways)),
        sigma=np.full(len(ways), 0.1), start=0, entries={}, exits={}, containment_mu=NEVER)


def all_ways(part: FirmSteps, goal: int) -> Iterator[frozenset[int]]:
    """Every set of steps that leads to a step, one parent for each OR step."""
    parents = [sorted(set(part.source[part.target == step].tolist()))
               for step in range(part.steps)]
    choices = [[tuple(one)] if part.waits_for_all[step] else [(parent,) for parent in one] or [()]
               for step, one in enumerate(parents)]
    for chosen in itertools.product(*choices):
        way, waiting = set[int](), [goal]
        while waiting:
            step = waiting.pop()
            if step not in way:
                way.add(step)
                waiting.extend(chosen[step])
        yield frozenset(way)


def test_it_is_the_best_of_all_ways_or_says_that_it_may_not_be() -> None:
    proven = better = 0
    for number in range(150):
        part = random_firm(number)
        one = twin_of(chain(1, []), {"o": part})
        best = max(math.prod(part.chance[list(way)].tolist())
                   for way in all_ways(part, part.steps - 1))
        found = only(one, 0, "o")
        assert found.chance <= best + 1e-12
        assert found.at_most_a_year >= best - 1e-12
        if found.proven:
            proven += 1
            assert found.chance == pytest.approx(best)
        better += found.chance < best - 1e-12
    assert proven > 75
    assert better < 8  # what adding up misses is rare


def test_its_chance_is_that_of_its_distinct_steps() -> None:
    for number in range(40):
        part = random_firm(number)
        found = only(twin_of(chain(1, []), {"o": part}), 0, "o")
        assert found.chance == pytest.approx(math.prod(step.chance for step in found.steps))
        for place, step in enumerate(found.steps):
            assert all(before < place for before in step.needs)
            assert len(step.needs) >= (place > 0)
            if step.waits_for_all:
                code = part.codes.index(step.code)
                assert len(step.needs) == len(set(part.source[part.target == code].tolist()))


def test_a_shared_step_counts_once() -> None:
    one = twin(chain(1, []), entry=0.5, spread=0.6, impact=0.8)
    found = only(one, 0, "o")  # foothold leads to credentials and to tools, both of them needed
    assert found.chance == pytest.approx(0.5 * 0.6 * 0.6 * 0.8)
    assert found.proven is False
    assert found.at_most_a_year == pytest.approx(0.5 * 0.6 * 0.8)
    assert [step.code for step in found.steps].count("foothold") == 1


def test_the_surest_way_from_elsewhere_crosses_the_surest_links() -> None:
    links = [("s1", "o", "remote_access"), ("s2", "s1", "email_trust"),
             ("s2", "o", "email_trust")]
    one = twin(chain(3, links), impact=0.9)
    found = only(one, 2, "o")
    assert found.parties == ("s2", "o")
    entry = next(step for step in found.steps if step.link_chance is not None)
    assert entry.party == "o"
    assert found.chance == pytest.approx(
        math.prod(step.chance * (step.link_chance or 1.0) for step in found.steps))


def test_no_path_is_more_frequent_than_being_struck() -> None:
    one = twin(chain(2, [("s1", "o", "remote_access")]), entry=0.95, containment_mu=2.2)
    found = only(one, 1, "o")
    events = draw_events(rates(one, 1), years=200_000, seed=2)
    years = run_years(field_of(one, one_yuan(2)), events, no_goods(2), nothing_paid(2))
    struck = int(years.struck[0]) / events.years
    in_time = found.a_year * found.in_time
    assert 0.0 < found.in_time < 1.0
    assert int(years.struck[0]) > 500
    assert in_time == pytest.approx(struck, rel=0.15)  # here there is one way only
    assert step_graph_of(one).nodes == 14


def test_direct_ways_and_ways_from_elsewhere_stand_apart() -> None:
    one = twin(chain(2, [("s1", "o", "remote_access")]))
    found = likely_paths(one, rates(one, 0, 1), "o", shipped_language(), chain="test")
    assert [(path.direct, path.parties) for path in found] == [
        (True, ("o",)), (False, ("s1", "o"))]
    assert list(found) == sorted(found, key=lambda path: -path.a_year)


def test_a_party_that_nothing_leads_to_has_no_way() -> None:
    one = twin(chain(2, []))
    assert likely_paths(one, rates(one, 1), "o", shipped_language(), chain="test") == ()
    with pytest.raises(KeyError):
        likely_paths(one, rates(one, 1), "x", shipped_language(), chain="test")
