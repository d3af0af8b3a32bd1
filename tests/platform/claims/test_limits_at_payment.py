"""A decision is paid after other payments, as long as its amounts still fit under the limits."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from dinghai.foundation.errors import Refusal
from dinghai_platform.claims import services
from dinghai_platform.claims.models import DecisionRecord, Payment
from dinghai_platform.ledger.queries import balance_of, verify_books
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import open_as
from tests.platform.claims.test_story import TOTAL
from tests.platform.story import stand_at

INSIDE = TOTAL - 21_400_000


def _pay_elsewhere(scene: Scene, sections: dict[str, int]) -> None:
    """Another claim of the policy is paid out of its limits."""
    claim, incident = scene.claim, scene.incident
    scene.report()
    other = scene.claim
    record = DecisionRecord.objects.create(
        tenant=other.tenant, insured_id=other.insured_id, claim=other, sequence=1, state="issued",
        content="{}", hash="0" * 64, total_fen=sum(sections.values()))
    Payment.objects.create(
        tenant=other.tenant, insured_id=other.insured_id, claim=other, policy_id=other.policy_id,
        decision=record, kind="final", payee="x", amount_fen=record.total_fen, sections=sections)
    scene.incident = incident
    assert scene.claim == claim


def _agreed(scene: Scene) -> None:
    scene.decide()
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    stand_at("2026-10-15T10:00:00")


def test_another_payment_does_not_stop_one_that_still_fits(scene: Scene) -> None:
    _agreed(scene)
    _pay_elsewhere(scene, {"FP-LEGAL": 1_000_000})
    payer = scene.actor("claims_payment")
    payment = services.pay_claim(scene.claim, actor=payer)
    assert payment is not None and payment.amount_fen == TOTAL
    assert services.pay_claim(scene.claim, actor=payer) == payment
    assert scene.claim.state == "paid"


def test_an_eroded_limit_sends_the_claim_back_for_a_new_decision(scene: Scene) -> None:
    _agreed(scene)
    left = INSIDE - 50_000_000
    _pay_elsewhere(scene, {"FP-LEGAL": scene.policy.aggregate_limit_fen - left})
    payer = scene.actor("claims_payment")
    assert services.pay_claim(scene.claim, actor=payer) is None
    claim = scene.claim
    assert (claim.state, claim.agreed_at) == ("adjudicated", None)
    assert not claim.payments.exists()
    run = claim.decisions.get(state="provisional")
    assert run.total_fen == TOTAL - 50_000_000 and run.note == DecisionRecord.LIMITS_CHANGED
    with pytest.raises(Refusal):
        services.pay_claim(claim, actor=payer)
    for language in ("zh-hans", "en"):
        page = open_as(scene, "claims_approver", language).get(
            reverse("claims:claim", args=(claim.pk,)))
        assert page.context["sent_back"].total_fen == TOTAL
    tenant = scene.world.insurer
    assert balance_of(tenant, "claims_payable") == TOTAL
    services.approve_claim(claim, actor=scene.actor("claims_approver"))
    assert balance_of(tenant, "claims_payable") == run.total_fen
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    payment = services.pay_claim(scene.claim, actor=payer)
    assert payment is not None and payment.amount_fen == run.total_fen
    assert sum(payment.sections.values()) - payment.outside_fen == left
    assert balance_of(tenant, "claims_payable") == 0
    assert verify_books(tenant).holds


def test_a_wrong_role_is_still_refused_before_anything_moves(scene: Scene) -> None:
    _agreed(scene)
    _pay_elsewhere(scene, {"FP-LEGAL": scene.policy.aggregate_limit_fen})
    with pytest.raises(PermissionDenied):
        services.pay_claim(scene.claim, actor=scene.actor("claims_handler"))
    assert scene.claim.state == "agreed"


def test_the_page_says_that_nothing_was_paid(scene: Scene) -> None:
    _agreed(scene)
    _pay_elsewhere(scene, {"FP-LEGAL": scene.policy.aggregate_limit_fen})
    client = open_as(scene, "claims_payment")
    answer = client.post(reverse("claims:act", args=(scene.claim.pk, "pay")),
                         {"payee": "东海家电"}, follow=True)
    assert [one.level_tag for one in answer.context["messages"]] == ["warning"]
    assert scene.claim.state == "adjudicated"
