"""What a deed shows above its form: what will be asked for, decided or paid."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from dinghai.documents.phrases import has_phrase, phrase
from dinghai.documents.readings import fact_name
from dinghai.foundation.errors import DinghaiError
from dinghai.vocabulary.coverages import coverages
from dinghai_platform.claims.fields import language
from dinghai_platform.claims.models import Claim, DecisionRecord
from dinghai_platform.claims.reading import (
    certain_of,
    decision_document,
    missing_evidence,
    try_decision,
)
from dinghai_platform.site.formats import is_chinese, money_text


def request_preview(claim: Claim) -> dict[str, Any]:
    """What the one request will ask for, in words."""
    try:
        entries = missing_evidence(claim)
    except DinghaiError as error:
        return {"problem": str(error)}
    return {"requested": [
        {"name": _coverage(entry["coverage"]), "coverage": entry["coverage"],
         "facts": [fact_name(one, language()) for one in entry["facts"]],
         "documents": [_paper(one) for one in entry["documents"]]}
        for entry in entries]}


def decision_preview(claim: Claim) -> dict[str, Any]:
    """The total that is about to be decided, issued or paid."""
    record = claim.decisions.order_by("-sequence").first()
    if claim.state in {"quantified", "registered", "under_survey"}:
        decision, problem = try_decision(claim)
        return {"problem": problem} if decision is None else {"total_fen": decision["total_fen"]}
    return {"total_fen": record.total_fen} if record else {}


def certain_preview(claim: Claim) -> dict[str, Any]:
    """The part that is certain on the facts so far."""
    decision, problem = try_decision(claim)
    if decision is None:
        return {"problem": problem}
    return {"total_fen": certain_of(decision), "total_label": _("Certain part")}


def pay_preview(claim: Claim) -> dict[str, Any]:
    """What leaves the bank account, and of it what goes to third parties directly."""
    record = claim.decisions.filter(state=DecisionRecord.State.ISSUED).order_by("-sequence").first()
    if record is None:
        return {}
    hints = []
    third = sum(line["payable_fen"] for line in decision_document(record)["lines"]
                if line.get("payee") == "third_party")
    if third:
        hints.append(_("of it to third parties directly (art. 65): %(amount)s")
                     % {"amount": money_text(third)})
    if record.contribution_fen:
        hints.append(_("contributions by agreement, not paid by the insurer: %(amount)s")
                     % {"amount": money_text(record.contribution_fen)})
    return {"total_fen": record.insurance_fen, "payee": " · ".join(hints)}


def interim_preview(claim: Claim) -> dict[str, Any]:
    """What was ordered to be paid in advance."""
    order = claim.interim_orders.filter(payment=None, replaced_at=None).first()
    if order is None:
        return {"problem": _("no payment in advance has been ordered")}
    return {"total_fen": order.amount_fen, "total_label": _("Ordered in advance"),
            "payee": order.payee}


def _coverage(code: str) -> str:
    known = coverages().get(code)
    if known is None:
        return code
    return known.name_zh if is_chinese() else known.name_en


def _paper(code: str) -> str:
    return phrase(f"evidence.{code}", language()) if has_phrase(f"evidence.{code}") else code
