"""The way of a list through the API, as a channel's program goes it."""

from __future__ import annotations

import csv
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from dinghai.cli.main import main
from dinghai_platform.core.models import AuditEntry
from dinghai_platform.core.worker import Worker
from dinghai_platform.residents import reading
from tests.platform.residents.conftest import SCHEME, listed, row

pytestmark = pytest.mark.django_db
ROOT = "/api/v1/residents"


@pytest.fixture
def client(sign_in, insurer):
    return sign_in("underwriter", insurer)


def post(client, path, body=None):
    return client.post(ROOT + path, body or {}, content_type="application/json")


def took(client, scheme, rows, name="list.csv"):
    return client.post(f"{ROOT}/schemes/{scheme}/lists",
                       {"file": SimpleUploadedFile(name, listed(rows))})


def test_it_works(client, insurer, monkeypatch, capsys):
    monkeypatch.setattr(reading, "ROWS", 7)
    scheme = post(client, "/schemes", {"document": SCHEME}).json()
    assert scheme["certificates"] == 0
    rows = [row(number) for number in range(20)]
    rows[12:12] = [row(30, consent="否"), row(3)]
    answer = took(client, scheme["id"], rows)
    assert answer.status_code == 202
    assert answer.json()["state"] == "reading"
    address = f"/lists/{answer.json()['id']}"
    Worker().run_until_idle()
    found = client.get(ROOT + address).json()
    assert (found["state"], found["accepted"], found["rejected"]) == ("checked", 20, 2)
    assert [one["line"] for one in found["check"]["faults"]] == [14, 15]
    assert client.get(f"{ROOT}{address}/results").status_code == 409
    assert post(client, f"{address}/issue", {"all_or_nothing": True}).status_code == 409
    assert post(client, f"{address}/issue").status_code == 202
    Worker().run_until_idle()
    assert client.get(ROOT + address).json()["state"] == "sealed"
    (whole,) = client.get(f"{ROOT}/schemes").json()
    assert (whole["certificates"], whole["premium_fen"], whole["rate_ppm"]) == (20, 24_000, 240)

    results = client.get(f"{ROOT}{address}/results")
    text = b"".join(results.streaming_content).decode("utf-8-sig")
    read = list(csv.DictReader(io.StringIO(text)))
    assert [int(one["line"]) for one in read] == list(range(2, 24))
    rejected = [one for one in read if one["outcome"] == "rejected"]
    assert [(one["line"], one["field"], bool(one["mend"])) for one in rejected] == [
        ("14", "consent", True), ("15", "identity", True)]

    identity = row(5).split(",")[1]
    refused = client.get(f"{ROOT}/certificates", {"search": f" {identity} "})
    assert refused.status_code == 400 and "/certificates/search" in refused.content.decode()
    assert identity not in refused.content.decode()
    one = post(client, "/certificates/search", {"search": identity}).json()[0]
    assert client.get(f"{ROOT}/certificates", {"search": one["number"]}).json() == [one]
    assert (one["number"], one["holder"]) == (read[5]["certificate"], "张**")
    certificate = client.get(f"{ROOT}/certificates/{one['id']}").json()
    assert main(["residents", "verify", certificate["code"], "--public-key",
                 certificate["public_key"]]) == 0
    capsys.readouterr()
    assert client.get(f"{ROOT}/certificates/{one['id']}/proof").json()["number"] == one["id"]
    assert row(5).split(",")[1] not in text + str(certificate)


def test_looking_at_a_person_is_written_down(client, insurer, enrol, sign_in):
    enrol(listed([row(1)]))
    (one,) = client.get(f"{ROOT}/certificates").json()
    path = f"/certificates/{one['id']}/person"
    assert post(client, path).status_code == 422
    answer = post(client, path, {"reason": "本人来电核实"})
    assert answer.json()["identity"] == row(1).split(",")[1]
    link = AuditEntry.objects.within(insurer).get(action="residents.person_revealed")
    assert "本人来电核实" in link.payload and row(1).split(",")[1] not in link.payload
    for role in ("actuary", "auditor"):
        assert post(sign_in(role, insurer), path, {"reason": "x"}).status_code == 403


def test_a_stranger_finds_nothing(client, enrol, scheme, sign_in, other_insurer):
    enrolment = enrol(listed([row(1)]))
    (one,) = client.get(f"{ROOT}/certificates").json()
    stranger = sign_in("underwriter", other_insurer)
    assert stranger.get(f"{ROOT}/certificates").json() == []
    for path in (f"/schemes/{scheme.pk}", f"/lists/{enrolment.pk}", f"/certificates/{one['id']}",
                 f"/certificates/{one['id']}/proof", f"/certificates/{10**30}"):
        assert stranger.get(ROOT + path).status_code == 404
    for path in (f"/lists/{enrolment.pk}/issue", f"/lists/{enrolment.pk}/cancellation"):
        assert post(stranger, path).status_code == 404
    assert took(stranger, scheme.pk, [row(2)]).status_code == 404


def test_giving_a_list_up(client, scheme):
    answer = took(client, scheme.pk, [row(1)]).json()
    assert post(client, f"/lists/{answer['id']}/cancellation").json()["state"] == "cancelled"
    assert post(client, f"/lists/{answer['id']}/issue").status_code == 409
    part = client.get(f"{ROOT}/schemes/{scheme.pk}/lists").json()
    assert (part["count"], part["items"][0]["state"]) == (1, "cancelled")
