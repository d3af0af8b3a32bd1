"""The claim workbench: try facts, see what the decision would be, keep them or put them back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.claims import queries, services
from dinghai_platform.claims.clocks import claim_clocks
from dinghai_platform.claims.models import Claim
from dinghai_platform.claims.views.claims import visible_claim
from dinghai_platform.claims.workbench import Bench, make_form, read_bench
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import fault_of, page


def _open(request: HttpRequest, claim: Any) -> Claim:
    """The claim, for those who may set its facts. Raises Refusal once a decision rests on them."""
    row = visible_claim(request, claim)
    require(request.actor, "claims.edit_facts", row)
    services.check_may_set(row, {}, request.actor)
    return row


@page("claims.view")
def workbench(request: HttpRequest, claim: Any) -> HttpResponse:
    """The workbench. Without script the buttons of its form do what the script does."""
    row = _open(request, claim)
    if request.method != "POST":
        return _page(request, read_bench(row, make_form(row)))
    bench = read_bench(row, make_form(row, request.POST))
    if request.POST.get("do") != "keep":
        return _page(request, bench)
    if bench.problems:
        return _page(request, bench, status=422)
    try:
        count = services.keep_facts(
            row, bench.tried.trial, actor=request.actor,
            stamp=bench.form.cleaned_data["stamp"], note=bench.form.cleaned_data["note"])
    except DinghaiError as error:
        messages.error(request, fault_of(error).message)
        return _page(request, bench, status=409)
    messages.success(request, ngettext(
        "%(count)s change kept.", "%(count)s changes kept.", count) % {"count": count}
        if count else _("Nothing was changed."))
    return redirect("claims:workbench", row.pk)


@require_POST
@page("claims.view")
def preview(request: HttpRequest, claim: Any) -> HttpResponse:
    """The side of the decision for the facts as they are tried. Nothing is stored."""
    row = _open(request, claim)
    bench = read_bench(row, make_form(row, request.POST), whole=False)
    return render(request, "claims/parts/bench_decision.html",
                  {**_decision_context(request, bench), "oob": True})


@require_POST
@page("claims.view")
def put_back(request: HttpRequest, claim: Any) -> HttpResponse:
    """Undo what was kept last."""
    row = _open(request, claim)
    try:
        count = services.put_back_facts(row, actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_of(error).message)
    else:
        messages.success(request, ngettext(
            "%(count)s change put back.", "%(count)s changes put back.", count) % {
                "count": count})
    return redirect("claims:workbench", row.pk)


def _page(request: HttpRequest, bench: Bench, status: int = 200) -> HttpResponse:
    last = services.last_kept(bench.claim)
    return render(request, "claims/workbench.html", {
        **_decision_context(request, bench),
        "last_kept": last,
        "may_put_back": last is not None,
        "has_evidence": bool(bench.claim.incident.evidence.all()),
        "papers": bench.claim.incident.evidence.all(),
    }, status=status)


def _decision_context(request: HttpRequest, bench: Bench) -> dict[str, Any]:
    row = bench.claim
    interim = next((one for one in claim_clocks(row) if one.clock == "CLK-CL-INT"), None)
    return {
        "bench": bench, "claim": row, "view": bench.view, "moves": bench.moves,
        "tried": bench.tried, "problems": bench.problems, "interim": interim,
        "interim_paid": next((one for one in row.payments.all() if one.kind == "interim"), None),
        "interim_order": next((one for one in row.interim_orders.all() if one.is_open), None),
        "interim_step": next((one for one in queries.claim_steps(row, request.actor)
                              if one.event == "order_interim"), None),
    }
