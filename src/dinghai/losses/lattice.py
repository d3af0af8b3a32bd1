"""Sums of losses that take given values only: exact on the lattice of their common step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.losses.counts import Count
from dinghai.losses.ladder import sum_mass
from dinghai.losses.layered import Layer
from dinghai.losses.panjer import panjer_mass

Floats = npt.NDArray[np.float64]
MOST_CELLS: Final = 1 << 20
_MOST_CELLS_PANJER: Final = 1 << 15
_NOTHING: Final = 1e-13


@dataclass(frozen=True, slots=True, eq=False)
class LatticeSum:
    """``mass[j]`` is the chance of j × step; ``lost`` what lies beyond."""

    step: Fraction
    mass: Floats
    lost: float


def exact(number: float) -> Fraction:
    """The decimal that a float was written as."""
    return Fraction(str(number))


def layered_values(values: Mapping[Fraction, float], layer: Layer) -> dict[Fraction, float]:
    """The values and chances of what a layer takes of a discrete loss."""
    out: dict[Fraction, float] = {}
    for value, chance in values.items():
        part = max(value - exact(layer.attachment), Fraction(0))
        if not math.isinf(layer.limit):
            part = min(part, exact(layer.limit))
        out[part] = out.get(part, 0.0) + chance
    return out


def common_step(values: Mapping[Fraction, float]) -> Fraction:
    """The largest step of which every value is a multiple."""
    positive = [value for value in values if value > 0]
    if not positive:
        return Fraction(1)
    denominator = reduce(math.lcm, (value.denominator for value in positive))
    numerator = reduce(math.gcd, (int(value * denominator) for value in positive))
    return Fraction(numerator, denominator)


def lattice_sum(count: Count, values: Mapping[Fraction, float], method: str) -> LatticeSum | None:
    """The distribution of the sum; None where its lattice would be too long."""
    step = common_step(values)
    longest = max(int(value / step) for value in values)
    most = MOST_CELLS if method == "fft" else _MOST_CELLS_PANJER
    if longest >= most:
        return None
    severity = np.zeros(longest + 1)
    for value, chance in values.items():
        severity[int(value / step)] += chance
    first = float(np.dot(np.arange(longest + 1.0), severity))
    second = float(np.dot(np.arange(longest + 1.0) ** 2, severity))
    spread = math.sqrt(count.mean * (second - first**2) + count.variance * first**2)
    cells = max(count.mean * first + 12.0 * spread, 2.0 * longest, 16.0)
    while True:
        size = min(1 << math.ceil(math.log2(cells)), most)
        mass = _mass(count, severity, size, method)
        lost = max(1.0 - math.fsum(mass), 0.0)
        if lost < _NOTHING:
            return LatticeSum(step, mass, 0.0)
        if size == most:
            return LatticeSum(step, mass, lost)
        cells = 4.0 * size


def _mass(count: Count, severity: Floats, size: int, method: str) -> Floats:
    if method == "panjer":
        return panjer_mass(count, severity, size)
    padded = np.zeros(size)
    padded[:severity.shape[0]] = severity[:size]
    # without a tilt rounding stays at 1e−16, and what wraps lies beyond twice the grid
    return sum_mass(count, padded, tilt=0.0)[:size]
