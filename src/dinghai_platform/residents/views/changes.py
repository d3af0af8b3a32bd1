"""Lists of changes of certificates: sent, looked through, done, given up, and what came of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError, Refusal
from dinghai_platform.core.jobs import why_it_waits
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.streaming import csv_stream
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.residents import queries
from dinghai_platform.residents.changes_results import change_result_lines
from dinghai_platform.residents.faults import fault_row, fault_words, field_name, said
from dinghai_platform.residents.forms import ChangesForm, PaceForm
from dinghai_platform.residents.models import ChangeList, Enrolment, ResidentScheme
from dinghai_platform.residents.pacing import pace_of
from dinghai_platform.residents.services.changes import (
    Asked,
    apply_changes,
    cancel_changes,
    take_changes,
)
from dinghai_platform.residents.views.frame import done, set_pace_by_form
from dinghai_platform.residents.words import plan_name
from dinghai_platform.site.lists import Column, Filter, List, list_page

FAULTS_SHOWN = 50
OFFERED = 200
"""Lists and schemes that a form offers, the newest first."""


def _list(scheme: ResidentScheme, *, may_change: bool) -> List:
    return List(
        name=_("Lists of changes"),
        columns=(
            Column(_p("change", "Change"), lambda one: one.title, "link", "file_name",
                   lambda one: reverse("residents:changes", args=[one.pk]),
                   note=lambda one: one.get_kind_display()),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_p("changes", "From"), lambda one: one.from_day, "day", "from_day"),
            Column(_p("list", "Rows"), lambda one: one.rows, "count", "rows"),
            Column(_p("list", "Accepted"), lambda one: one.accepted, "count", "accepted"),
            Column(_p("list", "Rejected"), lambda one: one.rejected, "count", "rejected"),
            Column(_p("changes", "Charged"), lambda one: one.charged_fen, "money", "charged_fen"),
            Column(_p("changes", "Refunded"), lambda one: one.refunded_fen, "money",
                   "refunded_fen"),
            Column(_p("list", "Sent"), lambda one: one.created_at, "moment", "created_at"),
        ),
        filters=(Filter("state", _("State"), ChangeList.State.choices),
                 Filter("kind", _p("resident", "Kind of change"), ChangeList.Kind.choices)),
        search=("file_name__icontains",), export=f"changes-{scheme.number}",
        empty={"title": _("No list of changes yet"),
               "text": _("Correct, change, renew or cancel many certificates at once: a list is "
                         "looked through before anything is changed."),
               "icon": "file-text",
               "href": reverse("residents:changes_new", args=[scheme.pk]) if may_change else "",
               "action": _("Send a list of changes")})


@page("residents.view")
def change_lists(request: HttpRequest, key: UUID) -> HttpResponse:
    """All lists of changes of a scheme."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    may_change = allowed(request.actor, "residents.change", row)
    return list_page(request, queries.changes_of(row), _list(row, may_change=may_change),
                     template="residents/change_lists.html",
                     context={"scheme": row, "may_change": may_change})


@page("residents.change")
def new(request: HttpRequest, key: UUID) -> HttpResponse:
    """A form for a list of changes."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    return _form_page(request, row, _form(request, row))


@require_POST
@page("residents.change")
def take(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a list of changes and have it looked through."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    form = _form(request, row, request.POST, request.FILES)
    if form.is_valid():
        data = form.cleaned_data
        try:
            made = take_changes(row, Asked(
                data["kind"], data["from_day"], data["whole"],
                _chosen(request, Enrolment.objects.filter(scheme=row), data["enrolment"]),
                _chosen(request, ResidentScheme.objects.all(), data["target"]),
                data["consent_since"]), actor=request.actor, content=data["file"],
                name=data["file"].name if data["file"] else "")
        except DinghaiError as error:
            for fault in getattr(error, "faults", (fault_of(error),)):
                at = fault.field if fault.field in form.fields else None
                mend = _(" (%(mend)s)") % {"mend": said(fault.mend)} if fault.mend else ""
                form.add_error(at, said(fault.message) + mend if at else fault_words(fault))
        else:
            return redirect("residents:changes", key=made.pk)
    return _form_page(request, row, form, status=400)


def _form(request: HttpRequest, row: ResidentScheme, *sent: Any) -> ChangesForm:
    sealed = queries.lists_of(row).filter(state=Enrolment.State.SEALED).order_by("-id")
    later = ResidentScheme.objects.visible_to(request.actor).filter(
        tenant=row.tenant_id, first_day__gt=row.last_day).order_by("first_day")
    return ChangesForm(
        *sent, enrolments=[(str(one.pk), one.file_name) for one in sealed[:OFFERED]],
        targets=[(str(one.pk), str(one)) for one in later[:OFFERED]])


def _chosen(request: HttpRequest, rows: Any, key: str) -> Any:
    return visible_or_404(rows, request.actor, pk=key) if key else None


def _form_page(
    request: HttpRequest, row: ResidentScheme, form: ChangesForm, status: int = 200
) -> HttpResponse:
    return render(request, "residents/changes_new.html", {"scheme": row, "form": form},
                  status=status)


@page("residents.view")
def change_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """A list of changes: how far it is, what it would do, what is wrong in it."""
    row = queries.change_list_of(request.actor, key)
    works = row.state in ("reading", "applying") and row.job is not None and not row.job.has_ended
    if request.headers.get("HX-Request") and request.headers.get("HX-Target") == "list-progress":
        answer = render(request, "residents/parts/changes_progress.html", _progress(row))
        if not works:
            answer["HX-Refresh"] = "true"
        return answer
    check = row.check_document or {}
    faults = Paginator(check.get("faults", []), FAULTS_SHOWN).get_page(request.GET.get("page"))
    return render(request, "residents/changes.html", {
        **_progress(row), "check": check, "page": faults,
        "faults": [fault_row(one) for one in faults],
        "left_out_faults": [fault_row(one) for one in check.get("faults_of_those_left_out", [])],
        "given_up": [said(one) for one in check.get("given_up", {}).values()],
        "unread": row.state == "checked" and "rows" not in check,
        "faulty": [{**one, "field": field_name(one["field"] or ""),
                    "message": said(one["message"])} for one in check.get("faults_by_field", [])],
        "moves": _moves(row, check),
        "may_change": allowed(request.actor, "residents.change", row),
        "pace_form": PaceForm(initial={"rows_a_second": pace_of(row)})
        if row.state in ("checked", "applying") else None})


def _progress(row: ChangeList) -> dict[str, Any]:
    job = row.job
    return {"changes": row, "job": job,
            "reason": why_it_waits(job) if job is not None and not job.has_ended else ""}


def _moves(row: ChangeList, check: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """By plan: how many certificates leave it, and how many come into it."""
    out = {one["code"]: one["number"] for one in check.get("out_of", [])}
    into = {one["code"]: one["number"] for one in check.get("into", [])}
    plans = {one.code: plan_name(one) for scheme in (row.target, row.scheme) if scheme
             for one in scheme.terms().plans}
    return [(code, name, out.get(code, 0), into.get(code, 0)) for code, name in plans.items()
            if code in out or code in into]


@require_POST
@page("residents.change")
def apply(request: HttpRequest, key: UUID) -> HttpResponse:
    """Do what a list says."""
    row = queries.change_list_of(request.actor, key)
    done(request, lambda: apply_changes(row, actor=request.actor,
                                        all_or_nothing=request.POST.get("rows") == "all"))
    return redirect("residents:changes", key=row.pk)


@require_POST
@page("residents.change")
def pace(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let a list take at most so many rows a second, also while it runs."""
    row = queries.change_list_of(request.actor, key)
    set_pace_by_form(request, row)
    return redirect("residents:changes", key=row.pk)


@require_POST
@page("residents.change")
def cancel(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a list up."""
    row = queries.change_list_of(request.actor, key)
    done(request, lambda: cancel_changes(row, actor=request.actor),
         _("The list was given up. Nothing of it was changed."))
    return redirect("residents:changes", key=row.pk)


@page("residents.view")
def results_file(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """What became of every row of a list whose changes stand, as CSV."""
    row = queries.change_list_of(request.actor, key)
    if row.state != ChangeList.State.SEALED:
        raise Refusal("the changes do not stand yet: the faults are in the check")
    return csv_stream(request.actor, change_result_lines(row, said),
                      f"{row.scheme.number}-changes.csv")
