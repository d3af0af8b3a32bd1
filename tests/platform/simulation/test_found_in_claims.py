"""Stories the world found wrong once, told again by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from dinghai.foundation.errors import Refusal
from dinghai_platform.claims import services
from dinghai_platform.core import clock
from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.underwriting.models import Policy
from tests.platform.claims.conftest import _clock, scene, world  # noqa: F401
from tests.platform.claims.making import Scene


def _dispute_ends(scene: Scene, *, war: bool) -> None:  # noqa: F811
    services.dispute_decision(scene.claim, reason="x", actor=scene.actor("insured_admin"))
    for name in ("incident.armed_conflict", "causation.EX-WAR"):
        services.set_fact(scene.claim, name, war, actor=scene.actor("claims_handler"))
    services.end_dispute(scene.claim, opinion="x", actor=scene.actor("arbiter"))


def test_a_refusal_after_a_dispute_leaves_nothing_payable(scene: Scene) -> None:  # noqa: F811
    scene.decide()
    _dispute_ends(scene, war=True)
    services.reject_claim(scene.claim, reason="x", actor=scene.actor("claims_approver"))
    assert balance_of(scene.world.insurer, "claims_payable") == 0
    _dispute_ends(scene, war=False)
    final = services.approve_claim(scene.claim, actor=scene.actor("claims_approver"))
    assert balance_of(scene.world.insurer, "claims_payable") == final.total_fen


def _reopened(scene: Scene) -> None:  # noqa: F811
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    services.pay_claim(scene.claim, actor=scene.actor("claims_payment"))
    handler = scene.actor("claims_handler")
    services.close_claim(scene.claim, reason="x", actor=handler)
    services.reopen_claim(scene.claim, reason="x", actor=scene.actor("claims_approver"))
    services.add_item(scene.claim, "FP-LEGAL", description="x", actor=handler,
                      facts={"item.amount": {"value": 5_000_000}})


def test_a_second_payment_takes_only_the_difference_out_of_limits(
        scene: Scene) -> None:  # noqa: F811
    scene.decide()
    _reopened(scene)
    scene.quantify()
    services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
    services.approve_claim(scene.claim, actor=scene.actor("claims_approver"))
    services.agree_decision(scene.claim, actor=scene.actor("insured_admin"))
    payment = services.pay_claim(scene.claim, actor=scene.actor("claims_payment"))
    assert payment is not None
    assert payment.amount_fen == sum(payment.sections.values()) == 5_000_000


def test_a_reopened_claim_has_no_second_advance(scene: Scene) -> None:  # noqa: F811
    scene.report()
    scene.hand_in()
    scene.register()
    approver = scene.actor("claims_approver")
    services.order_interim(scene.claim, actor=approver, amount_fen=1_000_000)
    services.pay_interim(scene.claim, actor=scene.actor("claims_payment"))
    services.appoint_adjuster(scene.claim, scene.adjuster, actor=scene.actor("claims_handler"))
    services.quantify_claim(scene.claim, actor=scene.actor("loss_adjuster"), note="x")
    services.adjudicate_claim(scene.claim, actor=scene.actor("claims_handler"))
    services.approve_claim(scene.claim, actor=approver)
    _reopened(scene)
    with pytest.raises(Refusal):
        services.order_interim(scene.claim, actor=approver)


def test_no_cover_before_the_premium_and_none_for_strangers(scene: Scene) -> None:  # noqa: F811
    found = clock.now() - timedelta(hours=1)
    foreign = scene.world.actor("claims_handler", scene.world.other_insurer)
    with pytest.raises(PermissionDenied):
        services.report_incident(scene.policy, title="x", discovered_at=found, actor=foreign)
    Policy.objects.within(scene.world.insurer).update(state="premium_due")
    scene.policy.refresh_from_db()
    with pytest.raises(Refusal):
        services.report_incident(scene.policy, title="x", discovered_at=found,
                                 actor=scene.actor("insured_admin"))
