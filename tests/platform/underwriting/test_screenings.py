"""Sanctions screenings: recorded, in the quote, expired, cleared by compliance alone."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.catalogue.models import ProductVersion
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.underwriting.models import Case, Dossier, Quote, Screening
from dinghai_platform.underwriting.services.assessments import assess_dossier
from dinghai_platform.underwriting.services.contracts import bind_policy
from dinghai_platform.underwriting.services.explanations import record_explanations, terms_of
from dinghai_platform.underwriting.services.quotes import (
    accept_quote,
    approve_quote,
    issue_quote,
    price_quote,
    refer_quote,
    referred_to,
)
from dinghai_platform.underwriting.services.screenings import record_screening, screening_today
from tests.platform.story import World, stand_at
from tests.platform.underwriting.way import issued_quote

DAY = date(2026, 3, 11)


def record(case: Case, world: World, role: str = "underwriter", **other: Any) -> Screening:
    return record_screening(case, **{
        "lists": ["联合国制裁名单", "EU consolidated list"], "screened_on": DAY,
        "result": "clear", "reference": "S-1", "actor": world.actor(role), **other})


def quoted(dossier: Dossier, product: ProductVersion, world: World) -> Quote:
    actor = world.actor("underwriter")
    return price_quote(assess_dossier(dossier, actor=actor), product, actor=actor)


def needed(quote: Quote) -> list[str]:
    return [one["id"] for one in quote.document["referral"]["evidence_needed"]]


def test_a_quote_knows_what_was_screened(
    case: Case, dossier: Dossier, product: ProductVersion, world: World
) -> None:
    bare = quoted(dossier, product, world)
    assert needed(bare) == ["SANCTIONS"] and bare.screening is None
    row = record(case, world)
    clear = quoted(dossier, product, world)
    assert needed(clear) == [] and clear.screening == row
    assert clear.document["screening"]["hash"] == row.document_hash
    assert clear.document["premium"] == bare.document["premium"]
    entry = AuditEntry.objects.within(case.tenant).get(action="underwriting.screening_recorded")
    assert json.loads(entry.payload)["result"] == "clear"


def test_a_hit_goes_to_compliance_and_a_possible_one_is_unknown(
    case: Case, dossier: Dossier, product: ProductVersion, world: World
) -> None:
    record(case, world, result="possible")
    assert needed(quoted(dossier, product, world)) == ["SANCTIONS"]
    record(case, world, result="hit")
    quote = quoted(dossier, product, world)
    assert quote.document["outcome"] == "refer"
    assert "sanctions_hit" in quote.document["reasons"]
    referred = refer_quote(quote, reason="命中", actor=world.actor("underwriter"))
    assert approve_quote(referred, actor=world.actor("compliance")).state == "approved"


def test_a_quote_that_knows_nothing_of_a_later_hit_goes_no_further(
    case: Case, dossier: Dossier, product: ProductVersion, world: World
) -> None:
    actor = world.actor("underwriter")
    record(case, world)
    approved = approve_quote(quoted(dossier, product, world), actor=actor)
    record(case, world, result="hit")
    with pytest.raises(Refusal, match="after this quote"):
        issue_quote(approved, actor=actor)
    record(case, world, "compliance", reference="S-2")
    assert issue_quote(approved, actor=actor).state == "issued"


def test_a_possible_hit_stops_a_quote_that_knows_nothing_of_it(
    case: Case, dossier: Dossier, product: ProductVersion, world: World
) -> None:
    actor = world.actor("underwriter")
    approved = approve_quote(quoted(dossier, product, world), actor=actor)
    row = record(case, world, result="possible")
    with pytest.raises(Refusal, match=r"a possible hit .* after this quote"):
        issue_quote(approved, actor=actor)
    # Priced again it knows: long after, too.
    stand_at("2026-07-01T10:00:00")
    again = quoted(dossier, product, world)
    assert again.screening == row and needed(again) == ["SANCTIONS"]
    assert issue_quote(approve_quote(again, actor=actor), actor=actor).state == "issued"


def test_a_hit_does_not_run_out_and_the_refusal_says_what_is_so(
    case: Case, dossier: Dossier, product: ProductVersion, world: World
) -> None:
    actor = world.actor("underwriter")
    approved = approve_quote(quoted(dossier, product, world), actor=actor)
    row = record(case, world, result="hit")
    stand_at("2026-07-01T10:00:00")
    assert row.valid_until < date(2026, 7, 1)
    with pytest.raises(Refusal) as caught:
        issue_quote(approved, actor=actor)
    assert caught.value.reasons == (
        "price the risk again: it is then referred to compliance",)
    again = quoted(dossier, product, world)
    assert again.document["outcome"] == "refer" and "compliance" in referred_to(again)
    client: Client = world.sign_in(Client(), "underwriter")
    shown = client.get(reverse("underwriting:screening", args=[case.pk]),
                       headers={"accept-language": "en"}).content.decode()
    assert "Quotes are referred to compliance" in shown and "expired" not in shown


@pytest.mark.parametrize("result", ["hit", "possible"])
def test_a_policy_is_not_bound_after_a_hit(
    case: Case, dossier: Dossier, product: ProductVersion, world: World, result: str
) -> None:
    quote = issued_quote(dossier, product, world)
    insured = world.actor("insured_admin")
    record_explanations(quote, [term.key for term in terms_of(quote)], actor=insured)
    record(case, world, result=result)
    accepted = accept_quote(quote, actor=insured)
    with pytest.raises(Refusal, match="after this quote"):
        bind_policy(accepted, actor=world.actor("underwriter"))


def test_a_hit_is_cleared_by_compliance_alone(case: Case, world: World) -> None:
    record(case, world, result="hit")
    for less in ("clear", "possible"):
        with pytest.raises(PermissionDenied):
            record(case, world, result=less)
    assert record(case, world, "compliance", reference="S-2").result == "clear"
    assert record(case, world, reference="S-3").result == "clear"


def test_it_expires(
    case: Case, dossier: Dossier, product: ProductVersion, world: World
) -> None:
    row = record(case, world)
    assert row.valid_until == date(2026, 6, 9)
    stand_at("2026-06-09T23:00:00")
    assert screening_today(case.tenant_id, case.insured_id) == row
    assert needed(quoted(dossier, product, world)) == []
    stand_at("2026-06-10T01:00:00")
    assert screening_today(case.tenant_id, case.insured_id) is None
    assert needed(quoted(dossier, product, world)) == ["SANCTIONS"]


@pytest.mark.parametrize(("other", "field"), [
    ({"lists": [" "]}, "lists"), ({"reference": " "}, "reference"),
    ({"screened_on": date(2026, 3, 12)}, "screened_on"),
    ({"valid_until": date(2027, 3, 12)}, "valid_until"), ({"result": "fine"}, "result"),
    ({"note": "x" * 2_001}, "note")])
def test_what_is_no_screening(
    case: Case, world: World, other: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputError) as caught:
        record(case, world, **other)
    assert caught.value.fault.field == field
    assert not Screening.objects.within(case.tenant).exists()


def test_an_earlier_day_does_not_hide_a_later_one(case: Case, world: World) -> None:
    record(case, world, result="hit")
    with pytest.raises(InputError, match="a later screening"):
        record(case, world, "compliance", screened_on=date(2026, 3, 1))


def test_only_those_who_screen(case: Case, world: World) -> None:
    for role in ("insured_admin", "actuary", "auditor", "claims_handler"):
        with pytest.raises(PermissionDenied):
            record(case, world, role)
    with pytest.raises(PermissionDenied):
        record_screening(case, lists=["a"], screened_on=DAY, result="clear", reference="x",
                         actor=world.actor("underwriter", world.other_insurer))


def test_it_stays_as_it_was_recorded(case: Case, world: World) -> None:
    row = record(case, world)
    with pytest.raises(DatabaseError), transaction.atomic():
        Screening.objects.within(case.tenant).filter(pk=row.pk).update(result="hit")


def test_the_page_and_who_may_see_it(case: Case, world: World) -> None:
    where = reverse("underwriting:screening", args=[case.pk])
    underwriter: Client = world.sign_in(Client(), "underwriter")
    assert "No screening is recorded" in underwriter.get(
        where, headers={"accept-language": "en"}).content.decode()
    form = {"lists": "联合国制裁名单\nEU list", "screened_on": "2026-03-11", "result": "hit",
            "reference": "S-1", "note": "<b>x</b>",
            "evidence": SimpleUploadedFile("found.txt", b"seen")}
    assert underwriter.post(where, form).status_code == 302
    shown = underwriter.get(where, headers={"accept-language": "en"}).content.decode()
    assert "Quotes are referred to compliance" in shown and "&lt;b&gt;x" in shown
    row = Screening.objects.within(case.tenant).get()
    evidence = reverse("underwriting:screening_evidence", args=[row.pk])
    assert underwriter.get(evidence).content == b"seen"
    again = underwriter.post(where, {**form, "result": "clear",
                                     "evidence": SimpleUploadedFile("a", b"b")},
                             headers={"accept-language": "en"})
    assert again.status_code == 400 and "compliance alone" in again.content.decode()
    empty = underwriter.post(where, {**form, "lists": " \n", "evidence": ""})
    assert empty.status_code == 400
    for role, organisation in (("insured_admin", None), ("claims_handler", None),
                               ("underwriter", world.other_insurer)):
        client: Client = world.sign_in(Client(), role, organisation)
        assert client.get(where).status_code in (403, 404)
        assert client.get(evidence).status_code in (403, 404)
    auditor: Client = world.sign_in(Client(), "auditor")
    assert auditor.get(where).status_code == 200
    assert auditor.post(where, form).status_code == 403
    # The case's page says it to the insurer alone.
    case_page = reverse("underwriting:case", args=[case.pk])
    assert where in underwriter.get(case_page).content.decode()
    insured: Client = world.sign_in(Client(), "insured_admin")
    assert where not in insured.get(case_page).content.decode()
