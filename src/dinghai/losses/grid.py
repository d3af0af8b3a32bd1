"""The quasi-random grid of events: one rank-1 lattice a latent state, stratified in the tail.

The grid is the same for every enterprise and every what-if, so that two answers differ only by
what was changed. Everything that does not depend on the enterprise is worked out once and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.streams import normal_quantile, uniforms
from dinghai.losses.curves import spliced_factors
from dinghai.losses.frequency import latent_factor
from dinghai.losses.tables import PERILS, CalibrationTables

Floats = npt.NDArray[np.float64]

COMMON: Final = 0
"""The dimension of the factor that all parts of one event share; it is the stratified one."""

DIMENSIONS: Final[Mapping[str, int]] = {
    "duration": 1,
    "response": 2,
    "privacy_damages": 3,
    "affected": 4,
    "records": 5,
    "labour": 6,
    "legal": 7,
    "extortion": 8,
    "publicity": 9,
    "regulator": 10,
    "vendor": 11,
    "ransom": 8,
    "transferred": 8,
    "privacy_defence": 12,
    "network_damages": 3,
    "network_defence": 12,
    "mitigation": 13,
    "proof": 14,
}
"""The dimension of each component's own part; components that never meet share one."""

_FLAGS: Final = {"interruption": 15, "breach": 16, "claim": 17, "regulator": 18, "publicity": 19}
_COUNT: Final = 20


@dataclass(frozen=True, slots=True)
class Group:
    """Points of one latent state and one stratum: they all carry the same chance."""

    state: int
    start: int
    stop: int
    chance: float
    """Chance that an event in this state falls on one given point of the group."""


@dataclass(frozen=True, slots=True, eq=False)
class PerilGrid:
    """The events of one peril before the enterprise is known.

    ``shapes`` holds amount ÷ median for each component (1-D, one value a point), and
    ``latent_shapes`` the same times the latent state's factor; ``happens`` holds booleans;
    ``places`` where each of them is true; ``state`` is the latent state of each point; groups cover
    all points in order; ``nothing`` is the amount of a component that the peril does not have.
    """

    peril: str
    groups: tuple[Group, ...]
    state: npt.NDArray[np.int64]
    shapes: Mapping[str, Floats]
    latent_shapes: Mapping[str, Floats]
    happens: Mapping[str, npt.NDArray[np.bool_]]
    places: Mapping[str, npt.NDArray[np.int64]]
    nothing: npt.NDArray[np.int64]

    @property
    def size(self) -> int:
        """Number of points."""
        return int(self.state.shape[0])

    def at(self, points: npt.NDArray[np.int64]) -> PerilGrid:
        """Some of the points alone, in their order: each keeps its chance, so that they do not add
        up to one. A group that has none of them is left out."""
        inside = [np.searchsorted(points, (one.start, one.stop)).tolist() for one in self.groups]
        happens = {name: one[points] for name, one in self.happens.items()}
        return PerilGrid(
            self.peril,
            tuple(Group(one.state, start, stop, one.chance)
                  for one, (start, stop) in zip(self.groups, inside, strict=True) if start < stop),
            self.state[points], {name: one[points] for name, one in self.shapes.items()},
            {name: one[points] for name, one in self.latent_shapes.items()}, happens,
            _where(happens), self.nothing[:len(points)])

    def weights(self, event_weights: tuple[float, ...]) -> Floats:
        """The chance of each point among all events. They add up to one."""
        out = np.empty(self.size)
        for group in self.groups:
            out[group.start : group.stop] = group.chance * event_weights[group.state]
        return out


@njit(cache=True, nogil=True)
def _fill_lattice(n, generator, shift, bounds, out):  # type: ignore[no-untyped-def]
    """A shifted Korobov lattice; the first dimension is sorted and bent to the strata."""
    for i in range(n):
        place = (i + 0.5) / n
        for s in range(bounds.shape[0]):
            if place < bounds[s, 1] or s == bounds.shape[0] - 1:
                inside = (place - bounds[s, 0]) / (bounds[s, 1] - bounds[s, 0])
                out[i, 0] = bounds[s, 2] + inside * (bounds[s, 3] - bounds[s, 2])
                break
        power = 1
        for d in range(1, out.shape[1]):
            power = (power * generator) % n
            value = (i * power) % n / n + shift[d]
            out[i, d] = value - np.floor(value)


@njit(cache=True, nogil=True)
def _fill_scores(uniform_values, common, correlation, out):  # type: ignore[no-untyped-def]
    own = np.sqrt(1.0 - correlation * correlation)
    for i in range(out.shape[0]):
        value = min(max(uniform_values[i], 1e-12), 1.0 - 1e-12)
        out[i] = correlation * common[i] + own * normal_quantile(value)


@njit(cache=True, nogil=True)
def _fill_quantiles(uniform_values, out):  # type: ignore[no-untyped-def]
    for i in range(out.shape[0]):
        out[i] = normal_quantile(min(max(uniform_values[i], 1e-12), 1.0 - 1e-12))


def _strata_bounds(strata: list[list[float]]) -> Floats:
    """Rows of [first place, last place, first chance, last chance] along the first dimension."""
    rows = []
    place = chance = 0.0
    for points, probability in strata:
        rows.append([place, place + points, chance, chance + probability])
        place, chance = place + points, chance + probability
    rows[-1][1] = rows[-1][3] = 1.0
    return np.array(rows)


def _groups(blocks: list[int], strata: list[list[float]]) -> tuple[Group, ...]:
    groups = []
    first = 0
    for state, n in enumerate(blocks):
        place = 0.0
        begin = first
        for index, (points, probability) in enumerate(strata):
            place += points
            # A point belongs to a stratum when (i + 0.5) / n lies before the stratum's end.
            end = first + (n if index == len(strata) - 1 else int(np.ceil(place * n - 0.5)))
            groups.append(Group(state, begin, end, probability / (end - begin)))
            begin = end
        first += n
    return tuple(groups)


@lru_cache(maxsize=16)
def _grid(version: str, peril: str, holder: _Holder) -> PerilGrid:
    tables = holder.tables
    plan = tables.severity["grid"]
    strata = [list(map(float, row)) for row in plan["strata"]]
    blocks = [int(n) for n in plan["blocks"]]
    bounds = _strata_bounds(strata)
    pieces = []
    for state, (n, generator) in enumerate(zip(blocks, plan["generators"], strict=True)):
        shift = uniforms(int(plan["seed"]), f"lattice.{peril}.{state}", 1, _COUNT)[0]
        piece = np.empty((n, _COUNT))
        _fill_lattice(n, int(generator), shift, bounds, piece)
        pieces.append(piece)
    places = np.concatenate(pieces)
    common = np.empty(places.shape[0])
    _fill_quantiles(np.ascontiguousarray(places[:, COMMON]), common)
    states = np.repeat(np.arange(len(blocks), dtype=np.int64), blocks)
    shapes = _shapes(tables, places, common)
    happens = _happens(tables, peril, places)
    latent = np.array(latent_factor(tables).severity)[states]
    return PerilGrid(
        peril=peril,
        groups=_groups(blocks, strata),
        state=states,
        shapes=shapes,
        latent_shapes={name: shape * latent for name, shape in shapes.items()},
        happens=happens,
        places=_where(happens),
        nothing=_read_only(np.zeros(len(states), dtype=np.int64)),
    )


def _where(
    happens: Mapping[str, npt.NDArray[np.bool_]]
) -> dict[str, npt.NDArray[np.int64]]:
    return {name: np.flatnonzero(one) for name, one in happens.items()}


def _read_only(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    values.setflags(write=False)
    return values


def _shapes(tables: CalibrationTables, places: Floats, common: Floats) -> dict[str, Floats]:
    correlation = float(tables.severity["copula"]["correlation"])
    splice = float(tables.severity["tail"]["splice_score"])
    shapes = {}
    for name, component in tables.components.items():
        scores = np.empty_like(common)
        column = np.ascontiguousarray(places[:, DIMENSIONS[name]])
        _fill_scores(column, common, correlation, scores)
        # Without a tail index the component is a share, bounded by its own whole.
        limit = splice if component.index > 0.0 else 40.0
        shapes[name] = spliced_factors(scores, component.sigma, limit, component.index)
    return shapes


def _happens(
    tables: CalibrationTables, peril: str, places: Floats
) -> dict[str, npt.NDArray[np.bool_]]:
    row = tables.perils[peril]
    breach = places[:, _FLAGS["breach"]] < row.breach_probability
    claim = places[:, _FLAGS["claim"]]
    privacy = row.privacy_claim_probability / max(row.breach_probability, 1e-9)
    enquiry = row.regulator_probability / max(row.breach_probability, 1e-9)
    return {
        "interruption": places[:, _FLAGS["interruption"]] < row.interruption_probability,
        "breach": breach,
        "privacy_claim": breach & (claim < privacy),
        "network_claim": claim >= 1.0 - row.network_claim_probability,
        "regulator": breach & (places[:, _FLAGS["regulator"]] < enquiry),
        "publicity": places[:, _FLAGS["publicity"]] < row.publicity_probability,
    }


@dataclass(frozen=True, slots=True)
class _Holder:
    """Carries the tables past the cache's key: the version alone tells two tables apart."""

    tables: CalibrationTables

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Holder)

    def __hash__(self) -> int:
        return 0


def peril_grid(tables: CalibrationTables, peril: str) -> PerilGrid:
    """The grid of a peril, worked out once for all tables that agree in what it depends on."""
    return _grid(tables.grid_version, peril, _Holder(tables))


def event_weights(tables: CalibrationTables) -> tuple[float, ...]:
    """Share of all events in each latent state."""
    return latent_factor(tables).event_weights


def warm(tables: CalibrationTables) -> None:
    """Work out all grids now, so that the first quote does not wait for them."""
    for peril in PERILS:
        peril_grid(tables, peril)
