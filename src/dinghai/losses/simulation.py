"""Keyed simulation of years through the policy's terms: the check on the FFT, and its on it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.streams import exponential, stream_key, uniform
from dinghai.losses.evaluation import LossEvaluation
from dinghai.losses.model import LossModel
from dinghai.losses.tables import PERILS

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@njit(cache=True, nogil=True)
def _poisson(rate, chance):  # type: ignore[no-untyped-def]
    """The Poisson count of a uniform by inversion."""
    probability = exponential(-rate)
    cumulative = probability
    count = 0
    while chance > cumulative and count < 1_000:
        count += 1
        probability *= rate / count
        cumulative += probability
    return count


@njit(cache=True, nogil=True)
def _years(key, first, states, rates, nodes, cumulative, starts, payments, out):  # type: ignore[no-untyped-def]
    for year in range(out.shape[0]):
        unit = first + year
        draw = 0
        chance = uniform(key, unit, draw)
        state = 0
        while state < states.shape[0] - 1 and chance > states[state]:
            state += 1
        total = np.int64(0)
        for peril in range(rates.shape[0]):
            draw += 1
            count = _poisson(rates[peril] * nodes[state], uniform(key, unit, draw))
            low, high = starts[state], starts[state + 1]
            for _ in range(count):
                draw += 1
                place = np.searchsorted(cumulative[peril, low:high], uniform(key, unit, draw))
                total += payments[peril, low + min(place, high - low - 1)]
        out[year] = total


def simulate_years(
    model: LossModel, evaluation: LossEvaluation, years: int, *, seed: int, first_year: int = 0
) -> Whole:
    """Payments of each simulated year in fen, before the annual aggregate; shape (years,).

    Every year is a pure function of (seed, its number): any cut of the run gives the same years.
    """
    latent = model.latent
    grid = model.perils[PERILS[0]].events.grid
    starts = np.searchsorted(grid.state, np.arange(len(latent.nodes) + 1)).astype(np.int64)
    points = np.concatenate([np.full(g.stop - g.start, g.chance) for g in grid.groups])
    cumulative = np.empty((len(PERILS), grid.size))
    for state in range(len(latent.nodes)):
        window = slice(int(starts[state]), int(starts[state + 1]))
        cumulative[:, window] = np.cumsum(points[window])
    payments = np.stack([evaluation.payments[peril].total for peril in PERILS])
    rates = np.array([model.perils[peril].frequency.per_year for peril in PERILS])
    out = np.empty(years, dtype=np.int64)
    _years(stream_key(seed, "losses.years"), first_year, np.cumsum(np.array(latent.weights)),
           rates, np.array(latent.nodes), cumulative, starts, payments, out)
    return out
