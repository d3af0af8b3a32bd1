"""Small firms' claims under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from dinghai_platform.claims import services
from dinghai_platform.claims.models import Claim, Incident, TimelineEntry
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import crossing_tenants, lifted, scope_of
from dinghai_platform.small_firms.services.policies import pay_premium
from tests.platform.small_firms.claiming import RESTORING, Desk, claim_of, in_force, make_desk
from tests.platform.small_firms.test_links import at, buys, holder, linked

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
MODELS = (Incident, Claim, TimelineEntry)


@pytest.fixture
def as_the_site() -> Iterator[None]:
    """The database answers as the site's role."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE dinghai_firm_claims_test NOLOGIN NOBYPASSRLS")
    grant_use("dinghai_firm_claims_test")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE dinghai_firm_claims_test")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


@pytest.fixture
def desk(underwriter: Actor, broker: Actor, shop: Organisation, act_as: Callable[..., Actor]
         ) -> tuple[Desk, Any, Client]:
    """A broker's firm without an account, and one that came by a link, both insured."""
    policy = in_force(broker, underwriter)
    visitor = holder(linked(underwriter))
    pay_premium(buys(visitor, 2), reference="B2", actor=underwriter)
    return make_desk(shop, act_as), policy, visitor


def test_every_side_works_and_sees_its_own(
    desk: tuple[Desk, Any, Client], broker: Actor, act_as: Callable[..., Actor],
    other_insurer: Organisation, as_the_site: None,
) -> None:
    people, policy, visitor = desk
    with scope_of(broker):  # as every request of somebody signed in
        incident = people.report(policy, actor=broker)
    made = visitor.post(at("link_incidents"), {
        "title": "网站打不开", "discovered_at": "2026-06-01T09:00", "contact": "138"})
    assert made.status_code == 302, made.content.decode()[-2000:]
    assert visitor.get(made.url).status_code == 200
    named = act_as("insured_admin", incident.insured)
    answers = {people.handler: 2, broker: 1, named: 1, act_as("underwriter", other_insurer): 0}
    for actor, number in answers.items():
        with scope_of(actor), lifted("the database itself is asked"):
            seen = [one._base_manager.count() for one in MODELS]
        assert seen == [number] * len(MODELS), actor
    with scope_of(people.handler):
        services.register_claim(claim_of(incident), reserve_fen=0, actor=people.handler)
        services.add_item(claim_of(incident), "FP-DATA", description="恢复", facts=RESTORING,
                          actor=people.handler)
        services.appoint_adjuster(claim_of(incident), people.adjuster.organisation,
                                  actor=people.handler)
    with crossing_tenants("a test looks"):
        claim = claim_of(incident)
    for actor in (people.handler, people.adjuster, broker, named):
        client = Client()
        client.force_login(actor.user, backend="django.contrib.auth.backends.ModelBackend")
        for name in ("claim", "explained", "claim_json"):
            answer = client.get(reverse(f"claims:{name}", args=[claim.pk]))
            assert answer.status_code == 200, (actor, name)
        assert client.get(reverse("claims:claims")).status_code == 200
    broker_page = Client()
    broker_page.force_login(broker.user, backend="django.contrib.auth.backends.ModelBackend")
    page = broker_page.get(reverse("small_firms:incidents", args=[policy.firm_id]))
    assert page.status_code == 200 and incident.number in page.content.decode()
