"""The handler's list of claims, one claim, and the page on which its facts are established."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation import pgettext as _p

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core import clock
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import page
from dinghai_platform.resident_claims import queries
from dinghai_platform.resident_claims.decision_view import (
    OUTCOMES,
    interim_since,
    pay_by,
    still_missing,
    view_of,
)
from dinghai_platform.resident_claims.facts import stated_columns
from dinghai_platform.resident_claims.faults import fault_words
from dinghai_platform.resident_claims.forms import (
    AnswerForm,
    BackForm,
    FactsForm,
    HandForm,
    ReasonForm,
    ReferenceForm,
)
from dinghai_platform.resident_claims.models import (
    Claim,
    Objection,
    Recovery,
    open_states,
)
from dinghai_platform.resident_claims.services import deciding, recoveries
from dinghai_platform.resident_claims.services.runs import not_said, ready
from dinghai_platform.residents.models import ResidentScheme
from dinghai_platform.site.formats import is_chinese, money_text
from dinghai_platform.site.lists import Column, Filter, List, list_page


def _list(request: HttpRequest) -> List:
    today = clock.today()
    schemes = [(str(one.pk), str(one)) for one in ResidentScheme.objects.visible_to(
        request.actor).order_by("number")]
    since = [((today - timedelta(days=days)).isoformat(), ngettext(
        "%(days)d day or more", "%(days)d days or more", days) % {"days": days})
        for days in (3, 7, 15, 30)]
    return List(
        name=_("Residents' claims"),
        columns=(
            Column(_("Claim"), lambda one: one.number, "link", "number",
                   lambda one: reverse("resident_claims:claim", args=[one.pk]),
                   note=lambda one: one.certificate_no),
            Column(_("Insured"), lambda one: one.insured),
            Column(_("State"), lambda one: one.state_code, "status", "state",
                   note=lambda one: str(OUTCOMES.get(one.outcome, ""))),
            Column(_("Loss"), lambda one: one.loss_fen, "money", "loss_fen"),
            Column(_("Determined"), lambda one: one.pay_fen or None, "money", "pay_fen"),
            Column(_("Day of the loss"), lambda one: one.loss_day, "day", "loss_day"),
            Column(_("Days"), lambda one: one.waited_days, "count", "submitted_at"),
            Column(_("Decide by"), lambda one: one.decide_by if one.is_open else None, "day",
                   "decide_by", note=lambda one: _wait_note(one)),
            Column(_("Pattern"), lambda one: _("yes") if one.flagged else "—", "text", "flagged"),
        ),
        filters=(
            Filter("state", _("State"), open_states()),
            Filter("scheme", _("Scheme"), schemes),
            Filter("since", _("Waiting since"), since, "submitted_at__date__lte"),
            Filter("flagged", _("Pattern"), (("True", _("With a pattern")),
                                             ("False", _("Without")))),
        ),
        search=("number__iexact", "number__startswith", "certificate_no__iexact",
                "certificate_no__endswith"),
        default_sort="-id", export="residents-claims",
        empty={"title": _("No claim yet"),
               "text": _("Claimants begin at the address below on their phone; channels hand in "
                         "files."), "icon": "users", "href": reverse("resident_claims:imports"),
               "action": _("Take in a file")},
    )


def _wait_note(one: Claim) -> str:
    if one.state != Claim.State.WAITING or one.wait_until is None:
        return ""
    return _("wait ends %(day)s") % {"day": one.wait_until}


@page("resident_claims.view")
def claim_list(request: HttpRequest) -> HttpResponse:
    """All claims that were submitted."""
    actor = request.actor
    tenant = actor.own_tenant()
    rows = queries.claims(actor)
    return list_page(request, queries.named(rows), _list(request),
                     template="resident_claims/claims.html",
                     context={
                         "tab": "claims", "ready": ready(tenant).count(),
                         "to_pay": rows.filter(state=Claim.State.APPROVED).count(),
                         "not_said": not_said(tenant),
                         "may_decide": allowed(actor, "resident_claims.handle"),
                         "may_pay": allowed(actor, "resident_claims.pay"),
                         "address": request.build_absolute_uri(reverse("resident_claims:help"))})


@page("resident_claims.view")
def claim_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """One claim: facts, papers, decisions with their reasons, money back, objections."""
    claim = queries.claim(request.actor, key)
    return render(request, "resident_claims/claim.html", claim_context(request, claim))


def claim_context(request: HttpRequest, claim: Claim) -> dict[str, Any]:
    """What the page of a claim shows."""
    actor = request.actor
    product = claim.scheme.terms().product
    may = {name: allowed(actor, f"resident_claims.{name}", claim) for name in (
        "handle", "approve", "pay", "recover", "reveal")}
    decisions = [view_of(one, product) for one in queries.decisions_of(claim)]
    rest = not claim.deciding
    waits = claim.state in deciding.DECIDABLE and rest
    return {
        "claim": claim, "tab": "claims", "decisions": decisions, "facts": fact_rows(claim),
        "missing": still_missing(claim, decisions),
        "papers": list(claim.papers.filter(taken_back_at=None)),
        "payments": list(claim.payments.all()), "recoveries": list(claim.recoveries.all()),
        "objections": list(Objection.objects.within(claim.tenant_id).filter(
            claim=claim).select_related("answered_by", "decision")),
        "pay_by": pay_by(claim, product), "today": clock.today(),
        "interim_since": interim_since(claim, product, decisions),
        "may_rule": may["handle"] and waits and claim.state != Claim.State.REFERRED,
        "may_ask": may["handle"] and waits and claim.asked_on is None,
        "may_hand": may["handle"] and waits, "may_edit": may["handle"] and waits,
        "may_approve": may["approve"] and claim.state == Claim.State.PROPOSED and rest,
        "may_send_back": may["approve"] and claim.state in Claim.COMMITTED and rest,
        "may_pay": may["pay"] and claim.state == Claim.State.APPROVED and rest,
        "may_report": recoveries.may_report(actor, claim), "may_recover": may["recover"],
        "may_reveal": may["reveal"], "may_answer": may["handle"],
        "hand_form": HandForm(), "back_form": BackForm(), "reason_form": ReasonForm(),
        "answer_form": AnswerForm(), "reference_form": ReferenceForm(),
        "received": Recovery.State.RECEIVED, "reported": Recovery.State.REPORTED}


def fact_rows(claim: Claim) -> list[tuple[str, str]]:
    """The stated facts in words."""
    rows = []
    for name, column in stated_columns().items():
        if name not in claim.facts:
            continue
        value = claim.facts[name]
        match column.kind:
            case "money":
                text = money_text(value)
            case "truth":
                text = _p("answer", "Yes") if value else _p("answer", "No")
            case _:
                text = str(value)
        rows.append((column.name_zh if is_chinese() else column.name_en, text))
    return rows


@page("resident_claims.handle")
def facts_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """Establish facts, with a reason; nothing is decided by it."""
    from dinghai_platform.resident_claims.services.filing import edit_facts
    from dinghai_platform.resident_claims.steps_view import format_yuan

    claim = queries.claim(request.actor, key)
    require(request.actor, "resident_claims.handle", claim)
    shown = {name: format_yuan(value).removeprefix("¥")
             if stated_columns()[name].kind == "money" else value
             for name, value in claim.facts.items() if name in stated_columns()}
    form = FactsForm(request.POST or None, initial=shown, english=not is_chinese())
    if request.method == "POST" and form.is_valid():
        try:
            edit_facts(claim, facts=form.changed(), reason=form.cleaned_data["reason"],
                       actor=request.actor)
        except DinghaiError as error:
            form.add_error(None, fault_words(error))
        else:
            messages.success(request, _("The facts are kept. Decide the claim by them."))
            return redirect("resident_claims:claim", key=claim.pk)
    return render(request, "resident_claims/facts.html", {
        "claim": claim, "form": form, "tab": "claims"}, status=400 if form.errors else 200)
