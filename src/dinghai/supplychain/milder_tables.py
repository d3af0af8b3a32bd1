"""What impacts cost and stop a firm under other scores, by peril and bin, for many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dinghai.losses.grid import peril_grid
from dinghai.losses.severity_variants import SeverityVariants
from dinghai.losses.tables import PERILS
from dinghai.supplychain.outcomes import BINS, Whole, condensed_by_firm, points_of

Tables = tuple[Whole | None, Whole | None]
"""Ground-up loss and stop by peril and bin; None where they are as they are."""


def milder_tables(
    severity: SeverityVariants, raised: Sequence[Mapping[str, int]]
) -> list[Tables]:
    """A firm's tables with each of several sets of scores in place of its own."""
    factors = [severity.with_scores(one) if one else severity.factors for one in raised]
    moved = np.array([(one != severity.factors).any(axis=1) for one in factors])
    rows = np.flatnonzero(moved.any(axis=1))
    found: list[Tables] = [(None, None)] * len(raised)
    if not len(rows):
        return found
    grids = [peril_grid(severity.tables, one) for one in PERILS]
    states = len({group.state for group in grids[0].groups})
    tables = np.empty((2, len(rows), len(PERILS), states * BINS), dtype=np.int64)
    for peril, grid in enumerate(grids):
        there = np.flatnonzero(moved[rows, peril])
        loss, stopped = severity.losses(
            peril, [severity.factors, *(factors[rows[place]] for place in there)])
        made = np.rint(condensed_by_firm(points_of(grid, states), np.array([loss, stopped])))
        tables[:, :, peril] = made[:, :1]
        tables[:, there, peril] = made[:, 1:]
    for place, row in enumerate(rows.tolist()):
        found[row] = tables[0, place], tables[1, place]
    return found
