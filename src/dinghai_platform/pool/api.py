"""The pool's API: the pool, one's own contributions and credits, releases."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from ninja import File, Form, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_records import BOUNDS, Contribution, rejected_rows
from dinghai.experience.pool_rules import purposes
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.jobs import why_it_waits
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.pool import queries
from dinghai_platform.pool.models import Batch, CreditEntry, Release, ReleaseRequest
from dinghai_platform.pool.schemas import (
    BatchAnswer,
    BatchPart,
    BatchWholeAnswer,
    CheckAnswer,
    ContributionNew,
    CreditPart,
    PoolAnswer,
    PoolMemberAnswer,
    PoolMemberNew,
    PoolWithdrawalNew,
    ReleaseNew,
    ReleasePart,
    ReleaseRequestAnswer,
    ReleaseRequestPart,
    ReleaseWholeAnswer,
)
from dinghai_platform.pool.services import contributions, members
from dinghai_platform.pool.services.requests import request_release
from dinghai_platform.pool.views.releases import release_dict

router = Router(tags=["pool"])
Document = dict[str, Any]


@router.get("", response={200: PoolAnswer, **ERRORS}, operation_id="pool")
def pool_one(request: HttpRequest) -> Document:
    """What the pool holds, and one's own part in it."""
    require(request.actor, "pool.view")
    pool = queries.the_pool()
    if pool is None:
        raise Http404("the pool is not open yet")
    stock, spent = queries.stock(), queries.spent(pool)
    return {
        "members": stock.members, "batches": stock.batches, "records": stock.records,
        "records_by_purpose": stock.by_purpose, "purposes": list(purposes()),
        "is_member": queries.membership(request.actor) is not None,
        "credits_milli": queries.balance(request.actor.organisation),
        "budget": {"year": spent.year, "spent_epsilon_ppm": spent.epsilon_ppm,
                   "spent_delta_ppb": spent.delta_ppb,
                   "most_epsilon_ppm": spent.most_epsilon_ppm,
                   "most_delta_ppb": spent.most_delta_ppb},
    }


@router.post("", response={201: PoolAnswer, **ERRORS}, operation_id="open_pool")
def pool_open(request: HttpRequest) -> Status:
    """Open the pool of this site (its operator)."""
    members.open_pool(actor=request.actor)
    return Status(201, pool_one(request))


@router.get("/members", response={200: list[PoolMemberAnswer], **ERRORS},
            operation_id="pool_members")
def member_list(request: HttpRequest) -> list[Document]:
    """Who takes part, for members, authorities and the operator; empty for others."""
    require(request.actor, "pool.view")
    if not queries.sees_members(request.actor):
        return []
    return [_member(one) for one in queries.members()]


@router.post("/members", response={201: PoolMemberAnswer, **ERRORS},
             operation_id="admit_pool_member")
def member_admit(request: HttpRequest, body: PoolMemberNew) -> Status:
    """Admit an organisation (the operator)."""
    require(request.actor, "pool.operate")
    organisation = _organisation(body.organisation)
    members.admit_member(organisation, actor=request.actor)
    return Status(201, _member_of(organisation))


@router.post("/members/end", response={200: PoolMemberAnswer, **ERRORS},
             operation_id="end_pool_member")
def member_end(request: HttpRequest, body: PoolMemberNew) -> Document:
    """End a membership (the operator). What the member gave stays until it withdraws it."""
    require(request.actor, "pool.operate")
    organisation = _organisation(body.organisation)
    members.end_member(organisation, actor=request.actor)
    return _member_of(organisation)


@router.get("/batches", response={200: BatchPart, **ERRORS}, operation_id="pool_batches")
def batch_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """One's own batches, newest first."""
    require(request.actor, "pool.contribute")
    rows = queries.batches(request.actor).prefetch_related("credits").order_by("-number")
    return part_of(rows, page, batch_shape)


@router.post("/batches", response={201: BatchWholeAnswer, **ERRORS},
             operation_id="contribute_records")
def batch_new(request: HttpRequest, body: ContributionNew) -> Status:
    """Give records. Rejected ones do not stop the others; they are listed in the answer."""
    row = contributions.contribute_records(
        [one.dict() for one in body.records], purposes=body.purposes, actor=request.actor)
    return Status(201, _whole(row))


@router.post("/batches/check", response={200: CheckAnswer, **ERRORS},
             operation_id="check_records")
def batch_check(request: HttpRequest, body: ContributionNew) -> Document:
    """What would become of records; nothing is kept."""
    return _check(contributions.check_records(
        [one.dict() for one in body.records], actor=request.actor))


@router.post("/batches/file", response={201: BatchWholeAnswer, **ERRORS},
             operation_id="contribute_file")
def batch_file(
    request: HttpRequest, file: File[UploadedFile], purposes: Form[str],
) -> Status:
    """Give a file of records (CSV, Excel, Parquet). ``purposes`` are codes with commas between."""
    require(request.actor, "pool.contribute")
    row = contributions.contribute_file(
        _content(file), name=file.name or "", actor=request.actor,
        purposes=[one.strip() for one in purposes.split(",") if one.strip()])
    return Status(201, _whole(row))


@router.post("/batches/file/check", response={200: CheckAnswer, **ERRORS},
             operation_id="check_file")
def batch_file_check(request: HttpRequest, file: File[UploadedFile]) -> Document:
    """What would become of a file; nothing is kept."""
    require(request.actor, "pool.contribute")
    return _check(contributions.check_file(
        _content(file), name=file.name or "", actor=request.actor))


@router.get("/batches/{key}", response={200: BatchWholeAnswer, **ERRORS},
            operation_id="pool_batch")
def batch_one(request: HttpRequest, key: UUID) -> Document:
    """One of one's own batches."""
    require(request.actor, "pool.contribute")
    return _whole(queries.batch_of(request.actor, key))


@router.post("/batches/{key}/withdrawal", response={200: BatchWholeAnswer, **ERRORS},
             operation_id="withdraw_batch")
def batch_withdraw(request: HttpRequest, key: UUID, body: PoolWithdrawalNew) -> Document:
    """Take a batch out of every later release."""
    require(request.actor, "pool.contribute")
    row = queries.batch_of(request.actor, key)
    return _whole(contributions.withdraw_batch(row, reason=body.reason, actor=request.actor))


@router.post("/withdrawal", response={200: list[BatchAnswer], **ERRORS},
             operation_id="withdraw_all_batches")
def withdraw_all(request: HttpRequest, body: PoolWithdrawalNew) -> list[Document]:
    """Take all one's batches out of every later release."""
    rows = contributions.withdraw_all(reason=body.reason, actor=request.actor)
    return [batch_shape(row) for row in rows]


@router.get("/credits", response={200: CreditPart, **ERRORS}, operation_id="pool_credits")
def credit_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """One's own credits, newest first."""
    require(request.actor, "pool.contribute")
    return part_of(queries.credit_entries(request.actor), page, _credit)


@router.get("/releases", response={200: ReleasePart, **ERRORS}, operation_id="pool_releases")
def release_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """All releases, newest first."""
    require(request.actor, "pool.view")
    return part_of(queries.releases(request.actor).order_by("-number"), page, _release)


@router.post("/releases", response={202: ReleaseRequestAnswer, **ERRORS},
             operation_id="publish_release")
def release_new(request: HttpRequest, response: HttpResponse, body: ReleaseNew) -> Status:
    """Ask for a release (the operator). A job makes and publishes it: ask for the request at the
    address in ``Location`` until it says published or failed. The same asked for again meanwhile
    is the same request."""
    require(request.actor, "pool.operate")
    budget = None
    if body.method == "private":
        if body.epsilon_ppm is None:
            raise InputError("a private release has no budget", field="epsilon_ppm",
                             mend="say how much to spend")
        budget = Budget(body.epsilon_ppm, body.delta_ppb)
    row = request_release(body.purpose, actor=request.actor, budget=budget, tables=body.tables)
    response["Location"] = f"{reverse('api:release_request')}?id={row.pk}"
    return Status(202, _request(row))


@router.get("/release-requests", response={200: ReleaseRequestPart, **ERRORS},
            operation_id="release_requests")
def request_list(request: HttpRequest, page: Query[PageQuery]) -> Document:
    """Releases that were asked for, newest first (the operator)."""
    require(request.actor, "pool.operate")
    return part_of(queries.release_requests(request.actor), page, _request)


@router.get("/release-request", response={200: ReleaseRequestAnswer, **ERRORS},
            operation_id="release_request", url_name="release_request")
def request_one(request: HttpRequest, id: UUID) -> Document:
    """One of them (the operator)."""
    require(request.actor, "pool.operate")
    return _request(queries.release_request_of(request.actor, id))


def _request(row: ReleaseRequest) -> Document:
    job = row.job
    return {
        "id": row.pk, "state": row.state, "purpose": row.purpose, "method": row.method,
        "tables": row.tables, "epsilon_ppm": row.epsilon_ppm, "delta_ppb": row.delta_ppb,
        "job": job.pk, "progress": job.progress, "total": job.total, "message": job.message,
        "waits_because": why_it_waits(job), "error": job.error,
        "release": row.release.number if row.release else None, "requested_at": row.created_at}


@router.get("/release", response={200: ReleaseWholeAnswer, **ERRORS},
            operation_id="pool_release")
def release_one(request: HttpRequest, number: str) -> Document:
    """One release, as far as the reader may see it."""
    require(request.actor, "pool.view")
    row = queries.release_of(request.actor, number)
    return release_dict(row, queries.sees_detail(request.actor),
                        queries.withdrawn_since([row])[row.pk])


def _content(file: UploadedFile) -> bytes:
    BOUNDS.check_file(file.size or 0, file.name or "")
    return file.read()


def _organisation(key: UUID) -> Organisation:
    found = Organisation.objects.filter(pk=key).first()
    if found is None:
        raise Refusal("there is no such organisation")
    return found


def _member_of(organisation: Organisation) -> Document:
    return next(_member(one) for one in queries.members() if one.organisation == organisation)


def _member(one: queries.Shown) -> Document:
    return {"organisation": one.organisation.pk, "name": one.organisation.name,
            "state": one.state, "admitted_at": one.admitted_at,
            "credits_milli": one.credits_milli, "share_ppm": one.share_ppm}


def _check(found: Contribution) -> Document:
    return {"rows": found.rows, "accepted": len(found.records), "rejected": rejected_rows(found),
            "faults": [one.to_dict() for one in found.rejected]}


def batch_shape(row: Batch) -> Document:
    """A batch as the API says it."""
    names = ("number", "name", "sha256", "content_hash", "purposes", "rows", "events", "covers",
             "firms", "rejected", "state", "created_at", "withdrawn_at", "withdrawal_reason")
    return {"id": row.pk, **{name: getattr(row, name) for name in names},
            "credits_milli": sum(one.amount_milli for one in row.credits.all())}


def _whole(row: Batch) -> Document:
    return {**batch_shape(row), "faults": row.faults, "releases": queries.releases_of(row)}


def _credit(row: CreditEntry) -> Document:
    return {"id": row.pk, "batch": row.batch_id, "kind": row.kind,
            "amount_milli": row.amount_milli, "parts": row.parts, "created_at": row.created_at}


def _release(row: Release) -> Document:
    return {"number": row.number, "purpose": row.purpose, "method": row.method,
            "as_of": row.as_of, "published_at": row.published_at, "hash": row.document_hash}
