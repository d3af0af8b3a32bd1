"""What an impact costs a firm: the loss model's event grid, condensed to bins of equal chance.

Within a latent state the grid's points are put in order of their ground-up loss and cut at fixed
chances, finer in the tail. A bin carries the mean of what its points lose and are paid, so that
means by state are those of the grid, to the rounding of a fen; what is lost is the spread within a
bin. All firms use the same cuts, so that one draw means the same luck for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.losses.grid import PerilGrid
from dinghai.losses.model import LossModel
from dinghai.losses.severity import EventGrid
from dinghai.supplychain.step_graph import Floats

Whole = npt.NDArray[np.int64]
CUTS: Final = tuple(np.concatenate([np.linspace(0.0, 0.9, 17)[:-1], np.linspace(0.9, 0.99, 13)[:-1],
                                    np.linspace(0.99, 1.0, 13)]).tolist())
"""Chances at which the points of a state are cut: 16 bins up to 90%, 12 up to 99%, 12 beyond."""
BINS: Final = len(CUTS) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """By firm, peril, and bin within latent state (state × BINS + bin): ``ground_up`` loss in fen,
    and ``stopped``, seconds of a stop of the whole output (duration × share that stops)."""

    states: Floats
    """Chance that an event falls into each latent state."""
    ground_up: Whole
    stopped: Whole


def outcomes_of(models: Sequence[LossModel], *, parties: int | None = None) -> Outcomes:
    """The outcomes of firms in order; all share the tables. Parties beyond them lose nothing."""
    states = len(models[0].latent.event_weights)
    rows = [[np.rint(condensed(one.events, (one.events.loss, stop_seconds(one.events)), states))
             .astype(np.int64) for one in model.perils.values()] for model in models]
    return outcomes_from(models[0], [np.array([row[0] for row in firm]) for firm in rows],
                         [np.array([row[1] for row in firm]) for firm in rows],
                         parties=parties or len(models))


def outcomes_from(
    model: LossModel, ground_up: Sequence[Whole], stopped: Sequence[Whole], *, parties: int
) -> Outcomes:
    """The outcomes of firms by their rows. Any of the firms' models tells the latent states."""
    weights = model.latent.event_weights
    total, shape = sum(weights), (parties, *ground_up[0].shape)
    out = Outcomes(np.array([one / total for one in weights]), np.zeros(shape, dtype=np.int64),
                   np.zeros(shape, dtype=np.int64))
    out.ground_up[:len(ground_up)] = ground_up
    out.stopped[:len(stopped)] = stopped
    return out


def stop_seconds(events: EventGrid) -> Whole:
    """Seconds of a stop of the whole output, by point."""
    seconds: Whole = np.rint(events.duration_seconds * (events.affected_ppm / 1e6)).astype(np.int64)
    return seconds


def condensed(events: EventGrid, columns: Sequence[Whole], states: int) -> Floats:
    """Each column's mean in each bin, shape (columns, states × BINS); bins are cut by ground-up
    loss within each latent state."""
    table, out = np.array(columns), np.zeros((len(columns), states, BINS))
    for state in range(states):
        groups = [one for one in events.grid.groups if one.state == state]
        window = slice(groups[0].start, groups[-1].stop)
        weight = np.repeat([one.chance for one in groups],
                           [one.stop - one.start for one in groups])
        order = np.argsort(events.loss[window], kind="stable")
        _fill_bins(order, weight, table[:, window], np.array(CUTS), out[:, state])
    return out.reshape(len(columns), states * BINS)


def condensed_rows(grid: PerilGrid, loss: Whole, stopped: Whole, states: int) -> Whole:
    """Ground-up loss and stop in each bin to the fen and second, for rows of points that differ
    in both: shape (2, rows, states × BINS). Each row is what `condensed` makes of it."""
    out = np.zeros((2, len(loss), states, BINS))
    for state in range(states):
        groups = [one for one in grid.groups if one.state == state]
        window = slice(groups[0].start, groups[-1].stop)
        weight = np.repeat([one.chance for one in groups],
                           [one.stop - one.start for one in groups])
        _fill_rows(_orders(loss[:, window]), weight, loss[:, window], stopped[:, window],
                   np.array(CUTS), out[0, :, state], out[1, :, state])
    found: Whole = np.rint(out).astype(np.int64).reshape(2, len(loss), states * BINS)
    return found


def _orders(loss: Whole) -> Whole:
    """The points of each row by their loss, equal ones by their place."""
    bits = (loss.shape[1] - 1).bit_length()
    if int(loss.max(initial=0)) >= 1 << 63 - bits:
        orders: Whole = np.argsort(loss, axis=1, kind="stable")
        return orders
    keys: Whole = (loss << bits) | np.arange(loss.shape[1])  # one word a point sorts much faster
    keys.sort(axis=1)
    keys &= (1 << bits) - 1
    return keys


@njit(cache=True, nogil=True)
def _fill_rows(orders, weight, loss, stopped, cuts, losses, stops):  # type: ignore[no-untyped-def]
    columns = np.empty((2, loss.shape[1]), dtype=np.int64)
    found = np.zeros((2, cuts.shape[0] - 1))
    for row in range(loss.shape[0]):
        columns[0], columns[1] = loss[row], stopped[row]
        found[:] = 0.0
        _fill_bins(orders[row], weight, columns, cuts, found)
        losses[row], stops[row] = found[0], found[1]


@njit(cache=True, nogil=True)
def _fill_bins(order, weight, columns, cuts, out):  # type: ignore[no-untyped-def]
    """Points in their order fill the bins by their weights; one at a cut is split there."""
    total, number, bins = weight.sum(), order.shape[0], cuts.shape[0] - 1
    since, place, reached = 0.0, 0, 0.0
    for one in range(number):
        point = order[one]
        reached = 1.0 if one == number - 1 else min(reached + weight[point] / total, 1.0)
        while place < bins and cuts[place + 1] <= reached:
            for column in range(columns.shape[0]):
                out[column, place] += (cuts[place + 1] - since) * columns[column, point]
            since = cuts[place + 1]
            place += 1
        if place < bins:
            for column in range(columns.shape[0]):
                out[column, place] += (reached - since) * columns[column, point]
            since = reached
    for place in range(bins):
        for column in range(columns.shape[0]):
            out[column, place] /= cuts[place + 1] - cuts[place]
