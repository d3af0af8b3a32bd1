"""Lists of changes through the API, as a channel's program sends them."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile

from dinghai_platform.core import streaming
from dinghai_platform.core.worker import Worker
from dinghai_platform.residents.models import Certificate
from tests.platform.residents.conftest import SCHEME, listed, row

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/residents"


@pytest.fixture
def client(sign_in, insurer):
    return sign_in("underwriter", insurer)


@pytest.fixture
def numbers(enrol, insurer):
    enrol(listed([row(number) for number in range(6)]))
    return list(Certificate.objects.within(insurer).order_by("id").values_list("id", flat=True))


def post(client, path, body=None):
    return client.post(ROOT + path, body or {}, content_type="application/json")


def sent(client, scheme, text=None, **asked):
    file = {} if text is None else {"file": SimpleUploadedFile("list.csv", text.encode())}
    return client.post(f"{ROOT}/schemes/{scheme}/changes", {**asked, **file})


def test_it_works(client, scheme, numbers, monkeypatch):
    text = f"凭证号\n{numbers[0]}\n{numbers[1]}\n999\n"
    answer = sent(client, scheme.pk, text, kind="cancellation", from_day="2027-07-01")
    assert (answer.status_code, answer.json()["state"]) == (202, "reading")
    address = f"/changes/{answer.json()['id']}"
    assert post(client, f"{address}/apply").status_code == 409
    Worker().run_until_idle()
    found = client.get(ROOT + address).json()
    assert (found["state"], found["accepted"], found["rejected"], found["refunded_fen"]) == (
        "checked", 2, 1, 1_210)
    assert client.get(f"{ROOT}{address}/results").status_code == 409
    assert post(client, f"{address}/pace", {"rows_a_second": 1_000}).status_code == 200
    assert client.get(ROOT + address).json()["rows_a_second"] == 1_000
    assert post(client, f"{address}/pace", {"rows_a_second": None}).status_code == 200
    assert post(client, f"{address}/pace", {"rows_a_second": 0}).status_code == 422
    assert post(client, f"{address}/apply", {"all_or_nothing": True}).status_code == 409
    assert post(client, f"{address}/apply").status_code == 202
    Worker().run_until_idle()
    found = client.get(ROOT + address).json()
    assert (found["state"], found["accepted"], found["rows_a_second"]) == ("sealed", 2, None)
    monkeypatch.setattr(streaming, "LINES", 1)
    answer = client.get(f"{ROOT}{address}/results")
    assert "street-2027-changes.csv" in answer["Content-Disposition"]
    parts = iter(answer.streaming_content)
    assert next(parts).startswith("\ufeffline,outcome".encode())
    assert b"".join(parts).count(b"\n") == 3


def test_lines_are_made_while_they_are_sent():
    made = []

    def lines():
        for number in range(10):
            made.append(number)
            yield f"{number}\n"

    async def first_two():
        parts = aiter(streaming.LinesInParts(lines()))
        return [await anext(parts), await anext(parts)]

    # In a thread of its own: a browser that an earlier test opened keeps a loop in this one.
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(async_to_sync(first_two)).result() == [b"0\n", b"1\n"]
    assert made == [0, 1]


def test_results_history_and_figures(client, scheme, numbers):
    answer = sent(client, scheme.pk, f"凭证号\n{numbers[0]}\n999\n", kind="cancellation",
                  from_day="2027-07-01").json()
    Worker().run_until_idle()
    post(client, f"/changes/{answer['id']}/apply")
    Worker().run_until_idle()
    results = client.get(f"{ROOT}/changes/{answer['id']}/results")
    text = b"".join(results.streaming_content).decode("utf-8-sig")
    read = list(csv.DictReader(io.StringIO(text)))
    assert [(one["line"], one["outcome"], one["refunded_fen"], one["field"], bool(one["mend"]))
            for one in read] == [("2", "accepted", "605", "", False),
                                 ("3", "rejected", "", "certificate", True)]
    history = client.get(f"{ROOT}/certificates/{numbers[0]}/changes").json()
    assert [(one["kind"], one["step_fen"], one["owed_fen"], one["ended_on"])
            for one in history["changes"]] == [("cancellation", -605, 595, "2027-07-01")]
    assert client.get(f"{ROOT}/certificates/{numbers[1]}/changes").json()["changes"] == []
    days = [client.get(f"{ROOT}/schemes/{scheme.pk}/in-force", {"day": day}).json()["number"]
            for day in ("2027-06-30", "2027-07-01", "2028-01-01")]
    assert days == [6, 5, 0]
    (whole,) = client.get(f"{ROOT}/schemes").json()
    assert (whole["cancelled"], whole["refunded_fen"], whole["premium_fen"]) == (1, 605, 6_595)
    part = client.get(f"{ROOT}/schemes/{scheme.pk}/changes").json()
    assert (part["count"], part["items"][0]["state"]) == (1, "sealed")


def test_a_whole_scheme_needs_no_file(client, scheme, numbers):
    following = post(client, "/schemes", {"document": {
        **SCHEME, "id": "street-2028", "first_day": "2028-01-01",
        "last_day": "2028-12-31"}}).json()["id"]
    answer = sent(client, scheme.pk, kind="renewal", whole="true", target=following)
    assert answer.status_code == 202
    Worker().run_until_idle()
    found = client.get(f"{ROOT}/changes/{answer.json()['id']}").json()
    assert (found["accepted"], found["target"], found["charged_fen"]) == (6, "street-2028", 7_200)
    given_up = post(client, f"/changes/{found['id']}/cancellation").json()
    assert given_up["state"] == "cancelled"


def test_a_cancelled_certificate_is_no_longer_shown_from_its_day_on(
    client, scheme, numbers, insurer
):
    answer = sent(client, scheme.pk, f"凭证号\n{numbers[2]}\n", kind="cancellation",
                  from_day="2027-01-01").json()
    Worker().run_until_idle()
    post(client, f"/changes/{answer['id']}/apply")
    Worker().run_until_idle()
    assert client.get(f"{ROOT}/certificates/{numbers[2]}").status_code == 404
    assert client.get(f"{ROOT}/certificates/{numbers[2]}/changes").status_code == 200
    assert len(client.get(f"{ROOT}/certificates").json()) == 5
    assert client.get(f"{ROOT}/certificates/{numbers[1]}").json()["plan"] == "P5"


def test_a_stranger_finds_nothing(client, scheme, numbers, sign_in, other_insurer, insurer):
    answer = sent(client, scheme.pk, f"凭证号\n{numbers[0]}\n", kind="cancellation",
                  from_day="2027-07-01").json()
    stranger, reader = sign_in("underwriter", other_insurer), sign_in("auditor", insurer)
    for path in (f"/changes/{answer['id']}", f"/schemes/{scheme.pk}/changes",
                 f"/schemes/{scheme.pk}/in-force", f"/certificates/{numbers[0]}/changes",
                 f"/certificates/{10**30}/changes", f"/changes/{answer['id']}/results"):
        assert stranger.get(ROOT + path).status_code == 404
    for path in (f"/changes/{answer['id']}/apply", f"/changes/{answer['id']}/cancellation",
                 f"/changes/{answer['id']}/pace"):
        assert post(stranger, path).status_code == 404
        assert post(reader, path).status_code == 403
    assert sent(stranger, scheme.pk, "x", kind="cancellation").status_code == 404
    assert sent(client, scheme.pk, "x", kind="end").status_code == 400
