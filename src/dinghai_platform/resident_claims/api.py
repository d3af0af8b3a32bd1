"""The API of residents' claims for the insurer's people and programs. Claimants have pages."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, StreamingHttpResponse
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.streaming import csv_stream
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.resident_claims import queries, schemas
from dinghai_platform.resident_claims.models import (
    Claim,
    ClaimImport,
    ClaimSetting,
    DecisionRun,
    Payment,
    Recovery,
)
from dinghai_platform.resident_claims.results import result_lines
from dinghai_platform.resident_claims.services import (
    deciding,
    filing,
    imports,
    objections,
    paying,
    recoveries,
    runs,
)
from dinghai_platform.resident_claims.services.reveal import reveal_claim
from dinghai_platform.resident_claims.services.settings import set_scheme
from dinghai_platform.residents.models import ResidentScheme

router = Router(tags=["resident-claims"])
Made = dict[str, Any]


def _fields(row: Any, *names: str) -> Made:
    return {name: getattr(row, name) for name in names}


def _claim(row: Claim) -> Made:
    return {"scheme": row.scheme.number, "run": row.run_id, "holder": row.insured, **_fields(
        row, "id", "number", "certificate_no", "channel", "state", "outcome", "flagged",
        "loss_day", "loss_fen", "pay_fen", "expected_fen", "paid_fen", "wait_until", "decide_by",
        "submitted_at", "decided_at", "paid_at", "deciding")}


def _whole(row: Claim) -> Made:
    return {
        **_claim(row), "facts": row.facts,
        "decisions": [_fields(one, "sequence", "outcome", "by_hand", "pay_fen", "document", "hash",
                              "created_at") for one in queries.decisions_of(row)],
        "papers": [_fields(one, "id", "kind", "media_type", "size", "digest")
                   for one in row.papers.filter(taken_back_at=None)],
        "payments": [_payment(one) for one in row.payments.all()],
        "recoveries": [_recovery(one) for one in row.recoveries.all()],
        "objections": [_fields(one, "id", "upheld", "answered_at", "created_at")
                       for one in row.objections.all()]}


def _payment(row: Payment) -> Made:
    return _fields(row, "id", "amount_fen", "entry_number", "limitation_day", "created_at")


def _recovery(row: Recovery) -> Made:
    return _fields(row, "id", "returned_on", "amount_fen", "insured_fen", "insurer_fen", "rule",
                   "state", "by_claimant", "reference")


def _run(row: DecisionRun) -> Made:
    return {"job": row.job_id, **_fields(
        row, "id", "as_of", "state", "claims", "decided", "left", "outcomes", "pay_fen",
        "rules_hash", "created_at", "finished_at")}


def _import(row: ClaimImport) -> Made:
    return {"job": row.job_id, **_fields(
        row, "id", "file_name", "state", "rows", "accepted", "rejected", "taken", "faults",
        "notes", "created_at")}


def _setting(scheme: ResidentScheme, row: ClaimSetting | None) -> Made:
    return {"scheme": scheme.pk, "number": scheme.number,
            "terms_explained": row.terms_explained if row else None,
            "explained_on": row.explained_on if row else None,
            "approve_above_fen": row.approve_above_fen if row else None,
            "reason": row.reason if row else ""}


@router.get("/claims", response={200: schemas.ResidentClaimPart, **ERRORS},
            operation_id="resident_claims")
def claim_list(
    request: HttpRequest, page: Query[PageQuery], asked: Query[schemas.ResidentClaimQuery]
) -> Made:
    """Submitted claims, newest first, by state, scheme, number or pattern."""
    rows = queries.claims(request.actor)
    for name in ("state", "flagged", "number", "certificate_no"):
        value = getattr(asked, name)
        if value not in (None, ""):
            rows = rows.filter(**{name: value})
    if asked.scheme:
        rows = rows.filter(scheme__number=asked.scheme)
    return part_of(queries.named(rows).order_by("-id"), page, _claim)


@router.get("/claims/{key}", response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
            operation_id="resident_claim")
def claim_one(request: HttpRequest, key: UUID) -> Made:
    """One claim with its facts, decisions, papers, payments and recoveries; people stay sealed."""
    return _whole(queries.claim(request.actor, key))


@router.patch("/claims/{key}/facts", response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
              operation_id="establish_resident_claim_facts")
def claim_facts(request: HttpRequest, key: UUID, body: schemas.ResidentClaimFactsNew) -> Made:
    """Establish facts by the engine's columns, with a reason; null takes one back to unknown."""
    row = queries.claim(request.actor, key)
    filing.edit_facts(row, facts=body.facts, reason=body.reason, actor=request.actor)
    return _whole(queries.claim(request.actor, key))


@router.post("/claims/{key}/decision", response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
             operation_id="decide_resident_claim")
def claim_decide(request: HttpRequest, key: UUID) -> Made:
    """Decide a claim by the rules of its terms."""
    deciding.decide_claim(queries.claim(request.actor, key), actor=request.actor)
    return _whole(queries.claim(request.actor, key))


@router.post("/claims/{key}/request", response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
             operation_id="ask_resident_claim_papers")
def claim_ask(request: HttpRequest, key: UUID) -> Made:
    """Ask once for everything that is missing."""
    deciding.ask_papers(queries.claim(request.actor, key), actor=request.actor)
    return _whole(queries.claim(request.actor, key))


@router.post("/claims/{key}/hand", response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
             operation_id="decide_resident_claim_by_hand")
def claim_hand(request: HttpRequest, key: UUID, body: schemas.ResidentClaimHandNew) -> Made:
    """Decide by hand, with a reason: what the terms give, or nothing."""
    deciding.decide_by_hand(queries.claim(request.actor, key), pay=body.pay, reason=body.reason,
                            actor=request.actor)
    return _whole(queries.claim(request.actor, key))


@router.post("/claims/{key}/approval", response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
             operation_id="approve_resident_claim")
def claim_approve(request: HttpRequest, key: UUID) -> Made:
    """Let a payment above the scheme's amount go, as a second person."""
    deciding.approve_claim(queries.claim(request.actor, key), actor=request.actor)
    return _whole(queries.claim(request.actor, key))


@router.post("/claims/{key}/return", response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
             operation_id="send_resident_claim_back")
def claim_back(request: HttpRequest, key: UUID, body: schemas.ResidentClaimReasonNew) -> Made:
    """Send a determination that is not paid back to a person."""
    deciding.send_back(queries.claim(request.actor, key), reason=body.reason, actor=request.actor)
    return _whole(queries.claim(request.actor, key))


@router.post("/claims/{key}/payment", response={200: schemas.ResidentPaymentAnswer, **ERRORS},
             operation_id="pay_resident_claim")
def claim_pay(request: HttpRequest, key: UUID) -> Made:
    """Pay what was determined; asked again it answers the payment there is."""
    return _payment(paying.pay_claim(queries.claim(request.actor, key), actor=request.actor))


@router.post("/claims/{key}/person", response={200: schemas.ResidentClaimPersonAnswer, **ERRORS},
             operation_id="reveal_resident_claim")
def claim_person(request: HttpRequest, key: UUID, body: schemas.ResidentClaimReasonNew) -> Made:
    """Look at person, accounts and story of a claim. It is written into the audit chain."""
    require(request.actor, "resident_claims.reveal")
    found = reveal_claim(queries.claim(request.actor, key), reason=body.reason,
                         actor=request.actor)
    return {**_fields(found.person, "name", "identity", "mobile"), "words": found.words}


@router.post("/claims/{key}/recoveries",
             response={200: schemas.ResidentClaimWholeAnswer, **ERRORS},
             operation_id="report_resident_recovery")
def claim_recovery(request: HttpRequest, key: UUID, body: schemas.ResidentRecoveryNew) -> Made:
    """Say that money came back: before payment it lowers the loss, after it it is shared. The same
    amount of the same day counts once, unless it is said to be another return."""
    recoveries.report_recovery(
        queries.claim(request.actor, key), amount_fen=body.amount_fen,
        returned_on=body.returned_on, key=body.key, another=body.another, actor=request.actor)
    return _whole(queries.claim(request.actor, key))


@router.post("/recoveries/{key}/receipt", response={200: schemas.ResidentRecoveryAnswer, **ERRORS},
             operation_id="receive_resident_recovery")
def recovery_receive(
    request: HttpRequest, key: UUID, body: schemas.ResidentReferenceNew
) -> Made:
    """The insurer's share has arrived: it is posted once."""
    return _recovery(recoveries.receive_recovery(
        queries.recovery(request.actor, key), reference=body.reference, actor=request.actor))


@router.post("/recoveries/{key}/drop", response={200: schemas.ResidentRecoveryAnswer, **ERRORS},
             operation_id="drop_resident_recovery")
def recovery_drop(request: HttpRequest, key: UUID) -> Made:
    """A report that was wrong counts no more."""
    return _recovery(recoveries.drop_recovery(queries.recovery(request.actor, key),
                                              actor=request.actor))


@router.post("/objections/{key}/answer",
             response={200: schemas.ResidentObjectionAnswer, **ERRORS},
             operation_id="answer_resident_objection")
def objection_answer(request: HttpRequest, key: UUID, body: schemas.ResidentAnswerNew) -> Made:
    """Answer an objection, as somebody who had no part in the decision."""
    row = objections.answer_objection(queries.objection(request.actor, key), upheld=body.upheld,
                                      answer=body.answer, actor=request.actor)
    return _fields(row, "id", "upheld", "answered_at", "created_at")


@router.post("/payments", response={202: schemas.ResidentJobAnswer, **ERRORS},
             operation_id="pay_resident_claims")
def pay_all(request: HttpRequest) -> Status:
    """Pay everything that is to be paid, as a job."""
    return Status(202, {"job": paying.pay_all(actor=request.actor).pk})


@router.get("/runs", response={200: schemas.ResidentRunPart, **ERRORS},
            operation_id="resident_decision_runs")
def run_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """Mass decisions, newest first."""
    return part_of(queries.runs(request.actor), page, _run)


@router.post("/runs", response={202: schemas.ResidentRunAnswer, **ERRORS},
             operation_id="start_resident_decision_run")
def run_start(request: HttpRequest) -> Status:
    """Decide everything that is ready; the run that goes on is answered where there is one."""
    return Status(202, _run(runs.start_run(actor=request.actor)))


@router.get("/runs/{key}", response={200: schemas.ResidentRunAnswer, **ERRORS},
            operation_id="resident_decision_run")
def run_one(request: HttpRequest, key: UUID) -> Made:
    """A mass decision: how far it is and what it came to."""
    return _run(queries.run(request.actor, key))


@router.get("/runs/{key}/results", response={200: None, **ERRORS},
            operation_id="resident_decision_results")
def run_results(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """What became of every claim of a run, as CSV."""
    run = queries.run(request.actor, key)
    return csv_stream(request.actor, result_lines(run), f"decisions-{run.as_of}.csv")


@router.post("/runs/{key}/release", response={200: schemas.ResidentRunAnswer, **ERRORS},
             operation_id="release_resident_decision_run")
def run_release(request: HttpRequest, key: UUID) -> Made:
    """Let claims go that a run still holds whose job has ended early."""
    return _run(runs.let_go(queries.run(request.actor, key), actor=request.actor))


@router.get("/imports", response={200: schemas.ResidentClaimImportPart, **ERRORS},
            operation_id="resident_claim_imports")
def import_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """Files of claims, newest first; their faults stand at each."""
    return part_of(queries.imports(request.actor).defer(None), page, _import)


@router.post("/imports", response={202: schemas.ResidentClaimImportAnswer, **ERRORS},
             operation_id="take_resident_claim_file")
def import_new(request: HttpRequest, file: File[UploadedFile]) -> Status:
    """Take a file of claims (CSV, Excel, Parquet) and look through it: a dry run."""
    require(request.actor, "resident_claims.import")
    return Status(202, _import(imports.take_file(file.read(), name=file.name or "",
                                                 actor=request.actor)))


@router.get("/imports/{key}", response={200: schemas.ResidentClaimImportAnswer, **ERRORS},
            operation_id="resident_claim_import")
def import_one(request: HttpRequest, key: UUID) -> Made:
    """A file of claims: how far it is, and its faults."""
    return _import(queries.import_row(request.actor, key))


@router.post("/imports/{key}/{step}", response={202: schemas.ResidentClaimImportAnswer, **ERRORS},
             operation_id="move_resident_claim_import")
def import_move(
    request: HttpRequest, key: UUID, step: Literal["taking", "cancellation"]
) -> Status:
    """Make claims of the good rows, or give the file up."""
    verb = imports.take_in if step == "taking" else imports.cancel_import
    return Status(202, _import(verb(queries.import_row(request.actor, key), actor=request.actor)))


@router.get("/recourse", response={200: schemas.ResidentRecoursePart, **ERRORS},
            operation_id="resident_recourse")
def recourse_list(request: HttpRequest, page: Query[PageQuery]) -> Made:
    """Rights of recourse that payments give, soonest limitation first."""
    rows = queries.recourse(request.actor).order_by("limitation_day", "id")
    return part_of(rows, page, lambda one: {
        "claim": one.claim.number, "claim_id": one.claim_id, "bank": one.claim.bank,
        **_fields(one, "amount_fen", "back_fen", "right_fen", "limitation_day", "law")})


@router.get("/statistics", response={200: schemas.ResidentFiguresAnswer, **ERRORS},
            operation_id="resident_claim_statistics")
def statistics(request: HttpRequest) -> Made:
    """Number, paid, waiting, refused by rule, days."""
    found = queries.figures(request.actor)
    return {name: getattr(found, name) for name in found.__slots__}


@router.get("/settings", response={200: list[schemas.ResidentSettingAnswer], **ERRORS},
            operation_id="resident_claim_settings")
def setting_list(request: HttpRequest) -> list[Made]:
    """How claims of each scheme are decided."""
    return [_setting(scheme, row) for scheme, row in queries.settings_of(request.actor)]


@router.put("/settings/{key}", response={200: schemas.ResidentSettingAnswer, **ERRORS},
            operation_id="set_resident_claims")
def setting_put(request: HttpRequest, key: UUID, body: schemas.ResidentSettingNew) -> Made:
    """Say how a scheme's claims are decided."""
    require(request.actor, "resident_claims.set")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    return _setting(scheme, set_scheme(
        scheme, terms_explained=body.terms_explained, explained_on=body.explained_on,
        approve_above_fen=body.approve_above_fen, reason=body.reason, actor=request.actor))
