"""Dominators against removal by hand; blast radius against levels; single points at hand."""

from __future__ import annotations

import random
from datetime import date

import msgspec
import numpy as np
import pytest

from dinghai.supplychain.blast_radius import BlastRadius, blast_radius, single_points
from dinghai.supplychain.chain import Goods, Link, Provider
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.dominators import dominated, immediate_dominators
from dinghai.supplychain.event_losses import event_losses, losses_by_year
from dinghai.supplychain.node_levels import sums_of
from dinghai.supplychain.reach import Reach, reach_from
from dinghai.supplychain.strikes import field_of
from tests.supplychain.step_chains import asset, chain, firm

DAY = 86_400


def reached(nodes: int, edges: list[tuple[int, int]], root: int, without: int) -> set[int]:
    seen, waiting = {root}, [root]
    while waiting:
        here = waiting.pop()
        for source, target in edges:
            if source == here and target not in seen and target != without:
                seen.add(target)
                waiting.append(target)
    return seen if root != without else set()


@pytest.mark.parametrize("number", range(200))
def test_a_node_dominates_what_cannot_be_reached_without_it(number: int) -> None:
    draw = random.Random(number)
    nodes = draw.randint(1, 9)
    edges = [(a, b) for a in range(nodes) for b in range(nodes)
             if draw.random() < draw.choice([0.15, 0.3])]
    found = immediate_dominators(nodes, edges, 0)
    all_reached = reached(nodes, edges, 0, -1)
    assert {node for node in range(nodes) if found[node] >= 0} == all_reached
    below = dominated(found, 0)
    for node in range(1, nodes):
        cut_off = all_reached - reached(nodes, edges, 0, node) - {node} if (
            node in all_reached) else set()
        assert set(below.get(node, [])) == cut_off


def test_a_long_line_needs_no_deep_recursion() -> None:
    number = 20_000
    found = immediate_dominators(number, [(one, one + 1) for one in range(number - 1)], 0)
    assert found == [0, *range(number - 1)]


@pytest.fixture(scope="module")
def model() -> ChainModel:
    """c and d reach the owner a only through b; e reaches it by itself. Goods: d → c → a, e → a."""
    names = "abcde"
    one = chain(*(firm(name, tier=min(place, 1), role="supplier" if place else "owner")
                  for place, name in enumerate(names)),
                links=[Link(source=source, target=target, kind="remote_access",
                            privilege="administrator")
                       for source, target in ("ba", "cb", "dc", "db", "ea")]
                + [Link(source="cloud", target="c", kind="shared_provider")],
                assets=[asset("remote_access", "vpn", of=name, exposed=True) for name in names]
                + [asset("files", "files", of=name, output_share_ppm=900_000) for name in names])
    return chain_model(msgspec.structs.replace(
        one, as_of=date(2026, 1, 1),
        providers=(Provider(id="cloud", name_zh="云", kind="cloud"),),
        goods=(Goods(source="d", target="c", share_ppm=700_000),
               Goods(source="c", target="a", share_ppm=600_000, stock_seconds=DAY),
               Goods(source="e", target="a", share_ppm=100_000))))


@pytest.fixture(scope="module")
def reach(model: ChainModel) -> Reach:
    return reach_from(model.twin, model.outcomes, model.supply, model.rates, worlds=2000)


@pytest.fixture(scope="module")
def found(model: ChainModel, reach: Reach) -> BlastRadius:
    return blast_radius(model, reach, model.events(years=4000, seed=2))


def test_single_points_are_those_without_which_others_do_not_reach_the_owner(
        model: ChainModel) -> None:
    names = model.twin.names
    points = {(one.graph, names[one.place]): ({names[other] for other in one.cuts_off}, one.depth)
              for one in single_points(model)}
    assert points == {("attack", "b"): ({"c", "d", "cloud"}, 0), ("attack", "c"): ({"cloud"}, 1),
                      ("goods", "c"): ({"d"}, 0)}


def test_a_blast_is_what_a_compromise_exports(
        model: ChainModel, reach: Reach, found: BlastRadius) -> None:
    levels = sums_of(reach, model.rates)
    for one in found.nodes:
        place = model.twin.names.index(one.id)
        assert one.loss_fen is not None and one.elsewhere_fen is not None
        assert one.compromises_a_year * one.elsewhere_fen == pytest.approx(
            levels.exported[place], abs=one.compromises_a_year + 1)
        assert one.compromises_a_year * one.loss_fen == pytest.approx(
            levels.exported[place] + levels.own[place], abs=one.compromises_a_year + 1)
        assert (one.low_fen or 0) <= one.loss_fen <= (one.high_fen or 0)
        assert one.elsewhere_fen == pytest.approx(
            sum(other.loss_fen for other in one.reached), abs=len(one.reached) + 1)
        assert one.id not in {other.id for other in one.reached}
    assert [one.loss_fen for one in found.nodes] == sorted(
        (one.loss_fen for one in found.nodes), key=lambda fen: -(fen or 0))


def test_a_provider_is_compromised_as_often_as_declared(
        model: ChainModel, found: BlastRadius) -> None:
    cloud = next(one for one in found.nodes if one.id == "cloud")
    place = model.twin.names.index("cloud")
    assert cloud.compromises_a_year == pytest.approx(model.rates[place].sum())
    assert {one.id for one in cloud.reached} >= {"c"}


def test_without_a_single_point_no_year_is_worse(model: ChainModel, found: BlastRadius) -> None:
    events = model.events(years=4000, seed=2)
    field = field_of(model.twin, model.outcomes)
    base = losses_by_year(events, event_losses(field, events, model.supply))
    assert found.mean_fen == round(base.mean())
    for one in found.single_points:
        assert (one.mean_averted_fen or 0) > 0
        assert (one.tail_averted_fen or 0) >= 0
        if one.graph == "attack":
            place = model.twin.names.index(one.id)
            without = losses_by_year(events, event_losses(
                field, events, model.supply, guarded=place))
            assert (without <= base).all()
            assert one.mean_without_fen == round(without.mean())
            worst = np.sort(without)[-40:]
            assert one.tail_without_fen == pytest.approx(worst.mean(), rel=0.02)


def test_the_same_on_any_number_of_cores(model: ChainModel, reach: Reach) -> None:
    events = model.events(years=500, seed=2)
    assert blast_radius(model, reach, events, workers=1) == blast_radius(
        model, reach, events, workers=2)
