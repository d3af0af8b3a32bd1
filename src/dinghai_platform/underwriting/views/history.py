"""The claims history of a case: years, claims by hand, by file, and those the platform holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.experience.own_templates import template_files
from dinghai.foundation.errors import DinghaiError, InputError
from dinghai.foundation.money import format_yuan
from dinghai.vocabulary.perils import perils
from dinghai_platform.claims.past import held_past
from dinghai_platform.core import clock
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import csv_answer, fault_of, page
from dinghai_platform.site.answers import answer
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import name_of
from dinghai_platform.underwriting import queries
from dinghai_platform.underwriting.forms import ClaimsFileForm, StatedClaimForm, YearsForm
from dinghai_platform.underwriting.models import Case, HistoryVersion
from dinghai_platform.underwriting.services import history as services
from dinghai_platform.underwriting.stated import (
    LARGEST_CLAIMS_FILE,
    MOST_FAULTS_SHOWN,
    StatedClaim,
)
from dinghai_platform.underwriting.words import (
    CLAIM_ORIGINS,
    CLAIM_STATES,
    NOT_COUNTED,
    fault_words,
    sentence,
)

VERSIONS_SHOWN = 20
_TEMPLATES = {"csv": "text/csv; charset=utf-8",
              "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@page("underwriting.view")
def claims_history(request: HttpRequest, key: UUID) -> HttpResponse:
    """The history of a case, and what may be done to it."""
    return _shown(request, queries.whole(Case, request.actor, key))


def _shown(request: HttpRequest, case: Case, *, status: int = 200, **more: Any) -> HttpResponse:
    version = services.current_version(case)
    is_given = version is not None and version.is_given
    held = held_past(case.tenant, case.insured)
    rows = _rows(case, version)
    context: dict[str, Any] = {
        "case": case, "version": version, "is_given": is_given, "held": held,
        "base": 0 if version is None else version.number,
        "rows": [one for one in rows if one["origin"] != "held"],
        "held_rows": [one for one in rows if one["origin"] == "held"] if is_given else [
            _row(one, None, "") for one in held.claims],
        "counted": sum(1 for one in rows if one["counts"]),
        "may_state": allowed(request.actor, "underwriting.state_history", case),
        "may_undo": version is not None and (version.before_id is not None or version.is_given),
        "versions": HistoryVersion.objects.within(case.tenant_id).filter(case=case)
        .select_related("made_by").defer("rows").order_by("-number")[:VERSIONS_SHOWN],
        "years": YearsForm(initial=_years(version, held)), "form": StatedClaimForm(),
        "file_form": ClaimsFileForm(), "place": None,
    }
    edited = _whole(request.GET.get("edit"))
    if version is not None and 0 <= edited < len(version.rows):
        context |= {"place": edited, "form": StatedClaimForm(
            initial=_typed(services.stated_claims(version)[edited]))}
    return render(request, "underwriting/history.html", context | more, status=status)


def _years(version: HistoryVersion | None, held: Any) -> dict[str, Any]:
    """The years as stated; else what is offered: those this insurer covered, or five."""
    if version is not None and version.is_given:
        return {"first": version.first, "last": version.last, "uses_held": version.uses_held}
    today = clock.today()
    return {"first": held.since or today - timedelta(days=5 * 365), "last": today,
            "uses_held": held.policies > 0}


def _rows(case: Case, version: HistoryVersion | None) -> list[dict[str, Any]]:
    """Stated and held claims, each with whether it counts and why not."""
    if version is None or not version.is_given:
        return []
    held = held_past(case.tenant, case.insured).claims if version.uses_held else ()
    stated = services.stated_claims(version)
    history = services.version_history(version, case)
    places = [*(None for _one in held), *range(len(stated))]
    return [_row(one, place, past.reason) for one, place, past in zip(
        (*held, *stated), places, history.claims, strict=True)]


def _row(one: StatedClaim, place: int | None, reason: str) -> dict[str, Any]:
    peril = perils().get(one.peril)
    return {
        "place": place, "claim": one, "origin": one.origin,
        "origin_name": CLAIM_ORIGINS[one.origin], "counts": not reason,
        "occurred": date.fromisoformat(one.occurred_on),
        "notified": None if one.notified_on is None else date.fromisoformat(one.notified_on),
        "peril": name_of(peril) if peril else "", "state": CLAIM_STATES.get(one.state, one.state),
        "loss_fen": one.own_claim.loss_minor if one.currency == "CNY" else None,
        "why": NOT_COUNTED.get(reason, reason)}


def _typed(one: StatedClaim) -> dict[str, Any]:
    """A claim as it is written in the form."""
    amounts = {name: "" if (fen := getattr(one, f"{name}_fen")) is None else f"{fen / 100:.2f}"
               for name in ("ground_up", "paid", "outstanding", "deductible")}
    return {"claim_no": one.claim_no, "occurred_on": one.occurred_on,
            "notified_on": one.notified_on or "", "peril": one.peril, "state": one.state,
            **amounts}


@require_POST
@page("underwriting.state_history")
def step(request: HttpRequest, key: UUID, verb: str) -> HttpResponse:
    """One change of a history: each names the version that its maker saw."""
    case = queries.whole(Case, request.actor, key)
    where = reverse("underwriting:history", args=[case.pk])
    base, actor = _whole(request.POST.get("base")), request.actor
    match verb:
        case "years":
            return _state_years(request, case, base)
        case "add" | "change":
            return _state_claim(request, case, verb, base)
        case "import":
            return _file(request, case, base)
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "remove": (lambda: services.remove_claim(
            case, _whole(request.POST.get("place")), base=base, actor=actor),
            _("The claim was taken out.")),
        "withdraw": (lambda: services.withdraw_history(case, base=base, actor=actor),
                     _("No history is given any more.")),
        "undo": (lambda: services.undo_history(case, base=base, actor=actor),
                 _("The last change was taken back.")),
    }
    act, done = acts[verb]
    return answer(request, act, done, where)


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else -1


def _state_years(request: HttpRequest, case: Case, base: int) -> HttpResponse:
    form = YearsForm(request.POST)
    if form.is_valid():
        try:
            services.state_years(case, **form.cleaned_data, base=base, actor=request.actor)
        except DinghaiError as error:
            _put_faults(form, error)
        else:
            messages.success(request, _("The years are stated."))
            return redirect("underwriting:history", case.pk)
    return _shown(request, case, status=400, years=form)


def _state_claim(request: HttpRequest, case: Case, verb: str, base: int) -> HttpResponse:
    form = StatedClaimForm(request.POST)
    place = _whole(request.POST.get("place"))
    if form.is_valid():
        try:
            if verb == "add":
                services.add_claim(case, form.cleaned_data, base=base, actor=request.actor)
            else:
                services.change_claim(case, place, form.cleaned_data, base=base,
                                      actor=request.actor)
        except DinghaiError as error:
            _put_faults(form, error)
        else:
            messages.success(request, _("The claim is stated."))
            return redirect("underwriting:history", case.pk)
    return _shown(request, case, status=400, form=form,
                  place=place if verb == "change" else None)


def _put_faults(form: Any, error: DinghaiError) -> None:
    faults = error.faults if isinstance(error, InputError) else (fault_of(error),)
    for fault in faults:
        form.add_error(fault.field if fault.field in form.fields else None, fault_words(fault))


def _file(request: HttpRequest, case: Case, base: int) -> HttpResponse:
    """Check a file, or take it in: with a row nobody can read nothing is kept."""
    form = ClaimsFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, case, status=400, file_form=form)
    upload, key = form.cleaned_data["file"], form.cleaned_data["key"]
    try:
        if upload.size > LARGEST_CLAIMS_FILE:
            raise InputError("the file is too large", field="file",
                             mend="give this insured's claims alone")
        content = upload.read()
        if "keep" in request.POST:
            services.import_claims_file(case, content, name=upload.name, base=base,
                                        actor=request.actor, key=key)
            messages.success(request, _("The claims of the file are stated."))
            return redirect("underwriting:history", case.pk)
        read = services.check_claims_file(case, content, name=upload.name, actor=request.actor,
                                          key=key)
    except DinghaiError as error:
        faults = error.faults if isinstance(error, InputError) else (fault_of(error),)
        return _shown(request, case, status=400, refused=fault_words(fault_of(error)),
                      faults=_faults(faults), faults_more=0, file_form=form)
    return _shown(
        request, case, checked=read, file_form=form,
        checked_rows=[_row(one, None, "") for one in read.claims],
        ignored=read.ignored, faults=_faults(read.faults),
        faults_more=max(read.faults_total - MOST_FAULTS_SHOWN, 0))


def _faults(faults: Any) -> list[dict[str, Any]]:
    """Faults that name a line, in words."""
    return [{"line": one.line, "field": one.field or "", "message": sentence(one.message),
             "mend": sentence(one.mend) if one.mend else ""}
            for one in faults if one.line is not None][:MOST_FAULTS_SHOWN]


@page("underwriting.view")
def template(request: HttpRequest, key: UUID) -> HttpResponse:
    """An empty file of claims with every published column (``?form=xlsx`` for Excel)."""
    queries.whole(Case, request.actor, key)
    form = request.GET.get("form", "csv")
    if form not in _TEMPLATES:
        raise Http404("no such form")
    content = template_files("zh" if is_chinese() else "en")[f"claims.{form}"]
    response = HttpResponse(content, content_type=_TEMPLATES[form])
    response["Content-Disposition"] = f'attachment; filename="claims.{form}"'
    return response


@page("underwriting.view")
def export(request: HttpRequest, key: UUID) -> HttpResponse:
    """The claims of a history as CSV, with whether each counts."""
    case = queries.whole(Case, request.actor, key)
    rows = _rows(case, services.current_version(case))
    heading = [_("Claim number"), _("Occurred"), _("Notified"), _("Peril"), _("Loss"),
               _p("history", "Paid"),
               _("Outstanding"), _("State"), _("Origin"),
               _p("history", "Counts")]

    def amount(fen: int | None) -> str:
        return "" if fen is None else format_yuan(fen)

    return csv_answer("claims-history", heading, (
        [one["claim"].claim_no, one["claim"].occurred_on, one["claim"].notified_on or "",
         one["peril"], amount(one["loss_fen"]), amount(one["claim"].paid_fen),
         amount(one["claim"].outstanding_fen), one["state"], one["origin_name"],
         _("yes") if one["counts"] else one["why"]] for one in rows))

