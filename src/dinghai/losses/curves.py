"""Smooth functions made of + − × ÷ √ alone, so that the same bytes come out on every machine."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.streams import exponential, natural_logarithm

_ROOT_OF_TWO_PI = 2.5066282746310002


def ln(value: float) -> float:
    """Natural logarithm of a positive number."""
    return float(natural_logarithm(float(value)))


def exp(value: float) -> float:
    """e to a power."""
    return float(exponential(float(value)))


def power(base: float, exponent: float) -> float:
    """A positive base to any power."""
    return exp(exponent * ln(base))


@njit(cache=True, nogil=True)
def _hyperbolic_tangent(value):  # type: ignore[no-untyped-def]
    size = abs(value)
    if size > 40.0:
        return 1.0 if value > 0.0 else -1.0
    doubled = exponential(-2.0 * size)
    found = (1.0 - doubled) / (1.0 + doubled)
    return -found if value < 0.0 else found


def hyperbolic_tangent(value: float) -> float:
    """tanh by the engine's own exponential; exactly odd."""
    return float(_hyperbolic_tangent(float(value)))


@njit(cache=True, nogil=True)
def saturated(log_effect, floor, ceiling):  # type: ignore[no-untyped-def]
    """``saturate`` for kernels."""
    bound = natural_logarithm(ceiling) if log_effect > 0.0 else -natural_logarithm(floor)
    return exponential(bound * _hyperbolic_tangent(log_effect / bound))


def saturate(log_effect: float, *, floor: float, ceiling: float) -> float:
    """The factor of a log-effect under one smooth saturation between ``floor`` and ``ceiling``.

    ``a·tanh(x/a)`` in logs, with a = ln ceiling above zero and −ln floor below. Its slope is one
    at zero and never zero anywhere, so that no further fix is ever worth nothing (DECISIONS 20).
    """
    return float(saturated(float(log_effect), float(floor), float(ceiling)))


@dataclass(frozen=True)
class MonotoneCurve:
    """A monotone cubic through knots (Fritsch–Carlson), straight beyond the ends.

    Between two knots it never leaves the range of their values, so a curve through rising values
    rises everywhere: no cliffs and no overshoot.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    slope_below: float
    slope_above: float

    @cached_property
    def _slopes(self) -> list[float]:
        gaps = [b - a for a, b in zip(self.xs, self.xs[1:], strict=False)]
        secants = [
            (d - c) / gap for c, d, gap in zip(self.ys, self.ys[1:], gaps, strict=False)
        ]
        inner = []
        for left, right, h, k in zip(secants, secants[1:], gaps, gaps[1:], strict=False):
            if left * right <= 0.0:
                inner.append(0.0)
            else:
                inner.append(3.0 * (h + k) / ((2.0 * k + h) / left + (k + 2.0 * h) / right))
        first = _end_slope(self.slope_below, secants[0])
        last = _end_slope(self.slope_above, secants[-1])
        return [first, *inner, last]

    def __call__(self, x: float) -> float:
        """The value at ``x``."""
        if x <= self.xs[0]:
            return self.ys[0] + self.slope_below * (x - self.xs[0])
        if x >= self.xs[-1]:
            return self.ys[-1] + self.slope_above * (x - self.xs[-1])
        place = next(i for i in range(len(self.xs) - 1) if x <= self.xs[i + 1])
        slopes = self._slopes
        width = self.xs[place + 1] - self.xs[place]
        t = (x - self.xs[place]) / width
        low, high = self.ys[place], self.ys[place + 1]
        return (
            (1.0 + 2.0 * t) * (1.0 - t) ** 2 * low
            + t * (1.0 - t) ** 2 * width * slopes[place]
            + t * t * (3.0 - 2.0 * t) * high
            + t * t * (t - 1.0) * width * slopes[place + 1]
        )


def _end_slope(wanted: float, secant: float) -> float:
    """The outer slope as far as it keeps the cubic monotone (Fritsch–Carlson: three secants)."""
    if wanted * secant <= 0.0:
        return 0.0
    return math.copysign(min(abs(wanted), 3.0 * abs(secant)), secant)


def log_log_curve(
    points: Sequence[tuple[float, float]], *, elasticity_below: float, elasticity_above: float
) -> MonotoneCurve:
    """A monotone curve of ln y in ln x with declared elasticities beyond the ends."""
    return MonotoneCurve(
        tuple(ln(x) for x, _ in points),
        tuple(ln(y) for _, y in points),
        elasticity_below,
        elasticity_above,
    )


@njit(cache=True, nogil=True)
def survival_of_normal(z):  # type: ignore[no-untyped-def]
    """P(Z > z) of the standard normal: Marsaglia's series near zero, Mills' ratio in the tails."""
    size = abs(z)
    density = exponential(-0.5 * size * size) / _ROOT_OF_TWO_PI
    if size < 3.0:
        term = size
        total = size
        square = size * size
        divisor = 1.0
        for _ in range(60):
            divisor += 2.0
            term = term * square / divisor
            total += term
        upper = 0.5 - density * total
    else:
        ratio = size
        for k in range(60, 0, -1):
            ratio = size + k / ratio
        upper = density / ratio
    return upper if z >= 0.0 else 1.0 - upper


@njit(cache=True, nogil=True)
def spliced_factor(z, sigma, splice_z, index):  # type: ignore[no-untyped-def]
    """X ÷ median at the normal score z: lognormal up to ``splice_z``, a power tail beyond.

    Beyond the splice the survival function is a Pareto of the declared tail index (ξ = 1/α).
    """
    if z <= splice_z:
        return exponential(sigma * z)
    ratio = survival_of_normal(splice_z) / survival_of_normal(z)
    return exponential(sigma * splice_z + index * natural_logarithm(ratio))


@njit(cache=True, nogil=True)
def fill_spliced(scores, sigma, splice_z, index, out):  # type: ignore[no-untyped-def]
    """``spliced_factor`` over an array of scores."""
    for i in range(scores.shape[0]):
        out[i] = spliced_factor(scores[i], sigma, splice_z, index)


def spliced_factors(
    scores: npt.NDArray[np.float64], sigma: float, splice_z: float, index: float
) -> npt.NDArray[np.float64]:
    """X ÷ median for each normal score (see ``spliced_factor``)."""
    out = np.empty_like(scores)
    fill_spliced(scores, sigma, splice_z, index, out)
    return out
