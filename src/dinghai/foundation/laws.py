"""Severity laws in closed form: survival, quantile, and moments of a loss limited to an amount.

Parameters are those of Loss Models (Klugman, Panjer, Willmot, appendix A), except that the
generalised Pareto is written as extreme value theory writes it: shape ξ, scale β, threshold u.
Amounts have no unit. All methods take and return arrays of float64.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
_NEARLY = 1e-9
"""Below this a shape of the generalised Pareto is taken as zero: the exponential law."""


class Law(ABC):
    """A law of a positive loss X."""

    @abstractmethod
    def survival(self, x: Floats) -> Floats:
        """P(X > x)."""

    @abstractmethod
    def log_density(self, x: Floats) -> Floats:
        """ln f(x) for x inside the support."""

    @abstractmethod
    def quantile_of_survival(self, chance: Floats) -> Floats:
        """The x with P(X > x) = chance."""

    @abstractmethod
    def limited(self, x: Floats, order: int) -> Floats:
        """E min(X, x)^order for order 1 or 2; x may be infinite."""

    def quantile(self, probability: Floats) -> Floats:
        """The x with P(X ≤ x) = probability."""
        return self.quantile_of_survival(1.0 - np.asarray(probability, dtype=np.float64))

    def cumulative(self, x: Floats) -> Floats:
        """P(X ≤ x)."""
        return 1.0 - self.survival(x)

    def mean(self) -> float:
        """E X; infinite where it does not exist."""
        return float(self.limited(np.array([math.inf]), 1)[0])

    def second_moment(self) -> float:
        """E X²; infinite where it does not exist."""
        return float(self.limited(np.array([math.inf]), 2)[0])


@dataclass(frozen=True, slots=True)
class Lognormal(Law):
    """ln X is normal with mean μ and standard deviation σ."""

    mu: float
    sigma: float

    def survival(self, x: Floats) -> Floats:
        return np.asarray(special.ndtr(-self._score(x)), dtype=np.float64)

    def log_density(self, x: Floats) -> Floats:
        z = self._score(x)
        return -0.5 * z * z - np.log(x) - math.log(self.sigma) - 0.5 * math.log(2.0 * math.pi)

    def quantile_of_survival(self, chance: Floats) -> Floats:
        return np.asarray(np.exp(self.mu - self.sigma * special.ndtri(chance)), dtype=np.float64)

    def limited(self, x: Floats, order: int) -> Floats:
        whole = math.exp(order * self.mu + 0.5 * (order * self.sigma) ** 2)
        inside = whole * special.ndtr(self._score(x) - order * self.sigma)
        return np.asarray(inside + _at_limit(x, self.survival(x), order), dtype=np.float64)

    def _score(self, x: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            return (np.log(x) - self.mu) / self.sigma


@dataclass(frozen=True, slots=True)
class Gamma(Law):
    """Shape α and scale θ."""

    alpha: float
    theta: float

    def survival(self, x: Floats) -> Floats:
        scaled = np.maximum(x, 0.0) / self.theta
        return np.asarray(special.gammaincc(self.alpha, scaled), dtype=np.float64)

    def log_density(self, x: Floats) -> Floats:
        scaled = x / self.theta
        constant = math.log(self.theta) + float(special.gammaln(self.alpha))
        out: Floats = (self.alpha - 1.0) * np.log(scaled) - scaled - constant
        return out

    def quantile_of_survival(self, chance: Floats) -> Floats:
        return np.asarray(self.theta * special.gammainccinv(self.alpha, chance), dtype=np.float64)

    def limited(self, x: Floats, order: int) -> Floats:
        whole = self.theta**order * math.exp(
            special.gammaln(self.alpha + order) - special.gammaln(self.alpha))
        inside = whole * special.gammainc(self.alpha + order, np.maximum(x, 0.0) / self.theta)
        return np.asarray(inside + _at_limit(x, self.survival(x), order), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Weibull(Law):
    """P(X > x) = exp(−(x/θ)^τ), with scale θ and shape τ."""

    theta: float
    tau: float

    def survival(self, x: Floats) -> Floats:
        return np.exp(-self._power(x))

    def log_density(self, x: Floats) -> Floats:
        return (math.log(self.tau / self.theta) + (self.tau - 1.0) * np.log(x / self.theta)
                - self._power(x))

    def quantile_of_survival(self, chance: Floats) -> Floats:
        return self.theta * (-np.log(chance)) ** (1.0 / self.tau)

    def limited(self, x: Floats, order: int) -> Floats:
        shape = 1.0 + order / self.tau
        whole = self.theta**order * math.exp(special.gammaln(shape))
        inside = whole * special.gammainc(shape, self._power(x))
        return np.asarray(inside + _at_limit(x, self.survival(x), order), dtype=np.float64)

    def _power(self, x: Floats) -> Floats:
        return (np.maximum(x, 0.0) / self.theta) ** self.tau


@dataclass(frozen=True, slots=True)
class GeneralisedPareto(Law):
    """P(X > x) = (1 + ξ (x − u) / β)^(−1/ξ) above the threshold u; exponential where ξ is zero."""

    xi: float
    beta: float
    threshold: float = 0.0

    def survival(self, x: Floats) -> Floats:
        return np.where(x <= self.threshold, 1.0, self._tail(self._excess(x)))

    def log_density(self, x: Floats) -> Floats:
        excess = (x - self.threshold) / self.beta
        if abs(self.xi) < _NEARLY:
            return -excess - math.log(self.beta)
        with np.errstate(divide="ignore", invalid="ignore"):
            return -(1.0 / self.xi + 1.0) * np.log1p(self.xi * excess) - math.log(self.beta)

    def quantile_of_survival(self, chance: Floats) -> Floats:
        with np.errstate(divide="ignore"):
            logs = np.log(chance)
        if abs(self.xi) < _NEARLY:
            return self.threshold - self.beta * logs
        return self.threshold + self.beta * np.expm1(-self.xi * logs) / self.xi

    def limited(self, x: Floats, order: int) -> Floats:
        below = np.minimum(x, self.threshold) ** order
        excess = self._excess(x)
        first, moment = self._integrals(excess)
        above = first if order == 1 or self.threshold == 0.0 else self.threshold * first
        if order == 2:
            above = 2.0 * (moment if self.threshold == 0.0 else above + moment)
        return np.where(x <= self.threshold, below, self.threshold**order + above)

    def _excess(self, x: Floats) -> Floats:
        """What lies above the threshold, in units of β, inside the support."""
        excess = np.maximum(np.asarray(x, dtype=np.float64) - self.threshold, 0.0) / self.beta
        return np.minimum(excess, -1.0 / self.xi) if self.xi < -_NEARLY else excess

    def _tail(self, excess: Floats) -> Floats:
        if abs(self.xi) < _NEARLY:
            return np.exp(-excess)
        with np.errstate(divide="ignore"):
            return np.exp(-np.log1p(self.xi * excess) / self.xi)

    def _integrals(self, excess: Floats) -> tuple[Floats, Floats]:
        """∫ S and ∫ t S over the excess t from zero, in amounts and amounts squared."""
        if abs(self.xi) < _NEARLY:
            tail = np.exp(-excess)
            rest = np.where(np.isinf(excess), 0.0, excess) * tail
            return self.beta * (1.0 - tail), self.beta**2 * (1.0 - tail - rest)
        with np.errstate(divide="ignore"):
            logs = np.log1p(self.xi * excess)
        scale = self.beta / self.xi
        one, two = (_power_integral(logs, power - 1.0 / self.xi) for power in (1.0, 2.0))
        with np.errstate(invalid="ignore"):
            moment = scale * scale * (two - one)
        return scale * one, np.where(np.isnan(moment), math.inf, moment)


@dataclass(frozen=True, slots=True)
class Discrete(Law):
    """Given values, in rising order, with given chances that sum to one."""

    values: tuple[float, ...]
    chances: tuple[float, ...]

    def survival(self, x: Floats) -> Floats:
        kept = np.append(np.cumsum(self.chances[::-1])[::-1], 0.0)
        return kept[np.searchsorted(self.values, x, side="right")]

    def log_density(self, x: Floats) -> Floats:
        raise TypeError("a discrete law has no density")

    def quantile_of_survival(self, chance: Floats) -> Floats:
        places = np.searchsorted(np.cumsum(self.chances), 1.0 - np.asarray(chance) - 1e-15)
        return np.asarray(self.values)[np.minimum(places, len(self.values) - 1)]

    def limited(self, x: Floats, order: int) -> Floats:
        capped = np.minimum(np.asarray(self.values), np.asarray(x)[..., None])
        return np.asarray(capped**order @ np.asarray(self.chances))


@dataclass(frozen=True, slots=True)
class Spliced(Law):
    """A lognormal body from a floor to a threshold, and a tail above it that has a given share."""

    body: Lognormal
    floor: float
    tail: GeneralisedPareto
    share: float

    def survival(self, x: Floats) -> Floats:
        x = np.asarray(x, dtype=np.float64)
        below = self.body.survival(np.clip(x, self.floor, self.tail.threshold))
        inside = self.share + (1.0 - self.share) * (below - self._top()) / self._room()
        inside = np.where(x < self.floor, 1.0, inside)
        return np.where(x <= self.tail.threshold, inside, self.share * self.tail.survival(x))

    def log_density(self, x: Floats) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = self.body.log_density(x) + math.log1p(-self.share) - math.log(self._room())
            beyond = self.tail.log_density(x) + math.log(self.share)
        return np.where(x <= self.tail.threshold, inside, beyond)

    def quantile_of_survival(self, chance: Floats) -> Floats:
        chance = np.asarray(chance, dtype=np.float64)
        within = np.clip((chance - self.share) / (1.0 - self.share), 0.0, 1.0)
        inside = self.body.quantile_of_survival(self._top() + within * self._room())
        with np.errstate(invalid="ignore", divide="ignore"):
            beyond = self.tail.quantile_of_survival(np.minimum(chance / self.share, 1.0))
        return np.where(chance > self.share, np.maximum(inside, self.floor), beyond)

    def limited(self, x: Floats, order: int) -> Floats:
        x = np.asarray(x, dtype=np.float64)
        low, top = np.array([self.floor]), np.array([self.tail.threshold])
        middle = np.clip(x, self.floor, self.tail.threshold)
        grown = middle**order - self.floor**order
        body = self.body.limited(middle, order) - self.body.limited(low, order)
        inside = (np.minimum(x, self.floor) ** order + self.share * grown
                  + (1.0 - self.share) / self._room() * (body - self._top() * grown))
        beyond = self.tail.limited(np.maximum(x, top), order) - self.tail.limited(top, order)
        return np.where(x <= self.tail.threshold, inside, inside + self.share * beyond)

    def _top(self) -> float:
        return float(self.body.survival(np.array([self.tail.threshold]))[0])

    def _room(self) -> float:
        """The body's chance between floor and threshold."""
        return float(self.body.survival(np.array([self.floor]))[0]) - self._top()


def pareto(alpha: float, theta: float) -> GeneralisedPareto:
    """The two-parameter Pareto (Lomax): P(X > x) = (θ / (x + θ))^α."""
    return GeneralisedPareto(1.0 / alpha, theta / alpha, 0.0)


def single_parameter_pareto(alpha: float, theta: float) -> GeneralisedPareto:
    """P(X > x) = (θ / x)^α above θ."""
    return GeneralisedPareto(1.0 / alpha, theta / alpha, theta)


def _at_limit(x: Floats, survival: Floats, order: int) -> Floats:
    """x^order × P(X > x), which is zero at infinity for laws with light tails."""
    finite = np.where(np.isinf(x), 0.0, x)
    return finite**order * survival


def _power_integral(logs: Floats, power: float) -> Floats:
    """∫ s^(power − 1) ds from 1 to e^logs."""
    if abs(power) < 1e-12:
        return logs
    with np.errstate(over="ignore"):
        return np.expm1(power * logs) / power
