"""What could happen to one enterprise, the limits it asks for, and what products leave open."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.catalogue import needs_view as view
from dinghai_platform.catalogue.comparing import frontier_of, needs_of, price_of
from dinghai_platform.catalogue.enterprises import Enterprise, choices, enterprise_of
from dinghai_platform.catalogue.offers import Offer, offer_of, offers, one_of_each
from dinghai_platform.catalogue.views.comparison import grouped, json_answer
from dinghai_platform.core.web import csv_answer, fault_of, page
from dinghai_platform.site.answers import said
from dinghai_platform.underwriting.services.costs import costs_of

CSV = ("code", "name", "years", "mean", "year_20", "year_100", "median", "worst", "need",
       "proposed", "reason")


@page("catalogue.analyse")
def needs(request: HttpRequest) -> HttpResponse:
    """The needs of the enterprise that the address names; the choice while it names none."""
    actor, key = request.actor, request.GET.get("e", "")
    context: dict[str, Any] = {"enterprises": choices(actor), "e": key}
    if not key:
        return render(request, "catalogue/needs.html", context)
    enterprise = enterprise_of(actor, key)
    all_of_them = offers(actor)
    scope = "all" if request.GET.get("of") == "all" else "sale"
    shown = one_of_each(all_of_them, scope)
    try:
        found = needs_of(enterprise, shown)
    except DinghaiError as error:  # a wording of the house's own that no policy can be made of
        context |= {"enterprise": enterprise, "fault": said(fault_of(error))}
        return render(request, "catalogue/needs.html", context, status=400)
    match request.GET.get("export"):
        case "json":
            return json_answer(found.to_dict(), "needs.json")
        case "csv":
            rows = view.need_rows(found)
            return csv_answer("needs", CSV, ([_plain(one, row[one]) for one in CSV]
                                             for row in rows))
    by_key = {(one.product.product_id, one.product.version): one for one in reversed(shown)}
    products = view.product_rows(found, lambda product, version: by_key[product, version])
    return render(request, "catalogue/needs.html", {
        **context, "enterprise": enterprise, "found": found, "rows": view.need_rows(found),
        "rule": view.both(found.rule.zh, found.rule.en), "chart": view.needs_chart(found),
        "products": products, "groups": grouped(all_of_them),
        "best": products[0] if products else None,
        "frontier_for": _frontier_choice(request, enterprise, all_of_them),
        "scope": scope if any(one.on_sale for one in all_of_them) else "all",
    })


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, int):
        return f"{value / 100:.2f}"
    return "" if value is None else value


def _frontier_choice(
    request: HttpRequest, enterprise: Enterprise, found: list[Offer]
) -> str:
    """The product whose frontier is shown: the one asked for, else the first on sale."""
    if enterprise.assessment is None:
        return ""
    wanted = request.GET.get("f", "")
    if wanted:
        return offer_of(request.actor, wanted).key
    first = next((one for one in found if one.on_sale), found[0] if found else None)
    return first.key if first is not None else ""


@page("catalogue.analyse")
def frontier(request: HttpRequest) -> HttpResponse:
    """Controls against transfer under one product; the page asks for it while it is read."""
    key, wanted = request.GET.get("e", ""), request.GET.get("f", "")
    if not key or not wanted:
        return redirect("catalogue:needs")
    enterprise, offer = enterprise_of(request.actor, key), offer_of(request.actor, wanted)
    if not request.headers.get("HX-Request"):
        return redirect(f"{reverse('catalogue:needs')}?{request.GET.urlencode()}")
    context: dict[str, Any] = {"offer": offer, "enterprise": enterprise}
    try:
        price = price_of(enterprise, offer)
        context["reasons"] = view.price_reasons(price)
        if not context["reasons"]:
            found = frontier_of(enterprise, offer)
            if found is not None and enterprise.assessment is not None:
                context |= {"frontier": found, "chart": view.frontier_chart(found),
                            "ends": view.frontier_ends(found),
                            "costs": costs_of(enterprise.assessment.case)}
    except DinghaiError as error:
        context["fault"] = said(fault_of(error))
    return render(request, "catalogue/parts/frontier.html", context)
