"""The REST API under /api/v1: one error shape, one sign-in, one kind of page of rows.

A room adds `api.py` with `router = Router(tags=[…])`; its operations take ``request`` and read
``request.actor``. Errors of the engine become answers here: InputError 400, Refusal 409,
PermissionDenied 403, Http404 404, a body that does not fit its schema 422.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from ninja.security import APIKeyCookie, HttpBearer

from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.house import house_apps
from dinghai_platform.core.web import error_answer, error_body


class BySession(APIKeyCookie):
    """Signed in at the site; writes need the CSRF token."""

    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        """The session's actor."""
        return None if request.headers.get("Authorization") else request.actor


class ByToken(HttpBearer):
    """A bearer token of one membership."""

    openapi_scheme = "bearer"

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        """The token's actor."""
        return request.actor


class DescribedOnce(NinjaAPI):
    """The API; its description is long work and the same until the site starts anew."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._described: dict[tuple[str, str | None], Any] = {}

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> Any:
        """The description in the language of the moment; readers leave it as it is."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        key = (prefix, get_language())
        if key not in self._described:
            self._described[key] = super().get_openapi_schema(path_prefix=prefix)
        return self._described[key]


api = DescribedOnce(
    title="Dinghai",
    version="1",
    description="The platform's data and verbs. Amounts are whole fen, ratios parts per million.",
    auth=[ByToken(), BySession(csrf=True)],
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api",
)


def _answer(request: HttpRequest, fault: Fault, status: int) -> HttpResponse:
    return api.create_response(request, error_body(fault), status=status)


@api.exception_handler(InputError)
def _bad_input(request: HttpRequest, error: InputError) -> HttpResponse:
    return error_answer(error, status=400)


@api.exception_handler(Refusal)
def _refused(request: HttpRequest, error: Refusal) -> HttpResponse:
    return error_answer(error, status=409)


@api.exception_handler(ValidationError)
def _misfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first: dict[str, Any] = error.errors[0] if error.errors else {}
    # The first part says where it was (body, query), the second is the parameter's own name.
    place = [str(part) for part in first.get("loc", ())]
    field = ".".join(place[2:] if place[:1] == ["body"] and len(place) > 2 else place[1:])
    fault = Fault(str(first.get("msg", "does not fit")), field=field or None,
                  mend="see /api/v1/openapi.json")
    return _answer(request, fault, 422)


def _unstorable(request: HttpRequest, error: Exception) -> HttpResponse:
    fault = Fault("a value cannot be stored", mend="send no NUL, lone surrogate or huge number")
    return _answer(request, fault, 400)


for _kind in (DataError, UnicodeEncodeError, OverflowError):
    api.add_exception_handler(_kind, _unstorable)


@api.exception_handler(RequestDataTooBig)
def _too_large(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    fault = Fault("the body is too large", mend="send it in parts, or files as multipart/form-data")
    return _answer(request, fault, 413)


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    fault = Fault("you are not signed in", mend="sign in or send `Authorization: Bearer …`")
    return _answer(request, fault, 401)


@api.exception_handler(PermissionDenied)
def _not_allowed(request: HttpRequest, error: PermissionDenied) -> HttpResponse:
    fault = Fault("your role does not permit this", field=str(error) or None)
    return _answer(request, fault, 403)


@api.exception_handler(Http404)
def _nowhere(request: HttpRequest, error: Http404) -> HttpResponse:
    return _answer(request, Fault(str(error) or "no such thing"), 404)


@api.exception_handler(HttpError)
def _by_status(request: HttpRequest, error: HttpError) -> HttpResponse:
    return _answer(request, Fault(str(error)), error.status_code)


@api.exception_handler(Throttled)
def _too_often(request: HttpRequest, error: Throttled) -> HttpResponse:
    return _answer(request, Fault("too many requests", mend="wait a little"), 429)


for _room in house_apps():
    _module = _room.module_named("api") if _room.api_prefix is not None else None
    if _module is not None:
        api.add_router(_room.api_prefix or "", _module.router)


