"""The outermost bound: a request's body is refused before it fills memory or disk."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from dinghai.foundation.errors import Fault

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class _TooLarge(Exception):
    """The body went over the bound while it came in."""


class BoundedBodies:
    """An ASGI application that answers 413 to a body above ``maximum`` bytes.

    Django writes a whole body to a temporary file before any of its own bounds is asked; this one
    is asked first, by the announced length and again, byte by byte, for what announces none.
    """

    def __init__(self, application: Application, maximum: int) -> None:
        self._application = application
        self._maximum = maximum

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        """Hand the request on unless its body is too large."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        if _announced(scope) > self._maximum:
            await self._refuse(send)
            return
        seen, began = 0, False

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._maximum:
                raise _TooLarge
            return message

        async def send_noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._application(scope, receive_counted, send_noted)
        except _TooLarge:
            if not began:
                await self._refuse(send)

    async def _refuse(self, send: Send) -> None:
        fault = Fault(
            f"the body is larger than {self._maximum} bytes", mend="send it in parts"
        )
        body = json.dumps({"error": fault.to_dict()}).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"x-content-type-options", b"nosniff"),
        ]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _announced(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope.get("headers", ()):
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0
