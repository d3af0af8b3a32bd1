"""Independent cascade on a scale-free graph, and first passage through 20,000 and 200,000 steps.

    python -m benchmarks.cascade

prints one JSON line. The graph (10,000 nodes, 100,000 directed edges, p = 0.15, ten seeds) is made
by keyed draws, the same everywhere. A peer that is installed (CyNetDiff, EoN, NDlib) runs on it
too, in the same process; one that is not is named as absent. The passage graphs are rows of OR
steps with shortcuts and AND steps; every world runs to 365 days from one start.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import random
import resource
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from dinghai.foundation.streams import uniforms
from dinghai.supplychain.passage import arrival_times
from dinghai.supplychain.spreading import spread
from dinghai.supplychain.step_graph import LOGNORMAL, StepGraph

NODES, EDGES, CHANCE, SEEDS = 10_000, 100_000, 0.15, 10
REPEATS = 5
PEERS = ("cynetdiff", "EoN", "ndlib")


def scale_free() -> tuple[np.ndarray, np.ndarray]:
    """Distinct edges whose ends are drawn in proportion to rank^−½ (tails of index 3)."""
    weight = np.cumsum((np.arange(1, NODES + 1) / NODES) ** -0.5)
    drawn = uniforms(1, "benchmark.edges", 4 * EDGES, 2) * weight[-1]
    ends = np.searchsorted(weight, drawn)
    order = np.argsort(uniforms(1, "benchmark.order", NODES, 1)[:, 0])
    pairs = np.stack([ends[:, 0], order[ends[:, 1]]], axis=1)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    _, first = np.unique(pairs, axis=0, return_index=True)
    chosen = pairs[np.sort(first)[:EDGES]]
    return chosen[:, 0].astype(np.int32), chosen[:, 1].astype(np.int32)


def graph_of(source: np.ndarray, target: np.ndarray, nodes: int, chance: float,
             waits: np.ndarray | None = None, sigma: float | None = None) -> StepGraph:
    """A graph without names that matter."""
    edges = len(source)
    return StepGraph.of(
        names=tuple(map(str, range(nodes))),
        waits_for_all=np.zeros(nodes, dtype=np.bool_) if waits is None else waits,
        chance=np.ones(nodes), rate=np.zeros(nodes), loss=np.ones(nodes), source=source,
        target=target, edge_chance=np.full(edges, chance),
        family=np.full(edges, 0 if sigma is None else LOGNORMAL, dtype=np.int8),
        first=np.full(edges, 0.0 if sigma is None else 1.0),
        second=np.full(edges, 0.0 if sigma is None else sigma))


def steps(nodes: int) -> StepGraph:
    """Firms of 60 steps, each a row with shortcuts and two AND steps; every firm's last step leads
    to three others: about a tenth of a firm's passages go on to the next."""
    firms = nodes // 60
    nodes = firms * 60
    place = np.arange(nodes)
    inside = place % 60
    row = place[inside < 59]
    skip = place[inside < 57]
    last = np.arange(firms) * 60 + 59
    drawn = (uniforms(2, "benchmark.firms", firms, 3) * firms).astype(np.int64) * 60
    source = np.concatenate([row, skip, np.repeat(last, 3)]).astype(np.int32)
    target = np.concatenate([row + 1, skip + 3, drawn.ravel()]).astype(np.int32)
    waits = np.isin(inside, (20, 40))
    return graph_of(source, target, nodes, 0.9, waits, 0.8)


def best(work: Callable[[], Any], each: int) -> float:
    """Seconds a world of the fastest repeat, after one to warm up."""
    work()
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken) / each


def peers(source: np.ndarray, target: np.ndarray, seeds: list[int]) -> dict[str, float]:
    """Microseconds a world of each peer that is here, and the mean size it finds."""
    found: dict[str, float] = {}
    if importlib.util.find_spec("networkx") is None:
        return found
    import networkx

    graph = networkx.DiGraph()
    graph.add_nodes_from(range(NODES))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True),
                         activation_prob=CHANCE)
    if importlib.util.find_spec("cynetdiff") is not None:
        from cynetdiff.utils import networkx_to_ic_model

        made = networkx_to_ic_model(graph)
        model = made[0] if isinstance(made, tuple) else made
        model.set_seeds(seeds)
        sizes: list[int] = []

        def worlds() -> None:
            for _ in range(500):
                model.reset_model()
                model.advance_until_completion()
                sizes.append(model.get_num_activated_nodes())

        found["cynetdiff_microseconds"] = round(1e6 * best(worlds, 500), 1)
        found["cynetdiff_mean_size"] = round(float(np.mean(sizes)), 1)
    if importlib.util.find_spec("EoN") is not None:
        import EoN

        def one() -> None:
            random.seed(1)
            np.random.seed(1)
            EoN.basic_discrete_SIR(graph, CHANCE, initial_infecteds=seeds, tmax=float("inf"))

        found["eon_microseconds"] = round(1e6 * best(one, 1), 1)
    if importlib.util.find_spec("ndlib") is not None:
        from ndlib.models import ModelConfig
        from ndlib.models.epidemics import IndependentCascadesModel

        settings = ModelConfig.Configuration()
        settings.add_model_initial_configuration("Infected", seeds)
        for edge in graph.edges():
            settings.add_edge_configuration("threshold", edge, CHANCE)

        def run() -> None:
            model = IndependentCascadesModel(graph)
            model.set_initial_status(settings)
            while model.iteration()["node_count"][1]:
                pass

        found["ndlib_microseconds"] = round(1e6 * best(run, 1), 1)
    return found


def main() -> None:
    """Measure and print."""
    source, target = scale_free()
    graph = graph_of(source, target, NODES, CHANCE)
    seeds = np.argsort(-np.bincount(source, minlength=NODES), kind="stable")[:SEEDS]
    starts = seeds.astype(np.int32)
    sample = spread(graph, starts, worlds=4_000, seed=1)
    passages = {}
    for nodes, worlds in ((20_000, 2_000), (200_000, 200)):
        one = steps(nodes)
        nodes = one.nodes
        times = arrival_times(one, 0, nodes - 1, worlds=worlds, seed=1, horizon=365.0)
        passages[str(nodes)] = {
            "milliseconds_a_world": round(1e3 * best(lambda one=one, nodes=nodes, worlds=worlds:
                                                     arrival_times(one, 0, nodes - 1, worlds=worlds,
                                                                   seed=1, horizon=365.0), worlds),
                                          4),
            "arrived": float(np.isfinite(times).mean())}
    print(json.dumps({
        "what": "cascade",
        "size": {"nodes": NODES, "edges": EDGES, "p": CHANCE, "mean_size": float(
            sample.sizes.mean())},
        "microseconds_a_world": round(1e6 * best(
            lambda: spread(graph, starts, worlds=4_000, seed=1), 4_000), 2),
        "peers": peers(source, target, seeds.tolist()),
        "peers_absent": [one for one in PEERS if importlib.util.find_spec(one) is None],
        "passage": passages,
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "versions": {"python": platform.python_version(), "numpy": version("numpy"),
                     "numba": version("numba")},
    }))


if __name__ == "__main__":
    main()
