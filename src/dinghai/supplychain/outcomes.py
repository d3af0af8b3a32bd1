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


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The points of one latent state: their ``places`` in the columns, and the ``share`` of the
    state's events that each has."""

    places: npt.NDArray[np.int64]
    share: Floats


def points_of(grid: PerilGrid, states: int) -> tuple[Points, ...]:
    """The points of each latent state."""
    found = []
    for state in range(states):
        groups = [one for one in grid.groups if one.state == state]
        weight = np.repeat([one.chance for one in groups],
                           [one.stop - one.start for one in groups])
        total = weight.cumsum()[-1]  # one after another: the same everywhere
        found.append(Points(np.arange(groups[0].start, groups[-1].stop), weight / total))
    return tuple(found)


def condensed(events: EventGrid, columns: Sequence[Whole], states: int) -> Floats:
    """Each column's mean in each bin, shape (columns, states × BINS); bins are cut by ground-up
    loss within each latent state."""
    table = np.array([events.loss, *columns])[:, None]
    return condensed_by_firm(points_of(events.grid, states), table)[1:, 0]


def condensed_by_firm(points: Sequence[Points], table: Whole) -> Floats:
    """The same for several firms at a time: ``table`` has columns by firm and point, the ground-up
    loss first; the means come by column, firm and bin."""
    out = np.zeros((*table.shape[:2], len(points), BINS))
    for state, one in enumerate(points):
        order = _in_order(table[0][:, one.places])
        _fill_bins(order, one.places, one.share, table, np.array(CUTS), out[:, :, state])
    return out.reshape(*table.shape[:2], len(points) * BINS)


def _in_order(loss: Whole) -> npt.NDArray[np.int64]:
    """Where the losses of each row stand in rising order; of equal ones the first comes first.

    Loss and place make one whole number where there is room: numbers sort many times faster than
    places do.
    """
    bits = max(loss.shape[1] - 1, 1).bit_length()
    if int(loss.max(initial=0)) >> (62 - bits):
        return np.argsort(loss, axis=1, kind="stable")
    keys = (loss << bits) | np.arange(loss.shape[1])
    keys.sort(axis=1)
    order: npt.NDArray[np.int64] = keys & ((1 << bits) - 1)
    return order


@njit(cache=True, nogil=True)
def _fill_bins(order, places, share, table, cuts, out):  # type: ignore[no-untyped-def]
    """Points in their order fill the bins by their shares; one at a cut is split there."""
    number, bins, columns = order.shape[1], cuts.shape[0] - 1, table.shape[0]
    point = np.empty(number + bins, dtype=np.int64)
    weight = np.empty(number + bins)
    first = np.zeros(bins + 1, dtype=np.int64)
    for firm in range(order.shape[0]):
        since, bin_, reached, pieces = 0.0, 0, 0.0, 0
        for one in range(number):
            here = order[firm, one]
            reached = 1.0 if one == number - 1 else min(reached + share[here], 1.0)
            while bin_ < bins and cuts[bin_ + 1] <= reached:
                point[pieces], weight[pieces] = places[here], cuts[bin_ + 1] - since
                pieces += 1
                since = cuts[bin_ + 1]
                bin_ += 1
                first[bin_] = pieces
            if bin_ < bins:
                point[pieces], weight[pieces] = places[here], reached - since
                pieces += 1
                since = reached
        for column in range(0, columns - columns % 4, 4):  # sums that do not wait for each other
            a, b = table[column, firm], table[column + 1, firm]
            c, d = table[column + 2, firm], table[column + 3, firm]
            for bin_ in range(bins):
                width, w, x, y, z = cuts[bin_ + 1] - cuts[bin_], 0.0, 0.0, 0.0, 0.0
                for piece in range(first[bin_], first[bin_ + 1]):
                    here, part = point[piece], weight[piece]
                    w += part * a[here]
                    x += part * b[here]
                    y += part * c[here]
                    z += part * d[here]
                out[column, firm, bin_], out[column + 1, firm, bin_] = w / width, x / width
                out[column + 2, firm, bin_], out[column + 3, firm, bin_] = y / width, z / width
        for column in range(columns - columns % 4, columns):
            for bin_ in range(bins):
                w = 0.0
                for piece in range(first[bin_], first[bin_ + 1]):
                    w += weight[piece] * table[column, firm, point[piece]]
                out[column, firm, bin_] = w / (cuts[bin_ + 1] - cuts[bin_])
