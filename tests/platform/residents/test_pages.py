"""The pages of schemes, lists and certificates, as underwriters and auditors go them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.worker import Worker
from dinghai_platform.residents.models import Certificate, ChangeList, Enrolment, ResidentScheme
from dinghai_platform.residents.pacing import pace_of
from tests.platform.residents.conftest import listed, row
from tests.platform.routes.reading import read_page

EXAMPLE = Path(__file__).parents[3] / "examples/residents/scheme.toml"
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(sign_in, insurer):
    return sign_in("underwriter", insurer)


def text_of(answer, status=200):
    assert answer.status_code == status, answer.headers
    text = answer.content.decode()
    assert read_page(text).faults == []
    return text


def page(client, name, *arguments, language="zh-hans", **query):
    return text_of(client.get(reverse(f"residents:{name}", args=arguments), query,
                              headers={"accept-language": language}))


def send(client, scheme, rows, name="list.csv"):
    answer = client.post(reverse("residents:take", args=[scheme.pk]), {
        "file": SimpleUploadedFile(name, listed(rows))})
    assert answer.status_code == 302
    return answer.headers["Location"]


FIELDS = {"number": "lane-2027", "name_zh": "某巷反诈险", "applicant_zh": "某巷居委会",
          "channel": "community", "product": "resident-anti-fraud", "first_day": "2027-01-01",
          "last_day": "2027-12-31", "youngest": "18", "oldest": "85", "code1": "P5",
          "name_zh1": "5万元", "sum1": "5万", "premium1": "12"}


def test_a_scheme_is_opened_field_by_field(client):
    assert "还没有" in page(client, "schemes") or "No scheme" in page(client, "schemes")
    answer = client.post(reverse("residents:new"), FIELDS)
    made = ResidentScheme.objects.unscoped("test").get()
    assert answer.headers["Location"] == reverse("residents:scheme", args=[made.pk])
    assert made.document["plans"] == [{
        "code": "P5", "name_zh": "5万元", "name_en": "", "sum_insured_fen": 5_000_000,
        "premium_fen": 1_200}]
    assert "某巷反诈险" in page(client, "schemes")


@pytest.mark.parametrize(("change", "said"), [
    ({"sum1": "five"}, "5万"), ({"code2": "P9"}, "leave the plan out"),
    ({"last_day": "2026-01-01"}, "the last day is before the first"),
    ({"first_day": ""}, "Give a day"),
])
def test_a_scheme_with_a_fault_is_not_opened(client, change, said):
    answer = client.post(reverse("residents:new"), {**FIELDS, **change},
                         headers={"accept-language": "en"})
    assert said in text_of(answer, 400)
    assert not ResidentScheme.objects.unscoped("test").exists()


def test_a_scheme_is_opened_from_a_file(client):
    text = EXAMPLE.read_text("utf-8")

    def send_file(name, content):
        return client.post(reverse("residents:new"), {
            "by": "file", "file": SimpleUploadedFile(name, content.encode())},
            headers={"accept-language": "en"})

    assert send_file("scheme.toml", text).status_code == 302
    assert "already" in text_of(send_file("scheme.toml", text), 400)
    broken = text_of(send_file("scheme.json", "{"), 400)
    assert "/tmp" not in broken
    assert "Nothing was opened" in broken


def assert_pace(client, auditor, name, made):
    """A list's page sets its pace, audited, and takes it away; not for who only looks."""
    pace = reverse(f"residents:{'list_pace' if name == 'list' else 'changes_pace'}",
                   args=[made.pk])
    assert pace not in page(auditor, name, made.pk)
    assert auditor.post(pace, {"rows_a_second": "5"}).status_code == 403
    for sent, known in (("70000", 70_000), ("0", 70_000), ("x", 70_000), ("", None)):
        client.post(pace, {"rows_a_second": sent})
        assert pace_of(made) == known
        page_text = page(client, name, made.pk)
        assert pace in page_text
        assert ('value="70000"' in page_text) == (known is not None)
    assert AuditEntry.objects.within(made.tenant).filter(action="residents.pace_set").count() == 2


def test_the_way_of_a_list(client, scheme, sign_in, insurer):
    rows = [row(number) for number in range(8)]
    rows[3:3] = [row(20, consent="否"), row(21).replace("138", "238", 1)]
    rows.append(row(0))
    address = send(client, scheme, rows)
    reading = text_of(client.get(address))
    assert "list-progress" in reading
    assert 'hx-trigger="every 1s"' in reading
    Worker().run_until_idle()
    polled = client.get(address, headers={"HX-Request": "true", "HX-Target": "list-progress"})
    assert polled.headers["HX-Refresh"] == "true"

    made = Enrolment.objects.within(insurer).get()
    english = page(client, "list", made.pk, language="en")
    assert "the person did not agree" in english
    assert "the person stands in the list before, at line 2" in english
    chinese = page(client, "list", made.pk)
    assert "did not agree" not in chinese
    assert "¥96.00" in chinese
    faults = client.get(reverse("residents:faults", args=[made.pk]))
    read = list(csv.DictReader(io.StringIO(
        b"".join(faults.streaming_content).decode("utf-8-sig"))))
    assert [one["line"] for one in read] == ["5", "6", "12"]
    assert all(one["message"] and one["mend"] for one in read)

    auditor = sign_in("auditor", insurer)
    assert reverse("residents:issue", args=[made.pk]) not in page(auditor, "list", made.pk)
    assert_pace(client, auditor, "list", made)
    client.post(reverse("residents:issue", args=[made.pk]), {"rows": "all"})
    made.refresh_from_db()
    assert made.state == "checked", "all or nothing, and three rows are faulty"
    client.post(reverse("residents:issue", args=[made.pk]), {"rows": "good"})
    Worker().run_until_idle()
    assert reverse("residents:results", args=[made.pk]) in page(client, "list", made.pk)
    results = b"".join(client.get(
        reverse("residents:results", args=[made.pk])).streaming_content).decode()
    assert results.count("accepted") == 8
    assert "该人" in results and "the person" not in results, "in the language of the page"
    client.post(reverse("residents:papers", args=[made.pk]), {"language": "zh"})
    assert 'hx-select="#papers"' in page(client, "list", made.pk), "it follows its job"
    Worker().run_until_idle()
    printed = page(client, "list", made.pk)
    assert "-zh-001.zip" in printed
    assert "hx-select" not in printed
    scheme_page = page(client, "scheme", scheme.pk, language="en")
    assert "¥96.00" in scheme_page
    assert "0.0240%" in scheme_page


def test_the_way_of_a_list_of_changes(client, scheme, enrol, sign_in, insurer):
    """Sent, looked through with its premium and faults, done, and read; then one given up."""
    enrol(listed([row(number) for number in range(3)]))
    first = Certificate.objects.within(insurer).order_by("id").first().pk
    take = reverse("residents:changes_take", args=[scheme.pk])
    page(client, "changes_new", scheme.pk)

    def sent(text, **asked):
        return client.post(take, {
            "kind": "cancellation", "file": SimpleUploadedFile("ends.csv", text.encode()),
            **asked}, headers={"accept-language": "en"})

    missing = text_of(sent(f"凭证号\n{first}\n"), 400)
    assert "the day is missing" in missing
    address = sent(f"凭证号\n{first}\n999\n", from_day="2027-07-01").headers["Location"]
    assert 'hx-trigger="every 1s"' in text_of(client.get(address))
    Worker().run_until_idle()
    polled = client.get(address, headers={"HX-Request": "true", "HX-Target": "list-progress"})
    assert polled.headers["HX-Refresh"] == "true"
    made = ChangeList.objects.within(insurer).get()
    english = page(client, "changes", made.pk, language="en")
    assert "there is no such certificate in the scheme" in english
    chinese = page(client, "changes", made.pk)
    assert "no such certificate" not in chinese
    assert "¥6.05" in chinese
    apply, results = (reverse(f"residents:changes_{one}", args=[made.pk])
                      for one in ("apply", "results"))
    assert apply in chinese
    assert apply not in page(sign_in("auditor", insurer), "changes", made.pk)
    assert_pace(client, sign_in("auditor", insurer), "changes", made)
    client.post(apply, {"rows": "all"})
    made.refresh_from_db()
    assert made.state == "checked"
    assert client.get(results).status_code == 409
    client.post(apply, {"rows": "good"})
    Worker().run_until_idle()
    assert results in page(client, "changes", made.pk)
    lines = b"".join(client.get(results).streaming_content).decode()
    assert (lines.count("accepted"), lines.count("rejected")) == (1, 1)

    other = sent(f"凭证号\n{first + 1}\n", from_day="2027-07-01").headers["Location"]
    client.post(f"{other}cancel/")
    assert "Nothing of it was changed" in text_of(
        client.get(other, headers={"accept-language": "en"}))
    listing = page(client, "change_lists", scheme.pk)
    assert address in listing
    assert other in listing
    assert reverse("residents:change_lists", args=[scheme.pk]) in page(
        client, "scheme", scheme.pk)


def test_a_list_is_given_up(client, scheme, insurer):
    address = send(client, scheme, [row(1)])
    Worker().run_until_idle()
    made = Enrolment.objects.within(insurer).get()
    client.post(reverse("residents:cancel", args=[made.pk]))
    made.refresh_from_db()
    assert made.state == "cancelled"
    Worker().run_until_idle()
    assert reverse("residents:issue", args=[made.pk]) not in text_of(client.get(address))
    assert "list.csv" in page(client, "lists", scheme.pk)


def test_what_is_no_list_is_said(client, scheme, insurer):
    send(client, scheme, [], name="list.csv")
    answer = client.post(reverse("residents:take", args=[scheme.pk]), {
        "file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")})
    Worker().run_until_idle()
    said = text_of(client.get(answer.headers["Location"], headers={"accept-language": "en"}))
    assert "there is no such column" in said
    assert reverse("residents:issue", args=[Enrolment.objects.within(insurer).first().pk]) not in (
        said)
    assert client.post(reverse("residents:take", args=[scheme.pk])).status_code == 302


def test_markup_in_a_list_is_text(client, scheme, insurer):
    answer = client.post(reverse("residents:take", args=[scheme.pk]), {
        "file": SimpleUploadedFile("<b>x</b>.csv", listed([row(1)]))})
    Worker().run_until_idle()
    assert "<b>x</b>" not in text_of(client.get(answer.headers["Location"]))


def test_search_keeps_nothing_personal_in_addresses(client, enrol):
    enrol(listed([row(number) for number in range(60)]))
    first = page(client, "certificates")
    assert first.count("<td>张**<") == 50
    address = reverse("residents:certificates")
    form = first[first.index('action="/residents/certificates/"') - 60:]
    assert 'method="post"' in form[:120]
    last = Certificate.objects.unscoped("test").order_by("id")[49]
    assert text_of(client.post(address, {"after": last.pk})).count("<td>张**<") == 10
    found = text_of(client.post(address, {"search": row(7).split(",")[1]}))
    one = Certificate.objects.unscoped("test").order_by("id")[7]
    assert reverse("residents:certificate", args=[one.pk]) in found
    nobody = text_of(client.post(address, {"search": row(99).split(",")[1]}))
    assert "<td>张**<" not in nobody
    table = client.post(address, {"search": "张**", "export": "csv"}).content.decode()
    assert table.count("street-2027-") == 60


def test_a_certificate_and_the_person_behind_it(client, enrol, insurer, sign_in):
    enrol(listed([row(1)]))
    one = Certificate.objects.unscoped("test").get()
    identity = row(1).split(",")[1]
    shown = page(client, "certificate", one.pk)
    assert identity not in shown
    assert "DINGHAI1." in shown
    reveal = reverse("residents:reveal", args=[one.pk])
    assert identity not in text_of(client.post(reveal, {"reason": " "}), 400)
    assert identity in text_of(client.post(reveal, {"reason": "来电核实"}))
    link = AuditEntry.objects.within(insurer).get(action="residents.person_revealed")
    assert "来电核实" in link.payload
    assert identity not in link.payload
    assert sign_in("auditor", insurer).post(reveal, {"reason": "x"}).status_code == 403
    paper = client.get(reverse("residents:paper", args=[one.pk, "en"]))
    assert paper.content.startswith(b"%PDF")
    assert client.get(reverse("residents:paper", args=[one.pk, "fr"])).status_code == 404
    assert client.get(reverse("residents:qr", args=[one.pk])).content.startswith(b"<svg")
    assert client.get(reverse("residents:proof", args=[one.pk])).json()["number"] == one.pk


def test_the_number_of_questions_does_not_grow(client, enrol, django_assert_max_num_queries):
    enrol(listed([row(number) for number in range(40)]))
    with django_assert_max_num_queries(20):
        page(client, "certificates")
    with django_assert_max_num_queries(30):
        page(client, "schemes")


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_a_list_given_up_because_a_row_fell_out_says_which(
    language, client, scheme, insurer, enrol
):
    """Nobody was rejected by the look, yet all or nothing may be asked for."""
    address = send(client, scheme, [row(number) for number in range(4)])
    Worker().run_until_idle()
    made = Enrolment.objects.within(insurer).get()
    assert 'name="rows" value="all"' in page(client, "list", made.pk)
    enrol(listed([row(2)]), "other.csv")
    client.post(reverse("residents:issue", args=[made.pk]), {"rows": "all"})
    Worker().run_until_idle()
    shown = text_of(client.get(address, headers={"accept-language": language}))
    said, faulty = {
        "en": ("1 rows were rejected at the end", "the person was enrolled in the scheme before"),
        "zh-hans": ("最后有 1 行被拒绝", "该人此前已在本项目参保")}[language]
    assert said in shown and faulty in shown
    faults = client.get(reverse("residents:faults", args=[made.pk]),
                        headers={"accept-language": language})
    (line,) = csv.DictReader(io.StringIO(b"".join(
        faults.streaming_content).decode("utf-8-sig")))
    assert (line["line"], line["message"]) == ("4", faulty)
    again = send(client, scheme, [row(number) for number in range(4)])
    Worker().run_until_idle()
    assert again != address and faulty in text_of(client.get(
        again, headers={"accept-language": language}))
