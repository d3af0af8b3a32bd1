"""The outermost bound: a request's body is refused before it fills memory or disk."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

from dinghai.foundation.errors import Fault

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
Scope = MutableMapping[str, Any]
May = Callable[[Scope, str], Awaitable[bool]]


class _TooLarge(Exception):
    """The body went over the bound while it came in."""


@dataclass(frozen=True, slots=True)
class Larger:
    """Addresses whose bodies may be larger, for those who hold a permission."""

    path: re.Pattern[str]
    maximum: int
    permission: str


async def _nobody(_scope: Scope, _permission: str) -> bool:
    return False


class BoundedBodies:
    """An ASGI application that answers 413 to a body above ``maximum`` bytes, and above a larger
    bound at the addresses that take lists of millions. There ``may`` is asked, before anything of
    a large body is read, whether its sender holds the permission; anybody else is held to
    ``maximum`` there too: a stranger fills no disk, whatever headers are sent.

    Django writes a whole body to a temporary file before any of its own bounds is asked; this one
    is asked first, by the announced length and again, byte by byte, for what announces none.
    """

    def __init__(
        self, application: Application, maximum: int, larger: Sequence[Larger] = (),
        may: May = _nobody,
    ) -> None:
        self._application = application
        self._maximum = maximum
        self._larger = tuple(larger)
        self._may = may

    async def __call__(
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Hand the request on unless its body is too large."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        maximum, announced = await self._bound_of(scope), _announced(scope)
        if announced is not None and announced > maximum:
            await self._refuse(send, maximum)
            return
        seen, began = 0, False

        async def receive_counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > maximum:
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
                await self._refuse(send, maximum)

    async def _bound_of(self, scope: Scope) -> int:
        announced = _announced(scope)
        if scope.get("method") != "POST" or (
                announced is not None and announced <= self._maximum):
            return self._maximum
        for one in self._larger:
            if one.path.fullmatch(scope.get("path", "")):
                known = await self._may(scope, one.permission)
                return one.maximum if known else self._maximum
        return self._maximum

    async def _refuse(self, send: Send, maximum: int) -> None:
        fault = Fault(
            f"the body is larger than {maximum} bytes", mend="send it in parts"
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


def _announced(scope: Scope) -> int | None:
    for name, value in scope.get("headers", ()):
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return None
