"""What a cascade reaches and costs: sampled with standard errors, or exact for small graphs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.supplychain.enumeration import exact_outcomes
from dinghai.supplychain.spreading import Model, Spread, spread
from dinghai.supplychain.step_graph import Places, StepGraph


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error: zero where it is exact, infinite where nothing tells it."""

    mean: float
    error: float = 0.0

    def to_dict(self, name: str = "mean") -> dict[str, JSON]:
        """Plain JSON. An error that nothing tells is null."""
        return {name: self.mean, "se": told(self.error)}


@dataclass(frozen=True, slots=True)
class Cascade:
    """The number of nodes reached (seeds count), the chance of each node, and the loss."""

    model: Model
    method: str
    worlds: int | None
    size: Estimate
    chances: Mapping[int, float]
    reached: Mapping[str, Estimate]
    loss: Estimate

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {
            "model": self.model, "method": self.method,
            **({} if self.worlds is None else {"worlds": self.worlds}),
            "size": {**self.size.to_dict(),
                     "pmf": {str(size): chance for size, chance in self.chances.items()}},
            "reached": {name: one.to_dict("p") for name, one in self.reached.items()},
            "loss": self.loss.to_dict(),
        }


def cascade(
    graph: StepGraph, seeds: Places, *, model: Model = "ic", recovery_rate: float = 0.0,
    worlds: int, seed: int,
) -> Cascade:
    """By sampled worlds. Raises InputError for a graph that the model cannot read."""
    check_model(graph, model)
    found = spread(graph, seeds, model=model, recovery_rate=recovery_rate, worlds=worlds,
                   seed=seed)
    return of_spread(graph, found, model)


def of_spread(graph: StepGraph, found: Spread, model: Model) -> Cascade:
    """The statistics of sampled worlds."""
    sizes, counts = np.unique(found.sizes, return_counts=True)
    shares = found.reached / found.worlds
    errors = np.sqrt(shares * (1.0 - shares) / found.worlds)
    return Cascade(
        model, "sampled", found.worlds, estimate_of(found.sizes.astype(np.float64)),
        {int(size): int(count) / found.worlds for size, count in zip(sizes, counts, strict=True)},
        {name: Estimate(float(share), float(error))
         for name, share, error in zip(graph.names, shares, errors, strict=True)},
        estimate_of(found.losses))


def exact_cascade(
    graph: StepGraph, seeds: Places, *, model: Model = "ic", recovery_rate: float = 0.0
) -> Cascade:
    """By enumeration. Raises InputError for a graph that is too large or that the model cannot
    read."""
    check_model(graph, model)
    outcomes = exact_outcomes(graph, seeds, model=model, recovery_rate=recovery_rate)
    chances: dict[int, float] = defaultdict(float)
    reached = [0.0] * graph.nodes
    loss = 0.0
    for mask, chance in outcomes.items():
        chances[mask.bit_count()] += chance
        for place in range(graph.nodes):
            if mask >> place & 1:
                reached[place] += chance
                loss += chance * float(graph.loss[place])
    return Cascade(
        model, "exact", None, Estimate(sum(size * chance for size, chance in chances.items())),
        dict(sorted(chances.items())),
        {name: Estimate(p) for name, p in zip(graph.names, reached, strict=True)}, Estimate(loss))


def told(error: float) -> float | None:
    """A standard error for JSON, which knows no infinity: a single draw tells none."""
    return error if math.isfinite(error) else None


def estimate_of(values: np.ndarray) -> Estimate:
    """The mean of independent draws and its standard error (infinite for a single draw)."""
    number = len(values)
    error = float(values.std(ddof=1)) / number**0.5 if number > 1 else float("inf")
    return Estimate(float(values.mean()), error)


def check_model(graph: StepGraph, model: Model) -> None:
    """Raise InputError where the model cannot read the graph."""
    if model != "lt":
        return
    check_no_waits(graph, "lt")
    sums = np.bincount(graph.target, graph.edge_chance, minlength=graph.nodes)
    over = np.flatnonzero(sums > 1.0 + 1e-9)
    if len(over):
        raise InputError.of(
            Fault(f"the weights into {graph.names[one]!r} add up to {sums[one]:g}", None, None,
                  "edges", "keep the sum of a node's incoming weights at or below 1")
            for one in over[:20].tolist())


def check_no_waits(graph: StepGraph, model: str) -> None:
    """Raise InputError where a node waits for all its parents and the model knows no such."""
    if bool(graph.waits_for_all.any()):
        place = int(np.argmax(graph.waits_for_all))
        raise InputError(f"{model} has no nodes that wait for all their parents",
                         field=f"nodes[{place}].kind", mend="leave the kind away, or use ic")
