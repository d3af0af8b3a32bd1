"""Programmes under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from dinghai_platform.core.models import Organisation
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import lifted, scope_of
from dinghai_platform.programmes.models import (
    Member,
    MemberFloat,
    MemberStep,
    Programme,
    Settlement,
    Standing,
    Study,
)
from dinghai_platform.programmes.services.members import link_organisation
from tests.platform.chains.making import kept
from tests.platform.programmes.making import scene
from tests.platform.story import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def found(world: World, owner: Organisation, supplier: Organisation) -> Iterator[dict[str, Any]]:
    """One of each row, the supplier linked, and a database that answers as the site's role."""
    actor = world.actor("underwriter")
    for role, home in (("supplier", supplier), ("chain_owner", owner),
                       ("underwriter", world.other_insurer)):
        world.actor(role, home)
    made = scene(kept(actor, owner=owner), actor)
    link_organisation(made["programme_member"], supplier, actor=actor)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE dinghai_programmes_test NOLOGIN NOBYPASSRLS")
    grant_use("dinghai_programmes_test")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE dinghai_programmes_test")
    yield made
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def _seen(actor: Any) -> dict[str, int]:
    with scope_of(actor), lifted("the database itself is asked"):
        return {one.__name__: one._base_manager.count() for one in (
            Programme, Member, MemberStep, Standing, MemberFloat, Study, Settlement)}


def test_who_sees_which_rows(world: World, owner: Organisation, supplier: Organisation,
                             found: dict[str, Any]) -> None:
    assert _seen(world.actor("chain_owner", owner)) == {
        "Programme": 1, "Member": 3, "MemberStep": 3, "Standing": 1, "MemberFloat": 1, "Study": 1,
        "Settlement": 1}
    assert _seen(world.actor("supplier", supplier)) == {
        "Programme": 0, "Member": 1, "MemberStep": 1, "Standing": 1, "MemberFloat": 1, "Study": 0,
        "Settlement": 0}
    assert set(_seen(world.actor("underwriter", world.other_insurer)).values()) == {0}


def test_a_supplier_reads_its_page_and_appeals(
    world: World, supplier: Organisation, found: dict[str, Any]
) -> None:
    client = world.sign_in(Client(), "supplier", supplier)
    member, paper = found["programme_member"], found["certificate"]
    assert client.get(reverse("programmes:member", args=[member.pk])).status_code == 200
    assert client.get(f"/api/v1/programmes/members/{member.pk}").status_code == 200
    answer = client.get(reverse("programmes:paper", args=[paper.pk, "zh"]))
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF")
    client.post(reverse("programmes:move_float", args=[found["member_float"].pk, "dispute"]),
                {"reason": "再核对"})
    with scope_of(world.actor("underwriter")):
        row = MemberFloat.objects.within(world.insurer).get(pk=found["member_float"].pk)
    assert (row.state, row.appeal_reason) == ("disputed", "再核对")
