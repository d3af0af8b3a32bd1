"""On PostgreSQL the database itself keeps chains apart, and shows a chain owner its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from dinghai_platform.chains.models import (
    ChainImport,
    ChainRun,
    ChainVersion,
    RunDocument,
    SupplyChain,
)
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import scope_of
from tests.platform.chains.making import kept, owner_of_chain, run_done, small_zip, upload
from tests.platform.story import World

pytestmark = pytest.mark.postgres
ROLE = "dinghai_chains_test"


@pytest.fixture
def bound(world: World, owner: Organisation) -> Iterator[None]:
    """The database answers as the site's own role does."""
    underwriter = world.actor("underwriter")
    version = kept(underwriter, owner=owner)
    run_done(version, underwriter)
    upload(underwriter, small_zip(links=""), chain=version.chain)
    world.actor("chain_owner", owner)
    world.actor("chain_owner", owner_of_chain(world, "另一链主"))
    world.actor("underwriter", world.other_insurer)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS")
    grant_use(ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_the_database_itself_says_who_sees_a_chain(
    bound: None, world: World, owner: Organisation
) -> None:
    other = Organisation.objects.get(name_zh="另一链主")
    for model in (SupplyChain, ChainVersion, ChainImport, ChainRun, RunDocument):
        rows = model.objects.unscoped("asking the database itself")
        for role, home in (("underwriter", world.insurer), ("chain_owner", owner)):
            with scope_of(world.actor(role, home)):
                assert rows.exists(), (model, role)
        for role, home in (("underwriter", world.other_insurer), ("chain_owner", other)):
            with scope_of(world.actor(role, home)):
                assert not rows.exists(), (model, role)
