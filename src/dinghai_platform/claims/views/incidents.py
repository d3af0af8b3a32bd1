"""Pages of incidents: the list, the report, one incident, the draft for the authority."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.documents.readings import fact_name, fact_value
from dinghai.foundation.errors import DinghaiError
from dinghai.vocabulary.facts import fact
from dinghai.vocabulary.grading import authorities
from dinghai_platform.claims import forms, queries, services
from dinghai_platform.claims.clocks import incident_clocks
from dinghai_platform.claims.fields import entry_text, language
from dinghai_platform.claims.models import (
    Claim,
    Incident,
    ReportingDuty,
    ResponseOrder,
    TimelineEntry,
)
from dinghai_platform.claims.papers import render_authority_report
from dinghai_platform.claims.words import FAMILIES, INCIDENT_EVENTS, word
from dinghai_platform.core import clock
from dinghai_platform.core.forms import show_error
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import role_name
from dinghai_platform.small_firms.rules import LINK
from dinghai_platform.small_firms.services.incidents import also_answering

ICONS = {
    "report": "bell-ringing", "triage": "gauge", "order": "send", "accept": "thumb-up",
    "decline": "circle-x", "arrive": "users", "contain": "shield-half", "eradicate": "bug",
    "recover": "refresh", "close": "archive", "dismiss": "x", "duty_met": "building-bank",
    "note": "message-2",
}
TONES = {"report": "warn", "recover": "good", "close": "good", "decline": "bad",
         "duty_met": "good", "contain": "info"}


@page("claims.report")
def report(request: HttpRequest) -> HttpResponse:
    """The first notice."""
    form = forms.ReportForm(
        request.POST or None, actor=request.actor, initial={"discovered_at": clock.now()},
        chosen=request.POST.get("policy", "") or request.GET.get("policy", ""))
    if request.method == "POST" and form.is_valid():
        try:
            made, again = services.report_once(
                form.cleaned_data["contract"], actor=request.actor, **form.notice())
        except DinghaiError as error:
            show_error(form, error)
        else:
            if again:
                messages.info(request, _("This was reported already: it is %(number)s.")
                              % {"number": made.number})
            else:
                messages.success(request, _("Reported as %(number)s. Somebody looks at it now.")
                                 % {"number": made.number})
            return redirect("claims:incident", made.pk)
    return render(request, "claims/report.html", {
        "form": form, "has_policy": form.has_policy})


@page("claims.view")
def incident(request: HttpRequest, incident: Any) -> HttpResponse:
    """One incident: grade, clocks, responders, timeline, evidence."""
    row = visible_or_404(
        Incident.objects.select_related("insured", "judged_by")
        .prefetch_related("duties", "evidence", "orders__provider", "timeline__organisation"),
        request.actor, pk=incident)
    actor = request.actor
    may_record = allowed(actor, "claims.record_report", row)
    clocks = [
        (reading, duty, may_record and duty.met_at is None)
        for reading, duty in zip(incident_clocks(row),
                               [one for one in row.duties.all() if one.withdrawn_at is None],
                               strict=True)
    ]
    return render(request, "claims/incident.html", {
        "incident": row,
        "claim": Claim.objects.visible_to(actor).filter(incident=row).first(),
        "steps": queries.incident_steps(row, actor),
        "clocks": clocks,
        "grade": _grade(row),
        "orders": [(order, _order_state(order), order.provider_id == actor.organisation.pk)
                   for order in row.orders.all()],
        "events": [_event(entry) for entry in row.timeline.all()],
        "facts": [(fact_name(name, language()), _shown(name, entry))
                  for name, entry in row.facts.items()],
        "family": word(FAMILIES, row.family) if row.family else "",
        "also": also_answering(row) if actor.tenant is not None else [],
        "may_hand_in": allowed(actor, "claims.add_evidence", row),
        "may_note": allowed(actor, "claims.note", row),
        "may_dispatch": allowed(actor, "claims.dispatch", row) and row.state != "reported",
        "may_triage": allowed(actor, "claims.triage", row),
    })


@page("claims.view")
def authority_report(request: HttpRequest, incident: Any) -> HttpResponse:
    """The draft of the report to the authority, as PDF."""
    row = visible_or_404(
        Incident.objects.select_related("insured").prefetch_related("timeline"),
        request.actor, pk=incident)
    response = HttpResponse(render_authority_report(row), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{row.number}-12387.pdf"'
    return response


@page("claims.view")
def record_report(request: HttpRequest, duty: Any) -> HttpResponse:
    """Record that the report to the authority was made."""
    row = visible_or_404(ReportingDuty.objects.select_related("incident"), request.actor, pk=duty)
    require(request.actor, "claims.record_report", row)
    form = forms.AuthorityReportForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.record_report_to_authority(row, actor=request.actor, **form.cleaned_data)
        except DinghaiError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Recorded."))
            return redirect("claims:incident", row.incident_id)
    return render(request, "claims/action.html", {
        "row": row.incident, "form": form, "label": row.name, "is_claim": False,
        "lead": _("The platform has drafted the form and never sends it. Record here what you "
                  "have reported yourself."),
        "draft": reverse("claims:authority_report", args=(row.incident_id,))})


@require_POST
@page("claims.answer_order")
def answer_order(request: HttpRequest, order: Any, answer: str) -> HttpResponse:
    """The provider's answer: accept, decline, arrive."""
    row = visible_or_404(ResponseOrder.objects.select_related("incident"), request.actor, pk=order)
    said = request.POST.get("text", "")
    if answer == "accept":
        services.accept_order(row, actor=request.actor, note=said)
    elif answer == "arrive":
        services.arrive(row, actor=request.actor, note=said)
    else:
        services.decline_order(row, reason=said or _("no one is free"), actor=request.actor)
    return redirect("claims:incident", row.incident_id)


def _colon() -> str:
    return "：" if is_chinese() else ": "


def _event(entry: TimelineEntry) -> dict[str, Any]:
    title = str(word(INCIDENT_EVENTS, entry.event))
    if grade := entry.detail.get("grade"):
        title = f"{title}{_colon()}{grade_words(grade)}"
    if provider := entry.detail.get("provider"):
        title = f"{title}{_colon()}{provider}"
    return {"title": title, "when": entry.at, "text": entry.text,
            "actor": f"{entry.organisation} · "
                     f"{_('by its link') if entry.role == LINK else role_name(entry.role)}",
            "icon": ICONS.get(entry.event, "point"), "tone": TONES.get(entry.event, "info")}


def _order_state(order: ResponseOrder) -> str:
    if order.declined_at:
        return "declined"
    if order.arrived_at:
        return "arrived"
    return "accepted" if order.accepted_at else "ordered"


def _grade(row: Incident) -> dict[str, Any] | None:
    """The grade with the thresholds that were reached, in words."""
    if row.grade is None:
        return None
    met = [
        {"name": _name(one["fact"]), "at_least": _shown(one["fact"], {"value": one["at_least"]}),
         "value": _shown(one["fact"], row.facts.get(one["fact"], {})),
         "source": one["source"], "confidence": one["confidence"]}
        for one in row.grade["met"]
    ]
    return {**row.grade, "thresholds": met, "word": grade_words(row.grade["grade"]),
            "unknown_names": [_name(one) for one in row.grade["unknown"]]}


def grade_words(grade: str | None) -> str:
    """The grade by the law's own word, with its English beside it on English pages."""
    if grade is None or is_chinese():
        return grade or ""
    for level in authorities()["cac"].levels:
        if level.grade == grade:
            return f"{level.name_en} ({grade})"
    return grade


def _name(identifier: str) -> str:
    return fact_name(identifier, language())


def _shown(identifier: str, entry: dict[str, Any]) -> str:
    if entry.get("absent"):
        return _("none")
    if fact(identifier).type == "series":
        return entry_text(identifier, entry)
    return fact_value(identifier, entry.get("value"), language()) or _("none")
