"""How a verb that is refused is said, and what an uploaded file may weigh."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.resident_claims.faults import fault_words


def done(request: HttpRequest, verb: Callable[[], Any], success: str) -> Any:
    """What a verb gives, said as a success; None, with the reason said, where it is refused."""
    try:
        found = verb()
    except DinghaiError as error:
        messages.error(request, fault_words(error))
        return None
    messages.success(request, success)
    return found


def first_error(form: Any) -> str:
    """The first fault of a form in one sentence."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""
