"""How long a slider of the pricing page takes to answer, seen from the browser.

    DINGHAI_ADDRESS=http://127.0.0.1:8000 DINGHAI_USER=… DINGHAI_PASSWORD=… \
        python benchmarks/slider.py

signs in to a running site, opens the pricing page of the newest case that has an assessment,
moves the limit's slider and prints one JSON line: milliseconds from the move to the new figures
on the screen, the slider's own pause of 150 ms included. Starts nothing but Debian's Chromium.
"""

from __future__ import annotations

import json
import os
import statistics
from urllib.parse import urljoin

from playwright.sync_api import Page, sync_playwright

MOVES = 40
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]

# Resolves when the swapped figures have been drawn: the second frame after htmx has settled them.
MOVE = """
(at) => new Promise((done) => {
  const range = document.querySelector("#price input[type=range]");
  const start = performance.now();
  const settled = (event) => {
    if (event.target.id !== "figures") return;
    document.removeEventListener("htmx:afterSettle", settled);
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
  };
  document.addEventListener("htmx:afterSettle", settled);
  range.value = at;
  range.dispatchEvent(new Event("input", { bubbles: true }));
})
"""


def open_pricing(page: Page, address: str) -> None:
    """Sign in and go to a pricing page. Raises SystemExit where there is none."""
    page.goto(urljoin(address, "/accounts/login/"))
    page.fill("input[name=login]", os.environ["DINGHAI_USER"])
    page.fill("input[name=password]", os.environ["DINGHAI_PASSWORD"])
    page.click("main button[type=submit]")
    page.wait_for_load_state("networkidle")
    page.goto(urljoin(address, "/underwriting/cases/"))
    cases = page.locator("main a[href^='/underwriting/cases/']").evaluate_all(
        "links => links.map(a => a.pathname)")
    for case in cases:
        page.goto(urljoin(address, case))
        found = page.locator("a[href^='/underwriting/assessments/']")
        if found.count():
            path = found.first.get_attribute("href") or ""
            key = path.removeprefix("/underwriting/assessments/").split("/")[0]
            page.goto(urljoin(address, f"/underwriting/assessments/{key}/price/"))
            if page.locator("#price input[type=range]").count():
                page.wait_for_load_state("networkidle")
                return
    raise SystemExit("no case of this site has an assessment that can be priced")


def measure(page: Page) -> list[float]:
    """Milliseconds of each move. A value is not asked for twice in a row."""
    last = int(page.locator("#price input[type=range]").first.get_attribute("max") or 0)
    found = []
    for number in range(MOVES):
        found.append(float(page.evaluate(MOVE, (number * 7 + 3) % (last + 1))))
    return found


def main() -> None:
    """Measure and print."""
    address = os.environ["DINGHAI_ADDRESS"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
        page = browser.new_page(viewport={"width": 1440, "height": 960})
        open_pricing(page, address)
        first, *warm = measure(page)
        browser.close()
    warm.sort()
    print(json.dumps({
        "what": "slider",
        "moves": MOVES,
        "milliseconds": {
            "first": round(first),
            "median": round(statistics.median(warm)),
            "p95": round(warm[int(len(warm) * 0.95) - 1]),
            "most": round(warm[-1]),
        },
        "pause_included": 150,
        "target": 500,
    }))


if __name__ == "__main__":
    main()
