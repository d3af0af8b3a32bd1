"""The attacker: all that follows from published cells by adding, subtracting and bounding.

What is published are sums over sets of events. Events that no published set tells apart are one
atom; a published figure is a row of zeros and ones over the atoms. A sum over some atoms follows
exactly where its row is a combination of the published rows, and lies between two bounds that a
linear programme finds, since no event costs less than nothing. The attacker here knows more than
one outside: which atoms are empty, and every figure without rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, optimize, sparse

from dinghai.experience.pool_cells import DIMENSIONS, Cell, Event, Table

Floats = npt.NDArray[np.float64]
_NOTHING = 1e-7
_AT_ONCE = 1_000


@dataclass(frozen=True)
class Atoms:
    """Sets of events that nothing published tells apart: by cell of the finest table, and by the
    snapshots (releases) that hold them.
    """

    finest: Table
    values: tuple[tuple[str, ...], ...]
    held: npt.NDArray[np.bool_]
    """Shape (atoms, snapshots)."""
    members: tuple[tuple[Event, ...], ...]

    def row(self, snapshot: int, cell: Cell) -> Floats:
        """A cell of one snapshot over the atoms."""
        inside = self.held[:, snapshot]
        for dimension, value in zip(*cell, strict=True):
            inside = inside & (self._columns[self.finest.index(dimension)] == value)
        return np.asarray(inside, dtype=np.float64)

    @cached_property
    def _columns(self) -> list[npt.NDArray[np.str_]]:
        return [np.array([values[at] for values in self.values])
                for at in range(len(self.finest))]

    def events_in(self, row: Floats) -> list[Event]:
        """The events of the atoms that a row touches."""
        return [one for at in np.flatnonzero(row) for one in self.members[at]]

    def counts(self) -> Floats:
        """Events of each atom."""
        return np.array([len(one) for one in self.members], dtype=np.float64)

    def amounts(self) -> Floats:
        """The sum of each atom's known amounts, in fen."""
        return np.array([float(sum(event.amount_fen or 0 for event in one))
                         for one in self.members])


def atoms_of(finest: Table, snapshots: Sequence[Sequence[Event]]) -> Atoms:
    """The atoms of some snapshots. An event that changed is another event."""
    held: dict[Event, list[bool]] = {}
    for place, events in enumerate(snapshots):
        for one in events:
            held.setdefault(one, [False] * len(snapshots))[place] = True
    grouped: dict[tuple[tuple[str, ...], tuple[bool, ...]], list[Event]] = {}
    for one, pattern in held.items():
        grouped.setdefault((one.values(finest), tuple(pattern)), []).append(one)
    keys = sorted(grouped)
    return Atoms(finest, tuple(values for values, _ in keys),
                 np.array([pattern for _, pattern in keys], dtype=bool).reshape(
                     len(keys), len(snapshots)),
                 tuple(tuple(grouped[key]) for key in keys))


@dataclass(frozen=True)
class Bounds:
    """What is known of a sum: its least and greatest value, and which known sums make them so."""

    low: float
    high: float
    by: npt.NDArray[np.intp]


class Past:
    """Sums over the atoms that are known whatever a release tells: those of earlier ones."""

    def __init__(self, known: Sequence[Floats], atoms: int) -> None:
        self.known = np.array(known, dtype=np.float64).reshape(len(known), atoms)
        self.span = _span(self.known)


class Attacker:
    """Who knows the sums of the past and of a release as it stands now."""

    def __init__(self, past: Past, told: Sequence[Floats]) -> None:
        atoms = past.known.shape[1]
        new = np.array(told, dtype=np.float64).reshape(len(told), atoms)
        self._known = np.vstack([past.known, new])
        left = _beside(past.span, _beside(past.span, new))  # twice: the first leaves a rounding
        self._span = np.vstack([past.span, _span(left)])

    @cached_property
    def _weights(self) -> tuple[Floats, Any]:
        """The known sums in terms of the span, and their products factored: the span has the
        rank of the known sums, so that nothing is singular."""
        parts = self._known @ self._span.T
        return parts, linalg.cho_factor(parts.T @ parts)

    def derives(self, targets: Sequence[Floats]) -> npt.NDArray[np.bool_]:
        """Which targets follow exactly: nothing is left of them beside what is known."""
        if not len(targets):
            return np.zeros(0, dtype=bool)
        found = []
        for first in range(0, len(targets), _AT_ONCE):
            wanted = np.array(targets[first:first + _AT_ONCE], dtype=np.float64)
            left = np.abs(_beside(self._span, wanted))
            found.append(left.max(axis=1, initial=0.0) < _NOTHING)
        return np.concatenate(found)

    def combination(self, target: Floats) -> Floats:
        """How a target that follows is had from what is known: a weight for each known sum, the
        least ones that do."""
        if not len(self._span):
            return np.zeros(len(self._known))
        parts, factored = self._weights
        return np.asarray(parts @ linalg.cho_solve(factored, self._span @ target))

    def bounds(self, target: Floats, truth: Floats) -> Bounds:
        """Between what a target must lie, where every atom is zero or more and the known sums are
        those of ``truth``. The upper bound is infinite where nothing known stands above it.

        Raises ArithmeticError where the solver finds no bound, which the truth itself forbids.
        """
        # Atoms that no known sum and not the target tell apart are one variable.
        columns, places = np.unique(
            np.vstack([self._known, target]), axis=1, return_inverse=True)
        merged = np.bincount(places.reshape(-1), weights=truth, minlength=columns.shape[1])
        scale = max(float(merged.max(initial=0.0)), 1.0)
        known = sparse.csr_matrix(columns[:-1])
        values = known @ (merged / scale)
        ends, tight = [], np.zeros(len(self._known), dtype=bool)
        for sign in (1.0, -1.0):
            done = optimize.linprog(sign * columns[-1], A_eq=known, b_eq=values,
                                    bounds=(0.0, None), method="highs")
            if done.status == 3:
                ends.append(np.inf)
                continue
            if done.status != 0:
                raise ArithmeticError(f"the bounds of a cell were not found: {done.message}")
            ends.append(sign * float(done.fun))
            tight |= np.abs(np.asarray(done.eqlin.marginals)) > _NOTHING
        return Bounds(max(ends[0], 0.0) * scale, ends[1] * scale, np.flatnonzero(tight))


def _span(rows: Floats) -> Floats:
    """Orthonormal rows that span the same as some rows."""
    if not rows.size:
        return rows[:0]
    found, heights, _ = linalg.qr(rows.T, mode="economic", pivoting=True, check_finite=False)
    rank = int((np.abs(np.diag(heights)) > _NOTHING).sum())
    return np.ascontiguousarray(found[:, :rank].T)


def _beside(span: Floats, rows: Floats) -> Floats:
    """What is left of rows when their shadow on a span is taken away."""
    return np.asarray(rows - (rows @ span.T) @ span, dtype=np.float64)


def finest_of(tables: Iterable[Table]) -> Table:
    """The table that has every dimension of some."""
    used = {dimension for table in tables for dimension in table}
    return tuple(one for one in DIMENSIONS if one in used)
