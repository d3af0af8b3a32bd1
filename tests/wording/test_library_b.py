"""Products for chains, vendors, emerging risks, sectors and residents: whole, and as meant."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.history import history_of
from dinghai.claims.replay import replay
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
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product
from dinghai.wording.words import DEFAULT_ORDER
from tests.making import EXPLAINED, make_claim

LIBRARY: dict[str, set[str]] = {
    "supply-chain-programme": {"SC-CBI", "SC-PROP", "SC-LIAB", "FP-IR", "FP-DATA", "FP-BI"},
    "software-supply-chain-liability": {"TP-PROD", "TP-NETSEC", "FP-IR", "FP-PR", "FP-LEGAL",
                                        "FP-REGINV"},
    "system-defect": {"FP-SYSF", "FP-IR", "FP-DATA", "FP-BETTER", "TP-TECHEO", "TP-PROD"},
    "smart-contract-permissioned": {"EM-SC", "FP-IR", "FP-LEGAL"},
    "algorithmic-bias-liability": {"EM-ALG", "FP-LEGAL", "FP-REGINV", "FP-PR"},
    "ai-driven-attack": {"EM-AI", "FP-FRAUD", "FP-IR", "FP-DATA", "FP-PR", "TP-NETSEC",
                         "TP-MEDIA"},
    "hospital-pack": {"FP-IR", "FP-BI", "FP-DBI", "FP-VOL", "FP-DATA", "FP-HW", "FP-EXT-C",
                      "FP-EXT-R", "FP-NOTIF", "FP-PR", "FP-LEGAL", "FP-REGINV", "TP-PRIV",
                      "TP-NETSEC", "TP-OUTS"},
    "energy-operational-technology": {"FP-PHYS", "FP-BI", "FP-DBI", "FP-SYSF", "FP-VOL", "FP-HW",
                                      "FP-IR", "FP-DATA", "FP-BETTER", "FP-EXT-C", "TP-NETSEC"},
    "downstream-dealers-customers": {"FP-DBI", "SC-CBI", "SC-PROP", "FP-IR", "FP-FRAUD",
                                     "TP-PRIV", "TP-NETSEC"},
    "resident-anti-fraud": {"PL-FRAUD"},
}


def policy_of(
    product: Product, *, aggregate: int, deductible: int = 0, members: tuple[str, ...] = (),
) -> Policy:
    """A one-year policy from 2026-04-01 with the product's own tower, every term explained."""
    party = Party(name_zh="东海家电")
    each_event = aggregate * product.limits.each_event_ppm // 1_000_000
    policy = bind(product, Schedule(
        policy_no="CL-2026-000001", applicant=party, insured=party,
        insurer=Party(name_zh="沧澜财产保险"), inception=date(2026, 4, 1),
        expiry=date(2027, 3, 31), aggregate_limit_fen=aggregate, each_event_limit_fen=each_event,
        event_deductible_fen=deductible, retroactive_date=date(2026, 4, 1),
        sections=scheduled_sections(product, aggregate),
        layers=scheduled_layers(product, aggregate), suppliers=("X",),
        members=tuple(Party(name_zh=one, id=one) for one in members)))
    return with_explanations(
        policy, tuple(term.key for term in terms_to_explain(policy)), EXPLAINED)


def decide(policy: Policy, items: list[dict[str, Any]], facts: dict[str, Any],
           history: Any = None, **more: Any) -> dict[str, Any]:
    decision = adjudicate(policy.to_dict(), make_claim(items, facts, **more), history)
    assert replay(decision).same
    return decision


def paid(decision: dict[str, Any]) -> dict[str, int]:
    """Payable by section, or by section and member."""
    return {one["coverage"] + (f"@{one['insured']}" if one.get("insured") else ""):
            one["payable_fen"] for one in decision["lines"]}


@pytest.mark.parametrize("name", LIBRARY)
def test_it_is_whole(name: str) -> None:
    product = load_product(name)
    assert product.product_id == name
    assert product.status == "draft"
    assert {one.coverage for one in product.sections} == LIBRARY[name]
    assert {one.coverage: one.cap for one in product.towers} == {
        "FP-MIT": "sum_insured", "FP-PROOF": "none"}
    texts = [product.name_zh, product.name_en, product.summary_zh, product.summary_en,
             product.claims_process.appeal_zh, product.claims_process.appeal_en]
    for part in (*product.sections, *product.exclusions):
        texts += [part.name_zh, part.name_en, part.text_zh, part.text_en, part.plain_zh,
                  part.plain_en]
        assert len(part.plain_zh) <= 120
        assert len(part.plain_en) <= 120
    assert all(texts)
    clauses = [one.clause for part in (product.sections, product.towers, product.shared_limits,
                                       product.layers, product.exclusions, product.obligations,
                                       product.services) for one in part]
    assert len(set(clauses)) == len(clauses)


@pytest.mark.parametrize("name", LIBRARY)
def test_the_file_says_where_its_numbers_come_from(name: str) -> None:
    head = files("dinghai.data").joinpath("products", name, "product.toml").read_text("utf-8")
    comment = head.partition("\n\n")[0]
    assert "confidence D" in comment or "design (D)" in comment
    assert "fen" in comment


@pytest.mark.parametrize("name", LIBRARY)
def test_every_exclusion_acts_somewhere(name: str) -> None:
    product = load_product(name)
    codes = {one.code for one in product.exclusions}
    for section in product.sections:
        assert set(section.exclusions or ()) <= codes
    for exclusion in product.exclusions:
        if exclusion.acts_on == "item":
            assert [one for one in product.sections if exclusion.code in (one.exclusions or ())
                    and (not exclusion.coverages or one.coverage in exclusion.coverages)]
    for obligation in product.obligations:
        assert not obligation.breach or obligation.breach in codes


@pytest.mark.parametrize("name", LIBRARY)
def test_a_policy_can_be_made_of_its_defaults(name: str) -> None:
    product = load_product(name)
    policy = policy_of(product, aggregate=product.limits.aggregate_default_fen,
                       deductible=product.limits.deductible_default_fen)
    for layer in policy.schedule.layers:
        assert sum(one.share_ppm for one in layer.participants) == 1_000_000
    if policy.schedule.layers:
        top = policy.schedule.layers[-1]
        assert top.attachment_fen + top.limit_fen == policy.schedule.aggregate_limit_fen


# --- the chain ---------------------------------------------------------------------------------

CHAIN_ITEMS: list[dict[str, Any]] = [
    {"coverage": "FP-IR", "insured": "X", "facts": {"item.amount": 30_000_000}},
    {"coverage": "SC-CBI", "supplier": "X", "facts": {
        "bi.standard_turnover": 1_000_000_000, "bi.actual_turnover": 0,
        "bi.gross_profit_rate": 200_000, "bi.interruption_seconds": 432_000,
        "bi.period_seconds": 432_000, "supply.buffer_seconds": 172_800}},
    {"coverage": "SC-PROP", "insured": "Y", "facts": {
        "member.response_cost": 20_000_000, "member.restoration_cost": 30_000_000,
        "member.interruption_loss": 50_000_000}},
]
CHAIN_FACTS = {"event.supplier_interruption": True, "event.propagated_attack": True,
               "provider.on_schedule": True}


def _chain(facts: dict[str, Any] | None = None) -> dict[str, Any]:
    policy = policy_of(load_product("supply-chain-programme"), aggregate=5_000_000_000,
                       deductible=5_000_000, members=("X", "Y", "Z"))
    return decide(policy, CHAIN_ITEMS, {**CHAIN_FACTS, **(facts or {})})


def test_an_attack_along_the_chain_pays_supplier_owner_and_member_once() -> None:
    """Supplier X: response 300,000, no retention. Owner: 10,000,000 × 20% = 2,000,000 in five
    days; stock of two days leaves one of the three days' waiting: 400,000; 1,600,000. Member Y:
    200,000 + 300,000 + 500,000 less its own deductible of 50,000 = 950,000. Nobody else."""
    decision = _chain()
    assert paid(decision) == {
        "FP-IR@X": 30_000_000, "SC-CBI": 160_000_000, "SC-PROP@Y": 95_000_000}
    assert decision["total_fen"] == 285_000_000


def test_three_parties_bear_twenty_ten_and_seventy_per_cent() -> None:
    """2,850,000.00 × 20%, 10%, 70%; the upper layer is not reached."""
    lower, upper = _chain()["layers"]
    assert [(one["role"], one["kind"], one["fen"]) for one in lower["shares"]] == [
        ("chain_owner", "contribution", 57_000_000), ("supplier", "contribution", 28_500_000),
        ("lead_insurer", "insurance", 199_500_000)]
    assert upper["borne_fen"] == 0


def test_worked_example_g3_in_the_programme() -> None:
    """One million of one member, no deductible: 200,000, 100,000 and 700,000."""
    policy = policy_of(load_product("supply-chain-programme"), aggregate=5_000_000_000,
                       members=("Y",))
    decision = decide(policy, [{"coverage": "SC-PROP", "insured": "Y",
                                "facts": {"member.response_cost": 100_000_000}}], CHAIN_FACTS)
    assert [one["fen"] for one in decision["layers"][0]["shares"]] == [
        20_000_000, 10_000_000, 70_000_000]


def test_an_overdue_finding_costs_the_member_and_not_the_owner() -> None:
    """950,000 × 90% = 855,000; the owner's interruption and the response stand."""
    decision = _chain({"finding.notified": True, "finding.overdue_at_incident": True,
                       "finding.causal": True})
    assert paid(decision) == {
        "FP-IR@X": 30_000_000, "SC-CBI": 160_000_000, "SC-PROP@Y": 85_500_000}


def test_a_supplier_who_is_not_named_is_not_covered() -> None:
    assert paid(_chain({"provider.on_schedule": False}))["SC-CBI"] == 0


def test_one_supplier_can_cost_no_more_than_its_cap() -> None:
    """80,000,000 × 20% = 16,000,000, cut to the 10,000,000 for one supplier; a day's waiting of
    16,000,000 ÷ 10 = 1,600,000 leaves 8,400,000."""
    policy = policy_of(load_product("supply-chain-programme"), aggregate=5_000_000_000)
    decision = decide(policy, [{"coverage": "SC-CBI", "supplier": "X", "facts": {
        "bi.standard_turnover": 8_000_000_000, "bi.actual_turnover": 0,
        "bi.gross_profit_rate": 200_000, "bi.interruption_seconds": 864_000,
        "bi.period_seconds": 864_000, "supply.buffer_seconds": 172_800}}], CHAIN_FACTS)
    assert decision["total_fen"] == 840_000_000


def test_the_chain_runs_downstream_too() -> None:
    """Dealer A, platform down 24 h: 100,000 × 30% = 30,000 from hour zero. Dealer B, deliveries
    stopped for five days after one day's stock: 500,000 × 20% = 100,000, less two days' waiting of
    40,000. No deductible falls on either."""
    policy = policy_of(load_product("downstream-dealers-customers"), aggregate=2_000_000_000,
                       deductible=1_000_000, members=("A", "B"))
    decision = decide(policy, [
        {"coverage": "FP-DBI", "insured": "A", "facts": {
            "bi.standard_turnover": 10_000_000, "bi.actual_turnover": 0,
            "bi.gross_profit_rate": 300_000, "bi.interruption_seconds": 86_400,
            "bi.period_seconds": 86_400}},
        {"coverage": "SC-CBI", "insured": "B", "supplier": "X", "facts": {
            "bi.standard_turnover": 50_000_000, "bi.actual_turnover": 0,
            "bi.gross_profit_rate": 200_000, "bi.interruption_seconds": 432_000,
            "bi.period_seconds": 432_000, "supply.buffer_seconds": 86_400}},
    ], {"event.provider_interruption": True, "event.supplier_interruption": True,
        "provider.on_schedule": True})
    assert paid(decision) == {"FP-DBI@A": 3_000_000, "SC-CBI@B": 6_000_000}


# --- vendors and emerging risks ----------------------------------------------------------------

def _defect_claim(damages: int, batch: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    return ([{"coverage": "TP-PROD", "facts": {
        "liability.damages": damages, "liability.defence_costs": 50_000_000}}],
        {"event.third_party_claim": True, "incident.batch_id": batch,
         "claim.made_at": "2026-09-08T10:00:00+08:00"})


@pytest.mark.parametrize(("batch", "second"), [("build-7", 140_000_000), ("build-9", 270_000_000)])
def test_claims_from_one_defective_batch_are_one_event(batch: str, second: int) -> None:
    """First claim 4,000,000 less 10% = 3,600,000. Second 3,000,000 less 10% = 2,700,000, but one
    batch pays 5,000,000 at most: 1,400,000. Defence of 500,000 comes on top of each."""
    policy = policy_of(load_product("software-supply-chain-liability"), aggregate=1_000_000_000)
    items, facts = _defect_claim(400_000_000, "build-7")
    first = decide(policy, items, facts)
    assert first["total_fen"] == 360_000_000 + 50_000_000
    history = history_of([first], "CL-2026-000001")
    items, facts = _defect_claim(300_000_000, batch)
    decision = decide(policy, items, facts, history, claim_no="CLM-2026-000002")
    assert decision["total_fen"] == second + 50_000_000


def test_a_software_vendor_answers_for_its_bill_of_materials() -> None:
    product = load_product("software-supply-chain-liability")
    duty = next(one for one in product.obligations if one.id == "sbom")
    assert "SBOM" in duty.text_zh
    assert duty.breach == "EX-MAINT"
    assert {"EX-KNOWN-DEFECT", "EX-RECALL", "EX-EOL"} <= {one.code for one in product.exclusions}


def test_an_untested_change_takes_a_share_and_not_the_event() -> None:
    """Data restoration 500,000 less the lower of 50,000 and 10% (50,000) = 450,000; × 70%."""
    policy = policy_of(load_product("system-defect"), aggregate=1_000_000_000)
    facts = {"event.failed_change": True, "event.data_loss": True, "change.tested": False,
             "causation.EX-UNTESTED": True}
    decision = decide(policy, [{"coverage": "FP-DATA", "facts": {
        "data.labour_hours": 0, "data.hourly_rate": 0, "data.vendor_cost": 50_000_000}}], facts)
    assert decision["total_fen"] == 31_500_000


@pytest.mark.parametrize(("virtual", "total"), [(False, 81_000_000), (True, 0), (None, 0)])
def test_smart_contracts_only_without_virtual_currency(virtual: bool | None, total: int) -> None:
    """1,000 units at 1,000.00 = 1,000,000 less 10% = 900,000, × 90% = 810,000; not payable where
    virtual currency is involved, nor while that is unknown."""
    policy = policy_of(load_product("smart-contract-permissioned"), aggregate=500_000_000)
    facts: dict[str, Any] = {"event.contract_exploit": True, "risk.jurisdiction": "CN-mainland"}
    if virtual is not None:
        facts["risk.virtual_currency"] = virtual
    decision = decide(policy, [{"coverage": "EM-SC", "facts": {
        "token.units": 1_000, "token.unit_price": 100_000}}], facts)
    assert decision["total_fen"] == total


@pytest.mark.parametrize(("assessed", "total"), [(True, 81_000_000), (False, 54_000_000)])
def test_a_missing_impact_assessment_costs_thirty_points(assessed: bool, total: int) -> None:
    """1,000,000 less the higher of 100,000 and 5% = 900,000; the insured bears 10%, or 40%."""
    policy = policy_of(load_product("algorithmic-bias-liability"), aggregate=500_000_000)
    decision = decide(policy, [{"coverage": "EM-ALG", "facts": {
        "liability.damages": 100_000_000}}], {
        "event.third_party_claim": True, "claim.made_at": "2026-09-08T10:00:00+08:00",
        "model.required_assessment_done": assessed, "causation.EX-NO-ASSESS": not assessed})
    assert decision["total_fen"] == total


@pytest.mark.parametrize(("transferred", "verified", "total"), [
    (5_000_000, False, 2_400_000),   # not above the threshold: 50,000 - 20,000 = 30,000 × 80%
    (30_000_000, True, 21_600_000),  # 300,000 - 30,000 = 270,000 × 80%
    (30_000_000, False, 10_400_000),  # half of it: 150,000 - 20,000 = 130,000 × 80%
])
def test_a_deepfaked_payment_above_the_threshold_must_be_called_back(
    transferred: int, verified: bool, total: int
) -> None:
    policy = policy_of(load_product("ai-driven-attack"), aggregate=500_000_000)
    decision = decide(policy, [{"coverage": "FP-FRAUD", "facts": {
        "fraud.transferred": transferred, "item.callback_verified": verified}}],
        {"event.ai_enabled_attack": True})
    assert decision["total_fen"] == total


# --- sectors -----------------------------------------------------------------------------------

@pytest.mark.parametrize(("seconds", "total"), [(28_800, 0), (28_801, 90_000_000)])
def test_a_hospital_is_paid_from_hour_zero_after_eight_hours(seconds: int, total: int) -> None:
    """Net profit 400,000 + continuing costs 600,000 = 1,000,000; the deductible is kept: 900,000.
    Exactly eight hours pay nothing."""
    policy = policy_of(load_product("hospital-pack"), aggregate=1_000_000_000,
                       deductible=10_000_000)
    decision = decide(policy, [{"coverage": "FP-BI", "facts": {
        "bi.net_profit_lost": 40_000_000, "bi.continuing_costs": 60_000_000,
        "bi.interruption_seconds": seconds, "bi.period_seconds": 86_400}}], {})
    assert decision["total_fen"] == total


def test_an_unapproved_outsourcer_is_no_cliff_for_a_hospital() -> None:
    """Response costs stand; only the outsourcer's own section is excluded."""
    policy = policy_of(load_product("hospital-pack"), aggregate=1_000_000_000)
    decision = decide(policy, [
        {"coverage": "FP-IR", "facts": {"item.amount": 10_000_000}},
        {"coverage": "TP-OUTS", "facts": {"liability.damages": 10_000_000}},
    ], {"event.third_party_claim": True, "claim.made_at": "2026-09-08T10:00:00+08:00",
        "incident.cause_actor": "third_party_provider", "provider.approved": False})
    assert paid(decision) == {"FP-IR": 10_000_000, "TP-OUTS": 0}


def test_the_tower_of_an_energy_firm() -> None:
    """Damage 60,000,000 less 5% = 57,000,000, but the sublimit of 50,000,000 includes those
    3,000,000: 47,000,000. The primary layer bears 20,000,000, of which the captive 4,000,000 and
    the insured 2,000,000; the first excess 27,000,000. Paid: 45,000,000."""
    policy = policy_of(load_product("energy-operational-technology"), aggregate=10_000_000_000)
    decision = decide(policy, [{"coverage": "FP-PHYS", "facts": {
        "property.repair_cost": 6_000_000_000, "property.value_before": 9_000_000_000}}],
        {"event.cyber_physical_damage": True})
    assert [one["borne_fen"] for one in decision["layers"]] == [
        2_000_000_000, 2_700_000_000, 0]
    assert [one["fen"] for one in decision["layers"][0]["shares"]] == [
        1_400_000_000, 400_000_000, 200_000_000]
    assert decision["total_fen"] == 4_500_000_000


def test_a_partial_lapse_of_controls_lengthens_the_waiting_of_a_plant() -> None:
    """Ten days at 100,000 a day: one day's waiting leaves 900,000, two days' 800,000; the insured
    keeps 10% of the primary layer."""
    policy = policy_of(load_product("energy-operational-technology"), aggregate=10_000_000_000)
    facts = {"event.provider_interruption": True, "provider.on_schedule": True}
    lapse = {"controls.minimum_breached": ["isolation"], "controls.breach_causal": True,
             "controls.breach_state": "partial"}
    items = [{"coverage": "FP-DBI", "facts": {
        "bi.standard_turnover": 200_000_000, "bi.actual_turnover": 0,
        "bi.gross_profit_rate": 500_000, "bi.interruption_seconds": 864_000,
        "bi.period_seconds": 864_000}}]
    assert decide(policy, items, facts)["total_fen"] == 81_000_000
    assert decide(policy, items, {**facts, **lapse})["total_fen"] == 72_000_000


@pytest.mark.parametrize(("days", "total"), [(180, 81_000_000), (300, 72_900_000),
                                             (700, 60_750_000), (731, 48_600_000)])
def test_a_plant_has_longer_to_patch(days: int, total: int) -> None:
    """900,000 × 100%, 90%, 75%, 60%; the insured keeps 10% of the primary layer."""
    policy = policy_of(load_product("energy-operational-technology"), aggregate=10_000_000_000)
    decision = decide(policy, [{"coverage": "FP-DBI", "facts": {
        "bi.standard_turnover": 200_000_000, "bi.actual_turnover": 0,
        "bi.gross_profit_rate": 500_000, "bi.interruption_seconds": 864_000,
        "bi.period_seconds": 864_000}}], {
        "event.provider_interruption": True, "provider.on_schedule": True,
        "vuln.root_cause": True, "vuln.days_patch_available": days})
    assert decision["total_fen"] == total


# --- residents ---------------------------------------------------------------------------------

def _resident(transferred: int, days: int | None = 31, filed: bool | None = True,
              recovered: int = 0) -> dict[str, Any]:
    policy = policy_of(load_product("resident-anti-fraud"), aggregate=5_000_000)
    facts: dict[str, Any] = {"event.telecom_fraud_loss": True}
    if filed is not None:
        facts["personal.police_case_filed"] = filed
    item = {"fraud.transferred": transferred, "item.recovered": recovered}
    if days is not None:
        item["fraud.unrecovered_days"] = days
    return decide(policy, [{"coverage": "PL-FRAUD", "facts": item}], facts)


def test_worked_example_a40() -> None:
    """(40,000 - 5,000 - 3,000) × 70% = 22,400."""
    assert _resident(4_000_000, recovered=500_000)["total_fen"] == 2_240_000


@pytest.mark.parametrize(("transferred", "total"), [
    (7_442_857, 5_000_000),   # (74,428.57 - 3,000) × 70% = 50,000.00
    (7_442_856, 4_999_999),   # one fen less: 49,999.992, half up 49,999.99
    (20_000_000, 5_000_000),  # (200,000 - 3,000) × 70% = 137,900, capped after the ratio
])
def test_the_sum_insured_comes_after_the_ratio(transferred: int, total: int) -> None:
    assert _resident(transferred)["total_fen"] == total
    product = load_product("resident-anti-fraud")
    order = product.calculation_order
    assert order.index("insured_share") < order.index("sublimit")
    assert set(order) == set(DEFAULT_ORDER)


@pytest.mark.parametrize(("days", "total"), [(29, 0), (30, 2_590_000), (31, 2_590_000)])
def test_nothing_is_paid_before_thirty_days(days: int, total: int) -> None:
    """(40,000 - 3,000) × 70% = 25,900."""
    assert _resident(4_000_000, days)["total_fen"] == total


def test_the_police_filing_is_asked_for_and_never_presumed() -> None:
    unknown, none = _resident(4_000_000, filed=None), _resident(4_000_000, filed=False)
    assert (unknown["total_fen"], none["total_fen"]) == (0, 0)
    assert unknown["lines"][0]["outcome"] != none["lines"][0]["outcome"]
    asked = [one for one in unknown["lines"][0]["flags"]
             if "personal.police_case_filed" in one["facts"]]
    assert [one["burden"] for one in asked] == ["insured"]
