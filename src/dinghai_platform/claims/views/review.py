"""The approver's page: what is put forward, what has changed, who did what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dinghai_platform.claims import queries
from dinghai_platform.claims.reviewing import Review, read_review
from dinghai_platform.claims.views.claims import visible_claim
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import page


@page("claims.view")
def review(request: HttpRequest, claim: Any) -> HttpResponse:
    """The run put forward beside the engine's run now, and every run beside the one before."""
    row = visible_claim(request, claim)
    require(request.actor, "claims.review", row)
    found = read_review(row, request.actor)
    steps = [_step(one, found) for one in queries.claim_steps(row, request.actor)
             if one.event in {"approve", "reject", "request_evidence", "adjudicate"}]
    return render(request, "claims/review.html", {
        "claim": row, "incident": row.incident, "review": found, "steps": steps})


def _step(step: queries.NextStep, found: Review) -> queries.NextStep:
    """A run that the engine does not give any more is issued by nobody: the service refuses it."""
    if found.same_now or not step.allowed or step.event not in {"approve", "reject"}:
        return step
    return replace(step, allowed=False, reason=_("adjudicate again first"))
