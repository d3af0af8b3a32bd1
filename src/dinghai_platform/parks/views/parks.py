"""The list of parks, opening a master policy, its overview, binding and closing it."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai.foundation.toml_text import toml_text
from dinghai.schemes import park_file
from dinghai.wording.products import load_product, shipped_products
from dinghai_platform.chains.services.common import file_name
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import page
from dinghai_platform.parks import queries
from dinghai_platform.parks.engine import policy_of, read_policy
from dinghai_platform.parks.forms import DocumentForm, PolicyForm, ReasonForm
from dinghai_platform.parks.models import Park
from dinghai_platform.parks.services.parks import (
    bind_park,
    close_park,
    open_park,
    replace_document,
)
from dinghai_platform.parks.settlement_view import left_of_period
from dinghai_platform.parks.views.frame import (
    cover_names,
    done,
    faults_of,
    first_error,
    frame_of,
    named,
    partners,
)
from dinghai_platform.parks.words import coverage_words
from dinghai_platform.site.lists import Column, Filter, List, list_page
from dinghai_platform.site.words import name_of

MOST_LISTED = 8


def _list(*, may_open: bool) -> List:
    return List(
        name=_("Parks"),
        columns=(
            Column(_("Park"), lambda row: row.name, "link", "name_zh",
                   lambda row: reverse("parks:park", args=[row.pk]), note=lambda row: row.number),
            Column(_p("park", "Park operator here"), lambda row: row.operator or "—",
                   sort="operator__name_zh"),
            Column(_("State"), lambda row: row.state_code, "status", "state"),
            Column(_p("park", "Members"), lambda row: row.enrolled, "count", "enrolled"),
            Column(_p("park", "Premium with VAT"), lambda row: row.premium, "money", "premium"),
            Column(_p("park", "First day"), lambda row: row.inception, "day", "inception"),
            Column(_p("park", "Last day"), lambda row: row.expiry, "day", "expiry"),
        ),
        filters=(Filter("state", _("State"), Park.State.choices),),
        search=("name_zh__icontains", "name_en__icontains", "number__icontains",
                "policy_no__icontains", "operator__name_zh__icontains"),
        default_sort="-id", export="parks",
        empty={"title": _("No park yet"),
               "text": _("Open a master policy: one contract for all firms of a park, joined by a "
                         "list.") if may_open else
               _("The insurer opens a master policy and links your park to it."),
               "icon": "building-factory", "href": reverse("parks:new") if may_open else "",
               "action": _("Open a master policy")},
    )


@page("parks.view")
def park_list(request: HttpRequest) -> HttpResponse:
    """The parks that the actor sees."""
    may_open = allowed(request.actor, "parks.administer")
    return list_page(request, queries.parks(request.actor), _list(may_open=may_open),
                     template="parks/parks.html", context={"may_open": may_open})


def _forms(request: HttpRequest, tenant: Any) -> tuple[DocumentForm, PolicyForm]:
    operators = partners(tenant, Organisation.Kind.PARK)
    products = [load_product(one) for one in shipped_products()]
    chosen = request.POST.get("product") or next(
        (one.product_id for one in products if one.product_id == "cyber-comprehensive-standard"),
        products[0].product_id)
    sections = next((one.sections for one in products if one.product_id == chosen), ())
    by_form = "name_zh" in request.POST
    data = request.POST or None
    return (
        DocumentForm(None if by_form else data, None if by_form else request.FILES or None,
                     operators=operators),
        PolicyForm(data if by_form else None, operators=operators, initial={"product": chosen},
                   products=[(one.product_id, name_of(one)) for one in products],
                   sections=[(one.coverage, coverage_words(one.coverage)) for one in sections]))


@page("parks.administer")
def new(request: HttpRequest) -> HttpResponse:
    """Open a master policy, from its document or from a form."""
    by_document, by_form = _forms(request, request.actor.own_tenant())
    form: Any = by_form if by_form.is_bound else by_document
    faults: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        try:
            policy, file = _policy(form)
            made = open_park(policy, operator=form.cleaned_data["operator"], file=file,
                             actor=request.actor)
        except DinghaiError as error:
            faults = faults_of(error)
        else:
            messages.success(request, _("The master policy is a draft. Look it over and bind it."))
            return redirect("parks:park", key=made.pk)
    return render(request, "parks/new.html", {
        "document_form": by_document, "form": by_form, "faults": faults},
        status=400 if request.method == "POST" else 200)


def _policy(form: DocumentForm | PolicyForm) -> tuple[park_file.Park, str]:
    """The policy that a form gives, and the name of its file."""
    if isinstance(form, PolicyForm):
        data = form.cleaned_data
        code = f"park-{data['operator_code'].strip().lower()}-{data['inception']:%Y%m%d}"
        return park_file.park_from({**form.document(), "id": code}), ""
    file = form.cleaned_data["document"]
    return read_policy(file.read(), file.name), file_name(file.name)


@page("parks.view")
def park(request: HttpRequest, key: UUID) -> HttpResponse:
    """A park at a glance."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    policy = policy_of(row)
    frame = frame_of(request, row, "overview")
    left = left_of_period(row, policy)
    return render(request, "parks/park.html", {
        **frame, "policy": policy, "figures": queries.figures_of(row), "left_fen": left,
        "used_ppm": (policy.limits.annual_fen - left) * 1_000_000 // max(
            policy.limits.annual_fen, 1),
        "product": name_of(load_product(policy.product)),
        "covers": cover_names(policy, str(_p("park", "Base cover"))),
        "sections": [(coverage_words(one.coverage), one.sublimit_fen)
                     for one in policy.base.sections],
        "top_ups": [(named(one), one, [coverage_words(code) for code in one.coverages])
                    for one in policy.top_ups],
        "settlements": list(queries.settlements_of(row).order_by("-id")[:MOST_LISTED]),
        "close_form": ReasonForm(),
        "document_form": DocumentForm(operators=partners(row, Organisation.Kind.PARK),
                                      initial={"operator": row.operator})
        if row.state == Park.State.DRAFT and frame["may_here"]["administer"] else None})


@page("parks.view")
def document(request: HttpRequest, key: UUID, form: str) -> HttpResponse:
    """The master policy's document, as TOML that reads back or as JSON."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    if form not in ("toml", "json"):
        raise Http404("no such form")
    text = (json.dumps(row.document, ensure_ascii=False, indent=1) if form == "json"
            else toml_text(row.document))
    answer = HttpResponse(text, content_type="application/json; charset=utf-8"
                          if form == "json" else "application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.number}.{form}"'
    return answer


@require_POST
@page("parks.administer")
def replace(request: HttpRequest, key: UUID) -> HttpResponse:
    """Put another document in a draft's place."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.administer", row)
    form = DocumentForm(request.POST, request.FILES,
                        operators=partners(row, Organisation.Kind.PARK))
    if not form.is_valid():
        messages.error(request, first_error(form))
        return redirect("parks:park", key=row.pk)

    def verb() -> Park:
        policy, file = _policy(form)
        return replace_document(row, policy, operator=form.cleaned_data["operator"], file=file,
                                actor=request.actor)

    done(request, verb, _("The draft has the new document."))
    return redirect("parks:park", key=row.pk)


@require_POST
@page("parks.administer")
def bind(request: HttpRequest, key: UUID) -> HttpResponse:
    """Bind a draft."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.administer", row)
    done(request, lambda: bind_park(row, actor=request.actor),
         _("The master policy is bound. Enrol its members."))
    return redirect("parks:park", key=row.pk)


@require_POST
@page("parks.administer")
def close(request: HttpRequest, key: UUID) -> HttpResponse:
    """Close a park."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.administer", row)
    done(request, lambda: close_park(row, reason=request.POST.get("reason", ""),
                                     actor=request.actor),
         _("The master policy was closed. All of it stays readable."))
    return redirect("parks:park", key=row.pk)
