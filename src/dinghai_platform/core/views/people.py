"""Members, invitations, organisations and access tokens."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core import clock, queries, services, tokens
from dinghai_platform.core.forms import InviteForm, OrganisationForm, TokenForm, show_error
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import page, page_of


@never_cache
@page("core.manage_members")
def members(request: HttpRequest) -> HttpResponse:
    """Who belongs to the organisation, and inviting more; the link is shown this once."""
    form = InviteForm(request.POST or None, organisations=_managed(request))
    link = ""
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _invitation, secret = services.invite(
                data["organisation"], email=data["email"], role=data["role"], actor=request.actor
            )
        except DinghaiError as error:
            show_error(form, error)
        else:
            link = request.build_absolute_uri(reverse("core:invited", args=[secret]))
            form = InviteForm(organisations=_managed(request))
    context = {
        "form": form,
        "link": link,
        "page": page_of(request, queries.members_visible_to(request.actor)),
        "invitations": queries.open_invitations(request.actor, clock.machine_now()),
    }
    return render(request, "core/members.html", context)


@require_POST
@page("core.manage_members")
def end_membership(request: HttpRequest, membership: UUID) -> HttpResponse:
    """Take a role away."""
    found = get_object_or_404(queries.members_visible_to(request.actor), pk=membership)
    services.end_membership(found, actor=request.actor)
    messages.success(request, _("The membership has ended."))
    return redirect("core:members")


@page("core.manage_tenants")
def organisations(request: HttpRequest) -> HttpResponse:
    """Every organisation of the platform, and adding one."""
    form = OrganisationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_organisation(actor=request.actor, **form.cleaned_data)
        except DinghaiError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The organisation was added."))
            return redirect("core:organisations")
    rows = queries.organisations_visible_to(request.actor)
    return render(
        request, "core/organisations.html", {"form": form, "page": page_of(request, rows)}
    )


@never_cache
@page("core.own_tokens")
def own_tokens(request: HttpRequest) -> HttpResponse:
    """One's access tokens, and making one; its secret is shown this once."""
    form = TokenForm(request.POST or None)
    secret = ""
    if request.method == "POST" and form.is_valid():
        secret, form = _make_token(request, form)
    context: dict[str, Any] = {
        "form": form,
        "secret": secret,
        "tokens": queries.tokens_of(request.actor),
        "moment": clock.machine_now(),
    }
    return render(request, "core/tokens.html", context)


@require_POST
@page("core.own_tokens")
def revoke_token(request: HttpRequest, token: UUID) -> HttpResponse:
    """End one of one's tokens."""
    found = get_object_or_404(queries.tokens_of(request.actor), pk=token)
    tokens.revoke_token(found, actor=request.actor)
    messages.success(request, _("The token was revoked."))
    return redirect("core:tokens")


def _make_token(request: HttpRequest, form: TokenForm) -> tuple[str, TokenForm]:
    data = form.cleaned_data
    try:
        _token, secret = tokens.issue_token(
            request.membership,
            name=data["name"],
            scopes=data["scopes"].replace(",", " ").split(),
            days=data["days"],
            actor=request.actor,
        )
    except DinghaiError as error:
        show_error(form, error)
        return "", form
    return secret, TokenForm()


def _managed(request: HttpRequest) -> Any:
    if allowed(request.actor, "core.manage_tenants"):
        return Organisation.objects.filter(is_active=True)
    return Organisation.objects.filter(pk=request.actor.organisation.pk)
