"""Events that bring events: a self-exciting law of daily counts.

The number of events of a day is Poisson with mean μ + n (1 − δ) Σ δ^(k−1) N(k days before): each
event brings n more on average, spread over later days by a geometric law. It is the self-exciting
process of Hawkes, "Spectra of some self-exciting and mutually exciting point processes" (1971), on
whole days, which is as fine as incidents are dated.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize, signal, special, stats

Floats = npt.NDArray[np.float64]
FEWEST_DAYS: Final = 30
_STARTS: Final = ((0.2, 0.5), (0.5, 0.9), (0.8, 0.98), (0.3, 0.995))
_MOST: Final = 0.999
_STEP: Final = 1e-3
_NORMAL_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Contagion:
    """A fitted law of daily counts. ``chance_if_poisson`` is that of so large a gain in likelihood
    if no event brought another (χ² with 2 degrees of freedom: a little too careful)."""

    days: int
    base: float
    """Events a day that no other event brought."""
    branching: float
    """Events that one event brings, directly: of all events, this share was brought."""
    decay: float
    """What is left of an event's pull from one day to the next."""
    log_likelihood: float
    poisson: float
    """The log-likelihood of equal days."""

    @property
    def half_life(self) -> float:
        """Days until an event's pull is halved."""
        return math.log(0.5) / math.log(self.decay) if self.decay > 0.0 else 0.0

    @property
    def chance_if_poisson(self) -> float:
        """See the class."""
        return float(stats.chi2.sf(max(2.0 * (self.log_likelihood - self.poisson), 0.0), 2))


def fit_contagion(days: Sequence[date]) -> Contagion | None:
    """By maximum likelihood over the days from the first event to the last. None of fewer than
    thirty days."""
    numbers = Counter(day.toordinal() for day in days)
    first, last = min(numbers), max(numbers)
    length = last - first + 1
    if length < FEWEST_DAYS:
        return None
    counts = np.zeros(length)
    counts[np.array(list(numbers)) - first] = list(numbers.values())
    equal = _likelihood(counts, np.full(length, counts.mean()))
    best = np.array([float(counts.mean()), 0.0, 0.5])
    most = equal
    bounds = ((1e-9 * float(counts.mean()), float(counts.mean()) * 2.0), (0.0, _MOST),
              (0.0, _MOST))
    for branching, decay in _STARTS:
        found = optimize.minimize(
            lambda point: -_likelihood(counts, means(counts, *point)),
            (float(counts.mean()) * (1.0 - branching), branching, decay),
            method="L-BFGS-B", bounds=bounds)
        if -float(found.fun) > most:
            best, most = found.x, -float(found.fun)
    return Contagion(length, float(best[0]), float(best[1]), float(best[2]), most, equal)


def parameter_intervals(
    days: Sequence[date], fit: Contagion
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """95% intervals of the branching and of the half-life in days, from the curvature of the
    likelihood at its top in ln μ, logit n and logit δ. None where it has no top inside.
    """
    inside = all(0.0 < one < _MOST for one in (fit.branching, fit.decay))
    if not inside or fit.base <= 0.0:
        return None
    numbers = Counter(day.toordinal() for day in days)
    counts = np.zeros(fit.days)
    counts[np.array(list(numbers)) - min(numbers)] = list(numbers.values())
    top = np.array([math.log(fit.base), special.logit(fit.branching), special.logit(fit.decay)])

    def cost(point: Floats) -> float:
        return -_likelihood(counts, means(counts, math.exp(float(point[0])),
                                          float(special.expit(point[1])),
                                          float(special.expit(point[2]))))

    steps = np.eye(3) * _STEP
    curvature = np.array([[
        (cost(top + one + other) - cost(top + one - other) - cost(top - one + other)
         + cost(top - one - other)) / (4.0 * _STEP ** 2)
        for other in steps] for one in steps])
    if np.linalg.eigvalsh(curvature).min() <= 0.0:
        return None
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    branching, decay = (
        tuple(float(special.expit(top[place] + side * _NORMAL_95 * errors[place]))
              for side in (-1.0, 1.0)) for place in (1, 2))
    return ((branching[0], branching[1]),
            (math.log(0.5) / math.log(decay[0]), math.log(0.5) / math.log(decay[1])))


def means(counts: Floats, base: float, branching: float, decay: float) -> Floats:
    """The mean of each day, given the days before it."""
    pull = signal.lfilter([0.0, 1.0 - decay], [1.0, -decay], counts)
    return np.asarray(base + branching * pull, dtype=np.float64)


def _likelihood(counts: Floats, expected: Floats) -> float:
    return float((special.xlogy(counts, expected) - expected
                  - special.gammaln(counts + 1.0)).sum())
