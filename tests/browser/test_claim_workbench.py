"""The claim workbench in a browser: change a fact, see the line move, undo, keep, put back.

The fixture that opens pages fails a test whose pages logged an error, broke the content policy
or asked another host for anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser
LANGUAGES = ("zh-hans", "en")
WORDS = {
    "zh-hans": {
        "report": "立即报案", "register": "立案", "item": "增加损失项目", "workbench": "理赔工作台",
        "nothing": "尚未改动", "rises": "合计增加 ¥12,000.00", "falls": "合计减少 ¥4,000.00",
        "becomes": "待补充材料", "keep": "保存", "undo": "撤销上一步", "back": "撤回上次保存",
        "kept": "已保存", "insured": "被保险人", "explained": "理赔说明", "clocks": "时限",
        "bad": "请填写数字", "one": "项事实", "statistics": "理赔统计", "withheld": "不公布",
    },
    "en": {
        "report": "Report now", "register": "Register the claim", "item": "Add a loss item",
        "workbench": "Workbench", "nothing": "Nothing has been changed",
        "rises": "The total rises by ¥12,000.00", "falls": "The total falls by ¥4,000.00",
        "becomes": "Evidence needed", "keep": "Keep", "undo": "Undo the last change",
        "back": "Put back what was kept last", "kept": "kept", "insured": "Insured",
        "explained": "Your claim, explained", "clocks": "Clocks", "bad": "write a number",
        "one": "facts", "statistics": "Claims statistics", "withheld": "withheld",
    },
}
AMOUNT = "i1.item.amount"
_notices = count(1)


def fill_in(page: Page, verb: str, fields: dict[str, str]) -> None:
    """Open a deed from the page, fill its form, and do it."""
    address = page.url
    page.locator("main").get_by_role("link", name=verb, exact=True).first.click()
    for name, value in fields.items():
        control = page.locator(f"[name='{name}']")
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    page.locator("main form button").last.click()
    page.wait_for_url(address)


def claim_with_one_item(
    sign_in: Callable[..., Page], site: Site, language: str
) -> tuple[Page, str]:
    """The handler's browser on a registered claim whose one item has no amount yet."""
    words = WORDS[language]
    insured = sign_in("donghai", language)
    insured.goto(f"{site.address}/claims/report/")
    # The same notice again would be the same incident.
    insured.fill("input[name=title]", f"生产网络异常 {next(_notices)}")
    insured.fill("input[name=contact]", "13800000000")
    insured.get_by_role("button", name=words["report"]).click()
    insured.wait_for_url(re.compile("/claims/incidents/[0-9a-f-]{36}/"))
    handler = sign_in("handler", language)
    handler.goto(insured.url)
    handler.get_by_role("link", name=re.compile("CLM-2026-")).click()
    claim = handler.url
    fill_in(handler, words["register"], {"reserve": "50000"})
    fill_in(handler, words["item"], {"coverage": "FP-IR", "description": "应急处置"})
    handler.goto(claim)
    handler.locator("main").get_by_role("link", name=words["workbench"]).click()
    handler.wait_for_url(re.compile("/workbench/"))
    handler.wait_for_load_state("networkidle")
    return handler, claim


def row_of(page: Page, key: str) -> Locator:
    """The row of a fact."""
    return page.locator(f"#fact-{key.replace('.', '-')}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_changed_fact_moves_its_line_is_undone_kept_and_put_back(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    page, claim = claim_with_one_item(sign_in, site, language)
    said = page.locator("#bench-words")
    expect(said).to_contain_text(words["nothing"])
    expect(page.locator("[data-bench-keep]")).to_be_disabled()

    # What holds the line back stands first, with who must prove it.
    first = page.locator("[data-fact]").first
    expect(first).to_have_attribute("id", "fact-i1-item-amount")
    expect(first.locator(".cl-matter strong")).to_contain_text(words["insured"])

    # The line follows while the handler types; nothing is reloaded.
    page.evaluate("window.untouched = true")
    page.locator(f"[name='{AMOUNT}']").press_sequentially("12000", delay=10)
    expect(said).to_contain_text(words["rises"])
    moved = page.locator(".cl-moved-up")
    expect(moved).to_contain_text("FP-IR")
    expect(moved).to_contain_text("¥12,000.00")
    expect(moved).to_contain_text(words["becomes"])
    expect(first).to_have_class(re.compile("is-changed"))
    assert page.evaluate("window.untouched") is True

    # Enter tries and does not keep.
    page.locator(f"[name='{AMOUNT}']").press("Enter")
    expect(said).to_contain_text(words["rises"])
    assert page.evaluate("window.untouched") is True

    page.get_by_role("button", name=words["undo"]).click()
    expect(said).to_contain_text(words["nothing"])
    expect(page.locator(f"[name='{AMOUNT}']")).to_have_value("")
    expect(page.locator(f"[name='{AMOUNT}:status']")).to_have_value("unknown")

    page.locator(f"[name='{AMOUNT}']").fill("12000")
    page.locator(f"[name='{AMOUNT}']").blur()
    expect(said).to_contain_text(words["rises"])
    page.fill("#id_note", "发票已核对")
    page.get_by_role("button", name=words["keep"], exact=True).click()
    expect(page.locator("main")).to_contain_text(words["kept"])
    expect(said).to_contain_text("¥12,000.00")

    # Now it is known: less of it is a fall, in words and in colour.
    page.locator("details.cl-sheet").filter(has=page.locator("#fact-i1-item-amount")).locator(
        "summary").first.click()
    page.locator(f"[name='{AMOUNT}']").fill("8000")
    page.locator(f"[name='{AMOUNT}']").blur()
    expect(said).to_contain_text(words["falls"])
    expect(page.locator(".cl-moved-down")).to_contain_text("FP-IR")
    expect(said.locator(".cl-move-down")).to_be_visible()
    page.locator("[data-bench-reset]").click()
    expect(said).to_contain_text(words["nothing"])

    page.get_by_role("button", name=words["back"]).click()
    page.wait_for_load_state("networkidle")
    expect(page.locator(f"[name='{AMOUNT}:status']")).to_have_value("unknown")
    page.goto(claim)


@pytest.mark.parametrize("language", LANGUAGES)
def test_facts_are_searched_filtered_and_reached_by_keys(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    page, _claim = claim_with_one_item(sign_in, site, language)
    page.locator("h1").click()
    page.keyboard.press("/")
    search = page.locator("[data-bench-search]")
    expect(search).to_be_focused()
    page.keyboard.type("item.amount")
    expect(page.locator("[data-fact]:not([hidden])")).to_have_count(1)
    expect(page.locator("#bench-count")).to_contain_text(words["one"])
    page.keyboard.press("Escape")
    expect(page.locator("[data-fact][hidden]")).to_have_count(0)

    page.locator("[data-bench-filter]").select_option("known")
    shown = page.locator("[data-fact]:not([hidden])")
    expect(shown.first).to_be_visible()
    expect(row_of(page, AMOUNT)).to_be_hidden()
    page.locator("[data-bench-filter]").select_option("insured")
    expect(row_of(page, AMOUNT)).to_be_visible()
    page.locator("[data-bench-filter]").select_option("")

    # Every control of a row has a name; Tab goes from status to value to evidence.
    row = row_of(page, AMOUNT)
    for control in row.locator("select, input").all():
        assert control.get_attribute("aria-label"), control
    row.locator("[data-bench-status]").focus()
    page.keyboard.press("Tab")
    expect(row.locator("[data-bench-value]")).to_be_focused()
    page.keyboard.press("Tab")
    expect(row.locator("[data-bench-evidence]")).to_be_focused()

    # What does not do is said and leads to its row.
    page.locator(f"[name='{AMOUNT}']").fill("viel")
    page.locator(f"[name='{AMOUNT}']").blur()
    problem = page.locator("#bench-decision .cl-problems")
    expect(problem).to_contain_text(words["bad"])
    problem.get_by_role("link").click()
    expect(row.locator("[data-bench-status]")).to_be_focused()
    page.locator("[data-bench-reset]").click()
    expect(page.locator("#bench-words")).to_contain_text(words["nothing"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_a_telephone(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page, claim = claim_with_one_item(sign_in, site, language)
    for path in (page.url, f"{claim}review/", f"{claim}explained/",
                 f"{site.address}/claims/statistics/"):
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_claim_is_explained_to_the_insured_and_reviewed(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    insured = sign_in("donghai", language)
    insured.goto(f"{site.address}/claims/files/")
    insured.get_by_role("link", name="CLM-2026-000001").click()
    insured.locator("main").get_by_role("link", name=words["explained"]).click()
    line = insured.locator(".cl-told-line").filter(has_text="FP-BI").first
    expect(line).to_contain_text("¥1,844,500.00 − ¥100,000.00 = ¥1,744,500.00")
    expect(insured.locator("main aside")).to_contain_text(words["clocks"])
    expect(insured.locator("#object")).to_be_visible()
    approver = sign_in("approver", language)
    approver.goto(insured.url.replace("/explained/", "/review/"))
    expect(approver.locator(".cl-run")).to_have_count(1)
    expect(approver.locator(".cl-duties")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("username", ["regulator", "auditor"])
def test_the_published_figures_show_no_single_claim(
    sign_in: Callable[..., Page], site: Site, username: str, language: str
) -> None:
    page = sign_in(username, language)
    page.goto(f"{site.address}/claims/statistics/?by=year")
    expect(page.locator("h1")).to_contain_text(WORDS[language]["statistics"])
    expect(page.locator("main")).to_contain_text(WORDS[language]["withheld"])
    assert "CLM-" not in page.content()
