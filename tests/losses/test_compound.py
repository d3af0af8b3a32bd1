"""Compound distributions: FFT against recursion, closed forms and its own bounds."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.losses.compound import (
    LostMassError,
    aligned_step,
    compound_negative_binomial,
    compound_poisson_mixture,
    discretise,
    grow,
)
from tests.losses.oracles import panjer_negative_binomial, panjer_poisson


def _severity(cells: int = 1024) -> np.ndarray:
    nodes = np.arange(cells)
    mass = np.exp(-nodes / 20.0) * (nodes > 0)
    return mass / mass.sum()


@pytest.mark.parametrize("rate", [0.01, 0.5, 3.0])
def test_fft_agrees_with_panjer_for_poisson(rate: float) -> None:
    found = compound_poisson_mixture([(1.0, rate * _severity())], step_fen=100)
    assert np.abs(found.mass - panjer_poisson(rate, _severity())).max() < 1e-11


@pytest.mark.parametrize(("mean", "size"), [(0.088, 0.262), (1.0, 1.0), (2.0, 5.0)])
def test_fft_agrees_with_panjer_for_negative_binomial(mean: float, size: float) -> None:
    one = discretise(np.arange(1024) * 100, _severity(), step_fen=100, cells=2048)
    found = compound_negative_binomial(mean, size, one)
    expected = panjer_negative_binomial(mean, size, one.mass)
    assert np.abs(found.mass - expected).max() < 1e-11


def test_sum_of_fixed_amounts_is_the_poisson_law_itself() -> None:
    mass = np.zeros(64)
    mass[1] = 1.0
    found = compound_poisson_mixture([(1.0, 2.0 * mass)], step_fen=1)
    law = [math.exp(-2.0) * 2.0**n / math.factorial(n) for n in range(20)]
    assert np.allclose(found.mass[:20], law, atol=1e-12)
    assert found.mean() == pytest.approx(2.0, abs=1e-8)
    assert found.standard_deviation() == pytest.approx(math.sqrt(2.0), abs=1e-8)


def test_moments_follow_the_closed_form_of_a_mixture() -> None:
    severity, chances, rates = _severity(), (0.7, 0.3), (0.2, 1.5)
    found = compound_poisson_mixture(
        [(c, r * severity) for c, r in zip(chances, rates, strict=True)], step_fen=100)
    nodes = np.arange(1024) * 100.0
    first, second = float(np.sum(nodes * severity)), float(np.sum(nodes**2 * severity))
    mean = sum(c * r for c, r in zip(chances, rates, strict=True)) * first
    within = sum(c * r for c, r in zip(chances, rates, strict=True)) * second
    between = sum(c * (r * first - mean) ** 2 for c, r in zip(chances, rates, strict=True))
    assert found.mean() == pytest.approx(mean, rel=1e-6)
    assert found.standard_deviation() == pytest.approx(math.sqrt(within + between), rel=1e-5)


def test_too_much_lost_mass_is_refused_and_measured() -> None:
    with pytest.raises(LostMassError) as caught:
        compound_poisson_mixture([(1.0, 40.0 * _severity(1024)[:128])], step_fen=100)
    assert 0.5 < caught.value.lost <= 1.0
    with pytest.raises(LostMassError):
        grow(1 << 20)


def test_severity_beyond_the_grid_is_counted_as_lost() -> None:
    found = discretise(np.array([100, 10_000]), np.array([0.75, 0.25]), step_fen=100, cells=10)
    assert found.lost == 0.25
    assert found.mass.sum() == pytest.approx(0.75)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.integers(1, 10**6))
@settings(max_examples=60, deadline=None)
def test_discretising_keeps_mass_mean_and_limited_means_at_nodes(
    amounts: list[int], step: int
) -> None:
    weights = np.full(len(amounts), 1.0 / len(amounts))
    cells = min(max(amounts) // step + 3, 5_000)
    found = discretise(np.array(amounts), weights, step_fen=step, cells=cells)
    nodes = np.arange(cells) * float(step)
    assert found.mass.sum() + found.lost == pytest.approx(1.0)
    limit = step * (cells // 2)
    limited = float(np.sum(np.minimum(nodes, limit) * found.mass)) + found.lost * limit
    assert limited == pytest.approx(sum(min(a, limit) for a in amounts) / len(amounts), rel=1e-9,
                                    abs=1e-6)


def test_tail_mean_is_never_below_its_quantile_and_rises() -> None:
    found = compound_poisson_mixture([(1.0, 0.3 * _severity())], step_fen=100)
    levels = [0.5, 0.9, 0.95, 0.99, 0.995]
    tails = [found.tail_value_at_risk(q) for q in levels]
    assert all(t >= found.quantile(q) for t, q in zip(tails, levels, strict=True))
    assert tails == sorted(tails)


def test_the_step_divides_the_limit_where_it_can() -> None:
    assert 766_700_000 % aligned_step(766_700_000) == 0
    assert aligned_step(7) == 1
    prime = 999_999_937
    assert aligned_step(prime) == -(-prime // 4096)


def test_bad_amounts_and_steps_are_refused() -> None:
    with pytest.raises(InputError):
        discretise(np.array([-1]), np.array([1.0]), step_fen=1, cells=8)
    with pytest.raises(InputError):
        discretise(np.array([1]), np.array([1.0]), step_fen=0, cells=8)
