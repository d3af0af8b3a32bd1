"""The API of residents' cover, second part: certificates as PDF, and sale links."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Query, Router, Status

from dinghai_platform.core.files import file_response
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, part_of
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.residents import queries
from dinghai_platform.residents.models import PaperOrder, ResidentScheme, SaleLink
from dinghai_platform.residents.papers import paper_of
from dinghai_platform.residents.proofs import number_of
from dinghai_platform.residents.schemas import (
    ResidentPapersAnswer,
    ResidentPapersNew,
    SaleLinkAnswer,
    SaleLinkMadeAnswer,
    SaleLinkNew,
    SaleLinkPart,
)
from dinghai_platform.residents.services.links import make_link, withdraw_link
from dinghai_platform.residents.services.papers import order_papers
from dinghai_platform.residents.views.frame import download

router = Router(tags=["residents"])
Document = dict[str, Any]


@router.get("/certificates/{number}/papers/{language}", response={200: None, **ERRORS},
            operation_id="resident_certificate_paper")
def certificate_paper(
    request: HttpRequest, number: int, language: Literal["zh", "en"]
) -> HttpResponse:
    """A certificate as PDF with its QR mark, people masked."""
    one = queries.certificate(request.actor, number)
    return download(paper_of([one], language), f"{number_of(one)}-{language}.pdf",
                    "application/pdf")


@router.get("/lists/{key}/papers", response={200: list[ResidentPapersAnswer], **ERRORS},
            operation_id="resident_papers")
def papers_list(request: HttpRequest, key: UUID) -> list[Document]:
    """What was asked for as PDF of a list, with the parts that are made."""
    require(request.actor, "residents.view")
    return [_order(one) for one in queries.orders_of(queries.list_of(request.actor, key))]


@router.post("/lists/{key}/papers", response={202: ResidentPapersAnswer, **ERRORS},
             operation_id="order_resident_papers")
def papers_new(request: HttpRequest, key: UUID, body: ResidentPapersNew) -> Status:
    """Have the certificates of an issued list made as PDF. The same again is the same order."""
    enrolment = queries.list_of(request.actor, key)
    made = order_papers(enrolment, language=body.language, actor=request.actor)
    return Status(202, next(_order(one) for one in queries.orders_of(enrolment) if one == made))


@router.get("/papers/{key}", response={200: None, **ERRORS}, operation_id="resident_papers_part")
def papers_part(request: HttpRequest, key: UUID) -> HttpResponse:
    """One part: a ZIP of PDFs with an index of the certificates."""
    found = queries.paper_part(request.actor, key)
    require(request.actor, "residents.enrol", found)
    return file_response(found.file)


@router.get("/schemes/{key}/links", response={200: SaleLinkPart, **ERRORS},
            operation_id="sale_links")
def link_list(request: HttpRequest, key: UUID, page: Query[PageQuery]) -> Document:
    """The sale links of a scheme, newest first, without their secrets."""
    require(request.actor, "residents.view")
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    return part_of(queries.links_of(scheme).order_by("-id"), page, _link)


@router.post("/schemes/{key}/links", response={201: SaleLinkMadeAnswer, **ERRORS},
             operation_id="make_sale_link")
def link_new(request: HttpRequest, key: UUID, body: SaleLinkNew) -> Status:
    """Make a sale link. Its address is answered this once; only a hash of it is kept."""
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    link, secret = make_link(scheme, plans=body.plans, channel=body.channel, days=body.days,
                             most=body.most, actor=request.actor)
    address = request.build_absolute_uri(reverse("residents:buy", args=[secret]))
    return Status(201, {**_link(link), "address": address})


@router.get("/links/{key}", response={200: SaleLinkAnswer, **ERRORS}, operation_id="sale_link")
def link_one(request: HttpRequest, key: UUID) -> Document:
    """A sale link and how many were sold."""
    require(request.actor, "residents.view")
    return _link(queries.link_of(request.actor, key))


@router.post("/links/{key}/withdrawal", response={200: SaleLinkAnswer, **ERRORS},
             operation_id="withdraw_sale_link")
def link_withdraw(request: HttpRequest, key: UUID) -> Document:
    """End a sale link at once. What was sold stays."""
    return _link(withdraw_link(queries.link_of(request.actor, key), actor=request.actor))


def _link(one: SaleLink) -> Document:
    return {"id": one.pk, "number": one.number, "scheme": one.scheme.number,
            "channel": one.channel, "plans": one.plans, "state": one.state,
            "expires_at": one.expires_at, "most": one.most, "sold": one.sold}


def _order(one: PaperOrder) -> Document:
    return {"id": one.pk, "language": one.language, "job": one.job_id,
            "state": one.job.state if one.job else "",
            "parts": [{"id": part.pk, "number": part.number, "first": part.first,
                       "last": part.last, "certificates": part.certificates,
                       "size": part.file.size, "sha256": part.file.sha256}
                      for part in one.parts.all()]}
