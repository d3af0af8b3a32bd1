"""The market standard: what conforms passes without an error, and each departure is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, get_args

import msgspec
import pytest

from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.wording import words
from dinghai.wording.conformance import ConformanceReport, check_product
from dinghai.wording.exclusions import CarveBack, Effect, Exclusion
from dinghai.wording.layers import Definition, Layer, Participation
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.saying import has_word
from dinghai.wording.schema import Product, Rating
from dinghai.wording.sections import Retention, Sublimit, Tower, Valuation, Waiting
from dinghai.wording.standard import profile_of, profiles, ranges, rules, standard_terms
from tests.making import change_section
from tests.wording.totals import NOT_PRICE

STANDARD = load_product("cyber-comprehensive-standard")


def rules_of(report: ConformanceReport) -> list[str]:
    return [one.rule for one in report.deviations]


def new_rules(product: Product) -> set[str]:
    """What a changed product departs from, beyond the standard product itself."""
    return set(rules_of(check_product(product))) - set(rules_of(check_product(STANDARD)))


def replaced(**changes: Any) -> Product:
    return msgspec.structs.replace(STANDARD, **changes)


def without(coverage: str) -> Product:
    return replaced(sections=tuple(one for one in STANDARD.sections if one.coverage != coverage),
                    shared_limits=())


def section(coverage: str, **changes: Any) -> Product:
    return change_section(STANDARD, coverage, **changes)


def recoded(old: str, new: str, **changes: Any) -> Product:
    """The product with a section granted under another coverage."""
    return replaced(shared_limits=(), sections=tuple(
        msgspec.structs.replace(one, coverage=new, **changes) if one.coverage == old else one
        for one in STANDARD.sections))


def exclusion(code: str, **changes: Any) -> Product:
    return replaced(exclusions=tuple(
        msgspec.structs.replace(one, **changes) if one.code == code else one
        for one in STANDARD.exclusions))


def process(**changes: Any) -> Product:
    return replaced(claims_process=msgspec.structs.replace(STANDARD.claims_process, **changes))


def limits(**changes: Any) -> Product:
    return replaced(limits=msgspec.structs.replace(STANDARD.limits, **changes))


def obliged(*dropped: str) -> Product:
    return replaced(obligations=tuple(one for one in STANDARD.obligations
                                      if one.id not in dropped))


def own_exclusion(effect: str, **changes: Any) -> Product:
    given = {"effect": Effect(type=effect), "duty": "explain", "acts_on": "event", **changes}
    return replaced(exclusions=(*STANDARD.exclusions,
                                msgspec.structs.replace(NOT_PRICE, **given)))


def defined(**changes: Any) -> Product:
    given = {"term": "waiting_period", "zh": "等待期", "en": "Waiting period", "text_zh": "别的",
             "text_en": "something else", **changes}
    return replaced(definitions=(Definition(**given),))


def tower(**changes: Any) -> Product:
    return replaced(towers=tuple(
        msgspec.structs.replace(one, **changes) if one.coverage == "FP-PROOF" else one
        for one in STANDARD.towers))


BREACHED = Effect(type="exclude_event")
SHARED = Layer(id="one", name_zh="一", name_en="one", limit_ppm=1_000_000, participants=(
    Participation(party="链主", role="chain_owner", share_ppm=200_000),))
BI = STANDARD.section("FP-BI")
assert BI is not None

DEPARTURES: list[tuple[str, Callable[[], Product]]] = [
    ("CV-CORE", lambda: without("FP-BI")),
    ("CV-CORE-ANY", lambda: replaced(line="personal")),
    ("CV-OPTIONAL", lambda: section("FP-DATA", mandatory=False)),
    ("CV-EXPECTED", lambda: without("FP-LEGAL")),
    ("CV-TRIGGER", lambda: section("FP-DATA", triggers=("event.data_loss",))),
    ("CV-BASIS", lambda: section("TP-PRIV", trigger_basis="occurrence")),
    ("CV-PERILS", lambda: section("FP-BI", perils=("ransomware",))),
    ("CV-VALUATION", lambda: section("FP-DATA", valuation=Valuation(method="actual_cost"))),
    ("CV-EVIDENCE", lambda: section("FP-DATA", evidence=(
        *coverages()["FP-DATA"].evidence, "audit_or_adjuster_report"))),
    ("CV-ASKS", lambda: section("FP-DATA", asks=("event.police_case_filed",))),
    ("CV-SPREAD", lambda: section("FP-IR", exclusions=("EX-IDLE",))),
    ("CV-TEXT", lambda: section("FP-IR", text_zh="另写的条文")),
    ("PR-WAITING", lambda: section("FP-BI", waiting=Waiting(seconds=100_000,
                                                            mode="higher_of"))),
    ("PR-INDEMNITY", lambda: section("FP-BI", indemnity_days=60)),
    ("PR-WINDOW", lambda: section("FP-PR", valuation=Valuation(method="actual_cost",
                                                               window_days=7))),
    ("PR-REPORTING", lambda: replaced(basis=msgspec.structs.replace(
        STANDARD.basis, extended_reporting_days=0))),
    ("PR-SUBLIMIT", lambda: section("FP-IR", sublimit=Sublimit(ppm_of_aggregate=10_000))),
    ("PR-FEE", lambda: recoded("FP-IR", "PS-EDR", sublimit=Sublimit(multiple_of_fee=100))),
    ("PR-SHARE", lambda: section("FP-IR", insured_share_ppm=100_000)),
    ("PR-PERCENT", lambda: section("FP-IR", retention=Retention(kind="percentage",
                                                                ppm=300_000))),
    ("PR-DEDUCTIBLE", lambda: limits(deductible_default_fen=200_000_000)),
    ("PR-NOTICE", lambda: process(notice_hours=6)),
    ("PR-EVENT", lambda: limits(each_event_ppm=500_000)),
    ("PR-INCLUSIVE", lambda: replaced(tier="inclusive", layers=(SHARED,))),
    ("PR-DEMONSTRATION", lambda: replaced(tier="demonstration")),
    ("ST-DECIDE", lambda: process(decision_days=31)),
    ("ST-PAY", lambda: process(pay_days=11)),
    ("ST-INTERIM", lambda: process(interim_days=61)),
    ("ST-REFUSE", lambda: process(refusal_days=4)),
    ("ST-ASK-ONCE", lambda: obliged("ask_once")),
    ("ST-NOTIFY", lambda: obliged("notify")),
    ("ST-NOTICE-HOURS", lambda: process(notice_hours=72)),
    ("ST-LATE", lambda: exclusion("EX-LATE", effect=BREACHED)),
    ("ST-MITIGATE", lambda: obliged("mitigate")),
    ("ST-HAZARD", lambda: obliged("hazard")),
    ("ST-TOWER-57", lambda: replaced(towers=STANDARD.towers[1:])),
    ("ST-TOWER-64", lambda: tower(cap="sum_insured")),
    ("ST-HIGHLIGHT", lambda: exclusion("EX-WAR", highlighted=False)),
    ("ST-DUTY", lambda: exclusion("EX-WAR", duty="highlight")),
    ("ST-BURDEN", lambda: exclusion("EX-WAR", burden="insured")),
    ("ST-PAYABILITY", lambda: recoded("FP-IR", "FP-EXT-R", payability="covered")),
    ("ST-VIRTUAL", lambda: recoded("FP-IR", "EM-SC")),
    ("ST-APPEAL", lambda: process(appeal_en="")),
    ("ST-FLOAT", lambda: replaced(rating=Rating(table="t", float_rule=""))),
    ("ST-SHARE", lambda: replaced(layers=(SHARED,))),
    ("FL-NUMBER", lambda: replaced(filing_no="C0001083061202001232244")),
    ("FL-DATE", lambda: replaced(filing_no="C00010830612020023022442")),
    ("FL-MISSING", lambda: replaced(status="filed")),
    ("FL-REVISES", lambda: replaced(status="revised", filing_no="C00010830612020012322442")),
    ("FL-TERM", lambda: replaced(effective_from=date(2026, 5, 1),
                                 effective_to=date(2026, 4, 1))),
    ("XC-CORE", lambda: replaced(exclusions=STANDARD.exclusions[1:])),
    ("XC-TYPICAL", lambda: replaced(exclusions=tuple(
        one for one in STANDARD.exclusions if one.code != "EX-IDLE"))),
    ("XC-OWN", lambda: own_exclusion("coinsurance")),
    ("XC-OWN-CLIFF", lambda: own_exclusion("exclude_event")),
    ("XC-PREDICATE", lambda: exclusion("EX-WAR", predicate={
        "fact": "incident.armed_conflict", "op": "is_true"})),
    ("XC-EFFECT", lambda: exclusion("EX-UNPATCHED", effect=BREACHED)),
    ("XC-CARVE", lambda: msgspec.structs.replace(
        exclusion("EX-GOV", carve_backs=()), sections=recoded("FP-IR", "FP-VOL").sections)),
    ("XC-VARIANT", lambda: exclusion("EX-UNPATCHED", effect=BREACHED, variant="strict")),
    ("XC-MILDER", lambda: exclusion("EX-WAR", effect=Effect(type="none"))),
    ("XC-TEXT", lambda: exclusion("EX-WAR", text_zh="另写的条文")),
    ("XC-UNGRADED", lambda: exclusion("EX-MAINT", effect=BREACHED)),
    ("XC-DESIGNATED", lambda: section("FP-IR", vendor_rule="designated")),
    ("XC-CUMULATIVE", lambda: exclusion("EX-MAINT", cumulative=True)),
    ("XC-UNUSED", lambda: exclusion("EX-IDLE", coverages=("FP-IR",))),
    ("TX-MISSING", lambda: section("FP-IR", plain_en="")),
    ("TX-PLAIN", lambda: section("FP-IR", plain_zh="长" * 121)),
    ("TX-TERM-OWN", lambda: defined(term="moon_phase", zh="月相", en="Moon phase")),
    ("TX-TERM-CHANGED", defined),
    ("TX-SYNONYM", lambda: section("FP-BI", text_zh="超过等候期后赔偿。")),
]


@pytest.mark.parametrize(("rule", "make"), DEPARTURES, ids=[one for one, _ in DEPARTURES])
def test_each_departure_is_named(rule: str, make: Callable[[], Product]) -> None:
    assert rule in new_rules(make())


def test_every_rule_is_tried() -> None:
    tried = {rule for rule, _make in DEPARTURES}
    elsewhere = {"MO-BREAK", "XC-CLIFF"}
    assert set(rules()) - tried == elsewhere


def test_a_conforming_product_passes() -> None:
    report = check_product(STANDARD)
    assert report.conforming
    assert report.score == 100
    assert report.sum_in_words == "100"
    assert rules_of(report) == ["MO-BREAK"]


@pytest.mark.parametrize("product_id", shipped_products())
def test_every_shipped_product_conforms(product_id: str) -> None:
    report = check_product(load_product(product_id))
    assert [str(one) for one in report.deviations if one.severity == "error"] == []
    assert report.kind


def test_the_score_adds_up() -> None:
    report = check_product(process(decision_days=45, pay_days=30, appeal_zh=""))
    assert [(one.rule, one.points) for one in report.arithmetic] == [
        ("ST-DECIDE", 10), ("ST-PAY", 10), ("ST-APPEAL", 3)]
    assert report.score == 77
    assert report.sum_in_words == "100 − 10 (ST-DECIDE) − 10 (ST-PAY) − 3 (ST-APPEAL) = 77"


def test_a_rule_costs_at_most_so_much() -> None:
    product = replaced(exclusions=tuple(
        msgspec.structs.replace(one, highlighted=False) for one in STANDARD.exclusions))
    report = check_product(product)
    line = next(one for one in report.arithmetic if one.rule == "ST-HIGHLIGHT")
    assert line.count > 15
    assert (line.points, line.most) == (15, 15)
    assert str(line) == f"15 for ST-HIGHLIGHT: {line.count} × 5 (at most 15)"


def test_a_deviation_says_where_and_what() -> None:
    (found,) = [one for one in check_product(process(decision_days=45)).deviations
                if one.rule == "ST-DECIDE"]
    assert found.to_dict() == {
        "rule": "ST-DECIDE", "severity": "error", "field": "claims_process.decision_days",
        "clause": "", "found": "45", "expected": "30",
        "found_zh": "45", "expected_zh": "30", "zh": "核定期限为45日，法定最长30日。",
        "en": "Determination takes 45 days; the law allows 30."}


def test_the_report_is_plain_json() -> None:
    document = check_product(without("FP-BI")).to_dict()
    assert msgspec.json.decode(msgspec.json.encode(document)) == document
    assert (document["conforming"], document["errors"]) == (False, 1)


@pytest.mark.parametrize(("effect", "severity"), [
    (Effect(type="coinsurance", insured_share_ppm=200_000), "note"),
    (Effect(type="none"), "note"),
    (Effect(type="decline_quote"), "error"),
])
def test_a_milder_effect_is_only_noted(effect: Effect, severity: str) -> None:
    found = [one.severity for one in check_product(exclusion("EX-WAR", effect=effect)).deviations
             if one.rule in {"XC-MILDER", "XC-EFFECT"}]
    assert found == [severity]


@pytest.mark.parametrize(("days", "rule"), [(60, "XC-MILDER"), (30, "XC-EFFECT")])
def test_bands_are_compared_by_what_they_take(days: int, rule: str) -> None:
    standard = STANDARD.exclusion("EX-UNPATCHED")
    assert standard is not None and standard.effect is not None
    first = msgspec.structs.replace(standard.effect.bands[0], up_to=days)
    effect = msgspec.structs.replace(standard.effect, bands=(first, *standard.effect.bands[1:]))
    assert rule in new_rules(exclusion("EX-UNPATCHED", effect=effect))


@pytest.mark.parametrize(("predicate", "rule"), [
    ({"all": [{"fact": "event.personal_data_breach", "op": "is_true"}]}, "XC-MILDER"),
    ({}, "XC-PREDICATE"),
])
def test_a_narrower_condition_is_milder(predicate: dict[str, Any], rule: str) -> None:
    standard = STANDARD.exclusion("EX-WAR")
    assert standard is not None and standard.predicate is not None
    parts = [*standard.predicate["all"], *predicate["all"]] if predicate else (
        standard.predicate["all"][:1])
    assert rule in new_rules(exclusion("EX-WAR", predicate={"all": parts}))


def test_more_carve_backs_are_milder() -> None:
    assert "XC-MILDER" in new_rules(exclusion("EX-WAR", carve_backs=(
        CarveBack(coverages=("FP-IR",)),)))


def test_a_cliff_of_the_standard_is_flagged() -> None:
    standard = exclusions()["EX-UNAPPROVED-OUTS"]
    cliff = Exclusion(
        code=standard.id, clause="5.30", acts_on="event", predicate=standard.predicate,
        effect=BREACHED, burden="insurer", duty="explain", name_zh=standard.name_zh,
        name_en=standard.name_en, text_zh=standard.clause_zh, text_en=standard.clause_en,
        plain_zh=standard.plain_zh, plain_en=standard.plain_en, carve_backs=())
    assert new_rules(replaced(exclusions=(*STANDARD.exclusions, cliff))) == {"XC-CLIFF"}
    graded = msgspec.structs.replace(cliff, effect=Effect(type="coinsurance",
                                                          insured_share_ppm=200_000))
    assert new_rules(replaced(exclusions=(*STANDARD.exclusions, graded))) == {"XC-MILDER"}


def test_a_prohibition_of_law_needs_highlighting_only() -> None:
    assert "ST-DUTY" not in new_rules(exclusion("EX-SANCTION", duty="highlight"))
    assert "ST-DUTY" in new_rules(exclusion("EX-SANCTION", duty="none"))


def test_mitigation_inside_the_limits_is_a_breach() -> None:
    product = recoded("FP-IR", "FP-MIT")
    found = [one.found for one in check_product(product).deviations if one.rule == "ST-TOWER-57"]
    assert found == ["a section inside the limits"]


def test_services_alone_need_no_towers() -> None:
    product = replaced(line="service", towers=(), shared_limits=(), sections=tuple(
        msgspec.structs.replace(one, coverage="SV-RESC", trigger_basis="in_kind",
                                valuation=Valuation(method="in_kind"))
        for one in STANDARD.sections[:1]))
    assert not {"ST-TOWER-57", "ST-TOWER-64"} & set(rules_of(check_product(product)))


@pytest.mark.parametrize("number", [
    "C00010830612020012322442", "C00010830912020061800432", "C00004431912020123100722",
    "C00020930612018100805241",
])
def test_real_filing_numbers_fit(number: str) -> None:
    assert not {"FL-NUMBER", "FL-DATE"} & new_rules(replaced(filing_no=number, status="filed"))


def test_kinds_are_told_by_line_and_leading_cover() -> None:
    kinds = {one: getattr(profile_of(load_product(one)), "id", "") for one in (
        "cyber-comprehensive-standard", "resident-anti-fraud", "service-anti-ddos",
        "supply-chain-programme")}
    assert kinds == {
        "cyber-comprehensive-standard": "property", "resident-anti-fraud": "personal",
        "service-anti-ddos": "product_service", "supply-chain-programme": "supply_chain"}


def test_the_tables_name_what_exists() -> None:
    for profile in profiles().values():
        covers = {*profile.core, *profile.any_of, *profile.expected, *profile.led_by, *profile.has,
                  *profile.needs, *profile.without}
        assert covers <= set(coverages())
        assert set(profile.exclusions) <= set(exclusions())
    for one in ranges():
        assert one.rule in rules()
        assert set(one.coverages) <= set(coverages())
    for rule in rules().values():
        assert rule.weight <= rule.most
        assert (rule.weight == 0) == (rule.severity == "note")
        assert rule.source and rule.confidence in set("TAMD")
    for term in standard_terms().values():
        assert not any(other in term.text_zh for other in term.instead_of)


@pytest.mark.parametrize(("group", "choices"), [
    ("line", words.Line), ("tier", words.Tier), ("status", words.Status),
    ("trigger_basis", words.TriggerBasis), ("waiting_mode", words.WaitingMode),
    ("retention", words.RetentionKind), ("valuation", words.ValuationMethod),
    ("payability", words.Payability), ("duty", words.Duty), ("role", words.PartyRole),
    ("bearer", words.Bearer),
    ("stage", words.Stage), ("effect", msgspec.structs.fields(Effect)[0].type),
])
def test_every_choice_has_words(group: str, choices: Any) -> None:
    assert [one for one in get_args(choices) if not has_word(group, one)] == []


def test_every_field_has_a_name() -> None:
    kinds = {Product, Tower}
    for part in ("basis", "limits", "claims_process", "rating", "other_insurance"):
        kinds.add(type(getattr(STANDARD, part)))
    for part in ("sections", "shared_limits", "exclusions", "obligations", "services"):
        kinds.add(type(getattr(STANDARD, part)[0]))
    kinds |= {Layer, Definition}
    parts = {one.name for one in msgspec.structs.fields(Product)}
    nameless = {field.name for kind in kinds for field in msgspec.structs.fields(kind)
                if not has_word("field", field.name)
                and not (field.name in parts and has_word("part", field.name))}
    assert nameless == set()
