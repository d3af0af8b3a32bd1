"""What is done to a claim from its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import page
from dinghai_platform.resident_claims import queries
from dinghai_platform.resident_claims.faults import fault_words
from dinghai_platform.resident_claims.forms import BackForm
from dinghai_platform.resident_claims.services import (
    deciding,
    objections,
    paying,
    recoveries,
)
from dinghai_platform.resident_claims.services.reveal import open_paper, reveal_claim
from dinghai_platform.resident_claims.views.desk import claim_context
from dinghai_platform.resident_claims.views.frame import done, first_error

_NEEDS: Final = {"rule": "handle", "ask": "handle", "hand": "handle", "approve": "approve",
                 "back": "approve", "pay": "pay"}
_SAID: Final = {
    "rule": gettext_lazy("The claim was decided by the rules."),
    "ask": gettext_lazy("Everything that is missing was asked for, once."),
    "hand": gettext_lazy("Your decision is kept."),
    "approve": gettext_lazy("The payment may go."),
    "back": gettext_lazy("The claim is with a person again."),
    "pay": gettext_lazy("The claim was paid and posted."),
}


LABELS: Final = {
    "story": gettext_lazy("What happened"),
    "police_case": gettext_lazy("Number of the case"),
    "payee_account": gettext_lazy("Account the money went to"),
    "payee_name": gettext_lazy("Name of that account"),
    "holder_account": gettext_lazy("Account for payment"),
    "holder_bank": gettext_lazy("Bank of that account"),
}


@require_POST
@page("resident_claims.view")
def move(request: HttpRequest, key: UUID, event: str) -> HttpResponse:
    """Decide, ask, decide by hand, approve, send back, pay."""
    if event not in _NEEDS:
        raise Http404("no such step")
    claim = queries.claim(request.actor, key)
    require(request.actor, f"resident_claims.{_NEEDS[event]}", claim)
    actor, reason = request.actor, request.POST.get("reason", "")
    verbs: dict[str, Callable[[], Any]] = {
        "rule": lambda: deciding.decide_claim(claim, actor=actor),
        "ask": lambda: deciding.ask_papers(claim, actor=actor),
        "hand": lambda: deciding.decide_by_hand(
            claim, pay=request.POST.get("pay") == "1", reason=reason, actor=actor),
        "approve": lambda: deciding.approve_claim(claim, actor=actor),
        "back": lambda: deciding.send_back(claim, reason=reason, actor=actor),
        "pay": lambda: paying.pay_claim(claim, actor=actor)}
    done(request, verbs[event], str(_SAID[event]))
    return redirect("resident_claims:claim", key=claim.pk)


@require_POST
@page("resident_claims.pay")
def pay_everything(request: HttpRequest) -> HttpResponse:
    """Pay all that is to be paid, as a job."""
    job = done(request, lambda: paying.pay_all(actor=request.actor),
               _("Payments go out now; the job shows how far they are."))
    return redirect("resident_claims:claims") if job is None else redirect("core:job", job=job.pk)


@require_POST
@never_cache
@page("resident_claims.reveal")
def reveal(request: HttpRequest, key: UUID) -> HttpResponse:
    """Person, accounts and story of a claim, for this answer alone."""
    claim = queries.claim(request.actor, key)
    require(request.actor, "resident_claims.reveal", claim)
    reason = request.POST.get("reason", "")
    try:
        found = reveal_claim(claim, reason=reason, actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(error))
        return redirect("resident_claims:claim", key=claim.pk)
    context = claim_context(request, claim)
    return render(request, "resident_claims/revealed.html", {
        **context, "found": found, "reason": reason,
        "said_objections": [objections.words_of(one) for one in context["objections"]],
        "found_words": [(LABELS[name], found.words[name]) for name in LABELS
                        if found.words.get(name)]})


@require_POST
@page("resident_claims.reveal")
def paper(request: HttpRequest, key: UUID) -> HttpResponse:
    """A paper of a claim, with a reason."""
    row = queries.paper(request.actor, key)
    require(request.actor, "resident_claims.reveal", row)
    try:
        content = open_paper(row, reason=request.POST.get("reason", ""), actor=request.actor)
    except DinghaiError as error:
        messages.error(request, fault_words(error))
        return redirect("resident_claims:claim", key=row.claim_id)
    response = HttpResponse(content, content_type=row.media_type)
    ending = row.media_type.rpartition("/")[2]
    response["Content-Disposition"] = (
        f'attachment; filename="{row.claim.number}-{row.kind}.{ending}"')
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@page("resident_claims.recover")
def report(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say that money came back on a claim."""
    claim = queries.claim(request.actor, key)
    require(request.actor, "resident_claims.recover", claim)
    form = BackForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
    else:
        done(request, lambda: recoveries.report_recovery(
            claim, actor=request.actor, **form.stated()), _("It is kept."))
    return redirect("resident_claims:claim", key=claim.pk)


@require_POST
@page("resident_claims.recover")
def recovery(request: HttpRequest, key: UUID, event: str) -> HttpResponse:
    """The insurer's share has arrived, or a report was wrong."""
    row = queries.recovery(request.actor, key)
    require(request.actor, "resident_claims.recover", row)
    if event == "receive":
        done(request, lambda: recoveries.receive_recovery(
            row, reference=request.POST.get("reference", ""), actor=request.actor),
            _("The insurer's share was posted."))
    elif event == "drop":
        done(request, lambda: recoveries.drop_recovery(row, actor=request.actor),
             _("The report counts no more."))
    else:
        raise Http404("no such step")
    return redirect("resident_claims:claim", key=row.claim_id)


@require_POST
@page("resident_claims.handle")
def answer(request: HttpRequest, key: UUID) -> HttpResponse:
    """Answer an objection."""
    row = queries.objection(request.actor, key)
    require(request.actor, "resident_claims.handle", row)
    done(request, lambda: objections.answer_objection(
        row, upheld=request.POST.get("upheld") == "1", answer=request.POST.get("answer", ""),
        actor=request.actor), _("The answer is kept, and the claimant sees it."))
    return redirect("resident_claims:claim", key=row.claim_id)
