"""Floating premiums of a programme: proposed, approved by another, told, answered, applied."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai_platform.chains import queries as chain_queries
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import page
from dinghai_platform.programmes import queries
from dinghai_platform.programmes.forms import FloatStudyForm
from dinghai_platform.programmes.models import Programme, Study
from dinghai_platform.programmes.services import floats as services
from dinghai_platform.programmes.views.frame import done, frame_of
from dinghai_platform.site.lists import Column, Filter, List, list_page

MOST_STUDIES = 8
STATES = (("proposed", _p("float", "Waits for approval")), ("notified", _p("float", "Told")),
          ("agreed", _p("float", "Agreed")), ("disputed", _p("float", "Appealed")),
          ("applied", _p("float", "Applied")), ("held", _p("float", "Held to the anniversary")),
          ("superseded", _p("float", "Superseded")))
_SAID: Final = {
    "agree": gettext_lazy("You agreed."),
    "dispute": gettext_lazy("Your appeal was received; the figures are checked again."),
    "recheck": gettext_lazy("The figures stand and wait for approval again."),
    "apply": gettext_lazy("The refund was posted, and the new factor counts."),
}


def _list(row: Programme) -> List:
    return List(
        name=_("Floating premiums"),
        columns=(
            Column(_p("programme", "Member"), lambda one: one.member.name, "link",
                   "member__name_zh",
                   lambda one: reverse("programmes:member", args=[one.member_id]),
                   note=lambda one: one.number),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_p("programme", "Factor before"), lambda one: one.factor_before_ppm,
                   "percent", "factor_before_ppm"),
            Column(_p("programme", "Factor"), lambda one: one.factor_ppm, "percent",
                   "factor_ppm"),
            Column(_("Change by the day"), lambda one: one.amount_fen, "money", "amount_fen"),
            Column(_("Effective"), lambda one: one.effective, "day", "effective"),
            Column(_("Appeal until"), lambda one: one.appeal_until, "day", "appeal_until"),
            Column(_("Proposed by"), lambda one: one.proposed_by),
            Column(_("Approved by"), lambda one: one.approved_by or "—"),
        ),
        filters=(Filter("state", _("State"), STATES),),
        search=("member__name_zh__icontains", "member__name_en__icontains", "number__icontains"),
        default_sort="-id", export=f"floats-{row.number}",
        empty={"title": _("No floating premium yet"),
               "text": _("Compare the programme's version with a later one: whose own and exported "
                         "loss fell pays less, by the day."),
               "icon": "activity", "href": "", "action": ""},
    )


@page("programmes.view")
def float_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """Floats of members, and the studies they rest on."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.view", row)
    numbers = list(chain_queries.versions(row.chain).values_list("number", flat=True)[:200])
    studies = list(queries.studies_of(row).filter(kind=Study.Kind.FLOAT)[:MOST_STUDIES])
    proposed = set(queries.floats_of(row).filter(
        standing__study__in=studies).values_list("standing__study", flat=True))
    waiting = set(queries.floats_of(row).filter(
        standing__study__in=studies, state="proposed").values_list("standing__study", flat=True))
    return list_page(request, queries.floats_of(row), _list(row),
                     template="programmes/floats.html", context={
                         **frame_of(request, row, "floats"),
                         "studies": [(one, one.pk in proposed, one.pk in waiting)
                                     for one in studies],
                         "float_form": FloatStudyForm(versions=numbers)})


@require_POST
@page("programmes.float")
def propose(request: HttpRequest, key: UUID) -> HttpResponse:
    """Propose what a study says."""
    found = queries.study(request.actor, key)
    require(request.actor, "programmes.float", found)
    done(request, lambda: services.propose_floats(found, actor=request.actor),
         _("What the rule grants was proposed; somebody else approves it."))
    return redirect("programmes:floats", key=found.programme_id)


@require_POST
@page("programmes.float")
def approve(request: HttpRequest, key: UUID) -> HttpResponse:
    """Approve what another one proposed; the members are told."""
    found = queries.study(request.actor, key)
    require(request.actor, "programmes.float", found)
    done(request, lambda: services.approve_floats(found, actor=request.actor),
         _("The floats were approved, and the members are told."))
    return redirect("programmes:floats", key=found.programme_id)


@require_POST
@page("programmes.view_member")
def move(request: HttpRequest, key: UUID, event: str) -> HttpResponse:
    """Agree or appeal (a member, or the chain owner), check again or apply (the insurer)."""
    row = queries.float_row(request.actor, key)
    require(request.actor, "programmes.view_member", row.member)
    reason, actor = request.POST.get("reason", ""), request.actor
    verbs: dict[str, Callable[[], Any]] = {
        "agree": lambda: services.agree_float(row, actor=actor),
        "dispute": lambda: services.appeal_float(row, reason=reason, actor=actor),
        "recheck": lambda: services.recheck_float(row, reason=reason, actor=actor),
        "apply": lambda: services.apply_float(row, actor=actor)}
    if event not in verbs:
        raise Http404("no such step")
    done(request, verbs[event], str(_SAID[event]))
    if allowed(actor, "programmes.float", row):
        return redirect("programmes:floats", key=row.member.programme_id)
    return redirect("programmes:member", key=row.member_id)
