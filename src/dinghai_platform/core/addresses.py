"""Who asks, as far as a network address says it: for limits on what strangers may do."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address that asks. Behind a proxy that is trusted it is the address that the proxy itself
    saw: the last one it wrote down; what stands before it anybody may have written."""
    if settings.SECURE_PROXY_SSL_HEADER:
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if seen:
            return seen
    return str(request.META.get("REMOTE_ADDR", ""))
