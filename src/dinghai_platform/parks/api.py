"""The API of parks: master policies, members, certificates; events and services stand beside."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.schemes import park_file
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.queries import organisations_visible_to
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.parks import queries, schemas
from dinghai_platform.parks.api_events import router as events
from dinghai_platform.parks.engine import policy_of
from dinghai_platform.parks.models import CertificatePack, MemberChange, Park, ParkMember
from dinghai_platform.parks.services.certificates import start_pack
from dinghai_platform.parks.services.changes import (
    apply_change,
    check_again,
    check_joining,
    check_leaving,
    check_list,
    drop_change,
)
from dinghai_platform.parks.services.parks import (
    bind_park,
    close_park,
    open_park,
    replace_document,
)
from dinghai_platform.parks.settlement_view import left_of_period

router = Router(tags=["parks"])
router.add_router("", events)
Made = dict[str, Any]


def _fields(row: Any, *names: str) -> Made:
    return {name: getattr(row, name) for name in names}


def _park(row: Park) -> Made:
    figures = queries.figures_of(row)
    return {"insurer": row.tenant_id, "operator": row.operator_id, "members": figures.enrolled,
            "net_fen": figures.net_fen, "vat_fen": figures.vat_fen,
            "period_left_fen": left_of_period(row, policy_of(row)),
            **_fields(row, "id", "number", "code", "name_zh", "name_en", "state", "policy_no",
                      "product_id", "inception", "expiry", "document", "document_hash",
                      "created_at")}


def _brief(row: Any) -> Made:
    return {"operator": row.operator_id, "members": row.enrolled, **_fields(
        row, "id", "number", "code", "name_zh", "name_en", "state", "inception", "expiry")}


def _member(row: ParkMember) -> Made:
    return {"park": row.park_id, "organisation": row.organisation_id, **_fields(
        row, "id", "park_number", "credit_code", "name_zh", "name_en", "sector", "rating_class",
        "size", "revenue_fen", "state", "first", "last", "limit_fen", "top_ups", "network",
        "providers", "grade", "net_fen", "vat_fen")}


_CHANGE = ("id", "number", "kind", "state", "file_name", "joined", "left", "rejected",
           "charged_fen", "refunded_fen", "created_at")


def _change(row: MemberChange) -> Made:
    return {"park": row.park_id, "seen": row.preview_hash,
            **_fields(row, *_CHANGE, "outcome", "preview")}


def _pack(row: CertificatePack) -> Made:
    return {"job": row.job_id, "file": row.file_id,
            **_fields(row, "id", "language", "state", "certificates")}


def _operator(request: HttpRequest, key: UUID | None) -> Organisation | None:
    if key is None:
        return None
    found = organisations_visible_to(request.actor).filter(pk=key).first()
    if found is None:
        raise Http404("no such organisation")
    return found


@router.get("", response={200: schemas.ParkPart, **ERRORS}, operation_id="parks")
def park_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """The parks the actor sees."""
    require(request.actor, "parks.view")
    return part_of(queries.parks(request.actor).order_by("-id"), page, _brief)


@router.post("", response={201: schemas.ParkAnswer, **ERRORS}, operation_id="open_park")
def park_open(request: HttpRequest, body: schemas.ParkNew) -> Status:
    """Open a master policy as a draft."""
    require(request.actor, "parks.administer")
    made = open_park(park_file.park_from(body.document), actor=request.actor,
                     operator=_operator(request, body.operator))
    return Status(201, _park(made))


@router.get("/members/{key}", response={200: schemas.ParkMemberWholeAnswer, **ERRORS},
            operation_id="park_member")
def member_one(request: HttpRequest, key: UUID) -> Made:
    """A member with its premium, certificates and claims; nobody else is in it."""
    require(request.actor, "parks.view_member")
    row = queries.member(request.actor, key)
    require(request.actor, "parks.view_member", row)
    return {
        **_member(row),
        "steps": [_fields(one, "cover", "on", "reason", "days_left", "net_fen", "vat_fen")
                  for one in queries.steps_of(row)],
        "certificates": [_fields(one, "id", "number", "revision", "issued_on", "document",
                                 "document_hash")
                         for one in queries.certificates_of(row).defer(None)[:20]],
        "claims": [_fields(one, "number", "event", "day", "claimed_fen", "entitled_fen",
                           "paid_before_fen", "due_fen", "retained_fen", "reversed_at")
                   for one in queries.claims_of_member(row)]}


@router.post("/members/{key}/leaving", response={201: schemas.ParkChangeAnswer, **ERRORS},
             operation_id="leave_park")
def member_leave(request: HttpRequest, key: UUID, body: schemas.ParkLeavingNew) -> Status:
    """Look through the leaving of a member: what goes back. Apply the change to let it leave."""
    row = queries.member(request.actor, key)
    return Status(201, _change(check_leaving(row, last=body.last, reason=body.reason,
                                             actor=request.actor)))


@router.get("/changes/{key}", response={200: schemas.ParkChangeAnswer, **ERRORS},
            operation_id="park_change")
def change_one(request: HttpRequest, key: UUID) -> Made:
    """A change of members."""
    require(request.actor, "parks.view")
    return _change(queries.change(request.actor, key))


@router.post("/changes/{key}/application", response={200: schemas.ParkChangeAnswer, **ERRORS},
             operation_id="apply_park_change")
def change_apply(request: HttpRequest, key: UUID, body: schemas.ParkApplicationNew) -> Made:
    """Apply what was seen, once."""
    return _change(apply_change(queries.change(request.actor, key), seen=body.seen,
                                all_or_nothing=body.all_or_nothing, actor=request.actor))


@router.post("/changes/{key}/check", response={200: schemas.ParkChangeAnswer, **ERRORS},
             operation_id="check_park_change")
def change_again(request: HttpRequest, key: UUID) -> Made:
    """Look a waiting change through again, against the members of now."""
    return _change(check_again(queries.change(request.actor, key), actor=request.actor))


@router.post("/changes/{key}/dropping", response={200: schemas.ParkChangeAnswer, **ERRORS},
             operation_id="drop_park_change")
def change_drop(request: HttpRequest, key: UUID) -> Made:
    """Give a waiting change up."""
    return _change(drop_change(queries.change(request.actor, key), actor=request.actor))


@router.get("/packs/{key}", response={200: schemas.ParkPackAnswer, **ERRORS},
            operation_id="park_certificate_pack")
def pack_one(request: HttpRequest, key: UUID) -> Made:
    """A ZIP of certificates: how far it is."""
    require(request.actor, "parks.view")
    return _pack(queries.pack(request.actor, key))


@router.get("/{key}", response={200: schemas.ParkAnswer, **ERRORS}, operation_id="park")
def park_one(request: HttpRequest, key: UUID) -> Made:
    """One park with its master policy."""
    require(request.actor, "parks.view")
    return _park(queries.park(request.actor, key))


@router.put("/{key}", response={200: schemas.ParkAnswer, **ERRORS},
            operation_id="replace_park_document")
def park_replace(request: HttpRequest, key: UUID, body: schemas.ParkNew) -> Made:
    """Put another document in a draft's place."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.administer", row)
    return _park(replace_document(row, park_file.park_from(body.document), actor=request.actor,
                                  operator=_operator(request, body.operator)))


@router.post("/{key}/binding", response={200: schemas.ParkAnswer, **ERRORS},
             operation_id="bind_park")
def park_bind(request: HttpRequest, key: UUID) -> Made:
    """Bind a draft."""
    return _park(bind_park(queries.park(request.actor, key), actor=request.actor))


@router.post("/{key}/closing", response={200: schemas.ParkAnswer, **ERRORS},
             operation_id="close_park")
def park_close(request: HttpRequest, key: UUID, body: schemas.ParkReasonNew) -> Made:
    """Close a master policy; all of it stays readable."""
    return _park(close_park(queries.park(request.actor, key), reason=body.reason,
                            actor=request.actor))


@router.get("/{key}/members", response={200: schemas.ParkMemberPart, **ERRORS},
            operation_id="park_members")
def member_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The members of a park."""
    require(request.actor, "parks.view")
    row = queries.park(request.actor, key)
    return part_of(queries.members_of(row).order_by("sequence"), page, _member)


@router.post("/{key}/members", response={201: schemas.ParkChangeAnswer, **ERRORS},
             operation_id="join_park")
def member_join(request: HttpRequest, key: UUID, body: schemas.ParkJoiningNew) -> Status:
    """Look through the joining of a firm: its premium. Apply the change to let it join."""
    row = queries.park(request.actor, key)
    return Status(201, _change(check_joining(row, body.cells(), actor=request.actor)))


@router.get("/{key}/changes", response={200: schemas.ParkChangePart, **ERRORS},
            operation_id="park_changes")
def change_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The changes of a park's members, newest first."""
    require(request.actor, "parks.view")
    row = queries.park(request.actor, key)
    return part_of(queries.changes_of(row).order_by("-id"), page,
                   lambda one: _fields(one, *_CHANGE))


@router.post("/{key}/changes", response={201: schemas.ParkChangeAnswer, **ERRORS},
             operation_id="check_park_list")
def list_new(request: HttpRequest, key: UUID, file: File[UploadedFile]) -> Status:
    """Look a list of members through (CSV, Excel, Parquet): a dry run with every row at fault."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.enrol", row)
    return Status(201, _change(check_list(row, file.read(), name=file.name or "",
                                          actor=request.actor)))


@router.get("/{key}/statement", response={
    200: list[schemas.ParkStatementLineAnswer], **ERRORS}, operation_id="park_statement")
def statement(request: HttpRequest, key: UUID) -> list[Made]:
    """The premium of a park by change and day."""
    require(request.actor, "parks.view")
    row = queries.park(request.actor, key)
    return [{"change": one["change__number"], "on": one["on"], "firms": one["firms"],
             "net_fen": one["net"], "vat_fen": one["vat"], "charged_fen": one["up"],
             "refunded_fen": one["down"]} for one in queries.statement_of(row)]


@router.post("/{key}/certificates", response={202: schemas.ParkPackAnswer, **ERRORS},
             operation_id="pack_park_certificates")
def pack_new(request: HttpRequest, key: UUID, body: schemas.ParkPackNew) -> Status:
    """Make the certificates of all members as one ZIP; a job works it off."""
    row = queries.park(request.actor, key)
    return Status(202, _pack(start_pack(row, language=body.language, actor=request.actor)))
