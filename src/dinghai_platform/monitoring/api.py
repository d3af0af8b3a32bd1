"""Monitoring's API: tables, readings, findings, notices, the float."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.foundation.errors import Refusal
from dinghai_platform.core.files import store_file
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.monitoring import queries
from dinghai_platform.monitoring import schemas as shapes
from dinghai_platform.monitoring.models import FloatProposal, MonitoredFinding, Notice, Reading
from dinghai_platform.monitoring.services import feeds, findings, floats, notices, rescans
from dinghai_platform.monitoring.services.readings import take_reading
from dinghai_platform.underwriting.models import Fix, Policy

router = Router(tags=["monitoring"])


@router.post("/feeds", response={202: shapes.FeedAnswer, **ERRORS}, operation_id="load_feed")
def feed_new(
    request: HttpRequest, table: File[UploadedFile], kind: Form[str],
    as_of: Form[date | None] = None,
) -> Status:
    """Load a KEV or EPSS table; a job reads the policies in force again."""
    row = feeds.load_feed(
        table.read(), name=table.name or "table", kind=kind, as_of=as_of, actor=request.actor
    )
    return Status(202, {"id": row.pk, "kind": row.kind, "as_of": row.as_of, "rows": row.rows,
                 "sha256": row.sha256, "job": row.job_id})


@router.get("/policies/{key}/readings", response={200: list[shapes.ReadingAnswer], **ERRORS},
            operation_id="readings")
def readings(request: HttpRequest, key: UUID) -> list[dict[str, Any]]:
    """A policy's readings, the one at bind first."""
    require(request.actor, "monitoring.view")
    policy = queries.whole(Policy, request.actor, key)
    return [reading_shape(row) for row in queries.readings_of(policy)]


@router.post("/policies/{key}/readings", response={201: shapes.ReadingAnswer, **ERRORS},
             operation_id="take_reading")
def reading_new(request: HttpRequest, key: UUID) -> Status:
    """Read a policy's risk now."""
    policy = queries.whole(Policy, request.actor, key, "case", "quote")
    made = take_reading(policy, cause=Reading.Cause.REVIEW, actor=request.actor)
    return Status(201, reading_shape(made))


@router.post("/policies/{key}/rescans", response={201: shapes.RescanAnswer, **ERRORS},
             operation_id="record_rescan")
def rescan_new(
    request: HttpRequest, key: UUID, archive: File[UploadedFile]
) -> Status:
    """Take a re-scan in: what is mended closes, the risk is read again."""
    policy = queries.whole(Policy, request.actor, key, "case", "quote")
    done = rescans.record_rescan(
        policy, archive.read(), name=archive.name or "rescan.zip", actor=request.actor
    )
    return Status(201, {
        "reading": reading_shape(done.reading),
        "closed": [watched_shape(one) for one in done.closed],
        "notice": done.notice.pk if done.notice else None,
    })


@router.post("/policies/{key}/fixes/{fix}/verification",
             response={201: shapes.ReadingAnswer, **ERRORS}, operation_id="verify_fix")
def fix_verify(
    request: HttpRequest, key: UUID, fix: UUID, evidence: File[UploadedFile],
    verified_by: Form[str],
) -> Status:
    """A planned fix is done, with evidence: the risk is read again."""
    policy = queries.whole(Policy, request.actor, key, "case", "quote")
    planned = queries.whole(Fix, request.actor, fix, "plan")
    require(request.actor, "monitoring.verify", policy)
    with transaction.atomic():
        kept = store_file(
            evidence.read(), name=evidence.name or "evidence",
            media_type=evidence.content_type or "application/octet-stream",
            actor=request.actor, tenant=policy.tenant,
        )
        made = rescans.verify_fix(
            planned, policy, evidence=kept, verified_by=verified_by, actor=request.actor
        )
    return Status(201, reading_shape(made))


@router.get("/findings", response={200: shapes.WatchedPart, **ERRORS},
            operation_id="watched_findings")
def finding_list(
    request: HttpRequest, page: Query[PageQuery], state: str = ""
) -> dict[str, Any]:
    """Findings under watch, the most urgent first."""
    require(request.actor, "monitoring.view")
    rows = queries.findings(request.actor).order_by("due", "id")
    return part_of(rows.filter(state=state) if state else rows, page, watched_shape)


@router.post("/findings/{key}/{event}", response={200: shapes.WatchedAnswer, **ERRORS},
             operation_id="move_finding")
def finding_step(
    request: HttpRequest, key: UUID, event: str, body: shapes.StepNew
) -> dict[str, Any]:
    """One step of a finding: fix, accept, dispute, uphold, dismiss or reopen."""
    row = queries.whole(MonitoredFinding, request.actor, key)
    return watched_shape(
        findings.move_finding(row, event, reason=body.reason, actor=request.actor)
    )


@router.get("/notices", response={200: shapes.NoticePart, **ERRORS}, operation_id="notices")
def notice_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """Notices, newest first."""
    require(request.actor, "monitoring.view")
    rows = queries.notices(request.actor).select_related("file").order_by("-id")
    return part_of(rows, page, notice_shape)


@router.post("/notices/{key}/acknowledge", response={200: shapes.NoticeAnswer, **ERRORS},
             operation_id="acknowledge_notice")
def notice_acknowledge(request: HttpRequest, key: UUID) -> dict[str, Any]:
    """The insured has read the notice."""
    row = queries.whole(Notice, request.actor, key, "file")
    return notice_shape(findings.acknowledge_notice(row, actor=request.actor))


@router.post("/notices/{key}/delivery", response={200: shapes.NoticeAnswer, **ERRORS},
             operation_id="deliver_notice")
def notice_deliver(
    request: HttpRequest, key: UUID, body: shapes.DeliveryNew
) -> dict[str, Any]:
    """Record a delivery outside the portal."""
    row = queries.whole(Notice, request.actor, key, "file")
    return notice_shape(
        notices.deliver_notice(
            row, channel=body.channel, delivered_to=body.delivered_to, actor=request.actor
        )
    )


@router.get("/floats", response={200: shapes.FloatPart, **ERRORS}, operation_id="floats")
def float_list(request: HttpRequest, page: Query[PageQuery]) -> dict[str, Any]:
    """What the float rule said of readings, newest first."""
    require(request.actor, "monitoring.view")
    return part_of(queries.floats(request.actor).order_by("-id"), page, float_shape)


@router.post("/floats/{key}/payment", response={200: shapes.FloatAnswer, **ERRORS},
             operation_id="pay_refund")
def float_pay(request: HttpRequest, key: UUID, body: shapes.RefundPaid) -> dict[str, Any]:
    """The refund of an applied proposal has left the bank."""
    row = queries.whole(FloatProposal, request.actor, key, "policy", "endorsement")
    require(request.actor, "underwriting.record_payment", row)
    if row.endorsement is None:
        raise Refusal("there is no refund to pay: the proposal was not applied")
    floats.pay_refund(row.endorsement, reference=body.reference, actor=request.actor)
    return float_shape(row)


@router.post("/floats/{key}/{event}", response={200: shapes.FloatAnswer, **ERRORS},
             operation_id="move_float")
def float_step(
    request: HttpRequest, key: UUID, event: str, body: shapes.StepNew
) -> dict[str, Any]:
    """One step of a proposal: notify, agree, dispute, recheck or apply."""
    row = queries.whole(FloatProposal, request.actor, key, "policy", "reading")
    actor = request.actor
    if event == "notify":
        floats.notify_float(row, actor=actor)
    elif event == "agree":
        floats.agree_float(row, actor=actor)
    elif event == "dispute":
        floats.dispute_float(row, reason=body.reason, actor=actor)
    elif event == "recheck":
        floats.recheck_float(row, reason=body.reason, actor=actor)
    elif event == "apply":
        floats.apply_float(row, actor=actor)
    else:
        raise Refusal(f"{event!r} is no step of a proposal")
    return float_shape(queries.whole(FloatProposal, actor, key))


def reading_shape(row: Reading) -> dict[str, Any]:
    """A reading as the API says it."""
    names = ("sequence", "as_of", "cause", "score_ppm", "grade", "expected_loss_fen",
             "model_hash")
    return {"id": row.pk, "policy": row.policy_id, **{name: getattr(row, name) for name in names}}


def watched_shape(row: MonitoredFinding) -> dict[str, Any]:
    """A finding under watch as the API says it."""
    return {"id": row.pk, "policy": row.policy_id, "finding_id": row.key, "cve": row.cve,
            "asset": row.asset, "severity": row.severity, "state": row.state, "due": row.due,
            "closed_at": row.closed_at}


def notice_shape(row: Notice) -> dict[str, Any]:
    """A notice as the API says it."""
    names = ("number", "kind", "text_zh", "text_en", "issued_at", "due", "channel",
             "delivered_to", "delivered_at", "delivery_sha256", "acknowledged_at")
    return {"id": row.pk, "policy": row.policy_id, "sha256": row.file.sha256,
            **{name: getattr(row, name) for name in names}}


def float_shape(row: FloatProposal) -> dict[str, Any]:
    """A proposal as the API says it."""
    return {"id": row.pk, "policy": row.policy_id, "reading": row.reading_id, "state": row.state,
            "factor_ppm": row.factor_ppm, "amount_fen": row.amount_fen,
            "effective": row.effective, "document": row.document}
