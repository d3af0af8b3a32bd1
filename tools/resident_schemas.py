"""The JSON Schemas of what `dinghai residents` answers."""

from __future__ import annotations

from typing import Any

from dinghai.schemes.resident_claim_decision import CLAIM_OUTCOMES
from dinghai.schemes.resident_claim_tables import claim_columns
from tools.chain_schemas import DIALECT, MAYBE_TEXT, MAYBE_WHOLE, TEXT, WHOLE, _list, _object

_FAULT = _object({"file": MAYBE_TEXT, "line": MAYBE_WHOLE, "field": MAYBE_TEXT, "message": TEXT,
                  "mend": MAYBE_TEXT})
_COUNTS: dict[str, Any] = {"type": "object", "additionalProperties": WHOLE}
_KINDS: dict[str, Any] = {"text": "text", "key": "hashed text", "money": "amount with its unit",
                          "day": "day", "truth": "yes, no, or empty where unknown",
                          "count": "whole number"}


def claims() -> dict[str, Any]:
    """One row of a claims file, as texts."""
    return {
        "$schema": DIALECT, "title": "Row of a file of residents' claims",
        "description": "Amounts name their unit in the heading (loss_yuan, loss_fen) or the cell.",
        "type": "object", "required": [one.id for one in claim_columns() if one.must],
        "properties": {one.id: {
            "type": "string", **({} if one.blank else {"minLength": 1}),
            "description": f"{one.name_en} ({one.name_zh}): {_KINDS[one.kind]}"}
            for one in claim_columns()}}


def check() -> dict[str, Any]:
    """A list held to a scheme."""
    plan = _object({"code": TEXT, "accepted": WHOLE, "premium_fen": WHOLE,
                    "sum_insured_fen": WHOLE})
    field = _object({"field": MAYBE_TEXT, "message": TEXT, "number": WHOLE})
    file = _object({"name": TEXT, "sha256": TEXT, "kind": {"enum": ["text", "parquet", "excel"]},
                    "encoding": MAYBE_TEXT, "header_line": WHOLE})
    return {
        "$schema": DIALECT, "title": "List of residents held to a scheme "
                                     "(dinghai.resident-check/1)",
        **_object({
            "schema": {"const": "dinghai.resident-check/1"}, "scheme": TEXT, "as_of": TEXT,
            "file": file, "rows": WHOLE, "accepted": WHOLE, "rejected": WHOLE, "repeated": WHOLE,
            "premium_fen": WHOLE, "sum_insured_fen": WHOLE, "average_premium_fen": MAYBE_WHOLE,
            "average_sum_insured_fen": MAYBE_WHOLE, "rate_ppm": MAYBE_WHOLE,
            "by_plan": _list(plan), "faults_by_field": _list(field), "faults": _list(_FAULT),
            "all_faults_shown": {"type": "boolean"}})}


def decisions() -> dict[str, Any]:
    """The summary of a decision."""
    tie = _object({"ring": TEXT, "persons": WHOLE, "claims": WHOLE, "ties": _COUNTS})
    common = _object({"kind": TEXT, "keys": WHOLE, "most_persons": WHOLE})
    version = _object({"id": TEXT, "version": TEXT}, sha256=TEXT)
    fen = dict.fromkeys(("loss_fen", "pay_fen", "referred_fen", "waiting_fen"), WHOLE)
    return {
        "$schema": DIALECT, "title": "Residents' claims decided (dinghai.resident-decisions/1)",
        **_object({
            "schema": {"const": "dinghai.resident-decisions/1"}, "as_of": TEXT,
            "product": version, "rules": version, "rows": WHOLE, "decided": WHOLE,
            "rejected_rows": WHOLE,
            "outcomes": _object(dict.fromkeys(CLAIM_OUTCOMES, WHOLE)), **fen,
            "patterns": _COUNTS, "rings": _list(tie), "common_keys": _list(common),
            "too_large_for_a_ring": _list(WHOLE), "younger_than_a_day": WHOLE,
            "stop_payment": version, "return_rule": TEXT, "faults": _list(_FAULT)},
            output=MAYBE_TEXT, files=_list(TEXT))}


def returns() -> dict[str, Any]:
    """Shares of money that came back."""
    row = _object({"claim_id": TEXT, **dict.fromkeys((
        "loss_fen", "recovered_before_fen", "paid_fen", "returned_before_fen", "returned_fen",
        "insured_fen", "insurer_fen"), WHOLE)})
    return {
        "$schema": DIALECT, "title": "Money that came back (dinghai.resident-returns/1)",
        **_object({
            "schema": {"const": "dinghai.resident-returns/1"}, "rule": TEXT,
            **dict.fromkeys(("returned_fen", "insured_fen", "insurer_fen"), WHOLE),
            "returns": _list(row), "rejected": _list(_FAULT)})}
