"""The worker is killed in the middle of an impact run: nothing is lost, nothing comes twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dinghai_platform.actuarial.models import ImpactRow, ImpactRun
from dinghai_platform.actuarial.services.impacts import start_impact
from dinghai_platform.catalogue.services import install_product, release_product
from dinghai_platform.core import audit
from dinghai_platform.core.models import Job
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.underwriting.models import Dossier
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.dossiers import archive_of_folder, import_dossier
from dinghai_platform.underwriting.services.quotes import price_quote
from tests.platform.actuarial.making import new_draft
from tests.platform.killing import killed_in_the_middle, worked_to_the_end
from tests.platform.story import EXAMPLE, make_world, stand_at, work
from tests.platform.underwriting.way import policy_in_force

ONE_BY_ONE = """
from dinghai_platform.actuarial.services import impacts
impacts.AT_ONCE = 1
"""
HANGING = """
write = impacts.ImpactRow.objects.bulk_create
def write_and_hang(rows):
    made = write(rows)
    if rows[0].policy_id is None:
        hang()
    return made
impacts.ImpactRow.objects.bulk_create = write_and_hang
"""


@pytest.fixture(autouse=True)
def _standing(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-03-11T10:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


@pytest.mark.django_db(transaction=True)
def test_a_killed_run_goes_on_where_it_was(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    underwriter = world.actor("underwriter")
    product = release_product(
        install_product("cyber-comprehensive-standard", actor=world.system), actor=world.system)
    case = open_case(world.donghai, title="crash", actor=underwriter)
    import_dossier(case, archive_of_folder(EXAMPLE), name="donghai.zip", actor=underwriter)
    work()
    policy = policy_in_force(Dossier.objects.within(world.insurer).get(), product, world)
    for limit in (500_000_000, 600_000_000):
        price_quote(policy.quote.assessment, product, actor=underwriter, limit_fen=limit)
    run = start_impact(new_draft(world), actor=world.actor("actuary"))

    killed_in_the_middle(settings, tmp_path / "marker", HANGING, ONE_BY_ONE)
    # The policy's row is committed; the first quote's went with its worker.
    job = Job.objects.within(world.insurer).get(pk=run.job_id)
    assert (job.state, job.progress) == (Job.State.RUNNING, 1)
    assert ImpactRow.objects.within(world.insurer).count() == 1

    worked_to_the_end(settings, ONE_BY_ONE)
    with crossing_tenants("the test looks at everything"):
        run = ImpactRun.objects.within(world.insurer).get(pk=run.pk)
        rows = list(ImpactRow.objects.within(world.insurer).filter(run=run))
    assert run.state == "done" and run.faults == 0
    assert len({one.quote_id for one in rows}) == len(rows) == 3
    assert run.summary["policies"]["count"] == 1 and run.summary["quotes"]["count"] == 2
    assert audit.verify_chain(world.insurer).holds
