"""GRAPH.json: any network of steps as people write it, checked and turned into arrays.

A node's ``p`` is the chance that its step succeeds once its parents allow it; an ``and`` node waits
for all of its incoming edges, an ``or`` node for the first. An edge's ``p`` is the chance that it
carries at all, its ``delay`` how long it takes.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final, Literal

import msgspec
import numpy as np

from dinghai.foundation.canonical import read_json
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import typed
from dinghai.supplychain.step_graph import DELAY_FAMILIES, StepGraph

LIMIT_BYTES: Final = 512 * 1024 * 1024
LARGEST: Final = 1e60
"""Up to here (and down to its inverse, for rates of delays) sums of squares stay finite numbers."""
_FARTHEST: Final = math.log(LARGEST)
_DEVIATIONS: Final = 9.0
"""Normal draws of 52 bits lie within so many standard deviations."""


class Fixed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family",
            tag="fixed"):
    """Always the same time."""

    value: float


class Exponential(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family",
                  tag="exponential"):
    """A memoryless time of mean 1 ÷ rate."""

    rate: float


class Lognormal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="family",
                tag="lognormal"):
    """A time whose logarithm is normal."""

    mu: float
    sigma: float


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step. ``rate`` is incidents a year that start here, ``loss`` what reaching it costs."""

    id: str
    kind: Literal["or", "and"] = "or"
    p: float = 1.0
    rate: float = 0.0
    loss: float = 0.0


class Edge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from",
                                                                          "target": "to"}):
    """A way from one step to the next. Without a delay it takes no time."""

    source: str
    target: str
    p: float = 1.0
    delay: Fixed | Exponential | Lognormal = Fixed(0.0)


class GraphFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...] = ()


def read_graph(path: Path, *, rates_as_p: bool = False) -> StepGraph:
    """A graph file as arrays. ``rates_as_p`` lets an edge's ``p`` be a rate, which may exceed 1.

    Raises InputError that names each fault.
    """
    document = typed(read_json(path, limit_bytes=LIMIT_BYTES), GraphFile, file=str(path))
    return graph_of(document, file=str(path), rates_as_p=rates_as_p)


def graph_of(document: GraphFile, *, file: str | None = None,
             rates_as_p: bool = False) -> StepGraph:
    """A graph document as arrays. Raises InputError that names each fault."""
    faults = [*_node_faults(document), *_edge_faults(document, rates_as_p)]
    if faults:
        raise InputError.of(Fault(one.message, file, None, one.field, one.mend)
                            for one in faults[:20])
    index = {node.id: place for place, node in enumerate(document.nodes)}
    edges = document.edges
    return StepGraph.of(
        names=tuple(index),
        waits_for_all=np.array([node.kind == "and" for node in document.nodes], dtype=np.bool_),
        chance=np.array([node.p for node in document.nodes], dtype=np.float64),
        rate=np.array([node.rate for node in document.nodes], dtype=np.float64),
        loss=np.array([node.loss for node in document.nodes], dtype=np.float64),
        source=np.array([index[edge.source] for edge in edges], dtype=np.int32),
        target=np.array([index[edge.target] for edge in edges], dtype=np.int32),
        edge_chance=np.array([edge.p for edge in edges], dtype=np.float64),
        family=np.array([_family(edge) for edge in edges], dtype=np.int8),
        first=np.array([_parameters(edge)[0] for edge in edges], dtype=np.float64),
        second=np.array([_parameters(edge)[1] for edge in edges], dtype=np.float64),
    )


def _family(edge: Edge) -> int:
    return DELAY_FAMILIES.index(type(edge.delay).__name__.lower())


def _parameters(edge: Edge) -> tuple[float, float]:
    match edge.delay:
        case Fixed(value):
            return value, 0.0
        case Exponential(rate):
            return rate, 0.0
        case Lognormal(mu, sigma):
            return mu, sigma


def _node_faults(document: GraphFile) -> list[Fault]:
    faults, known = [], set()
    if not document.nodes:
        faults.append(Fault("the graph has no node", None, None, "nodes", "give at least one"))
    for place, node in enumerate(document.nodes):
        where = f"nodes[{place}]"
        if not node.id or node.id in known:
            faults.append(Fault(f"{node.id!r} names two nodes" if node.id else
                                "a node without a name", None, None, f"{where}.id",
                                "give each node a name of its own"))
        known.add(node.id)
        if not 0.0 <= node.p <= 1.0:
            faults.append(_no_chance(node.p, f"{where}.p"))
        if not 0.0 <= node.rate <= LARGEST:
            faults.append(Fault(f"{node.rate:g} is no rate", None, None, f"{where}.rate",
                                f"give incidents a year, from 0 to {LARGEST:g}"))
        if not abs(node.loss) <= LARGEST:
            faults.append(Fault(f"{node.loss:g} is no loss", None, None, f"{where}.loss",
                                f"give an amount of {LARGEST:g} at most"))
        if node.kind == "and" and node.rate > 0.0:
            faults.append(Fault("an incident cannot start at a node that waits for all its "
                                "parents", None, None, f"{where}.rate",
                                "move the rate to an \"or\" node"))
    return faults


def _edge_faults(document: GraphFile, rates_as_p: bool) -> list[Fault]:
    known, faults = {node.id for node in document.nodes}, []
    for place, edge in enumerate(document.edges):
        where = f"edges[{place}]"
        for end, name in (("from", edge.source), ("to", edge.target)):
            if name not in known:
                faults.append(Fault(f"there is no node {name!r}", None, None, f"{where}.{end}",
                                    "name a node of this file"))
        if rates_as_p and not 0.0 <= edge.p <= LARGEST:
            faults.append(Fault(f"{edge.p:g} is no rate", None, None, f"{where}.p",
                                f"give a rate from 0 to {LARGEST:g}"))
        if not rates_as_p and not 0.0 <= edge.p <= 1.0:
            faults.append(_no_chance(edge.p, f"{where}.p"))
        faults.extend(_delay_faults(edge, where))
    return faults


def _delay_faults(edge: Edge, where: str) -> list[Fault]:
    match edge.delay:
        case Fixed(value) if not 0.0 <= value <= LARGEST:
            return [Fault(f"{value:g} is no delay", None, None, f"{where}.delay.value",
                          f"give a time from 0 to {LARGEST:g}")]
        case Exponential(rate) if not 1.0 / LARGEST <= rate <= LARGEST:
            return [Fault(f"{rate:g} is no rate", None, None, f"{where}.delay.rate",
                          f"give a rate above zero, from {1.0 / LARGEST:g} to {LARGEST:g}")]
        case Lognormal(mu, sigma) if not (
                sigma >= 0.0 and abs(mu) + _DEVIATIONS * sigma <= _FARTHEST):
            return [Fault("these are no parameters of a lognormal time", None, None,
                          f"{where}.delay", "give a sigma of zero or more, and a mu of which "
                          f"{_DEVIATIONS:g} sigma on either side stay within ±{_FARTHEST:.0f}")]
    return []


def _no_chance(value: float, field: str) -> Fault:
    return Fault(f"{value:g} is no chance", None, None, field, "give a number from 0 to 1")
