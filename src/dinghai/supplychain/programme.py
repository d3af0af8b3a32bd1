"""What the programme pays in an event and over a year: who shares which limit.

Within one event, propagation and lost supply share a limit pro rata; the event deductible of each
insured comes after it, on sections without waiting; then the limit of an event. Over the year,
members' own sections share a limit, and the aggregate stands over all. The order is that of the
terms (`docs/explanation/terms.md`); tests hold single events against decided claims.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.supplychain.cover import Cover
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import NOTHING

OWN_PART: Final = 0
SPREAD_PART: Final = 1
SUPPLY_PART: Final = 2


class Terms(NamedTuple):
    """The programme as a kernel reads it; ``owner`` is the place of the chain owner."""

    own: npt.NDArray[np.int64]
    spread: npt.NDArray[np.int64]
    deductible: int
    spread_limit: int
    own_limit: int
    event_limit: int
    aggregate: int
    supply_limit: int
    per_supplier: int
    indemnity_days: float
    owner: int
    profit: Floats


def terms_of(cover: Cover, *, owner: int, profit: Floats) -> Terms:
    """The terms of a cover."""
    return Terms(cover.own, cover.spread, cover.deductible, cover.spread_limit, cover.own_limit,
                 cover.event_limit, cover.aggregate, cover.supply_limit, cover.per_supplier,
                 cover.indemnity_days, owner, profit)


@njit(cache=True, nogil=True)
def pay_event(terms, room, hungry, firms, aim, left, parts):  # type: ignore[no-untyped-def]
    """What the programme pays of the event in the room, in fen.

    ``left`` is what is left of the year's own limit and of the aggregate, and is used up; ``parts``
    are the payments of own sections, propagation and supply before the limits of event and year.
    """
    own = shared = np.int64(0)
    for slot in range(room.number[0]):
        party, came = room.party[slot], room.came[slot]
        if room.loss[slot] == NOTHING or party >= firms:
            continue
        if came == NOTHING or came >= firms:  # it began here, or came from a provider
            own += terms.own[party, aim, room.bin[slot]]
        else:
            shared += terms.spread[party, aim, room.bin[slot]]
    days, stopped = 0.0, 0
    for place in range(hungry.number[0]):
        firm = hungry.firm[place]
        if firm == terms.owner:
            days = min(hungry.late[firm], terms.indemnity_days)
        elif hungry.stopped[firm] > 0.0:
            stopped += 1
    supply = min(np.int64(np.rint(days * terms.profit[terms.owner])),
                 stopped * terms.per_supplier, terms.supply_limit)
    ratio = 1.0
    if shared + supply > terms.spread_limit:
        ratio = terms.spread_limit / (shared + supply)
    spread = np.int64(0)
    for slot in range(room.number[0]):
        party, came = room.party[slot], room.came[slot]
        if room.loss[slot] != NOTHING and party < firms and came != NOTHING and came < firms:
            granted = np.int64(np.floor(terms.spread[party, aim, room.bin[slot]] * ratio))
            spread += max(granted - terms.deductible, 0)
    supply = np.int64(np.floor(supply * ratio))
    own = min(own, left[0])
    left[0] -= own
    parts[OWN_PART] += own
    parts[SPREAD_PART] += spread
    parts[SUPPLY_PART] += supply
    paid = min(own + spread + supply, terms.event_limit, left[1])
    left[1] -= paid
    return paid
