"""What pages of a programme share: its head, and how a verb that is refused is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.chains.documents import chain_of_version, names_of
from dinghai_platform.chains.faults import fault_words
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.web import fault_of
from dinghai_platform.programmes.models import Programme
from dinghai_platform.site.formats import is_chinese


def frame_of(request: HttpRequest, row: Programme, tab: str) -> dict[str, Any]:
    """What the head of every page of a programme is given."""
    may = {name: allowed(request.actor, f"programmes.{name}", row) for name in (
        "administer", "study", "propose_settlement", "approve_settlement", "reverse_settlement",
        "float")}
    may["view_chain"] = allowed(request.actor, "chains.view", row)
    return {"programme": row, "tab": tab, "may_here": may}


def firm_names(row: Programme) -> dict[str, str]:
    """Names of the chain's firms and providers in the language of the page."""
    return names_of(chain_of_version(row.version), english=not is_chinese())


def done(request: HttpRequest, verb: Callable[[], Any], success: str) -> Any:
    """What a verb gives, said as a success; None, with the reason said, where it is refused."""
    try:
        found = verb()
    except DinghaiError as error:
        messages.error(request, fault_words(fault_of(error)))
        return None
    messages.success(request, success)
    return found


def first_error(form: Any) -> str:
    """The first fault of a form in one sentence."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""
