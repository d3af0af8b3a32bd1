"""How many events a self-exciting process has: its moments, exactly.

λ(t) = μ + Σ α·exp(−β (t − tᵢ)) over past events, with no history at time 0 (Hawkes, 1971). The
first two moments of intensity and count follow linear differential equations, solved here by one
matrix exponential: no approximation and no stationarity. A branching ratio α ÷ β of one or more
gives growing moments, which are still exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numba import njit, prange
from scipy.linalg import expm

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import exponential, natural_logarithm, stream_key
from dinghai.supplychain.draws import draw_word, unit, world_word
from dinghai.supplychain.spreading import BLOCKS

POISSON_PIECE: Final = 16.0
"""Of a larger mean number of direct followers, pieces are drawn one by one."""


@dataclass(frozen=True, slots=True)
class SelfExciting:
    """Events a unit of time from ``baseline``, a jump of ``excitation`` at each, that decays."""

    baseline: float
    excitation: float
    decay: float

    def __post_init__(self) -> None:
        for name, value in (("baseline", self.baseline), ("excitation", self.excitation)):
            if not (np.isfinite(value) and value >= 0.0):
                raise InputError(f"{value:g} is no {name}", field=f"--{name}",
                                 mend="give a number, zero or more")
        if not (np.isfinite(self.decay) and self.decay > 0.0):
            raise InputError(f"{self.decay:g} is no decay", field="--decay",
                             mend="give a number above zero")

    @property
    def branching(self) -> float:
        """Events that one event brings, directly."""
        return self.excitation / self.decay


@dataclass(frozen=True, slots=True)
class CountMoments:
    """The number of events up to a horizon, and the intensity expected there."""

    mean: float
    variance: float
    intensity: float
    branching: float
    stationary: float | None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"mean": self.mean, "variance": self.variance, "sd": self.variance**0.5,
                "dispersion": self.variance / self.mean if self.mean > 0.0 else None,
                "intensity": self.intensity, "branching_ratio": self.branching,
                "stationary_intensity": self.stationary}


def count_moments(process: SelfExciting, horizon: float) -> CountMoments:
    """Mean and variance of the number of events in [0, horizon]."""
    if not (np.isfinite(horizon) and horizon >= 0.0):
        raise InputError(f"{horizon:g} is no horizon", field="--horizon",
                         mend="give a time, zero or more")
    mu, alpha, beta = process.baseline, process.excitation, process.decay
    # d/dt of (1, E λ, E N, Var λ, Cov(λ, N), Var N): a variance of its own, since E N² − (E N)²
    # loses as many digits as the mean is larger than the spread
    system = np.array([
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        [beta * mu, alpha - beta, 0.0, 0.0, 0.0, 0.0],
        [0.0, 1.0, 0.0, 0.0, 0.0, 0.0],
        [0.0, alpha * alpha, 0.0, 2.0 * (alpha - beta), 0.0, 0.0],
        [0.0, alpha, 0.0, 1.0, alpha - beta, 0.0],
        [0.0, 1.0, 0.0, 0.0, 2.0, 0.0],
    ])
    with np.errstate(all="ignore"):
        moments = expm(system * horizon) @ np.array([1.0, mu, 0.0, 0.0, 0.0, 0.0])
    if not np.isfinite(moments).all():
        raise InputError("the counts grow beyond every number", field="--horizon",
                         mend="give a shorter horizon, or smaller figures")
    mean, variance = float(moments[2]), max(float(moments[5]), 0.0)
    ratio = process.branching
    return CountMoments(mean, variance, float(moments[1]), ratio,
                        mu / (1.0 - ratio) if ratio < 1.0 else None)


def sampled_counts(
    process: SelfExciting, horizon: float, *, worlds: int, seed: int, most: int = 10_000_000
) -> np.ndarray:
    """Counts of simulated worlds, shape (worlds,), without discretising time: events that nothing
    brought come one by one, and each event brings a Poisson number of others, each after an
    exponential delay of its own (Hawkes and Oakes, "A cluster process representation of a
    self-exciting process", 1974). Raises InputError where a world has more than ``most`` events."""
    out = np.empty(worlds, dtype=np.int64)
    _counts(process.baseline, process.excitation, process.decay, horizon, most,
            stream_key(seed, "chain.intensity"), out)
    if bool((out < 0).any()):
        raise InputError(f"a world has more than {most:,} events", field="--horizon",
                         mend="take a shorter horizon, or a branching ratio below one")
    return out


def sampled_times(
    process: SelfExciting, horizon: float, *, first: np.ndarray, from_world: int, to_world: int,
    seed: int,
) -> np.ndarray:
    """When the events of some of these worlds happen, one after another; ``first[w]`` to
    ``first[w + 1]`` are world w's, as their counts say, earliest first."""
    out = np.empty(int(first[to_world] - first[from_world]))
    _times(process.baseline, process.excitation, process.decay, horizon,
           stream_key(seed, "chain.intensity"), first, from_world, to_world, out)
    return out


@njit(cache=True, nogil=True)
def _times(  # type: ignore[no-untyped-def]
    baseline, excitation, decay, horizon, key, first, from_world, to_world, out
):
    for world in range(from_world, to_world):
        number = first[world + 1] - first[world]
        place = first[world] - first[from_world]
        times = out[place:place + number]
        _fill(baseline, excitation / decay, decay, horizon, number, world_word(key, world), times)
        times.sort()


@njit(cache=True, nogil=True, inline="always")
def _waited(word, draw):  # type: ignore[no-untyped-def]
    """An exponential time of mean 1."""
    return -natural_logarithm(unit(draw_word(word, draw)))


@njit(cache=True, nogil=True, inline="always")
def _brought(ratio, none, word, draw):  # type: ignore[no-untyped-def]
    """How many others an event brings, and the next draw; ``none`` is the chance that a piece of
    the ratio brings none."""
    number, left = 0, ratio
    while left > 0.0:
        mean = min(left, POISSON_PIECE)
        left -= mean
        chance = unit(draw_word(word, draw))
        draw += 1
        term = none if left > 0.0 or mean == ratio else exponential(-mean)
        piece = 0
        while chance >= term and piece < 1000:
            chance -= term
            piece += 1
            term *= mean / piece
        number += piece
    return number, draw


@njit(cache=True, nogil=True)
def _fill(baseline, ratio, decay, horizon, most, word, times):  # type: ignore[no-untyped-def]
    """How many events there are (−1: more than ``most``); the times of as many as there is room,
    in no order."""
    if baseline <= 0.0:
        return 0
    none = exponential(-min(ratio, POISSON_PIECE))
    now, number, draw, size = 0.0, 0, 0, 0
    waiting = np.empty(64)  # events that others brought, and whose own followers are not drawn yet
    while True:
        if size > 0:
            size -= 1
            at = waiting[size]
        else:
            now += _waited(word, draw) / baseline
            draw += 1
            if now > horizon:
                return number
            at = now
        if number < times.shape[0]:
            times[number] = at
        number += 1
        if number > most:
            return -1
        others, draw = _brought(ratio, none, word, draw)
        for _ in range(others):
            later = at + _waited(word, draw) / decay
            draw += 1
            if later <= horizon:
                if size == waiting.shape[0]:
                    waiting = np.append(waiting, np.empty(size))
                waiting[size] = later
                size += 1


@njit(cache=True, nogil=True, parallel=True)
def _counts(baseline, excitation, decay, horizon, most, key, out):  # type: ignore[no-untyped-def]
    worlds, nothing = out.shape[0], np.empty(0)
    for block in prange(BLOCKS):
        for world in range(worlds * block // BLOCKS, worlds * (block + 1) // BLOCKS):
            out[world] = _fill(baseline, excitation / decay, decay, horizon, most,
                               world_word(key, world), nothing)
