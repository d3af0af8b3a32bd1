"""One command for a whole site: migrations, set-up link, worker process and web server."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from types import FrameType

import uvicorn
from django.core.management import call_command
from django.db import connection

from dinghai_platform.core.tokens import needs_setup, new_setup_link
from dinghai_platform.core.worker import Worker

log = logging.getLogger(__name__)
WORKER_GRACE_SECONDS = 20


def serve(host: str, port: int, *, with_worker: bool = True) -> int:
    """Serve until told to stop; the worker is a child that ends with this process."""
    migrate()
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if needs_setup():
        print(f"Set up this site (once, within a day): {address}/setup/{new_setup_link()}/",
              flush=True)
    print(f"Dinghai is at {address}/", flush=True)
    keeper = WorkerKeeper() if with_worker else None
    if keeper:
        keeper.start()
    # The web server hands the signal on once it has closed; without this it would end the
    # process before the worker was told.
    signal.signal(signal.SIGTERM, _end)
    try:
        uvicorn.run(
            "dinghai_platform.asgi:application",
            host=host,
            port=port,
            log_level="warning",
            server_header=False,
            proxy_headers=False,
        )
    except (KeyboardInterrupt, _Ended):
        log.info("the server has ended")
    finally:
        if keeper:
            keeper.stop()
    return 0


def migrate() -> None:
    """Bring the tables up to date as their owner, and let the site's own role use them.

    With DINGHAI_DATABASE_ROLE the site works as a role that owns nothing, so that PostgreSQL's
    row-level security binds it. The role itself is made by whoever runs the database.
    """
    role = connection.settings_dict["OPTIONS"].pop("assume_role", "")
    connection.close()
    try:
        call_command("migrate", interactive=False, verbosity=0)
        if role:
            grant_use(role)
    finally:
        connection.close()
        if role:
            connection.settings_dict["OPTIONS"]["assume_role"] = role


def grant_use(role: str) -> None:
    """Let a role of PostgreSQL read and write every table, and nothing more."""
    name = connection.ops.quote_name(role)
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        cursor.execute(
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"
        )
        cursor.execute(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {name}")


class _Ended(Exception):
    """SIGTERM arrived."""


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _Ended


def work(*, parent: int | None = None, until_idle: bool = False) -> int:
    """Run one worker until SIGTERM or SIGINT (or until nothing waits)."""
    worker = Worker(parent=parent)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if until_idle:
        worker.reclaim()
        worker.start_day()
        worker.run_until_idle()
    else:
        worker.run()
    return 0


class WorkerKeeper:
    """Keeps one worker process alive beside the web server."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Start the worker and watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker: it finishes its chunk; after a grace it is killed, which it survives."""
        self._ended.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(WORKER_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(5)

    def _keep(self) -> None:
        wait = 1.0
        while not self._ended.is_set():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dinghai_platform", "worker", "--parent", str(os.getpid())]
            )
            code = self._process.wait()
            if self._ended.is_set():
                return
            log.warning("the worker ended with %s; starting another", code)
            self._ended.wait(wait)
            wait = min(wait * 2, 30.0)
