"""Which of a node's edges carry, found by skips: draws only for those that do.

Where every edge of a node carries with chance p, the number of edges skipped until the next that
carries is geometric, and is read off a table. Where chances differ, skips are made at a level at or
above the largest, and each edge found is kept with its own chance ÷ the level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.supplychain.step_graph import Floats, StepGraph

SKIPS: Final = 64
"""A skip this long or longer is made in parts: the law has no memory."""
GUIDE_SHIFT: Final = 24
_GUIDE: Final = 1 << (32 - GUIDE_SHIFT)
_MOST_LEVELS: Final = 64
_STEPS_TO_AN_OCTAVE: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Skipping:
    """By node: its ``level`` and the chance ``most`` it stands for. By edge: ``accept``, its own
    chance ÷ that. By level: ``cumulative`` chances in parts of 2³² of fewer than 1, 2, … skips,
    and a ``guide`` into them. ``thinned`` says whether any edge is below its level."""

    level: npt.NDArray[np.int32]
    most: Floats
    accept: Floats
    cumulative: npt.NDArray[np.uint64]
    guide: npt.NDArray[np.int32]
    thinned: bool


def skipping_of(graph: StepGraph) -> Skipping:
    """The tables of a graph."""
    largest = np.zeros(graph.nodes)
    np.maximum.at(largest, graph.source, graph.edge_chance)
    levels = np.unique(largest)
    if len(levels) > _MOST_LEVELS:
        levels = np.unique(np.append(0.0, _rounded_up(levels[levels > 0.0])))
    level = np.searchsorted(levels, largest).astype(np.int32)
    most = levels[level]
    above = most[graph.source]
    accept = np.divide(graph.edge_chance, above, out=np.zeros(graph.edges), where=above > 0.0)
    tables = [_tables(float(one)) for one in levels]
    return Skipping(level, most, accept, np.array([one for one, _ in tables]),
                    np.array([one for _, one in tables]), bool(np.any(accept < 1.0)))


def _rounded_up(chances: Floats) -> Floats:
    octaves = np.ceil(np.log2(chances) * _STEPS_TO_AN_OCTAVE - 1e-9) / _STEPS_TO_AN_OCTAVE
    return np.maximum(np.minimum(np.exp2(octaves), 1.0), chances)


def _tables(chance: float) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    below = 1.0 - (1.0 - chance) ** np.arange(1, SKIPS + 1)
    cumulative = np.floor(below * 2.0**32).astype(np.uint64)  # a certain edge is never skipped
    places = np.arange(_GUIDE, dtype=np.uint64) << np.uint64(GUIDE_SHIFT)
    return cumulative, np.searchsorted(cumulative, places, side="right").astype(np.int32)
