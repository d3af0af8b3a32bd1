"""Every document in both languages: content, literal user text, bytes, glyphs, accessibility."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from pypdf import PdfReader

from dinghai.claims.adjudication import adjudicate
from dinghai.documents import typesetting
from dinghai.documents.booklet import render_clause_booklet
from dinghai.documents.decision import claim_decision, is_refusal, render_claim_decision
from dinghai.documents.explanation import render_explanation_checklist
from dinghai.documents.inputs import (
    Addressee,
    ClockLine,
    Delivery,
    Endorsement,
    EvidenceRequest,
    FloatNotice,
    NotedFinding,
    PremiumSplit,
    RemediationNotice,
    RequestedItem,
)
from dinghai.documents.notices import render_evidence_request, render_remediation_notice
from dinghai.documents.phrases import LANGUAGES, Language
from dinghai.documents.premium_changes import (
    notice_of_float,
    render_endorsement,
    render_float_notice,
)
from dinghai.documents.quotation import premium_split, render_quotation
from dinghai.documents.report import render_assessment_report
from dinghai.documents.schedule import render_policy_schedule
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError
from dinghai.pricing.floating import (
    PolicyPeriod,
    Reading,
    float_premium,
    load_float_rule,
    refund_by_day,
)
from tests.documents.making import MALICIOUS, bare, make_claim, make_policy, text_of

DAY = date(2026, 3, 28)
LONG_NAME = "Dongguan" + "Verylongname" * 20
TO = Addressee(LONG_NAME, "P-2026-000001")
DELIVERED = datetime(2026, 4, 20, 10, tzinfo=SHANGHAI)
REFUND = refund_by_day(7_300_000, 1_000_000, 900_000, 146, 365)

NOTICE = RemediationNotice(
    "N-1", DAY, "沧澜财产保险股份有限公司", TO,
    (NotedFinding("F-1", MALICIOUS, "shop.example", "critical", MALICIOUS, "风险", "建议",
                  DELIVERED, ("CVE-2023-50164",), ("VUL-01",)),),
    date(2026, 4, 27), "6.5", 10, Delivery("平台", DELIVERED, DELIVERED, "周敏", "回执"))
FLOAT = FloatNotice(
    "FN-1", DAY, "沧澜财产保险股份有限公司", TO, "cyber-comprehensive-standard", 7_300_000,
    1_000_000, 900_000, date(2026, 11, 6), date(2027, 3, 31), 365, 146, -REFUND, (MALICIOUS,),
    ((date(2026, 7, 31), "复扫", 900_000),))
ENDORSEMENT = Endorsement(
    "E-1", DAY, "沧澜财产保险股份有限公司", TO, date(2026, 11, 6), date(2027, 3, 31), 365, 146,
    ((MALICIOUS, "1.000", "0.900"),), 7_300_000, 1_000_000, 900_000, -REFUND, "FN-1", "甲")
REQUEST = EvidenceRequest(
    "ER-1", DAY, "沧澜财产保险股份有限公司", TO, "C-2026-0001",
    (RequestedItem(1, "FP-BI", "item 1", ("bi.standard_turnover",), ("sales_order_logs",)),),
    date(2026, 9, 26), MALICIOUS)

Maker = Callable[[Language, dict[str, Any]], bytes]
MAKERS: dict[str, Maker] = {
    "schedule": lambda language, given: render_policy_schedule(
        given["policy"], issued_on=DAY, language=language,
        premium=premium_split(given["quote"]["premium"]), special_agreements=(MALICIOUS,)),
    "booklet": lambda language, given: render_clause_booklet(
        given["policy"], issued_on=DAY, language=language),
    "checklist": lambda language, given: render_explanation_checklist(
        make_policy(MALICIOUS, explained=False).to_dict(), issued_on=DAY, language=language),
    "quotation": lambda language, given: render_quotation(
        given["quote"], given["product"], number="Q-1", applicant=MALICIOUS, insurer="沧澜",
        issued_on=DAY, language=language),
    "report": lambda language, given: render_assessment_report(
        given["assessment"], organisation=MALICIOUS, issued_on=DAY, language=language,
        findings=given["findings"], plan=given["plan"]),
    "remediation": lambda language, given: render_remediation_notice(NOTICE, language=language),
    "float": lambda language, given: render_float_notice(FLOAT, language=language),
    "endorsement": lambda language, given: render_endorsement(ENDORSEMENT, language=language),
    "request": lambda language, given: render_evidence_request(REQUEST, language=language),
    "decision": lambda language, given: render_claim_decision(
        given["decision"], decided_on=DAY, language=language,
        clocks=(ClockLine("CLK-CL-DEC", DELIVERED, datetime(2026, 5, 21, tzinfo=SHANGHAI)),)),
}
PLAIN = {"booklet"}
"""Documents that carry no text of a user."""
CONTENT: dict[str, tuple[str, ...]] = {
    "schedule": ("7,667,000.00", "人民币柒佰陆拾陆万柒仟元整", "1,533,400.00", "FP-NOTIF", "2.10",
                 "4.3", "¥100,000.00"),
    "booklet": ("5.22", "6.4", "7.5", "8.3", "9.8", "10.27", "EX-UNPATCHED", "¥3,833,500.00"),
    "checklist": ("5.1", "6.5", "100,000.00"),
    "quotation": ("2.2", "10,000,000.00", "FP-BI"),
    "report": ("HRD-01", "69.7", "VUL-01"),
    "remediation": ("CVE-2023-50164", "6.5", "24:00"),
    "float": ("×0.900", "¥2,920.00", "146"),
    "endorsement": ("¥2,920.00", "人民币贰仟玖佰贰拾元整", "¥73,000.00"),
    "request": ("C-2026-0001", "FP-BI"),
    "decision": ("690,000.00", "790,000.00", "2.2", "3.1", "¥48,000.00", "500,000.00",
                 "FP-EXT-R", "1,670,000.00"),
}


@pytest.fixture(scope="session")
def given(policy: dict[str, Any], decision: dict[str, Any], enterprise: dict[str, Any]
          ) -> dict[str, Any]:
    return {"policy": policy, "decision": decision, **enterprise}


@pytest.fixture(scope="session")
def rendered(given: dict[str, Any]) -> dict[tuple[str, Language], bytes]:
    return {(name, language): make(language, given)
            for name, make in MAKERS.items() for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MAKERS)
def test_it_says_what_it_must(
    name: str, language: Language, rendered: dict[tuple[str, Language], bytes]
) -> None:
    text = text_of(rendered[name, language])
    assert [one for one in CONTENT[name] if bare(one) not in text] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [name for name in MAKERS if name not in PLAIN])
def test_user_text_comes_out_literally(
    name: str, language: Language, rendered: dict[tuple[str, Language], bytes]
) -> None:
    assert bare(MALICIOUS) in text_of(rendered[name, language])


@pytest.mark.parametrize("name", MAKERS)
def test_same_input_same_bytes(
    name: str, rendered: dict[tuple[str, Language], bytes], given: dict[str, Any]
) -> None:
    assert MAKERS[name]("zh", given) == rendered[name, "zh"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", MAKERS)
def test_it_is_tagged_named_and_in_its_language(
    name: str, language: Language, rendered: dict[tuple[str, Language], bytes]
) -> None:
    reader = PdfReader(io.BytesIO(rendered[name, language]))
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith(language)
    assert reader.metadata is not None and reader.metadata.title
    xmp = root["/Metadata"].get_data()
    assert b"<pdfaid:part>2</pdfaid:part>" in xmp
    assert b"<pdfuaid:part>1</pdfuaid:part>" in xmp


@pytest.mark.parametrize("name", MAKERS)
def test_no_glyph_is_missing(
    name: str, rendered: dict[tuple[str, Language], bytes]
) -> None:
    for language in LANGUAGES:
        assert "〔U+" not in text_of(rendered[name, language])


def test_long_names_break_and_stay_on_the_page(
    rendered: dict[tuple[str, Language], bytes]
) -> None:
    reader = PdfReader(io.BytesIO(rendered["float", "en"]))
    assert LONG_NAME in text_of(rendered["float", "en"])
    right = 0.0

    def visit(text: str, _c: Any, matrix: list[float], _f: Any, _s: Any) -> None:
        nonlocal right
        if text.strip():
            right = max(right, matrix[4])

    reader.pages[0].extract_text(visitor_text=visit)
    assert right < float(reader.pages[0].mediabox.width)


def test_a_character_that_no_font_draws_shows_its_code_point() -> None:
    policy = make_policy("甲\U0001F600乙").to_dict()
    text = text_of(render_policy_schedule(policy, issued_on=DAY))
    assert "甲〔U+1F600〕乙" in text


def test_terms_that_were_not_explained_are_named() -> None:
    policy = make_policy(explained=False).to_dict()
    text = text_of(render_policy_schedule(policy, issued_on=DAY))
    assert "不产生效力" in text and "5.16罚款、惩罚性赔偿" in text
    checklist = text_of(render_explanation_checklist(policy, issued_on=DAY))
    assert "□" in checklist and "✓" not in checklist


def test_a_booklet_is_made_from_a_product_alone(enterprise: dict[str, Any]) -> None:
    text = text_of(render_clause_booklet(enterprise["product"], issued_on=DAY))
    assert "累计赔偿限额的50%" in text
    with pytest.raises(InputError, match="policy nor a product"):
        render_clause_booklet({"schema": "x"}, issued_on=DAY)


def test_a_refusal_has_its_own_title(policy: dict[str, Any], decision: dict[str, Any]) -> None:
    claim = make_claim(**{"incident.ncbr": True, "causation.EX-NUC": True})
    refused = adjudicate(policy, {**claim, "items": claim["items"][:2]})
    assert is_refusal(refused) and not is_refusal(decision)
    text = text_of(render_claim_decision(refused, decided_on=DAY))
    assert "拒赔通知书" in text and "第5.4条" in text and "保险法24" not in text[:20]
    for words in ("书面异议", "调解", "仲裁或诉讼", "3日内发出拒赔通知书"):
        assert words in text


def test_a_decision_says_what_is_open_and_who_must_prove_it(decision: dict[str, Any]) -> None:
    text = text_of(render_claim_decision(decision, decided_on=DAY, language="en"))
    assert "Evidenceneeded" in text
    assert "Recordstonotify" in text
    assert "InsuranceLaw,art.30" in text
    assert decision["hash"] in text


def test_the_day_of_the_report_is_that_in_shanghai(policy: dict[str, Any]) -> None:
    """16:30 in UTC, as a database keeps it, is half past midnight of the next day."""
    claim = {**make_claim(), "reported_at": "2026-09-07T16:30:00+00:00"}
    document = claim_decision(adjudicate(policy, claim), decided_on=DAY, language="en")
    assert "'8 September 2026'" in str(document)


def test_what_is_not_payable_is_shown_with_amount_and_reason(decision: dict[str, Any]) -> None:
    text = text_of(render_claim_decision(decision, decided_on=DAY))
    assert "列示金额¥500,000.00" in text and "中国内地不予赔付" in text


def test_an_unproved_exclusion_is_flagged_on_the_notice(policy: dict[str, Any]) -> None:
    claim = make_claim(**{"vuln.root_cause": True, "vuln.days_patch_available": 120})
    unexplained = make_policy(explained=False).to_dict()
    text = text_of(render_claim_decision(adjudicate(unexplained, claim), decided_on=DAY))
    assert "未证明已说明，不适用" in text and "保险法17条" in text


def test_a_float_notice_follows_the_engine(policy: dict[str, Any]) -> None:
    rule = load_float_rule("cyber-comprehensive-standard")
    at_bind = Reading(DAY, 1_000_000, 700_000)
    readings = [Reading(day, 800_000, 800_000) for day in (date(2026, 5, 6), date(2026, 7, 31))]
    period = PolicyPeriod(date(2026, 4, 1), date(2027, 3, 31), 7_300_000)
    result = float_premium(rule, at_bind, readings, period, date(2026, 8, 3))
    assert result.proposal == "refund"
    notice = notice_of_float(result.to_dict(), policy, number="FN-2", issued_on=DAY)
    assert notice.change_fen == -result.amount_fen
    text = text_of(render_float_notice(notice))
    assert f"{result.amount_fen / 100:,.2f}" in text


def test_a_rise_is_announced_and_not_charged(policy: dict[str, Any]) -> None:
    rule = load_float_rule("cyber-comprehensive-standard")
    readings = [Reading(day, 1_200_000, 500_000) for day in (date(2026, 5, 6), date(2026, 7, 31))]
    period = PolicyPeriod(date(2026, 4, 1), date(2027, 3, 31), 7_300_000)
    result = float_premium(rule, Reading(DAY, 1_000_000, 700_000), readings, period,
                           date(2026, 8, 3))
    notice = notice_of_float(result.to_dict(), policy, number="FN-3", issued_on=DAY)
    assert notice.change_fen == 0 and notice.charged_at_anniversary_only
    text = text_of(render_float_notice(notice))
    assert "本通知不要求付款" in text and "危险程度明显减少" not in text


def test_net_and_vat_alone_make_a_customers_split(enterprise: dict[str, Any]) -> None:
    premium = enterprise["quote"]["premium"]
    split = premium_split(premium, parts=False)
    assert sum(fen for _, fen in split.rows) == split.gross_fen == premium["gross_fen"]
    assert split == PremiumSplit(
        (("net", premium["charged_net_fen"]), ("vat", premium["vat_fen"])), premium["gross_fen"])


def test_wrong_documents_are_refused(enterprise: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="not a decision"):
        render_claim_decision({"schema": "x"}, decided_on=DAY)
    with pytest.raises(InputError, match="not an assessment"):
        render_assessment_report({"schema": "x"}, organisation="x", issued_on=DAY)
    with pytest.raises(InputError, match="not a quote"):
        render_quotation({"schema": "x"}, enterprise["product"], number="", applicant="",
                         insurer="", issued_on=DAY)


def test_missing_fonts_name_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typesetting, "FONT_FILES", ("NoSuchFont.ttf",))
    with pytest.raises(InputError, match="make setup"):
        typesetting.font_folder()
