"""The pages of parks: each opens for whom it is meant, in both languages, and says what it must."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dinghai_platform.core.models import Organisation
from dinghai_platform.parks.models import EventSettlement, MemberChange, Park
from dinghai_platform.parks.services.changes import apply_change
from dinghai_platform.parks.services.shared import link_organisation
from tests.platform.parks.making import (
    EXAMPLE,
    applied,
    checked,
    event,
    firm,
    listed,
    members,
    scene,
)
from tests.platform.story import World

pytestmark = pytest.mark.django_db
LANGUAGES = ("zh-hans", "en")


def _client(world: World, role: str, home: Organisation | None = None, language: str = "zh-hans"
            ) -> Client:
    client: Client = world.sign_in(Client(), role, home)
    client.cookies["django_language"] = language
    return client


def _post(client: Client, name: str, key: Any, data: Mapping[str, Any] | None = None) -> Any:
    return client.post(reverse(f"parks:{name}", args=[key]), data or {})


def test_from_a_document_to_a_paid_event(world: World, operator: Organisation) -> None:
    writer = _client(world, "underwriter")
    sent = writer.post(reverse("parks:new"), {
        "operator": operator.pk,
        "document": SimpleUploadedFile("park.toml", (EXAMPLE / "park.toml").read_bytes())})
    park = Park.objects.within(world.insurer).get()
    assert sent.url == reverse("parks:park", args=[park.pk]) and park.operator == operator
    _post(writer, "bind", park.pk)
    boss = _client(world, "park_operator", operator)
    sent = _post(boss, "enrol", park.pk, {"file": SimpleUploadedFile(
        "list.csv", listed([firm(0), firm(1), firm(2), firm(0), firm(4, size="巨型")]))})
    change = MemberChange.objects.within(world.insurer).get()
    assert sent.url == reverse("parks:change", args=[change.pk])
    body = boss.get(sent.url).content.decode()
    assert "巨型" in body and "保单没有" in body and "the policy has" not in body
    text = boss.get(reverse("parks:faults", args=[change.pk])).content.decode()
    assert "5," in text and "6," in text
    _post(boss, "apply", change.pk, {"seen": change.preview_hash, "rows": "good"})
    assert len(members(park)) == 0  # cover from January on, and it is March
    _post(writer, "apply", change.pk, {"seen": change.preview_hash, "rows": "good"})
    assert len(members(park)) == 3
    handler = _client(world, "claims_handler")
    sent = _post(handler, "settle", park.pk, {
        "event": "三月勒索", "day": "2026-03-01", "facts": "一台\n<b>共用</b>交换机",
        "member_0": members(park)[0].name_zh, "coverage_0": "FP-BI", "amount_0": "60万元",
        "member_1": members(park)[1].credit_code, "coverage_1": "FP-IR", "amount_1": "50万元"})
    row = EventSettlement.objects.within(world.insurer).get()
    assert sent.url == reverse("parks:settlement", args=[row.pk])
    body = handler.get(sent.url).content.decode()
    assert "600,000.00" in body and "&lt;b&gt;" in body and "<b>共用" not in body
    assert "300,000.00" in body  # the sublimit of incident response
    assert _post(handler, "approve", row.pk).status_code == 403
    _post(_client(world, "claims_approver"), "approve", row.pk)
    row.refresh_from_db()
    assert (row.state, row.due_fen) == ("posted", 90_000_000)


def test_a_form_opens_a_policy_and_says_what_is_wrong(world: World) -> None:
    client = _client(world, "underwriter")
    data = {
        "name_zh": "滨江园区", "product": "cyber-comprehensive-standard",
        "operator_name": "滨江园区公司", "operator_code": "91320100MA00YTP012",
        "inception": "2026-04-01", "park_each_event": "1000万", "park_annual": "500万",
        "each_event": "100万", "sections": ["FP-BI", "FP-IR"], "micro": "1590元",
        "small": "3180元", "medium": "6360元"}
    bad = client.post(reverse("parks:new"), data)
    assert bad.status_code == 400 and "累计限额" in bad.content.decode()
    good = client.post(reverse("parks:new"), {**data, "park_annual": "2000万"})
    park = Park.objects.within(world.insurer).get()
    assert good.url == reverse("parks:park", args=[park.pk])
    assert (park.state, str(park.expiry)) == ("draft", "2027-03-31")
    text = client.get(reverse("parks:document", args=[park.pk, "toml"])).content
    again = _post(client, "replace", park.pk, {
        "document": SimpleUploadedFile("p.toml", text)})
    park_again = Park.objects.within(world.insurer).get()
    assert again.status_code == 302 and park_again.document_hash == park.document_hash


def test_joining_and_leaving_show_money_first(world: World, park: Park) -> None:
    client = _client(world, "underwriter")
    applied(park, [firm(0)], world.actor("underwriter"))
    sent = _post(client, "join", park.pk, {
        "credit_code": members(park)[0].credit_code, "name": "x", "sector": "C", "size": "micro",
        "joined": "2026-07-01", "limit": "100000000"})
    assert sent.status_code == 400 and "已在" in sent.content.decode()
    one = members(park)[0]
    sent = _post(client, "leave", one.pk, {"last": "2026-06-30", "reason": "搬迁"})
    change = MemberChange.objects.within(world.insurer).get(kind="leave")
    assert sent.url == reverse("parks:change", args=[change.pk])
    # ¥1,590 × 184 ÷ 365
    assert "801.53" in client.get(sent.url).content.decode()
    assert members(park)[0].state == "enrolled"
    _post(client, "apply", change.pk, {"seen": change.preview_hash, "rows": "all"})
    assert members(park)[0].state == "left"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", ["underwriter", "auditor", "park_operator"])
def test_every_page_opens(world: World, operator: Organisation, role: str, language: str) -> None:
    made = scene(world.actor("underwriter"), operator, world.donghai)
    client = _client(world, role, operator if role == "park_operator" else None, language)
    key = made["park"].pk
    for name, arguments in (
        ("parks", ()), ("park", (key,)), ("members", (key,)), ("changes", (key,)),
        ("statement", (key,)), ("settlements", (key,)), ("portrait", (key,)),
        ("services", (key,)), ("certificates", (key,)), ("roll", (key,)),
        ("document", (key, "json")), ("member", (made["park_member"].pk,)),
        ("change", (made["park_change"].pk,)), ("change", (made["park_applied"].pk,)),
        ("faults", (made["park_change"].pk,)), ("settlement", (made["park_event"].pk,)),
        ("paper", (made["park_certificate"].pk, "en", "pdf")),
        ("paper", (made["park_certificate"].pk, "zh", "html")),
    ):
        answer = client.get(reverse(f"parks:{name}", args=arguments))
        assert answer.status_code == 200, name
    body = client.get(reverse("parks:park", args=[key])).content.decode()
    assert ("参保成员" if language == "zh-hans" else "Members") in body
    assert ('data-dialog="close"' in body) == (role == "underwriter")
    changed = client.get(reverse("parks:change", args=[made["park_change"].pk])).content.decode()
    assert ('data-dialog="apply"' in changed) == (role != "auditor")


def test_a_firm_sees_its_own_and_nobody_else(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    applied(park, [firm(0), firm(1)], actor)
    own, other = members(park)
    client = _client(world, "insured_admin")
    assert "没有" in client.get(reverse("parks:mine")).content.decode()
    link_organisation(own, world.donghai, actor=actor)
    assert client.get(reverse("parks:mine")).url == reverse("parks:member", args=[own.pk])
    body = client.get(reverse("parks:member", args=[own.pk])).content.decode()
    assert own.name_zh in body and other.name_zh not in body and 'data-dialog="leave"' not in body
    paper = reverse("parks:paper", args=[own.certificates.get().pk, "zh", "pdf"])
    assert client.get(paper).content.startswith(b"%PDF")
    for address in (
        reverse("parks:member", args=[other.pk]), reverse("parks:park", args=[park.pk]),
        reverse("parks:paper", args=[other.certificates.get().pk, "zh", "pdf"]),
        reverse("parks:members", args=[park.pk]), f"/api/v1/parks/{park.pk}",
        f"/api/v1/parks/members/{other.pk}",
    ):
        assert client.get(address).status_code in (403, 404), address
    whole = client.get(f"/api/v1/parks/members/{own.pk}").json()
    assert whole["credit_code"] == own.credit_code and other.credit_code not in str(whole)


def test_a_list_is_searched_filtered_and_exported(world: World, park: Park) -> None:
    applied(park, [firm(one, top_ups="勒索应急" if one == 3 else "", grade="E" if one else "A")
                   for one in range(6)], world.actor("underwriter"))
    client = _client(world, "auditor")
    address = reverse("parks:members", args=[park.pk])
    assert client.get(address, {"grade": "A"}).content.decode().count("有限公司") == 1
    export = client.get(address, {"top_up": ";extortion;", "export": "csv"}).content.decode()
    assert export.count("有限公司") == 1 and members(park)[3].credit_code not in export[:20]
    roll = client.get(reverse("parks:roll", args=[park.pk])).content
    assert roll.decode("utf-8-sig").count("\n") == 7


def test_lists_do_not_ask_row_by_row(world: World, park: Park) -> None:
    actor = world.actor("underwriter")
    client = _client(world, "underwriter")

    def count() -> list[int]:
        found = []
        for name in ("members", "changes", "statement", "settlements", "services", "portrait"):
            with CaptureQueriesContext(connection) as seen:
                client.get(reverse(f"parks:{name}", args=[park.pk]))
            found.append(len(seen))
        return found

    applied(park, [firm(0, joined="2026-05-01"), firm(1, joined="2026-05-01")], actor)
    event(park, actor, name="E-1")
    few = count()
    for number in range(2, 8):
        applied(park, [firm(number, joined=f"2026-05-0{number}")], actor)
    event(park, actor, name="E-2")
    assert count() == few


def test_a_portrait_names_what_is_shared(world: World, park: Park) -> None:
    applied(park, [firm(one) for one in range(4)], world.actor("underwriter"))
    client = _client(world, "underwriter")
    body = client.get(reverse("parks:portrait", args=[park.pk])).content.decode()
    assert "科创大厦" in body and "云汀云" in body and "100.00%" in body
    document = client.get(reverse("parks:portrait", args=[park.pk]), {
        "on": "2026-02-01", "export": "json"}).json()
    assert document["on"] == "2026-02-01" and document["members"] == 4


def test_a_change_seen_twice_is_applied_once(world: World, park: Park) -> None:
    change = checked(park, [firm(0)], world.actor("underwriter"))
    client = _client(world, "underwriter")
    for _ in range(2):
        assert _post(client, "apply", change.pk, {"seen": change.preview_hash}).status_code == 302
    assert len(members(park)) == 1
    apply_change(change, seen=change.preview_hash, actor=world.actor("underwriter"))
    assert len(members(park)) == 1
