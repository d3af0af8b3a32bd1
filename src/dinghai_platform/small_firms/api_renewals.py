"""The API of renewals: one policy's new price, runs over many, and their offers bound."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms import schemas as shapes
from dinghai_platform.small_firms.api_answers import (
    quote_answer,
    renewal_answer,
    renewal_run_answer,
)
from dinghai_platform.small_firms.services.renewals import (
    bind_renewals,
    renew_policy,
    run_renewals,
)

router = Router()
Document = dict[str, Any]


@router.post("/policies/{key}/renewal", response={201: shapes.SmallFirmQuoteAnswer, **ERRORS},
             operation_id="renew_small_firm_policy")
def policy_renew(request: HttpRequest, key: UUID) -> Status:
    """Quote a policy that ends soon anew, from the answers that are kept."""
    require(request.actor, "small_firms.view")
    return Status(201, quote_answer(renew_policy(
        queries.policy(request.actor, key), actor=request.actor)))


@router.post("/renewals", response={202: shapes.SmallFirmRenewalRunAnswer, **ERRORS},
             operation_id="run_small_firm_renewals")
def run_new(request: HttpRequest, body: shapes.SmallFirmRenewalRunNew) -> Status:
    """Have every policy that ends within so many days quoted anew by a job."""
    return Status(202, renewal_run_answer(run_renewals(actor=request.actor, days=body.days)))


@router.get("/renewals/{key}", response={200: shapes.SmallFirmRenewalRunAnswer, **ERRORS},
            operation_id="small_firm_renewal_run")
def run_one(request: HttpRequest, key: UUID) -> Document:
    """One run: how far it is and what it came to."""
    require(request.actor, "small_firms.batch")
    return renewal_run_answer(queries.renewal_run(request.actor, key))


@router.get("/renewals/{key}/policies", response={200: shapes.SmallFirmRenewalPart, **ERRORS},
            operation_id="small_firm_renewals")
def run_rows(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Document:
    """What became of each policy of a run."""
    require(request.actor, "small_firms.batch")
    rows = queries.renewals_of(queries.renewal_run(request.actor, key)).order_by("id")
    return part_of(rows, page, renewal_answer)


@router.post("/renewals/{key}/policies",
             response={202: shapes.SmallFirmRenewalRunAnswer, **ERRORS},
             operation_id="bind_small_firm_renewals")
def run_bind(request: HttpRequest, key: UUID, body: shapes.SmallFirmBatchBind) -> Status:
    """Have offers of a run bound."""
    row = queries.renewal_run(request.actor, key)
    return Status(202, renewal_run_answer(bind_renewals(
        row, body.quotes, confirmed_by=body.confirmed_by, channel=body.channel,
        explained=body.explained, actor=request.actor)))
