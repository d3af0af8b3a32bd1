"""Claims frequency of each peril, split into own and common causes, with every factor's origin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Source, Trace
from dinghai.losses.curves import MonotoneCurve, exp, ln, log_log_curve, saturate
from dinghai.losses.effects import ControlFactor
from dinghai.losses.exposure import Exposure, IndustryRelativity
from dinghai.losses.tables import CalibrationTables, Modifier, source_of


@dataclass(frozen=True, slots=True, eq=False)
class PerilFrequency:
    """Expected claims a year of one peril. ``own`` + ``common`` = ``per_year``."""

    peril: str
    per_year: float
    own: float
    common: float
    base: float
    industry: float
    mix: float
    exposure: float
    controls: float
    reasons: Callable[[], Trace]

    @property
    def trace(self) -> Trace:
        """Where each factor comes from; worked out when asked for."""
        return self.reasons()


@dataclass(frozen=True, slots=True)
class LatentFactor:
    """The gamma factor of mean one that frequency and severity share, at its quadrature nodes.

    ``event_weights`` are the chances that an event falls into a node's state: weight × node.
    ``severity`` is the factor on amounts and durations in that state, of event-weighted mean one.
    """

    size: float
    nodes: tuple[float, ...]
    weights: tuple[float, ...]
    severity: tuple[float, ...]

    @property
    def event_weights(self) -> tuple[float, ...]:
        """Share of all events that happen in each state."""
        return tuple(w * x for w, x in zip(self.weights, self.nodes, strict=True))


@lru_cache(maxsize=8)
def size_curve(tables: CalibrationTables) -> MonotoneCurve:
    """ln of claims frequency as a monotone curve in ln of revenue in fen: no cliffs."""
    frequency = tables.frequency
    return log_log_curve(
        [(band["revenue_usd"] * tables.fen_per_usd, band["frequency"])
         for band in frequency["bands"]],
        elasticity_below=float(frequency["elasticity"]["below"]),
        elasticity_above=float(frequency["elasticity"]["above"]),
    )


@lru_cache(maxsize=4096)
def base_frequency(tables: CalibrationTables, revenue_fen: int) -> float:
    """Claims a year of the all-industry firm of this revenue with half-implemented controls."""
    return exp(size_curve(tables)(ln(float(revenue_fen))))


@lru_cache(maxsize=8)
def latent_factor(tables: CalibrationTables) -> LatentFactor:
    """The shared latent posture factor at its declared nodes."""
    row = tables.frequency["latent"]
    nodes = tuple(float(x) for x in row["nodes"])
    weights = tuple(float(w) for w in row["weights"])
    raw = [exp(float(row["severity_elasticity"]) * ln(x)) for x in nodes]
    level = sum(w * x * m for w, x, m in zip(weights, nodes, raw, strict=True))
    return LatentFactor(float(row["size"]), nodes, weights, tuple(m / level for m in raw))


def peril_frequency(
    tables: CalibrationTables,
    exposure: Exposure,
    industry: IndustryRelativity,
    peril: str,
    controls: ControlFactor,
) -> PerilFrequency:
    """base(revenue) × industry × mix × exposure × controls, then cut into own and common."""
    base = base_frequency(tables, exposure.revenue_fen)
    mix = industry.mix[peril]
    modifier, _ = _modifier(tables, exposure, peril)
    per_year = base * industry.frequency * mix * modifier * controls.factor
    common = per_year * float(tables.frequency["common_share"][peril])
    return PerilFrequency(
        peril, per_year, per_year - common, common, base, industry.frequency, mix, modifier,
        controls.factor, partial(_reasons, tables, exposure, industry, peril, controls, per_year))


def _reasons(
    tables: CalibrationTables,
    exposure: Exposure,
    industry: IndustryRelativity,
    peril: str,
    controls: ControlFactor,
    per_year: float,
) -> Trace:
    """Every factor of a frequency with its source."""
    shares = tables.frequency["common_share"]
    children = (
        Trace("base", base_frequency(tables, exposure.revenue_fen), "per_year",
              "monotone_curve_in_log_revenue", _band_source(tables.frequency),
              (Trace("revenue", exposure.revenue_fen, "fen"),)),
        Trace("industry", industry.frequency, "ratio",
              "precision_blend" if industry.frequency_parts else "table", industry.source,
              industry.frequency_parts),
        Trace("mix", industry.mix[peril], "ratio",
              "credibility_blend" if industry.mix_parts else "table",
              industry.mix_sources.get(peril, industry.source),
              (industry.mix_parts[peril],) if peril in industry.mix_parts else ()),
        _modifier_trace(tables, *_modifier(tables, exposure, peril)),
        controls.trace,
        Trace("common_share", float(shares[peril]), "ratio", "split",
              source_of(shares, str(tables.frequency["as_of"])),
              _measured(tables, f"frequency.common_share.{peril}")),
    )
    return Trace(f"frequency.{peril}", per_year, "per_year", "product", None, children)


def _measured(tables: CalibrationTables, declared: str) -> tuple[Trace, ...]:
    """What public data say of a declared figure, whether it is taken or not."""
    return tuple(
        Trace("measured", one.measured.value, one.measured.unit,
              "taken" if one.used else "beside_the_judgement", one.measured.source)
        for one in tables.evidence if one.declared == declared)


def _modifier(
    tables: CalibrationTables, exposure: Exposure, peril: str
) -> tuple[float, list[tuple[Modifier, float, float]]]:
    """The factor of the exposures that change a peril's frequency, smoothly bounded; and of each
    exposure its measure and part."""
    total = 0.0
    parts = []
    for modifier in tables.modifiers:
        if peril not in modifier.perils:
            continue
        measure = _measure(modifier, exposure, tables)
        part = modifier.strength * (measure - modifier.reference)
        total += part
        parts.append((modifier, measure, part))
    bounds = tables.frequency["modifier_bounds"]
    factor = 1.0
    if total:
        factor = saturate(total, floor=float(bounds["floor"]), ceiling=float(bounds["ceiling"]))
    return factor, parts


def _modifier_trace(
    tables: CalibrationTables, factor: float, parts: Sequence[tuple[Modifier, float, float]]
) -> Trace:
    bounds = tables.frequency["modifier_bounds"]
    return Trace("exposure", factor, "ratio", "saturated_sum_of_logs",
                 source_of(bounds, str(tables.frequency["as_of"])), tuple(
                     Trace(f"exposure.{modifier.exposure}", part, "log", modifier.measure,
                           modifier.source, (Trace("measure", measure, "number"),))
                     for modifier, measure, part in parts))


def _measure(modifier: Modifier, exposure: Exposure, tables: CalibrationTables) -> float:
    value = float(_EXPOSURES[modifier.exposure](exposure))
    if modifier.measure == "log_count":
        return ln(1.0 + value)
    if modifier.measure == "log_ratio":
        million_usd = exposure.revenue_fen / tables.fen_per_usd / 1_000_000.0
        return ln((1.0 + value) / (1.0 + modifier.usual_per_million_usd * million_usd))
    return value


_EXPOSURES: Mapping[str, Any] = {
    "online_revenue": lambda e: e.online_revenue_ppm / PPM,
    "ot_systems": lambda e: float(e.ot_systems),
    "endpoints": lambda e: float(e.endpoints),
    "headcount": lambda e: float(e.headcount),
    "high_value_payments": lambda e: float(e.high_value_payments),
    "critical_providers": lambda e: float(e.critical_providers),
    "personal_records": lambda e: float(e.personal_records),
    "important_data": lambda e: 1.0 if e.important_data else 0.0,
    "critical_infrastructure": lambda e: 1.0 if e.critical_infrastructure else 0.0,
}


def _band_source(frequency: Mapping[str, Any]) -> Source:
    return source_of(frequency["bands"][0], str(frequency["as_of"]))
