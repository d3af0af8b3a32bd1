"""Evidence that was never asked for, or never answered, holds nobody up for ever."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.claims import services
from dinghai_platform.claims.clocks import claim_clocks
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import open_as
from tests.platform.story import stand_at


def _nothing_payable(scene: Scene) -> None:
    """An adjudicated claim whose insured was asked for nothing."""
    scene.report()
    handler = scene.actor("claims_handler")
    services.register_claim(scene.claim, reserve_fen=7, actor=handler)
    services.set_fact(scene.claim, "event.system_interruption", True, actor=handler)
    services.add_item(scene.claim, "FP-BI", description="停产", actor=handler)
    scene.quantify()
    services.adjudicate_claim(scene.claim, actor=handler)
    assert scene.claim.state == "adjudicated"


class TestAdjudicatedWithNothingPayable:
    def test_evidence_is_asked_for_after_the_run(self, scene: Scene) -> None:
        _nothing_payable(scene)
        handler, approver = scene.actor("claims_handler"), scene.actor("claims_approver")
        services.request_evidence(scene.claim, actor=handler)
        claim = scene.claim
        assert claim.state == "evidence_pending"
        assert not claim.decisions.filter(state="provisional").exists()
        services.receive_evidence(claim, actor=scene.actor("insured_admin"))
        adjuster = scene.actor("loss_adjuster")
        services.survey_claim(claim, actor=adjuster, note="x")
        services.quantify_claim(claim, actor=adjuster, note="x")
        services.adjudicate_claim(claim, actor=handler)
        with pytest.raises(Refusal):
            services.request_evidence(claim, actor=handler)
        services.reject_claim(claim, actor=approver, reason="未能证明损失")
        assert scene.claim.state == "rejected"

    def test_it_closes_without_payment(self, scene: Scene) -> None:
        _nothing_payable(scene)
        page = open_as(scene, "claims_handler").get(
            reverse("claims:claim", args=(scene.claim.pk,)))
        offered = {step.event for step in page.context["steps"] if step.allowed}
        assert {"request_evidence", "close", "adjudicate"} <= offered
        services.close_claim(scene.claim, actor=scene.actor("claims_handler"), reason="撤回")
        assert (scene.claim.state, scene.claim.reserve_fen) == ("closed", 0)

    def test_what_is_payable_is_owed_a_decision(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        scene.supplement()
        scene.quantify()
        handler = scene.actor("claims_handler")
        services.adjudicate_claim(scene.claim, actor=handler)
        with pytest.raises(Refusal):
            services.close_claim(scene.claim, actor=handler, reason="x")

    def test_a_decision_before_needs_a_decision_after(self, scene: Scene) -> None:
        scene.decide()
        handler = scene.actor("claims_handler")
        services.dispute_decision(scene.claim, reason="x", actor=scene.actor("insured_admin"))
        services.set_fact(scene.claim, "incident.armed_conflict", True, actor=handler)
        services.set_fact(scene.claim, "causation.EX-WAR", True, actor=handler)
        services.end_dispute(scene.claim, opinion="x", actor=scene.actor("arbiter"))
        with pytest.raises(Refusal):
            services.close_claim(scene.claim, actor=handler, reason="x")


class TestNoAnswer:
    def _asked(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        stand_at("2026-09-15T10:00:00")
        services.request_evidence(scene.claim, actor=scene.actor("claims_handler"))

    def test_the_handler_goes_on_after_the_term(self, scene: Scene) -> None:
        self._asked(scene)
        handler = scene.actor("claims_handler")
        stand_at("2026-10-15T09:59:59")
        page = open_as(scene, "claims_handler").get(
            reverse("claims:claim", args=(scene.claim.pk,)))
        step = next(one for one in page.context["steps"] if one.event == "go_on")
        assert not step.allowed and step.reason
        with pytest.raises(Refusal):
            services.go_on_without_evidence(scene.claim, actor=handler, reason="x")
        stand_at("2026-10-15T10:00:00")
        with pytest.raises(PermissionDenied):
            services.go_on_without_evidence(
                scene.claim, actor=scene.actor("claims_approver"), reason="x")
        with pytest.raises(InputError):
            services.go_on_without_evidence(scene.claim, actor=handler, reason=" ")
        services.go_on_without_evidence(scene.claim, actor=handler, reason="催告两次未复")
        claim = scene.claim
        request = claim.requests.get()
        assert claim.state == "registered" and request.answered_at is None
        assert request.lapse_reason == "催告两次未复" and not request.is_open
        stand_at("2026-10-20T10:00:00")
        reading = claim_clocks(claim)[0]
        assert reading.state == "running" and reading.paused_seconds == 30 * 86_400
        with pytest.raises(Refusal):
            services.request_evidence(claim, actor=handler)

    def test_the_term_shows_and_has_bounds(self, scene: Scene) -> None:
        scene.report()
        scene.hand_in()
        scene.register()
        handler = scene.actor("claims_handler")
        for days in (29, 366):
            with pytest.raises(InputError):
                services.request_evidence(scene.claim, actor=handler, answer_days=days)
        request = services.request_evidence(scene.claim, actor=handler, answer_days=45)
        assert (request.due - request.requested_at).days == 45
        for language, said in (("zh-hans", "45 日"), ("en", "45 days")):
            page = open_as(scene, "insured_admin", language).get(
                reverse("claims:claim", args=(scene.claim.pk,)))
            assert said in page.content.decode()

    def test_by_form(self, scene: Scene) -> None:
        self._asked(scene)
        stand_at("2026-10-16T10:00:00")
        address = reverse("claims:act", args=(scene.claim.pk, "go_on"))
        client = open_as(scene, "claims_handler")
        assert client.get(address).status_code == 200
        assert client.post(address, {"text": "逾期"}).status_code == 302
        assert scene.claim.state == "registered"
