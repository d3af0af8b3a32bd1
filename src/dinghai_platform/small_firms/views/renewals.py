"""Renewals: one policy's new price, runs over all that end soon, and their offers bound."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai_platform.core import clock, jobs
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.forms import BatchBindForm, RenewalForm
from dinghai_platform.small_firms.models import Renewal, RenewalRun
from dinghai_platform.small_firms.services.renewals import (
    bind_renewals,
    bindable,
    renew_policy,
    run_renewals,
)
from dinghai_platform.small_firms.views.frame import Way, bound_as, done, last_policy, of_firm
from dinghai_platform.small_firms.words import OUTCOMES, plan_name, refused_rows, sentence


def _renew(request: HttpRequest, way: Way) -> HttpResponse:
    """The firm's last policy, quoted anew from its kept answers."""
    if request.method != "POST":
        return redirect(way.policy)
    made = done(request, lambda: renew_policy(last_policy(way), actor=way.actor),
                _("Quoted anew from the answers that are kept. Look whether they still hold."))
    return redirect(way.policy if made is None else way.to("quote", str(made.pk)))


renew, renew_by_link = of_firm(_renew)
renew = page("small_firms.view")(renew)


def _runs() -> List:
    return List(
        name=_("Renewals of small firms"),
        columns=(
            Column(_("Number"), lambda row: row.number, "link", "number",
                   lambda row: reverse("small_firms:renewal", args=[row.pk])),
            Column(_("State"), lambda row: row.state_code, "status"),
            Column(_("As of"), lambda row: row.on, "day", "on"),
            Column(_p("renewal", "Policies that end until"), lambda row: row.until, "day",
                   "until"),
            Column(_("Policies"), lambda row: row.policies, "count", "policies"),
            Column(_p("renewal", "Offered"), lambda row: row.outcomes.get("offered", 0), "count"),
            Column(_p("renewal", "Bound"), lambda row: row.bound, "count", "bound"),
            Column(_("Broker"), lambda row: row.broker or "—"),
        ),
        search=("number__icontains",), default_sort="-id", export="small-firm-renewals",
        empty={"title": _("No renewal yet"),
               "text": _("Have the policies that end soon quoted anew above."),
               "icon": "refresh", "href": "", "action": ""})


@page("small_firms.batch")
def renewal_list(request: HttpRequest) -> HttpResponse:
    """The runs, and the form that begins one."""
    return list_page(request, queries.renewal_runs(request.actor), _runs(),
                     template="small_firms/renewals.html", context={"form": RenewalForm()})


@require_POST
@page("small_firms.batch")
def run(request: HttpRequest) -> HttpResponse:
    """Begin a run."""
    form = RenewalForm(request.POST)
    days = form.cleaned_data["days"] if form.is_valid() else 0
    made = done(request, lambda: run_renewals(actor=request.actor, days=days),
                _("The policies are being quoted anew."))
    return redirect("small_firms:renewals") if made is None else redirect(
        "small_firms:renewal", key=made.pk)


def _rows() -> List:
    return List(
        name=_("What became of each policy"),
        columns=(
            Column(_p("small firm", "Firm"), lambda row: row.policy.firm.name, "link",
                   "policy__firm__name", _address, note=lambda row: row.policy.policy_no),
            Column(_("State"), lambda row: row.state_code, "status", "state",
                   note=lambda row: sentence(row.why)),
            Column(_("Last day"), lambda row: row.policy.expiry, "day", "policy__expiry"),
            Column(_p("small firm", "Plan"), lambda row: plan_name(row.policy.plan), "code"),
            Column(_("Premium so far"), lambda row: row.policy.gross_premium_fen, "money",
                   "policy__gross_premium_fen"),
            Column(_("New premium"), lambda row: row.quote and row.quote.gross_fen, "money",
                   "quote__gross_fen"),
            Column(_("New policy"), lambda row: getattr(row.quote, "policy", None) or "—"),
        ),
        filters=(Filter("state", _("State"), Renewal.State.choices),
                 Filter("outcome", _("Outcome"), tuple(OUTCOMES.items()),
                        field="quote__outcome")),
        search=("policy__firm__name__icontains", "policy__policy_no__icontains",
                "policy__firm__credit_code__icontains"),
        default_sort="id", export="small-firm-renewal",
        empty={"title": _("Nothing yet"), "text": _("The job quotes twenty policies at a time."),
               "icon": "refresh", "href": "", "action": ""})


def _address(row: Renewal) -> str:
    firm = row.policy.firm_id
    if row.quote_id is not None:
        return reverse("small_firms:quote", args=[firm, row.quote_id])
    name = "answers" if row.state == Renewal.State.ASK else "firm"
    return reverse(f"small_firms:{name}", args=[firm])


@page("small_firms.batch")
def renewal(request: HttpRequest, key: UUID) -> HttpResponse:
    """One run: each policy with its new price or what it waits for, and the offers to bind."""
    row: RenewalRun = queries.renewal_run(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    running = next((one for one in (row.job, row.binding) if one and not one.has_ended), None)
    result = row.binding.result if row.binding and row.binding.has_ended else None
    over = clock.today() > row.until
    return list_page(
        request, queries.renewals_of(row), _rows(), template="small_firms/renewal.html", context={
            "run": row, "running": running, "is_over": over,
            "running_state": jobs.job_state(running) if running else None,
            "open_offers": 0 if running or over else bindable(row).count(),
            "bound_result": result and {**result, "refused": refused_rows(result["refused"])},
            "bind_form": BatchBindForm()})


@require_POST
@page("small_firms.batch")
def bind(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have chosen offers of a run bound, or all that are open."""
    row = queries.renewal_run(request.actor, key)
    require(request.actor, "small_firms.batch", row)
    done(request, lambda: bind_renewals(row, **bound_as(request), actor=request.actor),
         _("The policies are being made."))
    return redirect("small_firms:renewal", key=row.pk)
