"""The product library, first part: tiers, single-peril packs, vendors' liability, product-service.

Every product is whole, bindable and compilable, keeps what its summary promises, and differs from
every other in its structure, not only in its numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import date
from itertools import combinations
from typing import Any

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.foundation.money import apply_ppm
from dinghai.terms.compiler import compile_policy
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import load_product, shipped_products
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section
from tests.making import EXPLAINED, make_claim

STANDARD = "cyber-comprehensive-standard"
TIERS = ("cyber-comprehensive-inclusive", "cyber-comprehensive-demonstration")
PACKS = tuple(f"{scene}-{sector}" for scene in ("ransomware", "data-leak")
              for sector in ("telecom", "industrial-internet", "connected-vehicles"))
MATRIX = tuple(f"{field}-{kind}" for field in ("cloud", "industrial-internet", "connected-vehicles")
               for kind in ("security-product", "security-service", "it-product"))
SERVICES = ("service-anti-ddos", "service-managed-cloud", "service-anti-ransomware",
            "service-endpoint")
LIBRARY = (*TIERS, *PACKS, *MATRIX, *SERVICES)

Feature = Callable[[Product], Hashable]
SectionFeature = Callable[[Section], Hashable]

PRODUCT_FEATURES: dict[str, Feature] = {
    "line and tier": lambda p: (p.line, p.tier),
    "what one event is": lambda p: p.basis.aggregation_rule,
    "claims-made rules": lambda p: (p.basis.retroactive, p.basis.series, p.basis.circumstances),
    "defence": lambda p: p.limits.defence,
    "event deductible": lambda p: (p.limits.deductible_per, p.limits.deductible_maximum_fen > 0),
    "reinstatement": lambda p: p.limits.reinstatements > 0,
    "layers": lambda p: tuple((one.basis, tuple(party.role for party in one.participants))
                              for one in p.layers),
    "parameters": lambda p: tuple(sorted(p.parameters)),
    "variants of exclusions": lambda p: frozenset(
        (one.code, one.variant) for one in p.exclusions if one.variant or one.code[:3] == "CX-"),
    "other insurance": lambda p: p.other_insurance.rule,
    "instalments": lambda p: p.instalments is not None,
    "calculation order": lambda p: p.calculation_order,
    "jurisdictions": lambda p: p.jurisdictions,
    "covers": lambda p: frozenset(one.coverage for one in p.sections),
}
SECTION_FEATURES: dict[str, SectionFeature] = {
    "waiting modes": lambda s: s.waiting and (s.waiting.mode, s.waiting.deductible),
    "retentions": lambda s: (s.retention.kind, s.retention.of, s.retention.limit,
                             s.retention.minimum_fen > 0, s.retention.maximum_fen is not None),
    "valuation": lambda s: s.valuation and (s.valuation.method,
                                            s.valuation.window_days is not None),
    "forms of sublimits": lambda s: (
        s.sublimit.multiple_of_fee is not None, s.sublimit.amount_fen is not None,
        s.sublimit.basis, s.sublimit.per),
    "insured's shares": lambda s: s.insured_share_ppm > 0,
    "triggers": lambda s: s.triggers,
    "lists of the schedule": lambda s: s.schedule_refs,
    "average": lambda s: s.average,
}
"""Compared on the covers that two products share, so that these do not just repeat the covers."""


def _differences(one: Product, other: Product) -> list[str]:
    found = [name for name, read in PRODUCT_FEATURES.items() if read(one) != read(other)]
    pairs = [(section, same) for section in one.sections
             if (same := other.section(section.coverage)) is not None]
    return found + [name for name, read in SECTION_FEATURES.items()
                    if any(read(section) != read(same) for section, same in pairs)]


def _policy(product: Product, **more: Any) -> Policy:
    """A year's policy at the default limits, every term explained."""
    limits, party = product.limits, Party(name_zh="东海家电")
    aggregate = limits.aggregate_default_fen
    policy = bind(product, Schedule(**{
        "policy_no": "CL-2026-000001", "applicant": party, "insured": party, "insurer": party,
        "inception": date(2026, 4, 1), "expiry": date(2027, 3, 31),
        "retroactive_date": date(2026, 4, 1), "aggregate_limit_fen": aggregate,
        "each_event_limit_fen": apply_ppm(aggregate, limits.each_event_ppm),
        "event_deductible_fen": limits.deductible_default_fen,
        "sections": scheduled_sections(product, aggregate),
        "layers": scheduled_layers(product, aggregate), **more}))
    return with_explanations(policy, tuple(one.key for one in terms_to_explain(policy)), EXPLAINED)


@pytest.mark.parametrize("product_id", LIBRARY)
def test_it_loads_and_says_what_it_is(product_id: str) -> None:
    product = load_product(product_id)
    assert product_id in shipped_products()
    assert (product.product_id, product.status, product.filing_no) == (product_id, "draft", None)
    assert product.name_zh and product.name_en and product.summary_zh and product.summary_en
    assert {one.coverage for one in product.towers} == {"FP-MIT", "FP-PROOF"}
    assert all(one.source and one.confidence == "D" for one in product.sections)
    for part in (*product.sections, *product.towers, *product.exclusions):
        assert part.text_zh and part.text_en
        assert len(part.plain_zh) <= 120 and len(part.plain_en) <= 120


@pytest.mark.parametrize("product_id", LIBRARY)
def test_clause_numbers_are_unique_and_in_order(product_id: str) -> None:
    product = load_product(product_id)
    parts = [*product.sections, *product.towers, *product.shared_limits, *product.layers]
    if product.other_insurance.clause:
        parts.append(product.other_insurance)
    if product.instalments is not None:
        parts.append(product.instalments)
    parts += [*product.exclusions, *product.obligations, *product.services]
    numbers = [tuple(int(piece) for piece in one.clause.split(".")) for one in parts]
    assert numbers == sorted(set(numbers))
    assert [chapter for chapter, _ in numbers[:len(product.sections)]] == [2] * len(
        product.sections)


@pytest.mark.parametrize("product_id", LIBRARY)
def test_its_parts_refer_to_one_another(product_id: str) -> None:
    product = load_product(product_id)
    listed = {code for section in product.sections for code in section.exclusions or ()}
    codes = {one.code for one in product.exclusions}
    assert listed <= codes
    assert {one.code for one in product.exclusions if one.acts_on == "item"} <= listed
    assert {one.breach for one in product.obligations if one.breach} <= codes
    assert all(one.module for one in product.sections if not one.mandatory)
    assert {"notify", "mitigate", "hazard", "ask_once"} <= {one.id for one in product.obligations}
    notice = next(one for one in product.obligations if one.id == "notify")
    assert notice.deadline_hours == product.claims_process.notice_hours
    retroactive = product.exclusion("EX-RETRO") is not None
    assert retroactive == (product.basis.retroactive != "none")


@pytest.mark.parametrize("product_id", LIBRARY)
def test_it_binds_and_compiles_at_its_default_limit(product_id: str) -> None:
    product = load_product(product_id)
    policy = _policy(product)
    granted = [one.coverage for one in (*product.sections, *product.towers)]
    program = compile_policy(policy, granted)
    assert {f"pay.{one}" for one in granted} <= set(program.outputs)
    for section in policy.schedule.sections:
        own = product.section(section.coverage)
        assert own is not None
        if own.sublimit.multiple_of_fee is not None:
            fee = product.parameters["annual_service_fee"]
            assert section.sublimit_fen == own.sublimit.multiple_of_fee * fee


def test_every_product_differs_from_every_other_in_structure() -> None:
    products = [load_product(one) for one in (*LIBRARY, STANDARD)]
    for one, other in combinations(products, 2):
        found = _differences(one, other)
        assert len(found) >= 3, (one.product_id, other.product_id, found)


def _modes(product: Product) -> set[str]:
    return {one.waiting.mode for one in product.sections if one.waiting}


def _kinds(product: Product) -> set[str]:
    return {one.retention.kind for one in product.sections}


def _grants(product: Product, *coverages: str) -> bool:
    return all(product.section(one) is not None for one in coverages)


STATED: dict[str, Feature] = {
    "cyber-comprehensive-inclusive": lambda p: (
        len(p.sections) <= 6 and _kinds(p) == {"none", "fixed"}
        and p.limits.deductible_maximum_fen == 0 and _modes(p) == {"franchise_hours"}),
    "cyber-comprehensive-demonstration": lambda p: (
        len(p.layers) == 3 and sum(one.limit_ppm for one in p.layers) == 1_000_000
        and {party.role for one in p.layers for party in one.participants}
        == {"lead_insurer", "following_insurer"}
        and len({one.module for one in p.sections if one.module}) == 9
        and p.limits.defence == "outside" and p.limits.reinstatements == 1),
    "ransomware-telecom": lambda p: (
        _grants(p, "FP-EXT-R", "FP-DBI") and p.section("FP-EXT-R").payability == "nominal_only"
        and _modes(p) == {"franchise_hours", "higher_of"}),
    "ransomware-industrial-internet": lambda p: (
        _grants(p, "FP-PHYS", "FP-HW", "FP-VOL") and p.section("FP-BI").average
        and _modes(p) == {"waiting_then_deductible"} and not _grants(p, "FP-EXT-R")),
    "ransomware-connected-vehicles": lambda p: (
        "EX-RECALL" in p.section("TP-NETSEC").exclusions
        and _modes(p) == {"replaces_deductible"} and p.basis.aggregation_rule == "batch_defect"),
    "data-leak-telecom": lambda p: (
        p.section("FP-NOTIF").valuation.method == "per_record"
        and p.exclusion("EX-UNAPPROVED-OUTS").effect.type == "exclude_event"
        and p.section("TP-FINE").payability == "nominal_only"),
    "data-leak-industrial-internet": lambda p: (
        _grants(p, "SC-LIAB") and p.section("FP-NOTIF").valuation.method == "actual_cost"
        and p.other_insurance.rule == "excess"),
    "data-leak-connected-vehicles": lambda p: (
        p.exclusion("EX-UNAPPROVED-OUTS").effect.type == "coinsurance"
        and p.calculation_order.index("insured_share")
        < p.calculation_order.index("event_deductible")),
    "cloud-security-product": lambda p: (
        p.limits.defence == "outside" and _grants(p, "TP-PROD", "PS-EDR")),
    "cloud-security-service": lambda p: (
        _grants(p, "TP-TECHEO", "TP-OUTS") and p.limits.defence == "inside"
        and p.exclusion("EX-UNTESTED").coverages == ("TP-TECHEO",)),
    "cloud-it-product": lambda p: (
        p.section("PS-MCLOUD").valuation.method == "service_credit"
        and p.basis.hours_window == 24),
    "industrial-internet-security-product": lambda p: (
        p.exclusion("EX-BIPD") is None and p.exclusion("EX-BODILY") is not None
        and p.section("TP-PROD").retention.limit == "including"),
    "industrial-internet-security-service": lambda p: (
        "lower_of" in _kinds(p) and _grants(p, "SC-LIAB") and p.basis.hours_window == 168),
    "industrial-internet-it-product": lambda p: (
        p.limits.reinstatements == 1 and _grants(p, "TP-PROD", "SC-LIAB") and not p.layers),
    "connected-vehicles-security-product": lambda p: (
        p.section("FP-BETTER").valuation.method == "betterment_share"
        and "EX-RECALL" in p.section("TP-PROD").exclusions),
    "connected-vehicles-security-service": lambda p: (
        not p.basis.series and len(p.layers) == 1 and _kinds(p) == {"fixed"}),
    "connected-vehicles-it-product": lambda p: (
        [one.basis for one in p.layers] == ["aggregate", "aggregate"]
        and p.section("FP-BETTER").valuation.window_days == 180),
    "service-anti-ddos": lambda p: (
        p.exclusion("EX-OVERCAP").effect.type == "reduce_to_ratio"
        and p.section("PS-DDOS").valuation.method == "outage_over_service_level"),
    "service-managed-cloud": lambda p: (
        not p.section("SV-RESC").erodes_aggregate and _modes(p) == {"replaces_deductible"}),
    "service-anti-ransomware": lambda p: (
        p.exclusion("EX-DISABLED").effect.type == "graded" and p.exclusion("CX-OTHER-PERIL")),
    "service-endpoint": lambda p: (
        p.exclusion("EX-DISABLED").effect.type == "exclude_item"
        and {one.sublimit.basis for one in p.sections} == {"each_event"}),
}
"""What each product's header says of it that a buyer would choose it by."""


@pytest.mark.parametrize("product_id", LIBRARY)
def test_it_is_what_its_header_says(product_id: str) -> None:
    assert STATED[product_id](load_product(product_id))


def _pays(product_id: str, items: list[dict[str, Any]], facts: dict[str, Any],
          **more: Any) -> dict[str, Any]:
    return adjudicate(_policy(load_product(product_id), **more).to_dict(),
                      make_claim(items, facts))


@pytest.mark.parametrize(("facts", "fen"), [
    ({"ddos.peak_gbps": 300}, 10_000_000),  # (7,500 − 300) s × ¥50,000 an hour
    ({"ddos.peak_gbps": 600}, 5_000_000),  # 300 ÷ 600 of it
    ({"ddos.peak_gbps": 300, "telemetry.enabled": False}, 0),
])
def test_an_attack_is_paid_by_the_hour_and_pro_rata_beyond_capacity(
    facts: dict[str, Any], fen: int
) -> None:
    item = {"coverage": "PS-DDOS", "facts": {"outage.seconds": 7_500, "asset.managed": True}}
    decision = _pays("service-anti-ddos", [item], {
        "event.product_failure_event": True, "incident.peril": "ddos_web",
        "telemetry.enabled": True, **facts})
    assert decision["total_fen"] == fen


@pytest.mark.parametrize(("age", "fen"), [(7, 3_600_000), (20, 2_520_000), (31, 0)])
def test_old_signatures_are_graded(age: int, fen: int) -> None:
    # 12 × ¥3,000 + ¥4,000 = ¥40,000; less 10% = ¥36,000; 70% of it = ¥25,200.
    item = {"coverage": "PS-RANSOM", "facts": {
        "endpoint.count": 12, "endpoint.restoration_cost": 400_000, "asset.managed": True}}
    decision = _pays("service-anti-ransomware", [item], {
        "event.product_failure_event": True, "telemetry.enabled": True,
        "telemetry.signature_age_days": age})
    assert decision["total_fen"] == fen


@pytest.mark.parametrize(("seconds", "fen"), [(28_800, 0), (36_000, 1_200_000)])
def test_a_small_firm_is_paid_from_the_first_hour(seconds: int, fen: int) -> None:
    # ¥24,000 a day × 10 h ÷ 24 + ¥2,000 of continuing costs; eight hours exactly are not exceeded.
    item = {"coverage": "FP-BI", "facts": {
        "bi.daily_net_profit": 2_400_000, "bi.actual_net_profit": 0,
        "bi.continuing_costs": 200_000, "bi.interruption_seconds": seconds}}
    assert _pays("cyber-comprehensive-inclusive", [item], {})["total_fen"] == fen


@pytest.mark.parametrize(("overdue", "fen"), [(False, 34_400_000), (True, 15_200_000)])
def test_a_line_stop_bears_average_waiting_and_deductible(overdue: bool, fen: int) -> None:
    # (2,400,000 − 600,000) × 40% = 720,000; sublimit 12m of 16m insurable: 540,000; a day of
    # waiting 96,000 (three with the overdue finding: 288,000); deductible 100,000.
    item = {"coverage": "FP-BI", "facts": {
        "bi.standard_turnover": 240_000_000, "bi.actual_turnover": 60_000_000,
        "bi.gross_profit_rate": 400_000, "bi.interruption_seconds": 864_000,
        "bi.period_seconds": 864_000, "bi.insurable_amount": 1_600_000_000}}
    decision = _pays("ransomware-industrial-internet", [item], {
        "finding.notified": True, "finding.overdue_at_incident": overdue, "finding.causal": True,
    }, event_deductible_fen=10_000_000)
    assert decision["total_fen"] == fen


def test_another_peril_is_outside_a_pack_and_doubt_is_inside() -> None:
    item = {"coverage": "FP-EXT-C", "facts": {"item.amount": 20_000_000}}
    for peril, fen in (("ransomware", 10_000_000), ("ddos_web", 0), (None, 10_000_000)):
        facts = {} if peril is None else {"incident.peril": peril}
        claim = make_claim([item], facts)
        if peril is None:
            del claim["facts"]["incident.peril"]
        policy = _policy(load_product("ransomware-telecom"))
        assert adjudicate(policy.to_dict(), claim)["total_fen"] == fen


def test_the_share_comes_before_the_deductible_where_the_product_says_so() -> None:
    # ¥1,000,000 × 90% − ¥300,000 = ¥600,000; the usual order would give ¥630,000.
    item = {"coverage": "TP-PRIV", "facts": {"liability.damages": 100_000_000}}
    decision = _pays("data-leak-connected-vehicles", [item], {
        "event.third_party_claim": True, "event.personal_data_breach": True,
        "incident.peril": "intrusion_breach", "claim.made_at": "2026-09-08T10:00:00+08:00"})
    assert decision["total_fen"] == 60_000_000


def test_the_tower_is_borne_by_lead_and_following_insurers() -> None:
    # ¥40m less the deductible of ¥1m: ¥20m in the primary layer, ¥19m in the first excess one;
    # defence of ¥500,000 on top.
    item = {"coverage": "TP-PRIV", "facts": {
        "liability.damages": 4_000_000_000, "liability.defence_costs": 50_000_000}}
    decision = _pays("cyber-comprehensive-demonstration", [item], {
        "event.third_party_claim": True, "claim.made_at": "2026-09-08T10:00:00+08:00"})
    assert decision["total_fen"] == 3_950_000_000
    borne = {one["id"]: [share["fen"] for share in one["shares"]] for one in decision["layers"]}
    assert borne["primary"] == [1_200_000_000, 800_000_000]
    assert borne["first_excess"] == [760_000_000, 570_000_000, 570_000_000]
