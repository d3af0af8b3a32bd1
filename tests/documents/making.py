"""What the tests of documents share: a policy, a claim, and the text of a PDF."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

from pypdf import PdfReader

from dinghai.foundation.clock import SHANGHAI
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.products import load_product

AGGREGATE = 766_700_000
MALICIOUS = '#import "x": y *bold* _it_ $x^2$ `raw` <label> @ref \\ "quoted" [#sys.inputs]'


def make_policy(applicant: str = "东海家电股份有限公司", *, explained: bool = True) -> Policy:
    """The standard product bound for a year, explained or not."""
    product = load_product("cyber-comprehensive-standard")
    party = Party(name_zh=applicant, name_en=applicant, credit_code="91330200MA2AA0000X")
    policy = bind(product, Schedule(
        policy_no="P-2026-000001", applicant=party, insured=party,
        insurer=Party(name_zh="沧澜财产保险股份有限公司", name_en="Canglan Property and Casualty"),
        inception=date(2026, 4, 1), expiry=date(2027, 3, 31), aggregate_limit_fen=AGGREGATE,
        each_event_limit_fen=AGGREGATE, event_deductible_fen=10_000_000,
        sections=scheduled_sections(product, AGGREGATE), gross_premium_fen=7_300_000))
    if not explained:
        return policy
    keys = tuple(term.key for term in terms_to_explain(policy))
    return with_explanations(policy, keys, ExplanationRecord(
        highlighted=True, explained_at=datetime(2026, 3, 12, 10, tzinfo=SHANGHAI),
        channel="面谈", confirmed_by="周敏"))


def make_claim(**facts: Any) -> dict[str, Any]:
    """The ransomware claim of the story: interruption (G1), response, mitigation, a ransom."""
    return {
        "schema": "dinghai.claim/1", "claim_no": "C-2026-0001", "policy_no": "P-2026-000001",
        "reported_at": "2026-09-07T14:30:00+08:00",
        "facts": {
            "event.system_interruption": True, "event.cyber_incident_confirmed": True,
            "event.personal_data_breach": True,
            "incident.first_occurrence_at": {"value": "2026-09-07T02:00:00+08:00",
                                             "evidence": ["E-01"]},
            "incident.discovered_at": "2026-09-07T10:00:00+08:00", **facts},
        "evidence": [{"id": "E-01", "document": "forensics", "name": MALICIOUS}],
        "items": [
            {"no": 1, "coverage": "FP-BI", "facts": {
                "bi.standard_turnover": 240_000_000, "bi.actual_turnover": 60_000_000,
                "bi.gross_profit_rate": 400_000, "bi.saved_costs": 5_000_000,
                "bi.increased_cost_of_working": 12_000_000, "bi.turnover_preserved": 40_000_000,
                "bi.interruption_seconds": 864_000, "bi.period_seconds": 864_000}},
            {"no": 2, "coverage": "FP-IR", "facts": {"item.amount": 90_000_000}},
            {"no": 3, "coverage": "FP-MIT", "facts": {"item.amount": 8_000_000}},
            {"no": 4, "coverage": "FP-EXT-R", "facts": {"item.amount": 50_000_000}},
            {"no": 5, "coverage": "FP-NOTIF", "facts": {}},
        ],
    }


def text_of(pdf: bytes) -> str:
    """The text of a PDF, all pages, without white space."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join((page.extract_text() or "").split()) for page in pages)


def bare(text: str) -> str:
    """A text without white space, to look for in ``text_of``."""
    return "".join(text.split())
