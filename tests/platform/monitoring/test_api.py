"""Monitoring over the API."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dinghai_platform.ledger.queries import balance_of
from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.services.dossiers import archive_of_folder
from dinghai_platform.underwriting.services.treatment import commit_fix, plan_treatment
from tests.platform.story import EXAMPLE, World, stand_at, work

ROOT = "/api/v1/monitoring"


def signed(world: World, role: str, organisation: Any = None) -> Client:
    client: Client = world.sign_in(Client(), role, organisation)
    return client


def test_a_table_a_notice_and_a_rescan(policy: Policy, kev: bytes, world: World) -> None:
    underwriter, insured = signed(world, "underwriter"), signed(world, "insured_admin")
    loaded = underwriter.post(
        f"{ROOT}/feeds",
        {"table": SimpleUploadedFile("kev.csv", kev), "kind": "kev", "as_of": "2026-04-16"},
    )
    assert loaded.status_code == 202, loaded.content
    work()
    found = insured.get(f"{ROOT}/findings").json()
    assert found["count"] == 1 and found["items"][0]["state"] == "notified"
    notice = insured.get(f"{ROOT}/notices").json()["items"][0]
    assert notice["delivery_sha256"]
    answer = insured.post(f"{ROOT}/notices/{notice['id']}/acknowledge")
    assert answer.json()["acknowledged_at"]
    stand_at("2026-05-06T10:00:00")
    archive = archive_of_folder(EXAMPLE / "rescan" / "2026-05-06")
    done = underwriter.post(
        f"{ROOT}/policies/{policy.pk}/rescans",
        {"archive": SimpleUploadedFile("r.zip", archive)},
    ).json()
    assert len(done["closed"]) == 1
    readings = insured.get(f"{ROOT}/policies/{policy.pk}/readings").json()
    assert [one["cause"] for one in readings] == ["bind", "feed", "rescan"]
    floats = underwriter.get(f"{ROOT}/floats").json()
    assert floats["count"] == 2 and floats["items"][0]["amount_fen"] == 0
    refused = underwriter.post(
        f"{ROOT}/floats/{floats['items'][0]['id']}/apply", {}, content_type="application/json"
    )
    assert refused.status_code == 409


def test_a_stranger_finds_nothing(policy: Policy, world: World) -> None:
    client = signed(world, "underwriter", world.other_insurer)
    assert client.get(f"{ROOT}/policies/{policy.pk}/readings").status_code == 404
    assert client.get(f"{ROOT}/notices").json()["count"] == 0


def test_a_fix_is_verified_and_its_refund_paid(policy: Policy, kev: bytes, world: World) -> None:
    underwriter, insured = signed(world, "underwriter"), signed(world, "insured_admin")
    plan = plan_treatment(
        policy.quote.assessment, policy.quote.product, actor=world.actor("underwriter")
    )
    fix = plan.fixes.filter(document__level="full").first()
    address = f"{ROOT}/policies/{policy.pk}/fixes/{fix.pk}/verification"

    def prove(client: Client) -> Any:
        evidence = SimpleUploadedFile("fix.txt", "已整改".encode())
        return client.post(address, {"evidence": evidence, "verified_by": "第三方评估"})

    assert prove(underwriter).status_code == 409  # nobody has undertaken it
    commit_fix(fix, due=date(2026, 7, 31), actor=world.actor("insured_admin"))
    assert prove(insured).status_code == 403

    def rescan(day: str) -> None:
        stand_at(f"{day}T09:00:00")
        archive = archive_of_folder(EXAMPLE / "rescan" / day)
        underwriter.post(f"{ROOT}/policies/{policy.pk}/rescans",
                         {"archive": SimpleUploadedFile("r.zip", archive)})

    rescan("2026-05-06")
    stand_at("2026-07-31T09:00:00")
    reading = prove(underwriter)
    assert reading.status_code == 201 and reading.json()["cause"] == "fix"
    rescan("2026-07-31")
    proposal = underwriter.get(f"{ROOT}/floats").json()["items"][0]
    assert proposal["state"] == "proposed" and proposal["amount_fen"] < 0

    def step(client: Client, verb: str, **body: str) -> Any:
        return client.post(f"{ROOT}/floats/{proposal['id']}/{verb}", body,
                           content_type="application/json")

    assert step(underwriter, "payment", reference="B-3").status_code == 409
    for client, verb in ((underwriter, "notify"), (insured, "agree"), (underwriter, "apply")):
        assert step(client, verb).status_code == 200
    assert step(insured, "payment", reference="B-3").status_code in (403, 404)
    owed = balance_of(world.insurer, "refund_payable")
    assert owed == -proposal["amount_fen"]
    for _again in range(2):
        assert step(underwriter, "payment", reference="B-3").status_code == 200
    assert balance_of(world.insurer, "refund_payable") == 0
