"""The API of residents' cover: schemes, lists into them, certificates, proofs."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from django.http import Http404, HttpRequest, StreamingHttpResponse
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core.checkpoints import public_key_hex
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.streaming import csv_stream
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.residents import queries
from dinghai_platform.residents.api_changes import changes_router
from dinghai_platform.residents.api_sales import router as sales_router
from dinghai_platform.residents.list_answers import list_answer
from dinghai_platform.residents.models import Certificate, Enrolment, ResidentScheme
from dinghai_platform.residents.proofs import code_of, facts_of, number_of, proof_of
from dinghai_platform.residents.results import result_lines
from dinghai_platform.residents.schemas import (
    ResidentAnswer,
    ResidentCertificateAnswer,
    ResidentCertificateQuery,
    ResidentCertificateWholeAnswer,
    ResidentListAnswer,
    ResidentListIssueNew,
    ResidentListPart,
    ResidentRevealNew,
    ResidentSchemeAnswer,
    ResidentSchemeNew,
)
from dinghai_platform.residents.services import lists, reveal, schemes
from dinghai_platform.residents.stream_api import router as streams_router

router = Router(tags=["residents"])
router.add_router("", sales_router)
router.add_router("", streams_router)
router.add_router("", changes_router)
Document = dict[str, Any]


@router.get("/schemes", response={200: list[ResidentSchemeAnswer], **ERRORS},
            operation_id="resident_schemes")
def scheme_list(request: HttpRequest) -> list[Document]:
    """All schemes with their figures."""
    return [_scheme(one) for one in queries.figures(request.actor)]


@router.post("/schemes", response={201: ResidentSchemeAnswer, **ERRORS},
             operation_id="open_resident_scheme")
def scheme_new(request: HttpRequest, body: ResidentSchemeNew) -> Status:
    """Open a scheme."""
    made = schemes.open_scheme(body.document, actor=request.actor)
    return Status(201, scheme_one(request, made.pk))


@router.get("/schemes/{key}", response={200: ResidentSchemeAnswer, **ERRORS},
            operation_id="resident_scheme")
def scheme_one(request: HttpRequest, key: UUID) -> Document:
    """A scheme with its figures."""
    require(request.actor, "residents.view")
    for one in queries.figures(request.actor):
        if one.scheme.pk == key:
            return _scheme(one)
    raise Http404("no such scheme")


@router.get("/schemes/{key}/lists", response={200: ResidentListPart, **ERRORS},
            operation_id="resident_lists")
def list_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Document:
    """The lists of a scheme, newest first."""
    require(request.actor, "residents.view")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    rows = Enrolment.objects.visible_to(request.actor).filter(
        scheme=scheme, link=None).select_related("scheme", "file").defer("repeated", "enrolled")
    return part_of(rows.order_by("-id"), page, list_answer)


@router.post("/schemes/{key}/lists", response={202: ResidentListAnswer, **ERRORS},
             operation_id="take_resident_list")
def list_new(request: HttpRequest, key: UUID, file: File[UploadedFile]) -> Status:
    """Take a list (CSV, Excel, Parquet) and look through it: a dry run, nothing is issued."""
    require(request.actor, "residents.enrol")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    made = lists.take_list(scheme, file, name=file.name or "", actor=request.actor)
    return Status(202, list_answer(made))


@router.get("/lists/{key}", response={200: ResidentListAnswer, **ERRORS},
            operation_id="resident_list")
def list_one(request: HttpRequest, key: UUID) -> Document:
    """A list: how far it is and what it came to."""
    require(request.actor, "residents.view")
    return list_answer(_list(request, key))


@router.post("/lists/{key}/issue", response={202: ResidentListAnswer, **ERRORS},
             operation_id="issue_resident_list")
def list_issue(request: HttpRequest, key: UUID, body: ResidentListIssueNew) -> Status:
    """Issue the certificates of a list that was looked through."""
    require(request.actor, "residents.enrol")
    found = lists.issue_list(_list(request, key), actor=request.actor,
                             all_or_nothing=body.all_or_nothing)
    return Status(202, list_answer(found))


@router.post("/lists/{key}/cancellation", response={200: ResidentListAnswer, **ERRORS},
             operation_id="cancel_resident_list")
def list_cancel(request: HttpRequest, key: UUID) -> Document:
    """Give a list up before its certificates are issued."""
    require(request.actor, "residents.enrol")
    return list_answer(lists.cancel_list(_list(request, key), actor=request.actor))


@router.get("/lists/{key}/results", response={200: None, **ERRORS},
            operation_id="resident_list_results")
def list_results(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """What became of every row of an issued list, as CSV."""
    require(request.actor, "residents.view")
    found = _list(request, key)
    if found.state != Enrolment.State.SEALED:
        raise Refusal("the list is not issued: its faults are in the check")
    return csv_stream(request.actor, result_lines(found), f"{found.scheme.number}-results.csv")


@router.get("/certificates", response={200: list[ResidentCertificateAnswer], **ERRORS},
            operation_id="resident_certificates")
def certificate_list(
    request: HttpRequest, asked: Query[ResidentCertificateQuery]
) -> list[Document]:
    """Certificates in force by number or name. An identity number is asked for by POST …/search:
    addresses are written into logs and histories."""
    if queries.is_identity(asked.search):
        raise InputError(
            "an identity number does not belong into an address, which logs and histories keep",
            field="search", mend="send it in the body of POST /residents/certificates/search")
    return _found(request, asked)


@router.post("/certificates/search", response={200: list[ResidentCertificateAnswer], **ERRORS},
             operation_id="search_resident_certificates")
def certificate_search(
    request: HttpRequest, body: ResidentCertificateQuery
) -> list[Document]:
    """Certificates in force by number, whole identity number or name. Nothing sent is kept."""
    return _found(request, body)


@router.get("/certificates/{number}", response={200: ResidentCertificateWholeAnswer, **ERRORS},
            operation_id="resident_certificate")
def certificate_one(request: HttpRequest, number: int) -> Document:
    """A certificate with its signed code."""
    one = _one(request, number)
    facts = facts_of(one)
    return {**_certificate(one), "identity": facts.identity, "first_day": facts.first_day,
            "last_day": facts.last_day, "coming": msgspec.to_builtins(facts.coming),
            "code": code_of(one),
            "public_key": public_key_hex()}


@router.get("/certificates/{number}/proof", response={200: dict[str, Any], **ERRORS},
            operation_id="resident_certificate_proof")
def certificate_proof(request: HttpRequest, number: int) -> Document:
    """The proof that a certificate is one of a sealed list (dinghai.certificate-proof/1)."""
    found: Document = msgspec.to_builtins(proof_of(_one(request, number)))
    return found


@router.post("/certificates/{number}/person", response={200: ResidentAnswer, **ERRORS},
             operation_id="reveal_resident")
def certificate_person(request: HttpRequest, number: int, body: ResidentRevealNew) -> Document:
    """Look at the person behind a certificate. It is written into the audit chain."""
    require(request.actor, "residents.reveal")
    person = reveal.reveal_person(_one(request, number), reason=body.reason, actor=request.actor)
    return {"name": person.name, "identity": person.identity, "mobile": person.mobile,
            "consented_on": person.consented_on}


def _found(request: HttpRequest, asked: ResidentCertificateQuery) -> list[Document]:
    return [_certificate(one) for one in queries.search(
        request.actor, asked.search, after=asked.after, most=asked.limit)]


def _one(request: HttpRequest, number: int) -> Certificate:
    return queries.certificate(request.actor, number)


def _list(request: HttpRequest, key: UUID) -> Enrolment:
    return queries.list_of(request.actor, key)


def _scheme(one: queries.SchemeFigures) -> Document:
    scheme = one.scheme
    return {
        "id": scheme.pk, "number": scheme.number, "name_zh": scheme.name_zh,
        "name_en": scheme.name_en, "first_day": scheme.first_day, "last_day": scheme.last_day,
        "document": scheme.document, "lists": one.lists, "certificates": one.certificates,
        "rejected": one.rejected, "premium_fen": one.premium_fen,
        "sum_insured_fen": one.sum_insured_fen, "average_premium_fen": one.average_premium_fen,
        "average_sum_insured_fen": one.average_sum_insured_fen, "rate_ppm": one.rate_ppm,
        "cancelled": one.cancelled, "charged_fen": one.charged_fen,
        "refunded_fen": one.refunded_fen}


def _certificate(one: Certificate) -> Document:
    enrolment = one.chunk.enrolment
    plan = enrolment.scheme.terms().plans[one.plan]
    return {
        "number": number_of(one), "id": one.pk, "scheme": enrolment.scheme.number,
        "plan": plan.code, "sum_insured_fen": plan.sum_insured_fen,
        "premium_fen": plan.premium_fen, "holder": one.masked_name, "line": one.line,
        "enrolment": enrolment.pk}
