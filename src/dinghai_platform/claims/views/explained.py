"""A claim explained to whoever claims."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dinghai_platform.claims import queries
from dinghai_platform.claims.explaining import tell
from dinghai_platform.claims.views.claims import visible_claim
from dinghai_platform.core import roles
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page


@page("claims.view")
def explained(request: HttpRequest, claim: Any) -> HttpResponse:
    """Clocks, the decision in plain words, what is needed, how to object. Staff see it as the
    insured does: the decision that was issued and no other."""
    row = visible_claim(request, claim)
    steps = queries.claim_steps(row, request.actor)
    mine = [one for one in steps if one.allowed]
    objection = next((one for one in mine if one.event in {"dispute", "appeal"}), None)
    return render(request, "claims/explained.html", {
        "claim": row, "incident": row.incident, "told": tell(row), "mine": mine,
        "others": [one for one in steps if not one.allowed], "objection": objection,
        "is_insured": request.actor.role in roles.INSURED,
        "may_hand_in": allowed(request.actor, "claims.add_evidence", row) and row.is_open,
        "objections": row.objections.all(), "payments": row.payments.all(),
    })
