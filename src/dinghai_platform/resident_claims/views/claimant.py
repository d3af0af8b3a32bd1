"""Pages of claimants on a phone: help first, the entrance, their claims and decisions."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai.schemes.resident_claim_guidance import stop_payment_steps
from dinghai.schemes.resident_claim_tables import stop_payment
from dinghai_platform.core import clock
from dinghai_platform.core.addresses import address_of
from dinghai_platform.resident_claims import entrance, visits
from dinghai_platform.resident_claims.decision_view import pay_by, still_missing, view_of
from dinghai_platform.resident_claims.faults import fault_words
from dinghai_platform.resident_claims.forms import BackForm, EntranceForm, WordsForm
from dinghai_platform.resident_claims.models import Claim, Objection, Recovery
from dinghai_platform.resident_claims.queries import decisions_of
from dinghai_platform.resident_claims.services import filing, objections, recoveries
from dinghai_platform.resident_claims.steps_view import steps_of
from dinghai_platform.resident_claims.views.frame import done
from dinghai_platform.resident_claims.visits import Visit, visited
from dinghai_platform.residents.changes_queries import as_they_stand
from dinghai_platform.residents.proofs import number_of
from dinghai_platform.site.formats import is_chinese


def help_page(request: HttpRequest) -> HttpResponse:
    """What to do right after a transfer: first of all, and open to everybody."""
    return render(request, "resident_claims/help.html", {"guidance": guidance()})


def guidance() -> dict[str, Any]:
    """The engine's steps to stop a payment, each with source and mark of confidence."""
    now = clock.now()
    tongue = "zh" if is_chinese() else "en"
    return {"hours": stop_payment().young_hours, "steps": [
        {"call": one.call, "text": getattr(one, f"text_{tongue}"), "source": _(one.source),
         "confidence": one.confidence} for one in stop_payment_steps(now, now)]}


SOURCES: Final = (
    gettext_noop("反电信网络诈骗法20条: emergency stop, fast freeze and return of funds are run by "
                 "the police with banks"),
    gettext_noop("96110 is the anti-fraud line of the Chinese police"),
    gettext_noop("银发〔2016〕261号: transfers by self-service machines may be revoked within 24 "
                 "hours; practice of banks"),
    gettext_noop("Design text after the usual police advice"),
    gettext_noop("Product clause 7.2"),
    gettext_noop("Product clauses 7.1 and 7.2"),
)
"""The sources of the engine's table, for the translators."""


@never_cache
@sensitive_post_parameters("certificate", "identity", "mobile")
def start(request: HttpRequest) -> HttpResponse:
    """The entrance: certificate, identity and mobile number agree, or one answer is given."""
    form = EntranceForm(request.POST or None)
    refused, status = "", 200
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            certificate = entrance.let_in(
                data["certificate"], data["identity"], data["mobile"],
                address=address_of(request))
        except entrance.TriedTooOften as error:
            refused, status = str(error), 429
        except entrance.NotLetIn as error:
            refused, status = str(error), 400
        else:
            response = redirect("resident_claims:mine")
            visits.begin(request, response, certificate)
            return response
    return render(request, "resident_claims/start.html", {
        "form": EntranceForm() if refused else form, "refused": refused,
        "guidance": guidance()}, status=status)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """The claimant goes; whoever takes the phone next sees nothing."""
    response = redirect("resident_claims:help")
    visits.end(response)
    return response


@visited
def mine(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The claims on the certificate."""
    rows = Claim.objects.within(visit.certificate.tenant_id).filter(
        certificate=visit.certificate).exclude(
        state=Claim.State.WITHDRAWN, submitted_at=None).order_by("-id")[:50]
    return render(request, "resident_claims/mine.html", {
        **_head(visit), "rows": rows, "guidance": guidance()})


@require_POST
@visited
def new(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Begin a claim."""
    made = done(request, lambda: filing.start_claim(
        visit.certificate, device=visits.device_of(request), actor=visit.actor),
        _("Your claim is begun. Every step is kept as you go."))
    if made is None:
        return redirect("resident_claims:mine")
    return redirect("resident_claims:step", key=made.pk, step="event")


def own_claim(visit: Visit, key: UUID) -> Claim:
    """A claim on the visitor's own certificate. Raises Http404."""
    found = Claim.objects.within(visit.certificate.tenant_id).filter(
        certificate=visit.certificate, pk=key).select_related("scheme", "tenant").first()
    if found is None:
        raise Http404("no such claim")
    claim: Claim = found
    return claim


@visited
def state(request: HttpRequest, visit: Visit, key: UUID) -> HttpResponse:
    """Where a claim stands, what is missing, and the decision with its arithmetic."""
    claim = own_claim(visit, key)
    product = claim.scheme.terms().product
    decisions = decisions_of(claim)
    objected = [(one, *objections.words_of(one)) for one in Objection.objects.within(
        claim.tenant_id).filter(claim=claim)]
    views = [view_of(one, product) for one in decisions]
    return render(request, "resident_claims/state.html", {
        **_head(visit), "claim": claim, "decision": views[0] if views else None,
        "missing": still_missing(claim, views), "objections": objected,
        "steps": steps_of(claim), "pay_by": pay_by(claim, product),
        "papers": claim.papers.filter(taken_back_at=None), "today": clock.today(),
        "recoveries": claim.recoveries.exclude(state=Recovery.State.DROPPED),
        "stands": claim.state in objections.OPEN_TO_OBJECTION,
        "may_object": claim.state in objections.OPEN_TO_OBJECTION and bool(decisions) and not any(
            one.decision_id == decisions[0].pk for one, _said, _answer in objected),
        "may_edit": claim.state in filing.OPEN_TO_CLAIMANTS and not claim.deciding,
        "may_add": claim.state in filing.EDITABLE and not claim.deciding,
        "may_report": (claim.is_open or claim.state in Claim.COMMITTED or claim.paid_fen > 0)
        and not claim.deciding})


def _head(visit: Visit) -> dict[str, Any]:
    as_they_stand([visit.certificate])
    terms = visit.certificate.chunk.enrolment.scheme.terms()
    plan = terms.plans[visit.certificate.plan]
    return {"certificate_no": number_of(visit.certificate), "holder": visit.certificate.masked_name,
            "sum_insured_fen": plan.sum_insured_fen, "terms": terms,
            "insurer": visit.certificate.tenant, "visiting": True}


@visited
def recovery(request: HttpRequest, visit: Visit, key: UUID) -> HttpResponse:
    """Say that money came back."""
    claim = own_claim(visit, key)
    form = BackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            recoveries.report_recovery(claim, actor=visit.actor, **form.stated())
        except DinghaiError as error:
            form.add_error(None, fault_words(error))
        else:
            messages.success(request, _("Thank you. It is kept, and the claim is reckoned anew."))
            return redirect("resident_claims:state", key=claim.pk)
    return render(request, "resident_claims/form.html", {
        **_head(visit), "claim": claim, "form": form, "title": _("Money came back"),
        "text": _("Before payment it lowers the loss. After payment your own unpaid loss is made "
                  "good first; what is left goes back to the insurer, up to what it paid."),
        "action": _("Report it")}, status=400 if form.errors else 200)


@visited
def objection(request: HttpRequest, visit: Visit, key: UUID) -> HttpResponse:
    """Object to a determination."""
    claim = own_claim(visit, key)
    form = WordsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = done(request, lambda: objections.object_to(
            claim, text=form.cleaned_data["text"], actor=visit.actor),
            _("Your objection is kept. Somebody who had no part in the decision answers it here."))
        if made is not None:
            return redirect("resident_claims:state", key=claim.pk)
    return render(request, "resident_claims/form.html", {
        **_head(visit), "claim": claim, "form": form, "title": _("Object to the decision"),
        "text": _("You may also ask for mediation, go to arbitration where agreed, or sue in "
                  "court."), "action": _("Send the objection")},
        status=400 if form.errors else 200)


@require_POST
@visited
def withdraw(request: HttpRequest, visit: Visit, key: UUID) -> HttpResponse:
    """Take a claim back."""
    claim = own_claim(visit, key)
    done(request, lambda: filing.withdraw_claim(claim, actor=visit.actor),
         _("The claim is withdrawn. You may begin another one."))
    return redirect("resident_claims:mine")
