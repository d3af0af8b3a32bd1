"""Batches: hand a file in and see its faults, quote, choose, bind, export."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError, Fault
from dinghai.schemes.small_firm_columns import FIRM_COLUMNS
from dinghai.schemes.small_firm_quote import OUTCOMES as ALL_OUTCOMES
from dinghai.vocabulary.indicators import light_indicators
from dinghai_platform.core import clock, jobs
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.forms import BatchBindForm, BatchForm
from dinghai_platform.small_firms.models import Batch, Quote
from dinghai_platform.small_firms.services.batches import (
    LARGEST,
    bind_batch,
    bindable,
    cancel_batch,
    quote_batch,
    take_batch,
)
from dinghai_platform.small_firms.views.frame import bound_as, done, faults_of
from dinghai_platform.small_firms.words import OUTCOMES, fault_words, plan_name, reason_words

SHOWN_FAULTS = 100


def _list() -> List:
    return List(
        name=_("Batches of small firms"),
        columns=(
            Column(_p("batch", "Batch"), lambda row: row.number, "link", "number",
                   lambda row: reverse("small_firms:batch", args=[row.pk]),
                   note=lambda row: row.file_name),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_p("batch", "Rows"), lambda row: row.rows, "count", "rows"),
            Column(_p("batch", "With faults"), lambda row: row.rejected_rows, "count"),
            Column(_p("small firm", "Offered"), lambda row: row.outcomes.get("offered"), "count"),
            Column(_p("small firm", "With an underwriter"),
                   lambda row: row.outcomes.get("referred"), "count"),
            Column(_p("small firm", "Insured"), lambda row: row.bound, "count", "bound"),
            Column(_("As of"), lambda row: row.on, "day", "on"),
            Column(_("First day of cover"), lambda row: row.inception, "day", "inception"),
            Column(_("Broker"), lambda row: row.broker or "—"),
        ),
        filters=(Filter("state", _("State"), Batch.State.choices),),
        search=("number__icontains", "file_name__icontains"), default_sort="-id",
        export="small-firm-batches",
        empty={"title": _("No batch yet"),
               "text": _("Hand in a file with a row for each firm: its faults are told before "
                         "anything is written."),
               "icon": "file-import", "href": reverse("small_firms:batch_new"),
               "action": _("Hand in a file")},
    )


@page("small_firms.batch")
def batch_list(request: HttpRequest) -> HttpResponse:
    """The batches that the actor sees."""
    return list_page(request, queries.batches(request.actor), _list(),
                     template="small_firms/batches.html")


def fault_rows(faults: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Kept faults as a page or a file says them."""
    return [{"line": one["line"], "field": one["field"] or "", "what": fault_words(Fault(
        one["message"])), "mend": "" if not one["mend"] else fault_words(
            Fault(one["mend"]))} for one in faults]


@page("small_firms.batch")
def new(request: HttpRequest) -> HttpResponse:
    """Hand a file in: it is looked through at once, and nothing of it is written."""
    form = BatchForm(request.POST or None, request.FILES or None)
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = take_batch(file.read(LARGEST + 1), name=file.name,
                              inception=form.cleaned_data["inception"], actor=request.actor)
        except DinghaiError as error:
            faults = fault_rows([dict(one.to_dict()) for one in faults_of(error)])
        else:
            return redirect("small_firms:batch", key=made.pk)
    return render(request, "small_firms/batch_new.html", {"form": form, "faults": faults},
                  status=400 if request.method == "POST" else 200)


@page("small_firms.batch")
def template(request: HttpRequest) -> HttpResponse:
    """An empty file with every column that is asked for."""
    heading = [one.id for one in FIRM_COLUMNS if one.required or one.id in (
        "answered_on", "products")]
    heading = ["revenue(万元)" if one == "revenue" else one for one in heading]
    return csv_answer("small-firms-template", [*heading, *light_indicators()], ())


def _choice(one: Quote) -> str | None:
    """The key of a quote that can be chosen here."""
    bound = getattr(one, "policy", None) is not None
    return str(one.pk) if one.bindable_plans() and not bound else None


def _results(row: Batch, *, choosing: bool) -> List:
    return List(
        name=_("Results"),
        columns=(
            *((Column(_("Choose"), _choice, "choice"),) if choosing else ()),
            Column(_p("batch", "Line"), lambda one: one.line, "count", "line"),
            Column(_p("small firm", "Firm"), lambda one: one.firm.name, "link", "firm__name",
                   lambda one: reverse("small_firms:quote", args=[one.firm_id, one.pk]),
                   note=lambda one: one.firm.credit_code),
            Column(_("Outcome"), lambda one: one.state_code, "status", "outcome"),
            Column(_("Score"), lambda one: one.score_ppm, "score", "score_ppm"),
            Column(_("Grade"), lambda one: one.grade, "grade", "grade"),
            Column(_p("small firm", "Plan"), lambda one: plan_name(
                one.offered_plan or one.decided_plan) or "—", "code", "offered_plan",
                note=lambda one: _("reduced") if one.reduced and one.offered_plan else ""),
            Column(_("Premium with VAT"), lambda one: one.gross_fen, "money", "gross_fen"),
            Column(_("Why"), lambda one: "; ".join(
                reason_words(code) for code in one.document["reasons"]
                if not code.startswith(("grade:", "unconfirmed:"))) or "—"),
            Column(_("Policy number"), lambda one: getattr(getattr(
                one, "policy", None), "policy_no", None) or "—", "code", "policy__policy_no"),
        ),
        filters=(Filter("outcome", _("Outcome"), tuple(
            (code, OUTCOMES[code]) for code in ALL_OUTCOMES)),
            Filter("reduced", _("Reduced offer"), (("True", _("Reduced offer")),
                                                   ("False", _("Whole offer"))))),
        search=("firm__name__icontains", "firm__credit_code__icontains", "number__icontains"),
        default_sort="line", export=f"small-firms-{row.number}",
        empty={"title": _("Nothing quoted yet"),
               "text": _("The results appear here while the firms are quoted."),
               "icon": "hourglass", "href": "", "action": ""},
    )


@page("small_firms.batch")
def batch(request: HttpRequest, key: UUID) -> HttpResponse:
    """A batch: how far it is, its faults, its results, and what can be bound."""
    row = queries.batch(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    open_offers = bindable(row).count() if row.state == Batch.State.QUOTED else 0
    rows = queries.quotes_of(row)
    if not request.GET.get("export"):
        rows = rows.defer("answers")
    running = next((one for one in (row.binding, row.job)
                    if one is not None and not one.has_ended), None)
    choosing = bool(open_offers) and not request.GET.get("export")
    shown = _results(row, choosing=choosing)
    return list_page(request, rows, shown, template="small_firms/batch.html", context={
        "batch": row, "faults": fault_rows(row.faults[:SHOWN_FAULTS]),
        "more_faults": max(len(row.faults) - SHOWN_FAULTS, 0),
        "outcomes": [(OUTCOMES[code], row.outcomes.get(code, 0), code) for code in ALL_OUTCOMES],
        "open_offers": open_offers, "bind_form": BatchBindForm(), "running": running,
        "running_state": jobs.job_state(running) if running is not None else None,
        "is_over": clock.today() > row.inception, "bound_result": _bound(row)})


def _bound(row: Batch) -> dict[str, Any] | None:
    """What the last binding came to, once it has ended."""
    if row.binding is None or not row.binding.has_ended or not row.binding.result:
        return None
    return {"bound": row.binding.result["bound"], "refused": [
        {"quote": one["quote"], "words": fault_words(Fault(one["why"]))}
        for one in row.binding.result["refused"]]}


@page("small_firms.batch")
def progress(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far the batch's job is; once it has ended, the whole page is asked for again."""
    row = queries.batch(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    running = next((one for one in (row.binding, row.job)
                    if one is not None and not one.has_ended), None)
    answer = render(request, "small_firms/parts/progress.html", {
        "batch": row, "running": running,
        "running_state": jobs.job_state(running) if running is not None else None})
    if running is None and request.headers.get("HX-Request"):
        answer.headers["HX-Refresh"] = "true"
    return answer


@page("small_firms.batch")
def faults(request: HttpRequest, key: UUID) -> HttpResponse:
    """Every fault of a batch as a file."""
    row = queries.batch(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    return csv_answer(
        f"{row.number}-faults",
        [_p("batch", "Line"), _p("batch", "Column"), _("Fault"), _("How to mend it")],
        ([one["line"], one["field"], one["what"], one["mend"]]
         for one in fault_rows(row.faults)))


@require_POST
@page("small_firms.batch")
def quote(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have the firms of a batch quoted."""
    row = queries.batch(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    done(request, lambda: quote_batch(row, actor=request.actor), _("The firms are being quoted."))
    return redirect("small_firms:batch", key=row.pk)


@require_POST
@page("small_firms.batch")
def cancel(request: HttpRequest, key: UUID) -> HttpResponse:
    """Give a batch up."""
    row = queries.batch(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    done(request, lambda: cancel_batch(row, actor=request.actor), _("The batch was given up."))
    return redirect("small_firms:batch", key=row.pk)


@require_POST
@page("small_firms.batch")
def bind(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have chosen offers of a batch bound, or all that are open."""
    row = queries.batch(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    done(request, lambda: bind_batch(row, **bound_as(request), actor=request.actor),
         _("The policies are being made."))
    return redirect("small_firms:batch", key=row.pk)
