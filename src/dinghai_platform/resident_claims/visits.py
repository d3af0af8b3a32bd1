"""A claimant's visit: half an hour, signed, for one certificate, in a cookie of these pages alone.

A second cookie holds a random name of the device for a year; claims keep a keyed hash of it.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.residents.models import Certificate, Enrolment

COOKIE: Final = "dinghai_claimant"
DEVICE: Final = "dinghai_device"
LASTS: Final = timedelta(minutes=30)
_SALT: Final = "dinghai resident claims visit"
_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose certificate a claimant has shown to be theirs, and as whom the house acts for them."""

    certificate: Certificate
    actor: Actor


def begin(request: HttpRequest, response: HttpResponse, certificate: Certificate) -> None:
    """Remember a claimant who has been let in."""
    _remember(response, certificate.pk, certificate.tenant_id)
    if not device_of(request):
        name = signing.Signer(salt=DEVICE).sign(secrets.token_urlsafe(16))
        _cookie(response, DEVICE, name, _YEAR)


def end(response: HttpResponse) -> None:
    """Forget the claimant."""
    response.delete_cookie(COOKIE, path=_path(), samesite="Strict")


def device_of(request: HttpRequest) -> str:
    """The random name of the claimant's device; empty before the first visit."""
    try:
        return str(signing.Signer(salt=DEVICE).unsign(request.COOKIES.get(DEVICE, "")))
    except signing.BadSignature:
        return ""


def visited(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of claimants: the view gets the visit; without one the entrance is shown."""

    @never_cache
    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        known = _known(request)
        if known is None:
            if COOKIE in request.COOKIES:
                messages.info(request, _("Your visit has ended. What you saved is kept: come in "
                                         "again."))
            return redirect("resident_claims:start")
        certificate, tenant = known
        actor = system_actor(tenant, request_id=request.request_id)
        with scope_of(actor):
            row = Certificate.objects.within(tenant).filter(
                pk=certificate, chunk__enrolment__state=Enrolment.State.SEALED).select_related(
                "tenant", "chunk__enrolment__scheme").first()
            if row is None:
                return redirect("resident_claims:start")
            response = view(request, Visit(row, actor), *args, **named)
        if response.cookies.get(COOKIE) is None:
            _remember(response, certificate, tenant.pk)
        return response

    return guarded


def _known(request: HttpRequest) -> tuple[int, Organisation] | None:
    try:
        said = signing.Signer(salt=_SALT).unsign_object(request.COOKIES.get(COOKIE, ""))
        until, certificate, tenant = int(said["u"]), int(said["c"]), UUID(said["t"])
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        return None
    if until < clock.machine_now().timestamp():
        return None
    found = Organisation.objects.filter(pk=tenant, is_active=True).first()
    return (certificate, found) if found else None


def _remember(response: HttpResponse, certificate: int, tenant: UUID) -> None:
    until = int((clock.machine_now() + LASTS).timestamp())
    said = {"c": certificate, "t": str(tenant), "u": until}
    _cookie(response, COOKIE, signing.Signer(salt=_SALT).sign_object(said),
            int(LASTS.total_seconds()))


def _cookie(response: HttpResponse, name: str, value: str, lasts: int) -> None:
    response.set_cookie(name, value, max_age=lasts, path=_path(), httponly=True, samesite="Strict",
                        secure=bool(getattr(settings, "SESSION_COOKIE_SECURE", False)))


def _path() -> str:
    return reverse("resident_claims:claims")
