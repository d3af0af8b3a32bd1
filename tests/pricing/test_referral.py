"""Rules of referral: three values, strictness, faults with their place, and the old checks."""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import parse_toml, plain
from dinghai.foundation.toml_text import toml_text
from dinghai.foundation.truth import Truth
from dinghai.pricing.quote import Pricer
from dinghai.pricing.rating import load_rating, rating_hash, rating_of
from dinghai.pricing.referral import (
    ReferralRules,
    apply_rules,
    load_referral,
    read_referral,
    referral_hash,
    referral_of,
)
from dinghai.pricing.referral_facts import FACTS
from dinghai.pricing.screening import Screening
from dinghai.wording.products import load_product
from tests.losses.risks import INCEPTION, PRODUCT, QUOTED, assessment, dossier


def shipped() -> dict[str, Any]:
    """The shipped rules as a plain document."""
    return plain(load_referral())


def test_the_shipped_rules_are_read_and_name_only_known_facts() -> None:
    rules = load_referral()
    assert {name for rule in rules.rules for name in rule.reads()} <= set(FACTS)
    assert [rule.reason for rule in rules.rules][:4] == [
        "rate_outside_filing", "limit_above_authority", "premium_above_authority",
        "low_confidence"]


def test_a_table_of_rules_reads_back_from_its_own_text() -> None:
    for document, read in ((shipped(), referral_of), (plain(load_rating(PRODUCT)), rating_of)):
        again = parse_toml(toml_text(document), "again.toml")
        assert plain(read(again)) == document


@pytest.mark.parametrize(("change", "field", "mend"), [
    ({"fact": "terms.aggregate_limit"}, "rules[1].when[0].fact",
     "did you mean terms.aggregate_limit_fen?"),
    ({"comparison": "in"}, "rules[1].when[0].comparison",
     "one of: above, at_least, below, at_most, equals"),
    ({"than": "profile.headcount"}, "rules[1].when[0].than", "name a fact of kind fen"),
    ({"than": None}, "rules[1].when[0].value", "give value or than, one of the two"),
    ({"than": None, "value": -1}, "rules[1].when[0].value",
     "write a whole number: fen for amounts, parts per million for ratios"),
    ({"than": None, "value": True}, "rules[1].when[0].value",
     "write a whole number: fen for amounts, parts per million for ratios"),
])
def test_a_faulty_condition_names_its_place_and_its_mend(
    change: dict[str, Any], field: str, mend: str
) -> None:
    document = shipped()
    document["rules"][1]["when"][0].update(change)
    with pytest.raises(InputError) as caught:
        referral_of(document)
    assert (caught.value.fault.field, caught.value.fault.mend) == (field, mend)


@pytest.mark.parametrize(("change", "field"), [
    ({"to": "nobody"}, "rules[0].to"), ({"source": " "}, "rules[0].source"),
    ({"confidence": "sure"}, "rules[0].confidence"), ({"when": []}, "rules[0].when"),
    ({"id": "LIMIT-UNDERWRITER"}, "rules[1].id"), ({"reason": ""}, "rules[0].reason"),
])
def test_a_faulty_rule_names_its_place(change: dict[str, Any], field: str) -> None:
    document = shipped()
    document["rules"][0].update(change)
    with pytest.raises(InputError) as caught:
        referral_of(document)
    assert caught.value.fault.field == field


def test_a_faulty_file_names_its_line(tmp_path: Path) -> None:
    with as_file(files("dinghai.data").joinpath("rating", "referral.toml")) as path:
        text = path.read_text("utf-8")
    faulty = tmp_path / "referral.toml"
    faulty.write_text(text.replace('to = "compliance"', 'to = "somebody"'), "utf-8")
    with pytest.raises(InputError) as caught:
        read_referral(faulty)
    line = faulty.read_text("utf-8").splitlines()[(caught.value.fault.line or 0) - 1]
    assert line == 'to = "somebody"'


def test_unknown_is_evidence_needed_and_neither_clean_nor_refused() -> None:
    facts: dict[str, Any] = dict.fromkeys(FACTS)
    reading = apply_rules(load_referral(), facts)
    assert reading.applied == () and reading.stricter("quote") == "quote"
    assert len(reading.evidence_needed) == len(load_referral().rules)
    hit = apply_rules(load_referral(), {**facts, "screening.sanctions_hit": True})
    assert [one.rule.id for one in hit.applied] == ["SANCTIONS"]
    assert hit.stricter("quote") == "refer"
    clear = apply_rules(load_referral(), {**facts, "screening.sanctions_hit": False})
    assert "SANCTIONS" not in {one.rule.id for one in clear.evidence_needed}


def test_any_of_two_conditions_holds_although_one_is_unknown() -> None:
    document = shipped()
    document["rules"] = [{**document["rules"][0], "match": "any", "when": [
        {"fact": "profile.critical_infrastructure", "comparison": "equals", "value": True},
        {"fact": "profile.revenue_fen", "comparison": "above", "value": 10}]}]
    rules = referral_of(document)
    facts: dict[str, Any] = {"profile.critical_infrastructure": None, "profile.revenue_fen": 11}
    assert apply_rules(rules, facts).results[0].truth is Truth.TRUE
    document["rules"][0]["match"] = "all"
    assert apply_rules(referral_of(document), facts).results[0].truth is Truth.UNKNOWN
    facts["profile.revenue_fen"] = 10
    assert apply_rules(referral_of(document), facts).results[0].truth is Truth.FALSE


@pytest.mark.parametrize("outcome", ["condition", "refer", "decline"])
def test_rules_never_soften_the_assessment(outcome: str) -> None:
    document = shipped()
    document["rules"] = [{**document["rules"][1], "outcome": outcome, "when": [
        {"fact": "profile.headcount", "comparison": "at_least", "value": 0}]}]
    reading = apply_rules(referral_of(document), {"profile.headcount": 1})
    assert reading.stricter("decline") == "decline"
    assert reading.stricter("quote") == {
        "condition": "quote_with_conditions"}.get(outcome, outcome)
    assert reading.stricter("inclusive_offer") == (
        "inclusive_offer" if outcome == "condition" else outcome)


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_a_larger_limit_is_never_judged_more_mildly(first: int, second: int) -> None:
    low, high = sorted((first, second))
    facts: dict[str, Any] = {"rating.authority.aggregate_limit_fen": 3_000_000_000}

    def applied(limit: int) -> set[str]:
        found = apply_rules(load_referral(), {**facts, "terms.aggregate_limit_fen": limit})
        return {one.rule.id for one in found.applied}

    assert applied(low) <= applied(high)


def test_the_old_checks_give_the_old_codes() -> None:
    """What was hard-wired before the table: limit, premium and confidence beyond authority."""
    rating = load_rating(PRODUCT)
    narrow = msgspec.structs.replace(rating, authority=msgspec.structs.replace(
        rating.authority, aggregate_limit_fen=1, net_premium_fen=1,
        minimum_confidence_ppm=999_999))
    pricer = Pricer.of(dossier("donghai"), assessment("donghai"), load_product(PRODUCT), narrow)
    priced = pricer.quote(pricer.schedule(inception=INCEPTION))
    assert priced.outcome == "refer"
    assert priced.reasons[-3:] == (
        "limit_above_authority", "premium_above_authority", "low_confidence")
    document = priced.to_dict()
    assert document["rating"]["sha256"] == rating_hash(narrow)
    assert document["referral"]["sha256"] == referral_hash(load_referral())
    assert [one["id"] for one in document["referral"]["evidence_needed"]] == ["SANCTIONS"]


CLEAR = Screening("dinghai.screening/1", ("名单甲",), QUOTED, "clear", "S-1")


def test_other_rules_may_be_given() -> None:
    document = shipped()
    document["rules"][-1]["when"][0]["value"] = ["CN-mainland"]
    rules: ReferralRules = referral_of(document)
    pricer = Pricer.of(dossier("donghai"), assessment("donghai"), load_product(PRODUCT),
                       referral=rules, screening=CLEAR)
    priced = pricer.quote(pricer.schedule(inception=INCEPTION))
    assert priced.reasons[-1] == "jurisdiction_outside_appetite"
    assert priced.referral.evidence_needed == ()


def test_what_stays_at_its_default_is_no_part_of_the_hash() -> None:
    document = shipped()
    assert "match" not in document["rules"][1] and "value" not in document["rules"][1]["when"][0]
    spelt = shipped()
    spelt["rules"][1] |= {"match": "all"}
    spelt["rules"][1]["when"][0] |= {"value": None}
    assert referral_hash(referral_of(spelt)) == referral_hash(load_referral())
