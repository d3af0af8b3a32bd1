"""Lists of residents: sent, looked through, issued, given up, and what came of every row."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import Refusal
from dinghai_platform.core.files import file_response
from dinghai_platform.core.jobs import why_it_waits
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.streaming import csv_stream
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.residents import queries
from dinghai_platform.residents.faults import fault_row, field_name, said
from dinghai_platform.residents.forms import ListForm, PaceForm
from dinghai_platform.residents.models import Enrolment, ResidentScheme
from dinghai_platform.residents.pacing import pace_of
from dinghai_platform.residents.results import fault_lines, fell_short, result_lines
from dinghai_platform.residents.services.lists import cancel_list, issue_list, take_list
from dinghai_platform.residents.services.papers import order_papers
from dinghai_platform.residents.views.frame import done, set_pace_by_form
from dinghai_platform.residents.words import plan_name
from dinghai_platform.site.lists import Column, Filter, List, list_page

FAULTS_SHOWN = 50


def _list(scheme: ResidentScheme) -> List:
    return List(
        name=_("Lists of residents"),
        columns=(
            Column(_("File"), lambda one: one.file_name, "link", "file_name",
                   lambda one: reverse("residents:list", args=[one.pk])),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_p("list", "Rows"), lambda one: one.rows, "count", "rows"),
            Column(_p("list", "Accepted"), lambda one: one.number, "count"),
            Column(_p("list", "Rejected"), lambda one: one.rejected, "count", "rejected"),
            Column(_p("resident", "Premium incl. VAT"), lambda one: one.premium_fen, "money",
                   "premium_fen"),
            Column(_p("list", "Sent"), lambda one: one.created_at, "moment", "created_at"),
            Column(_p("list", "Issued"), lambda one: one.sealed_at or "", "moment", "sealed_at"),
        ),
        filters=(Filter("state", _("State"), Enrolment.State.choices),),
        search=("file_name__icontains",), export=f"lists-{scheme.number}",
        empty={"title": _("No list yet"),
               "text": _("Send a list of residents on the scheme's page: it is looked through "
                         "before anything is issued."),
               "icon": "file-text", "href": reverse("residents:scheme", args=[scheme.pk]),
               "action": _("To the scheme")})


@page("residents.view")
def list_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """All lists of a scheme."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    return list_page(request, queries.lists_of(row), _list(row),
                     template="residents/lists.html", context={"scheme": row})


@require_POST
@page("residents.enrol")
def take(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a list and have it looked through."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    form, made = ListForm(request.POST, request.FILES), None
    if form.is_valid():
        file = form.cleaned_data["file"]
        made = done(request, lambda: take_list(row, file, name=file.name,
                                               actor=request.actor))
    else:
        messages.error(request, _("Choose a file that is not empty."))
    if made is None:
        return redirect("residents:scheme", key=row.pk)
    return redirect("residents:list", key=made.pk)


@page("residents.view")
def resident_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """A list: how far it is, what is wrong in it, what came of it."""
    row = queries.list_of(request.actor, key)
    works = row.state in ("reading", "issuing") and row.job is not None and not row.job.has_ended
    if request.headers.get("HX-Request") and request.headers.get("HX-Target") == "list-progress":
        answer = render(request, "residents/parts/progress.html", _progress(row))
        if not works:
            answer["HX-Refresh"] = "true"
        return answer
    check = row.check_document or {}
    plans = row.scheme.terms().plans
    orders = queries.orders_of(row) if row.state == "sealed" else []
    faults = Paginator(check.get("faults", []), FAULTS_SHOWN).get_page(request.GET.get("page"))
    return render(request, "residents/list.html", {
        **_progress(row), "works": works, "check": check, "page": faults,
        "faults": [fault_row(one) for one in faults],
        "given_up": [said(one) for one in check.get("given_up", {}).values()],
        "has_all_faults": row.state != "cancelled" or fell_short(row),
        "unread": row.state == "checked" and "rows" not in check,
        "faulty": [{**one, "field": field_name(one["field"] or ""),
                    "message": said(one["message"])} for one in check.get("faults_by_field", [])],
        "by_plan": [(plan.code, plan_name(plan), number, number * plan.premium_fen,
                     number * plan.sum_insured_fen)
                    for plan, number in zip(plans, row.accepted, strict=False)],
        "orders": orders,
        "printing": any(one.job is not None and not one.job.has_ended for one in orders),
        "may_enrol": allowed(request.actor, "residents.enrol", row),
        "pace_form": PaceForm(initial={"rows_a_second": pace_of(row)})
        if row.state in ("checked", "issuing") else None})


def _progress(row: Enrolment) -> dict[str, Any]:
    job = row.job
    return {"enrolment": row, "job": job,
            "reason": why_it_waits(job) if job is not None and not job.has_ended else ""}


@require_POST
@page("residents.enrol")
def issue(request: HttpRequest, key: UUID) -> HttpResponse:
    """Issue a list."""
    row = queries.list_of(request.actor, key)
    done(request, lambda: issue_list(row, actor=request.actor,
                                     all_or_nothing=request.POST.get("rows") == "all"))
    return redirect("residents:list", key=row.pk)


@require_POST
@page("residents.enrol")
def pace(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let a list take at most so many rows a second, also while it runs."""
    row = queries.list_of(request.actor, key)
    set_pace_by_form(request, row)
    return redirect("residents:list", key=row.pk)


@require_POST
@page("residents.enrol")
def cancel(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a list up."""
    row = queries.list_of(request.actor, key)
    done(request, lambda: cancel_list(row, actor=request.actor),
         _("The list was given up. Nothing of it is issued."))
    return redirect("residents:list", key=row.pk)


@page("residents.view")
def faults_file(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """Every faulty row of a list as CSV."""
    row = queries.list_of(request.actor, key)
    if row.state not in ("checked", "issuing", "sealed") and not fell_short(row):
        raise Refusal("the list has not been looked through yet")
    return csv_stream(request.actor, fault_lines(row), f"{row.scheme.number}-faults.csv")


@page("residents.view")
def results_file(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """What became of every row of an issued list, as CSV."""
    row = queries.list_of(request.actor, key)
    if row.state != "sealed":
        raise Refusal("the list is not issued yet")
    return csv_stream(request.actor, result_lines(row, said), f"{row.scheme.number}-results.csv")


@require_POST
@page("residents.enrol")
def papers(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have the certificates of a list made as PDF."""
    row = queries.list_of(request.actor, key)
    done(request, lambda: order_papers(row, language=request.POST.get("language", "zh"),
                                       actor=request.actor),
         _("The certificates are being made. The parts appear here one by one."))
    return redirect("residents:list", key=row.pk)


@page("residents.enrol")
def part(request: HttpRequest, key: UUID) -> HttpResponse:
    """A part of the certificates as PDF."""
    found = queries.paper_part(request.actor, key)
    require(request.actor, "residents.enrol", found)
    return file_response(found.file)
