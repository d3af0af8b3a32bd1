"""How often the pages that need no sign-in answer one address."""

from __future__ import annotations

import functools
import hashlib
from typing import Any, Final

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dinghai_platform.core import clock
from dinghai_platform.core.addresses import address_of

MOST_A_MINUTE: Final = 60


def for_everybody(view: Any) -> Any:
    """A public page: read only, and at most 60 times a minute for one address."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        if _count(request) > MOST_A_MINUTE:
            return HttpResponse(_("Too many requests: wait a minute."), status=429,
                                content_type="text/plain; charset=utf-8",
                                headers={"Retry-After": "60"})
        answer: HttpResponse = view(request, *args, **kwargs)
        return answer

    return guarded


def _count(request: HttpRequest) -> int:
    """How many requests this address made in this minute of the machine. The address is kept as a
    hash, and forgotten after two minutes."""
    address = address_of(request)
    minute = int(clock.machine_now().timestamp()) // 60
    key = "subsidies-public:" + hashlib.sha256(f"{minute}:{address}".encode()).hexdigest()
    if cache.add(key, 1, 120):
        return 1
    try:
        return int(cache.incr(key))
    except ValueError:  # it was forgotten in between
        return 1
