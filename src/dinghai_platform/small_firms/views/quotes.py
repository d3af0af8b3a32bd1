"""A quote with its reasons, the terms that are explained before it is taken, and the taking."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai_platform.core import clock
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.forms import (
    AgainForm,
    BindForm,
    DecisionForm,
    LookForm,
    StaffBindForm,
)
from dinghai_platform.small_firms.models import Quote
from dinghai_platform.small_firms.plan_view import (
    columns,
    conditions_of,
    fixes_of,
    groups_of,
    reasons_of,
    sections,
)
from dinghai_platform.small_firms.services.common import channel_of
from dinghai_platform.small_firms.services.papers import make_papers
from dinghai_platform.small_firms.services.policies import (
    ONLINE,
    Acceptance,
    bind_quote,
    terms_of,
)
from dinghai_platform.small_firms.services.referrals import approvable_plans, decide_referral
from dinghai_platform.small_firms.services.refusals import (
    ask_again,
    look_again,
    refused_until,
    stands,
)
from dinghai_platform.small_firms.views.frame import Way, done, frame_of, of_firm, quote_of
from dinghai_platform.small_firms.words import (
    OUTCOME_TEXTS,
    OUTCOMES,
    PROBES,
    TONES,
    indicator_name,
    plan_name,
    reason_words,
)


def _quote(request: HttpRequest, way: Way, quote: UUID) -> HttpResponse:
    """A quote: the plans side by side with their prices, why, and what would lower them."""
    row = quote_of(way, quote)
    frame = frame_of(way, "quote")
    user = way.actor.user
    may_decide = (not way.is_link and allowed(way.actor, "small_firms.decide", row)
                  and (user is None or row.created_by_id != user.pk))
    waits = row.outcome == "referred" and not row.decision
    refused = stands(row)
    said = {"approved": "offered", "refused": "declined", "again": "declined"}.get(
        row.decision, row.outcome)
    fixes = fixes_of(row)
    return render(request, "small_firms/quote.html", {
        **frame, "quote": row, "sections": sections(row),
        "columns": columns(row, lambda plan: way.to("terms", str(row.pk), plan)),
        "fixes": fixes, "reasons": reasons_of(row), "conditions": conditions_of(row),
        "unconfirmed": [indicator_name(one.partition(":")[2]) for one in row.document["reasons"]
                        if one.startswith("unconfirmed:")],
        "outcome_text": OUTCOME_TEXTS[said], "outcome_title": OUTCOMES[said],
        "tone": TONES[said], "probe": PROBES[row.document["probe"]],
        "known": queries.known_claims(row.firm, way.actor),
        "saved_fen": _saved(row), "policy": getattr(row, "policy", None),
        "is_last": frame["last_quote"] is not None and frame["last_quote"].pk == row.pk,
        "is_valid": row.is_valid(clock.today()),
        "refused_until": refused_until(row) if refused else None,
        "again_form": AgainForm() if refused and row.decision != Quote.Decision.AGAIN
        and frame["may_here"]["answer"] and not may_decide else None,
        "look_form": LookForm() if refused and may_decide else None,
        "again_address": way.to("again", str(row.pk)),
        "decision_form": DecisionForm(plans=approvable_plans(row)) if may_decide and waits
        else None})


def _saved(row: Quote) -> int:
    """What the fixes take off together, at most down to the plan's floor."""
    priced = next((one for one in row.document["plans"]
                   if one["plan"] == row.document["priced_plan"]), None)
    if priced is None:
        return 0
    together = sum(one["worth_fen"] for one in row.document["fixes"])
    return min(together, max(priced["charged_net_fen"] - priced["floor_fen"], 0))


def _terms(request: HttpRequest, way: Way, quote: UUID, plan: str) -> HttpResponse:
    """Every term of a plan that must be explained, on one page; sent, the offer is taken."""
    row = quote_of(way, quote)
    require(way.actor, "small_firms.bind", row)
    bought = getattr(row, "policy", None)
    if bought is not None:
        return redirect(way.policy)
    if plan not in row.bindable_plans():
        return redirect(way.to("quote", str(row.pk)))
    terms = terms_of(row, plan)
    groups = groups_of(terms)
    online = channel_of(way.actor) in ("own", "link")
    form = (BindForm if online else StaffBindForm)(request.POST or None)
    if request.method == "POST" and form.is_valid():
        read = set(request.POST.getlist("read"))
        keys = [one.key for group in groups if group.kind in read for one in group.terms]
        made = done(request, lambda: bind_quote(row, plan, Acceptance(
            keys, form.cleaned_data["confirmed_by"],
            form.cleaned_data.get("channel", ONLINE)), actor=way.actor),
            _("You are insured as soon as the premium has arrived. Here is your policy."))
        if made is not None:
            make_papers(made, actor=way.actor)
            return redirect(way.policy)
    offered = next(one for one in columns(row) if one.plan.code == plan)
    return render(request, "small_firms/terms.html", {
        **frame_of(way, "quote"), "quote": row, "plan": offered, "groups": groups,
        "number": len(terms), "form": form, "online": online,
        "treat_by": row.document["treat_by"], "conditions": conditions_of(row)},
        status=400 if request.method == "POST" else 200)


def _again(request: HttpRequest, way: Way, quote: UUID) -> HttpResponse:
    """The firm asks that its refusal is looked at again."""
    row = quote_of(way, quote)
    require(way.actor, "small_firms.answer", row)
    if request.method == "POST":
        done(request, lambda: ask_again(
            row, text=request.POST.get("text", ""), actor=way.actor),
            _("An underwriter looks at it again."))
    return redirect(way.to("quote", str(row.pk)))


quote, quote_by_link = of_firm(_quote)
again, again_by_link = of_firm(_again)
again = page("small_firms.view")(again)
terms, terms_by_link = of_firm(_terms)
quote = page("small_firms.view")(quote)
terms = page("small_firms.view")(terms)


def _referrals() -> List:
    return List(
        name=_("Firms with an underwriter"),
        columns=(
            Column(_p("small firm", "Firm"), lambda row: row.firm.name, "link", "firm__name",
                   lambda row: reverse("small_firms:quote", args=[row.firm_id, row.pk]),
                   note=lambda row: row.number),
            Column(_("State"), lambda row: row.state_code, "status", "decision"),
            Column(_("Why"), lambda row: "; ".join(
                reason_words(one) for one in row.document["reasons"]
                if not one.startswith(("grade:", "unconfirmed:")))),
            Column(_("Score"), lambda row: row.score_ppm, "score", "score_ppm"),
            Column(_p("small firm", "Wants"), lambda row: plan_name(row.wanted_plan)),
            Column(_p("small firm", "Asked on"), lambda row: row.on, "day", "on"),
            Column(_("First day of cover"), lambda row: row.inception, "day", "inception"),
            Column(_("Broker"), lambda row: row.broker or "—"),
            Column(_("Decided by"), lambda row: row.decided_by or "—"),
        ),
        filters=(Filter("decision", _("Decision"), (
            ("again", _p("decision", "Refused, to be looked at again")),
            ("approved", _p("decision", "Approved")), ("refused", _p("decision", "Refused")))),),
        search=("firm__name__icontains", "number__icontains", "firm__credit_code__icontains"),
        default_sort="decision", export="small-firms-referred",
        empty={"title": _("Nobody waits"),
               "text": _("Firms that the rules of referral send to an underwriter stand here."),
               "icon": "checklist", "href": "", "action": ""},
    )


@page("small_firms.decide")
def referral_list(request: HttpRequest) -> HttpResponse:
    """The underwriter's queue."""
    return list_page(request, queries.referrals(request.actor), _referrals(),
                     template="small_firms/referrals.html")


@require_POST
@page("small_firms.decide")
def look(request: HttpRequest, key: UUID) -> HttpResponse:
    """Look at a refusal again: lift it, or let it stand."""
    row: Quote = queries.quote(request.actor, key)
    require(request.actor, "small_firms.decide", row)
    lift = request.POST.get("decision") == "lift"
    done(request, lambda: look_again(
        row, lift=lift, reason=request.POST.get("reason", ""), actor=request.actor),
        _("The refusal is lifted: decide anew, or let the firm answer anew.") if lift
        else _("The refusal stands; the reason is kept."))
    return redirect("small_firms:quote", key=row.firm_id, quote=row.pk)


@require_POST
@page("small_firms.decide")
def decide(request: HttpRequest, key: UUID) -> HttpResponse:
    """Approve a plan of a referred quote, or refuse it."""
    row: Quote = queries.quote(request.actor, key)
    require(request.actor, "small_firms.decide", row)
    approve = request.POST.get("decision") == "approve"
    done(request, lambda: decide_referral(
        row, approve=approve, plan=request.POST.get("plan", ""),
        reason=request.POST.get("reason", ""), actor=request.actor),
        _("Approved: the firm can take the plan now.") if approve
        else _("Refused; the reason is kept."))
    return redirect("small_firms:quote", key=row.firm_id, quote=row.pk)
