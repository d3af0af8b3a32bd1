"""Every page of monitoring, as each role that may see it and as those who may not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from dinghai_platform.core.worker import Worker
from dinghai_platform.monitoring.services.feeds import load_feed
from dinghai_platform.underwriting.models import Policy
from dinghai_platform.underwriting.services.dossiers import archive_of_folder
from tests.platform.story import EXAMPLE, World, stand_at, work

LISTS = ("policies", "findings", "notices", "floats")


@pytest.fixture
def client_of(world: World) -> Any:
    def sign_in(role: str, organisation: Any = None) -> Client:
        client: Client = world.sign_in(Client(), role, organisation)
        return client

    return sign_in


@pytest.fixture
def watched(policy: Policy, kev: bytes, world: World) -> Policy:
    world.actor("insured_admin")
    load_feed(kev, name="kev.csv", kind="kev", as_of=date(2026, 4, 16),
              actor=world.actor("underwriter"))
    work()
    return policy


def pages_of(policy: Policy) -> list[str]:
    """Addresses of everything that monitoring keeps about a policy."""
    return [
        reverse(f"monitoring:{name}", args=[key])
        for name, key in (
            ("policy", policy.pk),
            ("finding", policy.monitored_findings.first().pk),
            ("notice", policy.notices.first().pk),
            ("notice_pdf", policy.notices.first().pk),
            ("float", policy.float_proposals.first().pk),
        )
    ]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_page_shows(watched: Policy, client_of: Any, language: str) -> None:
    for role in ("underwriter", "auditor", "insured_admin", "insured_security"):
        client = client_of(role)
        client.cookies["django_language"] = language
        for name in LISTS:
            assert client.get(reverse(f"monitoring:{name}")).status_code == 200
        for address in pages_of(watched):
            assert client.get(address).status_code == 200, (role, address)
    assert client_of("underwriter").get(reverse("monitoring:feeds")).status_code == 200
    assert client_of("insured_admin").get(reverse("monitoring:feeds")).status_code == 403


def test_a_stranger_finds_nothing(watched: Policy, world: World, client_of: Any) -> None:
    for role, home in (
        ("underwriter", world.other_insurer), ("insured_admin", world.stranger),
    ):
        client = client_of(role, home)
        for address in pages_of(watched):
            assert client.get(address).status_code == 404, address


def test_a_table_is_loaded_at_the_page(
    policy: Policy, kev: bytes, client_of: Any
) -> None:
    client = client_of("underwriter")
    upload = SimpleUploadedFile("kev.csv", kev)
    client.post(reverse("monitoring:feed_load"),
                {"kind": "kev", "table": upload, "as_of": "2026-04-16"})
    assert Worker(lease_seconds=600).run_until_idle()
    assert policy.notices.count() == 1


def test_the_insured_acknowledges_and_mends(
    watched: Policy, world: World, client_of: Any
) -> None:
    insured, underwriter = client_of("insured_admin"), client_of("underwriter")
    notice, finding = watched.notices.get(), watched.monitored_findings.first()
    insured.post(reverse("monitoring:notice_step", args=[notice.pk, "acknowledge"]))
    notice.refresh_from_db()
    assert notice.acknowledged_at is not None
    insured.post(reverse("monitoring:finding_step", args=[finding.pk, "fix"]))
    stand_at("2026-05-06T10:00:00")
    archive = archive_of_folder(EXAMPLE / "rescan" / "2026-05-06")
    underwriter.post(
        reverse("monitoring:policy_rescan", args=[watched.pk]),
        {"archive": SimpleUploadedFile("rescan.zip", archive)},
    )
    finding.refresh_from_db()
    assert finding.state == "verified" and finding.closing_reading is not None


def test_the_insured_does_not_record_a_rescan(watched: Policy, client_of: Any) -> None:
    answer = client_of("insured_admin").post(
        reverse("monitoring:policy_rescan", args=[watched.pk]),
        {"archive": SimpleUploadedFile("a.zip", b"x")},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_lists_cost_the_same_however_long(
    watched: Policy, client_of: Any, name: str, django_assert_max_num_queries: Any
) -> None:
    client = client_of("underwriter")
    address = reverse(f"monitoring:{name}")
    client.get(address)
    with django_assert_max_num_queries(9):
        client.get(address)


def test_lists_leave_as_csv(watched: Policy, client_of: Any) -> None:
    client = client_of("underwriter")
    for name in LISTS:
        answer = client.get(reverse(f"monitoring:{name}"), {"export": "csv"})
        assert len(answer.getvalue().splitlines()) >= 2
