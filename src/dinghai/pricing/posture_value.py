"""Expected payments of a year as a fast function of the scores, for a search over fixes.

The same events and terms as the price, without the annual aggregate and without reasons.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from dinghai.losses.curves import exp, saturate
from dinghai.losses.effects import Posture, score_of, shaped
from dinghai.losses.evaluation import Evaluator
from dinghai.losses.grid import peril_grid
from dinghai.losses.model import LossModel
from dinghai.losses.severity import event_grid, scales_of
from dinghai.losses.tables import EFFECT_GROUPS, PERILS

FREQUENCY = "frequency"
Logs = dict[str, dict[str, float]]
"""Sums of log effects before saturation, by peril and by target."""


@dataclass(slots=True)
class PostureValue:
    """Expected payments in fen a year of one enterprise under any sums of log effects."""

    model: LossModel
    evaluator: Evaluator
    _means: dict[tuple[str, tuple[float, ...]], float] = field(default_factory=dict)

    def logs(self, posture: Posture) -> Logs:
        """The sums of log effects of a posture."""
        total = {peril: dict.fromkeys((FREQUENCY, *EFFECT_GROUPS), 0.0) for peril in PERILS}
        for effect in self.model.tables.effects:
            score, _known = score_of(posture, effect.indicator, self.model.tables)
            for peril in effect.perils:
                total[peril][effect.target] -= effect.strength * (
                    shaped(score, effect.shape) - 0.5)
        return total

    def steps(self, indicator: str, before: float, after: float) -> Logs:
        """What raising an indicator between two scores (shares of full marks) adds to the sums."""
        change: Logs = {}
        for effect in self.model.tables.effects:
            if effect.indicator == indicator:
                gain = shaped(after, effect.shape) - shaped(before, effect.shape)
                for peril in effect.perils:
                    row = change.setdefault(peril, {})
                    row[effect.target] = row.get(effect.target, 0.0) - effect.strength * gain
        return change

    def by_peril(self, logs: Logs) -> dict[str, float]:
        """Expected payments of each peril."""
        return {peril: self.rate(peril, logs[peril][FREQUENCY]) * self.mean(peril, logs[peril])
                for peril in PERILS}

    def expected(self, logs: Logs) -> float:
        """Expected payments of a year."""
        return sum(self.by_peril(logs).values())

    def rate(self, peril: str, log_effect: float) -> float:
        """Claims a year under a sum of log effects."""
        frequency = self.model.perils[peril].frequency
        return frequency.per_year / frequency.controls * self._saturated(log_effect)

    def mean(self, peril: str, parts: Mapping[str, float]) -> float:
        """Mean payment of an event under sums of log effects by component group."""
        key = tuple(round(parts[group], 12) for group in EFFECT_GROUPS)
        if (peril, key) not in self._means:
            self._means[peril, key] = self._payment(
                peril, {group: self._saturated(one)
                        for group, one in zip(EFFECT_GROUPS, key, strict=True)})
        return self._means[peril, key]

    def _saturated(self, log_effect: float) -> float:
        if log_effect == 0.0:
            return 1.0
        controls = self.model.tables.controls
        return saturate(log_effect, floor=float(controls["floor"]),
                        ceiling=float(controls["ceiling"]))

    def _payment(self, peril: str, factors: Mapping[str, float]) -> float:
        model = self.model
        scales = scales_of(model.tables, model.exposure, model.industry, peril)
        events = event_grid(model.tables, model.exposure, peril_grid(model.tables, peril), scales,
                            factors)
        weights = model.latent.event_weights
        paid = self.evaluator.payments(peril, events, weights).mean["total"]
        return sum(w * m for w, m in zip(weights, paid, strict=True))


def added(logs: Logs, change: Logs) -> Logs:
    """The sums after a change."""
    return {peril: row if peril not in change else {
        target: value + change[peril].get(target, 0.0) for target, value in row.items()}
        for peril, row in logs.items()}


def largest_fall(change: Mapping[str, float]) -> float:
    """The largest share that a change of log effects can take off a frequency.

    The saturation's slope in logs is at most one, so a factor falls at most by e^change.
    """
    log_effect = change.get(FREQUENCY, 0.0)
    return 1.0 - exp(log_effect) if log_effect < 0.0 else 0.0
