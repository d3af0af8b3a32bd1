"""The pages of programmes: every one opens for whom it is meant, in both languages."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai_platform.chains.services.chains import withdraw_chain
from dinghai_platform.core.models import Organisation
from dinghai_platform.programmes.models import Member, Programme, Settlement
from dinghai_platform.programmes.services.certificates import issue_certificate
from dinghai_platform.programmes.services.programmes import close_programme
from tests.platform.chains.making import kept
from tests.platform.programmes.making import LAYERS, everybody, million
from tests.platform.story import World

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-hans", "en")


def test_from_opening_to_a_posted_settlement(world: World, programme: Programme) -> None:
    client = world.sign_in(Client(), "underwriter")
    chain = programme.chain_id
    assert client.get(reverse("programmes:new", args=[chain])).status_code == 200
    sent = client.post(reverse("programmes:new", args=[chain]), {
        "inception": "2026-07-01", "premium": "90万",
        "layers": SimpleUploadedFile("l.toml", LAYERS)})
    assert sent.status_code == 302, sent.content.decode()[-3000:]
    made = Programme.objects.within(world.insurer).order_by("-id")[0]
    assert (made.premium_fen, str(made.expiry)) == (90_000_000, "2027-06-30")
    bad = client.post(reverse("programmes:enrol", args=[made.pk]), {
        "file": SimpleUploadedFile("m.csv", b"firm\nnobody\n")})
    assert bad.status_code == 400 and "m.csv" in bad.content.decode()
    good = client.post(reverse("programmes:enrol", args=[made.pk]), {"firms": ["own", "sub"]})
    assert good.status_code == 302
    assert Member.objects.within(world.insurer).filter(programme=made).count() == 2
    export = client.get(reverse("programmes:members", args=[made.pk]) + "?export=csv")
    assert "赤峦铜材" in export.content.decode()
    handler = world.sign_in(Client(), "claims_handler")
    sent = handler.post(reverse("programmes:settle", args=[made.pk]), {
        "event": "十月勒索", "occurred_on": "2026-10-01", "member": "sub", "coverage": "SC-PROP",
        "amount": "100万", "root_cause": "sup"})
    row = Settlement.objects.within(world.insurer).get(programme=made)
    assert sent.url == reverse("programmes:settlement", args=[row.pk])
    assert world.sign_in(Client(), "claims_handler").post(
        reverse("programmes:approve", args=[row.pk])).status_code == 403
    approver = world.sign_in(Client(), "claims_approver")
    approver.post(reverse("programmes:approve", args=[row.pk]))
    row.refresh_from_db()
    assert row.state == "posted"
    body = approver.get(reverse("programmes:settlement", args=[row.pk])).content.decode()
    assert "700,000.00" in body and "200,000.00" in body and "100,000.00" in body


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["underwriter", "auditor", "chain_owner"])
def test_every_page_opens(world: World, programme: Programme, owner: Organisation,
                          role: str, language: str) -> None:
    actor = world.actor("underwriter")
    members = everybody(programme, actor)
    settlement = million(programme, actor)
    paper = issue_certificate(members["sub"], actor=actor)
    client = world.sign_in(Client(), role, owner if role == "chain_owner" else None)
    client.cookies["django_language"] = language
    for name, arguments in (
        ("programmes", ()), ("programme", (programme.pk,)), ("members", (programme.pk,)),
        ("shares", (programme.pk,)), ("settlements", (programme.pk,)),
        ("floats", (programme.pk,)), ("member", (members["sub"].pk,)),
        ("settlement", (settlement.pk,)), ("paper", (paper.pk, "en")),
    ):
        answer = client.get(reverse(f"programmes:{name}", args=arguments))
        assert answer.status_code == 200, name
    body = client.get(reverse("programmes:programme", args=[programme.pk])).content.decode()
    assert ("参保成员" if language == "zh-hans" else "Members") in body
    assert ("dialog-close" in body or "Close the programme" in body or "关闭项目" in body) == (
        role == "underwriter")


def test_the_other_insurer_finds_nothing(world: World, programme: Programme) -> None:
    members = everybody(programme, world.actor("underwriter"))
    settlement = million(programme, world.actor("underwriter"))
    client = world.sign_in(Client(), "chief_underwriter", world.other_insurer)
    for name, key in (("programme", programme.pk), ("members", programme.pk),
                      ("shares", programme.pk), ("member", members["sub"].pk),
                      ("settlement", settlement.pk)):
        assert client.get(reverse(f"programmes:{name}", args=[key])).status_code == 404, name
    for name, key in (("approve", settlement.pk), ("certify", members["sub"].pk),
                      ("leave", members["sub"].pk)):
        assert client.post(reverse(f"programmes:{name}", args=[key])).status_code == 404, name


def _beside(client: Client, programme: Programme) -> str:
    answer = client.get(reverse("chains:chain", args=[programme.chain_id]))
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_chain_and_its_programme_lead_to_each_other(
    world: World, programme: Programme, owner: Organisation
) -> None:
    home = reverse("programmes:programme", args=[programme.pk])
    chain = reverse("chains:chain", args=[programme.chain_id])
    opening = reverse("programmes:new", args=[programme.chain_id])
    underwriter = world.sign_in(Client(), "underwriter")
    for client in (underwriter, world.sign_in(Client(), "chain_owner", owner)):
        body = _beside(client, programme)
        assert f'href="{home}"' in body and opening not in body  # one is open already
        assert f'href="{chain}?v=1"' in client.get(home).content.decode()
    # Who settles claims sees the programme, and no way into a chain that is closed to it.
    handler = world.sign_in(Client(), "claims_handler")
    assert handler.get(chain).status_code == 403
    body = handler.get(home).content.decode()
    assert programme.chain.name_zh in body and chain not in body
    close_programme(programme, reason="期满", actor=world.actor("underwriter"))
    assert opening in _beside(underwriter, programme)
    assert opening not in _beside(world.sign_in(Client(), "chain_owner", owner), programme)


def test_a_chain_without_programme_offers_one_to_those_who_may(
    world: World, owner: Organisation
) -> None:
    version = kept(world.actor("underwriter"), owner=owner)
    opening = reverse("programmes:new", args=[version.chain_id])
    address = reverse("chains:chain", args=[version.chain_id])
    for role, home, offered in (("underwriter", None, True), ("auditor", None, False),
                                ("chain_owner", owner, False)):
        client = world.sign_in(Client(), role, home)
        assert (opening in client.get(address).content.decode()) is offered, role
    withdraw_chain(version.chain, reason="演示", actor=world.actor("underwriter"))
    client = world.sign_in(Client(), "underwriter")
    assert opening not in client.get(address).content.decode()
