"""Severity laws fitted to losses above a reporting floor, by truncated maximum likelihood.

What lies below the floor was never seen: the likelihood of a loss is f(x) ÷ P(X ≥ floor).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import optimize

from dinghai.experience.distances import distance_of_censored, kolmogorov_smirnov
from dinghai.foundation.laws import (
    Gamma,
    GeneralisedPareto,
    Law,
    Lognormal,
    Spliced,
    Weibull,
    pareto,
)

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
_BAD: Final = 1e300
_WIDEST: Final = math.log(20.0)
"""A body wider than this is a power law in disguise, and its μ runs away."""
FEWEST: Final = 10
"""Below this many losses no law is fitted."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One fitted law: its parameters, and how well it fits."""

    parameters: Mapping[str, float]
    log_likelihood: float
    free: int
    ks: float
    """The largest distance between the losses' distribution and the law's above the floor."""
    law: Law

    @property
    def aic(self) -> float:
        """2 × free parameters − 2 × log-likelihood: lower is better."""
        return 2.0 * self.free - 2.0 * self.log_likelihood


@dataclass(frozen=True, slots=True)
class _Candidate:
    names: tuple[str, ...]
    positive: tuple[bool, ...]
    law: Callable[..., Law]
    start: Callable[[Floats], tuple[float, ...]]


def _log_moments(losses: Floats) -> tuple[float, float]:
    logs = np.log(losses)
    return float(logs.mean()), max(float(logs.std()), 0.05)


CANDIDATES: Final[Mapping[str, _Candidate]] = {
    "lognormal": _Candidate(("mu", "sigma"), (False, True), Lognormal, _log_moments),
    "weibull": _Candidate(("theta", "tau"), (True, True), Weibull,
                          lambda x: (float(x.mean()), 1.2 / max(_log_moments(x)[1], 0.05))),
    "gamma": _Candidate(("alpha", "theta"), (True, True), Gamma,
                        lambda x: (1.0, float(x.mean()))),
    "pareto": _Candidate(("alpha", "theta"), (True, True), pareto,
                         lambda x: (1.5, float(np.median(x)))),
}


def fit_candidates(
    losses: Floats, floor: float | Floats | None, censored: Flags | None = None
) -> dict[str, Fit]:
    """Every candidate law by its name. ``losses`` are at or above the floor, which may be each
    row's own; of a censored row only that its loss is at least so large is known."""
    found = {}
    for name, candidate in CANDIDATES.items():
        fit = _fit(losses, floor, candidate, censored)
        if fit is not None:
            found[name] = fit
    return found


def _fit(losses: Floats, floor: float | Floats | None, candidate: _Candidate,
         censored: Flags | None = None) -> Fit | None:
    # in units of the median: laws with a scale keep their shape, and the search its footing
    unit = float(np.median(losses))
    scaled = losses / unit
    low = None if floor is None else np.atleast_1d(np.asarray(floor, dtype=np.float64) / unit)
    if censored is not None and not censored.any():
        censored = None

    def law(point: npt.NDArray[np.float64]) -> Law:
        values = [math.exp(min(one, 300.0)) if positive else float(one)
                  for one, positive in zip(point, candidate.positive, strict=True)]
        return candidate.law(*values)

    def cost(point: npt.NDArray[np.float64]) -> float:
        with np.errstate(all="ignore"):
            try:
                return -truncated_log_likelihood(law(point), scaled, low, censored)
            except (OverflowError, ValueError, ZeroDivisionError):
                return _BAD

    start = np.array([math.log(one) if positive else one for one, positive in zip(
        candidate.start(scaled), candidate.positive, strict=True)])
    best = None
    for shift in (0.0, 1.0, -1.0):
        found = optimize.minimize(cost, start + shift * np.array([0.0, 0.5]), method="Nelder-Mead",
                                  options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 4000})
        if best is None or found.fun < best.fun - 1e-9:
            best = found
    if best is None or not math.isfinite(best.fun) or best.fun >= _BAD:
        return None
    fitted = law(best.x)
    values = dict(zip(candidate.names, (
        math.exp(one) if positive else float(one)
        for one, positive in zip(best.x, candidate.positive, strict=True)), strict=True))
    if "theta" in values:
        values["theta"] *= unit
    if "mu" in values:
        values["mu"] += math.log(unit)
    exact = len(losses) if censored is None else int((~censored).sum())
    likelihood = -float(best.fun) - exact * math.log(unit)
    return Fit(values, likelihood, len(values), _distance(fitted, scaled, low, censored),
               candidate.law(*values.values()))


def truncated_log_likelihood(
    law: Law, losses: Floats, low: Floats | None, censored: Flags | None = None
) -> float:
    """Of losses at or above a floor, if one is given, some known only to be at least so large."""
    if censored is None:
        total = float(law.log_density(losses).sum())
    else:
        total = float(law.log_density(losses[~censored]).sum()
                      + np.log(law.survival(losses[censored])).sum())
    if low is not None and len(low) == 1:
        total -= len(losses) * math.log(float(law.survival(low)[0]))
    elif low is not None:
        total -= float(np.log(law.survival(low)).sum())
    return total if math.isfinite(total) else -_BAD


def _distance(
    law: Law, losses: Floats, low: Floats | None, censored: Flags | None = None
) -> float:
    """Of the law given that a loss is at or above the floor.

    With floors of their own or censored rows: the distance of the losses' chances above their
    floors, which are even between 0 and 1 under the law, from evenness.
    """
    if censored is not None or (low is not None and len(low) > 1):
        entered = np.ones(1) if low is None else law.survival(low)
        chances = 1.0 - law.survival(losses) / entered
        return distance_of_censored(
            chances, np.zeros(len(losses), dtype=bool) if censored is None else censored)
    ordered = np.sort(losses)
    above = 1.0 if low is None else float(law.survival(low)[0])
    return kolmogorov_smirnov(1.0 - law.survival(ordered) / above)


def spliced(losses: Floats, floor: float | None, threshold: float,
            tail: GeneralisedPareto) -> Fit | None:
    """A lognormal body up to the threshold, and the tail above it with the weight it has."""
    body, beyond = losses[losses <= threshold], losses[losses > threshold]
    if len(body) < FEWEST or len(beyond) < FEWEST:
        return None
    low = 0.0 if floor is None else floor
    edges = np.array([low, threshold])

    def cost(point: npt.NDArray[np.float64]) -> float:
        if point[1] > _WIDEST:
            return _BAD
        law = Lognormal(float(point[0]), math.exp(float(point[1])))
        with np.errstate(all="ignore"):
            between = law.survival(edges)
            room = float(between[0] - between[1])
            total = float(law.log_density(body).sum())
        if not room > 0.0 or not math.isfinite(total):
            return _BAD
        return -total + len(body) * math.log(room)

    mean, spread = _log_moments(body)
    found = optimize.minimize(cost, np.array([mean, math.log(spread)]), method="Nelder-Mead",
                              options={"xatol": 1e-8, "fatol": 1e-8, "maxiter": 4000})
    if found.fun >= _BAD:
        return None
    share = len(beyond) / len(losses)
    body_law = Lognormal(float(found.x[0]), math.exp(float(found.x[1])))
    law = Spliced(body_law, low, tail, share)
    with np.errstate(all="ignore"):
        # A body whose chance between floor and threshold is all but nothing has no mean there.
        if not math.isfinite(float(law.limited(np.array([threshold]), 1)[0])):
            return None
    likelihood = (-float(found.fun) + len(body) * math.log1p(-share)
                  + len(beyond) * math.log(share) + float(tail.log_density(beyond).sum()))
    return Fit({"mu": body_law.mu, "sigma": body_law.sigma, "threshold": threshold, "xi": tail.xi,
                "beta": tail.beta, "tail_share": share}, likelihood, 5,
               _distance(law, losses, None), law)
