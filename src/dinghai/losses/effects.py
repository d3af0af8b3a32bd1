"""Control effects: a posture turns into factors on frequency and on severity components."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source, Trace
from dinghai.losses.curves import ln, saturate, saturated
from dinghai.losses.tables import EFFECT_GROUPS, PERILS, CalibrationTables, ControlEffect

FREQUENCY: Final = "frequency"
COMPLETE_ONLY: Final = "complete_only"
_TARGETS: Final = (FREQUENCY, *EFFECT_GROUPS)
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
    return score * score * score if shape == COMPLETE_ONLY else score


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
    return {name: score_of(posture, name, tables) for name in _sums_of(tables).indicators}


def control_factor(
    tables: CalibrationTables, known_scores: Scores, peril: str, target: str
) -> ControlFactor:
    """The factor of all controls on ``target`` ("frequency" or a group) of a peril."""
    return control_factors(tables, known_scores)[peril][target]


@dataclass(frozen=True, slots=True, eq=False)
class ControlFactors(Mapping[str, ControlFactor]):
    """The factor of all controls on each of a peril's ``targets``; made when it is asked for, since
    the models of thousands of enterprises are kept. ``factors`` and ``log_effects`` are of
    frequency first, then of the groups."""

    tables: CalibrationTables
    scores: Scores
    peril: str
    factors: tuple[float, ...]
    log_effects: tuple[float, ...]
    targets: tuple[str, ...] = _TARGETS

    def __getitem__(self, target: str) -> ControlFactor:
        place = self.targets.index(target) if target in self.targets else -1
        if place < 0:
            raise KeyError(target)
        place += len(_TARGETS) - len(self.targets)
        return ControlFactor(self.factors[place], self.log_effects[place], partial(
            _reasons, self.tables, self.scores, self.peril, target))

    def __iter__(self) -> Iterator[str]:
        return iter(self.targets)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def on_severity(self) -> ControlFactors:
        """Those on the groups of severity alone."""
        return ControlFactors(self.tables, self.scores, self.peril, self.factors,
                              self.log_effects, EFFECT_GROUPS)

    @property
    def by_group(self) -> dict[str, float]:
        """The numbers alone, of each group of severity."""
        return dict(zip(EFFECT_GROUPS, self.factors[1:], strict=True))


def control_factors(
    tables: CalibrationTables, known_scores: Scores
) -> Mapping[str, ControlFactors]:
    """The factors of all controls by peril: on "frequency" and on each group."""
    sums = _sums_of(tables)
    scores = np.array([known_scores[name][0] for name in sums.indicators])
    totals, factors = np.empty((2, len(PERILS), len(_TARGETS)))
    bounds = float(tables.controls["floor"]), float(tables.controls["ceiling"])
    _add_up(scores, sums.place, sums.strength, sums.complete_only, sums.first, *bounds,
            totals.reshape(-1), factors.reshape(-1))
    return {peril: ControlFactors(tables, known_scores, peril, tuple(row), tuple(sums_of_logs))
            for peril, row, sums_of_logs in zip(PERILS, factors.tolist(), totals.tolist(),
                                                strict=True)}


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """The effects of tables as columns, those on one target of one peril from ``first`` on."""

    indicators: tuple[str, ...]
    place: npt.NDArray[np.int64]
    strength: npt.NDArray[np.float64]
    complete_only: npt.NDArray[np.bool_]
    first: npt.NDArray[np.int64]


@lru_cache(maxsize=8)
def _sums_of(tables: CalibrationTables) -> _Sums:
    names = tuple(dict.fromkeys(effect.indicator for effect in tables.effects))
    place = {name: number for number, name in enumerate(names)}
    rows: list[ControlEffect] = []
    first = [0]
    for peril in PERILS:
        for target in _TARGETS:
            rows += tables.effects_on.get((peril, target), ())
            first.append(len(rows))
    return _Sums(names, np.array([place[one.indicator] for one in rows], dtype=np.int64),
                 np.array([one.strength for one in rows]),
                 np.array([one.shape == COMPLETE_ONLY for one in rows], dtype=np.bool_),
                 np.array(first))


@njit(cache=True, nogil=True)
def _add_up(  # type: ignore[no-untyped-def]
    scores, place, strength, complete_only, first, floor, ceiling, totals, factors
):
    """Each sum of log effects, in the table's order, and its saturated factor."""
    for target in range(totals.shape[0]):
        total = 0.0
        for one in range(first[target], first[target + 1]):
            score = scores[place[one]]
            shaped = score * score * score if complete_only[one] else score
            total += -strength[one] * (shaped - 0.5)
        totals[target] = total
        factors[target] = saturated(total, floor, ceiling) if total != 0.0 else 1.0


def _reasons(
    tables: CalibrationTables, known_scores: Scores, peril: str, target: str
) -> Trace:
    """Each indicator's part of a factor, with its source."""
    effects = tables.effects_on.get((peril, target), ())
    scores = [known_scores[effect.indicator] for effect in effects]
    parts = [-effect.strength * (shaped(score, effect.shape) - 0.5)
             for effect, (score, _known) in zip(effects, scores, strict=True)]
    total = sum(parts)
    floor, ceiling = float(tables.controls["floor"]), float(tables.controls["ceiling"])
    return Trace(
        f"controls.{target}",
        saturate(total, floor=floor, ceiling=ceiling) if total else 1.0,
        "ratio",
        "saturated_sum_of_logs",
        Source("Smooth saturation between declared bounds", "D",
               str(tables.controls["as_of"]), (floor, ceiling)),
        tuple(_part(effect, part, score, known, tables)
              for effect, part, (score, known) in zip(effects, parts, scores, strict=True)))


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
