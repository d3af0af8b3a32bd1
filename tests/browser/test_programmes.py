"""A programme of a chain in a browser: the chain owner, the insurer's four eyes, one supplier."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
LANGUAGES = ("zh-hans", "en")
WORDS = {
    "zh-hans": {"programme": "海悦电器供应链三方共保", "insurers": "保险人", "owner": "链主企业",
                "suppliers": "供应商", "fixes": "怎样降低保险费，能降多少",
                "other": "万程物流", "own": "东海家电", "waits": "待复核", "posted": "已入账"},
    "en": {"programme": "Three-party sharing of the Haiyue chain", "insurers": "Insurers",
           "owner": "Chain owner", "suppliers": "Suppliers",
           "fixes": "What lowers your premium, and by how much",
           "other": "万程物流", "own": "Donghai Home Appliances", "waits": "Waits for approval",
           "posted": "Posted"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_chain_owner_sees_who_is_in_and_who_shares(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    page = sign_in("haiyue", language)
    page.goto(f"{site.address}/chains/{site.told['chain']}/")
    page.get_by_role("link", name=words["programme"]).first.click()  # from the chain
    expect(page.locator("h1")).to_contain_text(words["programme"])
    expect(page.locator(".dh-stats")).to_contain_text("60")
    expect(page.locator("main")).to_contain_text("¥1,200,000.00")
    page.locator(".pg-tabs a[href*='/shares/']").click()
    layer = page.locator(".pg-layer").last  # the lowest, which all three share
    for text in (words["insurers"], words["owner"], words["suppliers"], "70.00%", "20.00%"):
        expect(layer).to_contain_text(text)
    expect(layer.locator("svg.pg-bar")).to_have_count(2)  # as agreed, and by causes
    assert page.locator("[data-dialog=study]").count() == 0  # the insurer's
    page.goto(f"{site.address}/programmes/settlements/{site.told['settlement']}/")
    expect(page.locator(".dh-stats")).to_contain_text("¥3,750,000.00")
    expect(page.locator("svg.pg-bar rect")).to_have_count(3)
    page.locator(".breadcrumb a").nth(1).click()
    page.locator(f"main a[href*='/chains/{site.told['chain']}/']").first.click()  # and back to it
    expect(page.locator(".ch-tabs")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_event_is_settled_by_two_people(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    handler = sign_in("handler", language)
    handler.goto(f"{site.address}/programmes/{site.told['programme']}/settlements/")
    handler.locator("[data-dialog=event]").click()
    form = handler.locator("dialog[open] form")
    form.locator("[name=event]").fill(f"2026-{language}")
    form.locator("[name=occurred_on]").fill("2026-12-01")
    form.locator("[name=member]").select_option("s102")
    form.locator("[name=coverage]").select_option("SC-PROP")
    form.locator("[name=amount]").fill("10万")
    form.locator("[name=root_cause]").select_option("s124")
    form.locator("button.btn-primary").click()
    handler.wait_for_url(re.compile("/programmes/settlements/"))
    address = handler.url
    expect(handler.locator("h1")).to_contain_text(words["waits"])
    assert handler.locator("form[action$='/approve/']").count() == 0  # who proposed
    approver = sign_in("approver", language)
    approver.goto(address)
    approver.locator("form[action$='/approve/'] button").click()
    expect(approver.locator("h1")).to_contain_text(words["posted"])
    expect(approver.locator(".dh-stats")).to_contain_text("¥100,000.00")
    # The three-party layer is used up, so the layer above is met: 60% and 35%, and all members 5%.
    for amount in ("¥60,000.00", "¥35,000.00"):
        expect(approver.locator("main")).to_contain_text(amount)
    expect(approver.locator("svg.pg-bar rect")).not_to_have_count(0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_supplier_sees_its_own_page_and_no_other(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    page = sign_in("donghai", language)
    page.locator(".dh-menu a[href$='/programmes/mine/']").click()
    expect(page.locator("h1")).to_contain_text(words["own"])  # of one membership, at once
    assert f"/members/{site.told['member']}/" in page.url
    card = page.locator("section.card").filter(has_text=words["fixes"])
    expect(card.locator(".pg-saves").first).to_contain_text(re.compile(r"-¥[\d,]+\.\d\d"))
    expect(page.locator("[data-chart], .dh-chart").first).to_be_visible()  # its history
    assert words["other"] not in page.content() and "s124" not in page.content()
    for path in (f"/programmes/{site.told['programme']}/",
                 f"/programmes/{site.told['programme']}/members/",
                 f"/programmes/settlements/{site.told['settlement']}/",
                 f"/chains/{site.told['chain']}/"):
        assert page.context.request.get(f"{site.address}{path}").status in (403, 404), path
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
