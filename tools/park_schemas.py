"""The JSON Schemas of what `dinghai park` answers."""

from __future__ import annotations

from typing import Any

from tools.chain_schemas import DIALECT, MAYBE_WHOLE, TEXT, WHOLE

FLAG: dict[str, Any] = {"type": "boolean"}
BY_NAME: dict[str, Any] = {"type": "object", "additionalProperties": WHOLE}
TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}
COVERS: dict[str, Any] = {"type": "object", "additionalProperties": {"type": "string"}}


def _object(**required: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": required,
            "additionalProperties": False}


def _list(**item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(**item)}


def _whole(*names: str) -> dict[str, dict[str, Any]]:
    return dict.fromkeys(names, WHOLE)


def _text(*names: str) -> dict[str, dict[str, Any]]:
    return dict.fromkeys(names, TEXT)


def _document(name: str, title: str, **keys: dict[str, Any]) -> dict[str, Any]:
    schema = f"dinghai.{name}/1"
    return {"$schema": DIALECT, "title": f"{title} ({schema})",
            **_object(schema={"const": schema}, **keys)}


def enrolment() -> dict[str, Any]:
    """What became of a list of members."""
    fault = _object(file={"type": ["string", "null"]}, line=MAYBE_WHOLE,
                    field={"type": ["string", "null"]}, message=TEXT,
                    mend={"type": ["string", "null"]})
    return _document(
        "park-enrolment", "Enrolment into a park", **_text("park", "file"), dry_run=FLAG,
        written=FLAG, rows=WHOLE, counts=_object(**_whole("joined", "left", "rejected")),
        roll=WHOLE, columns=COVERS, not_read=TEXTS, notes=TEXTS,
        results=_list(line=WHOLE, status={"enum": ["joined", "left", "rejected"]},
                      **_text("credit_code", "name"), faults={"type": "array", "items": fault}))


def premium() -> dict[str, Any]:
    """Members' premiums, with steps and endorsements."""
    money = _whole("net_fen", "vat_fen", "gross_fen")
    step = _list(**_text("member", "cover", "on"), reason={"enum": ["enrolled", "left", "float"]},
                 days_left=WHOLE, **money)
    return _document(
        "park-premium", "Premiums of a park", **_text("park", "policy_no", "inception", "expiry"),
        days=WHOLE, basis={"enum": ["table", "allocated"]}, amounts={"enum": ["net", "gross"]},
        vat_ppm=WHOLE, applicant=TEXT, refund_to={"enum": ["applicant", "member"]},
        members=_list(
            **_text("credit_code", "name_zh", "rating_class", "size", "grade"), limit_fen=WHOLE,
            **_text("first", "last"), days=WHOLE, period_fen=BY_NAME, **money, steps=step),
        endorsements=_list(
            number=WHOLE, on=TEXT, **_whole("joining", "leaving", "top_ups", "charged_fen",
                                            "refunded_fen", "net_fen", "vat_fen"),
            refund_to={"enum": ["applicant", "member"]}),
        **money)


def settlement() -> dict[str, Any]:
    """Events as settled."""
    totals = _object(**_whole("claimed_fen", "entitled_fen", "paid_before_fen", "due_fen",
                              "retained_fen"))
    event = _list(
        event=TEXT, day=TEXT,
        lines=_list(**_text("claim", "member", "name_zh", "coverage", "top_up", "day"),
                    amount_fen=WHOLE, paid_fen=BY_NAME, unpaid_fen=BY_NAME),
        covers=_list(**_text("member", "name_zh", "cover"),
                     **_whole("granted_fen", "entitled_fen", "paid_before_fen", "due_fen",
                              "overpaid_fen")),
        cuts=_list(**_text("limit", "member", "cover"),
                   **_whole("asked_fen", "limit_fen", "left_fen")),
        **_whole("period_left_before_fen", "period_left_after_fen"), totals=totals)
    return _document("park-settlement", "Settlement of a park's events",
                     **_text("park", "policy_no"), **_whole("each_event_fen", "period_fen"),
                     events=event, totals=totals)


def portrait() -> dict[str, Any]:
    """The risk portrait."""
    return _document(
        "park-portrait", "Risk portrait of a park", **_text("park", "on"),
        **_whole("members", "limit_fen", "each_event_fen", "period_fen"),
        grades=_list(grade=TEXT, **_whole("members", "limit_fen")),
        shared=_list(
            kind={"enum": ["network", "provider"]}, name=TEXT,
            **_whole("members", "share_ppm", "largest_event_fen", "payable_fen", "short_fen",
                     "of_each_event_limit_ppm", "of_period_limit_ppm"),
            single_point=FLAG, credit_codes=TEXTS),
        single_points=TEXTS, single_point_ppm=WHOLE,
        worst_findings=_list(code=TEXT, cvss_tenths=MAYBE_WHOLE,
                             **_whole("members", "limit_fen"), credit_codes=TEXTS),
        not_known=BY_NAME)


def certificate() -> dict[str, Any]:
    """One member's certificate."""
    names = _text("name_zh", "name_en")
    return _document(
        "park-certificate", "Certificate of a park's member",
        **_text("number", "policy_no", "park", "park_name_zh", "park_name_en", "insurer",
                "product", "version"),
        applicant=_object(**names, credit_code=TEXT), member=_object(**names, credit_code=TEXT),
        first=TEXT, last=TEXT, days=WHOLE,
        base=_object(cover=TEXT, **_whole("each_event_fen", "period_fen"),
                     sections=_list(coverage=TEXT, **names, sublimit_fen=MAYBE_WHOLE)),
        top_ups=_list(cover=TEXT, **names, coverages=_list(coverage=TEXT, **names),
                      **_whole("each_event_fen", "period_fen"), order={"enum": ["first", "after"]},
                      under_park_limits=FLAG, first=TEXT),
        shared=_object(**_whole("each_event_fen", "period_fen"),
                       top_ups=_list(cover=TEXT, **_whole("each_event_fen", "period_fen"))),
        **_whole("net_fen", "vat_fen", "gross_fen"),
        notice=_list(**_text("id", "law", "text_zh", "text_en")),
        exclusions=_list(**_text("code", "clause"), **names))


def schemas() -> dict[str, dict[str, Any]]:
    """File name to schema."""
    return {f"park-{one.__name__}.schema.json": one()
            for one in (enrolment, premium, settlement, portrait, certificate)}
