"""Joint event facts: what each grid point of a peril means for one enterprise, in whole numbers.

Interruption is time × the enterprise's own gross profit × the share of it that stops, never a
cost per event. All other parts are medians of the tables × size × industry × controls × shape.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import PPM
from dinghai.foundation.trace import Trace
from dinghai.losses.curves import MonotoneCurve, exp, ln, log_log_curve
from dinghai.losses.event_cells import (
    add_labour,
    add_scaled,
    add_scaled_by_records,
    add_scaled_where,
    fill_interruption,
    fill_records,
)
from dinghai.losses.exposure import Exposure, IndustryRelativity
from dinghai.losses.grid import Floats, PerilGrid
from dinghai.losses.tables import CalibrationTables, PerilSeverity, source_of

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True, eq=False)
class EventGrid:
    """The events of one peril for one enterprise: int64 columns, one value a grid point; or for
    several, one after another.

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
    gross_profit_rate_ppm: int | Whole
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
    level = exp(_affected_curve(tables)(ln(float(exposure.gross_profit_per_day_fen))))
    online = exposure.online_revenue_ppm / PPM
    row = tables.severity["interruption"]
    reference = float(row["tolerance_reference_hours"]) * 3600.0
    tolerance = exp(float(row["tolerance_elasticity"])
                    * ln(exposure.tolerable_outage_seconds / reference))
    return level * (peril.offline_dependence + peril.online_dependence * online) * tolerance


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
    book = tables.frequency["book_mix"]
    book_mean = sum(float(book[p]) * row.average_claim_usd for p, row in tables.perils.items())
    own_mean = sum(industry.mix[p] * row.average_claim_usd for p, row in tables.perils.items())
    return industry.severity * book_mean / own_mean


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


def event_grid(
    tables: CalibrationTables,
    exposure: Exposure,
    grid: PerilGrid,
    scales: Scales,
    effects: Mapping[str, float],
) -> EventGrid:
    """The facts of every grid point. ``effects`` has the control factor of each component group."""
    return event_grids(tables, grid, [Enterprise(exposure, scales, effects)])


def event_grids(
    tables: CalibrationTables, grid: PerilGrid, enterprises: Sequence[Enterprise], *,
    asked: Container[str] | None = None,
) -> EventGrid:
    """The facts of every grid point for several enterprises, one after another: the first has the
    first ``grid.size`` values of each column. Each has the values that it has alone.

    Where ``asked`` names components, only these stand in ``amounts`` (``interruption`` and
    ``labour`` always); the loss has all of them.
    """
    number, row = len(enterprises), tables.severity["interruption"]
    shape, exposures = (number, grid.size), [one.exposure for one in enterprises]
    loss = np.zeros(shape, dtype=np.int64)
    facts = np.empty((6, *shape), dtype=np.int64)
    fill_interruption(
        grid.latent_shapes["duration"], grid.shapes["affected"], grid.happens["interruption"],
        np.array([(one.scales.duration_median_seconds * one.effects["interruption"],
                   one.scales.affected_median,
                   float(one.exposure.turnover_per_day_fen) / DAY_SECONDS,
                   one.exposure.gross_profit_rate_ppm / PPM) for one in enterprises]),
        float(row["maximum_hours"]) * 3600.0, float(row["saved_cost_ratio"]), facts, loss)
    seconds, share, standard, actual, saved, interruption = (one.reshape(-1) for one in facts)
    cells = _Cells(tables, grid, enterprises, asked, loss)
    records, weighted, notification = cells.records()
    amounts, labour = cells.amounts(weighted)
    if notification is not None:
        amounts["notification"] = notification
    amounts["interruption"] = interruption
    rates = [one.gross_profit_rate_ppm for one in exposures]
    return EventGrid(
        grid.peril, grid,
        grid.happens if number == 1 else {name: np.tile(one, number)
                                          for name, one in grid.happens.items()},
        seconds, share, standard, actual, saved,
        rates[0] if len(set(rates)) == 1 else np.repeat(np.array(rates), grid.size),
        records, labour, _prices(tables), amounts, loss.reshape(-1))


@lru_cache(maxsize=4096)
def without_points(tables: CalibrationTables, grid: PerilGrid, rate_ppm: int) -> EventGrid:
    """An event grid of no points: of an enterprise whose events are made when they are needed."""
    none = np.zeros(0, dtype=np.int64)
    return EventGrid(grid.peril, grid, {}, none, none, none, none, none, rate_ppm, none, none,
                     _prices(tables), {}, none)


def _prices(tables: CalibrationTables) -> dict[str, int]:
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
    """The money components of a grid; each is added to ``loss`` as it is made."""

    tables: CalibrationTables
    grid: PerilGrid
    enterprises: Sequence[Enterprise]
    asked: Container[str] | None
    loss: Whole

    def records(self) -> tuple[Whole, Floats, Whole | None]:
        """Records exposed, their number with sensitive ones counted several times, and
        notification, where it is asked for; without it the records stay nothing."""
        row, price = self.tables.severity["records"], _prices(self.tables)
        sensitive, median = float(row["sensitive_weight"]), float(row["median_share"])
        scales = np.array([(
            median * one.effects["records"], float(one.exposure.personal_records),
            one.exposure.records_general + sensitive * one.exposure.records_sensitive)
            for one in self.enterprises])
        exposed, out = np.empty(self.loss.shape), self._room("notification")
        records = np.zeros_like(out)
        fill_records(
            self.grid.shapes["records"], self.grid.places["breach"], scales,
            (price["notice"], price["uptake_ppm"], price["monitoring"], price["setup"]),
            records, exposed, out, self.loss)
        if len(out) == 0:
            return np.zeros(self.loss.size, dtype=np.int64), exposed, None
        return records.reshape(-1), exposed, out.reshape(-1)

    def amounts(self, weighted_records: Floats) -> tuple[dict[str, Whole], Whole]:
        """All components of a scale, and the hours of labour."""
        row, grid, loss = self.tables.severity["records"], self.grid, self.loss
        nothing = (grid.nothing if len(self.enterprises) == 1
                   else np.zeros(loss.size, dtype=np.int64))
        out, hours = {"labour": nothing}, nothing
        for name, component in self.tables.components.items():
            if component.group in ("interruption", "records"):
                continue
            scales = np.array([one.scales.medians_fen.get(name, 0.0)
                               * one.effects.get(component.group, 1.0)
                               for one in self.enterprises])
            if not scales.any():
                if self._is_asked(name):
                    out[name] = nothing
                continue
            amounts, shape = self._room(name), grid.latent_shapes[name]
            if name == "labour":
                amounts, worked = np.empty_like(loss), np.empty_like(loss)
                add_labour(shape, scales, _prices(self.tables)["labour"], worked, amounts, loss)
                hours = worked.reshape(-1)
            elif name == "privacy_damages":
                add_scaled_by_records(
                    shape, scales, grid.places["privacy_claim"], weighted_records,
                    float(row["reference_weighted"]), float(row["liability_elasticity"]), amounts,
                    loss)
            elif name in _CONDITIONS:
                add_scaled_where(shape, scales, grid.places[_CONDITIONS[name]], amounts, loss)
            else:
                add_scaled(shape, scales, amounts, loss)
            if len(amounts) > 0:
                out[name] = amounts.reshape(-1)
        return out, hours

    def _is_asked(self, name: str) -> bool:
        return self.asked is None or name in self.asked

    def _room(self, name: str) -> Whole:
        """Room for a component, without rows where nobody asks for it."""
        return np.zeros(self.loss.shape if self._is_asked(name) else (0, 0), dtype=np.int64)
