"""The API of programmes: open, enrol, leave, certify, study, settle, and a member's own page."""

from __future__ import annotations

import json
from typing import Any, Literal
from uuid import UUID

from django.http import Http404, HttpRequest
from ninja import Query, Router, Status

from dinghai.foundation.errors import InputError
from dinghai_platform.chains import queries as chain_queries
from dinghai_platform.core.permissions import require
from dinghai_platform.core.queries import organisations_visible_to
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.programmes import queries, schemas
from dinghai_platform.programmes.models import (
    Certificate,
    Member,
    MemberFloat,
    MemberStep,
    Programme,
    Settlement,
    Study,
)
from dinghai_platform.programmes.services import floats as float_services
from dinghai_platform.programmes.services.certificates import issue_certificate
from dinghai_platform.programmes.services.members import Joining, enrol, leave
from dinghai_platform.programmes.services.programmes import close_programme, open_programme
from dinghai_platform.programmes.services.settlements import (
    approve_settlement,
    propose_decision,
    propose_event,
    reject_settlement,
    reverse_settlement,
)
from dinghai_platform.programmes.services.studies import start_study

router = Router(tags=["programmes"])
Made = dict[str, Any]


def _fields(row: Any, *names: str) -> Made:
    return {name: getattr(row, name) for name in names}


def _programme(row: Programme) -> Made:
    return {"chain": row.chain_id, "version": row.version.number, "insurer": row.tenant_id,
            "owner": row.owner_id, "policy": row.policy_id,
            "members": _enrolled(row),
            **_fields(row, "id", "number", "name_zh", "name_en", "state", "product_id",
                      "product_version", "inception", "expiry", "premium_fen", "aggregate_fen",
                      "layers", "layers_hash", "created_at")}




def _enrolled(row: Any) -> int:
    counted = getattr(row, "enrolled", None)
    if counted is None:
        counted = queries.members_of(row).filter(state="enrolled").count()
    return int(counted)


def _member(row: Member) -> Made:
    return {"organisation": row.organisation_id, **_fields(
        row, "id", "programme_number", "firm", "name_zh", "name_en", "role", "tier", "state",
        "first", "last", "annual_fen", "basis", "premium_fen", "grade")}


def _float(row: MemberFloat) -> Made:
    return _fields(row, "id", "number", "state", "factor_before_ppm", "factor_ppm", "amount_fen",
                   "effective", "appeal_until", "appeal_reason")


def _certificate(row: Certificate) -> Made:
    return _fields(row, "id", "number", "document", "document_hash", "created_at")


def _settlement(row: Settlement) -> Made:
    return _fields(row, "id", "number", "event", "occurred_on", "root_cause", "state",
                   "presented_fen", "insurance_fen", "contribution_fen", "retention_fen",
                   "document", "document_hash", "note")


def _study(row: Study) -> Made:
    return {"job": row.job_id, "after": row.after.number if row.after else None, **_fields(
        row, "id", "kind", "state", "runs", "seed", "document", "document_hash", "fault")}


@router.get("", response={200: schemas.ProgrammePart, **ERRORS}, operation_id="programmes")
def programme_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """The programmes the actor sees."""
    require(request.actor, "programmes.view")
    rows = queries.programmes(request.actor).select_related("version").defer(None).defer(
        "version__document").order_by("-id")
    return part_of(rows, page, _programme)


@router.post("", response={201: schemas.ProgrammeAnswer, **ERRORS}, operation_id="open_programme")
def programme_open(request: HttpRequest, body: schemas.ProgrammeNew) -> Status:
    """Open a programme for a chain."""
    require(request.actor, "programmes.administer")
    chain = chain_queries.chain(request.actor, body.chain)
    layers = None if body.layers is None else json.dumps(body.layers).encode()
    return Status(201, _programme(open_programme(
        chain_queries.version(chain, body.version), inception=body.inception, expiry=body.expiry,
        layers=layers, layers_name="layers.json" if layers else "", premium_fen=body.premium_fen,
        name_zh=body.name_zh, name_en=body.name_en, actor=request.actor)))


@router.get("/members/{key}", response={200: schemas.MemberWholeAnswer, **ERRORS},
            operation_id="programme_member")
def member_one(request: HttpRequest, key: UUID) -> Made:
    """A member with its premium, standing, notices and certificates; nobody else is in it."""
    require(request.actor, "programmes.view_member")
    row = queries.member(request.actor, key)
    require(request.actor, "programmes.view_member", row)
    told = MemberFloat.objects.within(row.tenant_id).filter(member=row).exclude(
        state__in=("proposed", "held", "superseded")).order_by("-id")
    return {
        **_member(row),
        "steps": [_fields(one, "on", "reason", "days_left", "fen", "vat_fen")
                  for one in MemberStep.objects.within(row.tenant_id).filter(member=row)],
        "standings": [_fields(one, "version_number", "as_of", "grade", "index_ppm", "score_ppm",
                              "factor_ppm", "document") for one in queries.standings_of(row)],
        "floats": [_float(one) for one in told],
        "certificates": [_certificate(one) for one in Certificate.objects.within(
            row.tenant_id).filter(member=row).order_by("-id")]}


@router.post("/members/{key}/leaving", response={200: schemas.MemberAnswer, **ERRORS},
             operation_id="leave_programme")
def member_leave(request: HttpRequest, key: UUID, body: schemas.LeavingNew) -> Made:
    """Let a member leave; the premium of the days after goes back."""
    row = queries.member(request.actor, key)
    return _member(leave(row, last=body.last, reason=body.reason, actor=request.actor))


@router.post("/members/{key}/certificates", response={201: schemas.CertificateAnswer, **ERRORS},
             operation_id="issue_member_certificate")
def member_certify(request: HttpRequest, key: UUID) -> Status:
    """Issue a member's certificate in both languages; the same cover is certified once."""
    row = queries.member(request.actor, key)
    return Status(201, _certificate(issue_certificate(row, actor=request.actor)))


@router.post("/floats/{key}/agreement", response={200: schemas.MemberFloatAnswer, **ERRORS},
             operation_id="agree_member_float")
def float_agree(request: HttpRequest, key: UUID) -> Made:
    """Agree to a changed premium."""
    return _float(float_services.agree_float(queries.float_row(request.actor, key),
                                             actor=request.actor))


@router.post("/floats/{key}/appeal", response={200: schemas.MemberFloatAnswer, **ERRORS},
             operation_id="appeal_member_float")
def float_appeal(request: HttpRequest, key: UUID, body: schemas.ProgrammeReasonNew) -> Made:
    """Appeal against a changed premium."""
    return _float(float_services.appeal_float(queries.float_row(request.actor, key),
                                              reason=body.reason, actor=request.actor))


@router.post("/floats/{key}/application", response={200: schemas.MemberFloatAnswer, **ERRORS},
             operation_id="apply_member_float")
def float_apply(request: HttpRequest, key: UUID) -> Made:
    """Post the refund of a float that was agreed."""
    return _float(float_services.apply_float(queries.float_row(request.actor, key),
                                             actor=request.actor))


@router.get("/studies/{key}", response={200: schemas.ProgrammeStudyAnswer, **ERRORS},
            operation_id="programme_study")
def study_one(request: HttpRequest, key: UUID) -> Made:
    """A study and what it found."""
    require(request.actor, "programmes.view")
    return _study(queries.study(request.actor, key))


@router.post("/studies/{key}/floats/{step}",
             response={200: list[schemas.MemberFloatAnswer], **ERRORS},
             operation_id="decide_member_floats")
def study_floats(request: HttpRequest, key: UUID, step: Literal["propose", "approve"]) -> Any:
    """Propose what a study's floats grant, or approve what another one proposed."""
    row = queries.study(request.actor, key)
    verb = (float_services.propose_floats if step == "propose"
            else float_services.approve_floats)
    return [_float(one) for one in verb(row, actor=request.actor)]


@router.get("/settlements/{key}", response={200: schemas.SettlementAnswer, **ERRORS},
            operation_id="programme_settlement")
def settlement_one(request: HttpRequest, key: UUID) -> Made:
    """A settlement: who bears what of one event."""
    require(request.actor, "programmes.view")
    return _settlement(queries.settlement(request.actor, key))


@router.post("/settlements/{key}/approval", response={200: schemas.SettlementAnswer, **ERRORS},
             operation_id="approve_programme_settlement")
def settlement_approve(request: HttpRequest, key: UUID) -> Made:
    """Approve and post what another one proposed."""
    return _settlement(approve_settlement(queries.settlement(request.actor, key),
                                          actor=request.actor))


@router.post("/settlements/{key}/rejection", response={200: schemas.SettlementAnswer, **ERRORS},
             operation_id="reject_programme_settlement")
def settlement_reject(request: HttpRequest, key: UUID, body: schemas.ProgrammeReasonNew) -> Made:
    """Send a proposal back."""
    return _settlement(reject_settlement(queries.settlement(request.actor, key),
                                         reason=body.reason, actor=request.actor))


@router.post("/settlements/{key}/reversal", response={200: schemas.SettlementAnswer, **ERRORS},
             operation_id="reverse_programme_settlement")
def settlement_reverse(request: HttpRequest, key: UUID, body: schemas.ProgrammeReasonNew) -> Made:
    """Take a posted settlement back by mirrored entries."""
    return _settlement(reverse_settlement(queries.settlement(request.actor, key),
                                          reason=body.reason, actor=request.actor))


@router.get("/{key}", response={200: schemas.ProgrammeAnswer, **ERRORS}, operation_id="programme")
def programme_one(request: HttpRequest, key: UUID) -> Made:
    """One programme."""
    require(request.actor, "programmes.view")
    return _programme(queries.programme(request.actor, key))


@router.post("/{key}/closing", response={200: schemas.ProgrammeAnswer, **ERRORS},
             operation_id="close_programme")
def programme_close(request: HttpRequest, key: UUID, body: schemas.ProgrammeReasonNew) -> Made:
    """Close a programme; all of it stays readable."""
    row = queries.programme(request.actor, key)
    return _programme(close_programme(row, reason=body.reason, actor=request.actor))


@router.get("/{key}/members", response={200: schemas.MemberPart, **ERRORS},
            operation_id="programme_members")
def member_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The members of a programme."""
    require(request.actor, "programmes.view")
    row = queries.programme(request.actor, key)
    return part_of(queries.members_of(row).order_by("id"), page, _member)


@router.post("/{key}/members", response={201: list[schemas.MemberAnswer], **ERRORS},
             operation_id="enrol_programme_members")
def member_enrol(request: HttpRequest, key: UUID, body: schemas.EnrolmentNew) -> Status:
    """Enrol firms of the chain, all or none."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.administer", row)
    known = {one.pk: one for one in organisations_visible_to(request.actor).filter(
        pk__in=[one.organisation for one in body.members if one.organisation])}
    if any(one.organisation and one.organisation not in known for one in body.members):
        raise Http404("no such organisation")
    joining = [Joining(one.firm, one.first, one.premium_fen,
                       known.get(one.organisation) if one.organisation else None)
               for one in body.members]
    return Status(201, [_member(one) for one in enrol(row, joining, actor=request.actor)])


@router.post("/{key}/studies", response={202: schemas.ProgrammeStudyAnswer, **ERRORS},
             operation_id="start_programme_study")
def study_start(request: HttpRequest, key: UUID, body: schemas.ProgrammeStudyNew) -> Status:
    """Study a programme's shares or floating premiums; a job works it off."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.study", row)
    after = None if body.after is None else chain_queries.version(row.chain, body.after)
    return Status(202, _study(start_study(row, kind=body.kind, runs=body.runs, seed=body.seed,
                                          after=after, actor=request.actor)))


@router.get("/{key}/settlements", response={200: schemas.SettlementPart, **ERRORS},
            operation_id="programme_settlements")
def settlement_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Made:
    """The settlements of a programme."""
    require(request.actor, "programmes.view")
    row = queries.programme(request.actor, key)
    rows = Settlement.objects.within(row.tenant_id).filter(programme=row).order_by("-id")
    return part_of(rows, page, _settlement)


@router.post("/{key}/settlements", response={201: schemas.SettlementAnswer, **ERRORS},
             operation_id="propose_programme_settlement")
def settlement_propose(request: HttpRequest, key: UUID, body: schemas.SettlementNew) -> Status:
    """Propose who bears an event, or a decided claim of the programme's policy."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.propose_settlement", row)
    if body.decision is not None:
        decision = queries.decisions_to_settle(row).filter(pk=body.decision).first()
        if decision is None:
            raise Http404("no such decision")
        return Status(201, _settlement(propose_decision(
            row, decision, root_cause=body.root_cause, actor=request.actor)))
    if body.occurred_on is None:
        raise InputError("it is not said when the event happened", field="occurred_on",
                         mend="give a day")
    return Status(201, _settlement(propose_event(
        row, event=body.event, occurred_on=body.occurred_on, root_cause=body.root_cause,
        sections=[one.model_dump() for one in body.sections], actor=request.actor)))
