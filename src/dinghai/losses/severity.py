"""Joint event facts: what each grid point of a peril means for one enterprise, in whole numbers.

Interruption is time × the enterprise's own gross profit × the share of it that stops, never a
cost per event. All other parts are medians of the tables × size × industry × controls × shape.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Trace
from dinghai.losses.curves import MonotoneCurve, exp, ln, log_log_curve
from dinghai.losses.event_cells import (
    add_scaled,
    add_scaled_by_records,
    add_scaled_where,
    fill_records,
    interruption_row,
    labour_row,
)
from dinghai.losses.exposure import Exposure, IndustryRelativity
from dinghai.losses.grid import Floats, PerilGrid
from dinghai.losses.tables import CalibrationTables, PerilSeverity, source_of

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class EventGrid:
    """The events of one peril for one enterprise: int64 columns, one value a grid point.

    Money in fen, time in seconds, shares in ppm. ``amounts`` holds each money component under its
    name; ``happens`` the booleans. ``loss`` is the ground-up economic loss, whether insured or not.
    """

    peril: str
    grid: PerilGrid
    happens: Mapping[str, Flags]
    duration_seconds: Whole
    affected_ppm: Whole
    standard_turnover: Whole
    actual_turnover: Whole
    saved_costs: Whole
    gross_profit_rate_ppm: int
    records: Whole
    labour_hours: Whole
    prices: Mapping[str, int]
    amounts: Mapping[str, Whole]
    loss: Whole


@dataclass(frozen=True, slots=True)
class Scales:
    """Everything about one enterprise and one peril that multiplies the shapes."""

    medians_fen: Mapping[str, float]
    duration_median_seconds: float
    affected_median: float


@lru_cache(maxsize=4096)
def size_factor(tables: CalibrationTables, revenue_fen: int) -> float:
    """Factor of the enterprise's size on cost components: a monotone fitted curve, no cliffs."""
    return exp(_size_curve(tables)(ln(float(revenue_fen))))


@lru_cache(maxsize=8)
def _size_curve(tables: CalibrationTables) -> MonotoneCurve:
    size = tables.severity["size"]
    bands = tables.severity["bands"]
    return log_log_curve(
        [(band["revenue_usd"] * tables.fen_per_usd, factor)
         for band, factor in zip(bands, tables.fit["size"]["factors"], strict=True)],
        elasticity_below=float(size["elasticity_below"]),
        elasticity_above=float(size["elasticity_above"]),
    )


def affected_share(tables: CalibrationTables, exposure: Exposure, peril: PerilSeverity) -> float:
    """Median share of gross profit that stops, before the spread: smaller in larger enterprises."""
    level = _affected_level(tables, exposure.gross_profit_per_day_fen)
    online = exposure.online_revenue_ppm / PPM
    row = tables.severity["interruption"]
    reference = float(row["tolerance_reference_hours"]) * 3600.0
    tolerance = exp(float(row["tolerance_elasticity"])
                    * ln(exposure.tolerable_outage_seconds / reference))
    return level * (peril.offline_dependence + peril.online_dependence * online) * tolerance


@lru_cache(maxsize=4096)
def _affected_level(tables: CalibrationTables, gross_profit_per_day_fen: int) -> float:
    return exp(_affected_curve(tables)(ln(float(gross_profit_per_day_fen))))


@lru_cache(maxsize=8)
def _affected_curve(tables: CalibrationTables) -> MonotoneCurve:
    knots = tables.fit["affected"]
    return log_log_curve(
        list(zip(knots["gross_profit_per_day_fen"], knots["median_share"], strict=True)),
        elasticity_below=0.0,
        elasticity_above=-0.4,
    )


def industry_normaliser(tables: CalibrationTables, industry: IndustryRelativity) -> float:
    """Factor that makes the section's average claim its relativity times the book's average.

    The section's peril mix already changes the average claim; without this the mix would be
    counted a second time inside the severity relativity.
    """
    own = _mean_claim(tables, tuple(industry.mix[peril] for peril in tables.perils))
    book = tables.frequency["book_mix"]
    return industry.severity * _mean_claim(
        tables, tuple(float(book[peril]) for peril in tables.perils)) / own


@lru_cache(maxsize=256)
def _mean_claim(tables: CalibrationTables, mix: tuple[float, ...]) -> float:
    return sum(share * row.average_claim_usd
               for share, row in zip(mix, tables.perils.values(), strict=True))


def evidence_traces(tables: CalibrationTables, peril: str) -> tuple[Trace, ...]:
    """The declared spreads and tails of the peril's parts that public data have measured, each
    with what they say, whether it is taken or stands beside the judgement."""
    row, found = tables.perils[peril], []
    judged = source_of(tables.severity["components_source"], str(tables.severity["as_of"]))
    for one in tables.evidence:
        place = one.declared.split(".")
        if place[:2] != ["severity", "components"]:
            continue
        name, field = place[2], place[3]
        if name in row.means_usd or (name == "records" and row.breach_probability > 0.0):
            measured = one.measured
            found.append(Trace(
                f"component.{name}.{field}", float(getattr(tables.components[name], field)),
                "number", "taken" if one.used else "judgement",
                measured.source if one.used else judged,
                (Trace("measured", measured.value, "number",
                       "taken" if one.used else "beside_the_judgement", measured.source),)))
    return tuple(found)


def scales_of(
    tables: CalibrationTables, exposure: Exposure, industry: IndustryRelativity, peril: str
) -> Scales:
    """The enterprise's scales of a peril, before any control effect."""
    row = tables.perils[peril]
    level = (size_factor(tables, exposure.revenue_fen) * tables.fen_per_usd
             * industry_normaliser(tables, industry))
    special = tables.severity["special_data"]
    legal = exp(float(special["important_data"]) * exposure.important_data
                + float(special["critical_infrastructure"]) * exposure.critical_infrastructure)
    abroad = 1.0 + float(tables.severity["jurisdictions"]["strength"]) * ln(exposure.jurisdictions)
    by_group = {"regulatory": legal, "liability": abroad}
    medians = {
        name: median * level * by_group.get(tables.components[name].group, 1.0)
        for name, median in tables.fit["medians_usd"][peril].items()
    }
    return Scales(medians, row.duration_median_seconds, affected_share(tables, exposure, row))


@dataclass(frozen=True, slots=True, eq=False)
class Enterprise:
    """What the events of a peril depend on: exposures, scales of the peril, and ``effects``, the
    control factor of each component group."""

    exposure: Exposure
    scales: Scales
    effects: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Enterprises:
    """Several of them, and by enterprise what shapes are scaled by, worked out once."""

    tables: CalibrationTables
    each: Sequence[Enterprise]
    _components: dict[str, Floats] = field(default_factory=dict)

    def component(self, name: str) -> Floats:
        """Of a component of a scale; zero where the peril has none."""
        if name not in self._components:
            group = self.tables.components[name].group
            self._components[name] = np.array([
                one.scales.medians_fen.get(name, 0.0) * one.effects.get(group, 1.0)
                for one in self.each])
        return self._components[name]

    @property
    def interruption(self) -> Floats:
        """Columns of `interruption_row`."""
        return np.array([(one.scales.duration_median_seconds * one.effects["interruption"],
                          one.scales.affected_median,
                          float(one.exposure.turnover_per_day_fen) / DAY_SECONDS,
                          one.exposure.gross_profit_rate_ppm / PPM) for one in self.each])

    @property
    def records(self) -> Floats:
        """Columns of `fill_records`."""
        row = self.tables.severity["records"]
        sensitive, median = float(row["sensitive_weight"]), float(row["median_share"])
        return np.array([(
            median * one.effects["records"], float(one.exposure.personal_records),
            one.exposure.records_general + sensitive * one.exposure.records_sensitive)
            for one in self.each])


def event_grid(
    tables: CalibrationTables,
    exposure: Exposure,
    grid: PerilGrid,
    scales: Scales,
    effects: Mapping[str, float],
) -> EventGrid:
    """The facts of every grid point. ``effects`` has the control factor of each component group."""
    alone = Enterprises(tables, [Enterprise(exposure, scales, effects)])
    facts = np.empty((6, grid.size), dtype=np.int64)
    interruption_row(
        grid.latent_shapes["duration"], grid.shapes["affected"], grid.happens["interruption"],
        alone.interruption[0], *longest_and_saved(tables), facts)
    seconds, share, standard, actual, saved, interruption = facts
    cells = _Cells(grid, alone, None, interruption.copy()[None])
    records, weighted, notification = cells.records()
    amounts = cells.amounts(weighted)
    labour, amounts["labour"] = cells.labour()
    return EventGrid(
        grid.peril, grid, grid.happens, seconds, share, standard, actual, saved,
        exposure.gross_profit_rate_ppm, records[0], labour, unit_prices(tables),
        {**amounts, "notification": notification[0], "interruption": interruption},
        cells.loss[0])


def other_losses(grid: PerilGrid, enterprises: Enterprises, apart: Container[str]) -> Whole:
    """What all components but those ``apart`` and the interruption cost together on every point,
    by enterprise: each is the whole number that it is in the enterprise's own event grid."""
    loss = np.zeros((len(enterprises.each), grid.size), dtype=np.int64)
    cells = _Cells(grid, enterprises, apart, loss)
    cells.amounts(cells.records()[1])
    return loss


def losses_of_groups(
    grid: PerilGrid, enterprises: Enterprises, groups: Container[str]
) -> tuple[Whole, Whole]:
    """What the components of some groups cost together on every point, by enterprise, and seconds
    of a stop of the whole output where the interruption is one of them. Notification counts
    always."""
    tables = enterprises.tables
    loss = other_losses(grid, enterprises, frozenset(
        name for name, one in tables.components.items() if one.group not in groups))
    stopped = np.zeros(loss.shape, dtype=np.int64)
    if "interruption" in groups:
        facts = np.empty((6, grid.size), dtype=np.int64)
        for place, scales in enumerate(enterprises.interruption):
            interruption_row(
                grid.latent_shapes["duration"], grid.shapes["affected"],
                grid.happens["interruption"], scales, *longest_and_saved(tables), facts)
            loss[place] += facts[5]
            stopped[place] = np.rint(facts[0] * (facts[1] / 1e6))
    if tables.components["labour"].group in groups:
        hours, amounts = np.empty((2, grid.size), dtype=np.int64)
        for place, scale in enumerate(enterprises.component("labour")):
            labour_row(grid.latent_shapes["labour"], scale, unit_prices(tables)["labour"], hours,
                       amounts)
            loss[place] += amounts
    return loss, stopped


def longest_and_saved(tables: CalibrationTables) -> tuple[float, float]:
    """The longest interruption in seconds, and the share of lost gross profit that is saved."""
    row = tables.severity["interruption"]
    return float(row["maximum_hours"]) * 3600.0, float(row["saved_cost_ratio"])


@lru_cache(maxsize=4096)
def without_points(tables: CalibrationTables, grid: PerilGrid, rate_ppm: int) -> EventGrid:
    """An event grid of no points: of an enterprise whose events are made when they are needed."""
    none = np.zeros(0, dtype=np.int64)
    return EventGrid(grid.peril, grid, {}, none, none, none, none, none, rate_ppm, none, none,
                     unit_prices(tables), {}, none)


def unit_prices(tables: CalibrationTables) -> dict[str, int]:
    """Unit prices in fen (and one share in ppm) as whole numbers."""
    price = tables.severity["unit_prices"]
    return {
        "labour": int(price["labour_fen_per_hour"]),
        "notice": int(price["notice_fen"]),
        "setup": int(price["notice_setup_fen"]),
        "monitoring": int(price["monitoring_fen"]),
        "uptake_ppm": round(float(price["monitoring_uptake"]) * PPM),
    }


_CONDITIONS: Mapping[str, str] = {
    "publicity": "publicity",
    "regulator": "regulator",
    "privacy_damages": "privacy_claim",
    "privacy_defence": "privacy_claim",
    "network_damages": "network_claim",
    "network_defence": "network_claim",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """The money components of a grid; each is added to ``loss`` as it is made. Where components are
    left out (``apart``), no amount is kept."""

    grid: PerilGrid
    enterprises: Enterprises
    apart: Container[str] | None
    loss: Whole

    @property
    def tables(self) -> CalibrationTables:
        """The tables of the enterprises."""
        return self.enterprises.tables

    def records(self) -> tuple[Whole, Floats, Whole]:
        """Records exposed, their number with sensitive ones counted several times, and
        notification."""
        price = unit_prices(self.tables)
        exposed, records, out = np.empty(self.loss.shape), self._room(), self._room()
        fill_records(
            self.grid.shapes["records"], self.grid.places["breach"],
            self.enterprises.records,
            (price["notice"], price["uptake_ppm"], price["monitoring"], price["setup"]),
            records, exposed, out, self.loss)
        return records, exposed, out

    def amounts(self, weighted_records: Floats) -> dict[str, Whole]:
        """All other components but labour."""
        row, grid, loss = self.tables.severity["records"], self.grid, self.loss
        kept: dict[str, Whole] = {}
        for name, component in self.tables.components.items():
            if name == "labour" or component.group in ("interruption", "records") or (
                    self.apart is not None and name in self.apart):
                continue
            scales = self.enterprises.component(name)
            if not scales.any():
                kept[name] = grid.nothing
                continue
            out, shape = self._room(), grid.latent_shapes[name]
            if name == "privacy_damages":
                add_scaled_by_records(
                    shape, scales, grid.places["privacy_claim"], weighted_records,
                    float(row["reference_weighted"]), float(row["liability_elasticity"]), out,
                    loss)
            elif name in _CONDITIONS:
                add_scaled_where(shape, scales, grid.places[_CONDITIONS[name]], out, loss)
            else:
                add_scaled(shape, scales, out, loss)
            if self.apart is None:
                kept[name] = out[0]
        return kept

    def labour(self) -> tuple[Whole, Whole]:
        """The hours of labour and their price, of the only enterprise."""
        hours, amounts = np.empty((2, self.grid.size), dtype=np.int64)
        scale = self.enterprises.component("labour")[0]
        labour_row(self.grid.latent_shapes["labour"], scale,
                   unit_prices(self.tables)["labour"], hours, amounts)
        self.loss[0] += amounts
        return hours, amounts

    def _room(self) -> Whole:
        """Room for a component, without rows where nothing is kept."""
        return np.zeros(self.loss.shape if self.apart is None else (0, 0), dtype=np.int64)
