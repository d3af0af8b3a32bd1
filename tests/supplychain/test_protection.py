"""The worth of protecting nodes: by hand, and sampled worlds against every set and world."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from dinghai.foundation.errors import InputError
from dinghai.supplychain.protection import RULES, Rule, exact_worth, sampled_worth
from tests.supplychain.graphs import graph, random_graph


def test_two_nodes_by_hand() -> None:
    # incidents start at A (0.5 a year) and reach B half the time; B costs 10, A costs 2
    one = graph([{"id": "A", "rate": 0.5, "loss": 2.0}, {"id": "B", "rate": 0.1, "loss": 10.0}],
                [("AB", 0.5)])
    found = exact_worth(one, "immune", budget=2)
    assert found.base == pytest.approx(0.5 * (2 + 5) + 0.1 * 10)
    assert found.first == pytest.approx({"A": 3.5, "B": 3.5})
    # B after A has only its own incidents left: (3.5 + 1) / 2
    assert found.shapley == pytest.approx({"A": (3.5 + 1.0) / 2, "B": (3.5 + 1.0) / 2})
    assert found.best[1].value == pytest.approx(3.5)
    assert found.best[2].value == pytest.approx(found.base)
    assert found.best[2].nodes == ("A", "B")
    halved = exact_worth(one, "halve", budget=1)
    assert halved.first == pytest.approx({"A": 1.75, "B": 0.5 * 0.25 * 10 + 0.5})


@pytest.mark.parametrize("exact", [True, False])
def test_nodes_that_avert_nothing_alone_may_be_the_best_pair(exact: bool) -> None:
    # every target is reached from X and from Y: only both together cut the way
    one = graph([*({"id": name, "rate": 1} for name in "STU"), "X", "Y",
                 *({"id": name, "loss": 1} for name in "abcd")],
                [*(start + way for start in "STU" for way in "XY"),
                 *(way + target for way in "XY" for target in "abcd")])
    found = (exact_worth(one, "immune", budget=2) if exact
             else sampled_worth(one, "immune", budget=2, worlds=10, seed=1))
    assert found.first["X"] == 0.0
    assert (found.best[2].nodes, found.best[2].value) == (("X", "Y"), pytest.approx(12.0))


def test_fair_shares_add_up_to_protecting_all() -> None:
    for number in range(30):
        one = with_rates(number)
        for rule in RULES:
            found = exact_worth(one, rule, budget=one.nodes)
            whole = found.best[one.nodes].value
            assert math.fsum(found.shapley.values()) == pytest.approx(whole, abs=1e-9)
            if rule == "immune":
                assert whole == pytest.approx(found.base)


def with_rates(number: int):  # type: ignore[no-untyped-def]
    one = random_graph(number, "ic", most=5)
    one.rate[:] = [0.0 if waits else 0.2 + place / 10
                   for place, waits in enumerate(one.waits_for_all)]
    return one


@pytest.mark.parametrize("rule", RULES)
def test_sampling_agrees_with_every_set_and_world(rule: Rule) -> None:
    scores: list[float] = []
    bases: list[float] = []  # one a graph: the others of a graph share its worlds
    for number in range(30):
        one = with_rates(number)
        exact = exact_worth(one, rule, budget=1)
        found = sampled_worth(one, rule, budget=1, worlds=4_000, seed=number)
        pairs = [(exact.base, found.base, found.errors["base"]),
                 *((exact.first[name], found.first[name], found.errors["first"][name])
                   for name in one.names),
                 *((exact.shapley[name], found.shapley[name], found.errors["shapley"][name])
                   for name in one.names)]
        if exact.base > 0.0:
            bases.append((found.base - exact.base) / max(found.errors["base"], 1e-12))
        for expected, value, error in pairs:
            if error < 1e-9:
                assert value == pytest.approx(expected, abs=1e-6)
            else:
                scores.append((value - expected) / error)
    assert max(map(abs, scores)) < 4.5
    assert sum(abs(one) > 3.0 for one in scores) <= 4
    spread = [one for one in bases if abs(one) > 1e-6]
    assert stats.chi2.sf(sum(one * one for one in spread), len(spread)) > 1e-3


def test_the_best_set_is_not_the_best_nodes_one_by_one() -> None:
    # either door alone still lets everything through: only both together are worth anything
    one = graph([{"id": "S", "rate": 1.0}, "A", "B", {"id": "T", "loss": 100.0},
                 {"id": "U", "loss": 30.0}],
                ["SA", "SB", "AT", "BT", ("SU", 1.0)])
    one.rate[0] = 1.0
    found = exact_worth(one, "immune", budget=2)
    assert found.first["A"] == found.first["B"] == 0.0
    assert found.best[2].value == pytest.approx(130.0)
    assert found.best[2].proved


def test_a_wide_graph_is_planned_by_steps_and_says_so() -> None:
    names = [f"n{place}" for place in range(40)]
    one = graph([{"id": name, "rate": 0.1, "loss": float(place)}
                 for place, name in enumerate(names)],
                [{"from": names[place], "to": names[(place * 7 + 1) % 40], "p": 0.3}
                 for place in range(40)])
    found = sampled_worth(one, "immune", budget=3, worlds=300, seed=1)
    assert not found.best[3].proved
    assert found.best[3].value >= max(found.first.values())
    values = [found.best[number].value for number in (1, 2, 3)]
    assert values == sorted(values)
    with pytest.raises(InputError, match="sets"):
        exact_worth(one, "immune", budget=1)
