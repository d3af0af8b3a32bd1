"""Random streams: reproducible in any cut, and close to the laws they stand for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from dinghai.foundation import streams


def test_any_cut_gives_the_same_numbers() -> None:
    whole = streams.uniforms(7, "severity", 100, 5)
    parts = np.vstack([streams.uniforms(7, "severity", 37, 5),
                       streams.uniforms(7, "severity", 63, 5, first_unit=37)])
    assert np.array_equal(whole, parts)
    assert not np.array_equal(whole, streams.uniforms(7, "frequency", 100, 5))
    assert not np.array_equal(whole, streams.uniforms(8, "severity", 100, 5))


def test_draws_are_uniform_and_unrelated() -> None:
    draws = streams.uniforms(1, "test", 20_000, 2)
    assert stats.kstest(draws[:, 0], "uniform").pvalue > 0.001
    assert abs(np.corrcoef(draws[:, 0], draws[:, 1])[0, 1]) < 0.03
    assert draws.min() > 0
    assert draws.max() < 1


@pytest.mark.parametrize("p", [1e-300, 1e-12, 0.001, 0.0749, 0.3, 0.5, 0.9, 0.99999, 1 - 1e-15])
def test_normal_quantiles(p: float) -> None:
    assert streams.normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("x", [1e-300, 1e-5, 0.5, 1.0, math.e, 12345.678, 1e300])
def test_logarithm(x: float) -> None:
    assert streams.natural_logarithm(x) == pytest.approx(math.log(x), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("x", [-700, -50.5, -1.0, 0.0, 1e-9, 0.5, 1.0, 20.25, 600.0])
def test_exponential(x: float) -> None:
    assert streams.exponential(x) == pytest.approx(math.exp(x), rel=1e-13)


def test_many_values_at_once_are_the_same_bytes() -> None:
    places = np.array([*np.linspace(-720.0, 720.0, 5_001), 0.0, -0.0, 700.0, -700.0, 1e-9])
    values = np.array([streams.exponential(one) for one in places.tolist()])
    found = np.empty_like(places)
    streams.fill_exponentials(places, found)
    assert found.tobytes() == values.tobytes()
    above = np.array([*values[values > 1e-300], 1.4142135623730951, 0.7071067811865476])
    logarithms = np.empty_like(above)
    streams.fill_logarithms(above, logarithms)
    assert logarithms.tolist() == [streams.natural_logarithm(one) for one in above.tolist()]


def test_the_first_draw_is_fixed_for_ever() -> None:
    assert streams.uniforms(20261123, "fixed", 1, 3).tobytes().hex() == FIXED


FIXED = "a66e9af24cffd33f2ee09acfaf8bd53ff375fa0a9418ed3f"
