"""The settlement of one event: worked examples, and sums to the fen for any."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.supplychain.layer_file import SCHEMA, ChainLayers, Uplift, layers_from, read_layers
from dinghai.supplychain.settled_decision import settle_decision
from dinghai.supplychain.settlement import Before, OwnSection, Settlement, settle_event
from dinghai.wording.layers import Layer, Participation
from tests.wording.test_library_b import _chain as claim_along_the_chain

THREE = [
    {"party": "链主企业", "role": "chain_owner", "share": "20%"},
    {"party": "根因供应商", "role": "supplier", "share": "10%", "bearer": "root_cause"},
    {"party": "保险人", "role": "lead_insurer", "share": "70%"}]


def agreement(*layers: dict[str, Any], **more: Any) -> ChainLayers:
    """An agreement of these layers."""
    return layers_from({
        "schema": SCHEMA, "id": "test", "name_zh": "测试",
        "layers": [{"id": f"l{place}", "name_zh": "层", "name_en": "layer", "participants": THREE,
                    **one} for place, one in enumerate(layers)], **more})


ONE = agreement({"limit": "1亿"})


def amounts(found: Settlement) -> list[tuple[str, str, str, str, int]]:
    """Bearer, sufferer, kind, reason, fen."""
    return [(one.bearer, one.sufferer, one.kind, one.reason, one.fen) for one in found.amounts]


def test_g3_a_million_at_20_10_70() -> None:
    found = settle_event(ONE, [OwnSection("s1", "SC-PROP", 100_000_000)], event="e1", owner="own",
                         root_cause="s1", enrolled={})
    assert amounts(found) == [
        ("own", "s1", "commercial_contribution", "share", 20_000_000),
        ("s1", "s1", "retention", "share", 10_000_000),
        ("保险人", "s1", "insurance", "share", 70_000_000)]
    assert found.transfers() == [
        ("own", "s1", "commercial_contribution", 20_000_000),
        ("保险人", "s1", "insurance", 70_000_000)]


def test_g3_an_overdue_causal_finding_costs_the_supplier_on_its_own_section_only() -> None:
    found = settle_event(
        ONE, [OwnSection("s1", "SC-PROP", 100_000_000, overdue_causal_finding=True),
              OwnSection("own", "SC-CBI", 50_000_000)],
        event="e1", owner="own", root_cause="s1", enrolled={})
    supplier, owner = found.sections
    assert (supplier.uplift_fen, supplier.presented_fen) == (10_000_000, 90_000_000)
    assert (owner.uplift_fen, owner.presented_fen) == (0, 50_000_000)
    assert ("s1", "s1", "retention", "uplift", 10_000_000) in amounts(found)
    # the owner's loss is shared 20/10/70, whole: its own part is retention, the supplier's is not
    assert [one for one in amounts(found) if one[1] == "own"] == [
        ("own", "own", "retention", "share", 10_000_000),
        ("s1", "own", "commercial_contribution", "share", 5_000_000),
        ("保险人", "own", "insurance", "share", 35_000_000)]


def test_the_uplift_adds_points_or_multiplies_and_needs_the_fact() -> None:
    def uplift(one: Uplift | None, **facts: Any) -> int:
        known = ChainLayers(schema=SCHEMA, id="t", name_zh="t", layers=ONE.layers, uplift=one)
        section = OwnSection("s1", "SC-PROP", 100_000_000, deductible_ppm=100_000,
                             **{"overdue_causal_finding": True, **facts})
        found = settle_event(known, [section], event="e", owner="own", root_cause=None,
                             enrolled={})
        assert found.sections[0].deductible_fen == 10_000_000
        return found.sections[0].uplift_fen

    assert uplift(Uplift()) == 10_000_000
    assert uplift(Uplift(mode="multiply", rate_ppm=500_000)) == 5_000_000
    assert uplift(Uplift(rate_ppm=10 * PPM)) == 90_000_000
    assert uplift(Uplift(coverages=("FP-BI",))) == 0
    assert uplift(None) == 0
    assert uplift(Uplift(), overdue_causal_finding=False) == 0
    assert uplift(Uplift(), overdue_causal_finding=None) == 0


def test_a_fact_that_nobody_established_is_flagged() -> None:
    found = settle_event(ONE, [OwnSection("s1", "SC-PROP", 1, overdue_causal_finding=None)],
                         event="e", owner="own", root_cause=None, enrolled={})
    assert found.sections[0].flag == "evidence_needed"
    assert found.to_dict()["sections"][0]["flag"] == "evidence_needed"


@pytest.mark.parametrize(("bearer", "expected"), [
    ("sufferer", [("s2", "retention", 100)]),
    ("root_cause", [("s1", "commercial_contribution", 100)]),
    ("enrolled", [("s1", "commercial_contribution", 25), ("s2", "retention", 50),
                  ("s3", "commercial_contribution", 25)])])
def test_which_supplier_bears_a_suppliers_share(
    bearer: str, expected: list[tuple[str, str, int]]
) -> None:
    known = agreement({"limit": "1亿", "participants": [
        {"party": "供应商", "role": "supplier", "share": "10%", "bearer": bearer},
        {"party": "保险人", "role": "lead_insurer", "share": "90%"}]})
    found = settle_event(known, [OwnSection("s2", "SC-PROP", 1_000)], event="e", owner="own",
                         root_cause="s1", enrolled={"own": 7, "s1": 1, "s2": 2, "s3": 1})
    assert [(one.bearer, one.kind, one.fen) for one in found.amounts
            if one.role == "supplier"] == expected


def test_a_cause_outside_the_chain_leaves_the_share_with_who_suffers() -> None:
    found = settle_event(ONE, [OwnSection("s2", "SC-PROP", 1_000)], event="e", owner="own",
                         root_cause=None, enrolled={})
    assert ("s2", "s2", "retention", "share", 100) in amounts(found)


def test_the_owner_may_be_the_cause_and_bears_both_shares() -> None:
    found = settle_event(ONE, [OwnSection("s2", "SC-PROP", 1_000)], event="e", owner="own",
                         root_cause="own", enrolled={})
    assert found.transfers() == [("own", "s2", "commercial_contribution", 300),
                                 ("保险人", "s2", "insurance", 700)]


def test_layers_bear_their_slice_by_event_or_by_what_the_year_accumulated() -> None:
    known = agreement({"limit": "100", "basis": "aggregate"},
                      {"attachment": "100", "limit": "200", "basis": "each_event"})
    found = settle_event(
        known, [OwnSection("s1", "SC-PROP", 25_000)], event="e", owner="own", root_cause=None,
        enrolled={}, before=Before(year_fen=4_000, borne_fen={"l0": 4_000}))
    assert dict(found.borne) == {"l0": 6_000, "l1": 15_000}
    assert [one.fen for one in found.amounts if one.reason == "above_layers"] == [4_000]
    spent = settle_event(
        known, [OwnSection("s1", "SC-PROP", 25_000)], event="e", owner="own", root_cause=None,
        enrolled={}, before=Before(year_fen=50_000, borne_fen={"l0": 10_000, "l1": 15_000}))
    assert dict(spent.borne) == {"l0": 0, "l1": 5_000}
    later = settle_event(
        known, [OwnSection("s1", "SC-PROP", 5_000)], event="e", owner="own", root_cause=None,
        enrolled={}, before=Before(year_fen=25_000, event_fen=25_000,
                                   borne_fen={"l0": 10_000, "l1": 15_000}))
    assert dict(later.borne) == {"l0": 0, "l1": 5_000}


def test_shares_below_the_whole_stay_with_who_suffers() -> None:
    known = agreement({"limit": "1亿", "participants": [
        {"party": "保险人", "role": "lead_insurer", "share": "60%"}]})
    found = settle_event(known, [OwnSection("s1", "SC-PROP", 1_000, retained_fen=7)], event="e",
                         owner="own", root_cause=None, enrolled={})
    assert amounts(found) == [
        ("s1", "s1", "retention", "deductible", 7),
        ("保险人", "s1", "insurance", "share", 600), ("s1", "s1", "retention", "unplaced", 400)]


@pytest.mark.parametrize(("section", "field"), [
    (OwnSection("s1", "SC-PROP", -1), "sections[0]"),
    (OwnSection("s1", "SC-PROP", 1, deductible_ppm=PPM + 1), "sections[0]"),
    (OwnSection("s1", "SC-PROP", 1, retained_fen=-1), "sections[0]")])
def test_amounts_that_are_none_are_refused(section: OwnSection, field: str) -> None:
    with pytest.raises(InputError) as caught:
        settle_event(ONE, [section], event="e", owner="own", root_cause=None, enrolled={})
    assert caught.value.fault.field == field


def test_all_enrolled_cannot_bear_where_nobody_is() -> None:
    known = agreement({"limit": "1亿", "participants": [
        {"party": "成员", "role": "supplier", "share": "10%", "bearer": "enrolled"}]})
    with pytest.raises(InputError, match="nobody is enrolled"):
        settle_event(known, [OwnSection("s1", "SC-PROP", 1_000)], event="e", owner="own",
                     root_cause=None, enrolled={"own": 5})


MEMBERS = ("own", "s1", "s2", "s3")
ROLES = ("chain_owner", "supplier", "lead_insurer", "following_insurer", "insured", "captive")


@st.composite
def agreements(draw: st.DrawFn) -> ChainLayers:
    """Any tower of up to three layers with up to four parties each."""
    layers, reached = [], 0
    for place in range(draw(st.integers(1, 3))):
        attachment = reached + draw(st.integers(0, 500))
        limit = draw(st.integers(1, 3_000))
        reached = attachment + limit
        cuts = sorted(draw(st.lists(st.integers(0, PPM), min_size=1, max_size=4)))
        shares = [after - before for before, after in zip([0, *cuts], cuts, strict=False)]
        people = []
        for which, share in enumerate(shares):
            role = draw(st.sampled_from(ROLES))
            bearer = (draw(st.sampled_from(("named", "root_cause", "sufferer", "enrolled")))
                      if role == "supplier" else "named")
            named = role == "supplier" and bearer == "named"
            people.append(Participation(party=MEMBERS[which] if named else f"p{which}",
                                        role=role, share_ppm=share, bearer=bearer))
        layers.append(Layer(
            id=f"l{place}", name_zh="层", name_en="layer", attachment_fen=attachment,
            limit_fen=limit, basis=draw(st.sampled_from(("each_event", "aggregate"))),
            aggregate_fen=draw(st.none() | st.integers(0, 5_000)), participants=tuple(people)))
    return ChainLayers(schema=SCHEMA, id="any", name_zh="任意", layers=tuple(layers))


@given(
    agreements(),
    st.lists(st.builds(
        OwnSection, st.sampled_from(MEMBERS), st.sampled_from(("SC-PROP", "FP-IR")),
        st.integers(0, 4_000), st.integers(0, PPM), st.integers(0, 100),
        st.sampled_from((True, False, None))), max_size=6),
    st.sampled_from((None, *MEMBERS)),
    st.fixed_dictionaries({name: st.integers(1, 1_000) for name in MEMBERS}),
    st.integers(0, 3_000), st.integers(0, 3_000))
def test_members_layers_and_parties_add_up_to_the_fen(
    known: ChainLayers, sections: list[OwnSection], cause: str | None, enrolled: dict[str, int],
    event: int, year: int,
) -> None:
    found = settle_event(known, sections, event="e", owner="own", root_cause=cause,
                         enrolled=enrolled, before=Before(year_fen=year, event_fen=event))
    assert all(one.fen > 0 for one in found.amounts)
    by_layer: dict[str, int] = defaultdict(int)
    by_member: dict[tuple[str, str], int] = defaultdict(int)
    for one in found.amounts:
        by_layer[one.layer] += one.fen
        by_member[one.sufferer, one.coverage] += one.fen
        assert (one.kind == "retention") == (
            one.bearer == one.sufferer and one.role not in (
                "lead_insurer", "following_insurer", "captive"))
        assert (one.kind == "insurance") == (one.role in (
            "lead_insurer", "following_insurer", "captive"))
    granted: dict[tuple[str, str], int] = defaultdict(int)
    for section in sections:
        granted[section.member, section.coverage] += section.amount_fen + section.retained_fen
    assert {key: fen for key, fen in granted.items() if fen} == dict(by_member)
    for layer in known.layers:
        assert by_layer[layer.id] == found.borne[layer.id]
        parties: dict[str, int] = defaultdict(int)
        for one in found.amounts:
            if one.layer == layer.id and one.role in ("lead_insurer", "following_insurer"):
                parties[one.bearer] += one.fen
        for one in layer.participants:
            if one.role in ("lead_insurer", "following_insurer"):
                # as the terms say: what is placed, half up, and of it less than a fen from exact
                total = sum(each.share_ppm for each in layer.participants)
                placed = (2 * found.borne[layer.id] * total + PPM) // (2 * PPM)
                assert abs(parties[one.party] * total - placed * one.share_ppm) < max(total, 1)
    document = found.to_dict()
    assert sum(document["totals"].values()) == sum(granted.values())
    assert sum(row["fen"] for row in document["transfers"]) == (
        document["totals"]["insurance_fen"] + document["totals"]["commercial_contribution_fen"])


def test_the_examples_settle() -> None:
    root = Path(__file__).parents[2] / "examples"
    for name in ("haiyue", "energy"):
        known = read_layers(root / name / "layers.toml")
        found = settle_event(known, [OwnSection("s1", "SC-PROP", 2_000_000_000)], event="e",
                             owner="own", root_cause="s1", enrolled={"s1": 3, "s2": 1})
        assert sum(one.fen for one in found.amounts) == 2_000_000_000
        assert found.total("insurance") > found.total("commercial_contribution") > 0


def test_a_decision_settles_as_it_was_decided() -> None:
    """A10's event: X's response, the owner's lost supply, Y's propagated loss. The parties bear
    what the decision says, and only what a firm bears of another's loss is a contribution."""
    decision = claim_along_the_chain()
    found = settle_decision(decision, event="e1", owner="own", root_cause="X", enrolled={})
    assert dict(found.borne) == {one["id"]: one["borne_fen"] for one in decision["layers"]}
    roles: dict[str, int] = defaultdict(int)
    for one in found.amounts:
        roles[one.role] += one.fen
    shares = decision["layers"][0]["shares"]
    assert [roles[one["role"]] for one in shares] == [one["fen"] for one in shares]
    assert found.total("insurance") == decision["insurers_fen"]
    # the owner keeps 20% of its own 1,600,000, X keeps 10% of its own 300,000
    assert found.total("commercial_contribution") == (
        decision["contributions_fen"] - 32_000_000 - 3_000_000)
    deducted = {one.sufferer: one.fen for one in found.amounts if one.reason == "deductible"}
    assert deducted == {"own": 40_000_000, "Y": 5_000_000}


def test_layers_cannot_bear_more_than_is_presented() -> None:
    with pytest.raises(InputError, match="more than is presented"):
        settle_event(ONE, [OwnSection("s1", "SC-PROP", 5)], event="e", owner="own",
                     root_cause=None, enrolled={}, borne={"l0": 6})
