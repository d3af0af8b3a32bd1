"""A worker in a process of its own, made to hang in the middle of a chunk, and killed there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import connection

from dinghai_platform.core import leases
from dinghai_platform.core.models import Job

_START = """
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
marker = os.environ.get("TEST_MARKER")
def hang():
    Path(marker).touch()
    threading.Event().wait()
"""
_WORK = """
sys.exit(work(until_idle=not marker))
"""
_TENTHS = 1_200
_AT_ONE_PLACE = 6
"""Kills without moving on after which a job is let go on: at the tenth it is given up for good."""


def killed_in_the_middle(settings: Any, marker: Path, hanging: str, always: str = "") -> None:
    """Run a worker until what ``hanging`` (Python) put in place calls ``hang()``; then kill it."""
    worker, patience = _spawn(settings, always + hanging, marker), threading.Event()
    try:
        for _ in range(_TENTHS):
            if marker.exists() or worker.poll() is not None:
                break
            patience.wait(0.1)
        assert marker.exists()
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()


def worked_to_the_end(settings: Any, always: str = "") -> None:
    """Run a worker until nothing is left to do."""
    assert _spawn(settings, always, None).wait(_TENTHS // 5) == 0


def killed_at_random(
    settings: Any, job: Job, always: str, *, times: int, luck: random.Random
) -> set[int]:
    """Kill whichever of two workers holds the job, at random moments, so many times, and now and
    then the other one too. Returns the places in the job at which they were killed."""
    pair = [start_worker(settings, always, stays=True) for _ in range(2)]
    patience, hits, places, in_a_row = threading.Event(), 0, set[int](), 0
    try:
        for _ in range(40 * times):
            if hits == times:
                break
            patience.wait(0.1 + 2.9 * luck.random())
            job.refresh_from_db()
            assert not job.has_ended, f"{job.error} the job was over after {hits} kills"
            if in_a_row >= _AT_ONE_PLACE and job.progress in places:
                continue
            holder = _held_by(job, pair)
            if holder is None:
                continue
            hits += 1
            in_a_row = in_a_row + 1 if job.progress in places else 1
            places.add(job.progress)
            for place in (0, 1) if luck.random() < 0.2 else (holder,):
                pair[place].send_signal(signal.SIGKILL)
                assert pair[place].wait() == -signal.SIGKILL
                pair[place] = start_worker(settings, always, stays=True)
    finally:
        for worker in pair:
            worker.kill()
            worker.wait()
    assert hits == times
    return places


def _held_by(job: Job, pair: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """Which worker holds the job: stopped first, so that it still holds it while it is killed."""
    for place, worker in enumerate(pair):
        worker.send_signal(signal.SIGSTOP)
        job.refresh_from_db()
        if job.lease_owner == leases.process_identity(worker.pid):
            return place
        worker.send_signal(signal.SIGCONT)
    return None


def start_worker(
    settings: Any, always: str = "", *, stays: bool = False
) -> subprocess.Popen[bytes]:
    """A worker in a process of its own, which ends where nothing is left to do unless it stays."""
    return _spawn(settings, always, Path(os.devnull) if stays else None)


def _spawn(settings: Any, change: str, marker: Path | None) -> subprocess.Popen[bytes]:
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
    return subprocess.Popen([sys.executable, "-c", _START + change + _WORK], env=environment)
