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

from dinghai.losses.model import LossModel
from dinghai.losses.severity import EventGrid
from dinghai.losses.tables import PERILS
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
    weights = models[0].latent.event_weights
    shape = (parties or len(models), len(PERILS), len(weights), BINS)
    ground_up, stopped = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for firm, model in enumerate(models):
        for place, peril in enumerate(PERILS):
            events = model.perils[peril].events
            seconds = np.rint(events.duration_seconds * (events.affected_ppm / 1e6))
            for state, (loss, stop) in enumerate(condensed(
                    events, (events.loss, seconds.astype(np.int64)), len(weights))):
                ground_up[firm, place, state] = np.rint(loss).astype(np.int64)
                stopped[firm, place, state] = np.rint(stop).astype(np.int64)
    total = sum(weights)
    flat = (*shape[:2], len(weights) * BINS)
    return Outcomes(np.array([one / total for one in weights]), ground_up.reshape(flat),
                    stopped.reshape(flat))


def condensed(
    events: EventGrid, columns: Sequence[Whole], states: int
) -> list[list[Floats]]:
    """Each column's mean in each bin, by latent state; bins are cut by ground-up loss."""
    out = []
    for state in range(states):
        groups = [one for one in events.grid.groups if one.state == state]
        window = slice(groups[0].start, groups[-1].stop)
        weight = np.repeat([one.chance for one in groups],
                           [one.stop - one.start for one in groups])
        order = np.argsort(events.loss[window], kind="stable")
        reached = np.concatenate([[0.0], np.cumsum(weight[order])])
        reached /= reached[-1]
        found = []
        for column in columns:
            ordered = column[window][order]
            sums = np.concatenate([[0.0], np.cumsum(weight[order] * ordered)]) / weight.sum()
            found.append(np.diff(np.interp(CUTS, reached, sums)) / np.diff(CUTS))
        out.append(found)
    return out
