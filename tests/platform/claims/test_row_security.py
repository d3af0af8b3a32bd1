"""The claim's way under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse

from dinghai_platform.claims import services
from dinghai_platform.claims.models import Claim, Incident, LossItem
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import crossing_tenants, lifted, scope_of
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import open_as
from tests.platform.story import stand_at

pytestmark = pytest.mark.postgres
PEOPLE = ("insured_admin", "insured_security", "claims_handler", "claims_approver",
          "claims_payment", "ir_lead", "loss_adjuster")


@pytest.fixture
def bound(scene: Scene) -> Iterator[Scene]:
    """The scene, with a database that answers as the site's own role does."""
    for role in PEOPLE:
        scene.actor(role)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE dinghai_claims_test NOLOGIN NOBYPASSRLS")
    grant_use("dinghai_claims_test")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE dinghai_claims_test")
    yield scene
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def _do(scene: Scene, role: str, name: str, key: Any, event: str, **data: Any) -> None:
    client = open_as(scene, role)
    address = reverse(name, args=(key, event))
    assert client.get(address).status_code == 200, (role, event)
    answer = client.post(address, data)
    assert answer.status_code == 302, (role, event, answer.context["form"].errors)


def test_the_claim_goes_its_way(bound: Scene) -> None:
    stand_at("2026-09-07T11:00:00")
    insured = open_as(bound, "insured_admin")
    answer = insured.post(reverse("claims:report"), {
        "policy": bound.policy.pk, "title": "加密", "discovered_at": "2026-09-07T10:00",
        "contact": "1"})
    assert answer.status_code == 302
    with crossing_tenants("the test looks on"):
        incident = Incident.objects.get()
        claim = Claim.objects.get()
    _do(bound, "claims_handler", "claims:incident_act", incident.pk, "triage",
        operator="general", judged="",
        **{"notice.personal_data_persons": "1000000", "event.personal_data_breach": "true"})
    _do(bound, "claims_handler", "claims:incident_act", incident.pk, "dispatch",
        provider=str(bound.provider.pk), mode="remote")
    with crossing_tenants("the test looks on"):
        order = incident.orders.get()
        duty = incident.duties.first()
    responder = open_as(bound, "ir_lead")
    assert responder.get(reverse("claims:incident", args=(incident.pk,))).status_code == 200
    for reply in ("accept", "arrive"):
        assert responder.post(
            reverse("claims:answer_order", args=(order.pk, reply))).status_code == 302
    assert insured.post(reverse("claims:record_report", args=(duty.pk,)), {
        "reported_at": "2026-09-07T11:00", "channel": "传真"}).status_code == 302
    for role in ("insured_admin", "ir_lead"):
        _do(bound, role, "claims:incident_act", incident.pk, "evidence",
            kind="ir_report", file=SimpleUploadedFile(f"{role}.txt", role.encode(), "text/plain"))
    _do(bound, "claims_handler", "claims:act", claim.pk, "register", reserve="1000")
    _do(bound, "claims_handler", "claims:act", claim.pk, "item", coverage="FP-IR",
        description="处置")
    _do(bound, "claims_handler", "claims:act", claim.pk, "request_evidence")
    with crossing_tenants("the test looks on"):
        paper = incident.evidence.first()
        request = claim.requests.get()
        item = LossItem.objects.get()
    for address in (reverse("claims:evidence", args=(paper.pk,)),
                    reverse("claims:request_notice", args=(request.pk,)),
                    reverse("claims:claim", args=(claim.pk,))):
        assert insured.get(address).status_code == 200, address
    _do(bound, "insured_admin", "claims:act", claim.pk, "receive")
    handler = bound.actor("claims_handler")
    with scope_of(handler), lifted("the test has the row in hand"):
        services.set_item_fact(item, "item.amount", 5_000_00, actor=handler)
        claim.refresh_from_db()
        services.set_facts(claim, {"event.cyber_incident_confirmed": True}, actor=handler)
    _do(bound, "claims_handler", "claims:act", claim.pk, "adjuster",
        adjuster=str(bound.adjuster.pk))
    for event in ("survey", "quantify"):
        _do(bound, "loss_adjuster", "claims:act", claim.pk, event, text="查勘")
    _do(bound, "claims_handler", "claims:act", claim.pk, "adjudicate")
    _do(bound, "claims_approver", "claims:act", claim.pk, "approve")
    with crossing_tenants("the test looks on"):
        record = claim.decisions.get(state="issued")
    for role in ("insured_admin", "claims_handler", "loss_adjuster"):
        client = open_as(bound, role)
        for address in (reverse("claims:claim", args=(claim.pk,)),
                        reverse("claims:decision", args=(record.pk,)),
                        reverse("claims:notice", args=(record.pk, "zh")),
                        reverse("cases:dashboard")):
            assert client.get(address).status_code == 200, (role, address)
    _do(bound, "insured_admin", "claims:act", claim.pk, "agree")
    _do(bound, "claims_payment", "claims:act", claim.pk, "pay", payee="东海家电")
    with crossing_tenants("the test looks on"):
        claim.refresh_from_db()
        assert (claim.state, claim.payments.get().amount_fen) == ("paid", 5_000_00)
    case = reverse("cases:case", args=(bound.policy.case_id,))
    for role in ("insured_admin", "claims_handler"):
        assert open_as(bound, role).get(case).status_code == 200
    foreign = open_as(bound, "insured_admin")
    foreign.force_login(bound.world.actor("claims_handler", bound.world.other_insurer).user,
                        backend="django.contrib.auth.backends.ModelBackend")
    assert foreign.get(reverse("claims:claim", args=(claim.pk,))).status_code == 404
