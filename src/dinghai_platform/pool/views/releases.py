"""Releases: the list, one release and its files, and publishing one."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from dinghai.experience.pool_cells import TABLES
from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_release import METHOD_PRIVATE, METHOD_SUPPRESSED, counts_of
from dinghai.experience.pool_rules import pool_rules
from dinghai.foundation.errors import DinghaiError, Fault
from dinghai_platform.core.forms import show_error
from dinghai_platform.core.jobs import why_it_waits
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.pool import queries
from dinghai_platform.pool.forms import ReleaseForm
from dinghai_platform.pool.models import Release, ReleaseRequest
from dinghai_platform.pool.services.requests import request_release
from dinghai_platform.pool.tables_view import CSV_HEADING, csv_rows, release_chart, table_views
from dinghai_platform.pool.words import purpose_choices, purpose_name, table_name
from dinghai_platform.site.answers import said
from dinghai_platform.site.lists import Column, Filter, List, list_page

_LATEST: Final = 10
"""So many requests are shown beside the form."""


def address_of(row: Release) -> str:
    """Where a release is read."""
    return f"{reverse('pool:release')}?{urlencode({'r': row.number})}"


def address_of_request(row: ReleaseRequest) -> str:
    """Where is told what became of a request."""
    return f"{reverse('pool:request')}?{urlencode({'q': row.pk})}"


@page("pool.view")
def release_list(request: HttpRequest) -> HttpResponse:
    """All releases."""
    shown = List(
        name=_("Pool releases"),
        columns=(
            Column(_("Number"), lambda row: row.number, "code", "number", address_of),
            Column(_("Purpose"), lambda row: purpose_name(row.purpose), sort="purpose"),
            Column(_("Method"), lambda row: row.method, "status", "method"),
            Column(_("As of"), lambda row: row.as_of, "day", "as_of"),
            Column(_("Published"), lambda row: row.published_at, "moment", "published_at"),
            Column("SHA-256", lambda row: row.document_hash[:16], "code"),
        ),
        filters=(Filter("purpose", _("Purpose"), purpose_choices()),
                 Filter("method", _("Method"), [(METHOD_SUPPRESSED, _("Small cells withheld")),
                                                (METHOD_PRIVATE, _("Differentially private"))])),
        search=("number__icontains", "document_hash__istartswith"),
        default_sort="-number", export="pool-releases",
        empty={
            "title": _("Nothing was released yet"),
            "text": _("The operator publishes a release when enough firms are in the pool."),
            "icon": "report-analytics", "href": "", "action": "",
        },
    )
    context = {"may_publish": allowed(request.actor, "pool.operate")}
    return list_page(request, queries.releases(request.actor), shown,
                     template="pool/releases.html", context=context)


@page("pool.view")
def release(request: HttpRequest) -> HttpResponse:
    """One release: its tables, why cells are withheld, and what was withdrawn since."""
    wanted = request.GET.get("r", "")
    if not wanted:
        return redirect("pool:releases")
    row = queries.release_of(request.actor, wanted)
    made = queries.document_of(row)
    detail = queries.sees_detail(request.actor)
    return render(request, "pool/release.html", {
        "release": row, "made": made, "detail": detail, "purpose": purpose_name(row.purpose),
        "tables": table_views(made, detail), "chart": release_chart(made),
        "counts": counts_of(made), "withdrawn": queries.withdrawn_since([row])[row.pk],
        "rules": pool_rules().release, "is_private": made.method == METHOD_PRIVATE,
        "amount_noise": round(made.privacy.amount_noise_fen) if made.privacy else None,
        "file": f"{reverse('pool:release_file')}?{urlencode({'r': row.number})}",
    })


@page("pool.view")
def release_file(request: HttpRequest) -> HttpResponse:
    """A release as CSV or JSON. The whole document, with its hash, is for those who contribute."""
    wanted = request.GET.get("r", "")
    if not wanted:
        return redirect("pool:releases")
    row = queries.release_of(request.actor, wanted)
    detail = queries.sees_detail(request.actor)
    if request.GET.get("as") == "json":
        response = JsonResponse(
            release_dict(row, detail, queries.withdrawn_since([row])[row.pk]),
            json_dumps_params={"ensure_ascii": False, "indent": 2})
        response["Content-Disposition"] = f'attachment; filename="{row.number}.json"'
    else:
        made = queries.document_of(row)
        name = f"{row.number}-{row.document_hash[:16]}"
        response = csv_answer(name, CSV_HEADING, csv_rows(made, detail))
    response["X-Release-SHA256"] = row.document_hash
    return response


def release_dict(row: Release, detail: bool, withdrawn: int) -> dict[str, Any]:
    """A release for programs: what the reader may see of the document, its hash, and how many
    of the records it was made of were withdrawn since."""
    document = row.document
    if not detail:
        document = {**document, "tables": [one for one in document["tables"]
                                           if len(one["dimensions"]) < 2]}
    return {"number": row.number, "published_at": row.published_at.isoformat(),
            "hash": row.document_hash, "whole": detail, "withdrawn_since": withdrawn,
            "document": document}


@page("pool.operate")
def publish(request: HttpRequest) -> HttpResponse:
    """Ask for a release; the budget that is left and the latest requests stand beside the form."""
    form = ReleaseForm(request.POST or None, initial={
        "method": METHOD_SUPPRESSED,
        "tables": ["*".join(one) for one in TABLES if one]})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        tables = [one.split("*") for one in data["tables"]]
        budget = None
        if data["method"] == METHOD_PRIVATE:
            budget = Budget(int(data["epsilon"] * 1_000_000),
                            int((data["delta"] or 0) * 1_000_000_000))
        try:
            row = request_release(
                data["purpose"], actor=request.actor, budget=budget, tables=tables)
        except DinghaiError as error:
            show_error(form, error)
        else:
            return redirect(address_of_request(row))
    pool = queries.the_pool()
    return render(request, "pool/publish.html", {
        "form": form, "pool": pool, "budget": queries.spent(pool) if pool else None,
        "rules": pool_rules().release, "requests": [
            (row, address_of_request(row), purpose_name(row.purpose))
            for row in queries.release_requests(request.actor)[:_LATEST]]})


@never_cache
@page("pool.operate")
def request_page(request: HttpRequest) -> HttpResponse:
    """One release that was asked for: while it is made its progress, then what became of it."""
    wanted = request.GET.get("q", "")
    if not wanted:
        return redirect("pool:publish")
    row = queries.release_request_of(request.actor, wanted)
    error = row.job.error if row.state == "failed" else ""
    context = {
        "row": row, "address": address_of_request(row), "job": row.job,
        "purpose": purpose_name(row.purpose),
        "tables": [table_name(one) for one in row.tables], "reason": why_it_waits(row.job),
        "error": said(Fault(error)) if error else "",
        "release_address": address_of(row.release) if row.release else ""}
    if request.headers.get("HX-Request"):
        answer = render(request, "pool/parts/request.html", context)
        if row.job.has_ended:
            answer["HX-Refresh"] = "true"  # the page now has its result to show
        return answer
    return render(request, "pool/request.html", context)
