"""What every room's tests share: the public data, the browser, and the rule that nothing skips."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out (not skip) what belongs to the other database: each suite runs its own."""
    url = os.environ.get("DINGHAI_TEST_DATABASE_URL", "")
    other = "sqlite" if url.startswith("postgres") else "postgres"
    left = [item for item in items if item.get_closest_marker(other)]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker(other)]


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
