"""The twin's kernel: against exact enumeration and closed forms, and what must never move."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from dinghai.supplychain.enumeration import exact_outcomes
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.goods import GoodsWays
from dinghai.supplychain.outcomes import BINS, Outcomes
from dinghai.supplychain.programme import Terms, no_terms
from dinghai.supplychain.ranking import rank_parties
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.twin import Twin, step_graph_of, twin_of
from dinghai.supplychain.years import ChainYears, Supply, draw_events, run_years
from tests.supplychain.twins import chain, firm_steps, twin

LINKS = [("s1", "o", "remote_access"), ("s2", "s1", "email_trust"), ("s3", "s2", "remote_access"),
         ("p1", "s3", "shared_provider"), ("p1", "o", "shared_provider"),
         ("o", "s3", "email_trust")]
NEVER = 50.0


def one_yuan(parties: int, loss: int = 100) -> Outcomes:
    """Every impact costs the same."""
    return Outcomes(np.array([1.0]), np.full((parties, 6, BINS), loss, dtype=np.int64),
                    np.zeros((parties, 6, BINS), dtype=np.int64))


def nothing_paid(firms: int) -> Terms:
    """A programme that pays nothing, in the shape of these tests' outcomes."""
    return no_terms(firms, perils=6, bins=2 * BINS)


def no_goods(firms: int) -> Supply:
    empty = np.zeros(0)
    return Supply(GoodsWays(np.zeros(firms + 1, dtype=np.int32), np.zeros(0, dtype=np.int32),
                            empty, empty), np.zeros(firms), 0.0)


def run(one: Twin, rate: list[float], *, years: int = 20_000, seed: int = 1,
        outcomes: Outcomes | None = None, workers: int | None = None) -> ChainYears:
    field = field_of(one, outcomes or one_yuan(one.parties))
    aims = np.zeros((one.parties, 6))
    aims[:, 0] = rate
    events = draw_events(aims, years=years, seed=seed)
    return run_years(field, events, no_goods(one.parties),
                     nothing_paid(one.parties), workers=workers,
                     horizon_days=np.inf)


def test_firms_are_struck_as_often_as_enumeration_says() -> None:
    one = twin(chain(4, LINKS, providers=1), containment_mu=NEVER)
    graph = step_graph_of(one)
    impacts = [graph.names.index(f"{name}/encrypt") for name in one.names[:4]]
    for root in range(one.parties):
        rate = [float(party == root) for party in range(one.parties)]
        found = run(one, rate)
        begin = graph.names.index(f"{one.names[root]}/{one.codes(root)[0]}")
        exact = exact_outcomes(graph, np.array([begin], dtype=np.int32))
        for firm, step in enumerate(impacts):
            p = sum(chance for mask, chance in exact.items() if mask >> step & 1)
            number = int(found.starts[root])
            assert stats.binomtest(int(found.struck[firm]), number, p).pvalue > 1e-4
        assert found.starts.sum() == found.starts[root]


def lone(mu: float, sigma: float, containment: float, spread: float) -> FirmSteps:
    return FirmSteps(
        codes=("attack", "encrypt"), waits_for_all=np.zeros(2, dtype=np.bool_),
        chance=np.array([1.0, 0.7]), peril=np.array([-1, 0], dtype=np.int8),
        output_share=np.zeros(2), source=np.array([0], dtype=np.int32),
        target=np.array([1], dtype=np.int32), mu=np.array([mu]), sigma=np.array([sigma]), start=0,
        entries={}, exits={}, containment_mu=containment, containment_sigma=spread)


def test_containment_is_a_race_of_two_lognormal_times() -> None:
    one = twin_of(chain(1, []), {"o": lone(1.0, 0.8, 1.3, 0.5)})
    found = run(one, [1.0], years=50_000)
    p = 0.7 * stats.norm.cdf((1.3 - 1.0) / math.hypot(0.8, 0.5))
    assert stats.binomtest(int(found.struck[0]), int(found.starts[0]), p).pvalue > 1e-3


def test_sums_are_the_same_on_any_number_of_cores_and_add_up() -> None:
    one = twin(chain(4, LINKS, providers=1))
    outcomes = Outcomes(np.array([0.3, 0.7]), np.arange(5 * 6 * 2 * BINS).reshape(5, 6, -1) + 7,
                        np.zeros((5, 6, 2 * BINS), dtype=np.int64))
    rate = [0.5, 0.4, 0.3, 0.2, 0.1]
    first = run(one, rate, outcomes=outcomes, workers=1)
    second = run(one, rate, outcomes=outcomes, workers=2)
    assert (first.loss == second.loss).all()
    assert (first.exported == second.exported).all()
    assert first.loss.sum() == first.own.sum() + first.inherited.sum()
    assert first.inherited.sum() == first.exported.sum()
    assert first.own[4] == 0
    assert first.exported[4] > 0
    share = first.starts / first.starts.sum()
    assert share == pytest.approx(np.array(rate) / 1.5, abs=0.01)


@pytest.mark.parametrize("field", ["entry", "spread", "impact"])
def test_a_better_control_never_raises_a_loss_in_any_year(field: str) -> None:
    known = chain(4, LINKS, providers=1)
    base = {firm.id: firm_steps(entry=0.6, spread=0.9, impact=0.9, containment_mu=1.2)
            for firm in known.firms}
    better = {**base, "s3": firm_steps(**{"entry": 0.6, "spread": 0.9, "impact": 0.9,
                                          "containment_mu": 1.2, field: 0.3})}
    quicker = {**base, "s3": replace(base["s3"], containment_mu=0.8)}
    outcomes = Outcomes(np.array([1.0]), np.arange(5 * 6 * BINS).reshape(5, 6, -1),
                        np.zeros((5, 6, BINS), dtype=np.int64))
    rate = [0.5] * 5
    before = run(twin_of(known, base), rate, outcomes=outcomes)
    for steps in (better, quicker):
        after = run(twin_of(known, steps), rate, outcomes=outcomes)
        assert (after.loss <= before.loss).all()
        assert after.loss.sum() < before.loss.sum()
        assert (after.starts == before.starts).all()


def test_a_firm_that_changes_leaves_the_luck_of_others_alone() -> None:
    known = chain(3, [("s1", "o", "remote_access")])
    base = {firm.id: firm_steps() for firm in known.firms}
    more = firm_steps()
    longer = replace(
        more, codes=(*more.codes, "new"), waits_for_all=np.append(more.waits_for_all, False),
        chance=np.append(more.chance, 0.5), peril=np.append(more.peril, np.int8(-1)),
        output_share=np.append(more.output_share, 0.0))
    before = run(twin_of(known, base), [1.0] * 3)
    after = run(twin_of(known, {**base, "s2": longer}), [1.0] * 3)
    assert (before.loss == after.loss).all()
    assert (before.struck == after.struck).all()


def test_firms_that_are_alike_share_a_structure() -> None:
    one = twin(chain(4, LINKS, providers=1))
    assert len(one.structures) == 2
    assert one.structure.tolist() == [0, 0, 0, 0, 1]


def test_a_link_into_a_step_that_waits_for_all_is_refused() -> None:
    steps = firm_steps()
    wrong = replace(steps, entries={"remote_access": steps.codes.index("control")})
    with pytest.raises(ValueError, match="waits for all"):
        twin_of(chain(2, [("s1", "o", "remote_access")]), {"s1": steps, "o": wrong})


def test_more_events_in_a_year_where_events_bring_events() -> None:
    plain = draw_events(np.array([[5.0]]), years=20_000, seed=1)
    brought = draw_events(np.array([[5.0]]), years=20_000, seed=1, branching=0.5, memory_days=10.0)
    counts = np.diff(plain.first), np.diff(brought.first)
    assert counts[0].var() / counts[0].mean() == pytest.approx(1.0, abs=0.05)
    assert counts[1].var() / counts[1].mean() > 2.5
    assert counts[1].mean() == pytest.approx(5.0, rel=0.05)


def test_protecting_a_party_averts_what_enumeration_says() -> None:
    one = twin(chain(4, LINKS, providers=1), containment_mu=NEVER)
    outcomes = one_yuan(one.parties)
    rate = np.zeros((one.parties, 6))
    rate[:, 0] = [0.5, 0.4, 0.3, 0.2, 0.6]
    events = draw_events(rate, years=60_000, seed=3)
    found = rank_parties(field_of(one, outcomes), events, horizon_days=np.inf)
    again = rank_parties(field_of(one, outcomes), events, horizon_days=np.inf, workers=1)
    assert (found.averted == again.averted).all()
    graph = step_graph_of(one)
    impacts = [graph.names.index(f"{name}/encrypt") for name in one.names[:4]]

    def loss(protected: str) -> float:
        inside = [name.split("/")[0] == protected for name in graph.names]
        guarded = replace(graph, edge_chance=np.where(
            np.array(inside)[graph.target], 0.0, graph.edge_chance))
        total = 0.0
        for party, name in enumerate(one.names):
            if name != protected:
                start = graph.names.index(f"{name}/{one.codes(party)[0]}")
                outcome = exact_outcomes(guarded, np.array([start], dtype=np.int32))
                total += float(rate[party, 0]) * 100 * sum(
                    chance * sum(mask >> step & 1 for step in impacts)
                    for mask, chance in outcome.items())
        return total

    base = loss("nobody")
    for party, name in enumerate(one.names):
        assert abs(found.averted[party] - (base - loss(name))) < 4.5 * found.error[party]
