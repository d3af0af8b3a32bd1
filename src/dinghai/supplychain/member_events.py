"""What impacts cost several members, and what the programme's terms pay each of them, in one go.

A member's event grid is large, and all that its terms read of it are a few facts. They are worked
out for one member after another in the same room, which stays near the processor, and run through
the terms there. `cover.MemberTerms.columns` answers the same for one event grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.losses.evaluation import fill_lost, fill_profit
from dinghai.losses.event_cells import interruption_row, labour_row, scaled_row
from dinghai.losses.grid import PerilGrid
from dinghai.losses.severity import (
    Enterprises,
    longest_and_saved,
    other_losses,
    unit_prices,
)
from dinghai.losses.tables import CalibrationTables
from dinghai.supplychain.cover import OWN, SPREAD, MemberTerms, happening, payment_of
from dinghai.supplychain.outcomes import Whole
from dinghai.terms.interruption import PROFILE
from dinghai.terms.kernel import LANES, prepared, run_block
from dinghai.terms.program import Program
from dinghai.terms.specialising import Compact

FACTS: Final = ("seconds", "share", "standard_turnover", "actual_turnover", "saved_costs", "kept",
                "profit", "period", "daily", "waiting", "response", "hours", "labour", "vendor",
                "restoration")
"""What is worked out for each point, in rows. ``kept`` is gross profit lost for good, ``profit``
with what was saved, ``daily`` of a day, ``waiting`` within the waiting time; ``restoration`` labour
and vendors."""
_OF_INTERRUPTION: Final = FACTS[:10]
_READS: Final[Mapping[str, Mapping[str, str]]] = {
    "FP-IR": {"item.amount": "response"},
    "FP-DATA": {"data.labour_hours": "hours", "data.vendor_cost": "vendor"},
    "FP-BI": {
        "bi.net_profit_lost": "profit", "bi.daily_net_profit": "daily",
        "bi.standard_turnover": "standard_turnover", "bi.actual_turnover": "actual_turnover",
        "bi.saved_costs": "saved_costs", "bi.interruption_seconds": "seconds",
        "bi.period_seconds": "period", "bi.waiting_gross_profit_lost": "waiting"},
    SPREAD: {"member.response_cost": "response", "member.restoration_cost": "restoration",
             "member.interruption_loss": "kept"},
}
"""How each section's inputs are called among the facts."""
_APART: Final = frozenset({"response", "labour", "vendor"})


@dataclass(frozen=True, slots=True, eq=False)
class _Cut:
    """A program cut down to what differs between the points: the rows of facts that go in, the
    registers they go to, and the registers of what comes out."""

    rows: npt.NDArray[np.int64]
    compact: Compact

    @property
    def arrays(self) -> tuple[npt.NDArray[Any], ...]:
        """The same for a kernel."""
        one = self.compact
        return self.rows, one.steps, one.initial, one.columns, one.outputs


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The terms for one part of a peril's grid and one gross-profit rate. ``given`` are facts that
    are the same for all members, in rows after `FACTS`."""

    given: Whole
    own: _Cut
    before: _Cut
    spread: _Cut


@dataclass(frozen=True, slots=True, eq=False)
class MemberEvents:
    """A programme's ``terms``, with what they come down to."""

    terms: MemberTerms
    tables: CalibrationTables
    _plans: dict[tuple[str, bool, int], _Plan] = field(default_factory=dict)

    def fill(self, grid: PerilGrid, enterprises: Enterprises, table: Whole) -> None:
        """Fill ``table``, by column, enterprise and point: ground-up loss, seconds of a stop of the
        whole output, and what the terms pay and deduct (``terms.column_names``). The enterprises
        have one gross-profit rate; an interruption is on all points of the grid, or on none."""
        shapes = grid.latent_shapes
        plan = self._plan(grid, enterprises.each[0].exposure.gross_profit_rate_ppm)
        bearing = [place for place, code in enumerate(OWN) if code in self.terms.bearing]
        table[0] = other_losses(grid, enterprises, _APART)
        _fill(
            (shapes["duration"], grid.shapes["affected"], grid.happens["interruption"],
             shapes["response"], shapes["labour"], shapes["vendor"]),
            (enterprises.interruption,
             *(enterprises.component(name) for name in ("response", "labour", "vendor"))),
            (*longest_and_saved(self.tables), unit_prices(self.tables)["labour"],
             self.terms.waiting_seconds, self.terms.policy.schedule.event_deductible_fen
             if SPREAD in self.terms.bearing else 0),
            plan.given, plan.own.arrays, plan.before.arrays, plan.spread.arrays,
            np.array(bearing, dtype=np.int64), table)

    def _plan(self, grid: PerilGrid, rate_ppm: int) -> _Plan:
        key = grid.peril, bool(grid.happens["interruption"].any()), rate_ppm
        if key not in self._plans:
            self._plans[key] = self._cut_down(grid, rate_ppm)
        return self._plans[key]

    def _cut_down(self, grid: PerilGrid, rate_ppm: int) -> _Plan:
        terms = self.terms
        cells: dict[str, int] = {
            "data.hourly_rate": unit_prices(self.tables)["labour"], "bi.continuing_costs": 0,
            "bi.actual_net_profit": 0, "bi.gross_profit_rate": rate_ppm,
            **self._nothing(grid)}
        rows = {name: place for place, name in enumerate(FACTS) if name not in cells}
        given: list[Whole] = []
        asked = {*terms.own.inputs, *terms.before.inputs, *terms.spread.inputs}
        for name, value in happening(terms.opened, grid.peril, grid.happens, asked).items():
            if isinstance(value, int):
                cells[name] = value
            elif (value == value[0]).all():
                cells[name] = int(value[0])
            else:
                rows[name] = len(FACTS) + len(given)
                given.append(value)
        bearing = [code for code in OWN if code in terms.bearing]
        return _Plan(np.array(given, dtype=np.int64).reshape(len(given), grid.size), *(
            _cut(program, coverages, terms.waiting_seconds, {**cells, **also}, rows)
            for program, coverages, also in (
                (terms.own, OWN, {}), (terms.before, bearing, {}),
                (terms.spread, (SPREAD,), {"event.propagated_attack": 1}))))

    def _nothing(self, grid: PerilGrid) -> dict[str, int]:
        """The facts that are the same for all members and on all points."""
        medians = self.tables.fit["medians_usd"][grid.peril]
        none = {name for name in ("response", "labour", "vendor") if not medians.get(name)}
        if "labour" in none:
            none.add("hours")
        if {"labour", "vendor"} <= none:
            none.add("restoration")
        if grid.happens["interruption"].any():
            return dict.fromkeys(none, 0)
        return {**dict.fromkeys((*none, *_OF_INTERRUPTION), 0), "period": 1}


def _cut(
    program: Program, coverages: Sequence[str], waiting: int, cells: Mapping[str, int],
    rows: Mapping[str, int],
) -> _Cut:
    """Cut a program down: ``cells`` are the same everywhere, ``rows`` say where others stand."""
    same: dict[str, int] = {}
    varying: dict[str, int] = {}
    for name in program.inputs:
        fact = name
        if name.startswith("item["):
            place, _, fact = name[5:].partition("].")
            if fact == f"{PROFILE}@first:{waiting}":
                fact = "bi.waiting_gross_profit_lost"
            fact = _READS[coverages[int(place)]].get(fact, fact)
        if fact in cells:
            same[name] = cells[fact]
        elif fact in rows:
            varying[name] = rows[fact]
    return _Cut(np.array(list(varying.values()), dtype=np.int64),
                prepared(program, same, list(varying), tuple(map(payment_of, coverages))))


@njit(cache=True, nogil=True)
def _fill(  # type: ignore[no-untyped-def]
    shapes, scales, constants, given, own, before, spread, bearing, table
):
    duration, affected, happens, response, labour, vendor = shapes
    interruption, by_response, by_labour, by_vendor = scales
    longest, saved_ratio, hourly, waiting, deductible = constants
    number, last = happens.shape[0], table.shape[0] - 1
    facts = np.zeros((15 + given.shape[0], number), dtype=np.int64)
    facts[15:] = given
    paid = np.empty((max(bearing.shape[0], 1), number), dtype=np.int64)
    for firm in range(table.shape[1]):
        if happens[0]:
            interruption_row(duration, affected, happens, interruption[firm], longest, saved_ratio,
                             facts[:6])
            fill_profit(facts[5], facts[4], facts[0], facts[6], facts[7], facts[8])
            fill_lost(facts[5], facts[4], facts[0], waiting, facts[9])
        scaled_row(response, by_response[firm], facts[10])
        labour_row(labour, by_labour[firm], hourly, facts[11], facts[12])
        scaled_row(vendor, by_vendor[firm], facts[13])
        loss, stopped = table[0, firm], table[1, firm]
        for i in range(number):
            facts[14, i] = facts[12, i] + facts[13, i]
            loss[i] += facts[5, i] + facts[10, i] + facts[14, i]
        for i in range(number):
            stopped[i] = np.int64(np.rint(facts[0, i] * (facts[1, i] / 1e6)))
        _pay(facts, own, table[2:5, firm])
        _pay(facts, before, paid)
        for place in range(bearing.shape[0]):
            for i in range(number):
                table[5 + place, firm, i] = paid[place, i] - table[2 + bearing[place], firm, i]
        _pay(facts, spread, paid)
        for i in range(number):
            taken = min(paid[0, i], deductible)
            table[last - 1, firm, i], table[last, firm, i] = paid[0, i] - taken, taken


@njit(cache=True, nogil=True)
def _pay(facts, cut, out):  # type: ignore[no-untyped-def]
    """Run a program over all points, a block at a time."""
    rows, steps, initial, columns, outputs = cut
    number = facts.shape[1]
    totals = np.empty(LANES, dtype=np.int64)
    r = np.empty((max(initial.shape[0], 1), LANES), dtype=np.int64)
    for register in range(initial.shape[0]):
        r[register, :] = initial[register]
    for first in range(0, number, LANES):
        lanes = min(LANES, number - first)
        for k in range(rows.shape[0]):
            row, register = rows[k], columns[k]
            for j in range(lanes):
                r[register, j] = facts[row, first + j]
        run_block(steps, r, lanes, totals)
        for k in range(outputs.shape[0]):
            register = outputs[k]
            for j in range(lanes):
                out[k, first + j] = r[register, j]
