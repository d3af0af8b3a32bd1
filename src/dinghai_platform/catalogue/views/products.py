"""The library, one product as people read it, and what is done with a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai.vocabulary.lifecycle import machines
from dinghai.wording.library import version_key
from dinghai_platform.catalogue import library, services
from dinghai_platform.catalogue.examples import examples_of
from dinghai_platform.catalogue.models import ON_SALE, ProductVersion
from dinghai_platform.catalogue.offers import Offer, offer_of, offers, shipped_offers
from dinghai_platform.catalogue.papers import paper_answer, papers_of
from dinghai_platform.catalogue.reading import reading_of
from dinghai_platform.catalogue.words import language
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import csv_answer, fault_of, page
from dinghai_platform.site.answers import answer, said
from dinghai_platform.site.lists import Column, List
from dinghai_platform.site.words import name_of


@dataclass(frozen=True, slots=True)
class _Heading:
    column: Column
    order: str
    state: str


@dataclass(frozen=True, slots=True)
class _Cell:
    column: Column
    value: Any
    href: str
    note: Any


@page("catalogue.read")
def product_list(request: HttpRequest) -> HttpResponse:
    """Every product that may be read, or the same list as CSV."""
    actor = request.actor
    found, with_score = offers(actor), allowed(actor, "catalogue.check")
    columns = library.columns(with_score=with_score)
    choices = library.filters(found)
    narrowed = library.narrowed(found, request.GET, choices, with_score=with_score)
    if request.GET.get("export") == "csv":
        exact = library.columns(with_score=with_score, exact=True)
        return csv_answer("products", [one.label for one in exact],
                          ([one.plain(row) for one in exact] for row in narrowed.rows))
    shown = Paginator(narrowed.rows, 50).get_page(request.GET.get("page"))
    return render(request, "catalogue/products.html", {
        "shown": List(name=_("Products"), columns=columns, export="products", empty={
            "title": _("No product yet"), "icon": "book", "href": "", "action": "",
            "text": _("Install a product that comes with the platform; quotes are priced "
                      "from it."),
        }),
        "page": shown,
        "headings": [_heading(one, narrowed.sort) for one in columns],
        "cells": [[_cell(one, row) for one in columns] for row in shown],
        "query": narrowed.query,
        "filters": [(one, narrowed.chosen[one.name]) for one in choices],
        "is_narrowed": narrowed.is_narrowed,
        "may_install": allowed(actor, "catalogue.install"),
        "offered": _installable(found) if allowed(actor, "catalogue.install") else [],
        "on_sale": sum(one.on_sale for one in found),
        "shipped": sum(one.row is None for one in found),
    })


def _heading(column: Column, sort: str) -> _Heading:
    state = ""
    if column.sort and sort.removeprefix("-") == column.sort:
        state = "descending" if sort.startswith("-") else "ascending"
    return _Heading(column, f"-{column.sort}" if state == "ascending" else column.sort, state)


def _cell(column: Column, row: Offer) -> _Cell:
    return _Cell(column, column.value(row), column.href(row) if column.href else "",
                 column.note(row) if column.note else "")


def _installable(found: list[Offer]) -> list[Offer]:
    """Shipped wordings that the catalogue does not have in that version."""
    have = {(one.product.product_id, one.product.version) for one in found
            if one.row is not None}
    return sorted((one for one in shipped_offers()
                   if (one.product.product_id, one.product.version) not in have),
                  key=lambda one: one.name)


@page("catalogue.read")
def product(request: HttpRequest, key: UUID) -> HttpResponse:
    """One version: what it covers, what it excludes, its filing and its life."""
    offer = offer_of(request.actor, str(key))
    return _read(request, offer)


@page("catalogue.read")
def reference(request: HttpRequest) -> HttpResponse:
    """One wording that comes with the platform; without a name the list of them."""
    wanted = request.GET.get("p", "")
    if not wanted:
        return redirect(f"{reverse('catalogue:products')}?state=shipped")
    offer = offer_of(request.actor, wanted)
    if offer.row is not None:
        return redirect("catalogue:product", offer.row.pk)
    return _read(request, offer)


@page("catalogue.read")
def paper(request: HttpRequest) -> HttpResponse:
    """A paper about a product, as a web page or a PDF; without a name the list of products."""
    wanted = request.GET.get("p", "")
    if not wanted:
        return redirect("catalogue:products")
    asked, offer = request.GET, offer_of(request.actor, wanted)
    try:
        return paper_answer(offer, asked.get("kind", ""), asked.get("as", "html"),
                            asked.get("in", language()))
    except DinghaiError as error:
        messages.error(request, said(fault_of(error)))
        return redirect(library.address_of(offer))


def _read(request: HttpRequest, offer: Offer) -> HttpResponse:
    actor, row = request.actor, offer.row
    events = machines()["product"].events(offer.status) if row is not None else ()
    owns = row is not None and actor.tenant is not None and row.tenant_id == actor.tenant.pk
    may_check = allowed(actor, "catalogue.check")
    return render(request, "catalogue/product.html", {
        "offer": offer, "row": row, "reading": _with_examples(offer),
        "papers": papers_of(offer),
        "versions": _versions(request, offer),
        "life": _life(offer),
        "report": offer.report if may_check else None,
        "verbs": {
            "release": owns and offer.status not in (*ON_SALE, "revised", "withdrawn")
            and allowed(actor, "catalogue.install", row),
            "file": owns and "file" in events and allowed(actor, "catalogue.file", row),
            "revise": owns and "revise" in events and allowed(actor, "catalogue.revise", row),
            "withdraw": owns and "withdraw" in events
            and allowed(actor, "catalogue.withdraw", row),
            "compare": allowed(actor, "catalogue.compare"),
        },
    })


def _with_examples(offer: Offer) -> dict[str, Any]:
    """The reading, each clause with its worked example."""
    reading, examples = reading_of(offer.product), examples_of(offer)
    for one in (*reading["sections"], *reading["towers"]):
        one["worked"] = examples.covers.get(one["code"])
    for one in reading["exclusions"]:
        one["worked"] = examples.exclusions.get(one["code"])
    return reading


def _versions(request: HttpRequest, offer: Offer) -> list[Offer]:
    """Every version of the same product that may be read, the newest first."""
    found = [one for one in offers(request.actor)
             if one.product.product_id == offer.product.product_id
             and (one.row is None or offer.row is None or one.row.tenant_id == offer.row.tenant_id)]
    return sorted(found, key=lambda one: version_key(one.product.version), reverse=True)


def _life(offer: Offer) -> list[dict[str, Any]]:
    """The machine's states up to the market as steps; empty for a wording nobody installed."""
    if offer.row is None:
        return []
    states = machines()["product"].states
    order = [one.id for one in states if one.id not in ("revised", "withdrawn")]
    ended = offer.status not in order
    at = len(order) if ended else order.index(offer.status)
    return [
        {"label": name_of(one), "text": "",
         "state": "done" if order.index(one.id) < at or (one.id == "filed" and at == 6)
         else "current" if order.index(one.id) == at else "planned"}
        for one in states if one.id in order
    ]


@require_POST
@page("catalogue.install")
def install(request: HttpRequest) -> HttpResponse:
    """Install a shipped product, or the insurer's own wording from a file."""
    upload = request.FILES.get("wording")

    def act() -> ProductVersion:
        if upload is None:
            return services.install_product(request.POST.get("product", ""), actor=request.actor)
        if upload.size > services.LONGEST_WORDING:
            raise InputError("the file is too large for a wording", field="wording",
                             mend="upload product.toml")
        return services.install_wording(upload.read(), actor=request.actor)

    return answer(
        request, act, _("The product was installed."),
        lambda row: reverse("catalogue:product", args=[row.pk]),
    )


@require_POST
@page("catalogue.install")
def release(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put a product on sale."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return answer(
        request, lambda: services.release_product(row, actor=request.actor),
        _("The product is on sale."), reverse("catalogue:product", args=[row.pk]),
    )


@require_POST
@page("catalogue.file")
def file(request: HttpRequest, key: UUID) -> HttpResponse:
    """Record the filing of a product in use."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    number = request.POST.get("filing_number", "").strip()[:80]
    return answer(
        request,
        lambda: services.file_product(row, actor=request.actor, filing_number=number or None),
        _("The filing was recorded."), reverse("catalogue:product", args=[row.pk]),
    )


@require_POST
@page("catalogue.revise")
def revise(request: HttpRequest, key: UUID) -> HttpResponse:
    """End the sale of a filed version that a newer one takes the place of."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return answer(
        request, lambda: services.revise_product(row, actor=request.actor),
        _("The version was replaced; policies keep theirs."),
        reverse("catalogue:product", args=[row.pk]),
    )


@require_POST
@page("catalogue.withdraw")
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a filed version off the market."""
    row = visible_or_404(ProductVersion, request.actor, pk=key)
    return answer(
        request,
        lambda: services.withdraw_product(
            row, reason=request.POST.get("reason", ""), actor=request.actor),
        _("The version was withdrawn; policies in force keep their wording."),
        reverse("catalogue:product", args=[row.pk]),
    )
