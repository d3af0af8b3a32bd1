"""The standard language holds together: counts, weights, cross references, reachable states."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dinghai.foundation.errors import Refusal
from dinghai.foundation.money import PPM
from dinghai.vocabulary.clocks import clocks
from dinghai.vocabulary.coverages import (
    calculation_order,
    coverages,
    valuation_forms,
    waiting_modes,
)
from dinghai.vocabulary.documents import documents
from dinghai.vocabulary.exclusions import exclusions
from dinghai.vocabulary.facts import facts
from dinghai.vocabulary.indicators import (
    FULL_WEIGHT_MILLIS,
    domains,
    exposures,
    indicators,
    light_indicators,
)
from dinghai.vocabulary.industries import industries, industry_base, size_bands
from dinghai.vocabulary.lifecycle import Machine, machines, six_steps
from dinghai.vocabulary.perils import PERILS, perils
from dinghai.vocabulary.predicates import parse_predicate
from dinghai.vocabulary.roles import SYSTEM, duty_rules, roles
from dinghai.vocabulary.tables import TableError, by_id, read_table

MARKS = {"T", "A", "M", "D"}


def test_counts() -> None:
    assert (len(coverages()), len(exclusions()), len(indicators()), len(industries())) == (
        48, 58, 46, 20)
    assert (len(domains()), len(exposures()), len(light_indicators()), len(perils())) == (
        12, 13, 28, 6)
    assert (len(roles()), len(clocks()), len(machines()), len(six_steps())) == (27, 19, 13, 6)
    assert len(documents()) >= 34
    assert tuple(perils()) == PERILS


def test_every_item_says_where_it_comes_from() -> None:
    for table in (coverages(), exclusions(), indicators(), domains(), exposures(), industries(),
                  perils(), documents(), roles(), duty_rules(), clocks(), machines(),
                  waiting_modes(), valuation_forms()):
        for code, item in table.items():
            assert item.id == code
            assert item.name_zh if hasattr(item, "name_zh") else item.text_zh
            assert item.source, code
            assert item.confidence in MARKS, code


def test_weights_are_one_hundred() -> None:
    assert sum(item.weight_millis for item in indicators().values()) == FULL_WEIGHT_MILLIS
    for code, domain in domains().items():
        members = [i.weight_millis for i in indicators().values() if i.domain == code]
        assert sum(members) == domain.weight_millis


def test_indicators_ask_in_two_languages_and_say_what_each_score_means() -> None:
    for item in indicators().values():
        assert item.domain in domains()
        assert item.question_zh and item.question_en.endswith("?")
        assert set(item.anchors_zh) == set(item.anchors_en) == {"0", "2", "4"}
        assert set(item.perils) <= set(PERILS) and item.perils
        if item.minimum is not None:
            assert (item.minimum.score is None) == (item.minimum.kind == "no_finding")
            assert item.minimum.coverage is None or item.minimum.coverage in coverages()
    assert {code for code, item in indicators().items() if item.scan_only} == {
        "AST-02", "AST-04", "VUL-02"}


def test_plain_text_is_short_enough_to_be_read() -> None:
    for table in (coverages(), exclusions()):
        for item in table.values():
            assert 0 < len(item.plain_zh) <= 120 and 0 < len(item.plain_en) <= 120
    for item in exclusions().values():
        assert 0 < len(item.example_zh) <= 120 and 0 < len(item.example_en) <= 120


def test_coverages_refer_to_what_exists() -> None:
    registry = facts()
    modes = waiting_modes()
    for item in coverages().values():
        assert set(item.typical_exclusions) | set(item.disapplied_exclusions) <= set(exclusions())
        assert len(set(item.typical_exclusions)) == len(item.typical_exclusions)
        assert set(item.trigger.events) <= set(registry)
        if item.waiting is not None:
            low, usual, high = (item.waiting.minimum_seconds, item.waiting.default_seconds,
                                item.waiting.maximum_seconds)
            assert 0 <= low <= usual <= high
            assert set(item.waiting.modes) <= set(modes)
    assert [code for code, item in coverages().items() if item.mainland == "nominal_only"] == [
        "FP-EXT-R", "TP-FINE"]
    assert calculation_order()[0].id == "event_exclusions"


def test_exclusions_are_rules_over_registered_facts() -> None:
    registry = facts()
    for item in exclusions().values():
        parse_predicate(item.predicate)
        for carve_back in item.carve_backs:
            assert set(carve_back.coverages) <= set(coverages())
            if carve_back.when is not None:
                parse_predicate(carve_back.when)
        for fact in _facts_of(item.effect):
            assert fact in registry, (item.id, fact)
        for step in item.effect.get("steps", ()):
            parse_predicate(step["when"])


def _facts_of(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["fact"]} if "fact" in value else set()
        return own.union(*(_facts_of(part) for part in value.values()))
    if isinstance(value, list):
        return set().union(*(_facts_of(part) for part in value))
    return set()


def test_maintenance_exclusion_is_graded_and_exclusive() -> None:
    effect = exclusions()["EX-MAINT"].effect
    assert [step["effect"]["type"] for step in effect["steps"]] == [
        "none", "exclude_event", "coinsurance", "coinsurance"]
    bands = exclusions()["EX-UNPATCHED"].effect["bands"]
    shares = [band["insured_share_ppm"] for band in bands]
    assert shares == sorted(shares) and bands[-1]["up_to"] is None


def test_industries_mix_perils_to_one() -> None:
    for item in industries().values():
        assert sum(item.peril_mix_ppm.values()) == PPM
        assert set(item.peril_mix_ppm) == set(PERILS)
    for series in ("iris_probability", "iris_loss", "coalition_claims"):
        bands = size_bands(series)
        assert bands[0].revenue_from_usd == 0 and bands[-1].revenue_below_usd is None
        for lower, upper in pairwise(bands):
            assert lower.revenue_below_usd == upper.revenue_from_usd
    assert industry_base().fx_fen_per_usd == 715


@pytest.mark.parametrize("machine", machines().values(), ids=lambda machine: machine.id)
def test_machines_reach_every_state_and_have_no_dead_end(machine: Machine) -> None:
    states = {state.id for state in machine.states}
    assert machine.initial in states and set(machine.terminal) <= states
    reached, frontier = {machine.initial}, [machine.initial]
    while frontier:
        state = frontier.pop()
        for move in machine.transitions:
            if move.origin == state and move.target not in reached:
                reached.add(move.target)
                frontier.append(move.target)
    assert reached == states
    seen = set()
    for move in machine.transitions:
        assert {move.origin, move.target} <= states
        assert set(move.roles) <= {*roles(), SYSTEM} and move.roles
        assert set(move.documents) <= set(documents())
        assert set(move.clocks) <= set(clocks())
        assert (move.origin, move.event) not in seen, "an event leads to one state only"
        seen.add((move.origin, move.event))
    for state in states - set(machine.terminal):
        assert machine.events(state), f"{state} is a dead end"


def test_corrections_of_the_state_machines() -> None:
    claim = machines()["claim"]
    assert claim.step("rejected", "appeal").target == "disputed"
    assert claim.step("interim_paid", "quantify").target == "quantified"
    finding = machines()["monitoring_finding"]
    assert finding.step("acknowledged", "timeout").target == "overdue"
    assert machines()["policy"].step("in_force", "renew").target == "renewed"
    with pytest.raises(Refusal, match="not possible"):
        claim.step("paid", "approve")


def test_six_steps_name_machines_and_services() -> None:
    for number, step in enumerate(six_steps(), start=1):
        assert step.step == number
        assert set(step.machines) <= set(machines())
        assert step.service in coverages()


def test_duties_are_kept_apart() -> None:
    rule = duty_rules()["SOD-CLAIM"]
    assert rule.broken_by({"claims_handler": {"u1"}, "claims_approver": {"u2"},
                           "claims_payment": {"u3"}}) == ()
    assert rule.broken_by({"claims_handler": {"u1"}, "claims_payment": {"u1"}}) == (
        ("claims_handler", "claims_payment", "u1"),)
    firms = duty_rules()["SOD-FIRMS"]
    same = {"assessor": ["f"], "ir_lead": ["f"]}
    assert firms.broken_by(same)
    assert firms.broken_by(same, grounds={"disclosed_and_consented"}) == ()
    for item in duty_rules().values():
        assert set(item.roles) <= set(roles())


def test_a_broken_table_is_named() -> None:
    with pytest.raises(TableError, match="vocabulary/perils"):
        read_table("perils", dict[str, int])
    item = next(iter(perils().values()))
    with pytest.raises(TableError, match="twice"):
        by_id([item, item], "perils")
