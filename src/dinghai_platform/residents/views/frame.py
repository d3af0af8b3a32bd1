"""What pages of residents' cover share: verbs and how they are refused, answers that stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.web import fault_of
from dinghai_platform.residents.faults import fault_row, fault_words


def done(request: HttpRequest, verb: Callable[[], Any], success: str = "") -> Any:
    """What a verb gives, said as a success; None, with the reason said, where it is refused."""
    try:
        found = verb()
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
        return None
    if success:
        messages.success(request, success)
    return found


def fault_rows(error: DinghaiError) -> list[dict[str, Any]]:
    """All faults of an error as rows of a table."""
    return [fault_row(one) for one in getattr(error, "faults", (fault_of(error),))]


def scoped(actor: Actor, lines: Iterable[str]) -> Iterator[str]:
    """Lines that are made while they are sent, in the actor's scope: the request's own is over."""
    with scope_of(actor):
        yield from lines


def csv_stream(actor: Actor, lines: Iterable[str], name: str) -> StreamingHttpResponse:
    """A CSV file that is never held whole."""
    answer = StreamingHttpResponse(scoped(actor, lines), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = content_disposition_header(True, name)
    return answer


def download(content: bytes, name: str, media_type: str) -> HttpResponse:
    """Bytes as a file that no browser keeps."""
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["Cache-Control"] = "no-store"
    return answer
