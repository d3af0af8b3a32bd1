"""Which parties of two twins differ in anything that an event at them depends on."""

from __future__ import annotations

import numpy as np

from dinghai.supplychain.outcomes import Outcomes
from dinghai.supplychain.twin import Twin
from dinghai.supplychain.years import Supply


def changed_parties(
    before: Twin, outcomes_before: Outcomes, after: Twin, outcomes_after: Outcomes,
) -> frozenset[str]:
    """Parties of both twins with other steps, chances, containment, outgoing links or outcomes."""
    old, new = ({name: place for place, name in enumerate(twin.names)} for twin in (before, after))
    return frozenset(
        name for name in new if name in old
        and _content(before, outcomes_before, old[name]) != _content(after, outcomes_after,
                                                                     new[name]))


def same_goods(before: Supply, after: Supply) -> bool:
    """Whether stops starve others alike."""
    return (before.waiting_days == after.waiting_days
            and np.array_equal(before.profit, after.profit)
            and all(np.array_equal(getattr(before.goods, name), getattr(after.goods, name))
                    for name in after.goods._fields))


def _content(twin: Twin, outcomes: Outcomes, place: int) -> tuple[object, ...]:
    shape, links = twin.structures[int(twin.structure[place])], twin.links
    leaving = slice(int(links.first[place]), int(links.first[place + 1]))
    return (
        shape.codes, shape.start, *(one.tobytes() for one in (
            shape.waits_for, shape.peril, shape.first, shape.target, shape.mu, shape.sigma,
            twin.chance[twin.begin[place]:twin.begin[place + 1]], twin.containment[place],
            outcomes.ground_up[place], outcomes.stopped[place])),
        sorted(zip((twin.names[party] for party in links.party[leaving].tolist()),
                   *(one[leaving].tolist() for one in (
                       links.step, links.entry, links.chance, links.mu, links.sigma, links.key)),
                   strict=True)))
