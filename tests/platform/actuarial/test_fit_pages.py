"""The pages and the API of fits, as each role: what they show, what they refuse, and to whom."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from dinghai.documents.file_fit import FitQuestion
from dinghai_platform.actuarial.fit_shipped import against_shipped, series_choices
from dinghai_platform.actuarial.models import FitReport
from dinghai_platform.core.models import Job
from tests.platform.actuarial.fit_making import LOSSES, fitted, fresh, losses_csv, uploaded
from tests.platform.actuarial.test_pages import OTHERS, READERS
from tests.platform.story import World, work

SHIPPED = "ransom_payments.amount"


@pytest.fixture
def client_of(world: World) -> Any:
    def sign_in(role: str, organisation: Any = None, language: str = "en") -> Client:
        client: Client = world.sign_in(Client(), role, organisation)
        client.cookies["django_language"] = language
        return client

    return sign_in


def page_of(row: FitReport, name: str = "fit") -> str:
    return reverse(f"actuarial:{name}", args=[row.pk])


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def sent(client: Client, content: bytes, name: str = "losses.csv", **more: str) -> Any:
    return client.post(reverse("actuarial:fit_upload"), {
        "file": SimpleUploadedFile(name, content), "title": "赎金", **more}, follow=True)


def test_from_the_file_to_the_report(world: World, client_of: Any) -> None:
    client = client_of("actuary")
    empty = text_of(client.get(reverse("actuarial:fits")))
    assert "No fit of your own data yet" in empty and "Too few: 0 claims" in empty
    answer = sent(client, losses_csv(broken=2), purpose="2027")
    assert answer.status_code == 200
    row = FitReport.objects.within(world.insurer).get()
    text = text_of(answer)
    assert "Choose what to fit" in text
    assert re.search(r'<select[^>]*name="column"[^>]*>\s*<option value="loss">', text)
    asked = client.post(page_of(row, "fit_ask"), {
        "kind": "severity", "column": "loss", "unit": "USD", "shipped": SHIPPED,
        "limits": "5000, 10000"})
    assert asked.status_code == 302
    running = client.get(page_of(row))
    assert "hx-trigger" in text_of(running)
    part = client.get(page_of(row), headers={"HX-Request": "true"})
    assert "<html" not in text_of(part) and "HX-Refresh" not in part.headers
    work()
    part = client.get(page_of(row), headers={"HX-Request": "true"})
    assert part.headers["HX-Refresh"] == "true"
    text = text_of(client.get(page_of(row)))
    for words in ("Candidate laws", "Log-likelihood", "Lines that were not used",
                  "Beside the shipped figures", "Ransom payments in US dollars",
                  "Shape of the tail ξ", "5,000, 10,000", fresh(row).file_sha256):
        assert words in text, words
    assert text.count('src="data:image/svg+xml;base64,') == text.count('class="picture"') == 5
    assert "style=" not in text.split("fit-paper")[1].split("</article>")[0]
    listed = text_of(client.get(reverse("actuarial:fits")))
    assert "赎金" in listed and "losses.csv" in listed
    export = client.get(reverse("actuarial:fits"), {"export": "csv", "q": "赎金"})
    assert export["Content-Type"].startswith("text/csv") and "赎金" in text_of(export)
    assert "Nothing matches" in text_of(client.get(reverse("actuarial:fits"), {"q": "nowhere"}))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_who_reads_and_who_does_not(world: World, client_of: Any, language: str) -> None:
    row = fitted(world, shipped=SHIPPED, papers=False)
    waiting = uploaded(world)
    pages = [reverse("actuarial:fits"), page_of(row), page_of(waiting),
             page_of(row, "fit_paper") + "?as=json", page_of(row, "fit_paper") + "?as=html",
             reverse("actuarial:fit_compare") + f"?first={row.pk}&second={row.pk}"]
    for role in READERS:
        client = client_of(role, language=language)
        assert {client.get(one).status_code for one in pages} == {200}, role
    for role in (*OTHERS, "insured_admin"):
        client = client_of(role, language=language)
        assert {client.get(one).status_code for one in pages} == {403}, role
    reader = client_of("underwriter", language=language)
    text = text_of(reader.get(page_of(waiting)))
    assert 'name="column"' not in text and page_of(waiting, "fit_withdraw") not in text
    assert sent(reader, b"x\n1").status_code == 403


def test_another_insurer_finds_nothing(world: World, client_of: Any) -> None:
    row, waiting = fitted(world, papers=False), uploaded(world)
    stranger = client_of("actuary", world.other_insurer)
    for one in (page_of(row), page_of(row, "fit_paper"), page_of(waiting),
                reverse("actuarial:fit_compare") + f"?first={row.pk}&second={row.pk}"):
        assert stranger.get(one).status_code == 404
    for name in ("fit_ask", "fit_withdraw"):
        assert stranger.post(page_of(waiting, name), {"kind": "severity"}).status_code == 404
    assert str(row.pk) not in text_of(stranger.get(reverse("actuarial:fits")))


@pytest.mark.parametrize(("content", "said", "zh"), [
    (b"", "empty", "空"),
    (b"loss\n\xff\xff\xfe\x80\n", "not UTF-8 or GB18030 text", "不是 UTF-8 或 GB18030 文本"),
    (b"name,city\nA,B\nC,D\n", "losses.csv · line 1 · File: no column holds numbers or days "
     "(its columns are: name, city)", "没有一列是数字或日期"),
])
def test_bad_files_are_told_at_the_form(
    world: World, client_of: Any, content: bytes, said: str, zh: str
) -> None:
    answer = sent(client_of("actuary"), content)
    assert answer.status_code == 400 and said in text_of(answer)
    assert "dh-table-tools" not in text_of(answer)  # a list here would search where nothing is
    answer = sent(client_of("actuary", language="zh-hans"), content)
    assert answer.status_code == 400 and zh in text_of(answer)
    assert FitReport.objects.within(world.insurer).count() == 0


def test_questions_are_told_at_the_field_and_what_was_written_stays(
    world: World, client_of: Any
) -> None:
    client, row = client_of("actuary"), uploaded(world)
    for given, said in (
        ({"column": "nope"}, "Select a valid choice"), ({"floor": "-1"}, "greater than or equal"),
        ({"limits": "9,5"}, "not rising limits"), ({"threshold": "x"}, "Enter a number"),
    ):
        answer = client.post(page_of(row, "fit_ask"), {
            "kind": "severity", "column": "loss", "floor": "1000", **given})
        text = text_of(answer)
        assert answer.status_code == 400 and said in text
        if "floor" not in given:
            assert 'value="1000"' in text
    client.post(page_of(row, "fit_ask"), {"kind": "nonsense"})
    assert Job.objects.within(world.insurer).count() == 0


def test_what_cannot_be_fitted_is_told_with_its_place_in_both_languages(
    world: World, client_of: Any
) -> None:
    row = uploaded(world, b"loss,day\n0,2024-01-01\n-3,2024-01-02\n")
    client_of("actuary").post(page_of(row, "fit_ask"), {"kind": "severity", "column": "loss"})
    work()
    text = text_of(client_of("actuary").get(page_of(row)))
    assert "losses.csv · Column: the column holds no amount above zero" in text
    assert "The file is still here" in text and 'name="column"' in text
    assert text.count("<details open>") == 1
    text = text_of(client_of("actuary", language="zh-hans").get(page_of(row)))
    assert "该列没有大于零的金额" in text


def test_withdrawn_on_the_page(world: World, client_of: Any) -> None:
    client, row = client_of("actuary"), fitted(world, papers=False)
    client.post(page_of(row, "fit_withdraw"), {"reason": ""})
    assert fresh(row).state == "done"
    text = text_of(client.post(page_of(row, "fit_withdraw"), {"reason": "数据有误"}, follow=True))
    assert "数据有误" in text and "deleted; their hashes stay" in text
    assert client.get(page_of(row, "fit_paper")).status_code == 404


def test_papers_are_files(world: World, client_of: Any) -> None:
    row, client = fitted(world), client_of("auditor")
    for form, kind in (("pdf", "application/pdf"), ("html", "text/html; charset=utf-8"),
                       ("json", "application/json")):
        for tongue in ("zh", "en"):
            answer = client.get(page_of(row, "fit_paper"), {"as": form, "in": tongue})
            assert answer["Content-Type"] == kind and "attachment" in answer["Content-Disposition"]
            assert "sandbox" in answer["Content-Security-Policy"]
    assert json.loads(answer.content) == row.document
    for wrong in ({"as": "exe"}, {"in": "fr"}):
        assert client.get(page_of(row, "fit_paper"), wrong).status_code == 404
    assert client.get(page_of(uploaded(world), "fit_paper")).status_code == 404


def test_two_fits_side_by_side(world: World, client_of: Any) -> None:
    client = client_of("actuary")
    first = fitted(world, title="甲", papers=False)
    second = fitted(world, FitQuestion("severity", "loss", by="kind"), losses_csv(seed=9),
                    title="乙", unit="USD", papers=False)
    counts = fitted(world, FitQuestion("frequency", "day"), title="丙", papers=False)
    where = reverse("actuarial:fit_compare")
    text = text_of(client.get(where, {"first": first.pk, "second": second.pk}))
    for words in ("甲", "乙 · a", "乙 · b", "Shape of the tail ξ", "different units"):
        assert words in text, words
    assert f"{first.document['candidates']['lognormal']['mu']:,.4g}" in text
    text = text_of(client.get(where, {"first": first.pk, "second": counts.pk}))
    assert "same kind" in text
    text = text_of(client.get(where, {"first": first.pk, "second": uploaded(world).pk}))
    assert "that are done" in text
    assert client.get(where, {"first": "nonsense"}).status_code == 404


@pytest.mark.parametrize(("question", "shipped"), [
    (LOSSES, "hhs_ocr.records"), (FitQuestion("frequency", "day"), "wa_ag.notices"),
    (FitQuestion("delay", "day", known="notified"), "wa_ag.delay.clusters_once")])
def test_every_kind_stands_beside_shipped_figures(
    world: World, client_of: Any, question: FitQuestion, shipped: str
) -> None:
    row = fitted(world, question, shipped=shipped, papers=False)
    text = text_of(client_of("actuary", language="zh-hans").get(page_of(row)))
    assert "随附" in text
    assert dict(series_choices(question.kind))[shipped]


def test_a_curve_of_delays_stands_beside_the_shipped_one_where_both_have_a_day(
    world: World
) -> None:
    row = fitted(world, FitQuestion("delay", "day", known="notified"),
                 shipped="wa_ag.delay.clusters_once", papers=False)
    with override("en"):
        beside = against_shipped(row)
    assert beside is not None
    known = {one.name: one.values for one in beside.rows if one.name.startswith("Share known")}
    assert set(known) == {f"Share known after {days} days" for days in (30, 90, 180, 365, 730)}
    assert all(value.is_given for values in known.values() for value in values)


def test_lists_and_pages_cost_the_same_for_many(world: World, client_of: Any) -> None:
    client = client_of("actuary")
    fitted(world, FitQuestion("frequency", "day"), papers=False)
    counts = []
    for _turn in range(2):
        with CaptureQueriesContext(connection) as seen:
            client.get(reverse("actuarial:fits"))
        counts.append(len(seen))
        for _one in range(4):
            fitted(world, FitQuestion("frequency", "day"), papers=False)
    assert counts[0] == counts[1]
    assert not any("\"document\"" in one["sql"] and "actuarial_fitreport" in one["sql"]
                   for one in seen.captured_queries)


@pytest.fixture
def asking(world: World) -> Any:
    from dinghai_platform.core import tokens
    from dinghai_platform.core.models import Membership

    def ask(role: str, method: str, path: str, organisation: Any = None, **more: Any) -> Any:
        actor = world.actor(role, organisation)
        _token, secret = tokens.issue_token(
            Membership.objects.get(user=actor.user, organisation=actor.organisation, role=role),
            name="t", scopes=["*"], days=1, actor=actor)
        address, headers = f"/api/v1/actuarial/fits{path}", {"authorization": f"Bearer {secret}"}
        if "form" in more:
            return Client().post(address, more["form"], headers=headers)
        return Client().generic(method, address, headers=headers, **more)

    return ask


def test_the_same_by_the_api(world: World, asking: Any) -> None:
    made = asking("actuary", "POST", "", form={
        "file": SimpleUploadedFile("losses.csv", losses_csv()), "title": "API", "purpose": ""})
    assert made.status_code == 201, made.content
    body = made.json()
    assert body["state"] == "read" and [one["name"] for one in body["columns"]] == [
        "loss", "day", "notified", "kind"]
    path = f"/{body['id']}"

    def post(role: str, where: str, content: Any, home: Any = None) -> Any:
        return asking(role, "POST", where, home, data=json.dumps(content),
                      content_type="application/json")

    wrong = post("actuary", f"{path}/question", {"kind": "severity", "column": "nope"})
    assert wrong.status_code == 400
    assert wrong.json()["error"]["mend"] == "one of: loss, day, notified, kind"
    assert post("actuary", f"{path}/question", {
        "kind": "severity", "column": "loss", "limits": [9, 5]}).status_code == 400
    asked = post("actuary", f"{path}/question", {"kind": "severity", "column": "loss"})
    assert asked.status_code == 202 and asked.json()["state"] == "running"
    work()
    found = asking("auditor", "GET", path).json()
    assert found["state"] == "done" and found["document"]["best"] == found["law"]
    pdf = asking("auditor", "GET", f"{path}/paper?form=pdf&language=en")
    assert pdf.content.startswith(b"%PDF")
    listed = asking("auditor", "GET", "").json()
    assert listed["count"] == 1 and "document" not in {
        name for name, value in listed["items"][0].items() if value is not None}
    assert asking("actuary", "GET", path, world.other_insurer).status_code == 404
    assert post("actuary", f"{path}/withdrawal", {"reason": "x"},
                world.other_insurer).status_code == 404
    assert post("auditor", f"{path}/withdrawal", {"reason": "x"}).status_code == 403
    assert post("actuary", f"{path}/withdrawal", {"reason": "x"}).json()["state"] == "withdrawn"
    assert post("actuary", "/own-claims", {"title": "own"}).status_code == 409
