"""The worker is killed in the middle of an impact run: nothing is lost, nothing comes twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

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
from tests.platform.story import EXAMPLE, make_world, stand_at, work
from tests.platform.underwriting.way import policy_in_force

WORKER = """
import json, os, sys, threading
from pathlib import Path
import django
from django.conf import settings
from dinghai_platform.settings import test as base
values = {k: getattr(base, k) for k in dir(base) if k.isupper()}
values["DATABASES"] = {"default": json.loads(os.environ["TEST_DATABASE"])}
values["DINGHAI_HOME"] = Path(os.environ["TEST_HOME"])
values["DINGHAI_CLOCK"] = "dinghai_platform.core.clock.StandingClock"
settings.configure(**values)
django.setup()
from dinghai_platform.core.server import work
from dinghai_platform.actuarial.services import impacts
impacts.AT_ONCE = 1
marker = os.environ.get("TEST_MARKER")
if marker:
    write = impacts.ImpactRow.objects.bulk_create
    def write_and_hang(rows):
        made = write(rows)
        if rows[0].policy_id is None:
            Path(marker).touch()
            threading.Event().wait()
        return made
    impacts.ImpactRow.objects.bulk_create = write_and_hang
sys.exit(work(until_idle=not marker))
"""


@pytest.fixture(autouse=True)
def _standing(settings: Any) -> Iterator[None]:
    settings.DINGHAI_CLOCK = "dinghai_platform.core.clock.StandingClock"
    stand_at("2026-03-11T10:00:00")
    yield
    (settings.DINGHAI_HOME / "clock").unlink(missing_ok=True)


def _spawn(settings: Any, marker: Path | None = None) -> subprocess.Popen[bytes]:
    database = {
        name: value
        for name, value in connection.settings_dict.items()
        if name in {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS"}
    }
    environment = {
        **os.environ,
        "TEST_DATABASE": json.dumps(database, default=str),
        "TEST_HOME": str(settings.DINGHAI_HOME),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }
    if marker is not None:
        environment["TEST_MARKER"] = str(marker)
    return subprocess.Popen([sys.executable, "-c", WORKER], env=environment)


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

    marker, patience = tmp_path / "marker", threading.Event()
    first = _spawn(settings, marker)
    try:
        for _ in range(1_200):
            if marker.exists() or first.poll() is not None:
                break
            patience.wait(0.1)
        assert marker.exists()
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    # The policy's row is committed; the first quote's went with its worker.
    job = Job.objects.within(world.insurer).get(pk=run.job_id)
    assert (job.state, job.progress) == (Job.State.RUNNING, 1)
    assert ImpactRow.objects.within(world.insurer).count() == 1

    assert _spawn(settings).wait(240) == 0
    with crossing_tenants("the test looks at everything"):
        run = ImpactRun.objects.within(world.insurer).get(pk=run.pk)
        rows = list(ImpactRow.objects.within(world.insurer).filter(run=run))
    assert run.state == "done" and run.faults == 0
    assert len({one.quote_id for one in rows}) == len(rows) == 3
    assert run.summary["policies"]["count"] == 1 and run.summary["quotes"]["count"] == 2
    assert audit.verify_chain(world.insurer).holds
