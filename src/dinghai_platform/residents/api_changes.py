"""The API of changes of residents' certificates: lists of them, their pace, what came of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, StreamingHttpResponse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import clock
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.streaming import csv_stream
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.residents.changes_queries import (
    history_of,
    in_force,
    sealed_certificate,
)
from dinghai_platform.residents.changes_results import change_result_lines
from dinghai_platform.residents.models import Change, ChangeList, Enrolment, Pace, ResidentScheme
from dinghai_platform.residents.schemas import (
    ResidentChangesAnswer,
    ResidentChangesNew,
    ResidentChangesPart,
    ResidentDayQuery,
    ResidentHistoryAnswer,
    ResidentInForceAnswer,
    ResidentListIssueNew,
    ResidentPaceAnswer,
    ResidentPaceNew,
)
from dinghai_platform.residents.services import changes as services

changes_router = Router(tags=["residents"])
Document = dict[str, Any]


@changes_router.get("/schemes/{key}/changes", response={200: ResidentChangesPart, **ERRORS},
                    operation_id="resident_changes")
def changes_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Document:
    """The lists of changes of a scheme, newest first."""
    require(request.actor, "residents.view")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    rows = ChangeList.objects.visible_to(request.actor).filter(scheme=scheme).select_related(
        "scheme", "target").defer("repeated", "scope").order_by("-id")
    paces = dict(Pace.objects.within(scheme.tenant_id).filter(
        subject__in=rows.values("pk")).values_list("subject", "rows_a_second"))
    return part_of(rows, page, lambda one: _changes(one, paces.get(one.pk)))


@changes_router.post("/schemes/{key}/changes", response={202: ResidentChangesAnswer, **ERRORS},
                     operation_id="take_resident_changes")
def changes_new(
    request: HttpRequest, key: UUID, asked: Form[ResidentChangesNew],
    file: File[UploadedFile | None] = None,
) -> Status:
    """Take a list of changes (CSV, Excel, Parquet) and look through it: a dry run."""
    require(request.actor, "residents.change")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    made = services.take_changes(scheme, services.Asked(
        asked.kind, asked.from_day, asked.whole,
        None if asked.enrolment is None else visible_or_404(
            Enrolment.objects.filter(scheme=scheme), request.actor, pk=asked.enrolment),
        None if asked.target is None else visible_or_404(
            ResidentScheme, request.actor, pk=asked.target),
        asked.consent_since), actor=request.actor,
        content=file, name=(file and file.name) or "")
    return Status(202, _with_pace(made))


@changes_router.get("/changes/{key}", response={200: ResidentChangesAnswer, **ERRORS},
                    operation_id="resident_change_list")
def changes_one(request: HttpRequest, key: UUID) -> Document:
    """A list of changes: how far it is and what it came to."""
    require(request.actor, "residents.view")
    return _with_pace(_one(request, key))


@changes_router.post("/changes/{key}/apply", response={202: ResidentChangesAnswer, **ERRORS},
                     operation_id="apply_resident_changes")
def changes_apply(request: HttpRequest, key: UUID, body: ResidentListIssueNew) -> Status:
    """Do what a list that was looked through says."""
    require(request.actor, "residents.change")
    return Status(202, _with_pace(services.apply_changes(
        _one(request, key), actor=request.actor, all_or_nothing=body.all_or_nothing)))


@changes_router.post("/changes/{key}/cancellation",
                     response={200: ResidentChangesAnswer, **ERRORS},
                     operation_id="cancel_resident_changes")
def changes_cancel(request: HttpRequest, key: UUID) -> Document:
    """Give a list up before its changes stand; nothing of it is left."""
    require(request.actor, "residents.change")
    return _with_pace(services.cancel_changes(_one(request, key), actor=request.actor))


@changes_router.post("/changes/{key}/pace", response={200: ResidentPaceAnswer, **ERRORS},
                     operation_id="pace_resident_changes")
def changes_pace(request: HttpRequest, key: UUID, body: ResidentPaceNew) -> Document:
    """Let a list of changes take at most so many rows a second, also while it runs."""
    require(request.actor, "residents.change")
    services.set_pace(_one(request, key), body.rows_a_second, actor=request.actor)
    return {"rows_a_second": body.rows_a_second}


@changes_router.post("/lists/{key}/pace", response={200: ResidentPaceAnswer, **ERRORS},
                     operation_id="pace_resident_list")
def list_pace(request: HttpRequest, key: UUID, body: ResidentPaceNew) -> Document:
    """Let an enrolment take at most so many rows a second, also while it runs."""
    require(request.actor, "residents.enrol")
    found = visible_or_404(Enrolment, request.actor, pk=key)
    services.set_pace(found, body.rows_a_second, actor=request.actor)
    return {"rows_a_second": body.rows_a_second}


@changes_router.get("/changes/{key}/results", response={200: None, **ERRORS},
                    operation_id="resident_changes_results")
def changes_results(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """What became of every row of a list whose changes stand, as CSV."""
    require(request.actor, "residents.view")
    found = _one(request, key)
    if found.state != ChangeList.State.SEALED:
        raise Refusal("the changes do not stand yet: the faults are in the check")
    return csv_stream(request.actor, change_result_lines(found),
                      f"{found.scheme.number}-changes.csv")


@changes_router.get("/certificates/{number}/changes",
                    response={200: ResidentHistoryAnswer, **ERRORS},
                    operation_id="resident_certificate_changes")
def certificate_changes(request: HttpRequest, number: int) -> Document:
    """A certificate as it was issued and its changes, also after its cover has ended."""
    require(request.actor, "residents.view")
    found = sealed_certificate(request.actor, number) if 0 < number < 1 << 63 else None
    if found is None:
        raise Http404("no such certificate")
    scheme = found.chunk.enrolment.scheme
    plans = scheme.terms().plans
    return {"number": f"{scheme.number}-{found.pk:010}", "id": found.pk,
            "issued_plan": plans[found.plan].code, "holder": found.masked_name,
            "changes": [_change(one, plans) for one in history_of(found)]}


@changes_router.get("/schemes/{key}/in-force", response={200: ResidentInForceAnswer, **ERRORS},
                    operation_id="residents_in_force")
def scheme_in_force(request: HttpRequest, key: UUID, asked: Query[ResidentDayQuery]) -> Document:
    """How many certificates of a scheme are in force on a day."""
    require(request.actor, "residents.view")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    found = in_force(request.actor, scheme, asked.day or clock.today())
    return {"day": found.day, "number": found.number, "sum_insured_fen": found.sum_insured_fen,
            "by_plan": [{"code": plan.code, "number": number} for plan, number in zip(
                scheme.terms().plans, found.by_plan, strict=True)]}


def _one(request: HttpRequest, key: UUID) -> ChangeList:
    found: ChangeList = visible_or_404(
        ChangeList.objects.select_related("scheme", "target"), request.actor, pk=key)
    return found


def _with_pace(one: ChangeList) -> Document:
    return _changes(one, Pace.objects.within(one.tenant_id).filter(
        subject=one.pk).values_list("rows_a_second", flat=True).first())


def _changes(one: ChangeList, pace: int | None) -> Document:
    return {
        "id": one.pk, "scheme": one.scheme.number, "kind": one.kind, "whole": one.whole,
        "from_day": one.from_day, "target": one.target.number if one.target else None,
        "consent_since": one.consent_since, "enrolment": one.enrolment_id,
        "file": one.file_name or None, "state": one.state, "job": one.job_id,
        "rows_a_second": pace, "rows": one.rows, "accepted": one.accepted,
        "rejected": one.rejected, "left_out": one.left_out, "charged_fen": one.charged_fen,
        "refunded_fen": one.refunded_fen, "root": one.root, "sealed_at": one.sealed_at,
        "check": one.check_document}


def _change(one: Change, plans: Any) -> Document:
    changes = one.chunk.changes
    return {
        "id": one.pk, "kind": changes.kind, "changes": changes.pk, "line": one.line,
        "day": one.day, "plan_before": plans[one.plan_before].code, "plan": plans[one.plan].code,
        "step_fen": one.step_fen, "owed_fen": one.owed_fen, "ended_on": one.ended_on,
        "corrected": one.person_of == one.pk, "sealed_at": changes.sealed_at}
