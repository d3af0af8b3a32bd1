"""What a premium does when an assumption moves to the ends of its interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM
from dinghai.losses.evaluation import Evaluator
from dinghai.losses.model import LossModel
from dinghai.losses.tables import CalibrationTables, tables_from
from dinghai.pricing.premium import Premium
from dinghai.pricing.reference_grid import GridPricer, GridTable, ReferenceFirm

Move = Callable[[CalibrationTables, float], CalibrationTables]
"""The tables with an assumption at a position: −1 is its low end, +1 its high end."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """One assumption and how it is moved.

    ``declared`` is whether the tables themselves declare the interval; otherwise both ends are the
    stated stress. ``low`` and ``high`` are factors on what the tables hold, or None where each
    figure has an interval of its own. ``effects_only`` moves control effects alone, so that what
    stays the same is not worked out again. ``indicator`` names a single control.
    """

    code: str
    declared: bool
    move: Move
    effects_only: bool = False
    low: float | None = None
    high: float | None = None
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """The technical premium of one firm at both ends of an assumption, against the base. Fen."""

    assumption: Assumption
    firm: ReferenceFirm
    base: Premium
    low: Premium
    high: Premium

    @property
    def low_change(self) -> float:
        """Technical premium at the low end ÷ base − 1."""
        return self.low.technical_net / self.base.technical_net - 1.0

    @property
    def high_change(self) -> float:
        """Technical premium at the high end ÷ base − 1."""
        return self.high.technical_net / self.base.technical_net - 1.0

    @property
    def width(self) -> float:
        """How far the two ends lie apart."""
        return abs(self.high_change - self.low_change)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; amounts in fen."""
        return {"assumption": self.assumption.code, "indicator": self.assumption.indicator,
                "declared": self.assumption.declared, "posture_ppm": self.firm.posture_ppm,
                "base_technical_fen": self.base.technical_net,
                "low_technical_fen": self.low.technical_net,
                "high_technical_fen": self.high.technical_net}


def assumptions(tables: CalibrationTables, grid: GridTable) -> tuple[Assumption, ...]:
    """The assumptions that are moved, levels first, then the controls together and one by one."""
    stress = grid.stress_ppm / PPM
    levels = [
        _level("base_frequency", tables, stress, "frequency", _bands, "frequency"),
        _level("claim_costs", tables, stress, "severity_fit", _size_factors, None),
        _level("interruption_share", tables, stress, "severity_fit", _affected, None),
        _level("tail_index", tables, stress, "severity", _tail_indices, None),
        _level("common_share", tables, stress, "frequency", _common_shares, None),
    ]
    together = Assumption("control_effects", True, _strengths(None), True)
    names = dict.fromkeys(one.indicator for one in tables.effects)
    single = [Assumption("control_effect", True, _strengths(name), True, indicator=name)
              for name in names]
    return (*levels, together, *single)


def sensitivities(pricer: GridPricer, grid: GridTable) -> tuple[Moved, ...]:
    """Every assumption at both ends for each posture: levels and controls together in their order,
    then the single indicators of the widest effect."""
    found: list[Moved] = []
    single: dict[str, list[Moved]] = {}
    desks = [_Desk.of(pricer, ReferenceFirm(grid.industry, grid.sensitivity_revenue_fen, posture))
             for posture in grid.sensitivity_postures_ppm]
    for assumption in assumptions(pricer.tables, grid):
        if assumption.indicator and not grid.indicators_shown:
            continue
        low, high = (assumption.move(pricer.tables, end) for end in (-1.0, 1.0))
        moved = [Moved(assumption, desk.firm, desk.base, desk.price(low, assumption),
                       desk.price(high, assumption)) for desk in desks]
        if assumption.indicator:
            single[assumption.indicator] = moved
        else:
            found += moved
    widest = sorted(single.values(), key=lambda one: -max(each.width for each in one))
    return (*found, *(each for one in widest[:grid.indicators_shown] for each in one))


@dataclass(frozen=True, slots=True)
class _Desk:
    """One firm with its model and its payments by the filing's own tables."""

    pricer: GridPricer
    firm: ReferenceFirm
    model: LossModel
    evaluator: Evaluator
    base: Premium

    @classmethod
    def of(cls, pricer: GridPricer, firm: ReferenceFirm) -> _Desk:
        model = pricer.model(firm)
        evaluator = pricer.evaluator(pricer.limit_fen, pricer.deductible_fen)
        return cls(pricer, firm, model, evaluator, pricer.premium(model, evaluator))

    def price(self, tables: CalibrationTables, assumption: Assumption) -> Premium:
        if not assumption.effects_only:
            return self.pricer.price(self.firm, tables=tables)[0].premium
        model = replace(self.model, tables=tables).with_posture(self.model.posture)
        return self.pricer.premium(model, self.evaluator.branch())


def _level(
    code: str, tables: CalibrationTables, stress: float, file: str,
    change: Callable[[dict[str, Any], float], None], declared_in: str | None,
) -> Assumption:
    """Figures multiplied by one factor: the ends of the first declared interval, or the stress."""
    low, high, declared = 1.0 - stress, 1.0 + stress, False
    if declared_in is not None:
        factors = _declared_factors(tables.raw[declared_in]["bands"], declared_in)
        if factors is not None:
            low, high, declared = *factors, True

    def move(given: CalibrationTables, end: float) -> CalibrationTables:
        raw = {name: _copy(part) for name, part in given.raw.items()}
        change(raw[file], low if end < 0.0 else high)
        return tables_from(raw)

    return Assumption(code, declared, move, low=low, high=high)


def _declared_factors(
    bands: Sequence[Mapping[str, Any]], key: str
) -> tuple[float, float] | None:
    """The widest relative ends of the bands' own intervals; None where one has none."""
    ends = [(float(band["interval"][0]) / float(band[key]),
             float(band["interval"][1]) / float(band[key]))
            for band in bands if band.get("interval")]
    if len(ends) < len(bands) or not ends:
        return None
    return min(low for low, _ in ends), max(high for _, high in ends)


def _bands(raw: dict[str, Any], factor: float) -> None:
    for band in raw["bands"]:
        band["frequency"] = float(band["frequency"]) * factor


def _size_factors(raw: dict[str, Any], factor: float) -> None:
    raw["size"]["factors"] = [one * factor for one in raw["size"]["factors"]]


def _affected(raw: dict[str, Any], factor: float) -> None:
    knots = raw["affected"]
    knots["median_share"] = [min(one * factor, 1.0) for one in knots["median_share"]]


def _tail_indices(raw: dict[str, Any], factor: float) -> None:
    for row in raw["components"].values():
        row["index"] = float(row["index"]) * factor


def _common_shares(raw: dict[str, Any], factor: float) -> None:
    row = raw["common_share"]
    for name, value in row.items():
        if isinstance(value, int | float):
            row[name] = min(float(value) * factor, 1.0)


def _strengths(indicator: str | None) -> Move:
    """The strength of one indicator's effects, or of all, at the ends of their intervals."""
    def move(given: CalibrationTables, end: float) -> CalibrationTables:
        place = 0 if end < 0.0 else 1
        # the version stays, and names the same event grid: no term runs again for a frequency
        return replace(given, effects=tuple(
            replace(one, strength=one.interval[place]) if indicator in (None, one.indicator)
            else one for one in given.effects))
    return move


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value


LEVELS: Final = ("base_frequency", "claim_costs", "interruption_share", "tail_index",
                 "common_share", "control_effects", "control_effect")
"""Codes of assumptions, for words."""
