"""The API of fits: give a file, ask it, read what was found, fetch the papers, withdraw."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.documents.file_fit import FitQuestion
from dinghai.foundation.errors import InputError
from dinghai_platform.actuarial import queries, schemas
from dinghai_platform.actuarial.models import FitReport
from dinghai_platform.actuarial.services.fits import (
    ask_fit,
    check_size,
    fit_own_claims,
    upload_fit,
    withdraw_fit,
)
from dinghai_platform.actuarial.views.fits import paper_answer
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of

router = Router(tags=["actuarial"])
Made = dict[str, Any]
_NAMES = ("title", "purpose", "state", "origin", "kind", "file_name", "file_size", "file_sha256",
          "rows", "is_incidents", "question", "unit", "shipped", "fault", "document_hash",
          "observations", "law", "created_at", "finished_at", "withdrawn_at", "withdrawal_reason")


def _fit(row: FitReport, *, whole: bool = False) -> Made:
    made = {"id": row.pk, "job": row.job_id, "job_state": row.job.state if row.job else None,
            "begun_by": row.begun_by.username if row.begun_by else None,
            **{name: getattr(row, name) for name in _NAMES}}
    if whole:
        made |= {name: getattr(row, name) for name in ("columns", "notes", "screened", "document")}
    return made


@router.get("/fits", response={200: schemas.FitReportPart, **ERRORS}, operation_id="fit_reports")
def fit_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """Fits of one's own data, newest first."""
    require(request.actor, "actuarial.view")
    return part_of(queries.fits(request.actor).order_by("-id"), page, _fit)


@router.post("/fits", response={201: schemas.FitReportAnswer, **ERRORS},
             operation_id="upload_fit_file")
def fit_upload(
    request: HttpRequest, file: File[UploadedFile], about: Form[schemas.FitAboutNew]
) -> Status:
    """Give a CSV, Excel or Parquet file; the answer names its columns. Ask it next."""
    require(request.actor, "actuarial.fit")
    name = file.name or ""
    check_size(file.size, name)
    made = upload_fit(file.read(), name=name, title=about.title, purpose=about.purpose,
                      actor=request.actor)
    return Status(201, _fit(made, whole=True))


@router.post("/fits/own-claims", response={201: schemas.FitReportAnswer, **ERRORS},
             operation_id="fit_own_claims")
def fit_own(request: HttpRequest, body: schemas.FitAboutNew) -> Status:
    """Take the decided claims of this platform as the data."""
    made = fit_own_claims(title=body.title, purpose=body.purpose, actor=request.actor)
    return Status(201, _fit(made, whole=True))


@router.get("/fits/{key}", response={200: schemas.FitReportAnswer, **ERRORS},
            operation_id="fit_report")
def fit_one(request: HttpRequest, key: UUID) -> Made:
    """One fit with what was found."""
    require(request.actor, "actuarial.view")
    return _fit(queries.fit(request.actor, key), whole=True)


@router.post("/fits/{key}/question", response={202: schemas.FitReportAnswer, **ERRORS},
             operation_id="ask_fit")
def fit_ask(request: HttpRequest, key: UUID, body: schemas.FitQuestionNew) -> Status:
    """Ask the file; a job works it off."""
    row = queries.fit(request.actor, key)
    require(request.actor, "actuarial.fit", row)
    limits = tuple(body.limits)
    if any(low >= high for low, high in pairwise(limits)) or (
            limits and limits[0] <= (body.floor or 0.0)):
        raise InputError("these are not rising limits above the floor", field="limits",
                         mend="write amounts such as 100000, 1000000")
    question = FitQuestion(
        kind=body.kind, column=body.column, known=body.known, floor=body.floor,
        threshold=body.threshold, by=body.by, per=body.per, currency=body.currency, limits=limits)
    asked = ask_fit(row, question, unit=body.unit, shipped=body.shipped, actor=request.actor)
    return Status(202, _fit(asked))


@router.get("/fits/{key}/paper", response={200: None, **ERRORS}, operation_id="fit_paper")
def fit_paper(
    request: HttpRequest, key: UUID, form: Literal["pdf", "html", "json"] = "pdf",
    language: Literal["zh", "en"] = "zh",
) -> HttpResponse:
    """A fit that is done as PDF, as one HTML file, or as the engine's JSON document."""
    require(request.actor, "actuarial.view")
    return paper_answer(queries.fit(request.actor, key), form, language)


@router.post("/fits/{key}/withdrawal", response={200: schemas.FitReportAnswer, **ERRORS},
             operation_id="withdraw_fit")
def fit_withdraw(request: HttpRequest, key: UUID, body: schemas.FitWithdrawalNew) -> Made:
    """Take a fit back: its file, its result and its papers are deleted, their hashes stay."""
    row = queries.fit(request.actor, key)
    return _fit(withdraw_fit(row, reason=body.reason, actor=request.actor))
