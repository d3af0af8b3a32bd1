"""What every room's tests share: the public data, the browser, and the rule that nothing skips."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# As in `dinghai.cli`, and said before any test imports numpy: several tests run beside each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Quiet: nothing of its own may leave the machine while tests watch for requests elsewhere.
CHROMIUM = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)
_SKIPPED: list[str] = []


def _no_skips() -> bool:
    return os.environ.get("DINGHAI_NO_SKIPS") == "1"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public data used in development; skips where there is none."""
    named = os.environ.get("DINGHAI_SHARED")
    if not named:
        pytest.skip("DINGHAI_SHARED does not name the folder of shared data")
    folder = Path(named).resolve()
    if not (folder / "data").is_dir():
        pytest.skip("DINGHAI_SHARED names a folder without data/")
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's browser; skips where it is not installed."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Debian's Chromium without a window, one for all browser tests."""
    from playwright.sync_api import sync_playwright

    # The browser's driver runs a loop in this thread; the database is used beside it, not in it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=chromium, args=list(CHROMIUM))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages that are watched: ``open_page(address, language="en", width=1440)``.

    At the end no page may have logged an error, broken the content policy (which is logged), or
    asked another host for anything.
    """
    faults: list[str] = []
    contexts = []

    def watch(page: Page, host: str) -> None:
        page.on("pageerror", lambda error: faults.append(f"script: {error}"))
        page.on(
            "console",
            lambda said: said.type == "error" and faults.append(f"console: {said.text}"),
        )
        page.on(
            "request",
            lambda asked: (
                urlsplit(asked.url).netloc not in {host, ""}
                and faults.append(f"outside: {asked.url}")
            ),
        )

    def opened(address: str, language: str = "zh-hans", width: int = 1440) -> Page:
        parts = urlsplit(address)
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN" if language == "zh-hans" else "en-GB",
        )
        contexts.append(context)
        root = f"{parts.scheme}://{parts.netloc}"
        context.add_cookies([{"name": "django_language", "value": language, "url": root}])
        page = context.new_page()
        watch(page, parts.netloc)
        page.goto(address, wait_until="networkidle")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out (not skip) what belongs to the other database: each suite runs its own."""
    url = os.environ.get("DINGHAI_TEST_DATABASE_URL", "")
    other = "sqlite" if url.startswith("postgres") else "postgres"
    left = [item for item in items if item.get_closest_marker(other)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker(other)]


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the collector leave alone what lives to the end: eight thousand tests and the engine."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With ``--dist loadfile`` the house's own order."""
    if config.getvalue("dist") != "loadfile":
        return None
    from tests.scheduling import Scheduling

    return Scheduling(config, log)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember every test that did not run."""
    if report.skipped and not hasattr(report, "wasxfail"):
        _SKIPPED.append(report.nodeid)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember every module that did not load because of a missing import."""
    if report.skipped:
        _SKIPPED.append(report.nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where no skip is allowed, a skip is a failure."""
    if _no_skips() and _SKIPPED and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that had to run and did not."""
    if _no_skips() and _SKIPPED:
        terminalreporter.section("skipped tests are failures here (DINGHAI_NO_SKIPS=1)", red=True)
        for nodeid in _SKIPPED:
            terminalreporter.line(nodeid)
