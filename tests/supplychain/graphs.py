"""Small networks for the tests: by hand, and at random."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import msgspec

from dinghai.supplychain.graph_file import GraphFile, graph_of
from dinghai.supplychain.step_graph import StepGraph


def graph(nodes: str | list[dict[str, Any]], edges: list[Any], *, rates: bool = False) -> StepGraph:
    """A graph of nodes (letters, or whole nodes) and edges ("AB", ("AB", p), or whole edges)."""
    rows = [{"id": one} if isinstance(one, str) else one for one in nodes]
    return graph_of(msgspec.convert(
        {"nodes": rows, "edges": [_edge(one) for one in edges]}, GraphFile), rates_as_p=rates)


def _edge(one: Any) -> dict[str, Any]:
    if isinstance(one, str):
        return {"from": one[0], "to": one[1]}
    if isinstance(one, tuple):
        return {"from": one[0][0], "to": one[0][1], "p": one[1]}
    found: dict[str, Any] = one
    return found


def exponential(rate: float) -> dict[str, Any]:
    """A memoryless delay."""
    return {"family": "exponential", "rate": rate}


def random_graph(number: int, model: str, *, most: int = 7) -> StepGraph:
    """The numbered graph: cycles, parallel edges, gates, AND nodes, certain and dead edges."""
    draw = random.Random(f"{model}-{number}")
    size = draw.randint(2, most)
    nodes: list[dict[str, Any]] = [
        {"id": f"n{place}", "p": draw.choice([1, 1, 0.7, 0.4]), "loss": draw.randint(0, 9),
         "kind": "and" if place and model != "lt" and draw.random() < 0.3 else "or"}
        for place in range(size)]
    edges = [{"from": f"n{a}", "to": f"n{b}",
              "p": draw.choice([0.1, 0.5, 0.9, 1.0, 0.0, draw.random()])}
             for a in range(size) for b in range(size)
             for _ in range(draw.choice([1, 1, 1, 2])) if draw.random() < 0.35]
    if model == "lt":
        sums: dict[str, float] = defaultdict(float)
        for edge in edges:
            sums[edge["to"]] += edge["p"]
        edges = [{**edge, "p": edge["p"] / max(1.0, sums[edge["to"]])} for edge in edges]
    return graph(nodes, edges, rates=model == "sir")
