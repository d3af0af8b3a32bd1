"""A payment in advance: one orders, another pays, and neither is the handler."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from dinghai.foundation.errors import Refusal
from dinghai_platform.claims import services
from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.models import Membership
from dinghai_platform.ledger.queries import balance_of, verify_books
from tests.platform.claims.making import Scene
from tests.platform.claims.test_api import post
from tests.platform.claims.test_pages import open_as

AMOUNT = 100_000_000


@pytest.fixture
def registered(scene: Scene) -> Scene:
    """A registered claim with its facts."""
    scene.report()
    scene.hand_in()
    scene.register()
    return scene


def _as_payer(scene: Scene, role: str) -> Actor:
    membership, _made = Membership.objects.get_or_create(
        user=scene.actor(role).user, organisation=scene.world.insurer, role="claims_payment")
    return actor_of_membership(membership)


def test_an_order_moves_no_money(registered: Scene) -> None:
    order = services.order_interim(
        registered.claim, actor=registered.actor("claims_approver"), amount_fen=AMOUNT)
    assert registered.claim.state == "registered" and order.is_open
    tenant = registered.world.insurer
    assert balance_of(tenant, "cash") == balance_of(tenant, "claims_paid") == 0
    payment = services.pay_interim(registered.claim, actor=registered.actor("claims_payment"))
    assert payment.amount_fen == AMOUNT == -balance_of(tenant, "cash")
    assert registered.claim.state == "interim_paid"
    order.refresh_from_db()
    assert order.payment == payment and not order.is_open
    assert order.ordered_by_id != payment.paid_by_id
    with pytest.raises(Refusal):
        services.pay_interim(registered.claim, actor=registered.actor("claims_payment"))
    assert verify_books(tenant).holds


def test_three_people(registered: Scene) -> None:
    approver = registered.actor("claims_approver")
    with pytest.raises(PermissionDenied):
        services.order_interim(registered.claim, actor=registered.actor("claims_handler"))
    with pytest.raises(Refusal):
        services.pay_interim(registered.claim, actor=registered.actor("claims_payment"))
    services.order_interim(registered.claim, actor=approver, amount_fen=AMOUNT)
    with pytest.raises(PermissionDenied):
        services.pay_interim(registered.claim, actor=approver)
    for role in ("claims_approver", "claims_handler"):
        with pytest.raises(Refusal):
            services.pay_interim(registered.claim, actor=_as_payer(registered, role))
    assert not registered.claim.payments.exists()


def test_a_new_order_takes_the_place_of_an_unpaid_one(registered: Scene) -> None:
    approver = registered.actor("claims_approver")
    first = services.order_interim(registered.claim, actor=approver, amount_fen=AMOUNT)
    services.order_interim(registered.claim, actor=approver, amount_fen=AMOUNT // 2)
    first.refresh_from_db()
    assert not first.is_open
    payment = services.pay_interim(registered.claim, actor=registered.actor("claims_payment"))
    assert payment.amount_fen == AMOUNT // 2


def test_what_is_no_longer_certain_is_not_paid(registered: Scene) -> None:
    services.order_interim(registered.claim, actor=registered.actor("claims_approver"))
    for name in ("incident.armed_conflict", "causation.EX-WAR"):
        services.set_fact(registered.claim, name, True, actor=registered.actor("claims_handler"))
    with pytest.raises(Refusal):
        services.pay_interim(registered.claim, actor=registered.actor("claims_payment"))
    assert balance_of(registered.world.insurer, "cash") == 0


def test_by_forms(registered: Scene) -> None:
    key = registered.claim.pk
    page = reverse("claims:claim", args=(key,))
    steps = {step.event: step
             for step in open_as(registered, "claims_payment").get(page).context["steps"]}
    assert not steps["interim"].allowed and not steps["order_interim"].allowed
    approver = open_as(registered, "claims_approver")
    address = reverse("claims:act", args=(key, "order_interim"))
    assert approver.get(address).status_code == 200
    answer = approver.post(address, {"payee": "东海家电", "amount": "1000000"})
    assert answer.status_code == 302, answer.context["form"].errors
    for language in ("zh-hans", "en"):
        shown = open_as(registered, "claims_payment", language).get(page)
        assert len(shown.context["interim_orders"]) == 1
    assert open_as(registered, "insured_admin").get(page).context["interim_orders"] == []
    payer = open_as(registered, "claims_payment")
    address = reverse("claims:act", args=(key, "interim"))
    assert "1,000,000.00" in payer.get(address).content.decode()
    assert payer.post(address).status_code == 302
    assert registered.claim.payments.get().amount_fen == AMOUNT


def test_by_the_api(registered: Scene) -> None:
    path = f"/{registered.claim.pk}/interim"
    assert post(open_as(registered, "claims_payment"), path, {}).status_code == 403
    ordered = post(open_as(registered, "claims_approver"), path, {"amount_fen": AMOUNT})
    assert ordered.json()["ordered_fen"] == AMOUNT and ordered.json()["paid_fen"] == 0
    assert post(open_as(registered, "claims_approver"), f"{path}/payment", {}).status_code == 403
    paid = post(open_as(registered, "claims_payment"), f"{path}/payment", {})
    assert paid.json()["paid_fen"] == AMOUNT and paid.json()["ordered_fen"] is None
