"""Rows of underwriting as the API says them, and what each reader may see of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dinghai.foundation.reading import plain
from dinghai_platform.claims.past import held_past
from dinghai_platform.core.permissions import allowed
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.models import (
    Assessment,
    Case,
    Dispute,
    Dossier,
    Finding,
    Fix,
    Policy,
    Quote,
    Screening,
    TreatmentPlan,
)
from dinghai_platform.underwriting.services import costs, explanations, screenings
from dinghai_platform.underwriting.services import history as histories
from dinghai_platform.underwriting.stated import StatedClaim


def case_shape(row: Case) -> dict[str, Any]:
    """A case as the API says it."""
    return {"id": row.pk, "number": row.number, "title": row.title, "insured": row.insured_id,
            "step": int(row.step), "opened_at": row.opened_at}


def history_shape(case: Case) -> dict[str, Any]:
    """A claims history as the API says it."""
    version = histories.current_version(case)
    given = version is not None and version.is_given
    held = held_past(case.tenant, case.insured).claims
    stated = histories.stated_claims(version) if given else []
    history = histories.case_history(case)
    found = [] if history is None else list(history.claims)
    counted = found[len(found) - len(stated):] if stated else []
    uses = version is not None and given and version.uses_held
    of_held = found[:len(held)] if uses else []
    return {
        "case": case.pk, "version": 0 if version is None else version.number, "given": given,
        "first": version.first if version else None, "last": version.last if version else None,
        "uses_held": bool(uses),
        "claims": [claim_shape(one, past.reason)
                   for one, past in zip(stated, counted, strict=True)],
        "held": [claim_shape(one, past.reason) for one, past in zip(held, of_held, strict=True)]
        if uses else [{**one.to_dict(), "counts": None} for one in held],
        "document": None if history is None else history.to_dict()}


def claim_shape(one: StatedClaim, reason: str) -> dict[str, Any]:
    """A claim of a history as the API says it."""
    return {**one.to_dict(), "counts": not reason, "reason": reason}


def screening_shape(row: Screening) -> dict[str, Any]:
    """A screening as the API says it."""
    names = ("result", "reference", "screened_on", "valid_until", "recorded_at")
    return {"id": row.pk, "case": row.case_id, "insured": row.insured_id,
            "lists": row.document["lists"], "holds": screenings.holds_today(row),
            "sha256": row.document_hash, **{name: getattr(row, name) for name in names}}


def costs_shape(case: Case) -> dict[str, Any]:
    """Costs of fixes as the API says them."""
    return {"case": case.pk, "own": costs.own_costs(case) is not None,
            "document": plain(costs.costs_of(case))}


def dossier_shape(row: Dossier) -> dict[str, Any]:
    """A dossier as the API says it."""
    return {"id": row.pk, "case": row.case_id, "version": row.version, "state": row.state,
            "sha256": row.sha256, "files": row.files, "records": row.records,
            "findings": row.findings_count, "rejected": row.rejected_count,
            "faults": [] if row.state != Dossier.State.FAILED else row.faults,
            "job": row.job_id, "imported_at": row.imported_at}


def finding_shape(row: Finding) -> dict[str, Any]:
    """A finding as the API says it."""
    names = ("finding_id", "kind", "severity", "asset", "port", "title", "cves", "vantage",
             "source_name", "reference", "known_exploited", "state")
    return {"id": row.pk, "dossier": row.dossier_id,
            **{name: getattr(row, name) for name in names}}


def dispute_shape(row: Dispute) -> dict[str, Any]:
    """A dispute as the API says it."""
    return {"id": row.pk, "finding": row.finding_id, "reason": row.reason,
            "accepted": row.accepted, "decision": row.decision}


def assessment_shape(row: Assessment, *, whole: bool = False) -> dict[str, Any]:
    """An assessment as the API says it."""
    return {"id": row.pk, "case": row.case_id, "dossier": row.dossier_id, "as_of": row.as_of,
            "score_ppm": row.score_ppm, "grade": row.grade, "outcome": row.outcome,
            "confidence_ppm": row.confidence_ppm, "document": row.document if whole else None}


def plan_shape(row: TreatmentPlan, *, whole: bool = False) -> dict[str, Any]:
    """A treatment plan as the API says it."""
    return {"id": row.pk, "case": row.case_id, "assessment": row.assessment_id,
            "product": row.product_id, "planned_at": row.planned_at,
            "expected_loss_fen": row.expected_loss_fen, "charged_fen": row.charged_fen,
            "fixes": [fix_shape(one) for one in queries.fixes_of(row)] if whole else None}


def fix_shape(row: Fix) -> dict[str, Any]:
    """A fix as the API says it."""
    names = ("code", "name_zh", "name_en", "effort", "expected_loss_saved_fen",
             "premium_saved_fen", "state", "due", "verified_at")
    read = ("indicator", "level", "from_ppm", "to_ppm", "knock_out")
    return {"id": row.pk, "plan": row.plan_id, **{name: getattr(row, name) for name in names},
            **{name: row.document[name] for name in read}}


def quote_shape(row: Quote, request: HttpRequest, *, whole: bool = False) -> dict[str, Any]:
    """A quote as the API says it: how it was made is the insurer's business."""
    is_staff = allowed(request.actor, "underwriting.view_rating")
    return {"id": row.pk, "number": row.number, "case": row.case_id,
            "assessment": row.assessment_id, "product": row.product_id, "state": row.state,
            "limit_fen": row.limit_fen, "deductible_fen": row.deductible_fen,
            "charged_fen": row.charged_fen, "vat_fen": row.vat_fen, "gross_fen": row.gross_fen,
            "adequacy_ppm": row.adequacy_ppm if is_staff else None,
            "valid_until": row.valid_until,
            "unexplained": list(explanations.unexplained(row)) if whole else None,
            "document": _quote_document(row, request) if whole and is_staff else None}


def _quote_document(row: Quote, request: HttpRequest) -> dict[str, Any]:
    """The document as kept; without the screening for those who may not see one."""
    if allowed(request.actor, "underwriting.view_screening", row):
        return row.document
    return {name: part for name, part in row.document.items() if name != "screening"}


def policy_shape(row: Policy, *, whole: bool = False) -> dict[str, Any]:
    """A policy as the API says it."""
    papers = None
    if whole:
        papers = [
            {"id": one.pk, "kind": one.kind, "language": one.language,
             "sha256": one.file.sha256, "address": f"/api/v1/underwriting/papers/{one.pk}"}
            for one in queries.papers_of(policy=row)
        ]
    return {"id": row.pk, "policy_no": row.policy_no, "case": row.case_id, "quote": row.quote_id,
            "state": row.state, "inception": row.inception, "expiry": row.expiry,
            "aggregate_limit_fen": row.aggregate_limit_fen,
            "gross_premium_fen": row.gross_premium_fen, "document_hash": row.document_hash,
            "papers": papers, "document": row.document if whole else None}
