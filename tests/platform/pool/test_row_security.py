"""The pool under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.pool.models import Batch, Record, Release, ReleaseRequest
from dinghai_platform.pool.services.releases import publish_private, publish_suppressed
from dinghai_platform.pool.services.requests import request_release
from tests.platform.pool.conftest import Shared
from tests.platform.pool.test_releases import MARKET, ONE
from tests.platform.story import work

pytestmark = pytest.mark.postgres
ROLE = "dinghai_pool_test"


@pytest.fixture
def bound(filled: Shared) -> Iterator[None]:
    """The database answers as the site's own role does."""
    for name in filled.members:
        filled.actuary(name)
    assert filled.operator
    filled.world.actor("actuary", filled.world.other_insurer)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS")
    grant_use(ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_the_database_itself_keeps_members_apart(filled: Shared, bound: None) -> None:
    mine, other = filled.actuary("甲"), filled.actuary("乙")
    with scope_of(mine):
        rows = Record.objects.unscoped("asking the database itself")
        assert rows.exists()
        assert not rows.exclude(tenant=mine.organisation).exists()
        assert Batch.objects.unscoped("asking").filter(tenant=other.organisation).count() == 0
    with scope_of(filled.operator):
        assert not Record.objects.unscoped("asking the database itself").exists()


def test_releases_are_made_and_read_by_the_sites_own_role(filled: Shared, bound: None) -> None:
    with scope_of(filled.operator):
        row = publish_suppressed(MARKET, actor=filled.operator)
        publish_private(MARKET, ONE, actor=filled.operator)
    outside = filled.world.actor("actuary", filled.world.other_insurer)
    with scope_of(outside):
        found = Release.objects.unscoped("asking the database itself")
        assert found.count() == 2
    for home in (filled.members["甲"], filled.world.other_insurer):
        browser = filled.browser("actuary", home)
        for address in ("/pool/", "/pool/releases/", f"/pool/release/?r={row.number}"):
            assert browser.get(address).status_code == 200


def test_a_release_is_asked_for_and_made_by_the_sites_own_role(
    filled: Shared, bound: None
) -> None:
    with scope_of(filled.operator):
        asked = request_release(MARKET, actor=filled.operator)
    work()
    with scope_of(filled.operator):
        row = ReleaseRequest.objects.unscoped("asking the database itself").get()
        assert (row.pk, row.state) == (asked.pk, "published")
    for actor in (filled.actuary("甲"), filled.world.actor(
            "actuary", filled.world.other_insurer)):
        with scope_of(actor):
            rows = ReleaseRequest.objects.unscoped("asking the database itself")
            assert not rows.exists()
