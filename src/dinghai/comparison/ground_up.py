"""What may happen before any policy: losses by coverage from an enterprise's own loss model.

The events are those that price and payment rest on; no term of any product has touched them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dinghai.losses.compound import Aggregate, compound_poisson_mixture, discretise
from dinghai.losses.model import LossModel
from dinghai.losses.severity import EventGrid

Whole = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CELLS = 1 << 14
_BEYOND = 0.002
"""The grid ends where a year is that unlikely to hold a larger event: far beyond 1 in 100."""
_LOST_MASS = 0.006
"""More than what can lie beyond such a grid; less than what would touch the 1-in-100 year."""
_YUAN = 100


@dataclass(frozen=True, slots=True)
class Losses:
    """Amounts of one or several coverages on the event grids of all perils, in fen."""

    model: LossModel
    amounts: Mapping[str, Whole]

    def hits_per_year(self) -> float:
        """Expected number of incidents a year that cost anything under it."""
        return float(self._rates()[self._all() > 0].sum())

    def mean(self, limit_fen: int) -> float:
        """Expected loss of a year, each incident limited: tails have no unlimited mean."""
        return float(np.sum(self._rates() * np.minimum(self._all(), limit_fen)))

    def incident(self, probability: float) -> int:
        """A quantile of the incidents that cost anything, in fen; zero where none does."""
        amounts, rates = self._all(), self._rates()
        hit = amounts > 0
        if not hit.any():
            return 0
        return _quantile(amounts[hit], rates[hit], probability)

    def year(self, *probabilities: float) -> tuple[int, ...]:
        """Quantiles of a year's sum, in fen, to the nearest node above (1/8192 of the range)."""
        amounts, rates = self._all(), self._rates()
        total = float(rates.sum())
        if total <= _BEYOND or not amounts.any():
            return tuple(0 for _ in probabilities)
        largest = _quantile(amounts, rates, 1.0 - _BEYOND / total)
        step = -(-2 * max(largest, _YUAN) // ((_CELLS - 1) * _YUAN)) * _YUAN
        year = self._compound(step)
        return tuple(year.quantile(one) for one in probabilities)

    def _compound(self, step: int) -> Aggregate:
        latent = self.model.latent
        states = [np.zeros(_CELLS) for _ in latent.nodes]
        beyond = [0.0] * len(latent.nodes)
        for peril, amounts in self.amounts.items():
            one = self.model.perils[peril]
            for group in one.events.grid.groups:
                part = amounts[group.start:group.stop]
                mass = discretise(part, np.full(part.shape, group.chance), step_fen=step,
                                  cells=_CELLS)
                rate = one.frequency.per_year * latent.nodes[group.state]
                states[group.state] += rate * mass.mass
                beyond[group.state] += rate * mass.lost
        return compound_poisson_mixture(
            list(zip(latent.weights, states, strict=True)), step_fen=step, beyond=beyond,
            bound=_LOST_MASS)

    def _all(self) -> Whole:
        return np.concatenate(list(self.amounts.values()))

    def _rates(self) -> Floats:
        """Expected incidents a year at each grid point."""
        weights = self.model.latent.event_weights
        return np.concatenate([
            self.model.perils[peril].frequency.per_year
            * self.model.perils[peril].events.grid.weights(weights) for peril in self.amounts])


def _quantile(amounts: Whole, weights: Floats, probability: float) -> int:
    order = np.argsort(amounts, kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, probability * float(reached[-1]) * (1.0 - 1e-12)))
    return int(amounts[order[min(place, len(order) - 1)]])


@dataclass(frozen=True)
class GroundUp:
    """The losses of a model by coverage."""

    model: LossModel

    @cached_property
    def by_coverage(self) -> Mapping[str, Mapping[str, Whole]]:
        """Amounts by coverage and peril."""
        out: dict[str, dict[str, Whole]] = {}
        for peril, one in self.model.perils.items():
            for coverage, amounts in self._coverages(peril, one.events):
                found = out.setdefault(coverage, {})
                found[peril] = found[peril] + amounts if peril in found else amounts
        return out

    def coverage(self, code: str) -> Losses:
        """Losses under one coverage; other perils count as nothing."""
        return self.together((code,))

    def together(self, codes: Iterable[str]) -> Losses:
        """Losses under several coverages as one amount for each incident."""
        wanted = list(codes)
        total = {peril: np.zeros(one.events.grid.size, dtype=np.int64)
                 for peril, one in self.model.perils.items()}
        for code in wanted:
            for peril, amounts in self.by_coverage[code].items():
                total[peril] = total[peril] + amounts
        return Losses(self.model, total)

    def _coverages(self, peril: str, events: EventGrid) -> Iterable[tuple[str, Whole]]:
        """Each part of the loss under the coverage of its component.

        Interruption is the enterprise's own, or a provider's where the peril is a third party's.
        """
        interruption = "FP-DBI" if peril == "third_party" else "FP-BI"
        special = {"interruption": interruption, "notification": "FP-NOTIF"}
        components = self.model.tables.components
        for name, amounts in events.amounts.items():
            coverage = special.get(name)
            if coverage is None and name in components:
                coverage = components[name].coverage
            if coverage is not None:
                yield coverage, amounts
