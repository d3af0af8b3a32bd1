"""Control effects: a posture turns into factors on frequency and on severity components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source, Trace
from dinghai.losses.curves import ln, saturate
from dinghai.losses.tables import EFFECT_GROUPS, CalibrationTables, ControlEffect

Posture = Mapping[str, int | None]
"""Indicator → score in ppm of full marks; None or absent where nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class ControlFactor:
    """The factor of the controls on one target of one peril.

    ``trace`` says each indicator's part of it; it is worked out when asked for.
    """

    factor: float
    log_effect: float
    reasons: Callable[[], Trace]

    @property
    def trace(self) -> Trace:
        """The indicators' parts with their sources."""
        return self.reasons()


def shaped(score: float, shape: str) -> float:
    """The share of a control's effect at a score between 0 and 1.

    ``complete_only`` is convex: half an MFA roll-out leaves the door that an intruder will use.
    """
    return score * score * score if shape == "complete_only" else score


def score_of(posture: Posture, indicator: str, tables: CalibrationTables) -> tuple[float, bool]:
    """The score as a share of full marks, and whether it is known."""
    ppm = posture.get(indicator)
    if ppm is None:
        return int(tables.controls["missing_prior_ppm"]) / PPM, False
    return min(max(ppm, 0), PPM) / PPM, True


Scores = Mapping[str, tuple[float, bool]]
"""Indicator → score as a share of full marks, and whether it is known."""


def scores_of(posture: Posture, tables: CalibrationTables) -> Scores:
    """The score of every indicator that has an effect."""
    return {effect.indicator: score_of(posture, effect.indicator, tables)
            for effect in tables.effects}


def control_factor(
    tables: CalibrationTables, known_scores: Scores, peril: str, target: str
) -> ControlFactor:
    """The factor of all controls on ``target`` ("frequency" or a group) of a peril."""
    effects = tables.effects_on.get((peril, target), ())
    scores = [known_scores[effect.indicator] for effect in effects]
    parts = [-effect.strength * (shaped(score, effect.shape) - 0.5)
             for effect, (score, _known) in zip(effects, scores, strict=True)]
    total = sum(parts)
    floor, ceiling = float(tables.controls["floor"]), float(tables.controls["ceiling"])
    factor = saturate(total, floor=floor, ceiling=ceiling) if total else 1.0

    def reasons() -> Trace:
        return Trace(
            f"controls.{target}",
            factor,
            "ratio",
            "saturated_sum_of_logs",
            Source("Smooth saturation between declared bounds", "D",
                   str(tables.controls["as_of"]), (floor, ceiling)),
            tuple(_part(effect, part, score, known, tables)
                  for effect, part, (score, known) in zip(effects, parts, scores, strict=True)),
        )

    return ControlFactor(factor, total, reasons)


def _part(
    effect: ControlEffect, part: float, score: float, known: bool, tables: CalibrationTables
) -> Trace:
    name = f"indicator.{effect.indicator}"
    if known:
        return Trace(name, part, "log", effect.shape, effect.source,
                     (Trace("score", score, "ratio"),))
    prior = Source(str(tables.controls["missing_source"]),
                   str(tables.controls["missing_confidence"]), str(tables.controls["as_of"]))
    return Trace(name, part, "log", effect.shape, effect.source,
                 (Trace("score", score, "ratio", "prior", prior),))


def severity_factors(
    tables: CalibrationTables, known_scores: Scores, peril: str
) -> dict[str, ControlFactor]:
    """The factor on each named severity component of a peril."""
    return {group: control_factor(tables, known_scores, peril, group) for group in EFFECT_GROUPS}


def no_effect(target: str) -> ControlFactor:
    """The half-implemented portfolio's factor on ``target``: one, for no reason."""
    return ControlFactor(1.0, 0.0, lambda: Trace(f"controls.{target}", 1.0, "ratio"))


def neutral_factors() -> dict[str, float]:
    """No control effect on any severity component: the half-implemented portfolio."""
    return dict.fromkeys(EFFECT_GROUPS, 1.0)


def equal_shares_of_log(factor: ControlFactor) -> dict[str, float]:
    """Each indicator's part of the saturated log factor, in proportion to its raw log-effect."""
    if factor.log_effect == 0.0:
        return {}
    scale = ln(factor.factor) / factor.log_effect
    return {
        child.name.removeprefix("indicator."): float(child.value or 0.0) * scale
        for child in factor.trace.children
    }
