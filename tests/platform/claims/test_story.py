"""The claim of the example, from the report to the last fen."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.claims.replay import replay
from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims import services
from dinghai_platform.claims.models import Payment
from dinghai_platform.core.audit import verify_chain
from dinghai_platform.ledger.queries import balance_of, verify_books
from tests.platform.claims.making import Scene, make_scene
from tests.platform.story import World, stand_at

TOTAL = 366_810_000


def test_it_works(scene: Scene) -> None:
    record = scene.decide()
    assert record.total_fen == TOTAL
    assert scene.claim.state == "decision_issued"
    tenant = scene.world.insurer
    assert balance_of(tenant, "claims_payable") == TOTAL
    assert balance_of(tenant, "outstanding_claims") == 0
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    stand_at("2026-10-15T10:00:00")
    payment = services.pay_claim(scene.claim, actor=scene.actor("claims_payment"))
    assert payment is not None
    assert (payment.amount_fen, payment.outside_fen) == (TOTAL, 21_400_000)
    assert sum(payment.sections.values()) == TOTAL
    assert balance_of(tenant, "claims_payable") == 0
    assert balance_of(tenant, "claims_paid") == TOTAL
    assert balance_of(tenant, "cash") == -TOTAL
    assert scene.claim.state == "paid"
    assert verify_books(tenant).holds and verify_chain(tenant).holds


def test_the_decision_is_kept_byte_for_byte_and_replays(scene: Scene) -> None:
    record = scene.decide()
    decision = json.loads(record.content)
    assert canonical_bytes(decision).decode() == record.content
    assert decision["hash"] == record.hash
    assert replay(decision).same
    decision["lines"][1]["payable_fen"] += 1
    assert replay(decision).line == 2


def test_an_unexplained_exclusion_does_not_apply(scene: Scene, world: World) -> None:
    decision = json.loads(scene.decide().content)
    line = next(one for one in decision["lines"] if one["coverage"] == "FP-PR")
    assert line["payable_fen"] == 15_000_000
    assert "not_explained" in {flag["kind"] for flag in line["flags"]}


def test_an_explained_exclusion_applies(world: World) -> None:
    scene = make_scene(world, explain_all=True)
    decision = json.loads(scene.decide().content)
    line = next(one for one in decision["lines"] if one["coverage"] == "FP-PR")
    assert line["payable_fen"] == 9_000_000


def test_unknown_facts_do_not_exclude(scene: Scene) -> None:
    decision = json.loads(scene.decide().content)
    flags = decision["lines"][1]["flags"]
    # Which other exclusions wait for a fact depends on the product's lists.
    assert {(flag["code"], flag["burden"]) for flag in flags} >= {
        ("EX-CYBEROP", "insurer"), ("EX-SANCTION", "insurer"), ("EX-BIPD", "insurer")}
    assert decision["lines"][1]["payable_fen"] == 174_450_000


def test_nobody_is_paid_twice(scene: Scene) -> None:
    scene.decide()
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    payer = scene.actor("claims_payment")
    first = services.pay_claim(scene.claim, actor=payer)
    second = services.pay_claim(scene.claim, actor=payer)
    assert first is not None and second is not None and first.pk == second.pk
    assert Payment.objects.within(scene.world.insurer).count() == 1
    assert balance_of(scene.world.insurer, "cash") == -TOTAL


def test_limits_erode_by_what_was_paid(scene: Scene) -> None:
    from dinghai_platform.claims.reading import prior_payments

    scene.decide()
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    assert prior_payments(scene.claim)["aggregate_paid_fen"] == 0
    services.pay_claim(scene.claim, actor=scene.actor("claims_payment"))
    assert prior_payments(scene.claim) == {
        "aggregate_paid_fen": 0, "interim_paid_fen": TOTAL, "sections": {}, "shared": {}}
    scene.report()
    prior = prior_payments(scene.claim)
    assert prior["aggregate_paid_fen"] == TOTAL - 21_400_000
    assert prior["interim_paid_fen"] == 0
    assert prior["sections"]["FP-BI"] == 174_450_000


class TestSeparationOfDuties:
    def test_the_handler_does_not_approve(self, scene: Scene) -> None:
        scene.decide()
        handler = scene.actor("claims_handler")
        with pytest.raises(PermissionDenied):
            services.approve_claim(scene.claim, actor=handler)

    def test_one_person_in_two_roles_is_held_back(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        scene.supplement()
        scene.quantify()
        services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
        both = _same_person(scene, "claims_handler", "claims_approver")
        with pytest.raises(Refusal):
            services.approve_claim(scene.claim, actor=both)
        services.approve_claim(scene.claim, actor=scene.actor("claims_approver"))
        services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
        for role in ("claims_handler", "claims_approver"):
            with pytest.raises(Refusal):
                services.pay_claim(scene.claim, actor=_same_person(scene, role, "claims_payment"))

    def test_who_underwrote_does_not_approve(self, scene: Scene) -> None:
        from django.db import transaction

        from dinghai_platform.core import audit

        underwriter = scene.actor("underwriter")
        with transaction.atomic():
            audit.append(underwriter, "underwriting.policy_bound", scene.policy, {})
        scene.report()
        scene.hand_in()
        scene.register()
        scene.supplement()
        scene.quantify()
        services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
        with pytest.raises(Refusal):
            services.approve_claim(
                scene.claim, actor=_same_person(scene, "underwriter", "claims_approver"))


def _same_person(scene: Scene, one: str, other: str):  # type: ignore[no-untyped-def]
    from dinghai_platform.core.actors import actor_of_membership
    from dinghai_platform.core.models import Membership

    person = scene.actor(one).user
    membership, _made = Membership.objects.get_or_create(
        user=person, organisation=scene.world.insurer, role=other)
    return actor_of_membership(membership)


class TestEvidenceOnce:
    def test_a_second_request_needs_the_approver_and_is_a_defect(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        scene.supplement()
        handler = scene.actor("claims_handler")
        entries = [{"line": 3, "coverage": "FP-DATA", "subject": "item 3",
                    "facts": ["data.labour_hours"], "documents": ["timesheets"]}]
        with pytest.raises(Refusal):
            services.request_evidence(scene.claim, actor=handler, entries=entries)
        with pytest.raises(PermissionDenied):
            services.permit_another_request(scene.claim, reason="漏项", actor=handler)
        services.permit_another_request(scene.claim, reason="首次请求漏列工时表",
                                        actor=scene.actor("claims_approver"))
        again = services.request_evidence(scene.claim, actor=handler, entries=entries)
        assert again.is_defect and again.reason == "首次请求漏列工时表"

    def test_the_clock_stands_still_while_papers_are_awaited(self, scene: Scene) -> None:
        from dinghai_platform.claims.clocks import claim_clocks

        scene.report()
        scene.hand_in()
        scene.register()
        before = claim_clocks(scene.claim)[0].due
        stand_at("2026-09-15T10:00:00")
        services.request_evidence(scene.claim, actor=scene.actor("claims_handler"))
        stand_at("2026-09-20T10:00:00")
        waiting = claim_clocks(scene.claim)[0]
        assert waiting.state == "paused" and waiting.paused_seconds == 5 * 86_400
        services.receive_evidence(scene.claim, actor=scene.actor("insured_admin"))
        stand_at("2026-09-28T10:00:00")
        after = claim_clocks(scene.claim)[0]
        assert before is not None and after.due is not None
        assert (after.due - before).days == 5 and after.state == "running"

    def test_nothing_is_asked_when_nothing_is_missing(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        scene.supplement()
        services.permit_another_request(scene.claim, reason="x",
                                        actor=scene.actor("claims_approver"))
        with pytest.raises(Refusal):
            services.request_evidence(scene.claim, actor=scene.actor("claims_handler"))


class TestFacts:
    def test_a_wrong_type_and_missing_evidence_are_refused(self, scene: Scene) -> None:
        scene.report()
        handler = scene.actor("claims_handler")
        with pytest.raises(InputError):
            services.set_fact(scene.claim, "event.data_loss", 3, actor=handler)
        with pytest.raises(InputError):
            services.set_fact(scene.claim, "event.data_loss",
                              {"value": True, "evidence": ["E-99"]}, actor=handler)

    def test_the_insured_states_only_what_it_must_prove(self, scene: Scene) -> None:
        scene.report()
        insured = scene.actor("insured_admin")
        services.set_fact(scene.claim, "event.data_loss", True, actor=insured)
        with pytest.raises(PermissionDenied):
            services.set_fact(scene.claim, "incident.cause_kind", "attack", actor=insured)

    def test_facts_are_fixed_once_the_decision_is_issued(self, scene: Scene) -> None:
        scene.decide()
        with pytest.raises(Refusal):
            services.set_fact(scene.claim, "event.data_loss", True,
                              actor=scene.actor("claims_handler"))

    def test_facts_that_change_after_adjudication_send_it_back(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        scene.supplement()
        scene.quantify()
        handler = scene.actor("claims_handler")
        services.adjudicate_claim(scene.claim, actor=handler)
        services.set_fact(scene.claim, "incident.armed_conflict", True, actor=handler)
        services.set_fact(scene.claim, "causation.EX-WAR", True, actor=handler)
        with pytest.raises(Refusal):
            services.approve_claim(scene.claim, actor=scene.actor("claims_approver"))
        again = services.adjudicate_claim(scene.claim, actor=handler)
        assert again.sequence == 2 and again.total_fen == 0


class TestRefusalAndDispute:
    def _refused(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        scene.supplement()
        scene.quantify()
        handler = scene.actor("claims_handler")
        services.set_fact(scene.claim, "incident.armed_conflict", True, actor=handler)
        services.set_fact(scene.claim, "causation.EX-WAR", True, actor=handler)
        services.adjudicate_claim(scene.claim, actor=handler)
        with pytest.raises(Refusal):
            services.approve_claim(scene.claim, actor=scene.actor("claims_approver"))
        services.reject_claim(scene.claim, actor=scene.actor("claims_approver"),
                              reason="战争除外已查明并已说明")

    def test_a_refusal_has_reasons_a_notice_and_an_appeal(self, scene: Scene) -> None:
        self._refused(scene)
        claim = scene.claim
        assert claim.state == "rejected"
        record = claim.decisions.get(state="refused")
        assert record.notice is not None and "拒赔" in record.notice.name
        services.dispute_decision(claim, reason="无战争", actor=scene.actor("insured_admin"))
        assert scene.claim.state == "disputed"
        services.set_fact(scene.claim, "incident.armed_conflict", False,
                          actor=scene.actor("claims_handler"))
        services.end_dispute(scene.claim, opinion="不构成战争",
                             actor=scene.actor("arbiter"))
        final = services.approve_claim(scene.claim, actor=scene.actor("claims_approver"))
        assert final.total_fen == TOTAL
        assert final.supersedes is not None and final.supersedes.state == "refused"
        assert balance_of(scene.world.insurer, "claims_payable") == TOTAL

    def test_nothing_payable_is_no_refusal_while_evidence_was_not_asked_for(
            self, scene: Scene) -> None:
        scene.report()
        handler = scene.actor("claims_handler")
        services.register_claim(scene.claim, reserve_fen=1, actor=handler)
        services.add_item(scene.claim, "FP-BI", description="x", actor=handler)
        scene.quantify()
        services.adjudicate_claim(scene.claim, actor=handler)
        with pytest.raises(Refusal):
            services.reject_claim(scene.claim, actor=scene.actor("claims_approver"), reason="x")

    def test_after_two_years_the_limitation_has_run_out(self, scene: Scene) -> None:
        self._refused(scene)
        stand_at("2028-09-08T10:00:00")
        with pytest.raises(Refusal):
            services.dispute_decision(scene.claim, reason="x",
                                      actor=scene.actor("insured_admin"))


class TestInterim:
    def test_what_was_paid_in_advance_is_taken_off(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        approver = scene.actor("claims_approver")
        services.order_interim(scene.claim, actor=approver, amount_fen=100_000_000)
        certain = services.pay_interim(scene.claim, actor=scene.actor("claims_payment"))
        assert certain.amount_fen == 100_000_000
        with pytest.raises(Refusal):
            services.order_interim(scene.claim, actor=approver)
        assert sum(certain.sections.values()) == 100_000_000
        handler = scene.actor("claims_handler")
        scene.hand_in(supplement=True)
        for item, entry in zip(scene.claim.items.all(), scene.story.data["items"], strict=True):
            if "supplement" in entry:
                services.set_item_facts(item, scene.story.facts(entry["supplement"]),
                                        actor=handler)
        services.appoint_adjuster(scene.claim, scene.adjuster, actor=handler)
        services.quantify_claim(scene.claim, actor=scene.actor("loss_adjuster"), note="x")
        services.adjudicate_claim(scene.claim, actor=handler)
        record = services.approve_claim(scene.claim, actor=approver)
        assert record.total_fen == TOTAL - 100_000_000
        services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
        final = services.pay_claim(scene.claim, actor=scene.actor("claims_payment"))
        assert final is not None and final.amount_fen == TOTAL - 100_000_000
        tenant = scene.world.insurer
        assert balance_of(tenant, "cash") == -TOTAL
        assert balance_of(tenant, "claims_paid") == TOTAL
        assert balance_of(tenant, "claims_payable") == 0
        assert balance_of(tenant, "outstanding_claims") == 0


def test_recourse_goes_up_to_what_was_paid(scene: Scene) -> None:
    scene.decide()
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    services.pay_claim(scene.claim, actor=scene.actor("claims_payment"))
    handler = scene.actor("claims_handler")
    with pytest.raises(InputError):
        services.open_recourse(scene.claim, against="运维供应商", ground="账号失窃",
                               demanded_fen=TOTAL + 1, actor=handler)
    recourse = services.open_recourse(scene.claim, against="运维供应商", ground="账号失窃",
                                      demanded_fen=TOTAL, actor=handler)
    services.record_recovery(recourse, amount_fen=5_000_000, reference="R-1", actor=handler)
    services.record_recovery(recourse, amount_fen=5_000_000, reference="R-1", actor=handler)
    assert balance_of(scene.world.insurer, "subrogation_recovery") == 5_000_000
    services.close_claim(scene.claim, reason="追偿完毕", actor=handler)
    assert scene.claim.state == "closed"
    services.reopen_claim(scene.claim, reason="新的损失", actor=scene.actor("claims_approver"))
    assert scene.claim.state == "registered"
