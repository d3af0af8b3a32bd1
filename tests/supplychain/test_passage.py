"""First passage: against closed forms, and against an ordinary simulation."""

from __future__ import annotations

import math

import numba
import numpy as np
import pytest
from scipy import stats

from dinghai.supplychain.passage import arrival_times, passage
from tests.supplychain.graphs import exponential, graph

WORLDS = 200_000


def chain(rates: list[float]) -> tuple[list[str], list[dict[str, object]]]:
    names = [f"s{place}" for place in range(len(rates) + 1)]
    return names, [{"from": names[place], "to": names[place + 1], "delay": exponential(rate)}
                   for place, rate in enumerate(rates)]


def test_a_row_of_steps_takes_a_hypoexponential_time() -> None:
    rates = [1.0, 2.0, 5.0]
    names, edges = chain(rates)
    found = passage(graph([{"id": one} for one in names], edges), 0, 3, times=["0.5", "1", "3.0"],
                    worlds=WORLDS, seed=1)
    assert found.mean is not None
    assert abs(found.mean.mean - 1.7) < 4 * found.mean.error
    for time, one in found.by_time.items():
        weights = [math.prod(other / (other - rate) for other in rates if other != rate)
                   for rate in rates]
        theory = 1.0 - sum(w * math.exp(-rate * float(time))
                           for w, rate in zip(weights, rates, strict=True))
        assert abs(one.mean - theory) < 4 * one.error
    assert found.arrival.mean == 1.0


def test_an_and_step_waits_for_the_last_and_an_or_step_for_the_first() -> None:
    nodes = ["A", "B", "C", {"id": "L", "kind": "and"}, "F"]
    edges = [{"from": "A", "to": "B", "delay": exponential(1.0)},
             {"from": "A", "to": "C", "delay": exponential(2.0)},
             *({"from": a, "to": b} for a in "BC" for b in "LF")]
    one = graph(nodes, edges)
    last = passage(one, 0, 3, times=["1"], worlds=WORLDS, seed=2)
    first = passage(one, 0, 4, times=["1"], worlds=WORLDS, seed=2)
    assert last.mean is not None and first.mean is not None
    assert abs(last.mean.mean - (1.0 + 0.5 - 1.0 / 3.0)) < 4 * last.mean.error
    assert abs(first.mean.mean - 1.0 / 3.0) < 4 * first.mean.error
    both = (1 - math.exp(-1.0)) * (1 - math.exp(-2.0))
    assert abs(last.by_time["1"].mean - both) < 4 * last.by_time["1"].error


def test_shared_ancestors_cycles_gates_and_lognormal_times_against_an_ordinary_simulation() -> None:
    nodes = ["A", "B", {"id": "C", "p": 0.8}, {"id": "D", "kind": "and", "p": 0.9}]
    edges = [{"from": "A", "to": "B", "p": 0.7,
              "delay": {"family": "lognormal", "mu": 0.2, "sigma": 0.8}},
             {"from": "A", "to": "C", "p": 0.5, "delay": {"family": "fixed", "value": 3.0}},
             {"from": "B", "to": "C", "delay": exponential(0.5)},
             {"from": "B", "to": "D", "p": 0.9, "delay": exponential(1.0)},
             {"from": "C", "to": "D", "delay": exponential(1.0)},
             {"from": "D", "to": "B"}, {"from": "C", "to": "B", "p": 0.4}]
    found = arrival_times(graph(nodes, edges), 0, 3, worlds=WORLDS, seed=4)
    draw, size = np.random.default_rng(9), 400_000
    never = np.inf
    ab = np.where(draw.random(size) < 0.7, draw.lognormal(0.2, 0.8, size), never)
    ac = np.where(draw.random(size) < 0.5, 3.0, never)
    bc, bd, cd = draw.exponential(2.0, size), draw.exponential(1.0, size), draw.exponential(
        1.0, size)
    bd = np.where(draw.random(size) < 0.9, bd, never)
    cb = np.where(draw.random(size) < 0.4, 0.0, never)
    lives = draw.random(size) < 0.8
    c_first = np.where(lives, ac, never)
    b = np.minimum(ab, c_first + cb)
    c = np.where(lives, np.minimum(ac, b + bc), never)
    d = np.where(draw.random(size) < 0.9, np.maximum(b + bd, c + cd), never)
    assert abs(np.isfinite(found).mean() - np.isfinite(d).mean()) < 4 * math.sqrt(
        0.25 / WORLDS + 0.25 / size)
    assert stats.ks_2samp(found[np.isfinite(found)], d[np.isfinite(d)]).pvalue > 1e-3


def test_an_edge_is_not_drawn_again_when_more_is_known() -> None:
    names, edges = chain([1.0, 1.0])
    short = graph([{"id": one} for one in names], edges)
    longer = graph([{"id": one} for one in (*names, "x")],
                   [*edges, {"from": "s2", "to": "x", "delay": exponential(1.0)}])
    before = arrival_times(short, 0, 2, worlds=500, seed=1)
    assert (before == arrival_times(longer, 0, 2, worlds=500, seed=1)).all()


def test_a_horizon_cuts_and_never_moves_a_time() -> None:
    names, edges = chain([1.0, 2.0])
    one = graph([{"id": name} for name in names], edges)
    all_of_them = arrival_times(one, 0, 2, worlds=2_000, seed=1)
    cut = arrival_times(one, 0, 2, worlds=2_000, seed=1, horizon=1.0)
    assert (np.isfinite(cut) == (all_of_them <= 1.0)).all()
    assert (cut[np.isfinite(cut)] == all_of_them[all_of_them <= 1.0]).all()


def test_the_same_bytes_for_any_cut_and_any_number_of_cores() -> None:
    names, edges = chain([1.0, 2.0, 3.0])
    one = graph([{"id": name} for name in names], edges)
    whole = arrival_times(one, 0, 3, worlds=1000, seed=1)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        alone = arrival_times(one, 0, 3, worlds=1000, seed=1)
    finally:
        numba.set_num_threads(before)
    parts = [arrival_times(one, 0, 3, worlds=500, seed=1, first_world=first)
             for first in (0, 500)]
    assert (whole == alone).all()
    assert (whole == np.concatenate(parts)).all()


def test_what_is_never_reached_has_no_mean() -> None:
    one = graph("AB", [])
    found = passage(one, 0, 1, times=["1"], worlds=100, seed=1)
    assert found.to_dict()["mean"] is None
    assert found.arrival.mean == 0.0
    assert found.by_time["1"].mean == 0.0


@pytest.mark.parametrize("horizon", [0.0, 5.0])
def test_a_start_is_its_own_end_at_once(horizon: float) -> None:
    assert (arrival_times(graph("AB", ["AB"]), 0, 0, worlds=5, seed=1, horizon=horizon) == 0).all()
