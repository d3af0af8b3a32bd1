"""Set-up, invitations, the front page, and as what one acts."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core import services, tokens
from dinghai_platform.core.forms import InvitedForm, SetupForm, show_error
from dinghai_platform.core.house import menu_for
from dinghai_platform.core.middleware import MEMBERSHIP_IN_SESSION
from dinghai_platform.core.web import page

BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@sensitive_post_parameters("password", "password_again")
def set_up(request: HttpRequest, secret: str) -> HttpResponse:
    """The one-time set-up page; 404 once its link is used or over."""
    if tokens.live_setup_link(secret) is None:
        raise Http404("no such set-up link")
    form = SetupForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            membership = services.set_up_site(
                secret,
                username=data["username"],
                email=data["email"],
                password=data["password"],
                operator=data["operator"],
                insurer=data["insurer"],
            )
        except DinghaiError as error:
            show_error(form, error)
        else:
            login(request, membership.user, backend=BACKEND)
            messages.success(request, _("The platform is set up. You are its administrator."))
            return redirect("core:home")
    return render(request, "core/set_up.html", {"form": form})


@never_cache
@sensitive_post_parameters("password", "password_again")
def invited(request: HttpRequest, secret: str) -> HttpResponse:
    """Where an invitation leads; 404 once it is used, withdrawn or over."""
    invitation = services.live_invitation(secret)
    if invitation is None:
        raise Http404("no such invitation")
    known = request.user if request.user.is_authenticated else None
    form = InvitedForm(request.POST or None)
    if request.method == "POST" and (known or form.is_valid()):
        data = {} if known else form.cleaned_data
        try:
            membership = services.accept_invitation(
                secret,
                username=data.get("username", ""),
                password=data.get("password", ""),
                full_name=data.get("full_name", ""),
                user=known,
            )
        except DinghaiError as error:
            if known:
                raise
            show_error(form, error)
        else:
            if known is None:
                login(request, membership.user, backend=BACKEND)
            request.session[MEMBERSHIP_IN_SESSION] = str(membership.pk)
            return redirect("core:home")
    return render(
        request, "core/invited.html", {"form": form, "invitation": invitation, "known": known}
    )


def home(request: HttpRequest) -> HttpResponse:
    """The front page: the one DINGHAI_FRONT_PAGE names, else what the menu holds."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    front = getattr(settings, "DINGHAI_FRONT_PAGE", None)
    if front and request.actor is not None:
        return redirect(front)
    return render(request, "core/home.html", {"items": menu_for(request.actor)})


@page()
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Act as another of one's memberships from now on."""
    wanted = request.POST.get("membership", "")
    if wanted not in {str(one.pk) for one in request.memberships}:
        raise Http404("no such membership")
    request.session[MEMBERSHIP_IN_SESSION] = wanted
    request.session.cycle_key()
    address = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()}):
        address = "/"
    return redirect(address)
