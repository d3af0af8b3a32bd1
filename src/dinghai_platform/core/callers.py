"""Who sends a request, told from its headers before anything of its body is read."""

from __future__ import annotations

import io
from collections.abc import MutableMapping
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from dinghai_platform.core.keys import new_request_id
from dinghai_platform.core.middleware import actor_of_request
from dinghai_platform.core.permissions import allowed


async def asked_first(scope: MutableMapping[str, Any], permission: str) -> bool:
    """`may_send`, asked of the database in a thread of its own as a request does it."""
    async with ThreadSensitiveContext():  # a thread of its own: no upload waits for another's
        return await sync_to_async(_asked)(scope, permission)


def _asked(scope: MutableMapping[str, Any], permission: str) -> bool:
    close_old_connections()
    try:
        return may_send(scope, permission)
    finally:
        close_old_connections()


def may_send(scope: MutableMapping[str, Any], permission: str) -> bool:
    """Whether a request's session or token is of somebody who holds a permission: the same
    middleware tells it that will ask again once the body is there."""
    request = ASGIRequest(dict(scope), io.BytesIO())
    request.request_id = new_request_id()
    SessionMiddleware(_no_answer).process_request(request)
    AuthenticationMiddleware(_no_answer).process_request(request)
    actor = actor_of_request(request)
    return actor is not None and allowed(actor, permission)


def _no_answer(_request: HttpRequest) -> HttpResponse:
    raise AssertionError("the headers alone are asked")
