"""Monitoring over the API."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.services.dossiers import archive_of_folder
from tests.platform.story import EXAMPLE, World, stand_at, work

ROOT = "/api/v1/monitoring"


def signed(world: World, role: str, organisation: Any = None) -> Client:
    client: Client = world.sign_in(Client(), role, organisation)
    return client


def test_a_table_a_notice_and_a_rescan(policy: Policy, kev: bytes, world: World) -> None:
    underwriter, insured = signed(world, "underwriter"), signed(world, "insured_admin")
    loaded = underwriter.post(
        f"{ROOT}/feeds",
        {"table": SimpleUploadedFile("kev.csv", kev), "kind": "kev", "as_of": "2026-04-16"},
    )
    assert loaded.status_code == 202, loaded.content
    work()
    found = insured.get(f"{ROOT}/findings").json()
    assert found["count"] == 1 and found["items"][0]["state"] == "notified"
    notice = insured.get(f"{ROOT}/notices").json()["items"][0]
    assert notice["delivery_sha256"]
    answer = insured.post(f"{ROOT}/notices/{notice['id']}/acknowledge")
    assert answer.json()["acknowledged_at"]
    stand_at("2026-05-06T10:00:00")
    archive = archive_of_folder(EXAMPLE / "rescan" / "2026-05-06")
    done = underwriter.post(
        f"{ROOT}/policies/{policy.pk}/rescans",
        {"archive": SimpleUploadedFile("r.zip", archive)},
    ).json()
    assert len(done["closed"]) == 1
    readings = insured.get(f"{ROOT}/policies/{policy.pk}/readings").json()
    assert [one["cause"] for one in readings] == ["bind", "feed", "rescan"]
    floats = underwriter.get(f"{ROOT}/floats").json()
    assert floats["count"] == 2 and floats["items"][0]["amount_fen"] == 0
    refused = underwriter.post(
        f"{ROOT}/floats/{floats['items'][0]['id']}/apply", {}, content_type="application/json"
    )
    assert refused.status_code == 409


def test_a_stranger_finds_nothing(policy: Policy, world: World) -> None:
    client = signed(world, "underwriter", world.other_insurer)
    assert client.get(f"{ROOT}/policies/{policy.pk}/readings").status_code == 404
    assert client.get(f"{ROOT}/notices").json()["count"] == 0
