"""The list of firms, the plans, and one firm: where it stands, its questions, its scans."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError, Fault, InputError
from dinghai.wording.explaining import terms_to_explain
from dinghai_platform.chains.services.common import insurers_of
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.cells import answered
from dinghai_platform.small_firms.engine import insurers_with_plans, specimen_policy
from dinghai_platform.small_firms.forms import FirstDayForm, InsurerForm, ScanForm
from dinghai_platform.small_firms.models import Firm
from dinghai_platform.small_firms.plan_view import columns, groups_of, sections
from dinghai_platform.small_firms.questionnaire import (
    firm_fields,
    more_fields,
    other_faults,
    question_groups,
)
from dinghai_platform.small_firms.services.firms import price_firm, save_draft, start_firm
from dinghai_platform.small_firms.services.scans import LARGEST, hand_in_scan
from dinghai_platform.small_firms.views.frame import Way, done, faults_of, frame_of, of_firm
from dinghai_platform.small_firms.words import PROBES


def _list() -> List:
    return List(
        name=_("Small firms"),
        columns=(
            Column(_p("small firm", "Firm"), lambda row: row.name or _("(no name yet)"), "link",
                   "name", lambda row: reverse("small_firms:firm", args=[row.pk]),
                   note=lambda row: row.number),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_("Score"), lambda row: row.score_ppm, "score", "score_ppm"),
            Column(_("Grade"), lambda row: row.grade, "grade", "grade"),
            Column(_("Premium with VAT"), lambda row: row.on_offer_fen, "money", "on_offer_fen"),
            Column(_p("small firm", "Insured until"), lambda row: row.covered_until, "day",
                   "covered_until"),
            Column(_p("small firm", "Came by"), lambda row: row.get_channel_display(),
                   sort="channel", note=lambda row: row.broker),
            Column(_("Unified social credit code"), lambda row: row.credit_code or "—", "code",
                   "credit_code"),
        ),
        filters=(Filter("state", _("State"), Firm.State.choices),
                 Filter("channel", _p("small firm", "Came by"), Firm.Channel.choices)),
        search=("name__icontains", "number__icontains", "credit_code__icontains"),
        default_sort="-id", export="small-firms",
        empty={"title": _("No small firm yet"),
               "text": _("Look at the plans and price one firm here, give it a link, or hand in a "
                         "file of up to 2,000."),
               "icon": "briefcase", "href": reverse("small_firms:plans"),
               "action": _("The three plans")},
    )


@page("small_firms.view")
def firm_list(request: HttpRequest) -> HttpResponse:
    """The firms that the actor sees."""
    return list_page(request, queries.firms(request.actor), _list(),
                     template="small_firms/firms.html",
                     context={"book": queries.book(request.actor)})


def plans_context() -> dict[str, Any]:
    """The plans as sold, with every exclusion explained."""
    return {"columns": columns(), "sections": sections(),
            "groups": groups_of(terms_to_explain(specimen_policy()))}


@page("small_firms.view")
def plan_page(request: HttpRequest) -> HttpResponse:
    """Three plans side by side, with what each covers and all that none covers."""
    known = insurers_with_plans(insurers_of(request.actor))
    may_start = allowed(request.actor, "small_firms.start")
    return render(request, "small_firms/plans.html", {
        **plans_context(), "layout": "site/base.html", "may_start": may_start and bool(known),
        "nobody_sells": not known,
        "form": InsurerForm(insurers=known) if len(known) > 1 else None})


@require_POST
@page("small_firms.start")
def start(request: HttpRequest) -> HttpResponse:
    """Begin the way of one firm."""
    insurer = None
    if request.POST.get("insurer"):
        wanted = request.POST["insurer"]
        insurer = next((one for one in insurers_of(request.actor) if str(one.pk) == wanted), None)
        if insurer is None:
            raise Http404("no such insurer")
    made = done(request, lambda: start_firm(actor=request.actor, insurer=insurer), "")
    if made is None:
        return redirect("small_firms:plans")
    return redirect("small_firms:answers", key=made.pk)


def _firm(request: HttpRequest, way: Way) -> HttpResponse:
    """Where a firm stands, and what comes next."""
    assert way.firm is not None
    row = way.firm
    return render(request, "small_firms/firm.html", {
        **frame_of(way, "firm"), "quote_rows": [
            (way.to("quote", str(one.pk)), one)
            for one in row.quotes.defer("document").order_by("-id")[:12]],
        "policy": queries.whole_policies(row.policies).order_by("-id").first(),
        "scans": list(row.scans.order_by("-id")),
        "months": list(row.months.defer("document").order_by("-id")[:12]),
        "said": row.answers.order_by("-id").first(), "scan_form": ScanForm(), "probes": PROBES})


def _answers(request: HttpRequest, way: Way) -> HttpResponse:
    """The questions; sent, they give a price at once."""
    assert way.firm is not None
    require(way.actor, "small_firms.answer", way.firm)
    faults: list[Fault] = []
    form = FirstDayForm(request.POST or None)
    cells = dict(way.firm.draft)
    if request.method == "POST":
        cells |= {name: value for name, value in request.POST.items() if isinstance(value, str)}
        if form.is_valid():
            try:
                quote = price_firm(way.firm, actor=way.actor, given=request.POST.dict(),
                                   inception=form.cleaned_data["inception"])
            except DinghaiError as error:
                faults = faults_of(error)
            else:
                return redirect(way.to("quote", str(quote.pk)))
        way.firm.refresh_from_db(fields=("draft",))
    return render(request, "small_firms/answers.html", {
        **frame_of(way, "answers"), "fields": firm_fields(cells, faults),
        "more": more_fields(cells, faults), "groups": question_groups(cells, faults),
        "consent": cells.get("consent", ""), "plan": cells.get("plan", ""), "columns": columns(),
        "form": form, "answered": answered(cells), "faults": faults,
        "other_faults": other_faults(faults)},
        status=400 if request.method == "POST" else 200)


def _save(request: HttpRequest, way: Way) -> HttpResponse:
    """Keep what was typed so far."""
    assert way.firm is not None
    if request.method != "POST":
        return redirect(way.answers)
    try:
        firm = save_draft(way.firm, request.POST.dict(), actor=way.actor)
    except InputError as error:
        return render(request, "small_firms/parts/saved.html", {
            "faults": faults_of(error), "answered": answered(way.firm.draft)})
    if not request.headers.get("HX-Request"):
        return redirect(way.answers)
    return render(request, "small_firms/parts/saved.html", {"answered": answered(firm.draft)})


def _scan(request: HttpRequest, way: Way) -> HttpResponse:
    """Hand a scan in; the firm is priced anew with it."""
    assert way.firm is not None
    if request.method != "POST":
        return redirect(way.home)
    file = request.FILES.get("file")
    if file is None:
        done(request, lambda: _nothing(), "")
        return redirect(way.home)
    row = way.firm

    def verb() -> Any:
        hand_in_scan(row, file.read(LARGEST + 1), name=file.name or "", actor=way.actor)
        return price_firm(row, actor=way.actor)

    made = done(request, verb, _("The scan was read, and the firm priced with it."))
    return redirect(way.home if made is None else way.to("quote", str(made.pk)))


def _nothing() -> None:
    raise InputError("no file was sent", field="file", mend="choose one")


firm, firm_by_link = of_firm(_firm)
answers, answers_by_link = of_firm(_answers)
save, save_by_link = of_firm(_save)
scan, scan_by_link = of_firm(_scan)
firm = page("small_firms.view")(firm)
answers = page("small_firms.view")(answers)
save = page("small_firms.view")(save)
scan = page("small_firms.view")(scan)
