"""What an event costs one enterprise under many postures at once: ground-up loss and stop alone.

The amounts are those of `severity.event_grid` to the fen. What a posture does not move is worked
out once: of each variant only the parts of the loss whose factor differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.money import PPM
from dinghai.losses.effects import Posture, control_factor, scores_of, severity_factors
from dinghai.losses.exposure import (
    Exposure,
    ExposureProfile,
    IndustryRelativity,
    exposure_of,
    industry_relativity,
)
from dinghai.losses.grid import Floats, PerilGrid, peril_grid
from dinghai.losses.severity import (
    CONDITIONS,
    DAY_SECONDS,
    Whole,
    fill_interruption,
    fill_records,
    scaled,
    scaled_by_records,
    scaled_where,
    scales_of,
    unit_prices,
)
from dinghai.losses.tables import EFFECT_GROUPS, PERILS, CalibrationTables, shipped_tables

_INTERRUPTION: Final = EFFECT_GROUPS.index("interruption")
_RECORDS: Final = EFFECT_GROUPS.index("records")
_LIABILITY: Final = EFFECT_GROUPS.index("liability")
_UNMOVED: Final = len(EFFECT_GROUPS)
"""The place of amounts that no posture moves."""
_PLAIN, _WHERE, _BY_RECORDS, _LABOUR = range(4)
Factors = npt.NDArray[np.float64]
"""Control factors by peril and group of `EFFECT_GROUPS`."""


class _Shapes(NamedTuple):
    """A peril's grid as a kernel reads it: by component its shape with the latent state, how it is
    made an amount (``way``), its group and where it happens (a row of ``happens``)."""

    shape: Floats
    way: npt.NDArray[np.int64]
    group: npt.NDArray[np.int64]
    row: npt.NDArray[np.int64]
    happens: npt.NDArray[np.bool_]
    duration: Floats
    affected: Floats
    interrupted: npt.NDArray[np.bool_]
    records: Floats
    breached: npt.NDArray[np.bool_]


class _Enterprise(NamedTuple):
    """An enterprise's figures of one peril as a kernel reads them."""

    medians: Floats
    interruption: tuple[float, float, float, float, float, float]
    """Median seconds, the longest, median share, turnover a second, gross profit rate, saved."""
    records: tuple[float, float, float]
    """Median share, personal records, records weighted."""
    prices: tuple[int, int, int, int]
    hourly: int
    liability: tuple[float, float]
    """Records of reference and elasticity of damages."""


@lru_cache(maxsize=16)
def _shapes_of(grid: PerilGrid, tables: CalibrationTables) -> tuple[tuple[str, ...], _Shapes]:
    names = tuple(name for name, one in tables.components.items()
                  if one.group not in ("interruption", "records"))
    groups = [tables.components[name].group for name in names]
    rows = list(dict.fromkeys(CONDITIONS.values()))
    ways = [_BY_RECORDS if name == "privacy_damages" else _LABOUR if name == "labour"
            else _WHERE if name in CONDITIONS else _PLAIN for name in names]
    return names, _Shapes(
        np.array([grid.latent_shapes[name] for name in names]), np.array(ways),
        np.array([EFFECT_GROUPS.index(one) if one in EFFECT_GROUPS else _UNMOVED
                  for one in groups]),
        np.array([rows.index(CONDITIONS[name]) if name in CONDITIONS else 0 for name in names]),
        np.array([grid.happens[one] for one in rows]), grid.latent_shapes["duration"],
        grid.shapes["affected"], grid.happens["interruption"], grid.shapes["records"],
        grid.happens["breach"])


@dataclass(frozen=True, slots=True, eq=False)
class SeverityVariants:
    """One enterprise with a posture, whose severity is asked for under others."""

    tables: CalibrationTables
    exposure: Exposure
    industry: IndustryRelativity
    posture: Posture
    factors: Factors

    @classmethod
    def of(
        cls, profile: ExposureProfile, posture: Posture, *, tables: CalibrationTables | None = None
    ) -> SeverityVariants:
        """The enterprise of a profile. Raises InputError as `build_loss_model` does."""
        tables = tables or shipped_tables()
        exposure, scores = exposure_of(profile), scores_of(posture, tables)
        rows = [[one.factor for one in severity_factors(tables, scores, peril).values()]
                for peril in PERILS]
        return cls(tables, exposure, industry_relativity(exposure.industry, tables.figures),
                   posture, np.array(rows))

    def with_scores(self, raised: Mapping[str, int | None]) -> Factors:
        """The factors where some indicators have other scores."""
        scores = scores_of({**self.posture, **raised}, self.tables)
        found = self.factors.copy()
        for peril, group in _moved(self.tables, frozenset(raised)):
            found[peril, group] = control_factor(
                self.tables, scores, PERILS[peril], EFFECT_GROUPS[group]).factor
        return found

    def losses(self, peril: int, variants: Sequence[Factors]) -> tuple[Whole, Whole]:
        """Ground-up loss in fen and seconds of a stop of the whole output, each by variant and
        point of the peril's grid."""
        name = PERILS[peril]
        grid = peril_grid(self.tables, name)
        names, shapes = _shapes_of(grid, self.tables)
        factors = np.array([self.factors[peril], *(one[peril] for one in variants)])
        out = np.empty((2, len(factors), grid.size), dtype=np.int64)
        _fill_losses(shapes, self._enterprise(name, names), factors, out[0], out[1])
        return out[0, 1:], out[1, 1:]

    def _enterprise(self, peril: str, names: Sequence[str]) -> _Enterprise:
        tables, exposure = self.tables, self.exposure
        scales = scales_of(tables, exposure, self.industry, peril)
        stops, records = tables.severity["interruption"], tables.severity["records"]
        price = unit_prices(tables)
        return _Enterprise(
            np.array([scales.medians_fen.get(name, 0.0) for name in names]),
            (scales.duration_median_seconds, float(stops["maximum_hours"]) * 3600.0,
             scales.affected_median, float(exposure.turnover_per_day_fen) / DAY_SECONDS,
             exposure.gross_profit_rate_ppm / PPM, float(stops["saved_cost_ratio"])),
            (float(records["median_share"]), float(exposure.personal_records),
             exposure.records_general
             + float(records["sensitive_weight"]) * exposure.records_sensitive),
            (price["notice"], price["uptake_ppm"], price["monitoring"], price["setup"]),
            price["labour"],
            (float(records["reference_weighted"]), float(records["liability_elasticity"])))


@lru_cache(maxsize=1024)
def _moved(
    tables: CalibrationTables, indicators: frozenset[str]
) -> tuple[tuple[int, int], ...]:
    """Peril and group of the factors that indicators act on."""
    return tuple((peril, group) for peril, name in enumerate(PERILS)
                 for group, target in enumerate(EFFECT_GROUPS)
                 if any(one.indicator in indicators
                        for one in tables.effects_on.get((name, target), ())))


@njit(cache=True, nogil=True)
def _fill_losses(shapes, firm, factors, loss, stop):  # type: ignore[no-untyped-def]
    """Loss and stop by variant. The first row of factors is the enterprise as it is."""
    points, groups = loss.shape[1], factors.shape[1]
    base = np.zeros((groups + 1, points), dtype=np.int64)
    own, seconds = np.empty(points, dtype=np.int64), np.empty(points, dtype=np.int64)
    loss[0] = 0
    for group in range(groups + 1):
        _fill_group(shapes, firm, factors[0], group, base[group], seconds)
        if group == _INTERRUPTION:
            stop[0] = seconds
        loss[0] += base[group]
    for row in range(1, factors.shape[0]):
        loss[row], stop[row] = loss[0], stop[0]
        for group in range(groups):
            moved = factors[row, group] != factors[0, group] or (
                group == _LIABILITY and factors[row, _RECORDS] != factors[0, _RECORDS])
            if not moved:
                continue
            _fill_group(shapes, firm, factors[row], group, own, seconds)
            if group == _INTERRUPTION:
                stop[row] = seconds
            loss[row] += own - base[group]


@njit(cache=True, nogil=True)
def _fill_group(shapes, firm, factors, group, out, seconds):  # type: ignore[no-untyped-def]
    """What one group of components costs (``out``) by point; for the interruption also the
    ``seconds`` of a stop of the whole output."""
    points = out.shape[0]
    out[:] = 0
    if group == _INTERRUPTION:
        median, longest, share, per_second, rate, saved = firm.interruption
        facts = np.empty((6, points), dtype=np.int64)
        fill_interruption(shapes.duration, shapes.affected, shapes.interrupted,
                          median * factors[_INTERRUPTION], longest, share, per_second, rate, saved,
                          facts)
        for point in range(points):
            out[point] = facts[4, point] - facts[5, point]
            seconds[point] = np.int64(np.rint(facts[0, point] * (facts[1, point] / 1e6)))
        return
    amounts, exposed = np.empty(points, dtype=np.int64), np.empty(points)
    if group in (_RECORDS, _LIABILITY):
        share, personal, weighted = firm.records
        fill_records(shapes.records, shapes.breached, share * factors[_RECORDS], personal, weighted,
                     firm.prices, np.empty(points, dtype=np.int64), exposed, amounts)
        if group == _RECORDS:
            out += amounts
    for component in range(shapes.way.shape[0]):
        median = firm.medians[component]
        if shapes.group[component] != group or median == 0.0:
            continue
        scale = median * factors[group] if group < factors.shape[0] else median
        shape, happens = shapes.shape[component], shapes.happens[shapes.row[component]]
        if shapes.way[component] == _BY_RECORDS:
            scaled_by_records(shape, scale, happens, exposed, firm.liability[0],
                              firm.liability[1], amounts)
        elif shapes.way[component] == _WHERE:
            scaled_where(shape, scale, happens, amounts)
        else:
            scaled(shape, scale, amounts)
            if shapes.way[component] == _LABOUR:
                for point in range(points):
                    amounts[point] = amounts[point] // firm.hourly * firm.hourly
        out += amounts
