"""What happens to every request: content policy, who acts, and one answer per key."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from dinghai.foundation.errors import DinghaiError, Fault, InputError, Refusal
from dinghai_platform.core.actors import Actor, actor_of_membership
from dinghai_platform.core.idempotency import Answer, KeyReused, answer_once
from dinghai_platform.core.keys import new_request_id
from dinghai_platform.core.queries import memberships_of
from dinghai_platform.core.tenancy import scope_of
from dinghai_platform.core.tokens import actor_of_token
from dinghai_platform.core.web import error_answer, error_body

GetResponse = Callable[[HttpRequest], HttpResponse]
MEMBERSHIP_IN_SESSION = "membership"
API = "/api/"
WRITES = {"POST", "PUT", "PATCH", "DELETE"}


def actor_of_request(request: HttpRequest) -> Actor | None:
    """Who acts: the token's under /api/, else the session's member; None for a stranger."""
    if request.path.startswith(API):
        given = request.headers.get("Authorization", "")
        if given:
            scheme, _, secret = given.partition(" ")
            if scheme.lower() != "bearer":
                return None
            return actor_of_token(secret.strip(), request_id=request.request_id)
    if not request.user.is_authenticated:
        return None
    mine = list(memberships_of(request.user))
    wanted = request.session.get(MEMBERSHIP_IN_SESSION)
    chosen = next((one for one in mine if str(one.pk) == wanted), mine[0] if mine else None)
    request.memberships = mine
    request.membership = chosen
    if chosen is None:
        return None
    return actor_of_membership(chosen, request_id=request.request_id)


class ContentSecurityPolicy:
    """Nothing is loaded from, sent to or framed by anybody else; no inline script or style."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Content-Security-Policy", settings.DINGHAI_CONTENT_SECURITY_POLICY
        )
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=()"
        )
        return response


class ErrorsOfApi:
    """Under /api/ an error that arose outside the API's own code has the API's shape as well.

    Addresses that lead nowhere, methods that are not there, bodies that Django refuses: programs
    read one kind of error, never a page.
    """

    SAID = {
        400: ("the request cannot be read", "send what /api/v1/openapi.json describes"),
        403: ("this is not permitted", None),
        404: ("there is no such address", "see /api/v1/openapi.json"),
        405: ("this address does not take that method", "use one that the Allow header names"),
        413: ("the body is too large", "send it in parts"),
    }

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_error = response.status_code >= 400 and request.path.startswith(API)
        if not is_error or response.headers.get("Content-Type", "").startswith("application/json"):
            return response
        said, mend = self.SAID.get(response.status_code, ("the site could not do this", None))
        answer = JsonResponse(error_body(Fault(said, mend=mend)), status=response.status_code)
        for name in ("Allow", "X-Request-Id"):
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        return answer


class ActorOfRequest:
    """Puts `request.actor` (None for a stranger) and tells the database for whom it answers.

    Pages go by the session; under /api/ a bearer token stands above it. What a page raises of
    the engine's errors becomes a page that says so.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = new_request_id()
        request.actor = actor = actor_of_request(request)
        if actor is None:
            response = self.get_response(request)
        else:
            with scope_of(actor):
                response = self.get_response(request)
        response.headers["X-Request-Id"] = request.request_id
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A page for bad input (400) and for a business "no" (409); others go their way."""
        if not isinstance(error, DinghaiError) or request.path.startswith(API):
            return None
        status = 400 if isinstance(error, InputError) else 409
        if not isinstance(error, InputError | Refusal):
            return None
        return render(request, "core/refused.html", {"error": error}, status=status)


class AnswerOnce:
    """API writes that carry an Idempotency-Key are answered once and then the same again."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = request.headers.get("Idempotency-Key")
        actor = getattr(request, "actor", None)
        is_write = request.method in WRITES and request.path.startswith(API)
        if key is None or actor is None or not is_write:
            return self.get_response(request)
        try:
            body = request.body
        except RequestDataTooBig:
            error = InputError(
                "the body is too large for a request with an idempotency key",
                mend="send it in parts",
            )
            return error_answer(error, status=413)
        first: dict[str, HttpResponse] = {}

        def produce() -> Answer:
            response = first["response"] = self.get_response(request)
            return Answer(
                response.status_code,
                response.content.decode(),
                response.headers.get("Content-Type", "application/json"),
            )

        try:
            answer = answer_once(
                owner=actor.key,
                key=key,
                operation=f"{request.method} {request.get_full_path()}",
                body=body,
                produce=produce,
            )
        except KeyReused as error:
            return error_answer(error, status=409)
        except InputError as error:
            return error_answer(error, status=400)
        if not answer.repeated:
            return first["response"]
        response = HttpResponse(answer.text, status=answer.status, content_type=answer.media_type)
        response.headers["Idempotent-Replay"] = "true"
        return response

