"""Races against containment are decided on nearly right times only where these are near enough."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from numba import njit

from dinghai.supplychain.draws import draw_word
from dinghai.supplychain.openings import LEAVES
from dinghai.supplychain.races import CELLS, EDGE, MOST_SPREAD, NEARLY, nearly_days, takes_in_time
from dinghai.supplychain.strikes import days

HORIZON = 365.0


@njit
def times(mu, sigma, words, near, exact):  # type: ignore[no-untyped-def]
    for place in range(words.shape[0]):
        near[place] = nearly_days(mu, sigma, words[place])
        exact[place] = days(mu, sigma, words[place])


def within(cells: np.ndarray, parts: int) -> np.ndarray:
    """Words spread over cells of the quantile, their ends included."""
    inside = np.linspace(0, (1 << 54) - 1, parts).astype(np.uint64)
    words: np.ndarray = ((cells.astype(np.uint64) << np.uint64(54))[:, None] + inside).ravel()
    return words


@pytest.mark.parametrize("sigma", [0.0, 0.3, 1.0, 1.3, MOST_SPREAD, 2.5])
@pytest.mark.parametrize("mu", [-3.0, 0.0, 2.7, 50.0, -700.0])
def test_nearly_right_times_are_as_near_as_is_said(mu: float, sigma: float) -> None:
    words = within(np.arange(CELLS), 33)
    near, exact = np.empty(len(words)), np.empty(len(words))
    times(mu, sigma, words, near, exact)
    off = np.abs(near / exact - 1.0)
    assert off.max() < NEARLY
    if sigma > MOST_SPREAD or abs(mu) > 600.0:
        assert (near == exact).all()
    elif sigma == MOST_SPREAD:  # where it is worst: not far below what is allowed
        assert off.max() > NEARLY / 2.0


def test_the_bound_is_that_of_the_quantiles_second_derivative() -> None:
    edge = EDGE / CELLS
    z = NormalDist().inv_cdf(edge)
    bend = abs(z) / NormalDist().pdf(z) ** 2
    assert math.expm1(MOST_SPREAD * bend / 8.0 / CELLS**2) < NEARLY - 1e-5


def one_step(mean: float, contained: int, *, way: float, luck: int, spread: float) -> bool:
    """A race of one step after the start."""
    words, places = np.zeros(2, dtype=np.uint64), np.zeros(3, dtype=np.int32)
    return bool(takes_in_time(
        0, 0, 0, np.uint64(2), np.uint64(0), np.uint64(3), np.uint64(0), np.uint64(luck),
        np.uint64(contained), mean, spread, HORIZON, words, np.array([way]), np.array([1.0]),
        np.ones(2, dtype=np.int32), np.array([0, 1, 1], dtype=np.int32),
        np.zeros(1, dtype=np.int32), np.ones(1, dtype=np.int32), np.empty(2), places))


def test_close_races_are_decided_on_exact_times() -> None:
    """Containment is set to the step's own time, a little before and a little after."""
    for luck in range(1, 40):
        leaving = np.uint64(draw_word(np.uint64(luck), LEAVES))
        at = float(days(1.0, 1.0, np.uint64(draw_word(leaving, np.uint64(0)))))
        for off in (1e-2, 1e-3, 1e-5, 1e-9, 1e-12):
            for sign in (-1.0, 1.0):
                mean = math.log(at) + sign * off
                contained = float(days(mean, 0.0, np.uint64(1 << 63)))
                assert one_step(mean, 1 << 63, way=1.0, luck=luck, spread=0.0) == (
                    at <= min(contained, HORIZON))
