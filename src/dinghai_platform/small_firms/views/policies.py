"""Policies of small firms: the list, one policy with its papers, the premium."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai_platform.core.files import file_response
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.forms import PaymentForm
from dinghai_platform.small_firms.models import Policy
from dinghai_platform.small_firms.reckoning import cancellation_of
from dinghai_platform.small_firms.services.papers import KINDS, paper_of
from dinghai_platform.small_firms.services.policies import pay_premium
from dinghai_platform.small_firms.services.renewals import ends_soon
from dinghai_platform.small_firms.views.frame import Way, done, frame_of, last_policy, of_firm
from dinghai_platform.small_firms.words import PAPERS, coverage_name, plan_name

_STATES = ("premium_due", "in_force", "cancelled", "lapsed", "expired")


def _list() -> List:
    from dinghai_platform.site.words import state_word

    return List(
        name=_("Policies of small firms"),
        columns=(
            Column(_("Policy number"), lambda row: row.policy_no, "link", "policy_no",
                   lambda row: reverse("small_firms:policy", args=[row.firm_id]),
                   note=lambda row: row.firm.name),
            Column(_("State"), lambda row: row.state, "status", "state"),
            Column(_p("small firm", "Plan"), lambda row: plan_name(row.plan), "code", "plan",
                   note=lambda row: _("reduced") if row.reduced else ""),
            Column(_("Limit"), lambda row: row.aggregate_limit_fen, "money",
                   "aggregate_limit_fen"),
            Column(_("Premium with VAT"), lambda row: row.gross_premium_fen, "money",
                   "gross_premium_fen"),
            Column(_("First day"), lambda row: row.inception, "day", "inception"),
            Column(_("Last day"), lambda row: row.expiry, "day", "expiry"),
            Column(_("Treat by"), lambda row: row.treat_by, "day", "treat_by"),
            Column(_("Broker"), lambda row: row.broker or "—"),
        ),
        filters=(Filter("state", _("State"), tuple(
            (code, state_word(code).label) for code in _STATES)),),
        search=("policy_no__icontains", "firm__name__icontains", "firm__credit_code__icontains"),
        default_sort="-id", export="small-firm-policies",
        empty={"title": _("No policy yet"),
               "text": _("Offers that are taken become policies here."), "icon": "shield-check",
               "href": reverse("small_firms:firms"), "action": _("Small firms")},
    )


@page("small_firms.view")
def policy_list(request: HttpRequest) -> HttpResponse:
    """The policies that the actor sees."""
    return list_page(request, queries.policies(request.actor), _list(),
                     template="small_firms/policies.html")


def _policy(request: HttpRequest, way: Way) -> HttpResponse:
    """A firm's last policy with its papers."""
    row = last_policy(way)
    schedule = row.document["schedule"]
    return render(request, "small_firms/policy.html", {
        **frame_of(way, "policy"), "policy": row, "plan_name": plan_name(row.plan),
        "sections": [(coverage_name(one["coverage"]), one["sublimit_fen"])
                     for one in schedule["sections"]],
        "papers": [(PAPERS[kind], [("中文", way.to("paper", kind, "zh")),
                                   ("English", way.to("paper", kind, "en"))])
                   for kind in KINDS],
        "confirmed": next(iter(schedule["explanations"].values()), None),
        "terms": len(schedule["explanations"]), "payment_form": PaymentForm(),
        "may_renew": ends_soon(row) and allowed(way.actor, "small_firms.renew", row),
        "renew_address": way.to("renew"), "changes_address": way.to("changes"),
        "changes_count": row.changes.count(), "ending": cancellation_of(row),
        "used": queries.used_of(row)})


def _paper(request: HttpRequest, way: Way, kind: str, language: str) -> HttpResponse:
    """A paper of a firm's last policy."""
    row = last_policy(way)
    if kind not in KINDS or language not in ("zh", "en"):
        raise Http404("no such paper")
    made = paper_of(row, kind, "en" if language == "en" else "zh", actor=way.actor)
    with scope_of(way.actor, tenant=row.tenant):  # who sees the policy sees its papers
        return file_response(made.file)


policy, policy_by_link = of_firm(_policy)
paper, paper_by_link = of_firm(_paper)
policy = page("small_firms.view")(policy)
paper = page("small_firms.view")(paper)


@require_POST
@page("small_firms.record_payment")
def pay(request: HttpRequest, key: UUID) -> HttpResponse:
    """Record that the premium has arrived."""
    row: Policy = queries.policy(request.actor, key)
    require(request.actor, "small_firms.record_payment", row)
    done(request, lambda: pay_premium(
        row, reference=request.POST.get("reference", ""), actor=request.actor),
        _("The premium is posted; cover begins as agreed."))
    return redirect("small_firms:policy", key=row.firm_id)
