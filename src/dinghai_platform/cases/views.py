"""The dashboard of every role, and the page of one case."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dinghai_platform.cases import portfolio, queries, work
from dinghai_platform.chains.queries import newest_chains
from dinghai_platform.claims.models import Claim
from dinghai_platform.claims.queries import open_clocks
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.queries import audit_entries
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.site.formats import short_money_text
from dinghai_platform.underwriting.models import Case

CLOCKS = 6
ENTRIES = 8
SIGN_INS = ("core.signed_in", "core.signed_out")


@page("cases.dashboard")
def dashboard(request: HttpRequest) -> HttpResponse:
    """What waits for me, which clocks run out, how the book stands, what was done last."""
    actor = request.actor
    clocks = []
    if allowed(actor, "claims.view"):
        clocks = [(clock, row, _row_address(row)) for clock, row in open_clocks(actor)[:CLOCKS]]
    market = portfolio.market(actor)
    return render(request, "cases/dashboard.html", {
        "work": work.work_waiting(actor),
        "clocks": clocks,
        "portfolio": portfolio.portfolio(actor),
        "market": [(portfolio.MARKET_NAMES[name], _shown(name, value))
                   for name, value in (market or {}).items()],
        "cases": queries.cases(actor)[:6] if allowed(actor, "cases.view") else [],
        "chains": newest_chains(actor) if allowed(actor, "chains.view") else [],
        "entries": audit_entries(actor, {}).exclude(action__in=SIGN_INS)[:ENTRIES]
        if allowed(actor, "core.view_audit") else [],
    })


@page("cases.view")
def case(request: HttpRequest, case: Any) -> HttpResponse:
    """One case through the six steps, with the document of each."""
    row = visible_or_404(Case.objects.select_related("insured"), request.actor, pk=case)
    reading = queries.read_case(row, request.actor)
    return render(request, "cases/case.html", {
        "case": row, "reading": reading, "items": [step.to_dict() for step in reading.steps],
        "chapters": [(step, [event.to_dict() for event in step.events])
                     for step in reading.steps]})


def _row_address(row: Any) -> str:
    name = "claims:claim" if isinstance(row, Claim) else "claims:incident"
    return queries.address(name, row.pk)


def _shown(name: str, value: int) -> str:
    return short_money_text(value) if name.endswith("_fen") else f"{value:,}"
