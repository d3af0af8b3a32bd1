"""Settlements: propose, approve with four eyes, reject, reverse; who bears what of one event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse as address_of
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.supplychain.cover import programme_policy
from dinghai.vocabulary.coverages import coverages
from dinghai_platform.chains.documents import chain_of_version, name_of
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import page
from dinghai_platform.programmes import queries
from dinghai_platform.programmes.forms import DecisionForm, EventForm, ReasonForm
from dinghai_platform.programmes.models import Programme, Settlement
from dinghai_platform.programmes.services.settlements import (
    approve_settlement,
    entries_of,
    propose_decision,
    propose_event,
    reject_settlement,
    reverse_settlement,
)
from dinghai_platform.programmes.settlement_view import settlement_view
from dinghai_platform.programmes.views.frame import done, firm_names, first_error, frame_of
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.site.words import name_of as coverage_name


def _list(row: Programme) -> List:
    return List(
        name=_("Settlements"),
        columns=(
            Column(_p("settlement", "Event"), lambda one: one.event, "link", "event",
                   lambda one: address_of("programmes:settlement", args=[one.pk]),
                   note=lambda one: one.number),
            Column(_p("settlement", "Happened on"), lambda one: one.occurred_on, "day",
                   "occurred_on"),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_p("settlement", "Presented"), lambda one: one.presented_fen, "money",
                   "presented_fen"),
            Column(_p("share", "Insurance"), lambda one: one.insurance_fen, "money",
                   "insurance_fen"),
            Column(_p("share", "Commercial contribution"), lambda one: one.contribution_fen,
                   "money", "contribution_fen"),
            Column(_p("share", "Retained"), lambda one: one.retention_fen, "money",
                   "retention_fen"),
            Column(_("Proposed by"), lambda one: one.proposed_by),
            Column(_("Decided by"), lambda one: one.decided_by or "—"),
        ),
        filters=(Filter("state", _("State"), Settlement.State.choices),),
        search=("event__icontains", "number__icontains"), default_sort="-id",
        export=f"settlements-{row.number}",
        empty={"title": _("No settlement yet"),
               "text": _("An event or a decided claim is settled here: who bears what of it, "
                         "approved by two people and posted."),
               "icon": "scale", "href": "", "action": ""},
    )


def _forms(request: HttpRequest, row: Programme) -> dict[str, Any]:
    chain, english = chain_of_version(row.version), not is_chinese()
    firms = [(one.id, name_of(one, english=english)) for one in chain.firms]
    inside = set(queries.members_of(row).values_list("firm", flat=True)) | {chain.owner}
    sections = [(one.coverage, f"{one.coverage} {coverage_name(coverages()[one.coverage])}")
                for one in programme_policy(chain).product.sections]
    by_claim = request.POST.get("decision") is not None
    data = request.POST or None
    return {
        "event_form": EventForm(
            None if by_claim else data, firms=firms, sections=sections,
            covered=[one for one in firms if one[0] in inside]),
        "decision_form": DecisionForm(
            data if by_claim else None, firms=firms,
            decisions=queries.decisions_to_settle(row))}


@page("programmes.view")
def settlement_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """The settlements of a programme."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.view", row)
    context = frame_of(request, row, "settlements")
    if context["may_here"]["propose_settlement"] and row.is_open:
        context |= {**_forms(request, row),
                    "has_decisions": queries.decisions_to_settle(row).exists()}
    return list_page(request, queries.settlements_of(row), _list(row),
                     template="programmes/settlements.html", context=context)


@require_POST
@page("programmes.propose_settlement")
def propose(request: HttpRequest, key: UUID) -> HttpResponse:
    """Propose the settlement of an event, or of a decided claim."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.propose_settlement", row)
    forms = _forms(request, row)
    form = forms["decision_form"] if request.POST.get("decision") is not None else (
        forms["event_form"])
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("programmes:settlements", key=row.pk)
    data = form.cleaned_data
    said = _("The settlement was proposed; somebody else approves it.")
    if "decision" in data:
        made = done(request, lambda: propose_decision(
            row, data["decision"], root_cause=data["root_cause"] or None,
            actor=request.actor), said)
    else:
        made = done(request, lambda: propose_event(
            row, event=data["event"], occurred_on=data["occurred_on"] or row.inception,
            root_cause=data["root_cause"] or None, actor=request.actor,
            sections=[{"member": data["member"], "coverage": data["coverage"],
                       "amount_fen": data["amount"]}]), said)
    if made is None:
        return redirect("programmes:settlements", key=row.pk)
    return redirect("programmes:settlement", key=made.pk)


@page("programmes.view")
def settlement(request: HttpRequest, key: UUID) -> HttpResponse:
    """One settlement: each amount, who bears it for whom, and what was posted."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "programmes.view", row)
    programme = queries.programme(request.actor, row.programme_id)
    staff = allowed(request.actor, "ledger.view")
    waits, posted = row.state == "proposed", row.state == "posted"
    own = row.proposed_by_id is not None and row.proposed_by_id == getattr(
        request.actor.user, "pk", None)
    return render(request, "programmes/settlement.html", {
        **frame_of(request, programme, "settlements"), "settlement": row,
        **settlement_view(row, programme, chain_of_version(programme.version),
                          firm_names(programme)),
        "entries": entries_of(row) if staff else [],
        "may_approve": waits and not own and allowed(
            request.actor, "programmes.approve_settlement", row),
        "own_proposal": waits and own,
        "may_reject": waits and allowed(request.actor, "programmes.propose_settlement", row),
        "may_reverse": posted and allowed(request.actor, "programmes.reverse_settlement", row),
        "reason_form": ReasonForm()})


@require_POST
@page("programmes.approve_settlement")
def approve(request: HttpRequest, key: UUID) -> HttpResponse:
    """Approve and post what another one proposed."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "programmes.approve_settlement", row)
    done(request, lambda: approve_settlement(row, actor=request.actor),
         _("The settlement was approved and posted."))
    return redirect("programmes:settlement", key=row.pk)


@require_POST
@page("programmes.propose_settlement")
def reject(request: HttpRequest, key: UUID) -> HttpResponse:
    """Send a proposal back."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "programmes.propose_settlement", row)
    done(request, lambda: reject_settlement(row, reason=request.POST.get("reason", ""),
                                            actor=request.actor), _("The settlement was rejected."))
    return redirect("programmes:settlement", key=row.pk)


@require_POST
@page("programmes.reverse_settlement")
def reverse(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a posted settlement back."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "programmes.reverse_settlement", row)
    done(request, lambda: reverse_settlement(row, reason=request.POST.get("reason", ""),
                                             actor=request.actor),
         _("The settlement was reversed; its entries are mirrored."))
    return redirect("programmes:settlement", key=row.pk)
