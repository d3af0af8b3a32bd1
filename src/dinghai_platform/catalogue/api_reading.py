"""The catalogue's API for reading and comparing wordings. Nothing here writes.

A product is named by its key: a version's id, or the id of a wording that comes along.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
from django.http import Http404, HttpRequest, QueryDict
from ninja import Field, Query, Router, Schema

from dinghai.comparison.compare import STANDARD_INCEPTION
from dinghai.comparison.scenarios import shipped_scenarios
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import MAXIMUM_FEN
from dinghai_platform.catalogue import library
from dinghai_platform.catalogue.asking import MOST, Asked
from dinghai_platform.catalogue.comparing import compared, frontier_of, needs_of, price_of
from dinghai_platform.catalogue.difference_view import difference_dict
from dinghai_platform.catalogue.enterprises import choices, enterprise_of
from dinghai_platform.catalogue.offers import Offer, offer_dict, offer_of, offers, one_of_each
from dinghai_platform.core.permissions import require
from dinghai_platform.core.schemas import ERRORS, PageQuery, Part

router = Router(tags=["products"])
Key = Field(min_length=1, max_length=100)
Document = dict[str, Any]


class OfferAnswer(Schema):
    """A product that may be read. ``insurer`` is null for a wording that merely comes along."""

    key: str
    product_id: str
    version: str
    name_zh: str
    name_en: str
    insurer: str | None
    status: str
    line: str
    tier: str
    targets: list[str]
    sectors: list[str]
    coverages: list[str]
    document_hash: str


class OfferPart(Part):
    """A part of the library."""

    items: list[OfferAnswer]


class LibraryQuery(PageQuery):
    """What to look for: words, and codes as the wording has them."""

    q: str = Field("", max_length=200)
    line: str = Field("", max_length=40)
    tier: str = Field("", max_length=40)
    sector: str = Field("", max_length=10)
    target: str = Field("", max_length=40)
    coverage: str = Field("", max_length=20)
    state: str = Field("", max_length=20)


class EnterpriseChoice(Schema):
    """An enterprise to compare for."""

    key: str
    label: str


class ComparisonQuery(Schema):
    """Two to six products for one enterprise; amounts in fen, null as the enterprise wants."""

    product: list[str] = Field(min_length=1, max_length=MOST)
    enterprise: str = Key
    scenario: list[str] = Field([], max_length=50)
    limit_fen: int | None = Field(None, ge=0, le=MAXIMUM_FEN)
    deductible_fen: int | None = Field(None, ge=0, le=MAXIMUM_FEN)
    inception: date | None = None


class ConformanceSummary(Schema):
    """One product's standing against the market standard."""

    key: str
    product_id: str
    version: str
    insurer: str | None
    status: str
    kind: str
    conforming: bool
    monotone: bool
    score: int
    errors: int
    warnings: int
    notes: int


class FrontierAnswer(Schema):
    """Controls against transfer, or the reasons why the product has no price as a whole."""

    product_id: str
    version: str
    reasons: list[Document]
    frontier: Document | None


@router.get("/library", response={200: OfferPart, **ERRORS}, operation_id="product_library")
def product_library(request: HttpRequest, asked: Query[LibraryQuery]) -> Document:
    """Every product that may be read: those on sale, the house's own, and what comes along."""
    require(request.actor, "catalogue.read")
    found = offers(request.actor)
    query = QueryDict(mutable=True)
    query.update({name: getattr(asked, name) for name in (
        "q", "line", "tier", "sector", "target", "coverage", "state")})
    rows = library.narrowed(found, query, library.filters(found), with_score=False).rows
    return {
        "count": len(rows), "limit": asked.limit, "offset": asked.offset,
        "items": [offer_dict(one) for one in rows[asked.offset : asked.offset + asked.limit]],
    }


@router.get("/wording", response={200: Document, **ERRORS}, operation_id="product_wording")
def product_wording(request: HttpRequest, product: str = Query(..., max_length=100)) -> Document:
    """The whole structured wording of one product (dinghai.product/1)."""
    require(request.actor, "catalogue.read")
    return offer_of(request.actor, product).product.to_dict()


@router.get("/enterprises", response={200: list[EnterpriseChoice], **ERRORS},
            operation_id="comparison_enterprises")
def comparison_enterprises(request: HttpRequest) -> list[dict[str, str]]:
    """The enterprises one may compare for: dossiers one sees, and the examples."""
    require(request.actor, "catalogue.compare")
    return [{"key": key, "label": label} for group in choices(request.actor)
            for key, label in group["options"]]


@router.get("/comparison", response={200: Document, **ERRORS}, operation_id="comparison")
def comparison(request: HttpRequest, asked: Query[ComparisonQuery]) -> Document:
    """Products side by side for one enterprise (dinghai.comparison/1)."""
    require(request.actor, "catalogue.compare")
    unknown = [one for one in asked.scenario if one not in shipped_scenarios()]
    if unknown:
        raise InputError("there is no such scenario", field="scenario",
                         mend="one of: " + ", ".join(shipped_scenarios()))
    inception = asked.inception or STANDARD_INCEPTION
    if not 2000 <= inception.year <= 2100:
        raise InputError("this is no day", field="inception", mend="write it like 2026-01-01")
    return compared(request.actor, Asked(
        tuple(dict.fromkeys(asked.product)), asked.enterprise, asked.limit_fen,
        asked.deductible_fen, inception, tuple(dict.fromkeys(asked.scenario)))).document


@router.get("/conformance", response={200: list[ConformanceSummary], **ERRORS},
            operation_id="conformance")
def conformance(request: HttpRequest) -> list[Document]:
    """Every product that may be read against the market standard."""
    require(request.actor, "catalogue.check")
    return [_summary(one) for one in offers(request.actor)]


def _summary(offer: Offer) -> Document:
    report = offer.report
    return {
        **{name: value for name, value in offer_dict(offer).items()
           if name in ConformanceSummary.model_fields},
        "kind": report.kind, "conforming": report.conforming, "monotone": report.monotone,
        "score": report.score, "errors": report.count("error"),
        "warnings": report.count("warning"), "notes": report.count("note"),
    }


@router.get("/conformance/report", response={200: Document, **ERRORS},
            operation_id="conformance_report")
def conformance_report(
    request: HttpRequest, product: str = Query(..., max_length=100)
) -> Document:
    """One product's deviations and what breaks monotonicity (dinghai.conformance/1)."""
    require(request.actor, "catalogue.check")
    return offer_of(request.actor, product).report.to_dict()


@router.get("/difference", response={200: Document, **ERRORS}, operation_id="difference")
def difference(
    request: HttpRequest, old: str = Query(..., max_length=100),
    new: str = Query(..., max_length=100),
) -> Document:
    """What the new wording has, lacks or says otherwise (dinghai.difference/1)."""
    require(request.actor, "catalogue.compare")
    return difference_dict(offer_of(request.actor, old), offer_of(request.actor, new))


@router.get("/needs", response={200: Document, **ERRORS}, operation_id="needs")
def needs(
    request: HttpRequest, enterprise: str = Query(..., max_length=100),
    scope: Literal["sale", "all"] = "sale",
) -> Document:
    """What could happen to an enterprise, and what products leave open (dinghai.needs/1).

    ``scope`` is the products on sale, or all with the wordings that come along.
    """
    require(request.actor, "catalogue.analyse")
    found = offers(request.actor)
    return needs_of(enterprise_of(request.actor, enterprise), one_of_each(found, scope)).to_dict()


@router.get("/frontier", response={200: FrontierAnswer, **ERRORS}, operation_id="frontier")
def frontier(
    request: HttpRequest, enterprise: str = Query(..., max_length=100),
    product: str = Query(..., max_length=100),
) -> Document:
    """Controls against transfer for an assessed dossier under one product."""
    require(request.actor, "catalogue.analyse")
    whom, offer = enterprise_of(request.actor, enterprise), offer_of(request.actor, product)
    if whom.assessment is None:
        raise Http404("this enterprise has no assessment")
    reasons = price_of(whom, offer).reasons
    found = None if reasons else frontier_of(whom, offer)
    return {
        "product_id": offer.product.product_id, "version": offer.product.version,
        "reasons": msgspec.to_builtins(list(reasons)),
        "frontier": None if found is None else msgspec.to_builtins(found),
    }
