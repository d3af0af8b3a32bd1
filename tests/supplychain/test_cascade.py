"""Cascades: sampled worlds against exact enumeration, and both against what theory says."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit
from scipy import optimize, stats

from dinghai.foundation.errors import InputError
from dinghai.supplychain.cascade import cascade, exact_cascade
from dinghai.supplychain.draws import GOLDEN, mixed
from dinghai.supplychain.packed_worlds import TOGETHER, worlds_below
from dinghai.supplychain.spreading import Model, spread
from dinghai.supplychain.step_graph import StepGraph
from tests.supplychain.graphs import graph, random_graph

WORLDS = 4_000


@njit
def one_word(word, digits):  # type: ignore[no-untyped-def]
    """The kernel's part that decides 64 worlds, by itself."""
    return worlds_below(word, digits)


@pytest.mark.parametrize(("model", "graphs"), [("ic", 500), ("sir", 250), ("lt", 250)])
def test_sampling_agrees_with_enumeration_on_random_graphs(model: Model, graphs: int) -> None:
    chances: list[float] = []
    for number in range(graphs):
        one = random_graph(number, model)
        seeds = one.places(["n0"], "seeds")
        exact = exact_cascade(one, seeds, model=model, recovery_rate=0.7)
        found = cascade(one, seeds, model=model, recovery_rate=0.7, worlds=WORLDS, seed=number)
        assert math.fsum(exact.chances.values()) == pytest.approx(1.0, abs=1e-12)
        for name in one.names:
            p, hits = exact.reached[name].mean, round(found.reached[name].mean * WORLDS)
            if p < 1e-12 or p > 1.0 - 1e-12:
                assert hits == round(p) * WORLDS
            else:
                chances.append(stats.binomtest(hits, WORLDS, min(p, 1.0)).pvalue)
    beyond = sum(one < 2.0 * stats.norm.sf(4.0) for one in chances)
    assert len(chances) > graphs
    assert beyond <= 1  # 4 standard errors: expected are 0.06 in a thousand
    assert min(chances) * len(chances) > 0.01
    assert stats.kstest([one for one in chances if one < 0.999], "uniform").pvalue > 1e-4


def brute(one: StepGraph, seed: int) -> dict[int, float]:
    """Every world of a graph without gates, edge by edge: the plainest reading there is."""
    edges = list(zip(one.source.tolist(), one.target.tolist(), one.edge_chance.tolist(),
                     strict=True))
    found: dict[int, float] = {}
    for alive in product([False, True], repeat=len(edges)):
        chance = math.prod(p if lives else 1.0 - p
                           for lives, (_, _, p) in zip(alive, edges, strict=True))
        reached, before = {seed}, set[int]()
        while reached != before:
            before = set(reached)
            for node in range(one.nodes):
                come = [lives and a in before for lives, (a, b, _) in zip(alive, edges, strict=True)
                        if b == node]
                if come and (all(come) if one.waits_for_all[node] else any(come)):
                    reached.add(node)
        mask = sum(1 << node for node in reached)
        found[mask] = found.get(mask, 0.0) + chance
    return found


def test_enumeration_agrees_with_every_world_written_out() -> None:
    # A feeds B and C, both feed the AND node D: B and C share an ancestor, so products are wrong
    nodes = ["A", "B", "C", {"id": "D", "kind": "and"}, "E"]
    one = graph(nodes, [("AB", 0.5), ("BC", 0.5), ("AC", 0.3), ("BD", 0.9), ("CD", 0.8),
                        ("DE", 0.5), ("EB", 0.7)])
    exact = exact_cascade(one, one.places(["A"], "seeds"))
    worlds = brute(one, 0)
    for place, name in enumerate(one.names):
        assert exact.reached[name].mean == pytest.approx(
            sum(p for mask, p in worlds.items() if mask >> place & 1), abs=1e-12)
    both = 0.5 * 1.0 - 0.5 * 0.5 * 0.7  # B, and C by either way
    assert exact.reached["D"].mean == pytest.approx(both * 0.9 * 0.8)
    naive = exact.reached["B"].mean * exact.reached["C"].mean * 0.9 * 0.8
    assert abs(exact.reached["D"].mean - naive) > 0.03


def test_the_final_size_of_an_epidemic_in_a_household() -> None:
    # Reed and Frost, three people, everyone meets everyone: 1 infects each of 2 with p
    p = 0.3
    one = graph("ABC", [(a + b, p) for a in "ABC" for b in "ABC" if a != b])
    found = exact_cascade(one, one.places(["A"], "seeds"))
    q = 1.0 - p
    assert found.chances[1] == pytest.approx(q**2)
    assert found.chances[2] == pytest.approx(2 * p * q * q)
    assert found.chances[3] == pytest.approx(p * p + 2 * p * q * p)


def test_an_epidemic_of_rates_in_a_pair() -> None:
    one = graph("AB", [("AB", 2.0)], rates=True)
    found = exact_cascade(one, one.places(["A"], "seeds"), model="sir", recovery_rate=0.5)
    assert found.reached["B"].mean == pytest.approx(2.0 / 2.5)


def test_contacts_of_one_infectious_time_are_not_independent() -> None:
    one = graph("ABC", [("AB", 1.0), ("AC", 1.0)], rates=True)
    found = exact_cascade(one, one.places(["A"], "seeds"), model="sir", recovery_rate=1.0)
    assert found.chances[1] == pytest.approx(1.0 / 3.0)  # not (1/2)²
    assert found.chances[3] == pytest.approx(1.0 / 3.0)


def test_the_final_size_on_a_large_random_graph() -> None:
    nodes, degree = 20_000, 2.0
    draw = np.random.default_rng(1)
    edges = int(nodes * degree / 0.4)
    one = StepGraph.of(
        names=tuple(map(str, range(nodes))), waits_for_all=np.zeros(nodes, dtype=np.bool_),
        chance=np.ones(nodes), rate=np.zeros(nodes), loss=np.ones(nodes),
        source=draw.integers(0, nodes, edges).astype(np.int32),
        target=draw.integers(0, nodes, edges).astype(np.int32),
        edge_chance=np.full(edges, 0.4), family=np.zeros(edges, dtype=np.int8),
        first=np.zeros(edges), second=np.zeros(edges))
    found = spread(one, np.array([0], dtype=np.int32), worlds=400, seed=3)
    theory = optimize.brentq(lambda r: r - 1.0 + math.exp(-degree * r), 0.1, 1.0)
    large = found.sizes[found.sizes > nodes // 10]
    assert large.mean() / nodes == pytest.approx(theory, rel=0.01)
    assert (found.losses == found.sizes).all()
    starts = [spread(one, np.array([start], dtype=np.int32), worlds=20, seed=3).sizes
              for start in range(60)]
    survive = float(np.mean(np.concatenate(starts) > nodes // 10))
    assert survive == pytest.approx(theory, abs=0.1)


def test_many_different_chances_on_one_node() -> None:
    nodes = ["A", *(f"t{place}" for place in range(300))]
    ps = [((place * 37) % 300 + 0.5) / 300 for place in range(300)]
    one = graph(nodes, [{"from": "A", "to": f"t{place}", "p": p} for place, p in enumerate(ps)]
                + [{"from": f"t{place}", "to": f"t{(place + 1) % 300}", "p": p / 7}
                   for place, p in enumerate(ps)])
    found = spread(one, np.array([0], dtype=np.int32), worlds=40_000, seed=1)
    share = found.reached[1:] / found.worlds
    exact = np.array(ps)
    assert (share > exact - 4.5 * np.sqrt(exact * (1 - exact) / found.worlds)).all()
    certain = graph("AB", [("AB", 1.0)])
    sure = spread(certain, np.array([0], dtype=np.int32), worlds=10_000, seed=1)
    assert sure.reached[1] == 10_000


@pytest.mark.parametrize("model", ["ic", "sir", "lt"])
def test_the_same_bytes_for_any_cut_and_any_number_of_cores(model: Model) -> None:
    one = random_graph(12, model)
    seeds = one.places(["n0"], "seeds")
    whole = spread(one, seeds, model=model, recovery_rate=0.7, worlds=1000, seed=5)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = spread(one, seeds, model=model, recovery_rate=0.7, worlds=1000, seed=5)
    finally:
        numba.set_num_threads(before)
    parts = [spread(one, seeds, model=model, recovery_rate=0.7, worlds=last - first, seed=5,
                    first_world=first) for first, last in ((0, 37), (37, 40), (40, 1000))]
    assert (whole.sizes == alone.sizes).all()
    assert (whole.losses == alone.losses).all()
    assert (whole.sizes == np.concatenate([part.sizes for part in parts])).all()
    assert (whole.reached == sum(part.reached for part in parts)).all()


@settings(deadline=None, max_examples=60)
@given(number=st.integers(0, 10_000), less=st.floats(0.0, 1.0))
def test_a_smaller_chance_never_reaches_more_in_any_world(number: int, less: float) -> None:
    one = random_graph(number, "ic")
    seeds = one.places(["n0"], "seeds")
    milder = replace(one, edge_chance=one.edge_chance * less)
    before, after = (spread(each, seeds, worlds=200, seed=7) for each in (one, milder))
    assert (after.sizes <= before.sizes).all()
    assert (after.reached <= before.reached).all()


@pytest.mark.parametrize("chance", [0.0, 2.0**-52, 1e-3, 0.15, 0.5, 1.0 - 2.0**-52, 1.0])
def test_worlds_below_a_chance_are_those_of_their_binary_digits(chance: float) -> None:
    word, digits = np.uint64(123456789), np.ceil(chance * 2.0**52).astype(np.uint64)
    draws = [int(mixed(np.uint64((int(word) + (place + 1) * int(GOLDEN)) % 2**64)))
             for place in range(52)]
    numbers = [sum((draw >> world & 1) << 51 - place for place, draw in enumerate(draws))
               for world in range(TOGETHER)]
    expected = sum((number < int(digits)) << world for world, number in enumerate(numbers))
    assert int(one_word(word, digits)) == expected


def test_an_and_node_without_parents_is_never_reached() -> None:
    one = graph(["A", {"id": "D", "kind": "and"}], [])
    seeds = one.places(["A"], "seeds")
    assert exact_cascade(one, seeds).reached["D"].mean == 0.0
    assert cascade(one, seeds, worlds=10, seed=1).reached["D"].mean == 0.0


def test_what_a_threshold_model_cannot_read_is_refused() -> None:
    over = graph("ABC", [("AC", 0.7), ("BC", 0.7)])
    with pytest.raises(InputError, match=r"add up to 1\.4"):
        cascade(over, over.places(["A"], "seeds"), model="lt", worlds=10, seed=1)
    waits = graph(["A", {"id": "D", "kind": "and"}], ["AD"])
    with pytest.raises(InputError, match="wait for all"):
        cascade(waits, waits.places(["A"], "seeds"), model="lt", worlds=10, seed=1)
    with pytest.raises(InputError, match="nothing can start there"):
        waits.places(["D"], "--seeds")


def test_a_large_graph_is_not_enumerated() -> None:
    letters = [f"n{place}" for place in range(24)]
    one = graph([{"id": name} for name in letters],
                [{"from": a, "to": b, "p": 0.5} for a in letters for b in letters if a != b])
    with pytest.raises(InputError, match="states"):
        exact_cascade(one, one.places(["n0"], "seeds"))
