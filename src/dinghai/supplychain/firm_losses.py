"""What impacts cost each firm and what the programme grants for them, a few firms at a time.

A firm's event grids are large: they are made, condensed and let go, so that a chain of thousands of
firms needs the room of a few. Firms do not depend on each other: one that changes is made alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from dinghai.compute.parts import in_parts
from dinghai.losses.grid import PerilGrid, peril_grid
from dinghai.losses.model import LossModel, build_loss_model, enterprises_of
from dinghai.losses.tables import PERILS, CalibrationTables, shipped_tables
from dinghai.supplychain.chain import Chain, Firm
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.cover import MemberTerms, granted_by
from dinghai.supplychain.member_events import MemberEvents
from dinghai.supplychain.outcomes import Points, Whole, condensed_by_firm, points_of
from dinghai.supplychain.templates import TemplateEstimate, complete

AT_A_TIME: Final = 8
"""Firms whose events are made together: few enough that their cells stay near the processor."""


@dataclass(frozen=True, slots=True, eq=False)
class FirmLosses:
    """Of one firm: ``ground_up`` and ``stopped`` by peril and bin as in `Outcomes`, ``granted`` and
    ``deducted`` by section, peril and bin as in `Cover`, the loss ``model`` without the points of
    its grids, and what templates supplied."""

    ground_up: Whole
    stopped: Whole
    granted: Whole
    deducted: Whole
    model: LossModel
    estimates: tuple[TemplateEstimate, ...]


def firm_losses(
    chain: Chain, terms: MemberTerms, firms: Sequence[Firm], *, workers: int | None = None
) -> list[FirmLosses]:
    """What impacts cost these firms, in their order."""
    known = [complete(firm, chain) for firm in firms]
    events = MemberEvents(terms, shipped_tables())
    alike: dict[int, list[int]] = {}
    for place, (profile, _) in enumerate(known):
        alike.setdefault(profile.gross_profit_rate_ppm, []).append(place)
    parts = [places[first:first + AT_A_TIME] for places in alike.values()
             for first in range(0, len(places), AT_A_TIME)]

    def part(places: list[int]) -> list[FirmLosses]:
        models = [build_loss_model(known[one][0], posture_of(chain, firms[one]), points=False)
                  for one in places]
        return _losses_of(events, models, [known[one][1] for one in places])

    found: dict[int, FirmLosses] = {}
    for places, several in zip(parts, in_parts(part, parts, workers=workers), strict=True):
        found.update(zip(places, several, strict=True))
    return [found[one] for one in range(len(firms))]


def _losses_of(
    events: MemberEvents, models: Sequence[LossModel],
    estimates: Sequence[tuple[TemplateEstimate, ...]],
) -> list[FirmLosses]:
    """The same of a few firms with one gross-profit rate."""
    room = np.empty((0, 0, 0), dtype=np.int64)
    rows = []
    for peril in PERILS:
        layout = _layout(events.tables, peril, len(models[0].latent.event_weights))
        shape = 2 + len(events.terms.column_names), len(models), layout.size
        if room.shape != shape:  # the perils fill the same room: it is large
            room = np.empty(shape, dtype=np.int64)
        rows.append(_rows_of(events, models, peril, layout, room))
    ground_up, stopped, granted, deducted = (
        np.stack([row[which] for row in rows], axis=-2) for which in range(4))
    return [FirmLosses(ground_up[one], stopped[one], granted[:, one], deducted[:, one], model,
                       estimates[one]) for one, model in enumerate(models)]


def _rows_of(
    events: MemberEvents, models: Sequence[LossModel], peril: str, layout: _Layout, table: Whole
) -> tuple[Whole, Whole, Whole, Whole]:
    """A peril's ``ground_up`` and ``stopped`` by firm and bin, and ``granted`` and ``deducted`` by
    section, firm and bin."""
    enterprises, first = enterprises_of(models, peril), 0
    for part in layout.parts:
        events.fill(part, enterprises, table[:, :, first:first + part.size])
        first += part.size
    means, names = condensed_by_firm(layout.points, table), events.terms.column_names
    whole = np.rint(means[:2]).astype(np.int64)
    amounts, taken = granted_by(events.terms, names, means[2:].reshape(len(names), -1))
    shape = (-1, *whole.shape[1:])
    return whole[0], whole[1], amounts.reshape(shape), taken.reshape(shape)


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """A peril's points, those with an interruption before those without, since for these the terms
    have little to work out; and where the points of each latent state stand in that order."""

    parts: tuple[PerilGrid, ...]
    points: tuple[Points, ...]
    size: int


@lru_cache(maxsize=32)
def _layout(tables: CalibrationTables, peril: str, states: int) -> _Layout:
    grid = peril_grid(tables, peril)
    stops = grid.happens["interruption"]
    parts = [one for one in (np.flatnonzero(stops), np.flatnonzero(~stops)) if len(one) > 0]
    place = np.argsort(np.concatenate(parts))
    return _Layout(tuple(grid.at(one) for one in parts),
                   tuple(Points(place[one.places], one.share)
                         for one in points_of(grid, states)), grid.size)
