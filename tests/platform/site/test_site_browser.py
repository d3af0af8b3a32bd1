"""The components alive in a browser, under the content policy of the site."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def guide(live_server, settings) -> str:
    """The address of the style guide."""
    settings.DEBUG = True
    return f"{live_server.url}/styleguide/"


def column(page: Page, number: int) -> list[str]:
    """The texts of one column of the findings, rows shown only."""
    cells = page.locator(f"[data-table] tbody tr:visible > :nth-child({number})")
    return [text.strip() for text in cells.all_inner_texts()]


def test_table_sorts_by_mouse_and_keyboard(open_page: Callable[..., Page], guide: str) -> None:
    page = open_page(guide, language="en")
    heading = page.get_by_role("button", name="EPSS")
    heading.click()
    assert column(page, 4) == ["94.1%", "94.3%", "97.5%", "—", "—", "—"]
    heading.focus()
    page.keyboard.press("Enter")
    assert column(page, 4) == ["97.5%", "94.3%", "94.1%", "—", "—", "—"]
    header = page.get_by_role("columnheader", name="EPSS")
    assert header.get_attribute("aria-sort") == "descending"
    assert page.get_by_role("button", name="Evidence").count() == 0


def test_table_filters_and_exports_what_is_shown(
    open_page: Callable[..., Page], guide: str, tmp_path: Path
) -> None:
    page = open_page(guide, language="en")
    page.get_by_placeholder("Filter").fill("tls")
    assert column(page, 1) == ["F-5e91"]
    assert "Showing 1 of 6" in page.locator("[data-table-count]").inner_text()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="CSV").click()
    saved = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(saved)
    text = saved.read_text(encoding="utf-8-sig")
    assert saved.name == "findings.csv"
    assert text.splitlines()[0].startswith('"Finding","Product"')
    assert len(text.splitlines()) == 2 and '"TLS 1.0"' in text
    page.get_by_placeholder("Filter").fill("nothing like it")
    assert page.get_by_text("Nothing matches the filter.").is_visible()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_charts_are_drawn_and_have_their_table(
    open_page: Callable[..., Page], guide: str, language: str
) -> None:
    page = open_page(guide, language=language)
    expect(page.locator("[data-chart] canvas")).to_have_count(5)
    assert page.locator("[data-chart]").count() == 5
    page.locator(".dh-figure-table summary").first.click()
    assert page.locator(".dh-figure-table table").first.is_visible()
    page.locator("[data-chart]").first.hover()


def test_slider_shows_its_value_and_tells_its_form(
    open_page: Callable[..., Page], guide: str
) -> None:
    page = open_page(guide, language="en")
    page.evaluate(
        "() => { window.told = new Promise((resolve) => document.addEventListener("
        "'dinghai:slide', (event) => resolve(event.detail.value), { once: true })); }"
    )
    page.locator("#slider-limit_fen").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("window.told") == 2_000_000_000  # one message for both steps
    assert page.locator("input[name=limit_fen]").input_value() == "2000000000"
    assert page.locator("output").first.inner_text() == "¥20,000,000.00"


def test_dialog_opens_closes_and_a_deed_asks_first(
    open_page: Callable[..., Page], guide: str
) -> None:
    page = open_page(guide, language="en")
    page.get_by_role("button", name="Open a dialog").click()
    assert page.get_by_role("dialog", name="A dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog", name="A dialog").is_visible()
    posts: list[str] = []
    page.on("request", lambda asked: asked.method == "POST" and posts.append(asked.url))
    page.get_by_role("button", name="Bind").click()
    question = page.get_by_role("dialog", name="Please confirm")
    assert "¥73,040.00" in question.inner_text()
    question.get_by_role("button", name="Cancel").click()
    assert posts == []
    page.get_by_role("button", name="Bind").click()
    with page.expect_navigation():
        question.get_by_role("button", name="Bind").click()
    assert len(posts) == 1


def test_menu_folds_away_on_a_small_screen(open_page: Callable[..., Page], guide: str) -> None:
    page = open_page(guide, language="en", width=420)
    toggle = page.get_by_role("button", name="Menu", exact=True)
    menu = page.locator(".dh-side")
    assert not menu.is_visible()
    toggle.click()
    assert menu.is_visible() and toggle.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert toggle.get_attribute("aria-expanded") == "false"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_first_key_leads_past_the_menu(open_page: Callable[..., Page], guide: str) -> None:
    page = open_page(guide, language="en")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
