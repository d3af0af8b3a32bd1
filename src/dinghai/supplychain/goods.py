"""How a firm that stops starves those that live on its goods: day by day, stock first.

Goods carry inoperability and never an attack. A buyer lives on each delivery for a share of its
output, less what it can buy elsewhere. A shortage first eats the stock of that delivery, counted
in days of supply; what is left of it stops the buyer's output, and the next day those who buy from
it. Without stock and for a lasting stop this is the dynamic inoperability input–output model, and
settles where Leontief's balance does (`inoperability`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dinghai.foundation.money import PPM
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.lending import lent
from dinghai.supplychain.step_graph import Flags, Floats, Places

LONGEST_DAYS: Final = 365
NEGLIGIBLE: Final = 1e-9
NEVER: Final = -1
DAY_SECONDS: Final = 86_400.0


class GoodsWays(NamedTuple):
    """Deliveries by supplier: ``first`` of each, and by delivery its ``buyer``, the ``share`` of
    the buyer's output that hangs on it and cannot be bought elsewhere, and ``stock`` in days."""

    first: Places
    buyer: Places
    share: Floats
    stock: Floats


class Starved(NamedTuple):
    """A kernel's own room; by firm, where ``seen`` is the event's.

    ``stopped`` days of its own, ``short`` and ``next`` share of output missing today and tomorrow
    through supply, ``lost`` days of output lost through supply beyond its own stop, ``late`` those
    of them after the waiting time, were it counted from the event's start, and ``since`` the day
    when it first delivered less (−1: it never did). ``firm`` lists the firms concerned,
    ``number[0]`` of them. By delivery where the supplier is concerned: ``stock`` that is left.

    Of the deliveries ``noted`` (those whose shortage somebody is insured for) it also says how much
    of the buyer's loss each is: ``way`` lists those that fell short, ``number[1]`` of them, and by
    delivery ``unmet`` today and ``then`` tomorrow, ``felt`` the day when the buyer first felt it,
    ``cost`` days of output lost within the indemnity, and ``waited`` those of them that fall into
    the waiting time. ``indemnity`` is in days, from the day when it was first felt.
    """

    seen: np.ndarray
    stopped: Floats
    short: Floats
    next: Floats
    lost: Floats
    late: Floats
    since: Places
    firm: Places
    number: np.ndarray
    stock: Floats
    noted: Flags
    listed: np.ndarray
    way: Places
    unmet: Floats
    then: Floats
    felt: Places
    cost: Floats
    waited: Floats
    supplier: Places
    beyond: Floats
    indemnity: float


def goods_of(chain: Chain) -> GoodsWays:
    """The chain's deliveries; places are those of its firms. Unknown stock and substitutes count as
    none."""
    place = {firm.id: number for number, firm in enumerate(chain.firms)}
    rows = sorted((place[one.source], place[one.target],
                   one.share_ppm / PPM * (1.0 - (one.substitutable_ppm or 0) / PPM),
                   (one.stock_seconds or 0) / DAY_SECONDS) for one in chain.goods)
    columns = list(zip(*rows, strict=True)) or [()] * 4
    first = np.zeros(len(place) + 1, dtype=np.int32)
    np.cumsum(np.bincount(np.array(columns[0], dtype=np.int64), minlength=len(place)),
              out=first[1:])
    return GoodsWays(first, np.array(columns[1], dtype=np.int32),
                     np.array(columns[2], dtype=np.float64),
                     np.array(columns[3], dtype=np.float64))


def starved_room(
    goods: GoodsWays, *, noted: Flags | None = None, indemnity_days: float = LONGEST_DAYS
) -> Starved:
    """Room for one event after another. ``noted`` are deliveries whose shortage is insured."""
    firms, ways = len(goods.first) - 1, len(goods.buyer)
    return Starved(
        np.zeros(firms, dtype=np.int64), np.empty(firms), np.empty(firms), np.empty(firms),
        np.empty(firms), np.empty(firms), np.empty(firms, dtype=np.int32),
        np.empty(firms, dtype=np.int32), np.zeros(2, dtype=np.int64), np.empty(ways),
        np.zeros(ways, dtype=np.bool_) if noted is None else noted,
        np.zeros(ways, dtype=np.int64), np.empty(ways, dtype=np.int32), np.empty(ways),
        np.empty(ways), np.empty(ways, dtype=np.int32), np.empty(ways), np.empty(ways),
        np.repeat(np.arange(firms, dtype=np.int32), np.diff(goods.first)), np.empty(firms),
        indemnity_days)


@njit(cache=True, nogil=True)
def lent_goods(goods):  # type: ignore[no-untyped-def]
    """The deliveries for a kernel's own use: see `lending`."""
    return GoodsWays(lent(goods.first), lent(goods.buyer), lent(goods.share), lent(goods.stock))


@njit(cache=True, nogil=True)
def lent_starved(room):  # type: ignore[no-untyped-def]
    """The room for the use of the kernel that holds it: see `lending`."""
    return Starved(
        lent(room.seen), lent(room.stopped), lent(room.short), lent(room.next),
        lent(room.lost), lent(room.late), lent(room.since), lent(room.firm), lent(room.number),
        lent(room.stock), lent(room.noted), lent(room.listed), lent(room.way),
        lent(room.unmet), lent(room.then), lent(room.felt), lent(room.cost),
        lent(room.waited), lent(room.supplier), lent(room.beyond), room.indemnity)


@njit(cache=True, nogil=True)
def concern(goods, starved, firm, days, stamp):  # type: ignore[no-untyped-def]
    """A firm is concerned in this event, and stops by itself for some days from its start."""
    if starved.seen[firm] != stamp:
        starved.seen[firm], starved.stopped[firm] = stamp, 0.0
        starved.short[firm], starved.next[firm] = 0.0, 0.0
        starved.lost[firm], starved.late[firm], starved.since[firm] = 0.0, 0.0, NEVER
        starved.firm[starved.number[0]] = firm
        starved.number[0] += 1
        for way in range(goods.first[firm], goods.first[firm + 1]):
            starved.stock[way] = goods.stock[way]
    starved.stopped[firm] = max(starved.stopped[firm], days)


@njit(cache=True, nogil=True, inline="always")
def _note(starved, way, unmet, stamp):  # type: ignore[no-untyped-def]
    if starved.listed[way] != stamp:
        starved.listed[way], starved.felt[way] = stamp, NEVER
        starved.unmet[way] = starved.cost[way] = starved.waited[way] = 0.0
        starved.way[starved.number[1]] = way
        starved.number[1] += 1
    starved.then[way] = unmet


@njit(cache=True, nogil=True)
def _share_out(goods, starved, waiting_days, day):  # type: ignore[no-untyped-def]
    """What the buyers of noted deliveries lost today is due to each by what it lacked.

    A shortage is felt a day after the stop that brought it; waiting runs from that stop.
    """
    for place in range(starved.number[1]):
        way = starved.way[place]
        if starved.unmet[way] > 0.0:
            buyer = goods.buyer[way]
            if starved.felt[way] == NEVER:
                starved.felt[way] = day
            lost = starved.beyond[buyer] * starved.unmet[way] / starved.short[buyer]
            lost *= min(max(starved.felt[way] + starved.indemnity - day, 0.0), 1.0)
            since = starved.since[starved.supplier[way]]
            starved.cost[way] += lost
            starved.waited[way] += lost * (
                1.0 - min(max(day - since - waiting_days, 0.0), 1.0))
        starved.unmet[way], starved.then[way] = starved.then[way], 0.0


@njit(cache=True, nogil=True)
def starve(goods, starved, waiting_days, stamp):  # type: ignore[no-untyped-def]
    """Let the stops of the firms concerned run through the goods, until nothing is short."""
    starved.number[1] = 0
    for day in range(LONGEST_DAYS):
        going = False
        concerned = starved.number[0]
        for place in range(concerned):
            firm = starved.firm[place]
            own = min(max(starved.stopped[firm] - day, 0.0), 1.0)
            short = min(starved.short[firm], 1.0)
            beyond = max(short - own, 0.0)
            starved.lost[firm] += beyond
            starved.late[firm] += beyond * min(max(day - waiting_days, 0.0), 1.0)
            starved.beyond[firm] = beyond
            missing = max(own, short)
            if missing <= NEGLIGIBLE:
                continue
            going = True
            if starved.since[firm] == NEVER:
                starved.since[firm] = day
            for way in range(goods.first[firm], goods.first[firm + 1]):
                eaten = min(starved.stock[way], missing)
                starved.stock[way] -= eaten
                unmet = (missing - eaten) * goods.share[way]
                if unmet > NEGLIGIBLE:
                    concern(goods, starved, goods.buyer[way], 0.0, stamp)
                    starved.next[goods.buyer[way]] += unmet
                    if starved.noted[way]:
                        _note(starved, way, unmet, stamp)
        _share_out(goods, starved, waiting_days, day)
        for place in range(starved.number[0]):
            firm = starved.firm[place]
            going = going or starved.next[firm] > NEGLIGIBLE
            starved.short[firm], starved.next[firm] = starved.next[firm], 0.0
        if not going:
            return
