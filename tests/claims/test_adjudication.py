"""Decisions: every outcome, every flag, the order of terms, and what a line must cite."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from dinghai.claims.adjudication import adjudicate
from dinghai.claims.requests import evidence_request
from dinghai.foundation.errors import InputError
from tests.making import INTERRUPTION, make_claim, make_policy
from tools.publish_schemas import schemas

COST = {"coverage": "FP-IR", "facts": {"item.amount": 10_000_000}}


def decide(items: list[dict[str, Any]], facts: dict[str, Any] | None = None,
           policy: Any = None, **more: Any) -> dict[str, Any]:
    return adjudicate((policy or make_policy()).to_dict(), make_claim(items, facts, **more))


def outcome(decision: dict[str, Any], line: int = 0) -> str:
    return decision["lines"][line]["outcome"]


def test_it_works() -> None:
    decision = decide([INTERRUPTION, COST])
    assert decision["total_fen"] == 69_000_000 + 10_000_000
    assert [line["no"] for line in decision["lines"]] == [1, 2]
    assert decision["total_fen"] == sum(line["payable_fen"] for line in decision["lines"])


def test_a_decision_follows_its_published_schema() -> None:
    published = schemas()
    decision = decide([INTERRUPTION, COST, {"coverage": "FP-EXT-R", "facts": {
        "item.amount": {"value": 100, "evidence": ["E-1"]}}}],
        evidence=[{"id": "E-1", "document": "payment_record"}])
    resources = [(name, Resource.from_contents(schema)) for name, schema in published.items()]
    validator = jsonschema.Draft202012Validator(
        published["decision.schema.json"], registry=Registry().with_resources(resources))
    assert not list(validator.iter_errors(decision))


def test_every_step_shows_its_amounts_clause_and_facts() -> None:
    line = decide([INTERRUPTION])["lines"][0]
    steps = {step["rule"]: step for step in line["steps"]}
    assert steps["valuation"]["outputs"]["amount"] == 79_000_000
    assert steps["waiting"]["inputs"]["waiting_amount"] == 4_800_000
    assert steps["waiting"]["inputs"]["taken"] == 10_000_000
    assert steps["sublimit"]["outputs"]["after"] == 69_000_000
    assert line["clause"] == "2.2"
    assert {fact["id"] for fact in line["facts"]} >= set(INTERRUPTION["facts"])


def test_facts_and_lines_cite_their_evidence() -> None:
    item = {"coverage": "FP-IR", "facts": {
        "item.amount": {"value": 5_000_000, "evidence": ["E-02", "E-01"]}}}
    evidence = [{"id": "E-01", "document": "invoices_fapiao"}, {"id": "E-02", "document": "x"}]
    line = decide([item], evidence=evidence)["lines"][0]
    assert line["evidence"] == ["E-01", "E-02"]


def test_outside_the_policy_period_nothing_is_triggered() -> None:
    decision = decide([INTERRUPTION],
                      {"incident.first_occurrence_at": "2026-03-31T23:59:59+08:00"})
    assert (outcome(decision), decision["total_fen"]) == ("not_triggered", 0)
    first = decide([INTERRUPTION], {"incident.first_occurrence_at": "2026-04-01T00:00:00+08:00"})
    last = decide([INTERRUPTION], {"incident.first_occurrence_at": "2027-03-31T23:59:59+08:00"})
    after = decide([INTERRUPTION], {"incident.first_occurrence_at": "2027-04-01T00:00:00+08:00"})
    assert [outcome(one) for one in (first, last, after)] == ["paid_reduced"] * 2 + [
        "not_triggered"]


def test_an_unknown_trigger_pays_nothing_for_now_and_asks() -> None:
    decision = decide([{"coverage": "FP-NOTIF", "facts": {
        "notification.records": 1000, "notification.unit_cost": 5}}])
    assert (outcome(decision), decision["total_fen"]) == ("evidence_needed", 0)
    request = evidence_request(decision)
    assert request[0].facts == ("event.personal_data_breach",)


def test_an_unknown_amount_pays_nothing_for_now_and_asks_once() -> None:
    item = {"coverage": "FP-BI", "facts": {
        key: value for key, value in INTERRUPTION["facts"].items()
        if key != "bi.gross_profit_rate"}}
    decision = decide([item, COST])
    assert outcome(decision) == "evidence_needed"
    assert decision["total_fen"] == 10_000_000
    (request,) = evidence_request(decision)
    assert request.facts == ("bi.gross_profit_rate",)
    assert "monthly_financials_24m" in request.documents


def test_a_short_interruption_stays_within_the_waiting_time() -> None:
    item = {"coverage": "FP-BI",
            "facts": {**INTERRUPTION["facts"], "bi.interruption_seconds": 43_200}}
    assert outcome(decide([item])) == "within_retention"


def test_a_ransom_is_shown_and_not_paid() -> None:
    decision = decide([{"coverage": "FP-EXT-R", "facts": {"item.amount": 50_000_000}}])
    assert (outcome(decision), decision["total_fen"]) == ("nominal_only", 0)
    assert decision["lines"][0]["steps"][0]["inputs"] == {"nominal": 50_000_000}


def test_a_cover_that_was_not_bought() -> None:
    decision = decide([{"coverage": "TP-MEDIA", "facts": {"liability.damages": 1}}])
    assert outcome(decision) == "not_covered"


def test_an_exhausted_limit() -> None:
    decision = decide([COST], prior={"aggregate_paid_fen": 766_700_000})
    assert outcome(decision) == "limit_exhausted"


def test_penalties_of_one_group_do_not_add_up() -> None:
    unpatched = {"vuln.root_cause": True, "vuln.days_patch_available": 400}
    overdue = {"finding.notified": True, "finding.overdue_at_incident": True,
               "finding.causal": True}
    assert decide([COST], unpatched)["total_fen"] == 5_000_000
    assert decide([COST], overdue)["total_fen"] == 9_000_000
    assert decide([COST], {**unpatched, **overdue})["total_fen"] == 5_000_000


def test_graded_conditions_take_the_first_rung_that_holds() -> None:
    breach = {"controls.minimum_breached": ["MFA"], "controls.breach_causal": True}
    for state, fen in (("remediated_in_grace", 10_000_000), ("partial", 8_000_000),
                       ("absent", 5_000_000)):
        assert decide([COST], {**breach, "controls.breach_state": state})["total_fen"] == fen
    warranted = {**breach, "controls.breach_state": "absent", "controls.false_warranty": True}
    assert outcome(decide([COST], warranted)) == "excluded"
    assert decide([COST], breach)["total_fen"] == 10_000_000  # how far is unknown


def test_item_exclusions_act_on_their_item_alone() -> None:
    privacy = [
        {"coverage": "TP-PRIV", "facts": {"liability.damages": 30_000_000,
                                          "item.contractual_excess": 5_000_000}},
        {"coverage": "TP-PRIV", "facts": {"liability.damages": 7_000_000,
                                          "item.claimant_related": True}},
    ]
    facts = {"event.third_party_claim": True, "claim.made_at": "2026-09-20T09:00:00+08:00"}
    decision = decide(privacy, facts)
    assert decision["total_fen"] == 30_000_000 - 5_000_000 - 10_000_000


def test_established_absence_of_consent_is_not_the_same_as_silence() -> None:
    facts = {"item.amount": 10_000_000, "item.panel_amount": 6_000_000,
             "item.vendor_on_panel": False, "item.emergency_window": False}
    silent = decide([{"coverage": "FP-IR", "facts": facts}])
    absent = decide([{"coverage": "FP-IR", "facts": {**facts, "item.consent_ref": {
        "absent": True}}}])
    given = decide([{"coverage": "FP-IR", "facts": {**facts, "item.consent_ref": "C-7"}}])
    assert [one["total_fen"] for one in (silent, absent, given)] == [
        10_000_000, 6_000_000, 10_000_000]


def test_late_notice_takes_only_what_cannot_be_ascertained() -> None:
    facts = {"claim.notice_delay_hours": 100, "claim.delay_gross_negligence": True,
             "claim.unascertainable_amount": 4_000_000}
    assert decide([COST], facts)["total_fen"] == 6_000_000


def test_interim_payments_come_off_last() -> None:
    decision = decide([COST], prior={"interim_paid_fen": 4_000_000})
    assert decision["total_fen"] == 6_000_000
    assert (decision["lines"][1]["outcome"], decision["lines"][1]["payable_fen"]) == (
        "interim_deducted", -4_000_000)


def test_more_in_advance_than_is_due_is_shown_and_never_paid_negatively() -> None:
    decision = decide([COST], prior={"interim_paid_fen": 14_000_000})
    assert decision["total_fen"] == 0
    assert decision["lines"][1]["payable_fen"] == -10_000_000
    assert decision["interim_above_due_fen"] == 4_000_000
    assert "interim_above_due_fen" not in decide([COST], prior={"interim_paid_fen": 10_000_000})


def test_mitigation_is_on_top_of_a_spent_aggregate_and_bears_no_deductible() -> None:
    items = [COST, {"coverage": "FP-MIT", "facts": {"item.amount": 8_000_000}},
             {"coverage": "FP-PROOF", "facts": {"item.amount": 3_000_000}}]
    decision = decide(items, {"event.claim_made": True},
                      prior={"aggregate_paid_fen": 766_700_000})
    assert decision["total_fen"] == 11_000_000


@pytest.mark.parametrize(("change", "field"), [
    ({"policy_no": "other"}, "policy_no"),
    ({"prior": {"sections": {"FP-NONE": 5}}}, "prior.sections.FP-NONE"),
    ({"prior": {"shared": {"none": 5}}}, "prior.shared.none"),
    ({"items": []}, "items"),
    ({"items": [{"no": 2, "coverage": "FP-IR"}]}, "items"),
    ({"items": [{"no": 1, "coverage": "FP-??"}]}, "items[0].coverage"),
    ({"facts": {"incident.nonsense": True}}, "facts.incident.nonsense"),
    ({"facts": {"incident.ncbr": "yes"}}, "facts.incident.ncbr"),
    ({"facts": {"item.amount": 5}}, "facts.item.amount"),
    ({"facts": {"incident.ncbr": {"value": True, "evidence": ["E-9"]}}}, "facts.incident.ncbr"),
    ({"prior": {"aggregate_paid_fen": -1}}, "prior.aggregate_paid_fen"),
    ({"schema": "dinghai.claim/9"}, "schema"),
    ({"surprise": 1}, "surprise"),
])
def test_a_bad_claim_file_is_refused_with_its_place(change: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        adjudicate(make_policy().to_dict(), {**make_claim([COST]), **change})
    assert caught.value.fault.field == field
    assert caught.value.fault.file == "claim"
    assert caught.value.fault.mend


def test_a_whole_decision_ignores_facts_no_term_asks_for() -> None:
    with_extra = decide([COST], {"personal.complicit": True})
    assert with_extra["total_fen"] == 10_000_000
