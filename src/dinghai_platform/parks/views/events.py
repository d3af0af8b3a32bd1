"""Events: propose what they cost whom, approve with four eyes, reject, reverse; one of them."""

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

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import page
from dinghai_platform.parks import queries
from dinghai_platform.parks.engine import policy_of
from dinghai_platform.parks.forms import EventFileForm, EventForm, ReasonForm
from dinghai_platform.parks.models import EventSettlement, Park
from dinghai_platform.parks.services.settlements import (
    approve_settlement,
    entries_of,
    propose_file,
    propose_lines,
    reject_settlement,
    reverse_settlement,
)
from dinghai_platform.parks.settlement_view import left_of_period, settlement_view
from dinghai_platform.parks.views.frame import (
    choices_of,
    cover_names,
    done,
    faults_of,
    frame_of,
)
from dinghai_platform.site.charts import bar_chart
from dinghai_platform.site.lists import Column, Filter, List, list_page


def _list(row: Park) -> List:
    return List(
        name=_p("park", "Events"),
        columns=(
            Column(_p("settlement", "Event"), lambda one: one.event, "link", "event",
                   lambda one: address_of("parks:settlement", args=[one.pk]),
                   note=lambda one: one.number),
            Column(_p("settlement", "Happened on"), lambda one: one.day, "day", "day"),
            Column(_("State"), lambda one: one.state_code, "status", "state"),
            Column(_p("settlement", "Firms"), lambda one: one.firms, "count", "firms"),
            Column(_p("settlement", "Claimed"), lambda one: one.claimed_fen, "money",
                   "claimed_fen"),
            Column(_p("settlement", "Due now"), lambda one: one.due_fen, "money", "due_fen"),
            Column(_p("settlement", "Stays with the firms"), lambda one: one.retained_fen,
                   "money", "retained_fen"),
            Column(_("Proposed by"), lambda one: one.proposed_by or "—"),
            Column(_("Decided by"), lambda one: one.decided_by or "—"),
        ),
        filters=(Filter("state", _("State"), EventSettlement.State.choices),),
        search=("event__icontains", "number__icontains"), default_sort="-id",
        export=f"events-{row.number}",
        empty={"title": _("No event yet"),
               "text": _("The claims of one event are settled together: the limits that firms "
                         "share are cut pro rata among them."),
               "icon": "bolt", "href": "", "action": ""},
    )


@page("parks.view")
def event_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """The settled events of a park."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    policy = policy_of(row)
    return list_page(request, queries.settlements_of(row), _list(row),
                     template="parks/events.html", context={
                         **frame_of(request, row, "events"), "policy": policy,
                         "left_fen": left_of_period(row, policy)})


@page("parks.propose_settlement")
def propose(request: HttpRequest, key: UUID) -> HttpResponse:
    """Propose the settlement of one event, by a list of its claims or by a few lines."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.propose_settlement", row)
    choices = choices_of(policy_of(row))
    by_lines = "event" in request.POST
    data = request.POST or None
    form = EventForm(data if by_lines else None, sections=choices["sections"],
                     top_ups=choices["top_ups"])
    file_form = EventFileForm(None if by_lines else data,
                              None if by_lines else request.FILES or None)
    bound: Any = form if by_lines else file_form
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and bound.is_valid():
        data = bound.cleaned_data
        try:
            made = (propose_lines(row, data["event"], form.lines(), facts=data["facts"],
                                  actor=request.actor) if by_lines else
                    propose_file(row, data["file"].read(), name=data["file"].name,
                                 facts=data["facts"], actor=request.actor))
        except DinghaiError as error:
            faults = faults_of(error)
        else:
            messages.success(request, _("The settlement was proposed; somebody else approves it."))
            return redirect("parks:settlement", key=made.pk)
    return render(request, "parks/settle.html", {
        **frame_of(request, row, "events"), "form": form, "file_form": file_form,
        "faults": faults, "firms": queries.members_of(row).order_by("sequence").values_list(
            "name_zh", flat=True)[:5_000]},
        status=400 if request.method == "POST" else 200)


@page("parks.view")
def settlement(request: HttpRequest, key: UUID) -> HttpResponse:
    """One event: what each firm is paid, each limit at work, what is left, what was posted."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "parks.view", row)
    policy = policy_of(row.park)
    waits, posted = row.state == "proposed", row.state == "posted"
    own = row.proposed_by_id is not None and row.proposed_by_id == getattr(
        request.actor.user, "pk", None)
    view = settlement_view(row, cover_names(policy, str(_p("park", "Base cover"))),
                           str(_p("park", "All members")))
    return render(request, "parks/settlement.html", {
        **frame_of(request, row.park, "events"), "settlement": row, "policy": policy, **view,
        "chart": _chart(view["firms_view"]),
        "entries": entries_of(row) if allowed(request.actor, "ledger.view") else [],
        "may_approve": waits and not own and allowed(
            request.actor, "parks.approve_settlement", row),
        "own_proposal": waits and own,
        "may_reject": waits and allowed(request.actor, "parks.propose_settlement", row),
        "may_reverse": posted and allowed(request.actor, "parks.reverse_settlement", row),
        "reason_form": ReasonForm()})


def _chart(firms: list[dict[str, Any]]) -> Any:
    shown = firms[:20]
    return bar_chart(
        [one["name"] for one in shown],
        {str(_p("settlement", "Paid with this")): [one["due_fen"] for one in shown],
         str(_p("settlement", "Paid before")): [one["paid_before_fen"] for one in shown],
         str(_p("settlement", "Stays with the firm")): [one["retained_fen"] for one in shown]},
        unit="fen", first_column=str(_p("park", "Member")), horizontal=True, stacked=True)


@require_POST
@page("parks.approve_settlement")
def approve(request: HttpRequest, key: UUID) -> HttpResponse:
    """Approve and post what another one proposed."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "parks.approve_settlement", row)
    done(request, lambda: approve_settlement(row, actor=request.actor),
         _("The settlement was approved and posted."))
    return redirect("parks:settlement", key=row.pk)


@require_POST
@page("parks.propose_settlement")
def reject(request: HttpRequest, key: UUID) -> HttpResponse:
    """Send a proposal back."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "parks.propose_settlement", row)
    done(request, lambda: reject_settlement(row, reason=request.POST.get("reason", ""),
                                            actor=request.actor),
         _("The proposal was rejected; nothing was posted."))
    return redirect("parks:settlement", key=row.pk)


@require_POST
@page("parks.reverse_settlement")
def reverse(request: HttpRequest, key: UUID) -> HttpResponse:
    """Take a posted settlement back."""
    row = queries.settlement(request.actor, key)
    require(request.actor, "parks.reverse_settlement", row)
    done(request, lambda: reverse_settlement(row, reason=request.POST.get("reason", ""),
                                             actor=request.actor),
         _("The settlement was reversed by mirrored entries."))
    return redirect("parks:settlement", key=row.pk)
