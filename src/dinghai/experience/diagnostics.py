"""The figures behind the plots of a fit: survival, quantiles, mean excess, thresholds, Hill.

Everything is worked out again from the losses and the fitted parameters, never from a picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.experience.severity import CANDIDATES
from dinghai.experience.tail import FEWEST_EXCEEDANCES, fit_tail
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.laws import GeneralisedPareto, Law, Lognormal, Spliced

Floats = npt.NDArray[np.float64]
NOT_PARAMETERS: Final = frozenset({"loglik", "aic", "ks"})
_MOST_POINTS: Final = 240
_LARGEST_KEPT: Final = 60
_THRESHOLD_STEPS: Final = 24


@dataclass(frozen=True, slots=True)
class ThresholdFit:
    """The tail above one threshold. The interval of ξ is at 95%."""

    threshold: float
    exceedances: int
    xi: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True)
class HillEstimate:
    """The Hill estimate of the tail exponent α from the k largest losses, with 1.96 standard
    errors (α ÷ √k) on both sides."""

    largest: int
    alpha: float
    interval: tuple[float, float]


def law_of(name: str, candidate: Mapping[str, JSON], floor: float | None) -> Law:
    """The law of a candidate of a severity document. Raises InputError for an unknown name."""
    if name == "spliced":
        return Spliced(
            Lognormal(float(candidate["mu"]), float(candidate["sigma"])), floor or 0.0,
            GeneralisedPareto(float(candidate["xi"]), float(candidate["beta"]),
                              float(candidate["threshold"])), float(candidate["tail_share"]))
    known = CANDIDATES.get(name)
    if known is None:
        raise InputError(f"there is no law {name!r}", field="candidates",
                         mend="one of: " + ", ".join((*CANDIDATES, "spliced")))
    return known.law(*(float(candidate[one]) for one in known.names))


def survival_above(law: Law, floor: float | None, x: Floats) -> Floats:
    """P(X > x | X ≥ floor)."""
    with np.errstate(all="ignore"):  # laws fitted at the edge of their range overflow harmlessly
        above = 1.0 if floor is None else float(law.survival(np.array([floor]))[0])
        return law.survival(x) / above


def quantile_above(law: Law, floor: float | None, chance: Floats) -> Floats:
    """The x with P(X > x | X ≥ floor) = chance."""
    with np.errstate(all="ignore"):
        above = 1.0 if floor is None else float(law.survival(np.array([floor]))[0])
        return law.quantile_of_survival(chance * above)


def empirical_survival(losses: Floats) -> tuple[Floats, Floats]:
    """Losses in rising order and the share of all that is at least as large: 1, …, 1/n."""
    ordered = np.sort(losses)
    return ordered, np.arange(len(ordered), 0, -1.0) / len(ordered)


def quantile_pairs(law: Law, floor: float | None, losses: Floats) -> tuple[Floats, Floats]:
    """Modelled and observed quantiles at the ranks (i − ½) ÷ n."""
    ordered = np.sort(losses)
    chance = (np.arange(len(ordered), 0, -1.0) - 0.5) / len(ordered)
    return quantile_above(law, floor, chance), ordered


def mean_excess(losses: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Thresholds, the mean of what exceeds each, and how many do (at least twenty)."""
    ordered = np.sort(losses)
    counts = np.arange(len(ordered) - 1, -1, -1)
    sums = np.concatenate((np.cumsum(ordered[::-1])[::-1][1:], [0.0]))
    # several losses at one amount: the last of them knows what lies strictly above
    last = np.append(ordered[1:] > ordered[:-1], True)
    keep = last & (counts >= FEWEST_EXCEEDANCES)
    return ordered[keep], sums[keep] / counts[keep] - ordered[keep], counts[keep]


def threshold_fits(
    losses: Floats, chosen: float | None, floors: Floats | None = None,
    censored: npt.NDArray[np.bool_] | None = None,
) -> tuple[ThresholdFit, ...]:
    """The tail above thresholds from the median upwards, evenly in the logarithm of the number of
    exceedances, and above the chosen one. Rows may have floors of their own and be censored."""
    n = len(losses)
    if n < 2 * FEWEST_EXCEEDANCES:
        return ()
    counts = np.unique(np.geomspace(n / 2, FEWEST_EXCEEDANCES, _THRESHOLD_STEPS).astype(int))
    ordered = np.sort(losses)
    places = {float(ordered[n - count - 1]) for count in counts.tolist()}
    if chosen is not None:
        places.add(chosen)
    found = []
    for threshold in sorted(places):
        tail = fit_tail(losses, threshold, floors, censored)
        if tail is not None:
            found.append(ThresholdFit(threshold, tail.exceedances, tail.xi, tail.xi_interval))
    return tuple(found)


def hill_estimates(losses: Floats) -> tuple[HillEstimate, ...]:
    """The tail exponent by Hill (1975) for rising numbers of largest losses, from twenty to half
    of all."""
    ordered = np.sort(losses)[::-1]
    most = len(ordered) // 2
    if most < FEWEST_EXCEEDANCES:
        return ()
    logs = np.log(ordered)
    sums = np.cumsum(logs)
    found = []
    for k in np.unique(np.geomspace(FEWEST_EXCEEDANCES, most, 80).astype(int)).tolist():
        mean = float(sums[k - 1] / k - logs[k])
        if mean > 0.0:
            alpha = 1.0 / mean
            spread = 1.96 * alpha / math.sqrt(k)
            found.append(HillEstimate(k, alpha, (alpha - spread, alpha + spread)))
    return tuple(found)


def thinned(count: int) -> npt.NDArray[np.int64]:
    """Places of rising values to draw: all of the largest, and the rest evenly."""
    if count <= _MOST_POINTS:
        return np.arange(count)
    body = np.linspace(0, count - _LARGEST_KEPT - 1, _MOST_POINTS - _LARGEST_KEPT)
    return np.unique(np.concatenate((body.astype(np.int64),
                                     np.arange(count - _LARGEST_KEPT, count))))
