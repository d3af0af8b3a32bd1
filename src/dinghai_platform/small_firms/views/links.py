"""Links: made, shown once, withdrawn; and where a link leads."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.core.web import page
from dinghai_platform.site.lists import Column, List, list_page
from dinghai_platform.small_firms import queries
from dinghai_platform.small_firms.forms import LinkForm
from dinghai_platform.small_firms.models import Firm, Link
from dinghai_platform.small_firms.services.firms import start_firm
from dinghai_platform.small_firms.services.links import make_link, revoke_link
from dinghai_platform.small_firms.views.firms import plans_context
from dinghai_platform.small_firms.views.frame import BY_LINK, Way, done, enter_by, through_link


def _firm_of(row: Link) -> Firm | None:
    return getattr(row, "firm", None)


def _list() -> List:
    return List(
        name=_("Links for small firms"),
        columns=(
            Column(_("Note"), lambda row: row.label or "—", sort="label"),
            Column(_("State"), lambda row: row.state_code, "status"),
            Column(_p("small firm", "Firm"), lambda row: (
                _firm_of(row).name or _firm_of(row).number) if _firm_of(row) else "—", "link",
                href=lambda row: reverse("small_firms:firm", args=[_firm_of(row).pk])
                if _firm_of(row) else ""),
            Column(_("Valid until"), lambda row: row.open_until or row.expires_at, "day",
                   "expires_at"),
            Column(_p("link", "Prices asked"), lambda row: row.prices, "count", "prices"),
            Column(_("Made by"), lambda row: row.made_by or "—"),
        ),
        search=("label__icontains", "firm__name__icontains"), default_sort="-id",
        export="small-firm-links",
        empty={"title": _("No link yet"),
               "text": _("Make one above and send it to a small firm: it answers, gets its price "
                         "and its policy without an account."),
               "icon": "link", "href": "", "action": ""},
    )


@never_cache
@page("small_firms.invite")
def link_list(request: HttpRequest) -> HttpResponse:
    """The links of the actor's house; a new one is shown once."""
    form = LinkForm(request.POST or None)
    address = ""
    if request.method == "POST" and form.is_valid():
        made = done(request, lambda: make_link(
            label=form.cleaned_data["label"], days=form.cleaned_data["days"],
            actor=request.actor), "")
        if made is not None:
            address = request.build_absolute_uri(
                reverse("small_firms:link_enter", args=[made[1]]))
            form = LinkForm()
    return list_page(request, queries.links(request.actor), _list(),
                     template="small_firms/links.html",
                     context={"form": form, "address": address, "open_links": [
                         one for one in queries.links(request.actor).order_by("-id")[:20]
                         if one.state_code in ("firm_link_new", "firm_link_opened")]})


@require_POST
@page("small_firms.invite")
def revoke(request: HttpRequest, key: UUID) -> HttpResponse:
    """Withdraw a link."""
    row: Link = visible_or_404(Link.objects.select_related("tenant", "broker"), request.actor,
                               pk=key)
    require(request.actor, "small_firms.invite", row)
    done(request, lambda: revoke_link(row, actor=request.actor),
         _("The link leads nowhere any more."))
    return redirect("small_firms:links")


@never_cache
def link_enter(request: HttpRequest, secret: str) -> HttpResponse:
    """A link is opened."""
    return enter_by(request, secret, reverse("small_firms:link_home"))


@never_cache
def link_home(request: HttpRequest) -> HttpResponse:
    """Where a link leads: the plans first, then wherever its firm stands."""
    return through_link(request, lambda way: _arrive(request, way))


def _arrive(request: HttpRequest, way: Way) -> HttpResponse:
    if request.method == "POST":
        assert way.link is not None
        made = done(request, lambda: start_firm(actor=way.actor, link=way.link), "")
        if made is not None:
            return redirect("small_firms:link_answers")
    if way.firm is not None and request.GET.get("plans") is None:
        return redirect("small_firms:link_firm")
    return render(request, "small_firms/plans.html", {
        **plans_context(), "layout": BY_LINK, "way": way, "may_start": way.firm is None,
        "insurer": way.link.tenant if way.link else None, "broker": way.link.broker
        if way.link else None})
