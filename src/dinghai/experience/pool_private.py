"""Differentially private tables of the pool, by OpenDP: noisy counts, sums and means.

The unit is a firm with all its events: two pools that differ in one firm give nearly the same
answers. A firm counts with its earliest few events, each clamped; the cells are those of the
vocabulary and of years named beforehand, empty ones too, so that no cell's presence tells
anything. The noise is OpenDP's own, drawn from the system's secure generator: a keyed stream could
be drawn again by whoever holds its seed, and the noise taken off.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from dinghai.experience.incidents import SIZE_BANDS
from dinghai.experience.pool_cells import Cell, Dimension, Event, Table
from dinghai.experience.pool_rules import PrivateRules
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import PERILS

MILLION: Final = 1_000_000
LEAST_EPSILON_PPM: Final = MILLION // 100
MOST_EPSILON_PPM: Final = 10 * MILLION
MOST_DELTA_PPB: Final = 10_000
MOST_CELLS: Final = 5_000
_BILLION: Final = 1_000_000_000
_PARTS: Final = 2
"""Counts and sums share a release's budget evenly."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What a release may spend: epsilon in millionths, delta in billionths.

    Without delta the noise is Laplace's, with it Gauss's.
    """

    epsilon_ppm: int
    delta_ppb: int = 0

    def check(self) -> Budget:
        """The same. Raises InputError for a budget that is none."""
        if not LEAST_EPSILON_PPM <= self.epsilon_ppm <= MOST_EPSILON_PPM:
            raise InputError("epsilon is not between 0.01 and 10", field="epsilon",
                             mend="give for example 1")
        if not 0 <= self.delta_ppb <= MOST_DELTA_PPB:
            raise InputError("delta is not between 0 and 0.00001", field="delta",
                             mend="give 0, or for example 0.000001")
        return self


@dataclass(frozen=True, slots=True)
class NoisyCell:
    """A cell's noisy count and sum (fen); the mean where the count is large enough."""

    events: int
    amount_fen: int
    mean_fen: int | None


@dataclass(frozen=True, slots=True)
class NoisyTables:
    """The cells, and the standard deviation of the noise on counts and on sums."""

    cells: dict[Cell, NoisyCell]
    count_noise: float
    amount_noise_fen: float


def noisy_tables(
    events: Sequence[Event], tables: Sequence[Table], years: Sequence[int], budget: Budget,
    rules: PrivateRules,
) -> NoisyTables:
    """Every cell of some tables with noise; different every time it is asked.

    A firm is in one cell of each table with each event, so it moves all counts together by at
    most events x tables, and all sums by that times the clamp. Raises InputError for a budget or
    tables that will not do.
    """
    budget.check()
    if not years:
        raise InputError("no years were named", field="years", mend="name the years to count")
    cells = [(table, values) for table in tables for values in _all_values(table, years)]
    if len(cells) > MOST_CELLS:
        raise InputError(f"the tables have {len(cells)} cells", field="tables",
                         mend=f"choose tables of at most {MOST_CELLS} cells together")
    kept = bounded(events, years, rules)
    place = {cell: at for at, cell in enumerate(cells)}
    counts, sums = [0] * len(cells), [0] * len(cells)
    for one in kept:
        clamped = min(max(one.amount_fen or 0, 0), rules.largest_amount_fen)
        for table in tables:
            at = place[table, one.values(table)]
            counts[at] += 1
            sums[at] += clamped
    most = rules.most_events_of_a_firm * len(tables)
    noisy_counts, count_noise = _noisy(counts, most, _root(rules, len(tables)), budget)
    noisy_sums, sum_noise = _noisy(sums, most * rules.largest_amount_fen,
                                   _root(rules, len(tables)) * rules.largest_amount_fen, budget)
    return NoisyTables(
        {cell: _cell(count, amount, sum_noise, rules) for cell, count, amount
         in zip(cells, noisy_counts, noisy_sums, strict=True)},
        count_noise, sum_noise)


def bounded(
    events: Sequence[Event], years: Sequence[int], rules: PrivateRules
) -> list[Event]:
    """The events that count: of the named years, and of each firm its earliest few."""
    wanted, by_firm = set(years), defaultdict(list)
    for one in events:
        if one.year in wanted:
            by_firm[one.firm].append(one)
    return [one for firm in sorted(by_firm)
            for one in sorted(by_firm[firm], key=lambda event: (event.day, event.peril))[
                :rules.most_events_of_a_firm]]


def _root(rules: PrivateRules, tables: int) -> float:
    """The most by which one firm moves all counts, as a length: all its events in one cell of
    each table."""
    return rules.most_events_of_a_firm * math.sqrt(tables)


def _cell(count: int, amount: int, noise: float, rules: PrivateRules) -> NoisyCell:
    enough = (count >= rules.least_noisy_events
              and amount >= rules.least_sum_to_noise * noise)
    return NoisyCell(count, amount, (2 * amount + count) // (2 * count) if enough else None)


def _noisy(values: list[int], most: int, length: float, budget: Budget) -> tuple[list[int], float]:
    """The values with noise for half of the budget, and the noise's standard deviation."""
    import opendp.prelude as dp

    dp.enable_features("contrib")
    epsilon = budget.epsilon_ppm / MILLION / _PARTS
    domain = dp.vector_domain(dp.atom_domain(T="i64"))
    if budget.delta_ppb == 0:
        scale = most / epsilon * (1.0 + 1e-9)
        laplace: Any = dp.m.make_laplace(domain, dp.l1_distance(T="i64"), scale=scale)
        _within(laplace.map(most), epsilon)
        return [int(one) for one in laplace(values)], math.sqrt(2.0) * scale
    delta = budget.delta_ppb / _BILLION / _PARTS
    # For a length of one, and stretched: the search does not find its bounds for large lengths.
    scale = _unit_scale(epsilon, delta) * length * (1.0 + 1e-9)
    found = _gauss(scale, delta)
    _within(found.map(length)[0], epsilon)
    return [int(one) for one in found(values)], scale


def _gauss(scale: float, delta: float) -> Any:
    import opendp.prelude as dp

    domain = dp.vector_domain(dp.atom_domain(T="i64"))
    made = dp.m.make_gaussian(domain, dp.l2_distance(T="f64"), scale=scale)
    return dp.c.make_fix_delta(dp.c.make_zCDP_to_approxDP(made), delta)


@cache
def _unit_scale(epsilon: float, delta: float) -> float:
    """The scale of Gaussian noise that spends this on a length of one."""
    import opendp.prelude as dp

    return float(dp.binary_search_param(
        lambda scale: _gauss(scale, delta), d_in=1.0, d_out=(epsilon, delta), bounds=(0.1, 1e5)))


def _within(spent: float, epsilon: float) -> None:
    if spent > epsilon:
        raise ArithmeticError(f"the noise spends {spent}, not {epsilon}")


def _all_values(table: Table, years: Sequence[int]) -> list[tuple[str, ...]]:
    return list(itertools.product(*(codes_of(one, years) for one in table)))


def codes_of(dimension: Dimension, years: Sequence[int]) -> tuple[str, ...]:
    """Every code along a dimension, whether anything is there or not."""
    match dimension:
        case "peril":
            return tuple(PERILS)
        case "section":
            return tuple(industries())
        case "size_band":
            return SIZE_BANDS
        case _:
            return tuple(str(one) for one in sorted(set(years)))
