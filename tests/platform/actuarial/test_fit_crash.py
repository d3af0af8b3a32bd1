"""The worker is killed while it makes a fit's paper: what was found stays, the paper comes once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from dinghai_platform.actuarial.models import FitPaper, FitReport, FitUpload
from dinghai_platform.actuarial.services.fits import ask_fit
from dinghai_platform.core import audit
from dinghai_platform.core.tenancy import crossing_tenants
from tests.platform.actuarial.fit_making import LOSSES, uploaded
from tests.platform.actuarial.test_impact_crash import _standing  # noqa: F401
from tests.platform.story import make_world

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
from dinghai_platform.actuarial.services import fitting
marker = os.environ.get("TEST_MARKER")
if marker:
    create = fitting.FitPaper.objects.create
    def create_and_hang(**fields):
        made = create(**fields)
        if fields["language"] == "en":
            Path(marker).touch()
            threading.Event().wait()
        return made
    fitting.FitPaper.objects.create = create_and_hang
sys.exit(work(until_idle=not marker))
"""


def _spawn(settings: Any, marker: Path | None = None) -> subprocess.Popen[bytes]:
    database = {
        name: value for name, value in connection.settings_dict.items()
        if name in {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS"}}
    environment = {
        **os.environ, "TEST_DATABASE": json.dumps(database, default=str),
        "TEST_HOME": str(settings.DINGHAI_HOME),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    if marker is not None:
        environment["TEST_MARKER"] = str(marker)
    return subprocess.Popen([sys.executable, "-c", WORKER], env=environment)


@pytest.mark.django_db(transaction=True)
def test_a_killed_fit_goes_on_where_it_was(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    fit = ask_fit(uploaded(world), LOSSES, actor=world.actor("actuary"))
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
    # The fit and the Chinese paper are committed; the English one went with its worker.
    halfway = FitReport.objects.within(world.insurer).select_related("job").get(pk=fit.pk)
    assert (halfway.state, halfway.job.state, halfway.job.progress) == ("running", "running", 2)
    papers = FitPaper.objects.within(world.insurer)
    assert [one.language for one in papers] == ["zh"]
    assert FitUpload.objects.within(world.insurer).count() == 1

    assert _spawn(settings).wait(240) == 0
    with crossing_tenants("the test looks at everything"):
        done = FitReport.objects.within(world.insurer).get(pk=fit.pk)
    assert done.state == "done" and done.document_hash == halfway.document_hash
    assert sorted(one.language for one in papers.all()) == ["en", "zh"]
    assert FitUpload.objects.within(world.insurer).count() == 0
    assert audit.verify_chain(world.insurer).holds
