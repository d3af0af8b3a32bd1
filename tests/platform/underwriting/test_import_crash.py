"""The worker is killed in the middle of an import: nothing is lost, nothing comes twice."""

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

from dinghai.assessment.dossier import read_dossier
from dinghai_platform.core import audit
from dinghai_platform.core.models import Job
from dinghai_platform.underwriting.models import Dossier, EvidenceReading, Finding
from dinghai_platform.underwriting.services.cases import open_case
from dinghai_platform.underwriting.services.dossiers import archive_of_folder, import_dossier
from tests.platform.story import EXAMPLE, make_world

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
from dinghai_platform.underwriting.services import staging
marker = os.environ.get("TEST_MARKER")
if marker:
    write = staging.write_reading
    def write_and_hang(dossier, position, reading):
        row = write(dossier, position, reading)
        if position == 3:
            Path(marker).touch()
            threading.Event().wait()
        return row
    staging.write_reading = write_and_hang
sys.exit(work(until_idle=not marker))
"""


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
def test_a_killed_import_goes_on_where_it_was(settings: Any, tmp_path: Path) -> None:
    world = make_world()
    underwriter = world.actor("underwriter")
    case = open_case(world.donghai, title="crash", actor=underwriter)
    started = import_dossier(
        case, archive_of_folder(EXAMPLE), name="donghai.zip", actor=underwriter
    )
    marker, patience = tmp_path / "marker", threading.Event()
    first = _spawn(settings, marker)
    try:
        for _ in range(600):
            if marker.exists() or first.poll() is not None:
                break
            patience.wait(0.1)
        assert marker.exists()
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    # Statements and two files are committed; the third file's rows are gone with its worker.
    job = Job.objects.within(world.insurer).get(pk=started.job_id)
    assert (job.state, job.progress) == (Job.State.RUNNING, 3)
    assert EvidenceReading.objects.within(world.insurer).count() == 2
    assert Dossier.objects.within(world.insurer).get().state == Dossier.State.READING

    assert _spawn(settings).wait(120) == 0
    whole = read_dossier(EXAMPLE)
    dossier = Dossier.objects.within(world.insurer).get()
    assert dossier.state == Dossier.State.SEALED and dossier.sha256 == whole.sha256
    assert EvidenceReading.objects.within(world.insurer).count() == len(whole.readings)
    assert Finding.objects.within(world.insurer).count() == len(whole.findings)
    assert audit.verify_chain(world.insurer).holds
