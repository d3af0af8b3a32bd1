"""A supply chain in a browser, in Chinese and in English: the map and the storyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
LANGUAGES = ("zh-hans", "en")
WORDS = {
    "zh-hans": {"chain": "海悦电器供应链", "play": "播放", "pause": "暂停"},
    "en": {"chain": "Supply chain of Haiyue Appliances", "play": "Play", "pause": "Pause"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_start_page_into_a_bubble_and_to_a_firm(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("haiyue", language)
    page.get_by_role("link", name=WORDS[language]["chain"]).first.click()
    page.locator(".ch-tabs a[href*='/map/']").click()
    bubbles = page.locator("[data-mark]")
    expect(page.locator("svg[data-chain-map]")).to_be_visible()
    whole = bubbles.count()
    largest = page.locator("[data-mark='up1-C']")
    largest.focus()  # what the pointer shows, the keyboard shows too
    tip = page.locator("[data-map-tip]")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("23")
    expect(page.locator("svg.ch-map-pointed .ch-edge.ch-joined").first).to_be_attached()
    page.keyboard.press("Enter")
    expect(page.locator(".ch-map-path").first).to_be_visible()
    assert "group=up1-C" in page.url
    expect(page.locator("[data-mark='donghai']")).to_be_visible()
    page.locator("select[name=layer]").select_option("goods")
    expect(page.locator(".ch-edges .ch-edge-attack")).to_have_count(0)
    page.go_back()
    page.locator(".ch-map-path a").first.click()
    expect(bubbles).to_have_count(whole)
    page.goto(f"{site.address}/chains/{site.told['chain']}/map/?group=up1-C")
    page.locator("[data-mark='donghai']").click()
    page.wait_for_url("**/nodes/donghai/**")
    expect(page.locator("h1")).not_to_be_empty()
    expect(page.locator(".ch-facts")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_storyboard_is_stepped_and_played(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    page = sign_in("underwriter", language)
    page.goto(f"{site.address}/chains/{site.told['chain']}/storyboard/")
    days = page.locator("[data-frame]")
    number = days.count()
    assert number > 1
    expect(page.locator("[data-frame='0']")).to_have_class("ch-now")
    page.locator("[data-step='1']").click()
    expect(page.locator("[data-frame='1']")).to_have_class("ch-now")
    expect(page.locator("[data-frame='0']")).not_to_have_class("ch-now")
    slider = page.locator("[data-day]")
    slider.fill(str(number - 1))
    expect(page.locator(f"[data-frame='{number - 1}']")).to_have_class("ch-now")
    expect(page.locator(".ch-later")).to_have_count(0)
    play = page.locator("[data-play]")
    expect(play).to_have_text(words["play"])
    play.click()
    expect(play).to_have_text(words["pause"])
    expect(page.locator("[data-frame='1']")).to_have_class("ch-now", timeout=10_000)
    play.click()
    expect(play).to_have_text(words["play"])


def test_the_storyboard_says_the_same_without_script(site: Site, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.address}/accounts/login/")
    page.fill("input[name=login]", "actuary")
    page.fill("input[name=password]", site.password("actuary"))
    page.click("main button[type=submit]")
    page.goto(f"{site.address}/chains/{site.told['chain']}/storyboard/")
    expect(page.locator("[data-frame] table").first).to_be_visible()
    expect(page.locator("[data-player]")).to_be_hidden()
    page.goto(f"{site.address}/chains/{site.told['chain']}/map/")
    page.locator("[data-mark='up1-C']").click()
    expect(page.locator("[data-mark='donghai']")).to_be_visible()
    context.close()
