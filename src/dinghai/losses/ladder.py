"""The distribution of a random sum on a ladder of grids, each four times as wide as the last.

A tail that falls like a power needs a wide grid and the middle a fine one. Each rung is one FFT
with exponential tilting over a linearly dispersed severity; what a question needs decides how far
the ladder reaches. Severity beyond a rung's top is left out: below the top nothing depends on it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError
from dinghai.losses.counts import Count
from dinghai.losses.layered import Layered

Floats = npt.NDArray[np.float64]
CELLS: Final = 1 << 16
_TILT: Final = 20.0
"""Over the padded grid: wrapped mass falls by e^−20, rounding grows by e^10 on the kept half."""
_RATIO: Final = 4.0
_MOST_RUNGS: Final = 60
_HARDLY: Final = 1e-9
_DEVIATIONS: Final = 64.0


def sum_mass(count: Count, severity: Floats, tilt: float = _TILT) -> Floats:
    """The mass of the sum at the severity's nodes and as many above, by FFT."""
    padded = 2 * severity.shape[0]
    weight = np.exp(-tilt / padded * np.arange(padded))
    transform = np.fft.rfft(severity * weight[:severity.shape[0]], padded)
    mass: Floats = np.fft.irfft(count.generating(transform), padded) / weight
    return np.maximum(mass, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Rung:
    """One grid: ``mass`` at start, start + step …, and its running sum."""

    step: float
    mass: Floats
    cumulative: Floats
    start: float = 0.0

    @property
    def top(self) -> float:
        """Where the last cell ends: its middle is the last node."""
        return self.start + self.step * (float(self.mass.shape[0]) - 0.5)

    def chance(self, amount: float) -> float:
        """P(S ≤ amount). The running sum at a node is the chance in the middle of what follows."""
        place = (amount - self.start) / self.step + 0.5
        if place < 1.0:
            return float(self.mass[0]) if place >= 0.0 else 0.0
        inner = min(int(place), self.mass.shape[0] - 1)
        return float(self.cumulative[inner - 1] + (place - int(place)) * self.mass[inner])

    def amount(self, probability: float) -> float:
        """The smallest amount whose chance reaches a probability."""
        place = int(np.searchsorted(self.cumulative, probability - 1e-13, side="left"))
        if place == 0:
            return self.start
        before = float(self.cumulative[place - 1])
        share = (probability - before) / max(float(self.mass[place]), 1e-300)
        return self.start + self.step * (place - 0.5 + min(max(share, 0.0), 1.0))

    def integral(self, low: float, high: float, power: int) -> float:
        """∫ x^power P(S > x) dx over a stretch inside the grid, for power 0 or 1; below the start
        the chance is one."""
        if low < self.start:
            edge = min(high, self.start)
            below = float((edge ** (power + 1) - low ** (power + 1)) / (power + 1))
            return below + (self.integral(self.start, high, power) if high > edge else 0.0)
        first = int((low - self.start) / self.step)
        last = min(int((high - self.start) / self.step), self.mass.shape[0] - 1)
        left = self.start + self.step * np.arange(first, last + 1.0)
        right = left + self.step
        left[0], right[-1] = low, high
        width = right - left
        weight = width if power == 0 else 0.5 * (right + left) * width
        return float(np.dot(1.0 - self.cumulative[first:last + 1], weight))


class Ladder:
    """P(S ≤ x), quantiles and integrals of a random sum of layered losses."""

    def __init__(self, count: Count, severity: Layered, cells: int = CELLS) -> None:
        self.count, self.severity, self.cells = count, severity, cells
        self._rungs: dict[int, Rung] = {}

    @cached_property
    def base(self) -> float:
        """The top of the first rung: about four times the middle of the sum."""
        expected = max(self.count.mean, 1.0)
        largest = self.severity.quantile_of_survival(np.array([0.1 / expected]))
        typical = float(largest[0]) + self.count.mean * float(
            self.severity.limited(largest, 1)[0])
        return 4.0 * typical if typical > 0.0 else 1.0

    def rung(self, number: int) -> Rung:
        """A rung by its number from below."""
        if number not in self._rungs:
            self._rungs[number] = (self._window() if number == 0 else None) or self._grid(number)
        return self._rungs[number]

    def _grid(self, number: int) -> Rung:
        step = self.step(number)
        mass = self.sum(self.severity.disperse(step, self.cells))
        return Rung(step, mass, np.cumsum(mass))

    def sum(self, severity: Floats) -> Floats:
        """The mass of the sum at the severity's nodes."""
        return sum_mass(self.count, severity)[:severity.shape[0]]

    def _window(self) -> Rung | None:
        """A grid about the mean, where many losses spread little about a large sum.

        The sum is worked out on a circle as long as the window, with a severity whose second moment
        is kept by taking off what dispersal adds. What leaves the window is too rare to matter.
        """
        top = np.array([self.base])
        first, second = (float(self.severity.limited(top, order)[0]) for order in (1, 2))
        centre = self.count.mean * first
        deviation = math.sqrt(self.count.mean * max(second - first * first, 0.0)
                              + self.count.variance * first * first)
        width = _DEVIATIONS * deviation
        if not 0.0 < width < centre:
            return None
        cells = 4 * self.cells
        step = width / cells
        severity = self.severity.disperse(step, cells // 2)
        nodes: Floats = step * np.arange(float(cells // 2))
        end = nodes[-1:]
        beyond = max(1.0 - float(severity.sum()), 0.0)
        wanted = float(self.severity.limited(end, 2)[0]) - beyond * float(end[0]) ** 2
        added = max(float(np.dot(nodes * nodes, severity)) - wanted, 0.0) / step**2
        padded = np.zeros(cells)
        padded[:cells // 2] = severity
        padded -= 0.5 * added * (np.roll(padded, 1) - 2.0 * padded + np.roll(padded, -1))
        circle = np.fft.irfft(self.count.generating(np.fft.rfft(padded)), cells)
        start = round(centre / step) - cells // 2
        mass = np.maximum(np.roll(circle, -(start % cells)), 0.0)
        return Rung(step, mass, np.cumsum(mass), start * step)

    def step(self, number: int) -> float:
        """The step of a rung; where there is room a loss of the whole layer is a node."""
        if number > _MOST_RUNGS:
            raise InputError("the tail is too heavy to reach this amount or probability",
                             mend="limit the losses by a layer, or ask for a lower level")
        step = self.base * _RATIO**number / self.cells
        limit = self.severity.layer.limit
        return limit / math.ceil(limit / step) if step < limit < math.inf else step

    def reaching(self, amount: float) -> Rung:
        """The lowest rung that an amount lies on."""
        number = 0
        while self.rung(number).top < amount:
            number += 1
        return self.rung(number)

    def chance(self, amount: float) -> float:
        """P(S ≤ amount)."""
        return self.reaching(amount).chance(amount)

    def quantile(self, probability: float) -> float:
        """inf{x: P(S ≤ x) ≥ probability}."""
        number = 0
        while float(self.rung(number).cumulative[-2]) < probability:
            number += 1
        return self.rung(number).amount(probability)

    def integral(self, amount: float, power: int) -> float:
        """∫ x^power P(S > x) dx from zero to an amount, stretch by stretch of the ladder.

        Where hardly anything is left, the tail is that of one large loss: E N × P(Y > x).
        """
        total, low, number = 0.0, 0.0, 0
        while low < amount:
            rung = self.rung(number)
            high = min(amount, rung.top)
            if high > low:
                total += rung.integral(low, high, power)
                low = high
            if 1.0 - float(rung.cumulative[-1]) < _HARDLY and low < amount:
                ends = self.severity.limited(np.array([low, amount]), power + 1)
                return total + self.count.mean * float(ends[1] - ends[0]) / (power + 1)
            number += 1
        return total

    def beyond(self, bound: float) -> float:
        """The chance above the highest rung, which climbs until it is within a bound."""
        number = max(self._rungs, default=0)
        while True:
            left = max(1.0 - float(self.rung(number).cumulative[-1]), 0.0)
            if left <= bound:
                return left
            number += 1
