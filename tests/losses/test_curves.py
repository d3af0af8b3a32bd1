"""The engine's own smooth functions."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from dinghai.losses.curves import (
    MonotoneCurve,
    hyperbolic_tangent,
    log_log_curve,
    saturate,
    spliced_factors,
    survival_of_normal,
)


@given(st.floats(-9.0, 9.0))
def test_survival_of_the_normal_law(z: float) -> None:
    assert survival_of_normal(z) == pytest.approx(float(norm.sf(z)), rel=1e-10)


@given(st.floats(-30.0, 30.0))
def test_hyperbolic_tangent(x: float) -> None:
    assert hyperbolic_tangent(x) == pytest.approx(math.tanh(x), abs=1e-15)


def test_saturation_has_slope_one_at_zero_and_never_stops() -> None:
    slope = (math.log(saturate(1e-5, floor=0.5, ceiling=1.8))
             - math.log(saturate(-1e-5, floor=0.5, ceiling=1.8))) / 2e-5
    assert slope == pytest.approx(1.0, rel=1e-6)
    values = [saturate(x / 10.0, floor=0.5, ceiling=1.8) for x in range(-60, 61)]
    assert all(a < b for a, b in itertools.pairwise(values))
    assert values[0] > 0.5 and values[-1] < 1.8


@given(st.lists(st.floats(0.01, 3.0), min_size=2, max_size=6), st.floats(0.0, 5.0))
def test_a_curve_through_rising_points_rises(steps: list[float], slope: float) -> None:
    xs = tuple(float(i) for i in range(len(steps)))
    ys = tuple(float(y) for y in np.cumsum(steps))
    curve = MonotoneCurve(xs, ys, slope, slope)
    values = [curve(x / 50.0) for x in range(-50, 50 * len(xs) + 50)]
    assert all(a <= b + 1e-12 for a, b in itertools.pairwise(values))
    assert all(curve(x) == pytest.approx(y) for x, y in zip(xs, ys, strict=True))


def test_elasticities_hold_beyond_the_ends() -> None:
    curve = log_log_curve([(1.0, 1.0), (10.0, 5.0)], elasticity_below=0.3, elasticity_above=0.2)
    beyond = curve(math.log(1000.0)) - curve(math.log(100.0))
    assert beyond == pytest.approx(0.2 * math.log(10.0))


def test_the_tail_joins_the_body_and_has_the_declared_index() -> None:
    scores = np.array([1.6448536, 1.6448537, 4.0, 5.0])
    body, start, far, further = spliced_factors(scores, 1.2, 1.64485362695, 0.7)
    assert start == pytest.approx(body, rel=1e-6)
    index = math.log(further / far) / math.log(float(norm.sf(4.0) / norm.sf(5.0)))
    assert index == pytest.approx(0.7, rel=1e-9)
