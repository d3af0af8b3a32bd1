"""Keyed simulation of years through the policy's terms: the check on the FFT, and its on it.

Every year is stratified in its latent state and in its number of claims, and every claim in its
size among all claims of its peril (a Latin hypercube, each axis its own keyed bijection). Amounts
are whole fen. A year is a function of (seed, number of years, its own number): any cut is the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import exponential, stream_key
from dinghai.losses.evaluation import LossEvaluation
from dinghai.losses.model import LossModel
from dinghai.losses.simulating import fill_stratified, stratified_base
from dinghai.losses.tables import PERILS

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MOST_YEARS: Final = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedYears:
    """Payments of simulated years in fen, before the annual aggregate; shape (years,) each.

    ``total`` is the sum of a year, ``largest`` its largest event.
    """

    total: Whole
    largest: Whole


@dataclass(frozen=True, slots=True)
class Statistic:
    """An estimate with its standard error, in fen."""

    value: float
    standard_error: float

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON, rounded to the fen."""
        return {"value_fen": round(self.value), "standard_error_fen": round(self.standard_error)}


def simulate_years(
    model: LossModel, evaluation: LossEvaluation, years: int, *, seed: int,
    first: int = 0, last: int | None = None,
) -> SimulatedYears:
    """Simulate years ``first`` to before ``last`` (all, unless given) of ``years``.

    Raises InputError for no years or more than ``MOST_YEARS``.
    """
    if not 0 < years <= MOST_YEARS:
        raise InputError(f"{years} years cannot be simulated", field="years",
                         mend=f"give 1 to {MOST_YEARS:,}")
    last = years if last is None else last
    latent = model.latent
    states = _states(np.cumsum(np.array(latent.weights)), years, seed)
    total = np.zeros(last - first, dtype=np.int64)
    largest = np.zeros(last - first, dtype=np.int64)
    for peril in PERILS:
        rates = model.perils[peril].frequency.per_year * np.array(latent.nodes)
        counts = np.empty(years, dtype=np.int64)
        _counts(states, rates, _uniforms(years, seed, f"years.{peril}.count", 0, years), counts)
        before, inside = int(counts[:first].sum()), int(counts[first:last].sum())
        sizes = _uniforms(int(counts.sum()), seed, f"years.{peril}.size", before, inside)
        cumulative, starts = _places(model, peril)
        _add_events(states[first:last], counts[first:last], sizes, cumulative, starts,
                    evaluation.payments[peril].total, total, largest)
    return SimulatedYears(total, largest)


def exceedance(years: Whole, levels: tuple[float, ...]) -> dict[str, dict[str, Statistic]]:
    """Quantile and mean of the worst years at each level: of totals AEP, of largest events OEP.

    A quantile's error is half the distance of the order statistics one binomial deviation away;
    a tail mean's that of a mean of the worst years plus its threshold (both as if the years were
    drawn independently: stratification makes them smaller).
    """
    ordered = np.sort(years)
    count = len(ordered)
    found = {}
    for level in levels:
        place = min(math.ceil(level * count), count) - 1
        deviation = math.sqrt(count * level * (1.0 - level))
        low = ordered[max(math.floor(place - deviation), 0)]
        high = ordered[min(math.ceil(place + deviation), count - 1)]
        worst = ordered[place:].astype(np.float64)
        tail = float(ordered[place]) + float((worst - ordered[place]).sum()) / (
            count * (1.0 - level))
        spread = math.sqrt((float(worst.var()) + level * (tail - float(ordered[place])) ** 2)
                           / (count * (1.0 - level)))
        found[f"{level:g}"] = {"quantile": Statistic(float(ordered[place]),
                                                     float(high - low) / 2.0),
                               "tail_mean": Statistic(tail, spread)}
    return found


def _uniforms(total: int, seed: int, purpose: str, first: int, count: int) -> Floats:
    out = np.empty(count)
    if count:
        fill_stratified(first, total, stratified_base(total), stream_key(seed, purpose), out)
    return out


def _states(cumulative: Floats, years: int, seed: int) -> Whole:
    chances = _uniforms(years, seed, "years.state", 0, years)
    return np.minimum(np.searchsorted(cumulative, chances), len(cumulative) - 1)


def _places(model: LossModel, peril: str) -> tuple[Floats, Whole]:
    """The chance up to each grid point within its latent state, and where the states begin."""
    grid = model.perils[peril].events.grid
    starts = np.searchsorted(grid.state, np.arange(len(model.latent.nodes) + 1)).astype(np.int64)
    points = np.concatenate([np.full(g.stop - g.start, g.chance) for g in grid.groups])
    cumulative = np.empty(grid.size)
    for begin, end in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True):
        cumulative[begin:end] = np.cumsum(points[begin:end])
    return cumulative, starts


@njit(cache=True, nogil=True)
def _counts(states, rates, chances, out):  # type: ignore[no-untyped-def]
    """Poisson counts by inversion, at the rate of each year's state."""
    for year in range(out.shape[0]):
        rate = rates[states[year]]
        probability = exponential(-rate)
        cumulative = probability
        count = 0
        while chances[year] > cumulative and count < 1_000:
            count += 1
            probability *= rate / count
            cumulative += probability
        out[year] = count


@njit(cache=True, nogil=True)
def _add_events(states, counts, sizes, cumulative, starts, payments, total, largest):  # type: ignore[no-untyped-def]
    at = 0
    for year in range(counts.shape[0]):
        low, high = starts[states[year]], starts[states[year] + 1]
        for _ in range(counts[year]):
            place = np.searchsorted(cumulative[low:high], sizes[at])
            paid = payments[low + min(place, high - low - 1)]
            total[year] += paid
            largest[year] = max(largest[year], paid)
            at += 1
