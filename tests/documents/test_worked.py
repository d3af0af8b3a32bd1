"""Worked examples: data for every code, made by the engine, an exclusion really acting."""

from __future__ import annotations

from functools import cache

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.documents.example_facts import (
    claim_of,
    coverage_examples,
    exclusion_examples,
    plain_facts,
    valuation_examples,
)
from dinghai.documents.solving import facts_for
from dinghai.documents.specimen import specimen_policy
from dinghai.documents.worked import WorkedExamples, worked_examples
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.vocabulary.facts import fact, parse_facts
from dinghai.wording.policy import Policy
from dinghai.wording.products import load_product
from tests.documents.library import NAMES, every_cover, every_term

PAYS_NOTHING = {"nominal_only", "prohibited", "in_kind"}
NEVER_PAYS = {("cyber-comprehensive-demonstration", "FP-REWARD")}
"""A sublimit no higher than the event deductible: the section alone never pays."""


@cache
def policy_of(name: str) -> Policy:
    return specimen_policy(every_cover() if name == "every cover" else load_product(name))


@cache
def examples_of(name: str) -> WorkedExamples:
    return worked_examples(policy_of(name))


def test_there_is_an_example_for_every_code() -> None:
    assert set(coverage_examples()) == set(coverages())
    assert set(exclusion_examples()) == set(exclusions())


def test_stories_are_short_and_facts_are_of_the_registry() -> None:
    policy = policy_of("every cover")
    for one in coverage_examples().values():
        assert 0 < len(one.story_zh) <= 120 and 0 < len(one.story_en) <= 120, one.id
        parse_facts(plain_facts(one.facts, policy), scope="event", where=one.id)
        parse_facts(plain_facts(one.item, policy), scope="item", where=one.id)
    for method, facts in valuation_examples().items():
        parse_facts(plain_facts(facts, policy), scope="item", where=method)
    for example in exclusion_examples().values():
        parse_facts(plain_facts(example.facts, policy), scope="event", where=example.id)
        parse_facts(plain_facts(example.item, policy), scope="item", where=example.id)
    for standard in exclusions().values():
        assert 0 < len(standard.example_zh) <= 120 and 0 < len(standard.example_en) <= 120


@pytest.mark.parametrize("name", [*NAMES, "every cover"])
def test_every_section_pays_unless_the_law_or_its_nature_forbids(name: str) -> None:
    for cover in examples_of(name).covers:
        if (name, cover.coverage) in NEVER_PAYS:
            continue
        assert cover.payable_fen > 0 or cover.line["outcome"] in PAYS_NOTHING, cover.coverage


@pytest.mark.parametrize("name", NAMES)
def test_every_exclusion_takes_something_and_is_the_reason(name: str) -> None:
    examples = examples_of(name)
    for case in examples.exclusions:
        assert case.payable_fen < case.without.payable_fen, case.exclusion.code
        steps = [one for one in case.line["steps"] if one.get("code") == case.exclusion.code
                 and one["rule"] == "exclusion"]
        assert [one["outputs"]["applies"] for one in steps] == ["true"], case.exclusion.code
    ransom = {"EX-RANSOM-ILLEGAL"}  # what it excludes is not payable on the mainland anyway
    assert {one.code for one in examples.unreached if one.effect is not None
            and one.effect.type != "decline_quote"} <= ransom


def test_an_example_is_what_adjudication_decides() -> None:
    policy = policy_of("cyber-comprehensive-standard")
    cover = next(one for one in examples_of("cyber-comprehensive-standard").covers
                 if one.coverage == "FP-BI")
    assert cover.payable_fen == 69_000_000  # G1: ¥790,000 less the higher of waiting and ¥100,000
    event = {name: value for name, value in cover.facts.items() if fact(name).scope == "event"}
    item = {name: value for name, value in cover.facts.items() if fact(name).scope == "item"}
    claim = claim_of(policy, "FP-BI", event, item)
    decision = adjudicate(policy.to_dict(), claim.to_dict())
    assert decision["lines"][0] == cover.line


def test_amounts_follow_the_size_of_the_product() -> None:
    scales = {one.coverage: one.scale for one in
              examples_of("cyber-comprehensive-inclusive").covers}
    assert scales["FP-IR"] == (1, 5) and scales["FP-LEGAL" if "FP-LEGAL" in scales else "FP-BI"]
    large = {one.coverage: one.scale for one in
             examples_of("cyber-comprehensive-demonstration").covers}
    assert large["FP-BI"] == (5, 1)


def test_a_product_that_words_its_own_exclusions_has_examples_too() -> None:
    examples = worked_examples(specimen_policy(every_term()))
    assert {one.exclusion.code for one in examples.exclusions} >= {"CX-RATIO", "CX-SHARE"}
    placement = next(one for one in examples.unreached if one.code == "CX-DECLINE")
    assert placement.effect is not None and placement.effect.type == "decline_quote"


@pytest.mark.parametrize(("predicate", "holds", "wanted"), [
    ({"fact": "change.tested", "op": "is_false"}, True, {"change.tested": False}),
    ({"fact": "change.tested", "op": "is_false"}, False, {"change.tested": True}),
    ({"fact": "item.loss_kind", "op": "in", "value": ["recall", "patent"]}, True,
     {"item.loss_kind": "recall"}),
    ({"fact": "item.loss_kind", "op": "in", "value": ["ordinary"]}, False,
     {"item.loss_kind": "bodily_injury"}),
    ({"fact": "incident.peril", "op": "neq", "value": "ransomware"}, True,
     {"incident.peril": "intrusion_breach"}),
    ({"fact": "item.idle_hours", "op": "gt", "value": 0}, True, {"item.idle_hours": 10}),
    ({"fact": "item.idle_hours", "op": "lt", "value": 9}, True, {"item.idle_hours": 4}),
    ({"fact": "item.consent_ref", "op": "missing"}, True, {"item.consent_ref": {"absent": True}}),
    ({"fact": "controls.minimum_breached", "op": "nonempty"}, True,
     {"controls.minimum_breached": ["1"]}),
    ({"not": {"fact": "change.tested", "op": "is_true"}}, True, {"change.tested": False}),
    ({"any": [{"fact": "change.tested", "op": "is_true"},
              {"fact": "item.idle_hours", "op": "ge", "value": 3}]}, False,
     {"change.tested": False, "item.idle_hours": 1}),
    ({"fact": "incident.discovered_at", "op": "lt", "value": {"policy": "inception_at"}}, True,
     {"incident.discovered_at": "2025-12-02T00:00:00+08:00"}),
    ({"fact": "ddos.peak_gbps", "op": "gt", "value": {"policy": "contracted_gbps"}}, True,
     {"ddos.peak_gbps": 40}),
])
def test_facts_are_found_for_a_predicate(
    predicate: dict[str, object], holds: bool, wanted: dict[str, object]
) -> None:
    assert facts_for(predicate, policy_of("every cover"), holds=holds) == wanted
