"""Incidents of a firm: reported on a phone, followed and answered by its link or its account."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai_platform.claims.explaining import tell
from dinghai_platform.claims.forms import EvidenceForm, NoticeForm
from dinghai_platform.claims.models import Incident
from dinghai_platform.claims.queries import claim_steps, usual_papers
from dinghai_platform.core import clock
from dinghai_platform.core.files import file_response
from dinghai_platform.core.forms import show_error
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page
from dinghai_platform.small_firms.answering_policy import paid_policies_of
from dinghai_platform.small_firms.forms import ObjectForm
from dinghai_platform.small_firms.services import incidents as services
from dinghai_platform.small_firms.views.frame import Way, done, frame_of, last_policy, of_firm
from dinghai_platform.small_firms.words import error_words


def _incidents(request: HttpRequest, way: Way) -> HttpResponse:
    """What a firm has reported; by its link also the report itself."""
    assert way.firm is not None
    form, covered = None, bool(paid_policies_of(way.firm))
    policy = services.policy_at(way.firm, clock.now()) if covered else last_policy(way)
    if way.is_link and covered:
        form = NoticeForm(request.POST or None, initial={"discovered_at": clock.now()})
        if request.method == "POST" and form.is_valid():
            made = _reported(request, way, form)
            if made is not None:
                return redirect("small_firms:link_incident", made.pk)
    return render(request, "small_firms/incidents.html", {
        **frame_of(way, "incidents"), "incidents": services.incidents_of(way.firm, way.actor),
        "form": form, "policy": policy, "covered": covered,
        "may_report": covered and not way.is_link and allowed(
            way.actor, "claims.report", policy)},
        status=422 if form is not None and request.method == "POST" else 200)


def _reported(request: HttpRequest, way: Way, form: NoticeForm) -> Incident | None:
    assert way.firm is not None
    try:
        made = services.report_of(way.firm, actor=way.actor, **form.notice())
        if made.again:
            messages.info(request, _("This was reported already: it is %(number)s.")
                          % {"number": made.incident.number})
        return made.incident
    except InputError as error:
        show_error(form, error)
    except DinghaiError as error:
        form.add_error(None, error_words(error))
    return None


def _incident(request: HttpRequest, way: Way, incident: UUID) -> HttpResponse:
    """One incident as its firm sees it by the link: where it stands, what is asked, the decision.
    """
    row = _row(way, incident)
    claim = row.claim
    told = tell(claim)
    steps = {one.event for one in claim_steps(claim, way.actor) if one.allowed}
    return render(request, "small_firms/incident.html", {
        **frame_of(way, "incidents"), "incident": row, "claim": claim, "told": told,
        "asked": [one for one in told.needed if one.due is not None],
        "evidence": row.evidence.all(), "payments": claim.payments.all(),
        "objections": claim.objections.all(), "steps": steps,
        "paper_form": EvidenceForm(wanted=usual_papers(claim)) if claim.is_open else None,
        "object_form": ObjectForm() if steps & {"dispute", "appeal"} else None,
        "clocks": [one for one in told.clocks if one.reading.is_open]})


def _act(request: HttpRequest, way: Way, incident: UUID, verb: str) -> HttpResponse:
    """One thing that the firm does about its incident: a document, that this is all, yes or no."""
    row = _row(way, incident)
    if request.method == "POST":
        run = _VERBS.get(verb)
        if run is None:
            raise Http404("no such deed")
        run(request, way, row)
    return redirect("small_firms:link_incident", row.pk)


def _notice(request: HttpRequest, way: Way, incident: UUID, language: str) -> HttpResponse:
    """The notice of the decision that was issued, as PDF."""
    record = tell(_row(way, incident).claim).record
    held = None if record is None else (
        record.notice_en if language == "en" else record.notice)
    if held is None:
        raise Http404("no notice yet")
    return file_response(held, inline=True)


def _row(way: Way, incident: UUID) -> Incident:
    assert way.firm is not None
    found: Incident | None = services.incidents_of(way.firm, way.actor).prefetch_related(
        "evidence", "claim__items", "claim__decisions", "claim__payments", "claim__pauses",
        "claim__requests", "claim__objections", "claim__interim_orders").filter(
        pk=incident).first()
    if found is None:
        raise Http404("no such incident")
    return found


def _paper(request: HttpRequest, way: Way, row: Incident) -> Any:
    form = EvidenceForm(request.POST, request.FILES, wanted=usual_papers(row.claim))
    if not form.is_valid():
        return done(request, lambda: _refuse(form), "")
    given = form.cleaned_data["file"]
    return done(request, lambda: services.hand_in(
        row, given.read(), name=given.name, kind=form.cleaned_data["kind"],
        media_type=given.content_type or "application/octet-stream", actor=way.actor),
        _("The document is kept."))


def _refuse(form: EvidenceForm) -> None:
    field, said = next(iter(form.errors.items()))
    raise InputError(str(said[0]), field=field, mend="choose a file and say what it is")


_VERBS = {
    "paper": _paper,
    "receive": lambda request, way, row: done(
        request, lambda: services.answer_request(row.claim, actor=way.actor),
        _("Thank you. Your insurer goes on.")),
    "agree": lambda request, way, row: done(
        request, lambda: services.agree(row.claim, actor=way.actor),
        _("Agreed. Your insurer pays within ten days.")),
    "object": lambda request, way, row: done(
        request, lambda: services.disagree(
            row.claim, request.POST.get("reason", ""), actor=way.actor),
        _("Your objection is on record.")),
}

incidents, incidents_by_link = of_firm(_incidents)
incidents = page("small_firms.view")(incidents)
incident_by_link = of_firm(_incident)[1]
act_by_link = of_firm(_act)[1]
notice_by_link = of_firm(_notice)[1]
