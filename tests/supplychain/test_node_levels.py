"""Levels of nodes: what they add up to, what moves them, and what must stay to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec
import numpy as np
import pytest
from numba import njit

from dinghai.evidence.feeds import EpssScore, EpssTable, KevEntry, KevTable
from dinghai.foundation.errors import InputError
from dinghai.foundation.streams import stream_key
from dinghai.supplychain.chain import Chain, Link, Provider
from dinghai.supplychain.chain_results import simulate_chain
from dinghai.supplychain.draws import mixed_all, world_word
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.level_changes import level_changes
from dinghai.supplychain.level_reference import evenly_scored, reference_of
from dinghai.supplychain.level_rules import GradeBound, LevelRules, level_rules
from dinghai.supplychain.node_levels import LevelState, level_state, sums_of
from dinghai.supplychain.reach import reach_from
from dinghai.supplychain.steps_taken import aim_at, perils_hit
from dinghai.supplychain.strikes import field_of, room_of, strike
from dinghai.vocabulary.indicators import indicators
from tests.supplychain.step_chains import asset, chain, firm, weakness

WORLDS = 1_500
CVE = "CVE-2025-99999"
LINKS = (Link(source="b", target="a", kind="remote_access"),
         Link(source="c", target="b", kind="remote_access", privilege="administrator"),
         Link(source="d", target="e", kind="remote_access"))


def kev(*more: str) -> KevTable:
    return KevTable(date(2026, 6, 1), {
        code: KevEntry(code, date(2026, 5, 30), date(2026, 6, 20), "v", "p", None)
        for code in ("CVE-2020-0001", *more)}, "kev.csv")


def epss(score: int) -> EpssTable:
    return EpssTable(date(2026, 6, 1), {CVE: EpssScore(score, 500_000)}, "epss.csv", "v")


def five(**changes: object) -> Chain:
    """Owner a, supplied by b, supplied by c; d and e apart. c and e hold the vulnerability low."""
    names = ("a", "b", "c", "d", "e")
    one = chain(*(firm(name, tier=min(place, 1), role="supplier" if place else "owner")
                  for place, name in enumerate(names)), links=LINKS,
                assets=[asset("remote_access", "vpn", of=name, exposed=True) for name in names]
                + [asset("mail", "mail", of=name, exposed=True) for name in names]
                + [asset("directory", "ad", of=name) for name in names],
                weaknesses=[weakness("vpn", of="c", cve=CVE, severity="low")])
    return msgspec.structs.replace(one, **changes)


def state(one: Chain, *, since: LevelState | None = None, feed: KevTable | None = None,
          scores: EpssTable | None = None, **given: object) -> LevelState:
    return level_state(one, kev=feed or kev(), epss=scores, worlds=WORLDS, since=since,
                       **given)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def base() -> LevelState:
    return state(five())


def test_levels_agree_with_simulated_years(base: LevelState) -> None:
    wide = level_state(five(), kev=kev(), worlds=20_000)
    years = simulate_chain(wide.model, years=60_000, seed=3)
    cut_off = years.events.number / years.events.years / wide.model.rates.sum()
    sums = sums_of(wide.reach, wide.model.rates)
    for levels, simulated in ((sums.struck, years.years.struck),
                              (sums.entered, years.years.entered)):
        assert levels * cut_off == pytest.approx(simulated / years.events.years, rel=0.08)
    assert sums.inherited.sum() == pytest.approx(sums.exported.sum())


def test_a_firm_with_everything_half_done_is_the_reference() -> None:
    half = evenly_scored(five(links=(), weaknesses=()), 500_000)
    found = state(half).reading
    assert {one.index_ppm for one in found.nodes} == {1_000_000}
    assert {one.own.fen - one.own.reference_fen for one in found.nodes} == {0}


@pytest.mark.parametrize(("score", "grade"), [(930_000, "A"), (775_000, "B"), (625_000, "C"),
                                              (475_000, "D"), (250_000, "E")])
def test_the_bounds_follow_the_scores_of_the_assessment(score: int, grade: str) -> None:
    even = evenly_scored(five(links=()), score)
    found = level_state(even, kev=kev(), worlds=2000).reading
    assert {one.grade for one in found.nodes} == {grade}


def test_size_alone_moves_no_grade(base: LevelState) -> None:
    large = five(firms=tuple(
        msgspec.structs.replace(one, revenue_fen=one.revenue_fen * (5 if one.id == "d" else 1))
        for one in five().firms))
    small, big = base.reading.node["d"], state(large).reading.node["d"]
    assert big.own.fen > 1.5 * small.own.fen
    assert big.own.grade == small.own.grade
    assert abs((big.index_ppm or 0) - (small.index_ppm or 0)) < 0.2 * (small.index_ppm or 0)


def test_a_new_known_exploited_vulnerability_moves_its_holders_and_whom_they_reach(
        base: LevelState) -> None:
    after = state(five(), since=base, feed=kev(CVE))
    found = level_changes(base, after)
    assert {one.id for one in found.nodes} >= {"c", "b"}
    moved = {one.id for one in found.nodes if one.direction != "joined"}
    assert moved <= {"a", "b", "c"}
    assert found.unmoved == 5 - len(moved)
    joined = [one for one in found.nodes if one.direction == "joined"]
    assert [[reason.kind for reason in one.reasons] for one in joined] == [["kev"]]
    holder = next(one for one in found.nodes if one.id == "c")
    assert holder.direction == "worse"
    reason = holder.reasons[0]
    assert (reason.kind, reason.what, reason.before, reason.after) == (
        "kev", f"{CVE}@vpn", None, "2026-05-30")
    step = reason.steps[0]
    assert step.before is not None and step.after is not None and step.after > step.before
    assert step.name_zh and step.name_en
    reached = next(one for one in found.nodes if one.id == "b")
    assert {one.kind for one in reached.reasons} == {"neighbour"}
    neighbour = next(one for one in reached.reasons if one.what == "c")
    assert neighbour.because == (f"kev:{CVE}@vpn",)
    assert (neighbour.moved_fen or 0) > 0


def test_a_vulnerability_that_nobody_holds_moves_nothing(base: LevelState) -> None:
    after = state(five(), since=base, feed=kev("CVE-2025-11111"))
    found = level_changes(base, after)
    assert (found.nodes, found.grades_moved) == ((), 0)
    assert found.unmoved == len(base.reading.nodes)


def test_a_published_probability_is_named(base: LevelState) -> None:
    before = state(five(), scores=epss(20_000))
    after = state(five(), scores=epss(900_000), since=before)
    holder = next(one for one in level_changes(before, after).nodes if one.id == "c")
    assert [(one.kind, one.before, one.after) for one in holder.reasons] == [
        ("epss", "20000", "900000")]


CHANGES: Mapping[str, Mapping[str, object]] = {
    "control": {"controls": evenly_scored(chain(firm("b")), 900_000).controls},
    "finding": {"weaknesses": (weakness("vpn", of="c", cve=CVE, severity="critical"),)},
    "link": {"links": LINKS[:2]},
    "asset": {"assets": tuple(one for one in five().assets
                              if (one.firm, one.id) != ("d", "mail"))},
    "profile": {"firms": tuple(msgspec.structs.replace(
        one, endpoints=5000 if one.id == "e" else None) for one in five().firms)},
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_changed_at_a_node_is_named_and_read_again_to_the_bit(
        base: LevelState, kind: str) -> None:
    changed = five(**CHANGES[kind])
    after = state(changed, since=base)
    assert after.reading == state(changed).reading
    found = level_changes(base, after)
    assert kind in {reason.kind for one in found.nodes for reason in one.reasons}
    assert all(one.reasons for one in found.nodes)


def test_what_a_better_control_moves_is_never_worse(base: LevelState) -> None:
    better = five(controls=evenly_scored(chain(firm("b")), 1_000_000).controls)
    found = level_changes(base, state(better, since=base))
    assert {one.direction for one in found.nodes} == {"better"}
    named = {reason.what for one in found.nodes if one.id == "b" for reason in one.reasons}
    assert named <= set(indicators())
    back = level_changes(state(better), base)
    assert {one.direction for one in back.nodes} == {"worse"}


def test_a_provider_that_fails_more_often_moves_its_clients_alone() -> None:
    def with_cloud(a_year: int) -> Chain:
        return five(
            providers=(Provider(id="cloud", name_zh="云", kind="cloud",
                                incidents_ppm_a_year=a_year),),
            links=(*LINKS, Link(source="cloud", target="d", kind="shared_provider")))

    before = state(with_cloud(10_000))
    found = level_changes(before, state(with_cloud(500_000), since=before))
    by_id = {one.id: one for one in found.nodes}
    assert set(by_id) <= {"cloud", "d", "e"}
    assert [(one.kind, one.what) for one in by_id["cloud"].reasons] == [
        ("provider", "incidents_ppm_a_year")]
    (reason,) = by_id["d"].reasons
    assert (reason.kind, reason.what) == ("neighbour", "cloud")
    assert reason.moved_fen == pytest.approx(
        by_id["d"].inherited_fen.after - by_id["d"].inherited_fen.before, abs=1)


def test_a_firm_that_joins_or_leaves_is_said_so(base: LevelState) -> None:
    fewer = five(firms=five().firms[:4], links=LINKS[:2],
                 assets=tuple(one for one in five().assets if one.firm != "e"))
    left = level_changes(base, state(fewer, since=base))
    assert [one.direction for one in left.nodes if one.id == "e"] == ["left"]
    joined = level_changes(state(fewer), base)
    assert [one.grade_before for one in joined.nodes if one.direction == "joined"] == [None]


def test_a_world_costs_what_the_event_would_that_aims_at_it(base: LevelState) -> None:
    """Costed without an aim, a start's events strike as often as those that aim at each peril."""
    model = base.model
    field, seen = field_of(model.twin, model.outcomes), 0
    found = reach_from(model.twin, model.outcomes, model.supply, model.rates, worlds=100, seed=4)
    words = mixed_all(model.twin.key ^ stream_key(4, "chain.reach"))
    for pair, (root, aim) in enumerate(zip(found.root, found.aim, strict=True)):
        struck = np.zeros((model.twin.parties, 2), dtype=np.int64)
        aimed_strikes(field, root, aim, words[root], 100, struck)
        rows = slice(int(found.first[pair]), int(found.first[pair + 1]))
        assert (found.struck[rows] == struck[found.party[rows], 0]).all()
        assert found.struck[rows].sum() == struck[:, 0].sum()
        seen += int(struck[:, 0].sum())
    assert seen > 100


@njit
def aimed_strikes(field, root, aim, word, worlds, struck):  # type: ignore[no-untyped-def]
    """Strikes by party of events that aim at one peril, and the bins that they fell into."""
    room, other = room_of(field), room_of(field)
    masks = np.zeros(struck.shape[0], dtype=np.int64)
    for world in range(worlds):
        luck = world_word(word, world)
        strike(field, room, root, aim, -1, 365.0, luck, world + 1)
        strike(field, other, root, -2, -1, 365.0, luck, world + 1)
        perils_hit(field, other, world + 1, masks)
        aim_at(field, other, aim, luck, masks)
        for slot in range(room.number[0]):
            if room.loss[slot] != other.loss[slot] or (
                    room.loss[slot] != -1 and room.bin[slot] != other.bin[slot]):
                raise ValueError("costed otherwise than struck")
            struck[room.party[slot], 0] += room.loss[slot] != -1


def test_the_same_bytes_on_any_number_of_cores(base: LevelState) -> None:
    model = base.model
    one, two = (reach_from(model.twin, model.outcomes, model.supply, model.rates, worlds=150,
                           workers=workers) for workers in (1, 2))
    for name in one.__slots__:
        assert np.array_equal(getattr(one, name), getattr(two, name)), name


def test_a_reference_has_no_findings_and_half_of_the_guards(base: LevelState) -> None:
    reference = reference_of(base.model, shipped_language())
    assert (reference.twin.links.chance < base.model.twin.links.chance).all()
    assert reference.rates is not base.model.rates


def test_bounds_out_of_order_are_refused() -> None:
    bounds = tuple(GradeBound(one.grade, one.source, one.confidence, up_to)
                   for one, up_to in zip(level_rules().grades, (3, 2, 4, 5, None), strict=True))
    with pytest.raises(InputError, match="from best to worst"):
        LevelRules("dinghai.node-level-rules/1", "x", bounds)
