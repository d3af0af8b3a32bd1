"""Pages of the lists: incidents and claims, searched, filtered, sorted, and as CSV."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.utils.translation import pgettext as _p

from dinghai.vocabulary.lifecycle import machines
from dinghai_platform.claims import queries
from dinghai_platform.claims.clocks import ClockReading, claim_clocks
from dinghai_platform.claims.models import Claim, Incident
from dinghai_platform.claims.words import LINES
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.site.words import state_word

OPEN = "open"
_KIND = gettext_lazy("Kind of policy")
_LINE = Column(_KIND, lambda row: LINES[queries.line_of(row)])
_BY_LINE = Filter("line", _KIND, tuple(LINES.items()), narrow=queries.of_line)


@page("claims.view")
def incidents(request: HttpRequest) -> HttpResponse:
    """The incidents the actor sees."""
    may_report = allowed(request.actor, "claims.report")
    shown = List(
        name=_("Incidents"),
        columns=(
            Column(_("Number"), lambda row: row.number, "link", "number",
                   lambda row: reverse("claims:incident", args=[row.pk]),
                   note=lambda row: row.policy_no),
            Column(_("What happened"), lambda row: row.title),
            Column(_("Insured"), lambda row: row.insured.name, sort="insured__name_zh"),
            Column(_("Grade"), lambda row: row.grade_name or None),
            Column(_("Discovered"), lambda row: row.discovered_at, "moment", "discovered_at"),
            Column(_("State"), lambda row: row.state, "status", "state"),
            Column(_("Claim"), _claim_number, "link",
                   href=lambda row: _claim_number(row) and reverse(
                       "claims:claim", args=[row.claim.pk])),
        ),
        more_columns=(_LINE,),
        filters=(_states("incident"), _BY_LINE),
        search=("number__icontains", "title__icontains", "policy_no__icontains",
                "insured__name_zh__icontains", "insured__name_en__icontains",
                "claim__number__icontains"),
        default_sort="-reported_at", export="incidents",
        empty={
            "title": _("No incident so far"), "icon": "shield-check",
            "text": _("When something happens, report it here: the reporting clock of the "
                      "authority and the help of responders start from it."),
            "href": reverse("claims:report") if may_report else "",
            "action": _("Report an incident"),
        })
    return list_page(request, queries.incidents(request.actor), shown,
                     template="claims/incidents.html")


@page("claims.view")
def claims(request: HttpRequest) -> HttpResponse:
    """The claims the actor sees."""
    shown = List(
        name=_("Claims"),
        columns=(
            Column(_("Number"), lambda row: row.number, "link", "number",
                   lambda row: reverse("claims:claim", args=[row.pk]),
                   note=lambda row: row.incident.title),
            Column(_("Insured"), lambda row: row.insured.name, sort="insured__name_zh"),
            Column(_("Policy"), lambda row: row.incident.policy_no, "code",
                   "incident__policy_no"),
            Column(_("State"), lambda row: row.state, "status", "state"),
            Column(_("Received"), lambda row: row.received_at, "moment", "received_at"),
            Column(_("Next clock"), _next_clock, "clock"),
            Column(_("Reserve"), lambda row: row.reserve_fen, "money", "reserve_fen"),
            Column(_("Decided"), _amount, "money"),
        ),
        more_columns=(
            _LINE, Column(_("Incident"), lambda row: row.incident.number, "code"),
            Column(_("Paid"), queries.paid_fen, "money")),
        filters=(_states("claim", is_open=True), _BY_LINE),
        search=("number__icontains", "incident__number__icontains", "incident__title__icontains",
                "incident__policy_no__icontains", "insured__name_zh__icontains",
                "insured__name_en__icontains"),
        default_sort="-received_at", export="claims",
        empty={"title": _("No claim so far"), "icon": "gavel",
               "text": _("A claim opens with the report of an incident.")})
    return list_page(request, queries.claims(request.actor), shown, template="claims/claims.html")


def _states(machine: str, *, is_open: bool = False) -> Filter:
    """The states of a lifecycle, ``open`` for all of a claim's that wait for something."""
    states = [(one.id, state_word(one.id).label) for one in machines()[machine].states]
    if is_open:
        states.insert(0, (OPEN, _p("claims", "Not settled yet")))
    return Filter("state", _("State"), states, narrow=_in_state)


def _in_state(rows: Any, state: str) -> Any:
    return rows.filter(state__in=Claim.OPEN) if state == OPEN else rows.filter(state=state)


def _claim_number(row: Incident) -> str:
    claim = getattr(row, "claim", None)
    return "" if claim is None else claim.number


def _next_clock(row: Claim) -> ClockReading | None:
    running = [one for one in claim_clocks(row) if one.is_open and one.clock != "CLK-CL-LIM"]
    return min(running, key=lambda one: one.due) if running and row.is_open else None


def _amount(row: Claim) -> int | None:
    issued = [one for one in row.decisions.all() if one.is_issued]
    return issued[-1].total_fen if issued else None
