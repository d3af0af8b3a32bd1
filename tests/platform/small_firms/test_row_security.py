"""Small firms under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import crossing_tenants, lifted, scope_of
from dinghai_platform.small_firms.models import (
    Answers,
    Batch,
    Firm,
    Link,
    Month,
    MonthRun,
    Paper,
    Policy,
    Quote,
    Renewal,
    RenewalRun,
)
from dinghai_platform.small_firms.services.links import make_link
from dinghai_platform.small_firms.services.months import month_of
from dinghai_platform.small_firms.services.papers import make_papers
from tests.platform.small_firms.making import batch_of, bound, cells, priced

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
MODELS = (Firm, Answers, Quote, Policy, Paper, Month, Batch, Link, MonthRun, RenewalRun, Renewal)
ANSWER = {"insurer": (2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 2), "broker": (1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1),
          "firm": (1, 1, 1, 1, 2, 1, 0, 0, 0, 0, 1), "other": (0,) * len(MODELS)}


@pytest.fixture
def sides(underwriter: Actor, broker: Actor, own: Actor, other_insurer: Organisation,
          act_as: Callable[..., Actor]) -> Iterator[dict[str, Actor]]:
    """Two firms, the broker's and one with an account, and a database that answers as the site's
    role."""
    theirs, mine = bound(priced(broker, 1), broker), bound(priced(own, 2), own)
    make_papers(mine, actor=own)
    month_of(mine.firm, actor=underwriter)
    batch_of(broker, [cells(3)])
    make_link(label="", days=7, actor=underwriter)
    tenant, day = mine.tenant, mine.expiry
    with crossing_tenants("a test sets a scene"):
        MonthRun.objects.create(tenant=tenant, on=day)
        run = RenewalRun.objects.create(tenant=tenant, number="SR-1", on=day, policies=2,
                                        until=day + timedelta(days=1))
        for one in (theirs, mine):
            Renewal.objects.create(tenant=tenant, broker=one.broker, insured=one.insured, run=run,
                                   policy=one, state="ask")
    found = {"insurer": underwriter, "broker": broker, "firm": own,
             "other": act_as("underwriter", other_insurer)}
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE dinghai_small_firms_test NOLOGIN NOBYPASSRLS")
    grant_use("dinghai_small_firms_test")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE dinghai_small_firms_test")
    yield found
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_who_sees_which_rows(sides: dict[str, Actor]) -> None:
    for side, actor in sides.items():
        with scope_of(actor), lifted("the database itself is asked"):
            seen = tuple(one._base_manager.count() for one in MODELS)
        assert seen == ANSWER[side], side


def test_every_side_works_under_it(sides: dict[str, Actor], client: Client) -> None:
    quotes: dict[str, Any] = {}
    for number, side in enumerate(("insurer", "broker", "firm"), start=5):
        with scope_of(sides[side]):  # as every request of somebody signed in
            quotes[side] = priced(sides[side], number)
            bound(quotes[side], sides[side])
        client.force_login(sides[side].user)
        firm = quotes[side].firm_id
        for name in ("firm", "answers", "policy"):
            assert client.get(reverse(f"small_firms:{name}", args=[firm])).status_code == 200, name
    other = sides["other"]
    client.force_login(other.user)
    assert client.get(reverse("small_firms:firm", args=[quotes["firm"].firm_id])
                      ).status_code == 404
