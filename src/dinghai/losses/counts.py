"""Laws of the number of losses: probabilities, generating functions, moments, recursions.

The (a, b, 0) class and its recursion are those of Loss Models (Klugman, Panjer, Willmot),
chapter 6.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]


class Count(ABC):
    """A law of a number N of losses: 0, 1, 2 …"""

    @property
    @abstractmethod
    def mean(self) -> float:
        """E N."""

    @property
    @abstractmethod
    def variance(self) -> float:
        """Var N."""

    @abstractmethod
    def generating(self, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """E z^N, for real or complex z inside the unit circle."""

    @abstractmethod
    def probabilities(self, highest: int) -> Floats:
        """P(N = n) for n = 0 … highest."""

    def log_generating(self, z: float) -> float:
        """ln E z^N, without underflow."""
        return math.log(float(self.generating(np.array([z]))[0]))

    def recursion(self) -> tuple[float, float] | None:
        """a and b of p(n) = (a + b/n) p(n−1); None outside the class."""
        return None

    def most(self, beyond: float = 1e-16) -> int:
        """A number that is exceeded with a chance of at most ``beyond``."""
        highest = int(self.mean + 10.0 * math.sqrt(self.variance) + 20.0)
        while 1.0 - math.fsum(self.probabilities(highest)) > max(beyond, 1e-15):
            highest *= 2
        return highest


@dataclass(frozen=True, slots=True)
class Poisson(Count):
    """Mean λ."""

    rate: float

    @property
    def mean(self) -> float:
        return self.rate

    @property
    def variance(self) -> float:
        return self.rate

    def generating(self, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.exp(self.rate * (z - 1.0))

    def log_generating(self, z: float) -> float:
        return self.rate * (z - 1.0)

    def probabilities(self, highest: int) -> Floats:
        n = np.arange(highest + 1.0)
        logs = special.xlogy(n, self.rate) - self.rate - special.gammaln(n + 1.0)
        return np.asarray(np.exp(logs), dtype=np.float64)

    def recursion(self) -> tuple[float, float] | None:
        return 0.0, self.rate


@dataclass(frozen=True, slots=True)
class NegativeBinomial(Count):
    """Mean m and size r: variance m + m²/r."""

    average: float
    size: float

    @property
    def mean(self) -> float:
        return self.average

    @property
    def variance(self) -> float:
        return self.average + self.average**2 / self.size

    def generating(self, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.exp(-self.size * np.log1p(self.average / self.size * (1.0 - z)))

    def log_generating(self, z: float) -> float:
        return -self.size * math.log1p(self.average / self.size * (1.0 - z))

    def probabilities(self, highest: int) -> Floats:
        n = np.arange(highest + 1.0)
        chance = self.average / (self.average + self.size)
        logs = (special.gammaln(n + self.size) - special.gammaln(self.size)
                - special.gammaln(n + 1.0) + special.xlogy(n, chance)
                + self.size * math.log1p(-chance))
        return np.asarray(np.exp(logs), dtype=np.float64)

    def recursion(self) -> tuple[float, float] | None:
        chance = self.average / (self.average + self.size)
        return chance, (self.size - 1.0) * chance


@dataclass(frozen=True, slots=True)
class Binomial(Count):
    """n trials of chance p."""

    trials: int
    chance: float

    @property
    def mean(self) -> float:
        return self.trials * self.chance

    @property
    def variance(self) -> float:
        return self.trials * self.chance * (1.0 - self.chance)

    def generating(self, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return (1.0 + self.chance * (z - 1.0)) ** self.trials

    def log_generating(self, z: float) -> float:
        return self.trials * math.log1p(self.chance * (z - 1.0))

    def probabilities(self, highest: int) -> Floats:
        n = np.arange(highest + 1.0)
        with np.errstate(invalid="ignore"):
            logs = (special.gammaln(self.trials + 1.0) - special.gammaln(n + 1.0)
                    - special.gammaln(self.trials - n + 1.0) + special.xlogy(n, self.chance)
                    + special.xlog1py(self.trials - n, -self.chance))
        return np.where(n <= self.trials, np.exp(logs), 0.0)

    def recursion(self) -> tuple[float, float] | None:
        if self.chance >= 1.0:
            return None
        odds = self.chance / (1.0 - self.chance)
        return -odds, (self.trials + 1) * odds

    def most(self, beyond: float = 1e-16) -> int:
        return self.trials


@dataclass(frozen=True, slots=True)
class DiscreteCount(Count):
    """Given numbers with given chances: ``chances[n]`` is that of n."""

    chances: tuple[float, ...]

    @property
    def mean(self) -> float:
        return math.fsum(n * chance for n, chance in enumerate(self.chances))

    @property
    def variance(self) -> float:
        return math.fsum((n - self.mean) ** 2 * chance for n, chance in enumerate(self.chances))

    def generating(self, z: npt.NDArray[Any]) -> npt.NDArray[Any]:
        total = np.zeros_like(z)
        for chance in reversed(self.chances):
            total = total * z + chance
        return total

    def probabilities(self, highest: int) -> Floats:
        out = np.zeros(highest + 1)
        kept = self.chances[:highest + 1]
        out[:len(kept)] = kept
        return out

    def most(self, beyond: float = 1e-16) -> int:
        return len(self.chances) - 1
