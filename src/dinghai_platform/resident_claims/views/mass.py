"""Mass decisions with their results, and files of claims with their dry run."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.jobs import job_state
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.streaming import csv_stream
from dinghai_platform.core.web import page
from dinghai_platform.resident_claims import queries
from dinghai_platform.resident_claims.decision_view import OUTCOMES
from dinghai_platform.resident_claims.faults import fault_row, fault_words
from dinghai_platform.resident_claims.forms import FileForm
from dinghai_platform.resident_claims.models import ClaimImport, DecisionRun
from dinghai_platform.resident_claims.results import result_lines
from dinghai_platform.resident_claims.services import imports, runs
from dinghai_platform.resident_claims.views.frame import done
from dinghai_platform.site.formats import moment_text
from dinghai_platform.site.lists import Column, Filter, List, list_page


def _runs() -> List:
    return List(
        name=_("Mass decisions"),
        columns=(
            Column(_("Begun"), lambda one: moment_text(one.created_at),
                   "link", "id", lambda one: reverse("resident_claims:run", args=[one.pk])),
            Column(_("State"), lambda one: f"claim_run_{one.state}", "status", "state"),
            Column(_("Claims"), lambda one: one.claims, "count", "claims"),
            Column(_("Decided"), lambda one: one.decided, "count", "decided"),
            Column(_("Left for the next"), lambda one: one.left, "count", "left"),
            Column(_("To be paid"), lambda one: one.pay_fen, "money", "pay_fen"),
            Column(_("By"), lambda one: one.created_by or _("the house")),
        ),
        filters=(Filter("state", _("State"), DecisionRun.State.choices),),
        export="mass-decisions",
        empty={"title": _("No mass decision yet"),
               "text": _("One decides every claim that is ready, by the same rules as alone."),
               "icon": "player-play", "href": "", "action": ""})


@page("resident_claims.view")
def run_list(request: HttpRequest) -> HttpResponse:
    """Mass decisions."""
    tenant = request.actor.own_tenant()
    return list_page(request, queries.runs(request.actor), _runs(),
                     template="resident_claims/runs.html", context={
                         "tab": "runs", "ready": runs.ready(tenant).count(),
                         "not_said": runs.not_said(tenant),
                         "may_decide": allowed(request.actor, "resident_claims.handle")})


@require_POST
@page("resident_claims.handle")
def run_start(request: HttpRequest) -> HttpResponse:
    """Decide everything that is ready."""
    run = done(request, lambda: runs.start_run(actor=request.actor),
               _("The claims are being decided."))
    if run is None:
        return redirect("resident_claims:runs")
    return redirect("resident_claims:run", key=run.pk)


@page("resident_claims.view")
def run_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """One mass decision: how far it is, and what it came to."""
    run = queries.run(request.actor, key)
    counts = [(str(word), run.outcomes.get(code, 0)) for code, word in OUTCOMES.items()
              if run.outcomes.get(code)]
    template = "parts/run_state.html" if request.htmx else "run.html"
    return render(request, f"resident_claims/{template}", {
        "run": run, "tab": "runs", "counts": counts,
        "job": job_state(run.job) if run.job else None,
        "goes_on": run.state == DecisionRun.State.RUNNING,
        "may_release": allowed(request.actor, "resident_claims.handle", run)
        and run.state == DecisionRun.State.RUNNING
        and (run.job is None or run.job.has_ended)})


@page("resident_claims.view")
def run_results(request: HttpRequest, key: UUID) -> StreamingHttpResponse:
    """Every decision of a run as CSV."""
    run = queries.run(request.actor, key)
    return csv_stream(request.actor, result_lines(run), f"decisions-{run.as_of}.csv")


@require_POST
@page("resident_claims.handle")
def run_release(request: HttpRequest, key: UUID) -> HttpResponse:
    """Let claims of a run go whose job has ended early."""
    run = queries.run(request.actor, key)
    require(request.actor, "resident_claims.handle", run)
    done(request, lambda: runs.let_go(run, actor=request.actor),
         _("The claims are free for the next run."))
    return redirect("resident_claims:run", key=run.pk)


def _imports() -> List:
    return List(
        name=_("Files of claims"),
        columns=(
            Column(_("File"), lambda one: one.file_name, "link", "file_name",
                   lambda one: reverse("resident_claims:import", args=[one.pk])),
            Column(_("State"), lambda one: f"claim_import_{one.state}", "status", "state"),
            Column(_p("import", "Rows"), lambda one: one.rows, "count", "rows"),
            Column(_("Good"), lambda one: one.accepted, "count", "accepted"),
            Column(_("At fault"), lambda one: one.rejected, "count", "rejected"),
            Column(_("Taken in"), lambda one: one.taken, "count", "taken"),
            Column(_("Uploaded"), lambda one: one.created_at, "moment", "id"),
            Column(_("By"), lambda one: one.created_by or "—"),
        ),
        filters=(Filter("state", _("State"), ClaimImport.State.choices),),
        search=("file_name__icontains",), export="files-of-claims",
        empty={"title": _("No file yet"),
               "text": _("A file is looked through first; nothing is taken in before you say so."),
               "icon": "file-import", "href": "", "action": ""})


@page("resident_claims.view")
def import_list(request: HttpRequest) -> HttpResponse:
    """Files of channels, and the form for another one."""
    may = allowed(request.actor, "resident_claims.import")
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        require(request.actor, "resident_claims.import")
        if form.is_valid():
            file = form.cleaned_data["file"]
            row = done(request, lambda: imports.take_file(
                file.read(), name=file.name, actor=request.actor),
                _("The file is being looked through. Nothing is taken in yet."))
            if row is not None:
                return redirect("resident_claims:import", key=row.pk)
    return list_page(request, queries.imports(request.actor), _imports(),
                     template="resident_claims/imports.html",
                     context={"tab": "imports", "form": form, "may_import": may})


@page("resident_claims.view")
def import_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """What looking through a file came to, and its way into claims."""
    row = queries.import_row(request.actor, key)
    may = allowed(request.actor, "resident_claims.import", row)
    return render(request, "resident_claims/import.html", {
        "row": row, "tab": "imports", "faults": [fault_row(one) for one in row.faults],
        "goes_on": row.state in (ClaimImport.State.READING, ClaimImport.State.TAKING),
        "job": job_state(row.job) if row.job else None,
        "may_take": may and row.state == ClaimImport.State.CHECKED and row.accepted,
        "may_cancel": may and row.state in (ClaimImport.State.READING,
                                            ClaimImport.State.CHECKED)})


@require_POST
@page("resident_claims.import")
def import_take(request: HttpRequest, key: UUID) -> HttpResponse:
    """Make claims of the good rows."""
    row = queries.import_row(request.actor, key)
    require(request.actor, "resident_claims.import", row)
    done(request, lambda: imports.take_in(row, actor=request.actor),
         _("The good rows are being taken in."))
    return redirect("resident_claims:import", key=row.pk)


@require_POST
@page("resident_claims.import")
def import_cancel(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a file up."""
    row = queries.import_row(request.actor, key)
    require(request.actor, "resident_claims.import", row)
    try:
        imports.cancel_import(row, actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(error))
    return redirect("resident_claims:import", key=row.pk)
