"""What impacts cost each firm and what the programme grants for them, one firm at a time.

A firm's event grids are large: they are made, condensed and let go, so that a chain of thousands of
firms needs the room of a few. Firms do not depend on each other: one that changes is made alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from dinghai.compute.parts import cut, in_parts
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.losses.severity import EventGrid
from dinghai.losses.tables import PERILS
from dinghai.supplychain.chain import Chain, Firm
from dinghai.supplychain.compiling import posture_of
from dinghai.supplychain.cover import MemberTerms, granted_by
from dinghai.supplychain.outcomes import Whole, condensed, stop_seconds
from dinghai.supplychain.templates import TemplateEstimate, complete


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
    def part(which: range) -> list[FirmLosses]:
        return [_losses_of(chain, terms, firms[one]) for one in which]

    found = in_parts(part, cut(len(firms), 256), workers=workers)
    return [one for several in found for one in several]


def _losses_of(chain: Chain, terms: MemberTerms, firm: Firm) -> FirmLosses:
    profile, guessed = complete(firm, chain)
    model = build_loss_model(profile, posture_of(chain, firm))
    states = len(model.latent.event_weights)
    ground_up, stopped, granted, deducted = [], [], [], []
    for peril in PERILS:
        events = model.perils[peril].events
        paid = terms.columns(peril, events)
        means = condensed(events, (events.loss, stop_seconds(events), *paid.values()), states)
        ground_up.append(np.rint(means[0]).astype(np.int64))
        stopped.append(np.rint(means[1]).astype(np.int64))
        amounts, taken = granted_by(terms, list(paid), means[2:])
        granted.append(amounts)
        deducted.append(taken)
    return FirmLosses(np.array(ground_up), np.array(stopped), np.stack(granted, axis=1),
                      np.stack(deducted, axis=1), _without_points(model), guessed)


def _without_points(model: LossModel) -> LossModel:
    perils = {name: replace(one, events=_no_points(one.events))
              for name, one in model.perils.items()}
    return replace(model, perils=perils)


def _no_points(events: EventGrid) -> EventGrid:
    emptied = {one.name: getattr(events, one.name)[:0].copy() for one in fields(events)
               if isinstance(getattr(events, one.name), np.ndarray)}
    return replace(events, **emptied, happens={}, amounts={})
