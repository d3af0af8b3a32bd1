"""Subsidies under PostgreSQL's row-level security, as a role that owns nothing."""

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
from dinghai_platform.subsidies.models import Application, Entry, FileList, Payment, Subsidy
from dinghai_platform.underwriting.models import Policy
from tests.platform.story import World
from tests.platform.subsidies.making import scene

pytestmark = pytest.mark.postgres


@pytest.fixture
def found(world: World, authority: Organisation, policy: Policy) -> Iterator[dict[str, Any]]:
    """One of each row, and a database that answers as the site's role."""
    policy.quote.assessment.dossier.statements = {}
    for role, home in (("underwriter", world.insurer), ("underwriter", world.other_insurer),
                       ("insured_admin", world.stranger), ("insured_admin", policy.insured),
                       ("regulator_miit", authority)):
        world.actor(role, home)
    made = scene(world, authority, policy)
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE dinghai_subsidies_test NOLOGIN NOBYPASSRLS")
    grant_use("dinghai_subsidies_test")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE dinghai_subsidies_test")
    yield made
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def _seen(actor: Any) -> dict[str, int]:
    with scope_of(actor), lifted("the database itself is asked"):
        return {one.__name__: one._base_manager.count() for one in (
            Subsidy, Application, Entry, FileList, Payment)}


def test_who_sees_which_rows(world: World, authority: Organisation, policy: Policy,
                             found: dict[str, Any]) -> None:
    whole = _seen(world.actor("regulator_miit", authority))
    assert whole["Application"] == 3 and whole["Payment"] == 1 and whole["FileList"] == 3
    nothing = {"Subsidy": 2, "Application": 0, "Entry": 0, "FileList": 0, "Payment": 0}
    for role, home in (("underwriter", world.other_insurer), ("insured_admin", world.stranger)):
        assert _seen(world.actor(role, home)) == nothing  # what is on offer is open
    for role, home in (("underwriter", world.insurer), ("insured_admin", policy.insured)):
        assert _seen(world.actor(role, home)) == {**nothing, "Application": 1}


def test_every_side_works_under_it(world: World, authority: Organisation, policy: Policy,
                                   found: dict[str, Any]) -> None:
    row = found["subsidy_application"]
    firm = world.sign_in(Client(), "insured_admin", policy.insured)
    assert firm.get(reverse("subsidies:application", args=[row.pk])).status_code == 200
    assert firm.get(reverse("subsidies:paper", args=[found["subsidy_paper"].pk])
                    ).status_code == 200
    sent = firm.post(reverse("subsidies:complete", args=[row.pk]), {
        "sector": "C39", "area": "310115", "size": "medium"})
    assert sent.status_code == 302
    official = world.sign_in(Client(), "regulator_miit", authority)
    for name in ("subsidy", "report", "payments", "returns", "lists"):
        assert official.get(reverse(f"subsidies:{name}", args=[found["subsidy"].pk])
                            ).status_code == 200, name
    text = Client().get(reverse("subsidies:public_list", args=[found["public_list"].pk]))
    assert text.status_code == 200 and "示＊" in text.content.decode()
    with scope_of(world.actor("regulator_miit", authority)):
        assert Application.objects.visible_to(
            world.actor("regulator_miit", authority)).get(pk=row.pk).state == "granted"
