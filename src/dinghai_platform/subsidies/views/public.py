"""Public lists: for everybody, without sign-in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.foundation.money import yuan
from dinghai_platform.core import clock
from dinghai_platform.core.web import csv_answer, page_of
from dinghai_platform.subsidies import queries
from dinghai_platform.subsidies.limits import for_everybody
from dinghai_platform.subsidies.models import PublicList


@for_everybody
def lists(request: HttpRequest) -> HttpResponse:
    """Every public list, newest first."""
    found = page_of(request, queries.published())
    return render(request, "subsidies/public.html", {"page": found, "today": clock.today()})


@for_everybody
def one(request: HttpRequest, key: UUID) -> HttpResponse:
    """One public list, with how each grant stands now."""
    row = queries.published_list(key)
    standing = queries.standing_of(row)
    rows = [{**each, "now": standing.get(each["application"], ("", each["granted_fen"]))}
            for each in row.document["rows"]]
    if request.GET.get("export") == "csv":
        return _csv(row, rows)
    found = page_of(request, rows, size=100)
    return render(request, "subsidies/public_list.html", {
        "row": row, "page": found, "today": clock.today(),
        "is_open": clock.today() <= row.objections_until,
        "withdrawn": sum(1 for each in rows if each["now"][0] == "withdrawn")})


def _csv(row: PublicList, rows: list[dict[str, Any]]) -> HttpResponse:
    heading = [_p("application", "Number"), _p("application", "Firm"),
               _("Unified social credit code"), _p("application", "Area"), _("Premium borne"),
               _p("application", "Granted"), _("Stands now")]
    return csv_answer(f"public-list-{row.number}", heading, (
        [one["application"], one["name"], one["credit_code"], one["area"],
         yuan(one["basis_fen"]), yuan(one["granted_fen"]), yuan(one["now"][1])]
        for one in rows))
