"""Parks under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from dinghai_platform.core.models import Organisation
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import lifted, scope_of
from dinghai_platform.parks.models import (
    EventSettlement,
    MemberChange,
    Park,
    ParkCertificate,
    ParkMember,
    PremiumStep,
    ServiceUse,
    SharedService,
)
from tests.platform.parks.making import firm, listed, members, scene
from tests.platform.story import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def found(world: World, operator: Organisation) -> Iterator[dict[str, Any]]:
    """One of each row, two firms linked, and a database that answers as the site's role."""
    for role, home in (("park_operator", operator), ("insured_admin", world.donghai),
                       ("insured_admin", world.stranger), ("underwriter", world.other_insurer)):
        world.actor(role, home)
    made = scene(world.actor("underwriter"), operator, world.donghai)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE dinghai_parks_test NOLOGIN NOBYPASSRLS")
    grant_use("dinghai_parks_test")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE dinghai_parks_test")
    yield made
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def _seen(actor: Any) -> dict[str, int]:
    with scope_of(actor), lifted("the database itself is asked"):
        return {one.__name__: one._base_manager.count() for one in (
            Park, ParkMember, PremiumStep, ParkCertificate, MemberChange, EventSettlement,
            SharedService, ServiceUse)}


def test_who_sees_which_rows(world: World, operator: Organisation, found: dict[str, Any]) -> None:
    assert _seen(world.actor("park_operator", operator)) == {
        "Park": 1, "ParkMember": 3, "PremiumStep": 3, "ParkCertificate": 3, "MemberChange": 2,
        "EventSettlement": 1, "SharedService": 1, "ServiceUse": 1}
    # two of the three members are Donghai's
    assert _seen(world.actor("insured_admin", world.donghai)) == {
        "Park": 0, "ParkMember": 2, "PremiumStep": 2, "ParkCertificate": 2, "MemberChange": 0,
        "EventSettlement": 0, "SharedService": 0, "ServiceUse": 1}
    for actor in (world.actor("insured_admin", world.stranger),
                  world.actor("underwriter", world.other_insurer)):
        assert set(_seen(actor).values()) == {0}


def test_an_operator_enrols_and_a_firm_reads(
    world: World, operator: Organisation, found: dict[str, Any]
) -> None:
    park = found["park"]
    boss = world.sign_in(Client(), "park_operator", operator)
    sent = boss.post(reverse("parks:enrol", args=[park.pk]), {"file": SimpleUploadedFile(
        "list.csv", listed([firm(9, joined="2026-08-01")]))})
    assert sent.status_code == 302, sent.content.decode()[-2000:]
    with scope_of(world.actor("underwriter")):
        change = MemberChange.objects.within(world.insurer).latest("id")
    boss.post(reverse("parks:apply", args=[change.pk]), {"seen": change.preview_hash})
    with scope_of(world.actor("underwriter")):
        assert len(members(park)) == 4
    client = world.sign_in(Client(), "insured_admin")
    assert client.get(reverse("parks:member", args=[found["park_member"].pk])).status_code == 200
    paper = reverse("parks:paper", args=[found["park_certificate"].pk, "zh", "pdf"])
    assert client.get(paper).content.startswith(b"%PDF")
    for name in ("members", "settlements", "portrait", "statement", "changes", "certificates"):
        assert boss.get(reverse(f"parks:{name}", args=[park.pk])).status_code == 200
