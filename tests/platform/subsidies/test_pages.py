"""The pages of subsidies, as every role concerned, in both languages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.subsidies.limits import MOST_A_MINUTE
from dinghai_platform.subsidies.models import Application, FileList, PublicList, Subsidy
from dinghai_platform.subsidies.services.applications import apply_for
from dinghai_platform.subsidies.services.publication import object_to, publish_list
from dinghai_platform.subsidies.services.rules import open_subsidy
from dinghai_platform.underwriting.models import Policy
from tests.platform.routes.reading import read_page
from tests.platform.story import World, stand_at, work
from tests.platform.subsidies.making import (
    EXAMPLE,
    HOSPITAL,
    PDF,
    fresh,
    hospital,
    opened,
    policy_of,
    rule,
    taken,
)

LANGUAGES = ("zh-hans", "en")


def _client(world: World, role: str, home: Organisation, language: str = "zh-hans") -> Client:
    client: Client = world.sign_in(Client(headers={"accept-language": language}), role, home)
    return client


def _get(client: Client, name: str, *arguments: Any, query: str = "", status: int = 200) -> str:
    answer = client.get(reverse(f"subsidies:{name}", args=arguments) + query)
    assert answer.status_code == status, name
    text = answer.content.decode()
    if text.startswith("<!doctype"):
        assert read_page(text).faults == []
    return str(text)


def test_an_authority_opens_by_document_and_by_form(world: World, authority: Organisation) -> None:
    client = _client(world, "regulator_miit", authority)
    assert "还没有" in _get(client, "desk")
    bad = client.post(reverse("subsidies:new"), {
        "rule": SimpleUploadedFile("r.toml", rule(ratio='"0%"'))})
    assert bad.status_code == 400 and "r.toml" in bad.content.decode()
    assert "比例为零" in bad.content.decode()
    sent = client.post(reverse("subsidies:new"), {"rule": SimpleUploadedFile("r.toml", rule())})
    assert sent.status_code == 302
    fields = {
        "id": "form-2026", "version": "1", "name_zh": "<b>示例</b>补贴", "source": "某文件",
        "confidence": "D", "ratio": "30%", "cap_per_firm": "20万", "budget": "500万",
        "mode": "first_come", "cut_last": "on", "vat_counts": "on", "first": "2026-01-01",
        "last": "2026-12-31", "counts_by": "paid_on", "sectors": "q", "areas": "31",
        "sizes": ["small"], "documents": "policy,保险单,policy", "objection_days": "5",
        "conditions": 'filed,已"备案\\",filed', "names": "masked"}
    wrong = client.post(reverse("subsidies:new"), {**fields, "budget": "许多"})
    assert wrong.status_code == 400 and "许多" in wrong.content.decode()
    sent = client.post(reverse("subsidies:new"), fields)
    made = Subsidy.objects.unscoped("a test").get(code="form-2026")
    assert sent.url == reverse("subsidies:subsidy", args=[made.pk])
    document = made.versions.get().document
    assert document["conditions"][0]["text_zh"] == '已"备案\\"'
    assert document["scope"] == {"sectors": ["Q"], "areas": ["31"], "sizes": ["small"]}
    text = _get(client, "subsidy", made.pk)
    assert "&lt;b&gt;示例" in text and "<b>示例" not in text
    assert "30.00%" in text and "¥200,000.00" in text
    _get(_client(world, "regulator_nfra", authority), "rule", made.pk)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_firm_sees_what_it_may_expect_and_applies(
    world: World, subsidy: Subsidy, policy: Policy, firm: Organisation, language: str
) -> None:
    client = _client(world, "insured_finance", firm, language)
    assert str(subsidy.pk) in _get(client, "open")
    query = f"?s={subsidy.pk}"
    text = _get(client, "offer", query=query)
    assert policy.policy_no in text
    assert ("企业自行承担" if language == "zh-hans" else "the firm itself bears") in text
    address = reverse("subsidies:apply") + f"{query}&policy={policy.pk}"
    form = client.get(address).content.decode()
    assert "84,800.00" in form and read_page(form).faults == []
    fields = {"sector": "Q8411", "area": "310115", "size": "medium"}
    look = client.post(address, {**fields, "look": ""}).content.decode()
    assert "42,400.00" in look and not Application.objects.unscoped("a test").exists()
    wrong = client.post(address, {**fields, "sector": "C39", "look": ""}).content.decode()
    assert ("不在补贴范围" if language == "zh-hans" else "is not one of") in wrong
    bad = client.post(address, {**fields, "area": "999999", "apply": ""})
    assert bad.status_code == 400 and "999999" in bad.content.decode()
    sent = client.post(address, {**fields, "apply": ""})
    made = Application.objects.unscoped("a test").get()
    assert sent.url == reverse("subsidies:application", args=[made.pk])
    assert "42,400.00" in _get(client, "application", made.pk)
    assert made.number in _get(client, "applications")
    assert str(made.pk) in _get(client, "offer", query=query)
    stranger = _client(world, "insured_admin", world.stranger, language)
    assert stranger.get(address).status_code == 404
    _get(stranger, "application", made.pk, status=404)
    assert made.number not in _get(stranger, "applications")
    for name in ("desk", "new"):
        _get(client, name, status=403)


def test_papers_are_enclosed_and_read_by_those_concerned(
    world: World, clerk: Actor, authority: Organisation, policy: Policy, firm: Organisation
) -> None:
    subsidy = open_subsidy(rule() + '\n[[documents]]\nid = "proof"\nname_zh = "凭证"\n'.encode(),
                           "r.toml", actor=clerk)
    made = apply_for(subsidy, policy, HOSPITAL, actor=world.actor("insured_admin", firm))
    client = _client(world, "insured_admin", firm)
    page = _get(client, "application", made.pk)
    assert "缺少材料：凭证" in page and reverse("subsidies:complete", args=[made.pk]) in page
    address = reverse("subsidies:complete", args=[made.pk])
    assert "Q8411" in client.get(address).content.decode()
    fields = {"sector": "Q8411", "area": "310115", "size": "medium"}
    bad = client.post(address, {**fields, "paper.proof": SimpleUploadedFile("p.exe", b"MZ")})
    assert bad.status_code == 400 and "PDF" in bad.content.decode()
    sent = client.post(address, {**fields, "paper.proof": SimpleUploadedFile("p.pdf", PDF)})
    assert sent.status_code == 302 and fresh(made).state == "granted"
    paper = reverse("subsidies:paper", args=[made.enclosures.get().pk])
    for role, home, status in (("insured_admin", firm, 200), ("regulator_miit", authority, 200),
                               ("underwriter", world.insurer, 200),
                               ("underwriter", world.other_insurer, 404),
                               ("insured_admin", world.stranger, 404)):
        assert _client(world, role, home).get(paper).status_code == status
    assert "sandbox" in client.get(paper).headers["Content-Security-Policy"]


def test_the_insurer_confirms_on_its_page(
    world: World, subsidy: Subsidy, firm: Organisation
) -> None:
    row = policy_of(world, firm, 3, applicant=hospital(world, 9))
    made = apply_for(subsidy, row, HOSPITAL, actor=world.actor("insured_admin", firm))
    client = _client(world, "underwriter", world.insurer)
    assert made.number in _get(client, "applications")
    address = reverse("subsidies:confirm", args=[made.pk])
    client.post(address, {"borne_by_others": ""})
    assert fresh(made).state == "waiting_evidence"
    client.post(address, {"borne_by_others": "0"})
    assert fresh(made).state == "granted"
    assert _client(world, "auditor", world.insurer).post(address).status_code == 403
    assert _client(world, "underwriter", world.other_insurer).post(address, {
        "borne_by_others": "0"}).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_from_upload_to_payment_and_report(
    world: World, authority: Organisation, colleague: Actor, language: str
) -> None:
    stand_at("2026-03-13T09:00:00")
    client = _client(world, "regulator_miit", authority, language)
    client.post(reverse("subsidies:new"), {"rule": SimpleUploadedFile(
        "r.toml", (EXAMPLE / "rule.toml").read_bytes())})
    made = Subsidy.objects.unscoped("a test").get()
    lists = reverse("subsidies:lists", args=[made.pk])
    bad = client.post(lists, {"kind": "applications", "file": SimpleUploadedFile("x.csv", b"a\n")})
    assert bad.status_code == 400 and "x.csv" in bad.content.decode()
    sent = client.post(lists, {"kind": "applications", "file": SimpleUploadedFile(
        "a.csv", (EXAMPLE / "applications.csv").read_bytes())})
    row = FileList.objects.unscoped("a test").get()
    assert sent.url == reverse("subsidies:list", args=[row.pk])
    text = _get(client, "list", row.pk)
    assert ("保单P-2026-0001已由申请SQ-001申请" if language == "zh-hans" else
            "policy P-2026-0001 is application SQ-001 already") in text
    assert "SQ-004" in client.get(reverse("subsidies:list_results", args=[row.pk])
                                  ).content.decode()
    client.post(reverse("subsidies:list_take", args=[row.pk]))
    work()
    assert fresh(row).state == "taken"
    # another list brought the same rows: each of them is named, on the page and in the results
    again = FileList.objects.unscoped("a test").get(pk=client.post(lists, {
        "kind": "applications", "file": SimpleUploadedFile(
            "a.csv", (EXAMPLE / "applications.csv").read_bytes())}).url.split("/")[-2])
    assert (again.added, len(again.result["unchanged"])) == (0, 11)
    export = client.get(reverse("subsidies:list_results", args=[again.pk])).content.decode()
    for text in (_get(client, "list", again.pk), export):
        assert all(f"SQ-{number:03}" in text for number in range(1, 11))
    for name in ("subsidy", "rule", "subsidy_applications", "lists", "publication", "payments",
                 "returns", "report"):
        _get(client, name, made.pk)
    export = _get(client, "subsidy_applications", made.pk, query="?export=csv&state=refused")
    assert "SQ-004" in export and "SQ-001" not in export
    heading = "申请编号" if language == "zh-hans" else "application_id"
    assert heading in _get(client, "template", made.pk, "applications")
    client.post(reverse("subsidies:publish", args=[made.pk]))
    assert PublicList.objects.unscoped("a test").count() == 1
    stand_at("2026-03-25T09:00:00")
    client.post(reverse("subsidies:pay", args=[made.pk]))
    assert not made.payments.exists()  # four eyes
    second = Client(headers={"accept-language": language})
    second.force_login(colleague.user, backend="django.contrib.auth.backends.ModelBackend")
    second.post(reverse("subsidies:pay", args=[made.pk]))
    payment = made.payments.get()
    file = second.get(reverse("subsidies:payment_file", args=[payment.pk])).content.decode()
    assert "东港示例医院" in file and "50000.00" in file
    report = _get(client, "report", made.pk)
    assert "沧澜" not in report and "Q" in report
    for kind, start in (("csv", b"\xef\xbb\xbf"), ("pdf", b"%PDF"), ("html", b"<!"),
                        ("json", b"{")):
        answer = client.get(reverse("subsidies:report_file", args=[made.pk, kind]))
        assert answer.status_code == 200 and answer.content.lower().startswith(start.lower()), kind
    assert client.get(reverse("subsidies:report_file", args=[made.pk, "exe"])).status_code == 404
    register = client.get(reverse("subsidies:register_file", args=[made.pk])).content
    assert json.loads(register)["head"] == fresh(made).head


def test_a_refund_under_two_numbers_is_asked_about(
    world: World, authority: Organisation, subsidy: Subsidy, policy: Policy, firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=world.actor("insured_admin", firm))
    client = _client(world, "regulator_miit", authority)
    assert 'name="different"' in _get(client, "application", made.pk)
    told = {"change": "refunded", "day": "2026-03-10", "amount": "8480元"}
    address = reverse("subsidies:change", args=[made.pk])
    client.post(address, {**told, "number": "BRIEF-7"})
    refused = client.post(address, {**told, "number": "BRIEF-8"}, follow=True).content.decode()
    assert "已登记，编号为" in refused and "BRIEF-7" in refused
    client.post(address, {**told, "number": "BRIEF-8", "different": "on"})
    assert fresh(made).refund_fen == 1_696_000


def test_the_public_reads_lists_and_nothing_else(
    world: World, clerk: Actor, colleague: Actor, subsidy: Subsidy, policy: Policy,
    firm: Organisation
) -> None:
    made = apply_for(subsidy, policy, HOSPITAL, actor=world.actor("insured_admin", firm))
    nobody = Client()
    assert "还没有" in nobody.get(reverse("subsidies:public")).content.decode()
    shown = publish_list(subsidy, actor=clerk)
    text = nobody.get(reverse("subsidies:public")).content.decode()
    assert reverse("subsidies:public_list", args=[shown.pk]) in text
    address = reverse("subsidies:public_list", args=[shown.pk])
    text = nobody.get(address).content.decode()
    assert read_page(text).faults == []
    assert "第1＊＊医院" in text and firm.name_zh not in text and firm.credit_code not in text
    assert "42,400.00" in text
    object_to(made, number="O-1", status="open", text="王某举报", actor=clerk)
    object_to(made, number="O-1", status="upheld", text="王某举报", actor=colleague)
    text = nobody.get(address).content.decode()
    assert "异议" in text and "王某" not in text
    assert "第1＊＊医院" in nobody.get(address + "?export=csv").content.decode()
    english = Client(headers={"accept-language": "en"}).get(address).content.decode()
    assert "Withdrawn after an objection" in english
    for name, key in (("subsidy", subsidy.pk), ("application", made.pk)):
        assert nobody.get(reverse(f"subsidies:{name}", args=[key])).status_code == 302
    assert nobody.post(address).status_code in (403, 405)
    assert nobody.get(reverse("subsidies:public_list", args=[made.pk])).status_code == 404


def test_the_public_pages_answer_one_address_so_often(subsidy: Subsidy) -> None:
    nobody = Client()
    address = reverse("subsidies:public")
    said = [nobody.get(address).status_code for _ in range(2 * MOST_A_MINUTE + 1)]
    assert said.count(200) <= 2 * MOST_A_MINUTE and said[-1] in (200, 429)
    assert 429 in said
    assert Client(REMOTE_ADDR="203.0.113.9").get(address).status_code == 200


def test_lists_of_many_ask_the_database_as_often_as_lists_of_few(
    world: World, clerk: Actor, authority: Organisation, django_assert_max_num_queries: Any
) -> None:
    stand_at("2026-03-13T09:00:00")
    made = open_subsidy((EXAMPLE / "rule.toml").read_bytes(), "r.toml", actor=clerk)
    taken(made, "applications", (EXAMPLE / "applications.csv").read_bytes(), clerk)
    client = _client(world, "regulator_miit", authority)
    for name, arguments in (("subsidy_applications", (made.pk,)), ("applications", ()),
                            ("desk", ()), ("subsidy", (made.pk,))):
        with django_assert_max_num_queries(22):
            _get(client, name, *arguments)


def test_another_authority_finds_nothing(world: World, clerk: Actor, policy: Policy,
                                         firm: Organisation) -> None:
    subsidy = opened(clerk)
    made = apply_for(subsidy, policy, HOSPITAL, actor=world.actor("insured_admin", firm))
    elsewhere = Organisation.objects.create(kind="regulator", name_zh="他市主管部门")
    client = _client(world, "regulator_miit", elsewhere)
    for name in ("subsidy", "rule", "lists", "publication", "payments", "report"):
        _get(client, name, subsidy.pk, status=404)
    for name in ("end", "decide", "follow", "publish", "pay"):
        assert client.post(reverse(f"subsidies:{name}", args=[subsidy.pk])).status_code == 404
    _get(client, "application", made.pk, status=404)
    assert subsidy.name_zh not in _get(client, "desk")
