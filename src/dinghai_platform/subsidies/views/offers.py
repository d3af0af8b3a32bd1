"""Subsidies on offer: what they give, what a firm may expect, and applying."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, List, list_page
from dinghai_platform.subsidies import queries
from dinghai_platform.subsidies.forms import StatementForm
from dinghai_platform.subsidies.models import Application, Subsidy
from dinghai_platform.subsidies.plainly import in_plain_words
from dinghai_platform.subsidies.rule_files import kept_rule
from dinghai_platform.subsidies.services.applications import apply_for, expect, known_policy
from dinghai_platform.subsidies.views.frame import show_faults
from dinghai_platform.subsidies.words import MODES, said_reasons, word
from dinghai_platform.underwriting.models import Policy


def offer_address(row: Subsidy) -> str:
    """Where a subsidy on offer is read."""
    return f"{reverse('subsidies:offer')}?{urlencode({'s': row.pk})}"


def apply_address(row: Subsidy, policy: Policy) -> str:
    """Where a subsidy is applied for with a policy."""
    return f"{reverse('subsidies:apply')}?{urlencode({'s': row.pk, 'policy': policy.pk})}"


@page("subsidies.apply")
def offer_list(request: HttpRequest) -> HttpResponse:
    """Every subsidy that takes applications."""
    shown = List(
        name=_("Subsidies on offer"),
        columns=(
            Column(_p("subsidy", "Subsidy"), lambda row: row.name, "link", "name_zh",
                   offer_address),
            Column(_p("subsidy", "Authority"), lambda row: row.authority.name,
                   sort="authority__name_zh"),
            Column(_p("subsidy", "Way"), lambda row: word(MODES, row.mode), sort="mode"),
            Column(_p("subsidy", "First day"), lambda row: row.first, "day", "first"),
            Column(_p("subsidy", "Last day"), lambda row: row.last, "day", "last"),
            Column(_p("subsidy", "Budget"), lambda row: row.budget_fen, "money", "budget_fen"),
            Column(_p("subsidy", "Left"), lambda row: row.left_fen, "money", "left_fen"),
        ),
        search=("name_zh__icontains", "name_en__icontains", "authority__name_zh__icontains"),
        default_sort="last", export="subsidies-on-offer",
        empty={"title": _("No subsidy is on offer"),
               "text": _("When an authority opens one, it stands here."), "icon": "coins",
               "href": reverse("subsidies:applications"), "action": _("Subsidy applications")},
    )
    return list_page(request, queries.on_offer(), shown)


@page("subsidies.apply")
def offer(request: HttpRequest) -> HttpResponse:
    """One subsidy in plain words, and the policies it may be applied for with."""
    key = request.GET.get("s", "")
    if not key:
        return redirect("subsidies:open")
    row = queries.offered(key)
    policies = queries.policies_to_apply_for(request.actor)
    applied = dict(queries.applications(request.actor).filter(
        subsidy=row, policy__in=policies).exclude(
        state=Application.State.GIVEN_UP).order_by("id").values_list("policy", "pk"))
    return render(request, "subsidies/offer.html", {
        "subsidy": row, "sentences": in_plain_words(kept_rule(queries.rule_in_force(row)).rule),
        "version": queries.rule_in_force(row),
        "policies": [(one, apply_address(row, one), applied.get(one.pk)) for one in policies]})


@page("subsidies.apply")
def apply(request: HttpRequest) -> HttpResponse:
    """State what only the firm knows, see what may be expected, and apply."""
    if not request.GET.get("s") or not request.GET.get("policy"):
        return redirect("subsidies:open")
    row = queries.offered(request.GET["s"])
    policy = queries.policy_to_apply_for(request.actor, request.GET["policy"])
    require(request.actor, "subsidies.apply")
    rule = kept_rule(queries.rule_in_force(row)).rule
    known = known_policy(policy, request.actor)
    form = StatementForm(request.POST or None, request.FILES or None, rule=rule,
                         asks_code=not policy.insured.credit_code,
                         initial={"sector": known.section})
    context: dict[str, Any] = {
        "subsidy": row, "policy": policy, "known": known, "form": form,
        "here": apply_address(row, policy), "back": offer_address(row)}
    if request.method == "POST" and form.is_valid():
        try:
            if "apply" in request.POST:
                made = apply_for(row, policy, form.statement(), papers=form.papers(),
                                 actor=request.actor)
                messages.success(request, _("The application was filed and decided."))
                return redirect("subsidies:application", key=made.pk)
            # The papers are enclosed with the application itself: a look asks for none of them.
            found, _rule = expect(row, policy, form.statement(
                documents=tuple(one.id for one in rule.documents)), actor=request.actor)
        except DinghaiError as error:
            show_faults(form, error)
        else:
            context |= {"expected": found, "reasons": said_reasons(rule, [
                {**_plain(one)} for one in found.reasons])}
    return render(request, "subsidies/apply.html", context,
                  status=400 if request.method == "POST" and form.errors else 200)


def _plain(reason: Any) -> dict[str, Any]:
    return {name: getattr(reason, name) for name in reason.__struct_fields__}
