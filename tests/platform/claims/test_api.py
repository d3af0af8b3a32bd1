"""Incidents and claims over the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dinghai_platform.claims import services
from tests.platform.claims.making import Scene
from tests.platform.claims.test_pages import open_as
from tests.platform.story import stand_at

BASE = "/api/v1/claims"


def post(client: Client, path: str, body: dict[str, Any], **headers: str) -> Any:
    return client.post(f"{BASE}{path}", body, content_type="application/json", headers=headers)


def test_it_works(scene: Scene) -> None:
    stand_at("2026-09-07T11:00:00")
    insured = open_as(scene, "insured_admin")
    made = post(insured, "/incidents", {
        "policy": str(scene.policy.pk), "title": "加密", "discovered_at": "2026-09-07T10:00:00",
        "facts": {"event.data_encryption": True}})
    assert made.status_code == 201, made.content
    key = made.json()["id"]
    handler = open_as(scene, "claims_handler")
    graded = post(handler, f"/incidents/{key}/triage",
                  {"facts": {"notice.personal_data_persons": 1_000_000}})
    assert graded.json()["grade"]["grade"] == "较大"
    assert graded.json()["clocks"][0]["remaining"] == 3 * 3600
    claim = graded.json()["claim"]
    handed = insured.post(f"{BASE}/incidents/{key}/evidence", {
        "kind": "ir_report", "file": SimpleUploadedFile("r.txt", b"x", "text/plain")})
    assert handed.status_code == 201 and handed.json()["reference"] == "E-01"
    registered = post(handler, f"/{claim}/register", {"reserve_fen": 1_000})
    assert registered.json()["state"] == "registered"
    assert post(handler, f"/{claim}/items", {"coverage": "FP-IR"}).status_code == 201
    answer = handler.put(f"{BASE}/{claim}/items/1/facts", {
        "facts": {"item.amount": {"value": 5_000, "evidence": ["E-01"]}}},
        content_type="application/json")
    assert answer.json()["items"][0]["facts"]["item.amount"]["value"] == 5_000


def test_decision_document_and_replay(scene: Scene) -> None:
    record = scene.decide()
    client = open_as(scene, "insured_admin")
    raw = client.get(f"{BASE}/decisions/{record.pk}/document")
    assert raw.content.decode() == record.content
    assert post(client, f"/decisions/{record.pk}/replay", {}).json()["same"] is True


def test_steps_and_payment_are_answered_once(scene: Scene) -> None:
    scene.decide()
    key = scene.claim.pk
    insured = open_as(scene, "insured_admin")
    agreed = post(insured, f"/{key}/steps/agree", {})
    assert agreed.status_code == 200 and agreed.json()["state"] == "agreed"
    payer = open_as(scene, "claims_payment")
    first = post(payer, f"/{key}/payment", {"payee": "东海家电"}, **{"idempotency-key": "k1"})
    again = post(payer, f"/{key}/payment", {"payee": "东海家电"}, **{"idempotency-key": "k1"})
    third = post(payer, f"/{key}/payment", {"payee": "东海家电"})
    assert first.json()["paid_fen"] == again.json()["paid_fen"] == third.json()["paid_fen"]
    assert again.headers["Idempotent-Replay"] == "true"
    assert scene.claim.payments.count() == 1


@pytest.mark.parametrize(("role", "event", "status"), [
    ("claims_handler", "approve", 409), ("insured_admin", "adjudicate", 409),
    ("claims_handler", "nonsense", 404)])
def test_wrong_steps_say_no(scene: Scene, role: str, event: str, status: int) -> None:
    scene.report()
    answer = post(open_as(scene, role), f"/{scene.claim.pk}/steps/{event}", {"text": "x"})
    assert answer.status_code in {status, 403}
    assert "error" in answer.json()


def test_a_stranger_gets_404(scene: Scene) -> None:
    record = scene.decide()
    client = Client()
    client.force_login(scene.world.actor("claims_handler", scene.world.other_insurer).user,
                       backend="django.contrib.auth.backends.ModelBackend")
    for path in (f"/{scene.claim.pk}", f"/{scene.claim.pk}/file",
                 f"/incidents/{scene.claim.incident_id}", f"/decisions/{record.pk}/document"):
        assert client.get(f"{BASE}{path}").status_code == 404
    assert client.get(BASE).json()["count"] == 0
    assert Client().get(BASE).status_code == 401


def test_lists_do_not_ask_row_by_row(scene: Scene, django_assert_max_num_queries: Any) -> None:
    for _number in range(4):
        scene.report()
    services.register_claim(scene.claim, reserve_fen=1, actor=scene.actor("claims_handler"))
    client = open_as(scene, "auditor")
    with django_assert_max_num_queries(25):
        assert client.get(BASE).json()["count"] == 4
    with django_assert_max_num_queries(25):
        assert client.get("/claims/files/").status_code == 200
    with django_assert_max_num_queries(25):
        assert client.get("/claims/incidents/").status_code == 200
