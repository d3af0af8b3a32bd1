"""The JSON Schemas of what `dinghai chain harden` and `rank` answer."""

from __future__ import annotations

from typing import Any

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT: dict[str, Any] = {"type": "string"}
WHOLE: dict[str, Any] = {"type": "integer"}
MAYBE_WHOLE: dict[str, Any] = {"type": ["integer", "null"]}
MAYBE_TEXT: dict[str, Any] = {"type": ["string", "null"]}
METRIC: dict[str, Any] = {"enum": ["mean", "tvar99"]}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required),
            "properties": {**required, **optional}, "additionalProperties": False}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _by_level() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": WHOLE}


def hardening() -> dict[str, Any]:
    """The plan of fixes for a budget."""
    fall = dict.fromkeys(("averted_fen", "averted_se_fen", "tail_averted_fen",
                          "tail_averted_se_fen"), WHOLE)
    caused = _object({"party": TEXT, "own_fen": WHOLE, "exported_fen": WHOLE})
    fix = _object(
        {"id": TEXT, "kind": {"enum": ["control", "finding", "mfa", "segmentation"]},
         "firm": TEXT, "cost_fen": WHOLE, "alone": _object(fall), "on_top": _object(fall),
         "share_fen": MAYBE_WHOLE, "tail_share_fen": MAYBE_WHOLE, "by_party": _list(caused),
         "patch": {"type": "object"}},
        indicator=TEXT, from_ppm=MAYBE_WHOLE, to_ppm=WHOLE, asset=TEXT, cve=MAYBE_TEXT,
        technique=MAYBE_TEXT, link=TEXT, **{"from": TEXT})
    years = _object({"expected_fen": WHOLE, "expected_se_fen": WHOLE, "mean_fen": WHOLE,
                     "quantile_fen": _by_level(), "tvar_fen": _by_level()})
    source = _object({"name": TEXT, "confidence": TEXT}, as_of=TEXT,
                     interval=_list({"type": "number"}))
    return {
        "$schema": DIALECT, "title": "Plan of fixes of a supply chain (dinghai.chain-hardening/1)",
        **_object({
            "schema": {"const": "dinghai.chain-hardening/1"}, "chain": TEXT, "metric": METRIC,
            "years": WHOLE, "seed": WHOLE, "budget_fen": WHOLE, "most": MAYBE_WHOLE,
            "cost_fen": WHOLE, "fixes": _list(fix),
            "plan": _object({**fall, "exact": {"type": "boolean"}, "bound_fen": WHOLE,
                             "gap_ppm": WHOLE, "bound_unless_reinforced_fen": WHOLE,
                             "gap_unless_reinforced_ppm": WHOLE}),
            "before": years, "after": years,
            "exceedance": _list(_object({"return_years": WHOLE, "before_fen": WHOLE,
                                         "after_fen": WHOLE})),
            "candidates": WHOLE, "looked_at": WHOLE, "complete": {"type": "boolean"},
            "remaining": _list(caused),
            "costs": _list(source), "notes": _list(TEXT)})}


def ranking() -> dict[str, Any]:
    """What protecting each party averts."""
    return {
        "$schema": DIALECT, "title": "Ranking of a supply chain (dinghai.chain-ranking/1)",
        **_object({
            "schema": {"const": "dinghai.chain-ranking/1"}, "chain": TEXT, "metric": METRIC,
            "years": WHOLE, "seed": WHOLE, "parties": _list(_object({
                "id": TEXT, "averted_fen": WHOLE, "se_fen": WHOLE, "tail_averted_fen": WHOLE,
                "tail_se_fen": MAYBE_WHOLE, "tail_exact": {"type": "boolean"}}))})}
