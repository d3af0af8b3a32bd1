"""Sale links: made, watched, withdrawn."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from dinghai.documents.qr_marks import qr_svg
from dinghai.foundation.errors import DinghaiError
from dinghai.foundation.money import format_yuan
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import fault_of, page
from dinghai_platform.residents import queries
from dinghai_platform.residents.faults import fault_words
from dinghai_platform.residents.forms import LinkForm
from dinghai_platform.residents.models import ResidentScheme, SaleLink
from dinghai_platform.residents.services.links import make_link, withdraw_link
from dinghai_platform.residents.views.frame import done
from dinghai_platform.residents.words import plan_name
from dinghai_platform.site.lists import Column, List, list_page


def plan_choices(scheme: ResidentScheme, codes: list[str] | None = None) -> list[tuple[str, str]]:
    """Plans for a form: name, sum insured and premium."""
    return [(one.code, _("%(name)s · sum insured %(sum)s · premium %(premium)s") % {
        "name": plan_name(one),
        "sum": format_yuan(one.sum_insured_fen), "premium": format_yuan(one.premium_fen)})
        for one in scheme.terms().plans if codes is None or one.code in codes]


@page("residents.view")
def link_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """The sale links of a scheme."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    may_sell = allowed(request.actor, "residents.sell", row)
    shown = List(
        name=_("Sale links"),
        columns=(
            Column(_p("sale link", "Link"), lambda one: one.number, "link", "number",
                   lambda one: reverse("residents:link", args=[one.pk]),
                   note=lambda one: one.channel),
            Column(_("State"), lambda one: one.state_code, "status"),
            Column(_p("resident", "Plans"), lambda one: ", ".join(one.plans)),
            Column(_p("sale link", "Sold"), lambda one: one.sold, "count", "sold"),
            Column(_p("sale link", "At most"), lambda one: one.most, "count", "most"),
            Column(_p("sale link", "Ends"), lambda one: one.expires_at, "moment", "expires_at"),
            Column(_p("sale link", "Made"), lambda one: one.created_at, "moment", "created_at"),
        ),
        search=("number__icontains", "channel__icontains"), export=f"links-{row.number}",
        empty={"title": _("No sale link yet"),
               "text": _("With a link residents buy one certificate for themselves on their "
                         "telephones, without signing in."),
               "icon": "link", "href": reverse("residents:link_new", args=[row.pk])
               if may_sell else "", "action": _("Make a sale link")})
    return list_page(request, queries.links_of(row), shown, template="residents/links.html",
                     context={"scheme": row, "may_sell": may_sell})


@never_cache
@page("residents.sell")
def link_new(request: HttpRequest, key: UUID) -> HttpResponse:
    """Make a link; its address is shown this once."""
    row = visible_or_404(ResidentScheme, request.actor, pk=key)
    require(request.actor, "residents.sell", row)
    form = LinkForm(request.POST or None, plans=plan_choices(row))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            link, secret = make_link(row, plans=data["plans"], channel=data["channel"],
                                     days=data["days"], most=data["most"], actor=request.actor)
        except DinghaiError as error:
            form.add_error(None, fault_words(fault_of(error)))
        else:
            address = request.build_absolute_uri(reverse("residents:buy", args=[secret]))
            return render(request, "residents/link_made.html", {
                "link": link, "scheme": row, "address": address,
                "mark": mark_safe(qr_svg(address))})  # drawn of numbers alone
    return render(request, "residents/link_new.html", {"scheme": row, "form": form},
                  status=400 if request.method == "POST" else 200)


@page("residents.view")
def link(request: HttpRequest, key: UUID) -> HttpResponse:
    """A link and what was sold by it."""
    row = queries.link_of(request.actor, key)
    shown = List(
        name=_("Sales"),
        columns=(
            Column(_p("resident", "Certificate"),
                   lambda one: f"{row.scheme.number}-{one.certificate:010}", "link",
                   "certificate",
                   lambda one: reverse("residents:certificate", args=[one.certificate])),
            Column(_p("resident", "Plan"), lambda one: one.plan, "code", "plan"),
            Column(_p("resident", "Premium incl. VAT"), lambda one: one.enrolment.premium_fen,
                   "money", "enrolment__premium_fen"),
            Column(_p("sale link", "Bought"), lambda one: one.created_at, "moment",
                   "created_at"),
        ),
        search=("plan",), export=f"sales-{row.number}",
        empty={"title": _("Nothing sold yet"),
               "text": _("Sales appear here as soon as somebody buys."), "icon": "cash",
               "href": "", "action": ""})
    return list_page(request, queries.sales_of(row), shown, template="residents/link.html",
                     context={"link": row, "left": max(row.most - row.sold, 0),
                              "may_sell": allowed(request.actor, "residents.sell", row)})


@require_POST
@page("residents.sell")
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """End a link."""
    row: SaleLink = queries.link_of(request.actor, key)
    done(request, lambda: withdraw_link(row, actor=request.actor),
         _("The link was withdrawn. What was sold by it stays."))
    return redirect("residents:link", key=row.pk)
