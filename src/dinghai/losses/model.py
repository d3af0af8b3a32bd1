"""The loss model of one dossier: frequency, severity and every factor's origin, peril by peril."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dinghai.foundation.canonical import JSON
from dinghai.foundation.trace import Trace
from dinghai.losses.effects import (
    FREQUENCY,
    ControlFactor,
    ControlFactors,
    Posture,
    control_factors,
    neutral_factors,
    no_effect,
    scores_of,
)
from dinghai.losses.exposure import (
    Exposure,
    ExposureProfile,
    IndustryRelativity,
    exposure_of,
    industry_relativity,
)
from dinghai.losses.frequency import LatentFactor, PerilFrequency, latent_factor, peril_frequency
from dinghai.losses.grid import peril_grid
from dinghai.losses.severity import (
    Enterprise,
    Enterprises,
    EventGrid,
    event_grid,
    evidence_traces,
    scales_of,
    without_points,
)
from dinghai.losses.tables import EFFECT_GROUPS, PERILS, CalibrationTables, shipped_tables

LOSS_MODEL_SCHEMA = "dinghai.loss-model/1"
NEUTRAL = (1.0,) * len(EFFECT_GROUPS)
"""The severity key of a peril without any control effect."""

Events = dict[tuple[object, ...], EventGrid]
"""Event grids by what they depend on: exposures, peril, severity key."""


@dataclass(frozen=True, slots=True, eq=False)
class PerilModel:
    """One peril: claims a year, control factors on each part of severity, and the event grid."""

    peril: str
    frequency: PerilFrequency
    severity_controls: Mapping[str, ControlFactor]
    events: EventGrid

    @property
    def severity_key(self) -> tuple[float, ...]:
        """Tells two event grids of the same enterprise apart."""
        return tuple(_numbers(self.severity_controls).values())


@dataclass(frozen=True, slots=True, eq=False)
class LossModel:
    """What the enterprise may lose in a year. Reused for every limit, deductible and what-if."""

    tables: CalibrationTables
    exposure: Exposure
    industry: IndustryRelativity
    posture: Posture
    latent: LatentFactor
    perils: Mapping[str, PerilModel]

    def with_posture(self, posture: Posture) -> LossModel:
        """The same enterprise with other scores, on the same grid; unchanged parts are shared."""
        known = {self._events_key(peril, one.severity_key): one.events
                 for peril, one in self.perils.items()}
        return _assemble(self.tables, self.exposure, self.industry, posture, known)

    def with_exposure(
        self, exposure: Exposure, events: Events, *, frequency_controls: bool = True,
        severity_controls: bool = True,
    ) -> LossModel:
        """Another enterprise of the industry with the same scores, or without their effects.

        ``events`` keeps event grids between such models; it grows by those made here.
        """
        return _assemble(self.tables, exposure, self.industry, self.posture, events,
                         frequency_controls, severity_controls)

    def _events_key(self, peril: str, severity_key: tuple[float, ...]) -> tuple[object, ...]:
        return (self.exposure.of_severity, peril, severity_key)

    def neutral_events(self, peril: str) -> EventGrid:
        """The event grid without any control effect: the half-implemented portfolio."""
        scales = scales_of(self.tables, self.exposure, self.industry, peril)
        return event_grid(self.tables, self.exposure, peril_grid(self.tables, peril), scales,
                          neutral_factors())

    @property
    def claims_per_year(self) -> float:
        """Expected claims of all perils."""
        return sum(model.frequency.per_year for model in self.perils.values())

    def ground_up_mean(self, peril: str, limit_fen: int) -> float:
        """Mean of min(loss, limit) of one event in fen, whether insured or not.

        Only limited means exist here: parts of the loss have tails whose unlimited mean says
        nothing (index near one).
        """
        events = self.perils[peril].events
        total = 0.0
        for group in events.grid.groups:
            amounts = events.loss[group.start : group.stop]
            whole = int(amounts.clip(max=limit_fen).sum())
            total += self.latent.event_weights[group.state] * group.chance * whole
        return total

    @property
    def trace(self) -> Trace:
        """Frequencies and severity factors with their sources."""
        return Trace("loss_model", self.claims_per_year, "per_year", "sum", None, tuple(
            Trace(f"peril.{name}", model.frequency.per_year, "per_year", "", None,
                  (model.frequency.trace, *evidence_traces(self.tables, name),
                   *(factor.trace for factor in model.severity_controls.values()
                     if factor.trace.children)))
            for name, model in self.perils.items()))

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.loss-model/1)."""
        limit = int(self.tables.severity["limit"]["event_usd"] * self.tables.fen_per_usd)
        return {
            "schema": LOSS_MODEL_SCHEMA,
            "tables": self.tables.version,
            "exposure": _exposure_dict(self.exposure),
            "industry": {"section": self.industry.section, "frequency": self.industry.frequency,
                         "severity": self.industry.severity, "mix": dict(self.industry.mix)},
            "latent": {"size": self.latent.size, "nodes": list(self.latent.nodes),
                       "weights": list(self.latent.weights),
                       "severity": list(self.latent.severity)},
            "claims_per_year": self.claims_per_year,
            "mean_limit_fen": limit,
            "perils": {name: self._peril_dict(model, limit)
                       for name, model in self.perils.items()},
        }

    def _peril_dict(self, model: PerilModel, limit: int) -> dict[str, JSON]:
        row = self.tables.perils[model.peril]
        return {
            "per_year": model.frequency.per_year,
            "own": model.frequency.own,
            "common": model.frequency.common,
            "limited_mean_fen": round(self.ground_up_mean(model.peril, limit)),
            "severity_source": row.source.to_dict(),
            "frequency": model.frequency.trace.to_dict(),
            "severity_controls": {group: factor.factor
                                  for group, factor in model.severity_controls.items()},
        }


def build_loss_model(
    profile: ExposureProfile, posture: Posture, *, tables: CalibrationTables | None = None,
    points: bool = True,
) -> LossModel:
    """The loss model of a profile and a posture (indicator → ppm of full marks, None = unknown).

    Without ``points`` its event grids are empty, for who makes the events of many enterprises at a
    time from ``enterprises_of``. Raises InputError for an unknown industry or a revenue that is not
    positive.
    """
    tables = tables or shipped_tables()
    exposure = exposure_of(profile)
    industry = _industry(tables, exposure.industry)
    return _assemble(tables, exposure, industry, posture, {} if points else None)


@lru_cache(maxsize=256)
def _industry(tables: CalibrationTables, section: str) -> IndustryRelativity:
    return industry_relativity(section, tables.figures)


def enterprises_of(models: Sequence[LossModel], peril: str) -> Enterprises:
    """What the events of a peril hang on, of several enterprises by the same tables."""
    return Enterprises(models[0].tables, [
        Enterprise(one.exposure, scales_of(one.tables, one.exposure, one.industry, peril),
                   _numbers(one.perils[peril].severity_controls)) for one in models])


def _numbers(controls: Mapping[str, ControlFactor]) -> dict[str, float]:
    if isinstance(controls, ControlFactors):
        return controls.by_group
    return {group: factor.factor for group, factor in controls.items()}


def _assemble(
    tables: CalibrationTables,
    exposure: Exposure,
    industry: IndustryRelativity,
    posture: Posture,
    events: Events | None,
    frequency_controls: bool = True,
    severity_controls: bool = True,
) -> LossModel:
    perils = {}
    factors = control_factors(tables, scores_of(posture, tables))
    for peril in PERILS:
        controls: Mapping[str, ControlFactor] = (
            factors[peril].on_severity if severity_controls
            else {group: no_effect(group) for group in EFFECT_GROUPS})
        on_frequency = (factors[peril][FREQUENCY] if frequency_controls
                        else no_effect(FREQUENCY))
        frequency = peril_frequency(tables, exposure, industry, peril, on_frequency)
        grid = peril_grid(tables, peril)
        if events is None:
            perils[peril] = PerilModel(peril, frequency, controls, without_points(
                tables, grid, exposure.gross_profit_rate_ppm))
            continue
        effects = _numbers(controls)
        key = (exposure.of_severity, peril, tuple(effects.values()))
        if key not in events:
            scales = scales_of(tables, exposure, industry, peril)
            events[key] = event_grid(tables, exposure, grid, scales, effects)
        perils[peril] = PerilModel(peril, frequency, controls, events[key])
    return LossModel(tables, exposure, industry, dict(posture), latent_factor(tables), perils)


def _exposure_dict(exposure: Exposure) -> dict[str, Any]:
    return {name: getattr(exposure, name) for name in Exposure.__slots__}
