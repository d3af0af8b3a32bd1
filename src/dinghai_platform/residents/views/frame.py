"""What pages of residents' cover share: verbs and how they are refused, files to download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.web import fault_of
from dinghai_platform.residents.faults import fault_row, fault_words
from dinghai_platform.residents.forms import PaceForm
from dinghai_platform.residents.models import ChangeList, Enrolment
from dinghai_platform.residents.services.changes import set_pace


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


def set_pace_by_form(request: HttpRequest, subject: Enrolment | ChangeList) -> None:
    """Set the pace of a list as its page's form says, and say what became of it."""
    form = PaceForm(request.POST)
    if form.is_valid():
        done(request, lambda: set_pace(subject, form.cleaned_data["rows_a_second"],
                                       actor=request.actor) or True, _("The pace is set."))
    else:
        messages.error(request, " ".join(form.errors["rows_a_second"]))


def fault_rows(error: DinghaiError) -> list[dict[str, Any]]:
    """All faults of an error as rows of a table."""
    return [fault_row(one) for one in getattr(error, "faults", (fault_of(error),))]


def download(content: bytes, name: str, media_type: str) -> HttpResponse:
    """Bytes as a file that no browser keeps."""
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = content_disposition_header(True, name)
    answer["Cache-Control"] = "no-store"
    return answer
