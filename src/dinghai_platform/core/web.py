"""Small helpers of pages: who may see one, pages of a list, CSV, errors as JSON."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse

from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai_platform.core.permissions import require

View = Callable[..., HttpResponse]
ROWS_PER_PAGE = 50


def page(permission: str | None = None) -> Callable[[View], View]:
    """A page for those signed in who hold the permission. The view reads `request.actor`.

    A stranger is sent to sign in; someone without a membership or the permission gets 403.
    """

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if request.actor is None:
                raise PermissionDenied("no membership")
            if permission is not None:
                require(request.actor, permission)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def page_of(request: HttpRequest, rows: Any, *, size: int = ROWS_PER_PAGE) -> Page:
    """The page of a long list that ``?page=`` asks for; the nearest one when there is none."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def csv_answer(
    name: str, heading: Sequence[Any], rows: Iterable[Sequence[Any]]
) -> HttpResponse:
    """Rows as a CSV file (UTF-8 with its mark, so that office programs read the Chinese).

    A cell that a spreadsheet would run as a formula is made text.
    """
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([str(cell) for cell in heading])
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    response = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _plain(cell: Any) -> Any:
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + cell
    return cell


def error_body(fault: Fault) -> dict[str, Any]:
    """The one shape of every error of the API and of `--json`."""
    return {"error": fault.to_dict()}


def fault_of(error: Exception) -> Fault:
    """The fault an error carries."""
    if isinstance(error, InputError):
        return error.fault
    if isinstance(error, Refusal):
        return Fault(error.message, mend="; ".join(error.reasons) or None)
    return Fault(str(error))


def error_answer(error: Exception, *, status: int) -> JsonResponse:
    """An error as the API says it."""
    return JsonResponse(error_body(fault_of(error)), status=status)
