"""What a product may not say, and what a schedule may not agree: each fault names its place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import typed
from dinghai.wording.policy import bind
from dinghai.wording.products import load_product, resolve
from dinghai.wording.schema import Product
from dinghai.wording.validity import validity_faults
from tests.golden.test_claims import PRODUCT, SCHEDULE, golden_policy

BI = {"coverage": "FP-BI", "clause": "2.1"}
IR = {"coverage": "FP-IR", "clause": "2.2"}
OWN = {"code": "CX-1", "clause": "5.9", "burden": "insurer", "duty": "explain", "name_zh": "甲",
       "name_en": "A", "text_zh": "甲", "text_en": "A", "plain_zh": "甲", "plain_en": "A",
       "acts_on": "event", "predicate": {"fact": "finding.causal", "op": "is_true"},
       "effect": {"type": "exclude_event"}}
NESTED: dict[str, Any] = {"fact": "finding.causal", "op": "is_true"}
for _ in range(30):
    NESTED = {"not": NESTED}
ITEM = {"fact": "item.emergency_window", "op": "is_true"}


def product(**fields: Any) -> Product:
    sections = fields.pop("sections", [BI, IR])
    return resolve(typed({**PRODUCT, "sections": sections, **fields}, Product))


@pytest.mark.parametrize(("fields", "field", "words"), [
    ({"sections": [BI, BI]}, "sections[1]", "FP-BI stands twice"),
    ({"exclusions": [OWN, OWN]}, "exclusions[1]", "CX-1 stands twice"),
    ({"calculation_order": ["sublimit"]}, "calculation_order", "every stage once"),
    ({"basis": {"aggregation_rule": "hours_window"}}, "basis.hours_window", "needs its hours"),
    ({"parameters": {"wishes": 3}}, "parameters.wishes", "not a parameter of the vocabulary"),
    ({"sections": [{**IR, "valuation": {"method": "betterment_share"}}]},
     "sections[0].valuation.share_ppm", "needs the share"),
    ({"sections": [{**IR, "sublimit": {"multiple_of_fee": 3}}]},
     "sections[0].sublimit.multiple_of_fee", "needs the fee"),
    ({"sections": [{**IR, "retention": {"kind": "none", "amount_fen": 5}}]},
     "sections[0].retention", "no amount of its own"),
    ({"sections": [{**IR, "retention": {"kind": "fixed", "minimum_fen": 5, "maximum_fen": 4}}]},
     "sections[0].retention.maximum_fen", "below its minimum"),
    ({"sections": [{**IR, "waiting": {"seconds": 3600, "mode": "higher_of"}}]},
     "sections[0].waiting", "only an interruption"),
    ({"sections": [{**IR, "retention": {"kind": "fixed"}}]}, "sections[0].retention.amount_fen",
     "needs its amount_fen"),
    ({"sections": [{**BI, "waiting": {"seconds": 3600, "mode": "replaces_deductible"},
                    "retention": {"kind": "fixed", "amount_fen": 5}}]}, "sections[0].retention",
     "takes the section's own retention away"),
    ({"sections": [{**BI, "waiting": {"seconds": 3600, "mode": "franchise_hours"},
                    "retention": {"kind": "fixed", "amount_fen": 5}}]}, "sections[0].retention",
     "takes the section's own retention away"),
    ({"sections": [{**BI, "waiting": {"seconds": 3600, "mode": "replaces_deductible",
                                      "deductible": "kept"}}]},
     "sections[0].waiting.deductible", "does not keep it"),
    ({"obligations": [{"id": "o", "who": "insured", "text_zh": "报", "text_en": "Tell",
                       "clause": "7", "breach": "EX-MOON"}]},
     "obligations[0].breach", "nobody knows"),
    ({"sections": [{**IR, "sublimit": {"amount_fen": 5, "ppm_of_aggregate": 5}}]},
     "sections[0].sublimit", "one form"),
    ({"sections": [{**IR, "exclusions": ["EX-WAR"]}]}, "sections[0].exclusions",
     "no exclusion EX-WAR"),
    ({"shared_limits": [{"id": "s", "coverages": ["FP-IR"]}]}, "shared_limits[0].amount_fen",
     "no limit, or two"),
    ({"shared_limits": [{"id": "s", "coverages": ["FP-IR"], "amount_fen": 5}] * 2},
     "shared_limits", "shared limit s stands twice"),
    ({"limits": {**PRODUCT["limits"], "reinstatements": 101}}, "limits.reinstatements",
     "too often"),
    ({"layers": [{"id": "a", "name_zh": "甲", "name_en": "A", "limit_ppm": 5,
                  "reinstatements": 101}]}, "layers[0].reinstatements", "too often"),
    ({"exclusions": [{**OWN, "code": f"CX-{number}", "effect": {
        "type": "extend_waiting", "hours": 1}} for number in range(7)]}, "exclusions",
     "too many conditions"),
    ({"sections": [{**IR, "asks": ["fraud.nothing"]}]}, "sections[0].asks", "registry"),
    ({"sections": [{**IR, "triggers": ["item.amount"]}]}, "sections[0].triggers", "yes-or-no"),
    ({"sections": [{"coverage": "EM-CRYPTO", "clause": "2", "payability": "covered"}]},
     "sections[0].payability", "may not be covered on the mainland"),
    ({"layers": [{"id": "a", "name_zh": "甲", "name_en": "A"}]}, "layers[0].limit_ppm",
     "has no limit"),
    ({"layers": [{"id": "a", "name_zh": "甲", "name_en": "A", "limit_ppm": 5, "participants": [
        {"party": "x", "role": "captive", "share_ppm": 600_000},
        {"party": "y", "role": "captive", "share_ppm": 600_000}]}]}, "layers[0].participants",
     "more than the whole"),
    ({"layers": [{"id": "a", "name_zh": "甲", "name_en": "A", "limit_ppm": 5, "participants": [
        {"party": "x", "role": "chain_owner", "share_ppm": 5, "bearer": "enrolled"}]}]},
     "layers[0].participants[0].bearer", "no supplier"),
    ({"layers": [{"id": "a", "name_zh": "甲", "name_en": "A", "limit_ppm": 5}] * 2}, "layers",
     "layer a stands twice"),
    ({"shared_limits": [{"id": "s", "coverages": ["TP-PRIV"]}]}, "shared_limits[0].coverages",
     "not a section"),
    ({"exclusions": [{"code": "CX-1", "clause": "5"}]}, "exclusions[0]", "lacks acts_on"),
    ({"exclusions": [{**OWN, "coverages": ["TP-PRIV"]}]}, "exclusions[0].coverages",
     "not granted"),
    ({"exclusions": [{**OWN, "effect": {"type": "exclude_item"}}]}, "exclusions[0].effect",
     "cannot act on the event"),
    ({"exclusions": [{**OWN, "effect": {"type": "extend_waiting"}}]},
     "exclusions[0].effect.hours", "needs its hours"),
    ({"exclusions": [{**OWN, "effect": {"type": "reduce_by_fact", "fact": "item.amount"}}]},
     "exclusions[0].effect.fact", "needs a fact of the event"),
    ({"exclusions": [{**OWN, "effect": {"type": "graded", "steps": [
        {"when": {"fact": "finding.causal", "op": "is_true"},
         "effect": {"type": "reduce_by_fact"}}]}}]}, "exclusions[0].effect.steps[0]",
     "cannot be a rung"),
    ({"exclusions": [{**OWN, "acts_on": "item", "predicate": ITEM, "effect": {
        "type": "reduce_to_ratio", "numerator": {"policy": "contracted_gbps"}}}]},
     "exclusions[0].effect.numerator", "a parameter or a fact"),
    ({"exclusions": [{**OWN, "acts_on": "item", "predicate": ITEM, "effect": {
        "type": "sliding_coinsurance", "fact": "vuln.days_patch_available",
        "bands": [{"up_to": 5, "insured_share_ppm": 5}]}}]}, "exclusions[0].effect.bands",
     "only the last band is open"),
    ({"exclusions": [{**OWN, "predicate": ITEM}]}, "exclusions[0].predicate", "fact of the item"),
    ({"exclusions": [{**OWN, "predicate": {"fact": "claim.notice_delay_hours", "op": "gt",
                                           "value": {"policy": "moon"}}}]},
     "exclusions[0].predicate", "no term 'moon'"),
    ({"exclusions": [{**OWN, "predicate": {"fact": "nothing", "op": "is_true"}}]},
     "exclusions[0].predicate.fact",
     "not in the registry"),
    ({"exclusions": [{**OWN, "predicate": {
        "fact": "incident.root_cause_id", "op": "eq", "value": "RC-1"}}]},
     "exclusions[0].predicate.op", "is not compared"),
    ({"exclusions": [{**OWN, "predicate": NESTED}]},
     "exclusions[0].predicate" + ".not" * 17, "nested more than 16 deep"),
    ({"exclusions": [{**OWN, "carve_backs": [{"when": ITEM}]}]},
     "exclusions[0].carve_backs[0].when", "fact of the item"),
    ({"limits": {**PRODUCT["limits"], "aggregate_default_fen": 0}},
     "limits.aggregate_default_fen", "out of order"),
])
def test_a_product_may_not_say_it(fields: dict[str, Any], field: str, words: str) -> None:
    faults = validity_faults(product(**fields))
    assert [one for one in faults if one.field == field and words in one.message], faults
    assert all(one.mend for one in faults)


def test_an_unresolved_exclusion_is_refused() -> None:
    bare = typed({**PRODUCT, "sections": [IR], "exclusions": [{"code": "EX-WAR", "clause": "5"}]},
                 Product)
    assert any("no predicate" in one.message for one in validity_faults(bare))


@pytest.mark.parametrize("part", [
    {"sections": [{"coverage": "FP-??", "clause": "2"}]},
    {"exclusions": [{"code": "EX-??", "clause": "5"}]},
])
def test_a_code_that_no_standard_knows(part: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="of the vocabulary"):
        product(**part)


LAYER = {"id": "a", "name_zh": "甲", "name_en": "A"}


@pytest.mark.parametrize(("agreed", "words"), [
    ({"sections": [{"coverage": "FP-BI", "sublimit_fen": 5}] * 2}, "scheduled twice"),
    ({"sections": [{"coverage": "TP-PRIV", "sublimit_fen": 5}]}, "no section TP-PRIV"),
    ({"sections": [{"coverage": "FP-BI", "sublimit_fen": 5}]}, "FP-IR is missing"),
    ({"sections": [{"coverage": "FP-BI", "sublimit_fen": 10**12}]}, "not within the aggregate"),
    ({"parameters": {"contracted_gbps": 3}}, "no such parameter"),
    ({"members": [{"name_zh": "甲"}]}, "needs an id"),
    ({"retention_minimum_fen": 5, "retention_maximum_fen": 4}, "below the minimum"),
    ({"expiry": "2025-01-01"}, "ends before it begins"),
    ({"each_event_limit_fen": 10**12}, "above the aggregate"),
    ({"layers": []}, "not those of the product"),
    ({"layers": [{**LAYER, "limit_fen": 0}]}, "no limit"),
    ({"layers": [{**LAYER, "limit_fen": 5, "participants": [
        {"party": "x", "role": "captive", "share_ppm": 600_000}] * 2}]}, "more than the whole"),
    ({"layers": [{**LAYER, "limit_fen": 5, "participants": [
        {"party": "x", "role": "captive", "share_ppm": 1}] * 2}]}, "stands twice"),
])
def test_a_schedule_may_not_agree_it(agreed: dict[str, Any], words: str) -> None:
    one = product(layers=[{**LAYER, "limit_ppm": 500_000}])
    sections = [{"coverage": "FP-BI", "sublimit_fen": 5}, {"coverage": "FP-IR", "sublimit_fen": 5}]
    schedule = {**SCHEDULE, "each_event_limit_fen": 10**9, "sections": sections,
                "layers": [{**LAYER, "limit_fen": 5}], **agreed}
    with pytest.raises(InputError) as caught:
        bind(one, schedule)
    assert any(words in fault.message for fault in caught.value.faults), caught.value.faults


def test_layers_may_not_overlap() -> None:
    one = product(layers=[{**LAYER, "limit_ppm": 1}, {**LAYER, "id": "b", "limit_ppm": 1}])
    with pytest.raises(InputError, match="below the top of the one beneath"):
        bind(one, {**SCHEDULE, "each_event_limit_fen": 1, "sections": [
            {"coverage": "FP-BI", "sublimit_fen": 5}, {"coverage": "FP-IR", "sublimit_fen": 5}],
            "layers": [{**LAYER, "limit_fen": 5}, {**LAYER, "id": "b", "limit_fen": 5}]})


def test_an_unresolved_product_is_not_bound() -> None:
    bare = msgspec.structs.replace(load_product("cyber-comprehensive-standard"), vocabulary="")
    with pytest.raises(InputError, match="not resolved"):
        bind(bare, {**SCHEDULE, "each_event_limit_fen": 1, "sections": []})


def test_a_policy_knows_its_sublimits_and_terms() -> None:
    policy = golden_policy({"product": {"sections": [IR]}})
    with pytest.raises(KeyError):
        policy.sublimit("TP-PRIV")
    with pytest.raises(InputError, match="no term"):
        policy.term("moon")
