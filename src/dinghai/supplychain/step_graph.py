"""A network of steps as flat arrays: who leads to whom, how surely and how fast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
FIXED: Final = 0
EXPONENTIAL: Final = 1
LOGNORMAL: Final = 2
DELAY_FAMILIES: Final = ("fixed", "exponential", "lognormal")


@dataclass(frozen=True, slots=True, eq=False)
class StepGraph:
    """Nodes and edges; edges stand sorted by their source (compressed sparse rows).

    By node: ``names``; ``waits_for_all`` (an AND node); ``chance`` that the step succeeds once
    allowed; ``rate`` incidents a year that start there; ``loss`` of reaching it; edges from
    ``start[i]`` to ``start[i + 1]`` leave it; ``needed`` is how many edges come in. By edge:
    ``target``, ``edge_chance``, and its delay as ``family``, ``first`` and ``second`` parameter.
    ``node_key`` and ``edge_key`` name the random draws of a node and of an edge among those that
    leave its source: where they stay the same, the luck stays the same, whatever else changes.
    """

    names: tuple[str, ...]
    waits_for_all: Flags
    chance: Floats
    rate: Floats
    loss: Floats
    start: npt.NDArray[np.int64]
    target: Places
    edge_chance: Floats
    family: npt.NDArray[np.int8]
    first: Floats
    second: Floats
    needed: Places
    node_key: Words
    edge_key: Words

    @classmethod
    def of(
        cls, *, names: tuple[str, ...], waits_for_all: Flags, chance: Floats, rate: Floats,
        loss: Floats, source: Places, target: Places, edge_chance: Floats,
        family: npt.NDArray[np.int8], first: Floats, second: Floats,
        node_key: Words | None = None, edge_key: Words | None = None,
    ) -> Self:
        """From edges in any order. Without keys, a node's is its place and an edge's is its place
        among those that leave its source: an edge added at the end moves no other's luck."""
        order = np.argsort(source, kind="stable")
        start = np.zeros(len(names) + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=len(names)), out=start[1:])
        if node_key is None:
            node_key = np.arange(len(names), dtype=np.uint64)
        if edge_key is None:
            edge_key = np.empty(len(source), dtype=np.uint64)
            edge_key[order] = np.arange(len(source)) - np.repeat(start[:-1], np.diff(start))
        return cls(
            names=names, waits_for_all=waits_for_all, chance=chance, rate=rate, loss=loss,
            start=start, target=target[order], edge_chance=edge_chance[order],
            family=family[order], first=first[order], second=second[order],
            needed=np.bincount(target, minlength=len(names)).astype(np.int32),
            node_key=node_key, edge_key=edge_key[order])

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.names)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return int(self.target.shape[0])

    @property
    def waits_for(self) -> Places:
        """How many edges must arrive before a step is taken: 1 for an OR node, all for an AND."""
        return np.where(self.waits_for_all, self.needed, 1).astype(np.int32)

    @property
    def source(self) -> Places:
        """The source of each edge."""
        return np.repeat(np.arange(self.nodes, dtype=np.int32), np.diff(self.start))

    def place(self, name: str, field: str) -> int:
        """Where a node stands. Raises InputError for a name that is none."""
        if name not in self.names:
            raise InputError(f"there is no node {name!r}", field=field,
                             mend="name a node of the graph")
        return self.names.index(name)

    def places(self, names: Sequence[str], field: str) -> Places:
        """Where things may start. Raises InputError for a name that is none, or that waits for
        all its parents."""
        index = {name: place for place, name in enumerate(self.names)}
        found = []
        for name in dict.fromkeys(names):
            if name not in index:
                raise InputError(f"there is no node {name!r}", field=field,
                                 mend="name nodes of the graph, with commas between them; "
                                 "put a name that holds a comma in double quotes")
            if self.waits_for_all[index[name]]:
                raise InputError(f"{name!r} waits for all its parents: nothing can start there",
                                 field=field, mend="name an \"or\" node")
            found.append(index[name])
        if not found:
            raise InputError("no node is named", field=field, mend="name at least one")
        return np.array(found, dtype=np.int32)
