"""The story of the demonstration in a browser, by role, in Chinese and in English.

The fixture that opens pages fails a test whose pages logged an error, broke the content policy
or asked another host for anything.
"""

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
    "zh-hans": {
        "steps": ["保前诊断", "保前治疗", "保中服务", "保中监控", "保后救援", "保后赔偿"],
        "same": "逐字节一致", "report": "立即报案", "grade": "事件分级研判", "register": "立案",
        "item": "增加损失项目", "edit": "编辑", "save": "保存事实", "adjuster": "委托公估人",
        "survey": "开始查勘", "quantify": "确定金额", "adjudicate": "核定",
        "approve": "复核并签发", "agree": "同意核定结果", "pay": "付款", "paid": "已支付",
        "claim": "赔案", "sums": "主管部门只看汇总", "judge": "需人工判断",
    },
    "en": {
        "steps": ["Diagnosis before cover", "Treatment before cover", "Service during cover",
                  "Monitoring during cover", "Rescue after an incident",
                  "Compensation after an incident"],
        "same": "byte for byte", "report": "Report now", "grade": "Grade the incident",
        "register": "Register the claim", "item": "Add a loss item", "edit": "Edit",
        "save": "Save the facts", "adjuster": "Appoint a loss adjuster",
        "survey": "Begin the survey", "quantify": "Fix the amounts", "adjudicate": "Adjudicate",
        "approve": "Approve and issue the decision", "agree": "Agree to the decision",
        "pay": "Pay", "paid": "Paid", "claim": "Claim", "sums": "sums over the market",
        "judge": "needs a person's judgement",
    },
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("username", ["underwriter", "handler", "donghai", "admin"])
def test_every_page_of_the_menu_opens(
    sign_in: Callable[..., Page], site: Site, username: str, language: str
) -> None:
    page = sign_in(username, language)
    links = page.locator(".dh-menu a").evaluate_all("links => links.map(a => a.pathname)")
    assert len(links) > 5
    for path in dict.fromkeys(links):
        answer = page.goto(f"{site.address}{path}")
        assert answer is not None and answer.status == 200, path
        expect(page.locator("h1")).not_to_be_empty()


@pytest.mark.parametrize("username", [
    "chief", "approver", "payer", "auditor", "donghai-ciso", "panshi", "shunheng"])
def test_every_role_has_a_dashboard(sign_in: Callable[..., Page], username: str) -> None:
    page = sign_in(username)
    expect(page.locator("h1")).not_to_be_empty()
    expect(page.locator(".dh-menu a[aria-current=page]")).to_have_count(1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_case_shows_the_six_steps_with_their_papers(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("underwriter", language)
    page.get_by_role("link", name="东海家电 2026").first.click()
    for label in WORDS[language]["steps"]:
        expect(page.locator(".dh-steps")).to_contain_text(label)
    for address in page.locator(".dh-timeline a").evaluate_all(
            "links => [...new Set(links.map(a => a.href))]"):
        answer = page.context.request.get(address)
        assert answer.status == 200, address


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_decision_is_read_line_by_line_and_replayed(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("handler", language)
    page.goto(f"{site.address}/claims/files/")
    page.get_by_role("link", name="CLM-2026-000001").click()
    line = page.locator("details.cl-line").filter(has_text="FP-BI").first
    line.locator("summary").click()
    expect(line).to_contain_text("1,744,500.00")
    expect(line.locator(".cl-step-change").last).to_be_visible()
    expect(page.locator(".cl-sum")).to_contain_text("¥3,668,100.00")
    page.locator("form[action$='/replay/'] button").click()
    expect(page.locator("#replayed")).to_contain_text(WORDS[language]["same"])
    expect(page.locator("#replayed")).to_contain_text(site.told["steps"][5]["figures"]["hash"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_report_to_payment(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    words = WORDS[language]
    insured = sign_in("donghai", language)
    insured.goto(f"{site.address}/claims/report/")
    insured.fill("input[name=title]", f"办公网发现可疑远控程序（{language}）")
    insured.fill("input[name=contact]", "13800000000")
    insured.get_by_role("button", name=words["report"]).click()
    insured.wait_for_url(re.compile("/claims/incidents/[0-9a-f-]{36}/"))
    incident = insured.url

    handler = sign_in("handler", language)
    handler.goto(incident)
    handler.get_by_role("link", name=words["grade"]).click()
    handler.get_by_role("button", name=words["grade"]).click()
    expect(handler.locator(".cl-grade")).to_contain_text(words["judge"])
    handler.get_by_role("link", name=re.compile("CLM-2026-")).click()
    claim = handler.url
    _do(handler, words["register"], {"reserve": "50000"})
    _do(handler, words["item"], {"coverage": "FP-IR", "description": "应急处置"})
    item = handler.locator("details.cl-line").filter(has_text="应急处置")
    item.get_by_role("link", name=re.compile(words["edit"])).click()
    handler.fill("input[name='item.amount']", "12000")
    handler.get_by_role("button", name=words["save"]).click()
    handler.wait_for_url(claim)
    _do(handler, words["adjuster"], {"adjuster": {"index": 1}})

    adjuster = sign_in("shunheng", language)
    for verb in ("survey", "quantify"):
        adjuster.goto(claim)
        _do(adjuster, words[verb], {"text": "查勘与理算"})
    handler.goto(claim)
    _do(handler, words["adjudicate"], {})
    approver = sign_in("approver", language)
    approver.goto(claim)
    _do(approver, words["approve"], {})
    insured.goto(claim)
    _do(insured, words["agree"], {})
    payer = sign_in("payer", language)
    payer.goto(claim)
    _do(payer, words["pay"], {"account_tail": "6688"})
    expect(payer.locator("h1")).to_contain_text(words["paid"])
    expect(payer.locator(".cl-sum")).to_contain_text("12,000.00")


def _do(page: Page, verb: str, fields: dict[str, object]) -> None:
    """Open a deed from the page, fill its form, and do it."""
    address = page.url
    page.locator("main").get_by_role("link", name=verb, exact=True).first.click()
    for name, value in fields.items():
        control = page.locator(f"[name='{name}']")
        if control.evaluate("node => node.tagName") == "SELECT":
            if isinstance(value, dict):
                control.select_option(index=int(value["index"]))
            else:
                control.select_option(str(value))
        else:
            control.fill(str(value))
    page.locator("main form button").last.click()
    page.wait_for_url(address)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_authority_sees_sums_and_no_claim(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("regulator", language)
    expect(page.locator("main")).to_contain_text(WORDS[language]["sums"])
    assert "CLM-" not in page.content()
    assert page.context.request.get(f"{site.address}/claims/files/").status == 403


@pytest.mark.parametrize("language", LANGUAGES)
def test_reporting_fits_a_telephone(
    sign_in: Callable[..., Page], site: Site, language: str
) -> None:
    page = sign_in("donghai", language, 390)
    for path in ("/claims/report/", "/claims/files/", "/claims/incidents/", "/dashboard/"):
        page.goto(f"{site.address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path


def test_the_demonstration_told_the_figures_of_its_story(
    told: tuple[object, dict[str, object]]
) -> None:
    _home, document = told
    steps = document["steps"]
    assert isinstance(steps, list)
    assert [step["no"] for step in steps] == [1, 2, 3, 4, 5, 6]
    claim = steps[5]["figures"]
    assert claim["total_fen"] == sum(claim["lines"].values()) == 366_810_000
    assert claim["waiting_modes_fen"] == {
        "higher_of": 174_450_000, "replaces_deductible": 175_810_000,
        "waiting_then_deductible": 165_810_000, "franchise_hours": 184_450_000}
    assert (claim["if_explained_fen"], claim["unexplained_fen"]) == (9_000_000, 15_000_000)
    assert claim["if_state_proven_fen"] == 0
    assert claim["replay_same"] and claim["audit_holds"] and claim["ledger_holds"]
    cover, watch = steps[2]["figures"], steps[3]["figures"]
    assert claim["cash_fen"] == cover["gross_fen"] - watch["refund_fen"] - claim["total_fen"]
    assert all(step["papers"] for step in steps)
