"""The pages and the API of claims histories and of own costs, as each role."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dinghai.documents.quotation import quotation
from dinghai.foundation.canonical import document_hash
from dinghai_platform.catalogue.comparing import frontier_of
from dinghai_platform.catalogue.enterprises import enterprise_of
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.catalogue.offers import offer_of
from dinghai_platform.underwriting.explained import fixes_within
from dinghai_platform.underwriting.models import Assessment, Case, Dossier, OwnFixCosts
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.history import current_version
from dinghai_platform.underwriting.services.quotes import price_quote
from dinghai_platform.underwriting.services.treatment import plan_treatment
from tests.platform.story import World
from tests.platform.underwriting.test_history import CLAIM, FILE, stated

ENGLISH = {"accept-language": "en"}
ROOT = "/api/v1/underwriting"
COSTS = """schema = "dinghai.fix-costs/1"
version = "own"
source = "报价单"
confidence = "T"

[full_fen]
"GOV-03" = 100
"""


@pytest.fixture
def assessment(dossier: Dossier, world: World) -> Assessment:
    return assess_dossier(dossier, actor=world.actor("underwriter"))


@pytest.fixture
def client(world: World) -> Client:
    signed: Client = world.sign_in(Client(headers=ENGLISH), "underwriter")
    return signed


def where(case: Case, verb: str = "") -> str:
    if not verb:
        return reverse("underwriting:history", args=[case.pk])
    return reverse("underwriting:history_step", args=[case.pk, verb])


def text(answer: Any) -> str:
    found: str = answer.content.decode()
    return found


def test_the_whole_way_on_the_page(case: Case, client: Client) -> None:
    assert "No history is given" in text(client.get(where(case)))
    years = {"base": "0", "first": "2021-03-12", "last": "2026-03-11"}
    assert client.post(where(case, "years"), years).status_code == 302
    assert "History given: no claim" in text(client.get(where(case)))
    assert client.post(where(case, "add"), {**CLAIM, "base": "1"}).status_code == 302
    page = text(client.get(where(case)))
    assert "C-1" in page and "entered by hand" in page and "Ransomware" in page
    edit = text(client.get(where(case) + "?edit=0"))
    assert 'value="800000.00"' in edit and "Keep the change" in edit
    changed = client.post(where(case, "change"), {**CLAIM, "paid": "60万", "place": "0",
                                                  "base": "2"})
    assert changed.status_code == 302
    assert current_version(case).rows[0]["paid_fen"] == 60_000_000  # type: ignore[union-attr]
    checked = client.post(where(case, "import"), {
        "base": "3", "check": "1", "file": SimpleUploadedFile("c.csv", FILE)})
    assert "nothing was kept yet" in text(checked) and "F-1" in text(checked)
    assert client.post(where(case, "import"), {
        "base": "3", "keep": "1", "file": SimpleUploadedFile("c.csv", FILE)}).status_code == 302
    assert len(current_version(case).rows) == 2  # type: ignore[union-attr]
    for verb, base in (("remove", 4), ("undo", 5), ("withdraw", 6), ("undo", 7)):
        assert client.post(where(case, verb), {"base": base, "place": "0"}).status_code == 302
    assert current_version(case).number == 8  # type: ignore[union-attr]
    exported = text(client.get(reverse("underwriting:history_export", args=[case.pk])))
    assert "C-1" in exported and "F-1" in exported
    template = reverse("underwriting:history_template", args=[case.pk])
    assert client.get(template).content.startswith("\ufeff".encode())
    assert client.get(template + "?form=xlsx").content.startswith(b"PK")
    assert client.get(template + "?form=exe").status_code == 404


def test_what_is_wrong_stands_beside_its_field_and_is_kept_as_typed(
    case: Case, client: Client, world: World
) -> None:
    stated(case, world)
    answer = client.post(where(case, "add"), {**CLAIM, "base": "1", "paid": "<b>much</b>"})
    assert answer.status_code == 400
    assert "&lt;b&gt;much" in text(answer) and "<b>much" not in text(answer)
    assert answer.context["form"].errors["paid"]
    late = client.post(where(case, "years"), {"base": "1", "first": "2021-01-01",
                                              "last": "2030-01-01"})
    assert late.status_code == 400 and "last" in late.context["years"].errors
    bad = client.post(where(case, "import"), {
        "base": "1", "check": "1",
        "file": SimpleUploadedFile("c.csv", FILE + "F-3,soon,东海家电,1,closed\n".encode())})
    assert "Rows to mend" in text(bad) and "occurred_on" in text(bad)
    none = client.post(where(case, "import"), {
        "base": "1", "keep": "1", "file": SimpleUploadedFile("c.csv", b"a,b\n1,2\n")})
    assert none.status_code == 400 and "Nothing was kept" in text(none)
    assert client.post(where(case, "import"), {"base": "1", "keep": "1"}).status_code == 400
    for odd in ("²", "-1", "9" * 20):
        assert client.get(where(case), {"edit": odd}).status_code == 200
        assert client.post(where(case, "remove"), {"base": odd, "place": odd}).status_code == 302
    old = client.post(where(case, "remove"), {"base": "0", "place": "0"}, follow=True)
    assert "somebody else has changed the history" in text(old)
    assert current_version(case).number == 1  # type: ignore[union-attr]


def test_who_sees_and_who_states(case: Case, world: World) -> None:
    stated(case, world, CLAIM)
    insured = world.sign_in(Client(headers=ENGLISH), "insured_admin")
    page = text(insured.get(where(case)))
    assert "C-1" in page and "Add a claim" not in page
    assert insured.post(where(case, "undo"), {"base": "2"}).status_code == 403
    foreign = world.sign_in(Client(), "underwriter", world.other_insurer)
    assert foreign.get(where(case)).status_code == 404
    assert foreign.post(where(case, "undo"), {"base": "2"}).status_code == 404
    assert foreign.get(f"{ROOT}/cases/{case.pk}/claims-history").status_code == 404
    stranger = world.sign_in(Client(), "insured_admin", world.stranger)
    assert stranger.get(where(case)).status_code == 404


def test_the_page_asks_as_many_queries_for_many_claims_as_for_one(
    case: Case, client: Client, world: World
) -> None:
    stated(case, world, CLAIM)
    client.get(where(case))
    with CaptureQueriesContext(connection, ) as few:
        client.get(where(case))
    stated(case, world, *({**CLAIM, "claim_no": f"M-{n}"} for n in range(12)))
    with CaptureQueriesContext(connection) as many:
        client.get(where(case))
    assert len(many) <= len(few)


def test_price_quote_why_and_paper_show_what_claims_did(
    case: Case, assessment: Assessment, product: ProductVersion, world: World, client: Client
) -> None:
    slider = reverse("underwriting:price", args=[assessment.pk])
    assert "not given" in text(client.get(slider))
    stated(case, world, CLAIM)
    assert "modification" in text(client.get(slider))
    kept = client.post(slider, {"product": str(product.pk)})
    page = text(client.get(kept["Location"]))
    for word in ("Claims experience", "Modification", "No-claims credit", "C-1",
                 "Experience rating"):
        assert word in page
    quote = case.quotes.get()
    why = text(client.get(reverse("underwriting:why", args=[quote.pk])))
    assert "With its own claims" in why and "Tables have changed" not in why
    answer = client.get(f"{ROOT}/quotes/{quote.pk}/explanation").json()
    assert answer["experience"]["history_sha256"] == quote.document["experience"][
        "history_sha256"]
    slip = quotation(quote.document, product.document, number=quote.number, applicant="甲",
                     insurer="乙", issued_on=date(2026, 3, 11), language="zh")
    assert "赔付经历" in str(slip.blocks) and "无赔款优待" in str(slip.blocks)
    bare = {name: one for name, one in quote.document.items() if name != "experience"}
    assert "赔付经历" not in str(quotation(
        {**bare, "hash": document_hash(bare)}, product.document, number="Q", applicant="甲",
        insurer="乙", issued_on=date(2026, 3, 11), language="zh").blocks)


def test_the_history_over_the_api(
    case: Case, assessment: Assessment, product: ProductVersion, world: World
) -> None:
    client: Client = world.sign_in(Client(), "underwriter")
    address = f"{ROOT}/cases/{case.pk}/claims-history"
    assert client.get(address).json() == {
        "case": str(case.pk), "version": 0, "given": False, "first": None, "last": None,
        "uses_held": False, "claims": [], "held": [], "document": None}
    body = {"base": 0, "first": "2021-03-12", "last": "2026-03-11", "claims": [
        {"claim_no": "A", "occurred_on": "2024-05-01", "ground_up_fen": 123_456},
        {"occurred_on": "2019-05-01", "state": "refused"}]}
    found = client.put(address, body, content_type="application/json").json()
    assert [(one["claim_no"], one["counts"], one["reason"]) for one in found["claims"]] == [
        ("A", True, ""), ("2", False, "outside the history")]
    assert found["claims"][0]["ground_up_fen"] == 123_456
    again = client.put(address, body, content_type="application/json")
    assert again.status_code == 409
    bad = client.put(address, {**body, "base": 1, "claims": [
        {"occurred_on": "2024-05-01", "notified_on": "2024-01-01"}]},
        content_type="application/json")
    assert bad.status_code == 400
    assert bad.json()["error"]["field"] == "claims[0].notified_on"
    checked = client.post(f"{address}/file", {
        "base": "1", "check_only": "true", "file": SimpleUploadedFile("c.csv", FILE)}).json()
    assert (checked["kept"], checked["of_others"], checked["history"]) == (False, 1, None)
    taken = client.post(f"{address}/file", {
        "base": "1", "file": SimpleUploadedFile("c.csv", FILE)}).json()
    assert taken["kept"] and len(taken["history"]["claims"]) == 3
    quote = client.post(f"{ROOT}/assessments/{assessment.pk}/quotes",
                        {"product": str(product.pk)}, content_type="application/json").json()
    assert quote["document"]["experience"]["claims_counted"] == 2
    assert quote["document"]["experience"]["history_sha256"] == (
        taken["history"]["document"]["hash"])
    for step, given in (("undo", True), ("withdrawal", False), ("undo", True)):
        base = client.get(address).json()["version"]
        answer = client.post(f"{address}/{step}", {"base": base},
                             content_type="application/json")
        assert answer.json()["given"] is given
    screened = client.post(f"{ROOT}/cases/{case.pk}/screenings", {
        "lists": ["甲"], "screened_on": "2026-03-11", "result": "clear", "reference": "S"},
        content_type="application/json")
    assert screened.status_code == 201 and screened.json()["holds"]
    assert client.get(f"{ROOT}/cases/{case.pk}/screenings").json()["count"] == 1
    insured = world.sign_in(Client(), "insured_admin")
    assert insured.get(f"{ROOT}/cases/{case.pk}/screenings").status_code == 403


def test_own_costs_move_plan_and_frontier(
    case: Case, assessment: Assessment, product: ProductVersion, world: World, client: Client
) -> None:
    actor = world.actor("underwriter")
    plan = plan_treatment(assessment, product, actor=actor)
    enterprise, offer = enterprise_of(actor, str(assessment.pk)), offer_of(
        actor, str(product.pk))
    shipped = frontier_of(enterprise, offer)
    before = fixes_within(plan, 20_000_000)
    address = reverse("underwriting:plan_costs", args=[plan.pk])
    assert client.post(address, {
        "file": SimpleUploadedFile("own.toml", COSTS.encode())}).status_code == 302
    after = fixes_within(plan, 20_000_000)
    assert after.costs.name == "报价单" != before.costs.name
    assert {one.indicator for one in after.fixes} == {"GOV-03"}
    own = frontier_of(enterprise, offer)
    assert own is not None and shipped is not None
    assert own.points[-1].spent_fen is None and shipped.points[-1].spent_fen is not None
    assert "own costs of fixes count" in text(client.get(
        reverse("underwriting:plan", args=[plan.pk])))
    assert client.get(f"{ROOT}/cases/{case.pk}/fix-costs").json()["own"] is True
    refused = client.post(address, {"file": SimpleUploadedFile(
        "own.toml", COSTS.replace("GOV-03", "XXX-1").encode())}, follow=True)
    assert "XXX-1" in text(refused)
    assert client.post(address, {"back": "1"}).status_code == 302
    assert fixes_within(plan, 20_000_000).costs == before.costs
    assert OwnFixCosts.objects.within(case.tenant).count() == 2
    again = client.post(f"{ROOT}/cases/{case.pk}/fix-costs",
                        {"file": SimpleUploadedFile("own.toml", COSTS.encode())})
    assert again.status_code == 201 and again.json()["document"]["version"] == "own"
    assert client.delete(f"{ROOT}/cases/{case.pk}/fix-costs").json()["own"] is False
    assert client.delete(f"{ROOT}/cases/{case.pk}/fix-costs").status_code == 409
    foreign = world.sign_in(Client(), "underwriter", world.other_insurer)
    assert foreign.post(address, {"back": "1"}).status_code == 404
    assert foreign.get(f"{ROOT}/cases/{case.pk}/fix-costs").status_code == 404


def test_the_frontier_and_the_plan_page_follow_the_history(
    case: Case, assessment: Assessment, product: ProductVersion, world: World, client: Client
) -> None:
    actor = world.actor("underwriter")
    plan = plan_treatment(assessment, product, actor=actor)
    page = reverse("underwriting:plan", args=[plan.pk])
    assert "history has changed" not in text(client.get(page))
    enterprise, offer = enterprise_of(actor, str(assessment.pk)), offer_of(
        actor, str(product.pk))
    bare = frontier_of(enterprise, offer)
    stated(case, world, CLAIM)
    assert "history has changed" in text(client.get(page))
    rated = frontier_of(enterprise, offer)
    assert bare is not None and rated is not None
    assert rated.points[0].charged_net_fen != bare.points[0].charged_net_fen
    renewed = plan_treatment(assessment, product, actor=actor)
    assert "Valued with the claims history" in text(client.get(
        reverse("underwriting:plan", args=[renewed.pk])))
    quote = price_quote(assessment, product, actor=actor)
    assert renewed.charged_fen == quote.charged_fen - quote.document["premium"][
        "minimum_adjustment_fen"]
