"""The catalogue in a browser, in Chinese and in English: no error logged, no policy broken."""

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
    "zh-hans": {"name": "网络安全综合保险（标准型）", "compare": "比较", "analyse": "分析",
                "differs": "只看差异", "conforms": "符合标准"},
    "en": {"name": "Comprehensive cyber insurance (standard)", "compare": "Compare",
           "analyse": "Analyse", "differs": "Only differences", "conforms": "Conforms"},
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_the_library_to_a_clause_and_its_papers(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("donghai", language)
    page.goto(f"{site.address}/products/")
    page.fill("input[type=search][name=q]", "FP-BI")
    page.locator("form.dh-table-tools button").first.click()
    page.get_by_role("link", name=WORDS[language]["name"]).first.click()
    clause = page.locator("details#FP-BI")
    clause.locator("summary").click()
    expect(clause.locator(".cat-worked")).to_contain_text("¥")
    clause.get_by_role("link", name="EX-WAR").click()
    expect(page.locator("details#EX-WAR")).to_be_visible()
    for address in page.locator(".cat-papers a").evaluate_all(
            "links => links.slice(0, 2).map(a => a.href)"):
        answer = page.context.request.get(address)
        assert answer.status == 200, address
    paper = page.locator(".cat-papers a").first.get_attribute("href")
    opened = page.goto(f"{site.address}{paper}")
    assert opened is not None and opened.status == 200
    expect(page.locator("article.paper h1")).not_to_be_empty()


@pytest.mark.parametrize("language", LANGUAGES)
def test_products_are_compared_and_a_payout_is_opened(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    page = sign_in("donghai", language)
    page.goto(f"{site.address}/products/compare/")
    page.locator("select[name=e]").select_option(index=1)
    page.locator("label").filter(has_text="cyber-comprehensive-standard 1").locator(
        "input").check()
    page.locator("label").filter(has_text="cyber-comprehensive-inclusive").locator(
        "input").check()
    page.locator("main form").get_by_role("button", name=words["compare"]).click()
    page.wait_for_url(re.compile(r"\?"))
    expect(page.locator(".cat-card")).to_have_count(2)
    expect(page.locator("#payout .cat-clause")).to_have_count(0)
    page.locator("tr").filter(has_text=re.compile("勒索软件加密|Ransomware, five days")).locator(
        ".cat-pay").first.click()
    expect(page.locator("#payout .cat-clause").first).to_be_visible()
    page.locator("#payout summary").first.click()
    expect(page.locator("#payout .cat-step").first).to_be_visible()
    again = page.url
    assert "scenario=ransomware-five-days" in again
    page.goto(again)  # the address shows the same cell opened
    expect(page.locator("#payout .cat-clause").first).to_be_visible()
    expect(page.locator("canvas").first).to_be_visible()

    cover = page.locator("#cover")
    row = cover.locator("tbody tr.cat-alike").filter(has_text="EM-AI")
    expect(row).to_be_visible()
    cover.locator(".cat-switch").click()
    expect(row).to_be_hidden()
    expect(cover.locator("tr.cat-differs").first).to_be_visible()
    top = cover.locator("thead th").first
    before = top.bounding_box()
    cover.locator(".cat-scroll").evaluate("box => box.scrollTo(0, 200)")
    after = top.bounding_box()
    assert before is not None and after is not None and abs(before["y"] - after["y"]) < 2
    for kind in ("csv", "json"):
        answer = page.context.request.get(f"{again}&export={kind}")
        assert answer.status == 200 and "attachment" in answer.headers["content-disposition"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_needs_and_the_frontier(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("underwriter", language)
    page.goto(f"{site.address}/products/needs/")
    page.locator("select[name=e]").select_option(index=1)
    page.locator("main form").get_by_role("button", name=WORDS[language]["analyse"]).click()
    expect(page.locator("#frontier canvas")).to_be_visible(timeout=20_000)
    expect(page.locator("main")).to_contain_text("FP-BI")
    page.locator(".cat-clause summary").first.click()
    expect(page.locator(".cat-clause .cat-inside").first).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_conformance_and_differences(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("regulator", language)
    page.goto(f"{site.address}/products/conformance/")
    expect(page.locator("main canvas").first).to_be_visible()
    page.locator("tbody th a").first.click()
    expect(page.locator("h1")).to_contain_text(WORDS[language]["conforms"])
    page.goto(f"{site.address}/products/difference/")
    page.locator("select[name=new]").select_option("hospital-pack")
    page.locator("main form button").click()
    page.wait_for_url(re.compile("new=hospital-pack"))
    expect(page.locator("td.cat-new").first).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_product_manager_opens_the_installation(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("admin", language)
    page.locator(".dh-drop summary").last.click()
    page.locator("button[name=membership]").last.click()
    page.goto(f"{site.address}/products/")
    page.locator("[data-dialog=install]").click()
    expect(page.locator("dialog#install")).to_be_visible()
    assert page.locator("dialog#install option").count() > 20


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_fit_a_telephone(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("auditor", language, 390)
    compared = ("/products/compare/?p=cyber-comprehensive-inclusive&p=hospital-pack"
                "&p=ransomware-telecom&e=pilot-large"
                "&scenario=ransomware-five-days&product=hospital-pack")
    for path in ("/products/", "/products/reference/?p=hospital-pack", "/products/compare/",
                 compared, "/products/conformance/", "/products/conformance/?p=system-defect",
                 "/products/difference/?old=hospital-pack&new=system-defect",
                 "/products/needs/?e=pilot-large"):
        page.goto(f"{site.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
