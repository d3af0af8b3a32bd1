"""A site with the demonstration's story in it, served on loopback for the browser."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Site:
    """Where the site is and what the demonstration said of itself."""

    address: str
    told: dict[str, Any]

    def password(self, username: str) -> str:
        """A demonstration user's password."""
        return next(one["password"] for one in self.told["people"]
                    if one["username"] == username)


def _environment(home: Path) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items()
           if not name.startswith(("DINGHAI_", "DJANGO_"))}
    return {**env, "DINGHAI_HOME": str(home),
            "DINGHAI_CLOCK": "dinghai_platform.core.clock.StandingClock"}


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demonstration's home and the document its command printed."""
    home = tmp_path_factory.mktemp("site") / "demo"
    done = subprocess.run(
        [sys.executable, "-m", "dinghai_platform", "demo", "--json", "--home", str(home)],
        capture_output=True, text=True, check=False, env=_environment(home), timeout=900)
    assert done.returncode == 0, done.stderr[-3_000:]
    return home, json.loads(done.stdout)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = monotonic() + PATIENCE_SECONDS
    while monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            try:
                code = process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the site ended with {code}") from None
        else:
            return
    raise AssertionError("the site did not answer")


@pytest.fixture(scope="session")
def site(chromium: str, told: tuple[Path, dict[str, Any]]) -> Iterator[Site]:
    """The demonstration's site, served by its own process that ends with the tests."""
    home, document = told
    port = _free_port()
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dinghai_platform", "serve", "--port", str(port),
             "--no-worker"],
            env=_environment(home), stdout=log, stderr=log)
        try:
            _wait_for(port, process)
            yield Site(f"http://127.0.0.1:{port}", document)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)


@pytest.fixture
def sign_in(site: Site, open_page: Callable[..., Page]) -> Callable[..., Page]:
    """``sign_in("handler", "en")``: somebody's browser, signed in, on the dashboard."""

    def signed_in(username: str, language: str = "zh-hans", width: int = 1440) -> Page:
        page = open_page(f"{site.address}/accounts/login/", language=language, width=width)
        page.fill("input[name=login]", username)
        page.fill("input[name=password]", site.password(username))
        page.click("main button[type=submit]")
        page.wait_for_url("**/dashboard/")
        return page

    return signed_in
