"""The actuary's tables under PostgreSQL's row-level security, as a role that owns nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from dinghai_platform.actuarial.in_force import rating_in_force
from dinghai_platform.actuarial.models import (
    FitPaper,
    FitReport,
    FitUpload,
    ImpactRow,
    ImpactRun,
    TableEvent,
    TableVersion,
)
from dinghai_platform.core import clock
from dinghai_platform.core.server import grant_use
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.underwriting.models import Policy
from tests.platform.actuarial.fit_making import fitted, uploaded
from tests.platform.actuarial.making import TABLE, in_force
from tests.platform.story import World

pytestmark = pytest.mark.postgres
ROLE = "dinghai_actuarial_test"


@pytest.fixture
def bound(policy: Policy, world: World) -> Iterator[None]:
    """The database answers as the site's own role does."""
    in_force(world)
    fitted(world, papers=False)
    uploaded(world)
    world.actor("actuary", world.other_insurer)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {ROLE} NOLOGIN NOBYPASSRLS")
    grant_use(ROLE)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def test_the_database_itself_says_who_sees_a_version(bound: None, world: World) -> None:
    for model in (TableVersion, TableEvent, ImpactRun, ImpactRow, FitReport, FitUpload,
                  FitPaper):
        rows = model.objects.unscoped("asking the database itself")
        with scope_of(world.actor("actuary")):
            assert rows.exists()
        for role, home in (("actuary", world.other_insurer), ("insured_admin", world.donghai)):
            with scope_of(world.actor(role, home)):
                assert not rows.exists()


def test_an_applicant_is_priced_by_the_insurers_table_without_seeing_it(
    bound: None, world: World
) -> None:
    with scope_of(world.actor("insured_admin")):
        rating = rating_in_force(world.insurer, TABLE, clock.today())
    assert rating.market.factor_ppm == 1_700_000
