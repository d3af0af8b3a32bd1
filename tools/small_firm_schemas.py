"""The JSON Schemas of what `dinghai small-firms` answers."""

from __future__ import annotations

from typing import Any

from dinghai.schemes.small_firm_quote import OUTCOMES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
TRUTH: dict[str, Any] = {"type": "boolean"}
MAYBE_WHOLE: dict[str, Any] = {"type": ["integer", "null"]}
MAYBE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
MAYBE_TRUTH: dict[str, Any] = {"type": ["boolean", "null"]}
PROBE: dict[str, Any] = {"enum": ["used", "no_consent", "no_scan", "nothing_consented"]}


def _object(required: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": required,
            "additionalProperties": False}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _titled(title: str, required: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title, **_object(required)}


def _fix() -> dict[str, Any]:
    return _object({
        "indicator": TEXT, "from_ppm": MAYBE_WHOLE, "to_ppm": WHOLE, "knock_out": TRUTH,
        "effort": {"enum": ["low", "medium", "high"]}, "worth_fen": WHOLE,
        "paid_effect_fen": WHOLE, "expected_loss_reduction_fen": WHOLE})


def _fault() -> dict[str, Any]:
    return _object({"file": MAYBE_TEXT, "line": MAYBE_WHOLE, "field": MAYBE_TEXT,
                    "message": TEXT, "mend": MAYBE_TEXT})


def quotes() -> dict[str, Any]:
    """The quotes of a batch."""
    plan = _object({
        "plan": TEXT, "aggregate_limit_fen": WHOLE,
        "sublimits_fen": {"type": "object", "additionalProperties": WHOLE}, "outcome": TEXT,
        "reasons": _list(TEXT), "available": TRUTH,
        **dict.fromkeys(("expected_loss_fen", "technical_net_fen", "charged_net_fen", "vat_fen",
                         "gross_fen", "adequacy_ppm", "rate_on_line_ppm"), WHOLE),
        "at_floor": TRUTH, "floor_fen": WHOLE})
    firm = _object({
        "line": WHOLE, "credit_code": TEXT, "name": TEXT, "industry": TEXT, "score_ppm": WHOLE,
        "grade": TEXT, "confidence_ppm": WHOLE, "missing": _list(TEXT),
        "knock_outs": _list(TEXT), "probe": PROBE, "findings_left_out": WHOLE,
        "outcome": {"enum": list(OUTCOMES)}, "reasons": _list(TEXT), "wanted_plan": TEXT,
        "offered_plan": TEXT, "priced_plan": TEXT, "reduced": TRUTH, "treat_by": MAYBE_TEXT,
        "conditions": _list(_object({"code": TEXT, "indicator": TEXT})), "plans": _list(plan),
        "fixes": _list(_fix()), "answering_seconds": MAYBE_WHOLE})
    return _titled("Quotes of a batch of small firms (dinghai.small-firm-quotes/1)", {
        "schema": {"const": "dinghai.small-firm-quotes/1"}, "file": TEXT, "on": TEXT,
        "product": TEXT, "plans_version": TEXT, "rows": WHOLE, "quoted": WHOLE,
        "rejected": WHOLE, "outcomes": {"type": "object", "additionalProperties": WHOLE},
        "reduced": WHOLE, "offered_gross_fen": WHOLE, "offered_expected_loss_fen": WHOLE,
        "offered_limit_fen": WHOLE, "answering": _object({
            "known": WHOLE, "median_seconds": MAYBE_WHOLE, "target_seconds": WHOLE,
            "within_target": MAYBE_TRUTH}),
        "faults": _list(_fault()), "notes": _list(TEXT), "firms": _list(firm)})


def validation() -> dict[str, Any]:
    """The light score against the full one."""
    found = {"firms": WHOLE, "rank_correlation_ppm": MAYBE_WHOLE, "low_ppm": MAYBE_WHOLE,
             "high_ppm": MAYBE_WHOLE}
    return _titled("Light score against full score (dinghai.small-firm-validation/1)", {
        "schema": {"const": "dinghai.small-firm-validation/1"}, "firms": WHOLE, "seed": WHOLE,
        "panel": {"type": "object"}, "target_ppm": WHOLE, "headline": _object(found),
        "meets_target": TRUTH,
        "grades": _object(dict.fromkeys(("same_ppm", "within_one_ppm", "light_better_ppm",
                                         "light_worse_ppm"), WHOLE)),
        "readings": _list(_object({"group": TEXT, "case": TEXT, **found})),
        "weaker": _list(TEXT)})


def month() -> dict[str, Any]:
    """The monthly page of one firm."""
    change = _object({"indicator": TEXT, "from_ppm": MAYBE_WHOLE, "to_ppm": MAYBE_WHOLE,
                      "points_ppm": MAYBE_WHOLE})
    threat = _object({"cve": TEXT, "vendor": TEXT, "product": TEXT, "added": TEXT,
                      "basis": {"enum": ["finding", "product"]}, "where": TEXT, "new": TRUTH,
                      "ransomware": MAYBE_TRUTH})
    return _titled("Month of a small firm (dinghai.small-firm-month/1)", {
        "schema": {"const": "dinghai.small-firm-month/1"}, "on": TEXT, "before_on": MAYBE_TEXT,
        "credit_code": TEXT, "name": TEXT, "plan": TEXT, "outcome": {"enum": list(OUTCOMES)},
        "score_ppm": WHOLE, "grade": TEXT, "confidence_ppm": WHOLE,
        "score_before_ppm": MAYBE_WHOLE, "grade_before": MAYBE_TEXT, "changes": _list(change),
        "changes_not_shown": WHOLE, "threats": _list(threat), "threats_not_shown": WHOLE,
        "probe": PROBE, "to_do": _list(_fix()), "premium_fen": MAYBE_WHOLE,
        "premium_before_fen": MAYBE_WHOLE, "kev_as_of": TEXT, "premium_effect_fen": MAYBE_WHOLE,
        "hash": {"type": "string", "pattern": "^[0-9a-f]{64}$"}})
