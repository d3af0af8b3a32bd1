"""Products side by side for one enterprise: the choice, the answer, one payout opened, exports."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from dinghai.foundation.errors import InputError
from dinghai_platform.catalogue import comparison_view as view
from dinghai_platform.catalogue.asking import MOST, Asked, asked_of
from dinghai_platform.catalogue.comparing import Compared, compared
from dinghai_platform.catalogue.enterprises import choices
from dinghai_platform.catalogue.library import LINES
from dinghai_platform.catalogue.offers import Offer, offers
from dinghai_platform.catalogue.words import said
from dinghai_platform.core.web import csv_answer, fault_of, page
from dinghai_platform.site.answers import said as told


@page("catalogue.compare")
def compare(request: HttpRequest) -> HttpResponse:
    """The comparison that the address asks for; the choice alone while it asks too little."""
    try:
        asked = asked_of(request.GET)
        if len(asked.products) < 2 or not asked.enterprise:
            return _chooser(request, asked)
        found = compared(request.actor, asked)
    except InputError as error:
        return _chooser(request, Asked(tuple(request.GET.getlist("p")[:MOST]),
                                       request.GET.get("e", "")), told(fault_of(error)))
    match request.GET.get("export"):
        case "json":
            return json_answer(found.document, "comparison.json")
        case "csv":
            return csv_answer("comparison", view.CSV_HEADING, view.csv_rows(found))
    return _shown(request, found)


def json_answer(document: dict[str, Any], name: str) -> HttpResponse:
    """A document as a file, in one fixed form, so that the same question gives the same bytes."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    response = HttpResponse(text, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(request: HttpRequest, found: Compared) -> HttpResponse:
    query = found.asked.query
    opened = view.opened_payout(found, request.GET.get("scenario", ""),
                                request.GET.get("product", ""))
    if request.headers.get("HX-Request"):
        return render(request, "catalogue/parts/payout.html", {"opened": opened})
    cover = view.cover_groups(found)
    return render(request, "catalogue/comparison.html", {
        "compared": found, "query": query, "products": view.products_of(found),
        "cover": cover, "cliffs": view.cliff_rows(found),
        "covered": sum(row["granted"] for group in cover for row in group["rows"]),
        "differing": sum(row["differs"] for group in cover for row in group["rows"]),
        "scenarios": view.scenario_rows(found, query), "chart": view.payout_chart(found),
        "opened": opened, "hash": found.document["hash"],
        **_choice(request, found.asked),
    })


def _chooser(request: HttpRequest, asked: Asked, fault: str = "") -> HttpResponse:
    if request.GET.get("export") and not fault:
        fault = _("choose products and an enterprise")
    return render(request, "catalogue/compare.html",
                  {"fault": fault, **_choice(request, asked)},
                  status=400 if fault else 200)


def _choice(request: HttpRequest, asked: Asked) -> dict[str, Any]:
    """What the form offers, with what is asked for already chosen."""
    return {
        "asked": asked, "most": MOST, "groups": grouped(offers(request.actor)),
        "enterprises": choices(request.actor),
        "limit_yuan": asked.limit_fen // 100 if asked.limit_fen is not None else "",
        "deductible_yuan": asked.deductible_fen // 100
        if asked.deductible_fen is not None else "",
    }


def grouped(found: list[Offer]) -> list[dict[str, Any]]:
    """Products for a form: what is on sale first, then the reference wordings by line."""
    def place(one: Offer) -> int:
        if one.row is not None:
            return 0 if one.on_sale else 1
        return 2 + LINES.index(one.product.line)

    def name(number: int) -> str:
        if number < 2:
            return (_("On sale"), _("In the catalogue"))[number]
        return capfirst(said("line", LINES[number - 2]))

    ordered = sorted(found, key=lambda one: (place(one), one.name, one.key))
    return [{"name": name(number), "offers": list(rows)}
            for number, rows in groupby(ordered, key=place)]
