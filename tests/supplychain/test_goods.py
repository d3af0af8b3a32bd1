"""Goods: stock first, then output, tier by tier; Leontief's balance in the end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.supplychain.goods import concern, goods_of, starve, starved_room
from dinghai.supplychain.inoperability import GoodsNetwork, inoperability
from tests.supplychain.twins import chain

DAY = 86_400


def delivery(source: str, target: str, share: float, stock: float = 0.0,
             elsewhere: float = 0.0) -> dict[str, Any]:
    return {"from": source, "to": target, "share_ppm": round(share * 1e6),
            "stock_seconds": round(stock * DAY), "substitutable_ppm": round(elsewhere * 1e6)}


def lost(goods: list[dict[str, Any]], stops: dict[int, float], *, firms: int = 4,
         waiting: float = 0.0) -> tuple[list[float], list[float]]:
    """Days of output lost through supply by each firm, and those after the waiting time."""
    ways = goods_of(chain(firms, [], goods=goods))
    room = starved_room(ways, noted=np.ones(len(goods), dtype=np.bool_))
    for firm, days in stops.items():
        concern(ways, room, firm, days, 1)
    starve(ways, room, waiting, 1)
    seen = room.seen == 1
    short = room.way[:room.number[1]]
    late = np.bincount(ways.buyer[short], (room.cost - room.waited)[short], minlength=firms)
    assert np.bincount(ways.buyer[short], room.cost[short], minlength=firms) == pytest.approx(
        np.where(seen, room.lost, 0.0))  # what deliveries cost adds up to what is lost
    return np.where(seen, room.lost, 0.0).tolist(), late.tolist()


def test_stock_is_eaten_first_and_the_rest_stops_output() -> None:
    # five days without goods that 80% hang on, two days of stock: three days at 80%
    assert lost([delivery("s1", "o", 0.8, stock=2.0)], {1: 5.0})[0][0] == pytest.approx(2.4)
    assert lost([delivery("s1", "o", 0.8, stock=5.0)], {1: 5.0})[0][0] == 0.0


def test_what_can_be_bought_elsewhere_is_not_lost() -> None:
    assert lost([delivery("s1", "o", 0.8, elsewhere=0.25)], {1: 5.0})[0][0] == pytest.approx(3.0)


def test_part_of_a_day_counts_in_part() -> None:
    assert lost([delivery("s1", "o", 1.0)], {1: 2.5})[0][0] == pytest.approx(2.5)


def test_waiting_and_stock_run_together_from_the_stop() -> None:
    # five days of stop, two of stock: the third to the fifth are lost, and waiting takes the third
    all_of_it, late = lost([delivery("s1", "o", 1.0, stock=2.0)], {1: 5.0}, waiting=3.0)
    assert all_of_it[0] == pytest.approx(3.0)
    assert late[0] == pytest.approx(2.0)


def test_two_tiers_each_with_stock() -> None:
    ways = [delivery("s2", "s1", 0.5, stock=1.0), delivery("s1", "o", 1.0, stock=1.0)]
    days = lost(ways, {2: 6.0})[0]
    assert days[1] == pytest.approx(0.5 * 5)
    assert days[0] == pytest.approx(0.5 * 5 - 1.0)
    assert days[3] == 0.0


def test_a_firm_that_is_stopped_itself_does_not_lose_twice() -> None:
    assert lost([delivery("s1", "o", 1.0)], {1: 4.0, 0: 10.0})[0][0] == 0.0
    assert lost([delivery("s1", "o", 1.0)], {1: 4.0, 0: 2.0})[0][0] == pytest.approx(3.0)


def test_a_lasting_stop_settles_where_leontief_does() -> None:
    ways = [delivery("s1", "o", 0.3), delivery("o", "s2", 0.4), delivery("s2", "o", 0.2),
            delivery("s1", "s2", 0.1)]
    room = starved_room(goods_of(chain(3, [], goods=ways)))
    concern(goods_of(chain(3, [], goods=ways)), room, 1, 1e6, 1)
    starve(goods_of(chain(3, [], goods=ways)), room, 0.0, 1)
    network = GoodsNetwork.of([[0.0, 0.2], [0.4, 0.0]])  # o, s2 under the stop of s1
    balance = inoperability(network, [0.3, 0.1]).equilibrium
    assert room.short[[0, 2]] == pytest.approx(balance, abs=1e-9)


@given(share=st.floats(0.0, 1.0), stock=st.floats(0.0, 10.0), days=st.floats(0.0, 30.0),
       more=st.floats(0.0, 5.0))
def test_more_stock_never_loses_more(share: float, stock: float, days: float, more: float) -> None:
    ways = [delivery("s2", "s1", share, stock), delivery("s1", "o", share, stock)]
    better = [delivery("s2", "s1", share, stock + more), delivery("s1", "o", share, stock)]
    assert all(b <= a + 1e-9 for a, b in zip(lost(ways, {2: days})[0], lost(better, {2: days})[0],
                                             strict=True))
