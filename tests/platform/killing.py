"""A worker in a process of its own, made to hang in the middle of a chunk, and killed there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from django.db import connection

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
