"""The public list, payments, and what goes back."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import yuan
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import csv_answer, page
from dinghai_platform.site.lists import list_page
from dinghai_platform.subsidies import queries
from dinghai_platform.subsidies.services.payments import pay_grants, payable
from dinghai_platform.subsidies.services.publication import publish_list, to_publish
from dinghai_platform.subsidies.views.applications import application_list
from dinghai_platform.subsidies.views.frame import done, frame_of, in_hand
from dinghai_platform.subsidies.words import HELD, word


@page("subsidies.view_register")
def publication(request: HttpRequest, key: UUID) -> HttpResponse:
    """What a list of today would show, and the lists that were published."""
    row = in_hand(request, key)
    try:
        found = to_publish(row, actor=request.actor)
    except InputError:
        found = None
    return render(request, "subsidies/publication.html", {
        **frame_of(request, row, "publication"), "found": found,
        "sum_fen": sum(one.granted_fen for one in found.rows) if found else 0,
        "lists": queries.public_lists_of(row)})


@require_POST
@page("subsidies.administer")
def publish(request: HttpRequest, key: UUID) -> HttpResponse:
    """Publish the list of today."""
    row = in_hand(request, key, "administer")
    made = done(request, lambda: publish_list(row, actor=request.actor),
                _("The list is public: everybody may read it and object."))
    if made is not None:
        return redirect("subsidies:public_list", key=made.pk)
    return redirect("subsidies:publication", key=row.pk)


@page("subsidies.view_register")
def payments(request: HttpRequest, key: UUID) -> HttpResponse:
    """Who would be paid today, who not and why, and the payments that were made."""
    row = in_hand(request, key)
    found = payable(row, actor=request.actor)
    with scope_of(request.actor, tenant=row.tenant):
        paid = list(queries.payments_of(row))  # their entries stand in the house's books
    return render(request, "subsidies/payments.html", {
        **frame_of(request, row, "payments"), "found": found,
        "sum_fen": sum(one.fen for one in found.payments),
        "held": [(name, word(HELD, why)) for name, why in found.held],
        "payments": paid})


@require_POST
@page("subsidies.administer")
def pay(request: HttpRequest, key: UUID) -> HttpResponse:
    """Pay what may be paid."""
    row = in_hand(request, key, "administer")
    done(request, lambda: pay_grants(row, actor=request.actor),
         _("The payments were posted: give the file to the treasury."))
    return redirect("subsidies:payments", key=row.pk)


@page("subsidies.view_register")
def payment_file(request: HttpRequest, key: UUID) -> HttpResponse:
    """A list of payments for the treasury, as CSV. Accounts of the firms are not known here."""
    row = queries.payment(request.actor, key)
    require(request.actor, "subsidies.view_register", row)
    heading = [_p("payment", "No."), _p("application", "Number"), _p("application", "Firm"),
               _("Unified social credit code"), _("Amount (yuan)"), _p("payment", "For"),
               _("Due back elsewhere (yuan)")]
    return csv_answer(row.number, heading, (
        [place, one["application"], one["name"], one["credit_code"], yuan(one["fen"]),
         row.subsidy.name, yuan(one["firm_due_fen"])]
        for place, one in enumerate(row.document["payments"], start=1)))


@page("subsidies.view_register")
def returns(request: HttpRequest, key: UUID) -> HttpResponse:
    """Applications whose policies changed, and what is due back."""
    row = in_hand(request, key)
    frame = frame_of(request, row, "returns")
    shown = application_list(_("What goes back"), with_subsidy=False, empty={
        "title": _("Nothing goes back"),
        "text": _("When a policy ends or premium goes back, what the rule no longer gives stands "
                  "here."), "icon": "rotate", "href": "", "action": ""})
    changed = queries.applications_of(row).select_related("subsidy").filter(
        Q(refund_fen__gt=0) | Q(due_fen__gt=0) | Q(returned_fen__gt=0) | Q(cancelled=True))
    return list_page(request, changed, shown, template="subsidies/returns.html", context={
        **frame, "figures": queries.figures_of(row)})
