"""Compound distributions by FFT with exponential tilting; lost mass is measured, never hidden."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.errors import DinghaiError, InputError

Floats = npt.NDArray[np.float64]
TILT: Final = 12.0
"""Tilt over the whole grid: aliasing falls by e^−12 while rounding grows only to about 1e−11."""

LOST_MASS_BOUND: Final = 1e-6
"""A distribution that leaves more than this chance outside its grid is refused."""

_MAXIMUM_CELLS: Final = 1 << 20


class LostMassError(DinghaiError):
    """More chance lies beyond the grid than is accepted."""

    def __init__(self, lost: float, bound: float) -> None:
        self.lost = lost
        super().__init__(f"{lost:.3g} of the mass lies beyond the grid (accepted: {bound:.3g})")


@dataclass(frozen=True, slots=True, eq=False)
class Discretised:
    """A severity on the grid 0, step, 2·step, …; ``mass[j]`` is the chance of j·step.

    Linear dispersal: each amount is shared between its two neighbours so that the mean is kept,
    and every limited expected value at a node as well. ``lost`` lies beyond the last node.
    """

    step_fen: int
    mass: Floats
    lost: float


def discretise(
    amounts: npt.NDArray[np.int64], weights: Floats, *, step_fen: int, cells: int
) -> Discretised:
    """Discretise weighted amounts in fen. Raises InputError for a negative amount or weight."""
    if step_fen <= 0 or cells < 2:
        raise InputError("the step and the number of cells must be positive", field="step_fen")
    if amounts.size and (int(amounts.min()) < 0 or float(weights.min()) < 0.0):
        raise InputError("amounts and weights must not be negative", field="amounts")
    mass: Floats = np.zeros(cells)
    lost = _disperse(np.ascontiguousarray(amounts), weights, step_fen, mass)
    return Discretised(step_fen, mass, lost)


@njit(cache=True, nogil=True)
def _disperse(amounts, weights, step, mass):  # type: ignore[no-untyped-def]
    lost = 0.0
    for i in range(amounts.shape[0]):
        lower = amounts[i] // step
        if lower >= mass.shape[0] - 1:
            lost += weights[i]
            continue
        share = (amounts[i] - lower * step) / step
        mass[lower] += weights[i] * (1.0 - share)
        mass[lower + 1] += weights[i] * share
    return lost


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """The distribution of a year's sum on the grid. Amounts in fen.

    ``lost`` is the chance beyond the grid; statistics put it on the grid's last node, so they are
    a lower bound by at most that much chance.
    """

    step_fen: int
    mass: Floats
    lost: float

    @property
    def top_fen(self) -> int:
        """The last node."""
        return self.step_fen * (int(self.mass.shape[0]) - 1)

    def mean(self) -> float:
        """Mean in fen."""
        nodes = np.arange(self.mass.shape[0], dtype=np.float64)
        return float(np.sum(nodes * self.mass)) * self.step_fen + self.lost * self.top_fen

    def standard_deviation(self) -> float:
        """Standard deviation in fen."""
        nodes = np.arange(self.mass.shape[0], dtype=np.float64)
        second = float(np.sum(nodes * nodes * self.mass)) * float(self.step_fen) ** 2
        second += self.lost * float(self.top_fen) ** 2
        return math.sqrt(max(second - self.mean() ** 2, 0.0))

    def quantile(self, probability: float) -> int:
        """The smallest node whose cumulative chance reaches ``probability``, in fen."""
        cumulative = np.cumsum(self.mass)
        place = int(np.searchsorted(cumulative, probability - 1e-12, side="left"))
        return min(place, int(self.mass.shape[0]) - 1) * self.step_fen

    def tail_value_at_risk(self, probability: float) -> float:
        """Mean of the worst 1 − ``probability`` of years, in fen; never below the quantile."""
        threshold = self.quantile(probability)
        place = threshold // self.step_fen
        nodes = np.arange(place + 1, self.mass.shape[0], dtype=np.float64)
        beyond = self.mass[place + 1 :]
        excess = float(np.sum((nodes - place) * beyond)) * self.step_fen
        excess += self.lost * (self.top_fen - threshold)
        return threshold + excess / (1.0 - probability)

    def limited_mean(self, limit_fen: int) -> float:
        """E min(S, limit), in fen; exact at a node, a lower bound between two."""
        nodes = np.arange(self.mass.shape[0], dtype=np.float64) * self.step_fen
        inside = float(np.sum(np.minimum(nodes, float(limit_fen)) * self.mass))
        return inside + self.lost * min(limit_fen, self.top_fen)

    def capped(self, limit_fen: int) -> Aggregate:
        """The distribution of min(S, limit). The limit is taken at the node at or below it."""
        place = min(limit_fen // self.step_fen, int(self.mass.shape[0]) - 1)
        mass = self.mass[: place + 1].copy()
        mass[place] += float(self.mass[place + 1 :].sum()) + self.lost
        return Aggregate(self.step_fen, mass, 0.0)

    def survival(self) -> Floats:
        """P(S > j·step) for each node j."""
        beyond = np.concatenate((np.cumsum(self.mass[:0:-1])[::-1], [0.0]))
        return np.minimum(beyond + self.lost, 1.0)

    def exceedance(self, amount_fen: int) -> float:
        """Chance of a sum above the amount."""
        place = amount_fen // self.step_fen
        return float(self.mass[place + 1 :].sum()) + self.lost


def compound_poisson_mixture(
    states: Sequence[tuple[float, Floats]],
    *,
    step_fen: int,
    beyond: Sequence[float] | None = None,
    bound: float = LOST_MASS_BOUND,
) -> Aggregate:
    """The sum of a Poisson number of claims whose rates depend on a hidden state.

    ``states`` holds (chance of the state, expected number of claims at each node): the second is
    the rate times the severity's mass, shape (cells,). ``beyond`` is, for each state, the expected
    number of claims above the last node: a year with one of them is part of the lost mass. Raises
    LostMassError when too much mass lies beyond the grid.
    """
    cells = states[0][1].shape[0]
    tilt = _tilt(cells)
    total = np.zeros(cells // 2 + 1, dtype=np.complex128)
    missing = beyond or [0.0] * len(states)
    for (chance, rates), above in zip(states, missing, strict=True):
        transform = np.fft.rfft(rates * tilt)
        total += chance * np.exp(transform - (float(rates.sum()) + above))
    mass = np.fft.irfft(total, cells) / tilt
    np.maximum(mass, 0.0, out=mass)
    lost = max(1.0 - float(mass.sum()), 0.0)
    if lost > bound:
        raise LostMassError(lost, bound)
    return Aggregate(step_fen, mass, lost)


def compound_negative_binomial(
    mean: float, size: float, severity: Discretised, *, bound: float = LOST_MASS_BOUND
) -> Aggregate:
    """The sum of a negative binomial number of claims (variance = mean + mean² ÷ size)."""
    cells = severity.mass.shape[0]
    tilt = _tilt(cells)
    transform = np.fft.rfft(severity.mass * tilt)
    total = np.exp(-size * np.log1p(mean / size * (1.0 - transform)))
    mass = np.fft.irfft(total, cells) / tilt
    np.maximum(mass, 0.0, out=mass)
    lost = max(1.0 - float(mass.sum()), 0.0)
    if lost > bound:
        raise LostMassError(lost, bound)
    return Aggregate(severity.step_fen, mass, lost)


@lru_cache(maxsize=8)
def _tilt(cells: int) -> Floats:
    """The exponential weights that keep what lies beyond the grid from folding back onto it."""
    tilt: Floats = np.exp(-TILT / cells * np.arange(cells))
    tilt.setflags(write=False)
    return tilt


@lru_cache(maxsize=256)
def aligned_step(limit_fen: int, *, cells_below: int = 4096) -> int:
    """A step in whole fen near limit ÷ cells that divides the limit, so that it is a node.

    Where no divisor is near, the smallest whole step that is fine enough.
    """
    finest = max(1, -(-limit_fen // cells_below))
    for step in range(finest, min(2 * finest, limit_fen) + 1):
        if limit_fen % step == 0:
            return step
    return finest


def grow(cells: int) -> int:
    """Twice the cells. Raises LostMassError beyond what is reasonable."""
    if cells * 2 > _MAXIMUM_CELLS:
        raise LostMassError(1.0, LOST_MASS_BOUND)
    return cells * 2
