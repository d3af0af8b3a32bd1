"""Answers of many lines that are never held whole, however the site is served."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from typing import Final

from asgiref.sync import sync_to_async
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, override

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import scope_of

LINES: Final = 500
"""Lines that are made at a time."""


class LinesInParts(StreamingHttpResponse):
    """Lines that are made while they are sent. Under ASGI Django would make all of them before it
    sent the first one; this asks for the next part when the one before is on its way."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts = iter(self.streaming_content)
        while (part := await sync_to_async(next)(parts, None)) is not None:
            yield part


def csv_stream(actor: Actor, lines: Iterable[str], name: str) -> LinesInParts:
    """A CSV file that is never held whole, read in the actor's scope and language: the request's
    own are over when it is sent."""
    answer = LinesInParts(_parts(actor, iter(lines), get_language()),
                          content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer


def _parts(actor: Actor, lines: Iterator[str], language: str | None) -> Iterator[str]:
    """Each part is made in a scope of its own: between two parts the thread may serve others."""
    while True:
        with scope_of(actor), override(language):
            part = "".join(islice(lines, LINES))
        if not part:
            return
        yield part
