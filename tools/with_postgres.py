"""Run a command against a PostgreSQL cluster made for it, and remove the cluster afterwards.

    tools/with_postgres.py [--durable] pytest tests/platform

Uses the newest PostgreSQL of Debian's packages. The cluster lives in a temporary directory, listens
on a free loopback port with a random password, and gives up durability for speed unless it is asked
to be ``--durable``, as a cluster with real data is. It is stopped by its process id whatever
happens to the command.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

START_SECONDS = 30
SETTINGS = ("max_connections=50",)
THROWAWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def newest_binaries() -> Path:
    """The directory of initdb and postgres. Raises SystemExit when there is none."""
    every = Path("/usr/lib/postgresql").glob("*/bin")
    found = [path for path in every if path.parent.name.isdigit()]
    if not found:
        raise SystemExit("PostgreSQL is not installed: apt-get install postgresql")
    return max(found, key=lambda path: int(path.parent.name))


def as_server_user() -> tuple[list[str], tuple[int, int] | None]:
    """How to start what refuses to be root: a command prefix, and the owner its files need."""
    if os.geteuid() != 0:
        return [], None
    user = pwd.getpwnam("postgres")
    prefix = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return prefix, (user.pw_uid, user.pw_gid)


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(binaries: Path, port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server answers. Raises SystemExit with its log when it does not."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        ready = [binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        if subprocess.run(ready, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise SystemExit(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def run(command: Sequence[str], folder: Path, *, durable: bool = False) -> int:
    """Start the cluster in that folder, run the command, stop the cluster; the command's code."""
    binaries = newest_binaries()
    prefix, owner = as_server_user()
    password = secrets.token_hex(16)
    secret, log, data = folder / "password", folder / "log", folder / "data"
    secret.write_text(password)
    if owner is not None:
        for path in (folder, secret):
            os.chown(path, *owner)
    initialise = [binaries / "initdb", "-D", data, "-U", "dinghai", "--pwfile", secret]
    subprocess.run(
        [*prefix, *initialise, "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    port = free_port()
    settings = [
        part
        for setting in (
            f"port={port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={folder}",
            *SETTINGS,
            *(() if durable else THROWAWAY),
        )
        for part in ("-c", setting)
    ]
    with log.open("wb") as output:
        # Its own session, so that an interrupt at the terminal reaches the command first.
        server = subprocess.Popen(
            [*prefix, binaries / "postgres", "-D", data, *settings],
            stdout=output,
            stderr=output,
            cwd=folder,
            start_new_session=True,
        )
    try:
        wait_until_ready(binaries, port, server, log)
        url = f"postgresql://dinghai:{password}@127.0.0.1:{port}/postgres"
        environment = {**os.environ, "DINGHAI_TEST_DATABASE_URL": url}
        return subprocess.run(command, check=False, env=environment).returncode
    finally:
        server.send_signal(signal.SIGINT)  # fast shutdown: open sessions are rolled back
        try:
            server.wait(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def interrupted(number: int, frame: object) -> None:
    """Turn a request to end into an exception, so that the server is still stopped."""
    raise SystemExit(128 + number)


def main() -> int:
    """The command line."""
    durable = sys.argv[1:2] == ["--durable"]
    command = sys.argv[2 if durable else 1:]
    if not command:
        print(__doc__, file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, interrupted)
    signal.signal(signal.SIGHUP, interrupted)
    folder = Path(tempfile.mkdtemp(prefix="dinghai-postgres-"))
    try:
        return run(command, folder, durable=durable)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
