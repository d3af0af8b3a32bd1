"""What pages of subsidies share: the head of a subsidy, and how a verb that is refused is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from dinghai.foundation.errors import DinghaiError, InputError
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.core.web import fault_of
from dinghai_platform.subsidies import queries
from dinghai_platform.subsidies.fault_words import fault_row, fault_words
from dinghai_platform.subsidies.models import Subsidy


def in_hand(request: HttpRequest, key: Any, permission: str = "view_register") -> Subsidy:
    """A subsidy that the actor may see (or what is asked for), or Http404."""
    row = queries.subsidy(request.actor, key)
    require(request.actor, f"subsidies.{permission}", row)
    return row


def frame_of(request: HttpRequest, row: Subsidy, tab: str) -> dict[str, Any]:
    """What the head of every page of a subsidy is given."""
    return {"subsidy": row, "tab": tab,
            "may_administer": allowed(request.actor, "subsidies.administer", row)}


def done(request: HttpRequest, verb: Callable[[], Any], success: str) -> Any:
    """What a verb gives, said as a success; None, with the reason said, where it is refused."""
    try:
        found = verb()
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
        return None
    messages.success(request, success)
    return found


def faults_of(error: DinghaiError) -> list[dict[str, Any]]:
    """Every fault of an error as rows of a table."""
    return [fault_row(one) for one in (
        error.faults if isinstance(error, InputError) else (fault_of(error),))]


def show_faults(form: Any, error: DinghaiError) -> None:
    """Put each fault where the reader of a form sees it: at its field, else above."""
    for one in error.faults if isinstance(error, InputError) else (fault_of(error),):
        name = one.field if one.field in form.fields else None
        form.add_error(name, fault_words(one))


def first_error(form: Any) -> str:
    """The first fault of a form in one sentence."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""


