"""Shared services: what the park offers its members, and who used it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.http import require_POST

from dinghai_platform.core import clock
from dinghai_platform.core.permissions import require
from dinghai_platform.core.web import page
from dinghai_platform.parks import queries
from dinghai_platform.parks.forms import ServiceForm, UseForm
from dinghai_platform.parks.models import Park, SharedService
from dinghai_platform.parks.services.shared import offer_service, record_use, withdraw_service
from dinghai_platform.parks.views.frame import done, first_error, frame_of
from dinghai_platform.site.lists import Column, Filter, List, list_page


def _list(row: Park) -> List:
    return List(
        name=_p("park", "Uses of shared services"),
        columns=(
            Column(_p("park service", "Day"), lambda one: one.on, "day", "on"),
            Column(_p("park service", "Service"), lambda one: one.service_name,
                   sort="service_zh"),
            Column(_p("park", "Member"), lambda one: one.member.name, "link", "member__name_zh",
                   lambda one: reverse("parks:member", args=[one.member_id])),
            Column(_p("park service", "Note"), lambda one: one.note or "—"),
            Column(_("Recorded by"), lambda one: one.recorded_by or "—"),
        ),
        filters=(Filter("kind", _p("park service", "Kind"), SharedService.Kind.choices,
                        "service__kind"),),
        search=("service_zh__icontains", "service_en__icontains", "member__name_zh__icontains"),
        default_sort="-on", export=f"services-{row.number}",
        empty={"title": _("No use recorded yet"),
               "text": _("Record who used which service: it shows what the park does for its "
                         "firms' security."), "icon": "tool", "href": "", "action": ""},
    )


def _use_form(row: Park, data: object = None) -> UseForm:
    return UseForm(
        data, services=SharedService.objects.within(row.tenant_id).filter(
            park=row, state="offered").order_by("name_zh"),
        members=queries.members_of(row).order_by("name_zh"),
        initial={"on": min(max(clock.today(), row.inception), row.expiry)})


@page("parks.view")
def service_list(request: HttpRequest, key: UUID) -> HttpResponse:
    """What the park offers, and who used it."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.view", row)
    frame = frame_of(request, row, "services")
    may = frame["may_here"]["serve"] and row.is_in_force
    return list_page(request, queries.uses_of(row), _list(row), template="parks/services.html",
                     context={
                         **frame, "services": list(queries.services_of(row).order_by("id")[:100]),
                         "service_form": ServiceForm() if may else None,
                         "use_form": _use_form(row) if may else None,
                         "members_count": queries.members_of(row).filter(
                             state="enrolled").count()})


@require_POST
@page("parks.serve")
def offer(request: HttpRequest, key: UUID) -> HttpResponse:
    """Offer a service."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.serve", row)
    form = ServiceForm(request.POST)
    if form.is_valid():
        done(request, lambda: offer_service(row, actor=request.actor, **form.cleaned_data),
             _("The service is offered."))
    else:
        messages.error(request, first_error(form))
    return redirect("parks:services", key=row.pk)


@require_POST
@page("parks.serve")
def use(request: HttpRequest, key: UUID) -> HttpResponse:
    """Record that a member used a service."""
    row = queries.park(request.actor, key)
    require(request.actor, "parks.serve", row)
    form = _use_form(row, request.POST)
    if form.is_valid():
        data = form.cleaned_data
        done(request, lambda: record_use(data["service"], data["member"], on=data["on"],
                                         note=data["note"], actor=request.actor),
             _("Recorded."))
    else:
        messages.error(request, first_error(form))
    return redirect("parks:services", key=row.pk)


@require_POST
@page("parks.serve")
def withdraw(request: HttpRequest, key: UUID) -> HttpResponse:
    """Offer a service no longer."""
    row = queries.service(request.actor, key)
    require(request.actor, "parks.serve", row)
    done(request, lambda: withdraw_service(row, actor=request.actor),
         _("The service is offered no longer. What was used of it stays."))
    return redirect("parks:services", key=row.park_id)
