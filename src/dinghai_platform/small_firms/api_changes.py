"""The API of changes: a policy cancelled, its plan changed, its name mended; and the money."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.small_firms import change_queries, queries
from dinghai_platform.small_firms import change_schemas as shapes
from dinghai_platform.small_firms.models import Change
from dinghai_platform.small_firms.reckoning import Reckoned
from dinghai_platform.small_firms.schemas import SmallFirmPaymentNew
from dinghai_platform.small_firms.services.change_money import record_money
from dinghai_platform.small_firms.services.changes import (
    Asked,
    cancel_policy,
    change_plan,
    correct_name,
    preview_change,
    take_back,
)

router = Router()
Document = dict[str, Any]
CHANGED = {201: shapes.SmallFirmChangeAnswer, **ERRORS}


def change_answer(row: Change) -> Document:
    """A change."""
    return {"policy": row.policy_id, "policy_no": row.policy.policy_no, "change": row.kind,
            "from_day": row.effective, **{name: getattr(row, name) for name in (
                "id", "number", "state", "before", "after", "reason", "asked_by", "amount_fen",
                "vat_fen", "refund_fen", "issued_at", "paid_at", "fallen_why", "document",
                "document_hash")}}


def reckoned_answer(found: Reckoned) -> Document:
    """What a change would come to."""
    step = found.step
    return {"change": found.kind, "from_day": found.effective, "days": found.period.days,
            "days_left": found.period.days_left(found.effective), "before": found.before,
            "after": found.after, "before_fen": None if step is None else step.before_fen,
            "after_fen": None if step is None else step.after_fen,
            "amount_fen": found.amount_fen, "vat_fen": 0 if step is None else step.vat_fen,
            "unpaid": found.unpaid, "falling": [one.number for one in found.falling],
            "successor": found.successor}


def _asked(body: shapes.SmallFirmCancellationNew | shapes.SmallFirmNameNew) -> Asked:
    return Asked(body.reason, body.confirmed_by, body.channel)


@router.get("/changes", response={200: shapes.SmallFirmChangePart, **ERRORS},
            operation_id="small_firm_changes")
def change_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """The changes that the actor sees, newest first."""
    require(request.actor, "small_firms.view")
    return part_of(change_queries.changes(request.actor).order_by("-id"), page, change_answer)


@router.get("/changes/{key}", response={200: shapes.SmallFirmChangeAnswer, **ERRORS},
            operation_id="small_firm_change")
def change_one(request: HttpRequest, key: UUID) -> Document:
    """One change."""
    require(request.actor, "small_firms.view")
    return change_answer(change_queries.change(request.actor, key))


@router.get("/policies/{key}/changes", response={200: shapes.SmallFirmChangePart, **ERRORS},
            operation_id="small_firm_policy_changes")
def policy_changes(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Document:
    """The changes of a policy, newest first."""
    require(request.actor, "small_firms.view")
    row = queries.policy(request.actor, key)
    return part_of(change_queries.whole_changes(row.changes.order_by("-id")), page,
                   change_answer)


@router.post("/policies/{key}/changes/look", response={
    200: shapes.SmallFirmChangeReckoned, **ERRORS}, operation_id="reckon_small_firm_change")
def policy_look(request: HttpRequest, key: UUID, body: shapes.SmallFirmChangeLook) -> Document:
    """What a change would come to: a dry run, nothing is written."""
    return reckoned_answer(preview_change(
        queries.policy(request.actor, key), body.change, day=body.from_day, value=body.value,
        actor=request.actor))


@router.post("/policies/{key}/cancellation", response=CHANGED,
             operation_id="cancel_small_firm_policy")
def policy_cancel(request: HttpRequest, key: UUID, body: shapes.SmallFirmCancellationNew
                  ) -> Status:
    """End a policy from a day on; what is left of the premium by day goes back."""
    row = queries.policy(request.actor, key)
    return Status(201, change_answer(cancel_policy(
        row, _asked(body), day=body.from_day, actor=request.actor)))


@router.post("/policies/{key}/plan", response=CHANGED, operation_id="change_small_firm_plan")
def policy_plan(request: HttpRequest, key: UUID, body: shapes.SmallFirmPlanChangeNew) -> Status:
    """Give a policy another plan from a day on."""
    row = queries.policy(request.actor, key)
    return Status(201, change_answer(change_plan(
        row, body.plan, body.read, _asked(body), day=body.from_day, actor=request.actor)))


@router.post("/policies/{key}/name", response=CHANGED, operation_id="mend_small_firm_name")
def policy_name(request: HttpRequest, key: UUID, body: shapes.SmallFirmNameNew) -> Status:
    """Mend the name of a policy's firm."""
    row = queries.policy(request.actor, key)
    return Status(201, change_answer(correct_name(
        row, body.name, _asked(body), actor=request.actor)))


@router.post("/changes/{key}/withdrawal", response={200: shapes.SmallFirmChangeAnswer, **ERRORS},
             operation_id="withdraw_small_firm_change")
def change_back(request: HttpRequest, key: UUID, body: shapes.SmallFirmChangeBack) -> Document:
    """Take a change back before its first day."""
    row = change_queries.change(request.actor, key)
    return change_answer(take_back(row, reason=body.reason, actor=request.actor))


@router.post("/changes/{key}/payment", response={200: shapes.SmallFirmChangeAnswer, **ERRORS},
             operation_id="pay_small_firm_change")
def change_pay(request: HttpRequest, key: UUID, body: SmallFirmPaymentNew) -> Document:
    """Record that an additional premium has arrived, or that a refund has left the bank."""
    row = change_queries.change(request.actor, key)
    return change_answer(record_money(row, reference=body.reference, actor=request.actor))
