"""The JSON Schemas of what `dinghai subsidy` answers."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

from dinghai.schemes.subsidy_register import ChangeKind, Outcome
from dinghai.schemes.subsidy_report import Figures
from tools.chain_schemas import DIALECT, MAYBE_TEXT, MAYBE_WHOLE, TEXT, WHOLE

_FEN: dict[str, Any] = {"type": "integer", "minimum": 0}
_TEXTS: dict[str, Any] = {"type": "array", "items": TEXT}


def _object(*texts: str, **others: Any) -> dict[str, Any]:
    properties = {**dict.fromkeys(texts, TEXT), **others}
    return {"type": "object", "required": list(properties), "properties": properties,
            "additionalProperties": False}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _answer(name: str, title: str, *texts: str, **others: Any) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": f"{title} (dinghai.subsidy-{name}/1)",
            **_object(*texts, schema={"const": f"dinghai.subsidy-{name}/1"}, **others)}


def _run() -> dict[str, Any]:
    """What every run that adds to a register says of it."""
    fault = _object("message", file=MAYBE_TEXT, line=MAYBE_WHOLE, field=MAYBE_TEXT,
                    mend=MAYBE_TEXT)
    return {"register_head": TEXT, "entries_added": _FEN, "output": MAYBE_TEXT,
            "rejected": _list(fault)}


def _decisions() -> dict[str, Any]:
    reason = _object("code", "part", "found", "wanted", "text_zh", "text_en", "mend_zh",
                     "mend_en", line=MAYBE_WHOLE, truth={"enum": ["false", "unknown"]})
    decision = _object(
        "application", "policy", "credit_code", "name", outcome={"enum": list(get_args(Outcome))},
        basis_fen=_FEN, entitled_fen=_FEN, granted_fen=_FEN, reasons=_list(reason))
    return _answer(
        "decisions", "Decisions on applications for a subsidy", "rule", "version", "day",
        rows=_FEN, decisions=_list(decision), unchanged=_TEXTS,
        counts={"type": "object", "additionalProperties": _FEN}, granted_fen=_FEN,
        budget_left_fen=WHOLE, notes=_TEXTS, **_run())


def _clawback() -> dict[str, Any]:
    change = _object("kind", "day", "application", "number",
                     change={"enum": list(get_args(ChangeKind))}, granted_fen=_FEN, due_fen=_FEN)
    change["properties"] |= dict.fromkeys(("refund_fen", "to_others_fen", "returned_fen"), _FEN)
    return _answer("clawback", "What goes back of a subsidy", "rule", "day", rows=_FEN,
                   changes=_list(change), unchanged=_TEXTS, due_fen=_FEN, budget_left_fen=WHOLE,
                   notes=_TEXTS, **_run())


def _carry() -> dict[str, Any]:
    return _answer("carry", "Earlier grants taken over", "rule", "day", rows=_FEN,
                   applications=_TEXTS, granted_fen=_FEN, paid_fen=_FEN, budget_left_fen=WHOLE,
                   notes=_TEXTS, **_run())


def _public_list() -> dict[str, Any]:
    row = _object("application", "name", "credit_code", "area", basis_fen=_FEN, granted_fen=_FEN)
    return _answer("public-list", "Public list of a subsidy", "rule", "name_zh", "authority",
                   "day", "objections_until", rows=_list(row), notes=_TEXTS, **_run())


def _payments() -> dict[str, Any]:
    payment = _object("application", "name", "credit_code", fen=_FEN, firm_due_fen=_FEN)
    return _answer("payments", "Payment list of a subsidy", "rule", "day",
                   payments=_list(payment), held=_list(_object("application", "reason")),
                   paid_fen=_FEN, **_run())


def _report() -> dict[str, Any]:
    figures = {one.name: _FEN for one in fields(Figures)}
    reasons: dict[str, Any] = {"type": "object", "additionalProperties": _FEN}
    group = _list(_object("key", **figures, refused_by_reason=reasons))
    groups = _object(sector=group, area=group, size=group, month=group)
    groups["properties"]["insurer"] = group  # where the insurers were named
    return _answer(
        "report", "Regulator's report of a subsidy", "rule", "version", "register_head",
        budget=_object(budget_fen=_FEN, used_fen=_FEN, left_fen=WHOLE), total=_object(**figures),
        refused_by_reason=reasons,
        groups=groups)


def answers() -> dict[str, dict[str, Any]]:
    """File name to schema."""
    return {"subsidy-decisions.schema.json": _decisions(),
            "subsidy-clawback.schema.json": _clawback(),
            "subsidy-carry.schema.json": _carry(),
            "subsidy-public-list.schema.json": _public_list(),
            "subsidy-payments.schema.json": _payments(),
            "subsidy-report.schema.json": _report()}
