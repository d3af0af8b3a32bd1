"""All products against the market standard, and one product's deviations."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dinghai_platform.catalogue import conformance_view as view
from dinghai_platform.catalogue.offers import Offer, offer_of, offers
from dinghai_platform.catalogue.views.comparison import json_answer
from dinghai_platform.core.web import csv_answer, page


@page("catalogue.check")
def conformance(request: HttpRequest) -> HttpResponse:
    """All products that may be read; with ``p`` one product's report."""
    wanted = request.GET.get("p", "")
    if wanted:
        return _report(request, offer_of(request.actor, wanted))
    rows = view.summary_rows(offers(request.actor))
    if request.GET.get("export") == "csv":
        heading = [_("Product"), _("Version"), _("Insurer"), _("State"), _("Checked as"),
                   _("Conforms"), _("Score"), _("Errors"), _("Warnings"), _("Remarks"),
                   _("Monotone breaks")]
        names = ("name", "version", "insurer", "status", "kind", "conforming", "score", "errors",
                 "warnings", "notes", "breaks")
        return csv_answer("conformance", heading, ([row[one] for one in names] for row in rows))
    return render(request, "catalogue/conformance.html", {
        "rows": rows, "chart": view.score_chart(rows),
        "conforming": sum(row["conforming"] for row in rows),
        "errors": sum(row["errors"] for row in rows),
        "warnings": sum(row["warnings"] for row in rows),
        "monotone": sum(not row["breaks"] for row in rows),
    })


def _report(request: HttpRequest, offer: Offer) -> HttpResponse:
    if request.GET.get("export") == "json":
        return json_answer(offer.report.to_dict(), "conformance.json")
    found = view.report_view(offer)
    if request.GET.get("export") == "csv":
        heading = [_("Severity"), _("Rule"), _("Clause"), _("Field"), _("Found"), _("Expected"),
                   _("In words"), _("Source"), _("Confidence")]
        names = ("rule", "clause", "field", "found", "expected", "said", "source", "confidence")
        return csv_answer("deviations", heading, (
            [group["name"], *(row[one] for one in names)]
            for group in found["groups"] for row in group["rows"]))
    return render(request, "catalogue/conformance_report.html", {"offer": offer, **found})
