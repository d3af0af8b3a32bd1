"""What a page says after a verb: done, or why not, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from dinghai.foundation.errors import DinghaiError, Fault
from dinghai_platform.core.web import fault_of


def said(fault: Fault) -> str:
    """A fault in one sentence, translated where the words are known."""
    mend = f" ({_(fault.mend)})" if fault.mend else ""
    return f"{_(fault.message)}{mend}"


def answer(
    request: HttpRequest, act: Callable[[], Any], done: Any, where: Callable[[Any], Any] | Any
) -> HttpResponse:
    """Do a verb, say how it went, and go where it leads: an address, or one made of its result.

    After a refusal the reader stays where the form was.
    """
    try:
        result = act()
    except DinghaiError as error:
        messages.error(request, said(fault_of(error)))
        back = request.headers.get("Referer", "")
        here = request.build_absolute_uri("/")
        if back.startswith(here):
            return redirect(back)
        return redirect(where if isinstance(where, str) else "/")
    if done:
        messages.success(request, done)
    return redirect(where(result) if callable(where) else where)
