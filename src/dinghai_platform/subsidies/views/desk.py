"""An authority's desk: its subsidies, one of them, its rule, what is decided, the report."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.subsidies import queries, report_view
from dinghai_platform.subsidies.book import read_book, register_document, verified
from dinghai_platform.subsidies.fault_words import fault_words
from dinghai_platform.subsidies.forms import ReasonForm, RuleFileForm, RuleForm
from dinghai_platform.subsidies.models import Subsidy
from dinghai_platform.subsidies.plainly import in_plain_words
from dinghai_platform.subsidies.rule_files import FORM_NAME, kept_rule
from dinghai_platform.subsidies.services.changes import follow_policies
from dinghai_platform.subsidies.services.decisions import decide_waiting, share_out
from dinghai_platform.subsidies.services.rules import change_rule, end_subsidy, open_subsidy
from dinghai_platform.subsidies.views.frame import (
    done,
    faults_of,
    frame_of,
    in_hand,
    show_faults,
)
from dinghai_platform.subsidies.words import MODES, word


@page("subsidies.view_register")
def desk(request: HttpRequest) -> HttpResponse:
    """The subsidies of an authority."""
    may_open = allowed(request.actor, "subsidies.administer")
    shown = List(
        name=_("Premium subsidies"),
        columns=(
            Column(_p("subsidy", "Subsidy"), lambda row: row.name, "link", "name_zh",
                   lambda row: reverse("subsidies:subsidy", args=[row.pk]),
                   note=lambda row: row.code),
            Column(_p("subsidy", "Authority"), lambda row: row.authority.name,
                   sort="authority__name_zh"),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_p("subsidy", "Way"), lambda row: word(MODES, row.mode), sort="mode"),
            Column(_p("subsidy", "Last day"), lambda row: row.last, "day", "last"),
            Column(_("Applications"), lambda row: row.applied, "count", "applied"),
            Column(_p("subsidy", "Waiting"), lambda row: row.waiting, "count", "waiting"),
            Column(_p("subsidy", "Budget"), lambda row: row.budget_fen, "money", "budget_fen"),
            Column(_p("subsidy", "Used"), lambda row: row.used_ppm, "percent"),
            Column(_p("subsidy", "Left"), lambda row: row.left_fen, "money", "left_fen"),
        ),
        filters=(Filter("state", _("State"), Subsidy.State.choices),),
        search=("name_zh__icontains", "name_en__icontains", "code__icontains"),
        export="subsidies",
        empty={"title": _("No subsidy yet"),
               "text": _("Open one by its rule: ratio, caps, budget, who and when."),
               "icon": "building-bank",
               "href": reverse("subsidies:new") if may_open else "",
               "action": _("Open a subsidy")},
    )
    return list_page(request, queries.subsidies(request.actor), shown,
                     template="subsidies/desk.html", context={"may_open": may_open})


@page("subsidies.administer")
def new(request: HttpRequest) -> HttpResponse:
    """Open a subsidy, by its document or by a form."""
    by_file = request.method == "POST" and bool(request.FILES)
    by_form = request.method == "POST" and not by_file
    file_form = RuleFileForm(request.POST, request.FILES) if by_file else RuleFileForm()
    form = RuleForm(request.POST) if by_form else RuleForm()
    chosen = file_form if by_file else form
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and chosen.is_valid():
        if by_file:
            content, name = chosen.cleaned_data["rule"].read(), chosen.cleaned_data["rule"].name
        else:
            content, name = form.as_document(request.actor.organisation.name_zh), FORM_NAME
        try:
            made = open_subsidy(content, name, actor=request.actor)
        except DinghaiError as error:
            if by_file:
                faults = faults_of(error)
            else:
                show_faults(form, error)
        else:
            messages.success(request, _("The subsidy is open."))
            return redirect("subsidies:subsidy", key=made.pk)
    return render(request, "subsidies/new.html", {
        "file_form": file_form, "form": form, "faults": faults},
        status=400 if request.method == "POST" else 200)


@page("subsidies.view_register")
def subsidy(request: HttpRequest, key: UUID) -> HttpResponse:
    """One subsidy at a glance."""
    row = in_hand(request, key)
    figures = queries.figures_of(row)
    return render(request, "subsidies/subsidy.html", {
        **frame_of(request, row, "overview"), "figures": figures,
        "waiting": sum(count for state, count in figures["states"].items()
                       if state.startswith("waiting")),
        "states": [(f"subsidy_{state}", count) for state, count in sorted(
            figures["states"].items())],
        "sentences": in_plain_words(kept_rule(queries.rule_in_force(row)).rule),
        "latest": list(queries.applications_of(row).order_by("-id")[:8]),
        "mode": word(MODES, row.mode), "is_proportional": row.mode == "proportional",
        "end_form": ReasonForm()})


@page("subsidies.view_register")
def rule(request: HttpRequest, key: UUID) -> HttpResponse:
    """The rule in plain words, its versions, and giving a new one."""
    row = in_hand(request, key)
    frame = frame_of(request, row, "rule")
    form, faults = RuleFileForm(), list[dict[str, Any]]()
    if request.method == "POST":
        row = in_hand(request, key, "administer")
        form = RuleFileForm(request.POST, request.FILES)
        if form.is_valid():
            given = form.cleaned_data["rule"]
            try:
                change_rule(row, given.read(), given.name, actor=request.actor)
            except DinghaiError as error:
                faults = faults_of(error)
            else:
                messages.success(request, _("The new version decides from now on."))
                return redirect("subsidies:rule", key=row.pk)
    version = queries.rule_in_force(row)
    return render(request, "subsidies/rule.html", {
        **frame, "sentences": in_plain_words(kept_rule(version).rule), "version": version,
        "rule": version.document, "versions": queries.versions_of(row), "form": form,
        "faults": faults}, status=400 if request.method == "POST" else 200)


@page("subsidies.view_register")
def rule_file(request: HttpRequest, key: UUID, number: int) -> HttpResponse:
    """A version of the rule as it was given."""
    row = in_hand(request, key)
    found = get_object_or_404(queries.versions_of(row), number=number)
    answer = HttpResponse(found.text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, found.file_name)
    return answer


@require_POST
@page("subsidies.administer")
def end(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take no more applications."""
    row = in_hand(request, key, "administer")
    done(request, lambda: end_subsidy(row, reason=request.POST.get("reason", ""),
                                      actor=request.actor),
         _("The subsidy has ended. Payments and what goes back go on."))
    return redirect("subsidies:subsidy", key=row.pk)


@require_POST
@page("subsidies.administer")
def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Serve those that wait; of a proportional rule share the budget out."""
    row = in_hand(request, key, "administer")
    verb = share_out if row.mode == "proportional" else decide_waiting
    done(request, lambda: verb(row, actor=request.actor), _("Those that waited were decided."))
    return redirect("subsidies:subsidy_applications", key=row.pk)


@require_POST
@page("subsidies.administer")
def follow(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take what became of the policies."""
    row = in_hand(request, key, "administer")
    done(request, lambda: follow_policies(row, actor=request.actor),
         _("What became of the policies was looked up."))
    return redirect("subsidies:returns", key=row.pk)


@page("subsidies.view_register")
def register_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """The register as `dinghai subsidy` reads it."""
    row = in_hand(request, key)
    with read_book(row, request.actor) as book:
        document = register_document(book.subsidy)
    answer = JsonResponse(document, json_dumps_params={"ensure_ascii": False})
    answer["Content-Disposition"] = content_disposition_header(True, f"register-{row.code}.json")
    return answer


@page("subsidies.view_register")
def report(request: HttpRequest, key: UUID) -> HttpResponse:
    """The regulator's report, and whether the register is what was written."""
    row = in_hand(request, key)
    with read_book(row, request.actor) as book:
        found = queries.report_of(book)
        try:
            verified(book.subsidy)
            broken = ""
        except DinghaiError as error:
            broken = fault_words(fault_of(error))
    return render(request, "subsidies/report.html", {
        **frame_of(request, row, "report"), "report": found, "broken": broken,
        "groups": report_view.group_tables(found), "chart": report_view.budget_chart(found),
        "refusals": report_view.refusals(found.refused_by_reason)})


@page("subsidies.view_register")
def report_file(request: HttpRequest, key: UUID, kind: str) -> HttpResponse:
    """The report as PDF, HTML, CSV or JSON."""
    row = in_hand(request, key)
    if kind not in report_view.FILES:
        raise Http404("no such file")
    with read_book(row, request.actor) as book:
        found, rule = queries.report_of(book), book.text.rule
    return report_view.FILES[kind](found, rule)
