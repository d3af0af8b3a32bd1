"""The distribution of a year's sum of losses: three methods, one answer, no unit, no rounding.

A quantile is inf{x: F(x) ≥ p}; the tail value at risk is the mean of the quantiles above p. Means,
deviations and tails that have a closed form are not read off a grid: what lies beyond the grid is
never needed where the whole mean is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import Law
from dinghai.losses.counts import Count
from dinghai.losses.ladder import CELLS, Ladder, Rung
from dinghai.losses.lattice import LatticeSum, exact, lattice_sum, layered_values
from dinghai.losses.layered import Layer, Layered
from dinghai.losses.panjer import panjer_mass
from dinghai.losses.simulating import simulate_years

Floats = npt.NDArray[np.float64]
Method = Literal["fft", "panjer", "simulate"]
LOST_MASS_BOUND: Final = 1e-6
_PANJER_CELLS: Final = 1 << 14
_NOISE: Final = 1e-15


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: a number and a size of losses, layers on each and on the sum, and levels."""

    count: Count
    law: Law
    values: Mapping[Fraction, float] | None = None
    """Of a discrete law, exactly."""
    occurrence: Layer = field(default_factory=Layer)
    aggregate: Layer = field(default_factory=Layer)
    levels: tuple[float, ...] = (0.5, 0.9, 0.95, 0.99, 0.995, 0.999)


@dataclass(frozen=True, slots=True)
class Answer:
    """The statistics of the sum. Means are None where they are infinite."""

    method: str
    mean: float | None
    deviation: float | None
    quantiles: tuple[float, ...]
    tails: tuple[float | None, ...]
    lost_mass: float
    masses: tuple[tuple[float, float], ...] = ()
    errors: Mapping[str, object] = field(default_factory=dict)


def compound(request: Request, method: Method = "fft", *, years: int = 100_000,
             seed: int = 1) -> Answer:
    """The distribution asked for. Raises InputError where a method cannot give it."""
    for level in request.levels:
        if not 0.0 < level < 1.0:
            raise InputError(f"{level} is not a level", field="--levels",
                             mend="give chances between 0 and 1")
    if method == "simulate":
        return _simulated(request, years, seed)
    if request.values is not None:
        found = lattice_sum(request.count, layered_values(request.values, request.occurrence),
                            method)
        if found is not None:
            return _on_lattice(request, found, method)
    severity = Layered(request.law, request.occurrence)
    if method == "panjer":
        return _on_ladder(request, _PanjerLadder(request.count, severity, _PANJER_CELLS), method)
    return _on_ladder(request, Ladder(request.count, severity, CELLS), method)


class _PanjerLadder(Ladder):
    """The same ladder with rungs by recursion; coarser, since its work grows with the square."""

    def _window(self) -> Rung | None:
        if super()._window() is not None:
            raise InputError("there are too many losses for a recursion from zero",
                             field="--method", mend="use --method fft")
        return None

    def sum(self, severity: Floats) -> Floats:
        return panjer_mass(self.count, severity, severity.shape[0])


def _moments(request: Request) -> tuple[float, float]:
    """Mean and variance of the sum before the aggregate layer, by the compound formulas."""
    severity = Layered(request.law, request.occurrence)
    mean, second = severity.mean(), severity.second_moment()
    count = request.count
    if count.mean == 0.0:
        return 0.0, 0.0
    if math.isinf(mean) or math.isinf(second):
        return count.mean * mean, math.inf
    variance = count.mean * max(second - mean * mean, 0.0) + count.variance * mean * mean
    return count.mean * mean, variance


def _on_lattice(request: Request, found: LatticeSum, method: str) -> Answer:
    if found.lost > LOST_MASS_BOUND:
        raise InputError(f"{found.lost:.3g} of the mass lies beyond the longest lattice",
                         field="--severity", mend="use values with a larger common step")
    layer = request.aggregate
    masses: dict[Fraction, float] = {}
    for place in np.flatnonzero(found.mass > _NOISE).tolist():
        value = max(found.step * place - exact(layer.attachment), Fraction(0))
        if not math.isinf(layer.limit):
            value = min(value, exact(layer.limit))
        masses[value] = masses.get(value, 0.0) + float(found.mass[place])
    values = np.array([float(value) for value in masses])
    chances = np.array(list(masses.values()))
    mean = float(np.dot(values, chances))
    deviation = math.sqrt(max(float(np.dot((values - mean) ** 2, chances)), 0.0))
    if layer.whole and request.count.mean > 0.0:
        mean, variance = _moments(request)
        deviation = math.sqrt(variance)
    cumulative = np.cumsum(chances)
    quantiles, tails = [], []
    for level in request.levels:
        place = min(int(np.searchsorted(cumulative, level - 1e-12)), len(values) - 1)
        quantiles.append(float(values[place]))
        excess = float(np.dot(values[place + 1:] - values[place], chances[place + 1:]))
        tails.append(float(values[place]) + excess / (1.0 - level))
    return Answer(method, mean, deviation, tuple(quantiles), tuple(tails), found.lost,
                  tuple(zip(values.tolist(), chances.tolist(), strict=True)))


def _on_ladder(request: Request, ladder: Ladder, method: str) -> Answer:
    layer = request.aggregate
    mean, variance = _moments(request)
    whole_mean, second = mean, variance + mean * mean
    if not layer.whole:
        whole_mean, second = _layered_moments(ladder, layer, mean, second)
    quantiles, tails = [], []
    for level in request.levels:
        amount = ladder.quantile(level)
        part = float(layer.of(np.array([amount]))[0])
        quantiles.append(part)
        excess = _excess(ladder, layer, layer.attachment + part, mean)
        tails.append(None if math.isinf(excess) else part + excess / (1.0 - level))
    lost = ladder.beyond(LOST_MASS_BOUND)
    return Answer(method, _finite(whole_mean),
                  _finite(math.sqrt(max(second - whole_mean**2, 0.0))
                          if not math.isinf(second) else math.inf),
                  tuple(quantiles), tuple(tails), lost)


def _excess(ladder: Ladder, layer: Layer, above: float, mean: float) -> float:
    """E of what the layer takes above an amount of the sum: its limited means are differences."""
    below = ladder.integral(above, 0)
    if math.isinf(layer.limit):
        return max(mean - below, 0.0)
    return max(ladder.integral(layer.exhausted_at, 0) - below, 0.0)


def _layered_moments(
    ladder: Ladder, layer: Layer, mean: float, second: float
) -> tuple[float, float]:
    """First and second moment of the sum's layer."""
    low = layer.attachment
    first_low, second_low = ladder.integral(low, 0), 2.0 * ladder.integral(low, 1)
    if math.isinf(layer.limit):
        first = mean - first_low
        return first, second - second_low - 2.0 * low * first
    high = layer.exhausted_at
    first = ladder.integral(high, 0) - first_low
    return first, 2.0 * ladder.integral(high, 1) - second_low - 2.0 * low * first


def _finite(number: float) -> float | None:
    return None if math.isinf(number) or math.isnan(number) else number


def _simulated(request: Request, years: int, seed: int) -> Answer:
    sums = request.aggregate.of(simulate_years(
        request.count, request.law, request.occurrence, years=years, seed=seed))
    ordered = np.sort(sums)
    mean, deviation = float(ordered.mean()), float(ordered.std())
    quantiles, tails = [], []
    errors: dict[str, dict[str, float]] = {"quantile": {}, "tvar": {}}
    for level in request.levels:
        place = max(math.ceil(level * years - 1e-9) - 1, 0)
        beyond = ordered[place + 1:]
        amount = float(ordered[place])
        tail = amount + float((beyond - amount).sum()) / (years * (1.0 - level))
        quantiles.append(amount)
        tails.append(tail)
        errors["quantile"][f"{level:g}"] = _quantile_error(ordered, level)
        excess = np.maximum(ordered - amount, 0.0)
        errors["tvar"][f"{level:g}"] = float(excess.std()) / (1.0 - level) / math.sqrt(years)
    infinite = math.isinf(_moments(request)[0]) and math.isinf(request.aggregate.limit)
    return Answer("simulate", None if infinite else mean, deviation, tuple(quantiles),
                  tuple(None if infinite else one for one in tails), 0.0,
                  errors={"mean": deviation / math.sqrt(years), **errors})


def _quantile_error(ordered: Floats, level: float) -> float:
    """Half the width of the order statistics one standard error around the level."""
    years = ordered.shape[0]
    half = math.sqrt(level * (1.0 - level) / years)
    low, high = (min(max(int(one * years), 0), years - 1) for one in (level - half, level + half))
    return float(ordered[high] - ordered[low]) / 2.0


def asked_levels(text: str) -> tuple[float, ...]:
    """``0.5,0.99`` as levels. Raises InputError."""
    try:
        levels: Sequence[float] = [float(one) for one in text.split(",")]
    except ValueError:
        levels = []
    if not levels or not all(0.0 < one < 1.0 for one in levels):
        raise InputError(f"{text!r} are not levels", field="--levels",
                         mend="give chances between 0 and 1, such as 0.5,0.99")
    return tuple(levels)


