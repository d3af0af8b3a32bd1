"""Fixes of a chain: what each is worth, and the plan, against full runs and every choice."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from dinghai.evidence.feeds import shipped_epss, shipped_kev
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_hardening import (
    HardeningPlan,
    Metric,
    harden_chain,
    protect_parties,
)
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_patch import patched
from dinghai.supplychain.chain_results import simulate_chain
from dinghai.supplychain.costly_events import CostlyEvents, Worlds, costly_events
from dinghai.supplychain.fix_costs import Costs, read_chain_costs
from dinghai.supplychain.fix_shares import choices_of
from dinghai.supplychain.fixes import Fix, Workshop, fixes_of
from dinghai.supplychain.goods import goods_of
from dinghai.supplychain.hardening import Hardening, Measure
from dinghai.supplychain.outcomes import BINS, Outcomes
from dinghai.supplychain.plan_bounds import Bounds
from dinghai.supplychain.protected_years import protection
from dinghai.supplychain.ranking import rank_parties
from dinghai.supplychain.reruns import Change, Changes, LinkChange, Reruns, Variant
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.twin import Twin, twin_of
from dinghai.supplychain.worst_years import tail_mean_of
from dinghai.supplychain.years import Supply, draw_events
from tests.supplychain.twins import chain, firm_steps

ENERGY = Path(__file__).parents[2] / "examples" / "energy"
YEARS = 400
DAY = 86_400


@cache
def energy() -> tuple[ChainModel, Workshop]:
    known = read_chain(ENERGY)
    feeds = {"kev": shipped_kev(), "epss": shipped_epss()}
    model = chain_model(known, **feeds)
    return model, Workshop(known, model.twin, **feeds)


@cache
def energy_worlds() -> tuple[Reruns, Reruns]:
    """As drawn, and with averaged severity."""
    model, _ = energy()
    worlds = Worlds(field_of(model.twin, model.outcomes), model.supply,
                    model.events(years=YEARS, seed=3))
    drawn, averaged = costly_events(worlds)
    return Reruns(worlds, drawn), Reruns(worlds.with_mean_severity(), averaged)


@cache
def energy_fixes() -> dict[str, Fix]:
    return {one.id: one for one in fixes_of(energy()[0].chain, Costs())}


def all_of(changes: Sequence[Change]) -> Changes:
    found = Changes()
    for one in changes:
        found = found.with_change(one)
    return found


def test_the_events_that_strike_somebody_are_the_losses_of_the_years() -> None:
    drawn, averaged = energy_worlds()
    years = simulate_chain(energy()[0], years=YEARS, seed=3).years
    assert (drawn.events.loss == years.loss).all()
    assert drawn.events.through_goods.sum() == years.starved.sum() > 0
    assert len(drawn.events.number) < energy_worlds()[0].worlds.events.number / 2
    difference = (drawn.events.loss - averaged.events.loss).astype(float)
    assert abs(difference.mean()) < 4 * difference.std() / YEARS**0.5
    assert averaged.events.loss.std() < drawn.events.loss.std() / 2


def some_fixes() -> list[tuple[str, ...]]:
    fixes = energy_fixes()
    mfa = next(name for name, one in fixes.items() if one.kind == "mfa")
    apart = next(name for name, one in fixes.items()
                 if one.kind == "segmentation" and one.firm == "shuoyuan")
    finding = next(name for name, one in fixes.items() if one.kind == "finding")
    return [("plant-b/IAM-01",), ("grid/DET-03",), ("wind/NET-01",), (mfa,), (apart,),
            (finding,), ("plant-b/IAM-01", "plant-b/BCR-01", "grid/HUM-01", finding, apart)]


@pytest.mark.parametrize("place", range(7))
def test_a_fix_is_worth_what_the_patched_chain_says(place: int) -> None:
    names = some_fixes()[place]
    model, workshop = energy()
    fixes = [energy_fixes()[name] for name in names if name in energy_fixes()]
    assert len(fixes) == len(names)
    known: Chain = model.chain
    for one in fixes:
        known = patched(known, one.patch())
    other = chain_model(known, kev=shipped_kev(), epss=shipped_epss())
    expected = simulate_chain(replace(other, rates=model.rates), years=YEARS, seed=3).years.loss
    runs = energy_worlds()[0]
    search = Hardening(runs, fixes, workshop.changes, budget_fen=10**12)
    state = search.with_fixes(fixes)
    assert (search.loss(state) == expected).all()
    assert (expected != runs.events.loss).any() or place in (1, 3, 4)


@pytest.mark.parametrize("reading", [0, 1])
def test_what_is_not_run_again_would_not_have_changed(reading: int) -> None:
    runs = energy_worlds()[reading]
    _, workshop = energy()
    held = workshop.changes([energy_fixes()["plant-b/HUM-01"], energy_fixes()["grid/IAM-01"]])
    base = all_of(held)
    for firm in ("plant-b", "grid", "shuoyuan"):
        fixes = [one for one in energy_fixes().values() if one.firm == firm][:60]
        with_held = [*([energy_fixes()["plant-b/HUM-01"]] if firm == "plant-b" else []),
                     *([energy_fixes()["grid/IAM-01"]] if firm == "grid" else [])]
        candidates = [found[0] for one in fixes if one.group not in {
            other.group for other in with_held} and (found := workshop.changes(
                [*(with_held if one.link is None else []), one]))]
        places = runs.events.at(fixes[0].party)
        now = runs.totals(base, places)
        gains = runs.gains(base, now, candidates, places)
        assert gains.shape == (len(candidates), len(places))
        for row, candidate in zip(gains, candidates, strict=True):
            assert (row == now - runs.totals(base.with_change(candidate), places)).all()
        assert (gains > 0).any()


def test_the_lazy_plan_is_the_plan_of_looking_at_everything() -> None:
    _, workshop = energy()
    kept = {"IAM-01", "HUM-01", "EPP-02", "BCR-02", "DET-03"}
    fixes = [one for one in energy_fixes().values() if one.indicator in kept or one.link]
    for reading, measure in ((1, Measure()), (0, Measure(0.05))):
        found = [Hardening(energy_worlds()[reading], fixes, workshop.changes, lazy=lazy,
                           budget_fen=30_000_000, most=4, measure=measure)
                 for lazy in (True, False)]
        for per_cost in (True, False):
            plans = [one._filled(one.start(), per_cost=per_cost) for one in found]
            assert [one.id for one in plans[0].fixes] == [one.id for one in plans[1].fixes]
            assert plans[0].fixes
        assert found[0].looked_at < found[1].looked_at


# a small chain with fixes of its own

LINKS = [("s1", "o", "remote_access"), ("s2", "s1", "remote_access"), ("s3", "s1", "email_trust"),
         ("s2", "o", "email_trust"), ("p1", "s2", "shared_provider")]
KNOWN = chain(4, LINKS, providers=1, goods=[
    {"from": "s1", "to": "o", "share_ppm": 400_000, "stock_seconds": DAY},
    {"from": "s3", "to": "s1", "share_ppm": 900_000, "stock_seconds": 0}])


def small(
    years: int = 3000, *, goods: bool = True, open_links: bool = False,
) -> tuple[Worlds, CostlyEvents, CostlyEvents, Twin]:
    steps = {firm.id: firm_steps(entry=0.7, spread=0.9, impact=0.9, containment_mu=2.0)
             for firm in KNOWN.firms}
    one = twin_of(KNOWN, steps)
    if open_links:
        one = replace(one, links=replace(one.links, chance=np.ones(len(one.links.chance))))
    stopped = np.zeros((5, 6, BINS), dtype=np.int64)
    stopped[:4] = np.arange(BINS) * DAY // 4
    outcomes = Outcomes(np.ones(1), 100 + np.arange(5 * 6 * BINS).reshape(5, 6, -1), stopped)
    rate = np.zeros((5, 6))
    rate[:, 0] = [0.2, 0.3, 0.5, 0.4, 0.2]
    ways = goods_of(KNOWN if goods else chain(4, LINKS, providers=1))
    worlds = Worlds(field_of(one, outcomes), Supply(ways, np.array([900.0, 200.0, 0.0, 0.0]), 0.0),
                    draw_events(rate, years=years, seed=5), np.inf)
    return worlds, *costly_events(worlds), one


STEPS = ("foothold", "credentials", "tools", "encrypt")
FACTORS = {"door": {"foothold": 0.5}, "half": {"credentials": 0.5}, "other": {"tools": 0.5},
           "backup": {"encrypt": 0.4}}


def small_fixes(costs: dict[str, int] | None = None) -> list[Fix]:
    return [Fix(f"{name}/{kind}", "control", party, name, (costs or {}).get(kind, 10 + 3 * place),
                f"{name}/{kind}", kind)
            for party, name in enumerate(("o", "s1", "s2"))
            for place, kind in enumerate(FACTORS)]


def maker(one: Twin):  # type: ignore[no-untyped-def]
    def make(fixes: Sequence[Fix]) -> tuple[Change, ...]:
        found: list[Change] = []
        for party in sorted({fix.party for fix in fixes}):
            chance = one.chance[one.begin[party]:one.begin[party + 1]].copy()
            for fix in fixes:
                if fix.party == party:
                    for step, factor in FACTORS[str(fix.indicator)].items():
                        chance[one.codes(party).index(step)] *= factor
            found.append(Variant(party, chance, None, tuple(one.containment[party])))
        return tuple(found)

    return make


@pytest.mark.parametrize("measure", [Measure(), Measure(0.02)])
def test_the_plan_of_few_fixes_is_the_best_of_all_and_no_choice_passes_the_bound(
    measure: Measure,
) -> None:
    worlds, drawn, _, one = small(1500)
    runs, fixes = Reruns(worlds, drawn), small_fixes()
    search = Hardening(runs, fixes, maker(one), budget_fen=45, most=3, measure=measure)
    exact = search.exact()
    assert exact is not None
    base = search.value(search.start())
    best = base
    for number in range(4):
        for some in itertools.combinations(fixes, number):
            if sum(fix.cost_fen for fix in some) <= 45:
                best = min(best, search.value(search.with_fixes(some)))
    assert search.value(exact) == best
    found = search.best()
    assert found.cost_fen <= 45
    assert len(found.fixes) <= 3
    assert search.value(found) <= base
    assert base - best <= Bounds(search).proven()
    assert base - search.value(found) <= Bounds(search).unless_reinforced(found)
    assert Bounds(search).proven() < base


def test_fixes_that_reinforce_each_other_are_inside_the_proven_bound_alone() -> None:
    """Two ways into one firm: to close both is worth more than the sum of closing each."""
    worlds, drawn, _, one = small(goods=False, open_links=True)
    runs = Reruns(worlds, drawn)
    into = [int(link) for link in np.flatnonzero(one.links.party == 0)]
    ways = [link for link in KNOWN.links if link.target == "o"]
    assert len(into) == len(ways) == 2
    fixes = [Fix(f"way-{place}", "mfa", 0, "o", 10, f"way-{place}", link=way)
             for place, way in enumerate(ways)]

    def make(chosen: Sequence[Fix]) -> tuple[Change, ...]:
        return tuple(LinkChange(into[fixes.index(fix)], 0.0) for fix in chosen)

    search = Hardening(runs, fixes, make, budget_fen=20)
    worth = [search.value(search.start()) - search.value(search.with_fixes(some))
             for some in ([fixes[0]], [fixes[1]], fixes)]
    assert worth[2] > worth[0] + worth[1] > 0
    assert Bounds(search).unless_reinforced(search.start()) < worth[2] <= Bounds(search).proven()
    exact = search.exact()
    assert exact is not None
    assert set(exact.fixes) == set(fixes)


def test_shares_of_a_plan_add_up_to_what_it_averts() -> None:
    worlds, drawn, _, one = small()
    runs, fixes = Reruns(worlds, drawn), small_fixes()[:6]
    grouped = choices_of(runs, fixes, maker(one))
    assert grouped is not None
    search = Hardening(runs, fixes, maker(one), budget_fen=10**6)
    after = search.loss(search.with_fixes(fixes))
    assert (grouped.loss((1 << 6) - 1) == after).all()
    assert (grouped.loss(0) == drawn.loss).all()
    shares = grouped.shapley_of_mean(6)
    assert sum(shares) == pytest.approx((drawn.loss - after).mean())
    by_measure = grouped.shapley_of(lambda loss: int(loss.sum()) / len(loss), 6)
    assert shares == pytest.approx(by_measure)
    tail = grouped.shapley_of(Measure(0.02).of, 6)
    assert sum(tail) == pytest.approx(tail_mean_of(drawn.loss, 0.02) - tail_mean_of(after, 0.02))
    assert choices_of(runs, fixes, maker(one), most_runs=10) is None


def test_protecting_a_party_is_the_ranking_with_goods_and_the_tail_taken_anew() -> None:
    worlds, drawn, averaged, _ = small(goods=False)
    plain = rank_parties(worlds.field, worlds.events, horizon_days=np.inf)
    found = protection(drawn, averaged, worst=0.02)
    assert (drawn.sums(drawn.averted) / drawn.years == plain.averted).all()
    assert found.averted == pytest.approx(averaged.sums(averaged.averted) / drawn.years)
    worlds, drawn, averaged, _ = small()
    found = protection(drawn, averaged, worst=0.02, leading=3)
    assert found.exact.sum() == 3
    entries = np.repeat(np.arange(len(drawn.number)), np.diff(drawn.first))
    for party in range(5):
        fall = drawn.total * 0
        mine = drawn.party == party
        fall[entries[mine]] = drawn.averted[mine]
        after = drawn.loss - drawn.by_year(fall)
        exact = tail_mean_of(drawn.loss, 0.02) - tail_mean_of(after, 0.02)
        assert found.at_most[party] >= exact - 1e-6  # floats of the same fen
        assert found.tail[party] == (exact if found.exact[party] else found.at_most[party])
    assert set(np.argsort(-found.at_most)[:3]) == set(np.flatnonzero(found.exact))
    assert (found.tail < found.at_most)[found.exact].any()


def test_any_number_of_cores_gives_the_same() -> None:
    worlds, drawn, _, one = small()
    again = costly_events(worlds, workers=1)[0]
    for name in ("number", "total", "party", "averted", "most"):
        assert (getattr(drawn, name) == getattr(again, name)).all()
    candidates = [change for fix in small_fixes() if fix.party == 1
                  for change in maker(one)([fix])]
    places = drawn.at(1)
    rows = [Reruns(worlds, drawn, workers=workers).gains(
        Changes(), drawn.total[places], candidates, places) for workers in (1, 2)]
    assert (rows[0] == rows[1]).all()
    assert (rows[0] >= 0).any()


def test_patching_the_choke_point_lowers_the_owners_hits_by_this_much() -> None:
    """Acceptance A32: with the seed fixed. Suppliers reach the owner through one firm alone."""
    known = chain(6, [("s1", "o", "remote_access"), *(
        (f"s{number}", "s1", "remote_access") for number in range(2, 6))])
    steps = {firm.id: firm_steps(entry=0.8, spread=0.95, containment_mu=3.0)
             for firm in known.firms}
    one = twin_of(known, steps)
    one = replace(one, links=replace(one.links, chance=np.full(5, 0.9)))
    loss = np.zeros((6, 6, BINS), dtype=np.int64)
    loss[0] = 100
    rate = np.zeros((6, 6))
    rate[:, 0] = [0.02, 0.1, 0.1, 0.1, 0.1, 0.1]
    worlds = Worlds(
        field_of(one, Outcomes(np.ones(1), loss, np.zeros_like(loss))),
        Supply(goods_of(known), np.zeros(6), 0.0), draw_events(rate, years=20_000, seed=7), np.inf)
    drawn, averaged = costly_events(worlds)
    ranked = np.argsort(-protection(drawn, averaged).averted)
    assert ranked[:2].tolist() == [0, 1]  # the owner itself, then the choke point
    runs = Reruns(worlds, drawn)
    fixes = [Fix(f"s{place}/door", "control", place, f"s{place}", 10, f"s{place}/door", "door")
             for place in range(1, 6)]
    plan = Hardening(runs, fixes, maker(one), budget_fen=10).best()
    assert [fix.id for fix in plan.fixes] == ["s1/door"]
    hits = [int((total > 0).sum()) for total in (drawn.total, plan.now)]
    assert hits == [1946, 1096]  # in 20,000 years: from 9.7% to 5.5% a year


# the answer

def schema_of(name: str) -> JSON:
    file = files("dinghai.data") / "schemas" / f"{name}.schema.json"
    return json.loads(file.read_text("utf-8"))


@cache
def plan(metric: Metric = "mean") -> HardeningPlan:
    model, _ = energy()
    return harden_chain(model, years=YEARS, seed=3, budget_fen=1_500_000, most=2, metric=metric,
                        kev=shipped_kev(), epss=shipped_epss())


@pytest.mark.parametrize("metric", ["mean", "tvar99"])
def test_the_answer_adds_up(metric: Metric) -> None:
    found = plan(metric)
    document: dict[str, JSON] = found.to_dict()
    assert 0 < found.cost_fen <= 1_500_000
    assert 0 < len(found.fixes) <= 2
    assert document["complete"]
    summary = document["plan"]
    for name in ("averted_fen", "tail_averted_fen"):
        parts = [one["on_top"][name] for one in document["fixes"]]
        assert sum(parts) == pytest.approx(summary[name], abs=len(parts))
    assert sum(one["share_fen"] for one in document["fixes"]) == pytest.approx(
        summary["averted_fen"], abs=3)
    assert sum(one["tail_share_fen"] for one in document["fixes"]) == pytest.approx(
        summary["tail_averted_fen"], abs=3)
    before, after = document["before"], document["after"]
    assert before["expected_fen"] - after["expected_fen"] == pytest.approx(
        summary["averted_fen"], abs=2)
    key = "averted_fen" if metric == "mean" else "tail_averted_fen"
    assert summary[key] <= summary["bound_unless_reinforced_fen"] <= summary["bound_fen"]
    assert 0 < summary["gap_ppm"] < 1_000_000
    for one in document["fixes"]:
        moved = sum(each["own_fen"] + each["exported_fen"] for each in one["by_party"])
        assert moved == pytest.approx(one["alone"]["averted_fen"], abs=20)
        assert one["patch"]
    rows = document["exceedance"]
    assert [row["return_years"] for row in rows] == [2, 5, 10, 20, 50, 100, 200]
    assert all(row["after_fen"] <= row["before_fen"] for row in rows)
    assert document["looked_at"] > 0
    jsonschema.validate(json.loads(json.dumps(document)), schema_of("chain-hardening"))


def test_a_plan_patches_to_the_years_it_promises() -> None:
    found, (model, _) = plan(), energy()
    known = model.chain
    for one in found.fixes:
        known = patched(known, one.fix.patch())
    other = chain_model(known, kev=shipped_kev(), epss=shipped_epss())
    years = simulate_chain(replace(other, rates=model.rates), years=YEARS, seed=3).years
    assert (years.loss == found.after.drawn).all()


def test_costs_of_a_file_take_the_place_of_the_house(tmp_path: Path) -> None:
    known = energy()[0].chain
    file = tmp_path / "costs.toml"
    head = ('schema = "dinghai.chain-fix-costs/1"\nversion = "1"\nsource = "Offers"\n'
            'confidence = "T"\n')
    file.write_text(head + '[full_fen]\n"HUM-01" = 4000\n[[offers]]\nfirm = "grid"\n'
                    'indicator = "IAM-01"\nfull_fen = 1000\n')
    costs = Costs(read_chain_costs(file, known))
    assert costs.control("grid", "IAM-01", endpoints=9, people=9) == 1000
    assert costs.control("wind", "IAM-01", endpoints=9, people=9) == 518_000
    assert costs.control("wind", "HUM-01", endpoints=9, people=9) == 4000
    assert costs.origin()[0]["name"] == "Offers"
    by_id = {one.id: one for one in fixes_of(known, costs)}
    score = by_id["grid/IAM-01"].from_ppm
    assert score is not None
    assert by_id["grid/IAM-01"].cost_fen == 1000 - score // 1000
    file.write_text(head + '[[offers]]\nfirm = "nobody"\nindicator = "IAM-01"\nfull_fen = 1\n')
    with pytest.raises(InputError, match="no firm 'nobody'"):
        read_chain_costs(file, known)
    file.write_text(head + '[full_fen]\n"XXX-01" = 4000\n')
    with pytest.raises(InputError, match="no indicator"):
        read_chain_costs(file, known)


def test_a_budget_is_above_zero() -> None:
    with pytest.raises(InputError, match="above zero"):
        harden_chain(energy()[0], years=10, seed=1, budget_fen=0)


def test_the_ranking_is_in_order_and_says_what_is_exact() -> None:
    document = protect_parties(energy()[0], years=YEARS, seed=3, metric="tvar99")
    rows = document["parties"]
    assert [one["tail_averted_fen"] for one in rows] == sorted(
        (one["tail_averted_fen"] for one in rows), reverse=True)
    assert all(one["tail_exact"] and one["tail_se_fen"] is not None for one in rows)
    assert len(rows) == energy()[0].twin.parties
    jsonschema.validate(document, schema_of("chain-ranking"))
