"""Which cells of a release are told and which are withheld, so that no withheld one can be had.

First every cell that fails the rule is withheld. Then the smallest further cells are, until

- what is left of a told cell when the told cells inside it are taken away passes the rule itself,
- no cell that fails the rule, of this release or an earlier one, and no change between two
  releases that fails it, follows from all that is told in all releases by adding and subtracting,
- and no withheld cell of this release is bounded more closely than the rules allow.

Earlier releases stay as they are: only cells of the new one can be withheld.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from dinghai.experience.pool_audit import Atoms, Attacker, Floats, Past, atoms_of, finest_of
from dinghai.experience.pool_cells import (
    Cell,
    Event,
    Reason,
    Table,
    cells_of,
    distinct_firms,
    fault_of,
    fewer,
)
from dinghai.experience.pool_rules import ReleaseRules
from dinghai.foundation.errors import Refusal

MOST_ATOMS = 4_000
_MILLION = 1_000_000


@dataclass(frozen=True)
class Told:
    """An earlier release: the events it was made of, and the cells it told."""

    events: tuple[Event, ...]
    cells: frozenset[Cell]


@dataclass
class _Work:
    rules: ReleaseRules
    cells: Mapping[Cell, Sequence[Event]]
    withheld: dict[Cell, Reason]
    sizes: dict[Cell, tuple[int, int]] = field(default_factory=dict)
    rows: dict[Cell, Floats] = field(default_factory=dict)
    past: Past = field(default_factory=lambda: Past((), 0))

    def told(self) -> list[Cell]:
        return [one for one in self.cells if one not in self.withheld]

    def attacker(self) -> Attacker:
        """Who knows all releases, the new one as it stands now."""
        return Attacker(self.past, [self.rows[one] for one in self.told()])

    def withhold(self, among: Sequence[Cell], reason: Reason) -> None:
        """Withhold the cell that costs least: of the finest table, with the fewest firms."""
        self.withheld[min(among, key=lambda one: (-len(one[0]), *self.sizes[one], one))] = reason


def withheld_cells(
    events: Sequence[Event], tables: Sequence[Table], rules: ReleaseRules,
    earlier: Sequence[Told] = (),
) -> dict[Cell, Reason]:
    """The cells that have events and are not told, each with its reason.

    Raises Refusal where the pool is too large for the audit, or where no withholding helps.
    """
    cells = cells_of(events, tables)
    work = _Work(rules, cells, {})
    for cell, inside in cells.items():
        work.sizes[cell] = (distinct_firms(inside), len(inside))
        if (reason := fault_of(inside, rules)) is not None:
            work.withheld[cell] = reason
    finest = finest_of([*tables, *(cell[0] for one in earlier for cell in one.cells)])
    atoms = atoms_of(finest, [*(one.events for one in earlier), events])
    if len(atoms.members) > MOST_ATOMS:
        raise Refusal("the tables have too many cells to be audited together",
                      reasons=["choose tables of fewer dimensions"])
    work.past = Past([atoms.row(at, cell) for at, one in enumerate(earlier)
                      for cell in sorted(one.cells)], len(atoms.members))
    work.rows = {one: atoms.row(len(earlier), one) for one in cells}
    _unchanged_or_enough(work, events, earlier)
    told = {table for one in [*cells, *(cell for each in earlier for cell in each.cells)]
            for table in fewer(one[0])}
    targets = _targets(atoms, finest, told, rules, len(earlier))
    while _leftovers(work, tables):
        pass
    while True:
        if not _derived(work, targets) and not _bounded(work, atoms):
            return work.withheld
        while _leftovers(work, tables):
            pass


def _unchanged_or_enough(
    work: _Work, events: Sequence[Event], earlier: Sequence[Told]
) -> None:
    """Withhold a cell whose change since an earlier release fails the rule: one taken from the
    other tells the change. (What more roundabout ways tell is found below.)"""
    for one in earlier:
        came_or_went = list(set(events) ^ set(one.events))
        changed = cells_of(came_or_went, sorted({table for table, _ in one.cells}))
        for cell in work.told():
            if (cell in one.cells and cell in changed
                    and fault_of(changed[cell], work.rules) is not None):
                work.withheld[cell] = "differencing"


def _leftovers(work: _Work, tables: Sequence[Table]) -> bool:
    """Withhold a cell wherever what is left of a told cell fails the rule; whether any was."""
    changed = False
    for whole in tables:
        for part in tables:
            if len(part) <= len(whole) or not set(whole) <= set(part):
                continue
            changed |= _leftover(work, whole, part)
    return changed


def _leftover(work: _Work, whole: Table, part: Table) -> bool:
    places = [part.index(one) for one in whole]
    inside: dict[tuple[str, ...], list[Cell]] = {}
    for cell in work.cells:
        if cell[0] == part:
            inside.setdefault(tuple(cell[1][at] for at in places), []).append(cell)
    changed = False
    for values, parts in inside.items():
        if (whole, values) in work.withheld:
            continue
        while True:
            told = [one for one in parts if one not in work.withheld]
            left = [event for one in parts if one in work.withheld for event in work.cells[one]]
            if not left or not told or fault_of(left, work.rules) is None:
                break
            work.withhold(told, "complementary")
            changed = True
    return changed


def _targets(
    atoms: Atoms, finest: Table, told: Collection[Table], rules: ReleaseRules, new: int
) -> list[tuple[Floats, Reason]]:
    """Every sum that must not follow: cells of any table that fail the rule, and, for the tables
    of all releases, cells of earlier snapshots and what changed of a cell since.
    """
    found: dict[bytes, tuple[Floats, Reason]] = {}

    def note(row: Floats, reason: Reason) -> None:
        if row.any() and fault_of(atoms.events_in(row), rules) is not None:
            found.setdefault(row.tobytes(), (row, reason))

    for table in fewer(finest):
        places = [finest.index(one) for one in table]
        for values in sorted({tuple(one[at] for at in places) for one in atoms.values}):
            note(atoms.row(new, (table, values)), "complementary")
            if table not in told:
                continue
            rows = [atoms.row(at, (table, values)) for at in range(new + 1)]
            for row in rows[:new]:
                note(row, "complementary")
            for earlier in rows[:new]:
                note(np.clip(rows[new] - earlier, 0.0, 1.0), "differencing")
                note(np.clip(earlier - rows[new], 0.0, 1.0), "differencing")
                note(rows[new] - earlier, "differencing")
    return list(found.values())


def _derived(work: _Work, targets: Sequence[tuple[Floats, Reason]]) -> bool:
    """Withhold a cell of every target that follows exactly; whether any does."""
    told, attacker = work.told(), work.attacker()
    had = np.flatnonzero(attacker.derives([row for row, _ in targets]))
    for at in had.tolist():
        row, reason = targets[at]
        weights = attacker.combination(row)[len(work.past.known):]
        used = [told[place] for place in np.flatnonzero(np.abs(weights) > 1e-7)]
        if not used:
            raise Refusal("the releases so far already tell a cell that may not be told",
                          reasons=["the pool's operator must look at its earlier releases"])
        if not any(one in work.withheld for one in used):  # another target may have done it
            work.withhold(used, reason)
    return bool(len(had))


def _bounded(work: _Work, atoms: Atoms) -> bool:
    """Withhold a cell for every withheld one that is bounded too closely; whether any is."""
    changed = False
    for row, truth in list(_measures(work, atoms)):
        true = float(row @ truth)
        least = true * (work.rules.least_interval_ppm / _MILLION - 1e-6)
        while True:
            told = work.told()
            found = work.attacker().bounds(row, truth)
            if found.high - found.low >= least:
                break
            first = len(work.past.known)
            near = [told[at - first] for at in found.by if at >= first]
            if not near:
                raise Refusal("the releases so far bound a cell too closely",
                              reasons=["release fewer tables, or wait for more records"])
            work.withhold(near, "complementary")
            changed = True
    return changed


def _measures(work: _Work, atoms: Atoms) -> Iterator[tuple[Floats, Floats]]:
    counts, amounts = atoms.counts(), atoms.amounts()
    seen: set[bytes] = set()
    for cell in sorted(work.withheld):
        if fault_of(work.cells[cell], work.rules) is None:
            continue  # it could be told; it is withheld to protect others
        row = work.rows[cell]
        if row.tobytes() in seen:
            continue
        seen.add(row.tobytes())
        yield row, counts
        if math.fsum(row * amounts) > 0.0:
            yield row, amounts
