"""The pictures of the README, taken from a running site, in both languages.

    tools/screenshots.py                        make the demonstration, serve it, take its pictures
    DINGHAI_USER=… DINGHAI_PASSWORD=… tools/screenshots.py ADDRESS [PATH …]
                                                every page of the menu of a site that is running

The pictures go to docs/images/. Uses Debian's Chromium.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
LANGUAGES = {"zh-hans": "zh", "en": "en"}
SIZE = {"width": 1440, "height": 960}
TELEPHONE = {"width": 390, "height": 844}
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync"]
CASE = "东海家电 2026"
CLAIM = "CLM-2026-000001"


def shoot(page: Page, name: str) -> None:
    """One picture of what the window shows, in 256 colours."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(700)  # charts come in softly
    target = IMAGES / f"{name}.png"
    page.screenshot(path=target)
    with Image.open(target) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(target, optimize=True)
    print(f"{target.relative_to(ROOT)}  {target.stat().st_size // 1024} KB")


def sign_in(page: Page, address: str, user: str, password: str) -> None:
    """Fill in the sign-in form. Raises SystemExit when it is refused."""
    page.goto(urljoin(address, "/accounts/login/"))
    page.fill("input[name=login]", user)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_load_state("networkidle")
    if page.locator("input[name=password]").count():
        raise SystemExit("the site refused this sign-in")


def opened(browser: Browser, address: str, language: str, size: dict[str, int] | None = None
           ) -> Page:
    """A fresh window in one language."""
    context = browser.new_context(
        viewport=size or SIZE, locale="en-GB" if language == "en" else "zh-CN")
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    return context.new_page()


def tour(browser: Browser, address: str, language: str, more: list[str]) -> None:
    """Every page of the menu, then the paths asked for, in one language."""
    page = opened(browser, address, language)
    sign_in(page, address, os.environ["DINGHAI_USER"], os.environ["DINGHAI_PASSWORD"])
    links = page.locator(".dh-menu a").evaluate_all("links => links.map(a => a.pathname)")
    for path in dict.fromkeys(["/", *links, *more]):
        page.goto(urljoin(address, path))
        name = re.sub(r"[^a-z0-9]+", "-", path.strip("/").lower()) or "home"
        shoot(page, f"tour-{name}-{LANGUAGES[language]}")
    page.context.close()


def story(browser: Browser, address: str, language: str, told: dict[str, Any]) -> None:
    """The pictures of the README: case, dashboard, assessment, quote, claim, report."""
    tail = LANGUAGES[language]
    passwords = {one["username"]: one["password"] for one in told["people"]}
    page = opened(browser, address, language)
    sign_in(page, address, "underwriter", passwords["underwriter"])
    shoot(page, f"dashboard-{tail}")
    page.get_by_role("link", name=CASE).first.click()
    shoot(page, f"case-{tail}")
    case = page.url
    for name in ("assessments", "plans", "quotes"):
        page.goto(case)
        link = page.locator(f"main a[href*='/underwriting/{name}/']").first
        page.goto(urljoin(address, link.get_attribute("href") or "/"))
        shoot(page, f"{name.removesuffix('s')}-{tail}")
    page.context.close()
    page = opened(browser, address, language)
    sign_in(page, address, "handler", passwords["handler"])
    page.goto(urljoin(address, "/claims/files/"))
    page.get_by_role("link", name=CLAIM).click()
    line = page.locator("details.cl-line").filter(has_text="FP-BI").first
    line.locator("summary").click()
    shoot(page, f"claim-{tail}")
    page.goto(urljoin(address, "/claims/incidents/"))
    page.get_by_role("link", name="INC-2026-000001").click()
    shoot(page, f"incident-{tail}")
    page.context.close()
    page = opened(browser, address, language, TELEPHONE)
    sign_in(page, address, "donghai", passwords["donghai"])
    page.goto(urljoin(address, "/claims/report/"))
    shoot(page, f"report-{tail}")
    page.context.close()


@contextlib.contextmanager
def demonstration() -> Iterator[tuple[str, dict[str, Any]]]:
    """A site with the demonstration in it: its address, and what the command told."""
    with tempfile.TemporaryDirectory(prefix="dinghai-pictures-") as room:
        home = Path(room) / "demo"
        env = {**os.environ, "DINGHAI_HOME": str(home),
               "DINGHAI_CLOCK": "dinghai_platform.core.clock.StandingClock"}
        command = [sys.executable, "-m", "dinghai_platform"]
        done = subprocess.run([*command, "demo", "--json", "--home", str(home)], env=env,
                              stdout=subprocess.PIPE, text=True, check=True)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        process = subprocess.Popen([*command, "serve", "--port", str(port), "--no-worker"],
                                   env=env, stdout=subprocess.DEVNULL)
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}", json.loads(done.stdout)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = monotonic() + 60
    while monotonic() < until:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise SystemExit(f"the site ended with {process.wait(timeout=0.2)}")
    raise SystemExit("the site did not answer")


def main() -> int:
    """The command line."""
    chromium = shutil.which("chromium")
    touring = len(sys.argv) > 1
    if chromium is None or (touring and not {"DINGHAI_USER", "DINGHAI_PASSWORD"} <= set(
            os.environ)):
        print(__doc__, file=sys.stderr)
        return 2
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM)
        if touring:
            for language in LANGUAGES:
                tour(browser, sys.argv[1], language, sys.argv[2:])
        else:
            with demonstration() as (address, told):
                for language in LANGUAGES:
                    story(browser, address, language, told)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
