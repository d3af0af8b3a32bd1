"""Recourse against those who took the money, figures, and how claims of a scheme are decided."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from dinghai.schemes.resident_claim_tables import shipped_rules
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.resident_claims import queries
from dinghai_platform.resident_claims.forms import SettingForm
from dinghai_platform.resident_claims.models import ClaimSetting, open_states
from dinghai_platform.resident_claims.services.settings import set_scheme
from dinghai_platform.resident_claims.views.frame import done, first_error
from dinghai_platform.residents.models import ResidentScheme
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.lists import Column, Filter, List, list_page


def _recourse(request: HttpRequest) -> List:
    schemes = [(str(one.pk), str(one)) for one in ResidentScheme.objects.visible_to(
        request.actor).order_by("number")]
    return List(
        name=_("Recourse"),
        columns=(
            Column(_("Claim"), lambda one: one.claim.number, "link", "claim__number",
                   lambda one: reverse("resident_claims:claim", args=[one.claim_id]),
                   note=lambda one: one.claim.certificate_no),
            Column(_("Bank the money went to"), lambda one: one.claim.bank or "—", "text",
                   "claim__bank"),
            Column(_("Paid"), lambda one: one.amount_fen, "money", "amount_fen"),
            Column(_("Back at the insurer"), lambda one: one.back_fen, "money"),
            Column(_("Right up to"), lambda one: one.right_fen, "money", "right_fen"),
            Column(_("Police filing"), lambda one: one.claim.facts.get("filing_day"), "day"),
            Column(_("Limitation"), lambda one: one.limitation_day, "day", "limitation_day"),
            Column(_("Law"), lambda one: one.law or "—"),
        ),
        filters=(Filter("scheme", _("Scheme"), schemes, "claim__scheme"),),
        search=("claim__number__iexact", "claim__number__startswith", "claim__bank__icontains"),
        default_sort="limitation_day", export="recourse",
        empty={"title": _("No right of recourse yet"),
               "text": _("Every payment gives one, up to what was paid."), "icon": "gavel",
               "href": "", "action": ""})


@page("resident_claims.view")
def recourse_list(request: HttpRequest) -> HttpResponse:
    """Rights of recourse (反电信网络诈骗法46条), soonest limitation first."""
    rule = shipped_rules().recourse
    return list_page(request, queries.recourse(request.actor), _recourse(request),
                     template="resident_claims/recourse.html", context={
                         "tab": "recourse", "rule": rule,
                         "against": rule.against_zh if is_chinese() else rule.against_en})


@page("resident_claims.view")
def statistics(request: HttpRequest) -> HttpResponse:
    """How many, how much, how long, and by what."""
    schemes = list(ResidentScheme.objects.visible_to(request.actor).order_by("number"))
    wanted = request.GET.get("scheme", "")
    chosen = next((one for one in schemes if str(one.pk) == wanted), None)
    found = queries.figures(request.actor, chosen)
    return render(request, "resident_claims/statistics.html", {
        "tab": "statistics", "figures": found, "schemes": schemes, "chosen": chosen,
        "states": [(f"resident_claim_{code}", label, found.by_state.get(code, 0))
                   for code, label in open_states()]})


@page("resident_claims.view")
def settings_page(request: HttpRequest) -> HttpResponse:
    """Each scheme: were its terms explained, and from what amount do two people decide."""
    may = allowed(request.actor, "resident_claims.set")
    rows = []
    for scheme, row in queries.settings_of(request.actor):
        initial = {"approve_above": _yuan(
            row.approve_above_fen if row else
            ClaimSetting._meta.get_field("approve_above_fen").default)}
        if row is not None:
            initial |= {"terms_explained": "1" if row.terms_explained else "0",
                        "explained_on": row.explained_on}
        rows.append((scheme, row, SettingForm(initial=initial, auto_id=f"id_{scheme.pk.hex}_%s")))
    return render(request, "resident_claims/settings.html", {
        "tab": "settings", "rows": rows, "may_set": may})


def _yuan(fen: int) -> str:
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"


@require_POST
@page("resident_claims.set")
def setting(request: HttpRequest, key: UUID) -> HttpResponse:
    """Say how a scheme's claims are decided."""
    scheme = visible_or_404(ResidentScheme, request.actor, pk=key)
    require(request.actor, "resident_claims.set", scheme)
    form = SettingForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form))
    else:
        data = form.cleaned_data
        done(request, lambda: set_scheme(
            scheme, terms_explained=data["terms_explained"] == "1",
            explained_on=data["explained_on"], approve_above_fen=data["approve_above"] or 0,
            reason=data["reason"], actor=request.actor), _("It is kept."))
    return redirect("resident_claims:settings")
