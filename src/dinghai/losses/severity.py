"""Joint event facts: what each grid point of a peril means for one enterprise, in whole numbers.

Interruption is time × the enterprise's own gross profit × the share of it that stops, never a
cost per event. All other parts are medians of the tables × size × industry × controls × shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.money import PPM
from dinghai.foundation.streams import exponential, natural_logarithm
from dinghai.foundation.trace import Trace
from dinghai.losses.curves import MonotoneCurve, exp, ln, log_log_curve
from dinghai.losses.exposure import Exposure, IndustryRelativity
from dinghai.losses.grid import Floats, PerilGrid
from dinghai.losses.tables import CalibrationTables, PerilSeverity, source_of

Whole = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
DAY_SECONDS = 86_400
_LARGEST_FEN = 1e15
"""¥10 trillion: no component of a simulated event is allowed to be larger."""


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


@njit(cache=True, nogil=True, inline="always")
def _whole(value):  # type: ignore[no-untyped-def]
    """Nearest whole number, halves to even, inside what the engine accepts."""
    return np.int64(np.rint(min(max(value, 0.0), _LARGEST_FEN)))


@njit(cache=True, nogil=True)
def fill_interruption(  # type: ignore[no-untyped-def]
    duration, affected, happens, scale, longest, median, per_second, rate, saved_ratio, out
):
    """Rows of ``out``: seconds, share in ppm, standard turnover, lost turnover, profit, saved."""
    for i in range(happens.shape[0]):
        seconds = share = standard = lost = profit = saved = np.int64(0)
        if happens[i]:
            seconds = _whole(min(duration[i] * scale, longest))
            share = _whole(min(affected[i] * median, 1.0) * PPM)
            standard = _whole(seconds * per_second)
            lost = _whole(standard * (share / PPM))
            profit = _whole(lost * rate)
            saved = _whole(profit * saved_ratio)
        out[0, i], out[1, i], out[2, i] = seconds, share, standard
        out[3, i], out[4, i], out[5, i] = lost, profit, saved


@njit(cache=True, nogil=True)
def fill_records(  # type: ignore[no-untyped-def]
    shape, happens, scale, personal, weighted, prices, records, exposed, cost
):
    """Records exposed, the same weighted, and what it costs to tell: N × notice + N × uptake ×
    monitoring + set-up, where anyone is to be told."""
    notice, uptake, monitoring, setup = prices
    for i in range(happens.shape[0]):
        records[i], exposed[i], cost[i] = 0, 0.0, 0
        if happens[i]:
            share = min(shape[i] * scale, 1.0)
            number = _whole(share * personal)
            records[i], exposed[i] = number, share * weighted
            if number > 0:
                monitored = (number * uptake + PPM // 2) // PPM
                cost[i] = number * notice + monitored * monitoring + setup


@njit(cache=True, nogil=True)
def scaled(shape, scale, out):  # type: ignore[no-untyped-def]
    """The whole of shape × scale."""
    for i in range(shape.shape[0]):
        out[i] = _whole(shape[i] * scale)


@njit(cache=True, nogil=True)
def scaled_where(shape, scale, happens, out):  # type: ignore[no-untyped-def]
    """The same where something happens, and nothing elsewhere."""
    for i in range(shape.shape[0]):
        out[i] = 0
        if happens[i]:
            out[i] = _whole(shape[i] * scale)


@njit(cache=True, nogil=True)
def scaled_by_records(shape, scale, happens, weighted, reference, exponent, out):  # type: ignore[no-untyped-def]
    """The same, growing with a power of the records exposed."""
    for i in range(shape.shape[0]):
        out[i] = 0
        if happens[i]:
            records = max(weighted[i] / reference + 1.0, 1.0)
            growth = exponential(exponent * natural_logarithm(records))
            out[i] = _whole(shape[i] * scale * growth)


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


def event_grid(
    tables: CalibrationTables,
    exposure: Exposure,
    grid: PerilGrid,
    scales: Scales,
    effects: Mapping[str, float],
) -> EventGrid:
    """The facts of every grid point. ``effects`` has the control factor of each component group."""
    row = tables.severity["interruption"]
    facts = np.empty((6, grid.size), dtype=np.int64)
    fill_interruption(
        grid.latent_shapes["duration"], grid.shapes["affected"], grid.happens["interruption"],
        scales.duration_median_seconds * effects["interruption"],
        float(row["maximum_hours"]) * 3600.0, scales.affected_median,
        float(exposure.turnover_per_day_fen) / DAY_SECONDS,
        exposure.gross_profit_rate_ppm / PPM, float(row["saved_cost_ratio"]), facts)
    seconds, share, standard, lost, profit, saved = facts
    records, weighted, notification = _records(tables, exposure, grid, effects)
    amounts = _amounts(tables, grid, scales, effects, weighted)
    amounts["notification"] = notification
    hourly = unit_prices(tables)["labour"]
    labour = amounts["labour"] // hourly
    amounts["labour"] = labour * hourly
    amounts["interruption"] = profit - saved
    loss = np.zeros(grid.size, dtype=np.int64)
    for amount in amounts.values():
        if amount is not grid.nothing:
            loss += amount
    return EventGrid(grid.peril, grid, grid.happens, seconds, share, standard, standard - lost,
                     saved, exposure.gross_profit_rate_ppm, records, labour, unit_prices(tables),
                     amounts, loss)


def _records(
    tables: CalibrationTables, exposure: Exposure, grid: PerilGrid, effects: Mapping[str, float]
) -> tuple[Whole, Floats, Whole]:
    """Records exposed, their number with sensitive ones counted several times, and notification."""
    row, price = tables.severity["records"], unit_prices(tables)
    records, cost = np.empty((2, grid.size), dtype=np.int64)
    exposed = np.empty(grid.size)
    weighted = exposure.records_general + float(row["sensitive_weight"]) * (
        exposure.records_sensitive)
    fill_records(grid.shapes["records"], grid.happens["breach"],
                  float(row["median_share"]) * effects["records"],
                  float(exposure.personal_records), weighted,
                  (price["notice"], price["uptake_ppm"], price["monitoring"], price["setup"]),
                  records, exposed, cost)
    return records, exposed, cost


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


CONDITIONS: Mapping[str, str] = {
    "publicity": "publicity",
    "regulator": "regulator",
    "privacy_damages": "privacy_claim",
    "privacy_defence": "privacy_claim",
    "network_damages": "network_claim",
    "network_defence": "network_claim",
}


def _amounts(
    tables: CalibrationTables,
    grid: PerilGrid,
    scales: Scales,
    effects: Mapping[str, float],
    weighted_records: Floats,
) -> dict[str, Whole]:
    row = tables.severity["records"]
    out: dict[str, Whole] = {}
    for name, component in tables.components.items():
        if component.group in ("interruption", "records"):
            continue
        median = scales.medians_fen.get(name, 0.0)
        if median == 0.0:
            out[name] = grid.nothing
            continue
        out[name] = amounts = np.empty(grid.size, dtype=np.int64)
        scale = median * effects.get(component.group, 1.0)
        if name == "privacy_damages":
            scaled_by_records(grid.latent_shapes[name], scale, grid.happens["privacy_claim"],
                               weighted_records, float(row["reference_weighted"]),
                               float(row["liability_elasticity"]), amounts)
        elif name in CONDITIONS:
            scaled_where(grid.latent_shapes[name], scale, grid.happens[CONDITIONS[name]],
                          amounts)
        else:
            scaled(grid.latent_shapes[name], scale, amounts)
    return out
