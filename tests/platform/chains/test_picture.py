"""The picture of a chain stays small, whatever the chain's size, and leaves nothing uncounted."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.utils import translation

from dinghai.supplychain.chain import Chain, Firm, Goods, Link, Provider
from dinghai_platform.chains.nodes import nodes_of
from dinghai_platform.chains.picture import MOST_EDGES, MOST_NODES, picture_of

SECTIONS = "ACDFGHIJKMNR"


def large(firms: int = 5_000) -> Chain:
    """An owner with many suppliers in four tiers and dealers in two, each linked twice."""
    made = [Firm("own", "链主", "owner", 0, "C", 10**12)]
    links, goods = [], []
    for number in range(1, firms):
        tier = 1 + number % 4 if number % 5 else 1 + number % 2
        role = "supplier" if number % 5 else "dealer"
        made.append(Firm(f"f{number}", f"企业{number}", role, tier,
                         SECTIONS[number // 20 % len(SECTIONS)], 10**8 * (1 + number % 97)))
        partner = made[number // 2].id
        links.append(Link(f"f{number}", partner, "remote_access"))
        links.append(Link(f"p{number % 6}", f"f{number}", "shared_provider"))
        goods.append(Goods(f"f{number}", partner, 100))
    return Chain(
        "dinghai.chain/1", "large", "大链", "own", date(2026, 3, 31), tuple(made),
        providers=tuple(Provider(f"p{one}", f"服务商{one}", "cloud") for one in range(6)),
        links=tuple(links), goods=tuple(goods))


@pytest.fixture(scope="module")
def chain() -> Chain:
    return large()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_five_thousand_firms_are_a_small_picture(chain: Chain, language: str) -> None:
    with translation.override(language):
        nodes = nodes_of(chain, {}, english=language == "en")
        whole = picture_of(chain, nodes)
    assert whole is not None
    text = json.dumps(whole.to_dict(), ensure_ascii=False).encode()
    assert len(text) < 250_000
    assert len(whole.marks) < 120 and len(whole.edges) <= MOST_EDGES
    assert sum(one.number for one in whole.marks) == len(chain.firms) + len(chain.providers)
    assert whole.hidden_edges > 0  # what is not drawn is counted


def test_a_bubble_shows_its_largest_firms_and_counts_the_others(chain: Chain) -> None:
    nodes = nodes_of(chain, {}, english=False)
    group = max({one.group for one in nodes},
                key=lambda name: sum(one.group == name for one in nodes))
    inside = [one for one in nodes if one.group == group]
    drawn = picture_of(chain, nodes, group=group)
    assert drawn is not None
    single = {one.id for one in drawn.marks} & {one.id for one in inside}
    assert len(single) == min(MOST_NODES, len(inside))
    assert drawn.hidden_nodes == len(inside) - len(single) > 0
    smallest = min(one.revenue_fen or 0 for one in inside if one.id in single)
    assert all((one.revenue_fen or 0) <= smallest for one in inside if one.id not in single)
    assert len(json.dumps(drawn.to_dict())) < 250_000


def test_circles_do_not_lie_on_each_other(chain: Chain) -> None:
    drawn = picture_of(chain, nodes_of(chain, {}, english=False))
    assert drawn is not None
    marks = list(drawn.marks)
    for place, one in enumerate(marks):
        assert 0 <= one.x <= drawn.width and 0 <= one.y + one.r <= drawn.height
        for other in marks[place + 1:]:
            distance = ((one.x - other.x) ** 2 + (one.y - other.y) ** 2) ** 0.5
            assert distance >= one.r + other.r, (one.id, other.id)


def test_layers_are_drawn_apart(chain: Chain) -> None:
    nodes = nodes_of(chain, {}, english=False)
    for layer in ("attack", "goods"):
        drawn = picture_of(chain, nodes, layer=layer)
        assert drawn is not None and {one.layer for one in drawn.edges} == {layer}
    assert picture_of(chain, nodes, group="no such") is None
