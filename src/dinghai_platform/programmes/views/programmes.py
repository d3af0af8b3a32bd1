"""The list of programmes, opening one, its dashboard, and closing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.chains import queries as chain_queries
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.faults import fault_row
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.programmes import queries
from dinghai_platform.programmes.forms import OpenForm, ReasonForm
from dinghai_platform.programmes.models import Programme
from dinghai_platform.programmes.services.programmes import close_programme, open_programme
from dinghai_platform.programmes.tiers import tiers_of
from dinghai_platform.programmes.views.frame import done, frame_of
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.underwriting.models import Policy

MOST_POLICIES = 200
MOST_LISTED = 8


def _list(*, sees_chains: bool) -> List:
    return List(
        name=_("Insurance programmes"),
        columns=(
            Column(_("Programme"), lambda row: row.name, "link", "name_zh",
                   lambda row: reverse("programmes:programme", args=[row.pk]),
                   note=lambda row: row.number),
            Column(_("Chain"), lambda row: row.chain.name, sort="chain__name_zh"),
            Column(_("Chain owner"), lambda row: row.owner or "—", sort="owner__name_zh"),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_p("programme", "Members"), lambda row: row.enrolled, "count", "enrolled"),
            Column(_("Premium"), lambda row: row.premium_fen, "money", "premium_fen"),
            Column(_p("programme", "First day"), lambda row: row.inception, "day", "inception"),
            Column(_p("programme", "Last day"), lambda row: row.expiry, "day", "expiry"),
        ),
        filters=(Filter("state", _("State"), Programme.State.choices),),
        search=("name_zh__icontains", "name_en__icontains", "number__icontains",
                "owner__name_zh__icontains"),
        default_sort="-id", export="programmes",
        empty={"title": _("No programme yet"),
               "text": _("Open one for a chain: its firms join, leave and share the risk there."),
               "icon": "umbrella", "href": reverse("chains:chains") if sees_chains else "",
               "action": _("Supply chains")},
    )


@page("programmes.view")
def programme_list(request: HttpRequest) -> HttpResponse:
    """The programmes that the actor sees; an administrator opens one from a chain here."""
    chains = []
    if allowed(request.actor, "programmes.administer"):
        chains = list(chain_queries.chains(request.actor).filter(state="active").order_by("-id")[
            :MOST_POLICIES])
    return list_page(request, queries.programmes(request.actor),
                     _list(sees_chains=allowed(request.actor, "chains.view")),
                     template="programmes/programmes.html", context={"chains": chains})


@page("programmes.administer")
def new(request: HttpRequest, chain: UUID) -> HttpResponse:
    """Open a programme for a chain."""
    row = chain_queries.chain(request.actor, chain)
    require(request.actor, "programmes.administer", row)
    version = chain_queries.version(row)
    policies = Policy.objects.within(row.tenant_id).filter(
        document__product__product_id=chain_of_version(version).programme.product).order_by("-id")
    form = OpenForm(request.POST or None, request.FILES or None, policies=policies)
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        file = data["layers"]
        try:
            made = open_programme(
                version, inception=data["inception"], expiry=data["expiry"],
                layers=file.read() if file else None, layers_name=file.name if file else "",
                premium_fen=data["premium"], policy=data["policy"], name_zh=data["name_zh"],
                name_en=data["name_en"], actor=request.actor)
        except DinghaiError as error:
            faults = [fault_row(one) for one in getattr(error, "faults", (fault_of(error),))]
        else:
            messages.success(request, _("The programme is open. Enrol its members."))
            return redirect("programmes:programme", key=made.pk)
    return render(request, "programmes/new.html", {
        "chain": row, "version": version, "form": form, "faults": faults},
        status=400 if request.method == "POST" else 200)


@page("programmes.view")
def programme(request: HttpRequest, key: UUID) -> HttpResponse:
    """A programme at a glance."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.view", row)
    figures = queries.figures_of(row)
    shares = queries.last_study(row, "shares")
    chain = chain_of_version(row.version)
    members = list(queries.members_of(row))
    enrolled = {one.firm for one in members if one.state == "enrolled"}
    return render(request, "programmes/programme.html", {
        **frame_of(request, row, "dashboard"), "figures": figures,
        "tiers": tiers_of(chain, members, shares.document if shares else None),
        "used_ppm": min(figures.used_fen * 1_000_000 // row.aggregate_fen, 1_000_000)
        if row.aggregate_fen else None,
        "left_fen": max(row.aggregate_fen - figures.used_fen, 0),
        "firms": len(chain.firms), "outside": len(chain.firms) - len(enrolled),
        "exposure_fen": shares.document["presented"]["mean_fen"] if shares else None,
        "tail_fen": shares.document["presented"]["tail_fen"] if shares else None,
        "settlements": list(queries.settlements_of(row)[:MOST_LISTED]),
        "waiting_floats": queries.floats_of(row).filter(
            state__in=("proposed", "disputed")).count(),
        "close_form": ReasonForm()})


@require_POST
@page("programmes.administer")
def close(request: HttpRequest, key: UUID) -> HttpResponse:
    """Close a programme."""
    row = queries.programme(request.actor, key)
    require(request.actor, "programmes.administer", row)
    reason = request.POST.get("reason", "")
    done(request, lambda: close_programme(row, reason=given_reason(reason), actor=request.actor),
         _("The programme was closed. All of it stays readable."))
    return redirect("programmes:programme", key=row.pk)
