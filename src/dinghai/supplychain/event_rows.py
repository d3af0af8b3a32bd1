"""Events that cost something, as rows: what each cost whom, and what the programme pays of it.

A kernel writes them while it runs years; where they do not fit, it stops and is run again with
more room, so that memory is bounded by what one part of the years holds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from dinghai.supplychain.lending import counted
from dinghai.supplychain.programme import OWN_PART, SPREAD_PART, SUPPLY_PART, Terms
from dinghai.supplychain.strikes import NOTHING

Whole = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
FIRST_ROOM: Final = 1 << 12
ELSEWHERE: Final = -1


class EventRows(NamedTuple):
    """Rows of a part of the years; ``number`` of events, of their parties, and 1 where they did not
    fit.

    By event: its ``year`` and ``event`` (numbers over all years), the party where it began
    (``root``), its ``aim``, how many were ``struck``, the ``loss`` with what came
    ``through_goods``, what is ``paid``, and what each layer bears (``layers``). By party of an
    event: the row of the event (``of``), the ``party``, from whom it ``came`` (−1: it began there,
    or came as a shortage), the ``part`` of the cover, what it ``lost`` and what it is ``given`` of
    that. ``paid_to`` is room of the kernel's own.
    """

    number: Whole
    year: Whole
    event: Whole
    root: Small
    aim: Small
    struck: Small
    loss: Whole
    through_goods: Whole
    paid: Whole
    layers: Whole
    of: Whole
    party: Small
    came: Small
    part: Small
    lost: Whole
    given: Whole
    paid_to: Whole


def rows_for(terms: Terms, *, parties: int, events: int, members: int) -> EventRows:
    """Room for so many events and parties of events; none at all for 0 events."""
    return EventRows(
        np.zeros(3, dtype=np.int64), np.empty(events, dtype=np.int64),
        np.empty(events, dtype=np.int64), np.empty(events, dtype=np.int32),
        np.empty(events, dtype=np.int32), np.empty(events, dtype=np.int32),
        np.empty(events, dtype=np.int64), np.empty(events, dtype=np.int64),
        np.empty(events, dtype=np.int64),
        np.empty((events, len(terms.attachment)), dtype=np.int64),
        np.empty(members, dtype=np.int64), np.empty(members, dtype=np.int32),
        np.empty(members, dtype=np.int32), np.empty(members, dtype=np.int32),
        np.empty(members, dtype=np.int64), np.empty(members, dtype=np.int64),
        np.zeros((parties if events else 0, 3), dtype=np.int64))


def filled(rows: EventRows) -> EventRows:
    """What of the room is in use, copied."""
    events, members = int(rows.number[0]), int(rows.number[1])
    used = {name: getattr(rows, name)[:events].copy() for name in EventRows._fields[1:10]}
    used |= {name: getattr(rows, name)[:members].copy() for name in EventRows._fields[10:16]}
    return rows._replace(**used, paid_to=rows.paid_to[:0])


@counted
def note_event(  # type: ignore[no-untyped-def]
    rows, terms, account, room, hungry, firms, year, event, root, aim, paid
):
    """Add the event in the room that was just paid. False where it does not fit."""
    events, members = rows.number[0], rows.number[1]
    most = room.number[0] + hungry.number[0]
    if events == rows.year.shape[0] or members + most > rows.of.shape[0]:
        rows.number[2] = 1
        return False
    paid_to = rows.paid_to
    for line in range(account.number[0]):
        paid_to[account.party[line], terms.part[account.section[line]]] += account.amount[line]
    struck, loss, goods = 0, np.int64(0), np.int64(0)
    for slot in range(room.number[0]):
        if room.loss[slot] != NOTHING:
            party, came = room.party[slot], room.came[slot]
            along = came != NOTHING and came < firms
            part = SPREAD_PART if along else OWN_PART
            rows.of[members], rows.party[members] = events, party
            rows.came[members], rows.part[members] = came, part
            rows.lost[members], rows.given[members] = room.loss[slot], paid_to[party, part]
            members, struck, loss = members + 1, struck + 1, loss + room.loss[slot]
    for place in range(hungry.number[0]):
        party = hungry.firm[place]
        lost = np.int64(np.rint(hungry.lost[party] * terms.profit[party]))
        if lost > 0:
            rows.of[members], rows.party[members] = events, party
            rows.came[members], rows.part[members] = ELSEWHERE, SUPPLY_PART
            rows.lost[members], rows.given[members] = lost, paid_to[party, SUPPLY_PART]
            members, goods = members + 1, goods + lost
    for line in range(account.number[0]):
        paid_to[account.party[line]] = 0
    rows.year[events], rows.event[events] = year, event
    rows.root[events], rows.aim[events], rows.struck[events] = root, aim, struck
    rows.loss[events], rows.through_goods[events] = loss + goods, goods
    rows.paid[events] = paid
    rows.layers[events] = account.event_layer
    rows.number[0], rows.number[1] = events + 1, members
    return True
