"""Pictures of a running site, in both languages: the sign-in page and every page of the menu.

    DINGHAI_USER=… DINGHAI_PASSWORD=… tools/screenshots.py [ADDRESS]

ADDRESS is the site's (http://127.0.0.1:8000 unless given); more paths may follow it. The pictures
go to docs/images/<language>-<path>.png. Uses Debian's Chromium.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs/images"
LANGUAGES = {"zh-hans": "zh", "en": "en"}
SIZE = {"width": 1440, "height": 1000}


def shoot(page: Page, language: str, path: str) -> None:
    """One picture of the page shown."""
    name = re.sub(r"[^a-z0-9]+", "-", path.strip("/").lower()) or "home"
    target = IMAGES / f"{LANGUAGES[language]}-{name}.png"
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)  # charts come in softly
    page.screenshot(path=target)
    print(target.relative_to(IMAGES.parent.parent))


def sign_in(page: Page, user: str, password: str) -> None:
    """Fill in the sign-in form. Raises SystemExit when it is refused."""
    page.fill("input[name=login]", user)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_load_state("networkidle")
    if page.locator("input[name=password]").count():
        raise SystemExit("the site refused this sign-in")


def tour(browser: Browser, address: str, language: str, more: list[str]) -> None:
    """Every page of the menu, then the paths asked for, in one language."""
    context = browser.new_context(viewport=SIZE, locale="en-GB" if language == "en" else "zh-CN")
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])
    page = context.new_page()
    page.goto(urljoin(address, "/accounts/login/"))
    shoot(page, language, "sign-in")
    sign_in(page, os.environ["DINGHAI_USER"], os.environ["DINGHAI_PASSWORD"])
    links = page.locator(".dh-menu a").evaluate_all("links => links.map(a => a.pathname)")
    for path in dict.fromkeys(["/", *links, *more]):
        page.goto(urljoin(address, path))
        shoot(page, language, path)
    context.close()


def main() -> int:
    """The command line."""
    chromium = shutil.which("chromium")
    if chromium is None or not {"DINGHAI_USER", "DINGHAI_PASSWORD"} <= set(os.environ):
        print(__doc__, file=sys.stderr)
        return 2
    address, *more = sys.argv[1:] or ["http://127.0.0.1:8000"]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for language in LANGUAGES:
            tour(browser, address, language, more)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
