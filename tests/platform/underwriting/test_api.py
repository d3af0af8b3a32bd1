"""Underwriting over the API: the whole way, and who may not."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.underwriting.models import Case, Dossier, Policy
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.quotes import price_quote
from dinghai_platform.underwriting.services.screenings import record_screening
from tests.platform.story import World, work
from tests.platform.underwriting.way import policy_in_force

ROOT = "/api/v1/underwriting"


def signed(world: World, role: str, organisation: Any = None) -> Client:
    client: Client = world.sign_in(Client(), role, organisation)
    return client


def post(client: Client, address: str, body: dict[str, Any] | None = None, **extra: Any) -> Any:
    return client.post(f"{ROOT}{address}", body or {}, content_type="application/json", **extra)


def test_the_whole_way(world: World, product: ProductVersion, archive: bytes) -> None:
    underwriter, insured = signed(world, "underwriter"), signed(world, "insured_admin")
    case = post(underwriter, "/cases", {"insured": str(world.donghai.pk), "title": "a"}).json()
    started = underwriter.post(
        f"{ROOT}/cases/{case['id']}/dossiers",
        {"archive": SimpleUploadedFile("d.zip", archive, "application/zip")},
    )
    assert started.status_code == 202
    work()
    dossier = underwriter.get(f"{ROOT}/dossiers/{started.json()['id']}").json()
    assert dossier["state"] == "sealed" and dossier["findings"] > 100
    found = underwriter.get(f"{ROOT}/findings", {"dossier": dossier["id"], "limit": 5}).json()
    assert found["count"] == dossier["findings"] and len(found["items"]) == 5
    assessment = post(underwriter, f"/dossiers/{dossier['id']}/assessments").json()
    plan = post(underwriter, f"/assessments/{assessment['id']}/plans",
                {"product": str(product.pk)}).json()
    assert insured.get(f"{ROOT}/plans").json()["items"][0]["id"] == plan["id"]
    fixes = insured.get(f"{ROOT}/plans/{plan['id']}/fixes").json()
    assert insured.get(f"{ROOT}/plans/{plan['id']}").json()["fixes"] == fixes
    knock_outs = [one["knock_out"] for one in fixes]
    assert knock_outs == sorted(knock_outs, reverse=True)
    undertaken = post(insured, f"/fixes/{fixes[0]['id']}/commitment", {"due": "2026-07-31"})
    assert undertaken.json()["state"] == "planned"
    planned = insured.get(f"{ROOT}/plans/{plan['id']}/fixes", {"state": "planned"}).json()
    assert [one["id"] for one in planned] == [fixes[0]["id"]]
    late = post(insured, f"/fixes/{fixes[1]['id']}/commitment", {"due": "2026-01-01"})
    assert late.status_code == 400
    quote = post(
        underwriter, f"/assessments/{assessment['id']}/quotes",
        {"product": str(product.pk), "inception": "2026-04-01"},
    ).json()
    assert quote["document"]["schema"] == "dinghai.quote/1"
    for verb in ("approve", "issue"):
        assert post(underwriter, f"/quotes/{quote['id']}/{verb}").status_code == 200
    terms = insured.get(f"{ROOT}/quotes/{quote['id']}/terms").json()
    shown = post(insured, f"/quotes/{quote['id']}/explanations",
                 {"keys": [term["key"] for term in terms]}).json()
    assert shown["unexplained"] == [] and shown["document"] is None
    assert post(insured, f"/quotes/{quote['id']}/accept").json()["state"] == "accepted"
    policy = post(underwriter, f"/quotes/{quote['id']}/policy").json()
    assert len(policy["papers"]) == 6
    paper = policy["papers"][0]
    sheet = insured.get(paper["address"])
    assert sheet["Content-Type"] == "application/pdf"
    assert sha256(sheet.content).hexdigest() == paper["sha256"]
    paid = post(underwriter, f"/policies/{policy['id']}/payment", {"reference": "B-1"}).json()
    assert paid["state"] == "in_force"


def test_the_same_key_binds_once(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    underwriter = signed(world, "underwriter")
    body = {"insured": str(world.donghai.pk), "title": "once"}
    first = post(underwriter, "/cases", body, headers={"Idempotency-Key": "k-1"})
    again = post(underwriter, "/cases", body, headers={"Idempotency-Key": "k-1"})
    assert first.json() == again.json()


@pytest.mark.parametrize("role", ["underwriter", "insured_admin"])
def test_a_stranger_finds_nothing(
    dossier: Dossier, product: ProductVersion, world: World, role: str
) -> None:
    policy: Policy = policy_in_force(dossier, product, world)
    home = world.other_insurer if role == "underwriter" else world.stranger
    client = signed(world, role, home)
    for address in (
        f"/cases/{policy.case_id}", f"/dossiers/{dossier.pk}", f"/quotes/{policy.quote_id}",
        f"/quotes/{policy.quote_id}/terms", f"/policies/{policy.pk}",
        f"/assessments/{policy.quote.assessment_id}",
    ):
        assert client.get(f"{ROOT}{address}").status_code == 404, address
    assert post(client, f"/quotes/{policy.quote_id}/accept").status_code == 404
    assert client.get(f"{ROOT}/policies").json()["count"] == 0


@pytest.mark.parametrize(("role", "sees"), [
    ("underwriter", True), ("compliance", True), ("auditor", True), ("claims_handler", False)])
def test_a_quote_keeps_the_screening_from_who_may_not_see_it(
    case: Case, dossier: Dossier, product: ProductVersion, world: World, role: str, sees: bool
) -> None:
    actor = world.actor("underwriter")
    record_screening(case, lists=["甲"], screened_on=date(2026, 3, 11), result="clear",
                     reference="S-77", actor=actor)
    quote = price_quote(assess_dossier(dossier, actor=actor), product, actor=actor)
    answer = signed(world, role).get(f"{ROOT}/quotes/{quote.pk}")
    document = answer.json()["document"]
    assert document["schema"] == "dinghai.quote/1"
    assert ("screening" in document) is sees and ("S-77" in answer.content.decode()) is sees


def test_a_refusal_is_409_with_its_reasons(
    dossier: Dossier, product: ProductVersion, world: World
) -> None:
    policy = policy_in_force(dossier, product, world)
    answer = post(signed(world, "underwriter"), f"/quotes/{policy.quote_id}/issue")
    assert answer.status_code == 409 and answer.json()["error"]["message"]
