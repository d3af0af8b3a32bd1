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
    ``edge`` is its number in the order in which it was given, and names its random draws: a graph
    that gains an edge at the end keeps the draws of all others.
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
    edge: npt.NDArray[np.int64]
    needed: Places

    @classmethod
    def of(
        cls, *, names: tuple[str, ...], waits_for_all: Flags, chance: Floats, rate: Floats,
        loss: Floats, source: Places, target: Places, edge_chance: Floats,
        family: npt.NDArray[np.int8], first: Floats, second: Floats,
    ) -> Self:
        """From edges in any order."""
        order = np.argsort(source, kind="stable")
        start = np.zeros(len(names) + 1, dtype=np.int64)
        np.cumsum(np.bincount(source, minlength=len(names)), out=start[1:])
        return cls(
            names=names, waits_for_all=waits_for_all, chance=chance, rate=rate, loss=loss,
            start=start, target=target[order], edge_chance=edge_chance[order],
            family=family[order], first=first[order], second=second[order],
            edge=order.astype(np.int64),
            needed=np.bincount(target, minlength=len(names)).astype(np.int32))

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return len(self.names)

    @property
    def edges(self) -> int:
        """Number of edges."""
        return int(self.target.shape[0])

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
                                 mend="name a node of the graph")
            if self.waits_for_all[index[name]]:
                raise InputError(f"{name!r} waits for all its parents: nothing can start there",
                                 field=field, mend="name an \"or\" node")
            found.append(index[name])
        if not found:
            raise InputError("no node is named", field=field, mend="name at least one")
        return np.array(found, dtype=np.int32)
