"""Schemathesis over the whole API, as each role: no crash, and every answer as described.

Operations come from the API's own description, so a new router is tested without a word here.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.platform.api.asking import (
    DOCUMENT,
    OPERATIONS,
    ROLES,
    Door,
    label,
    path_parameters,
)

pytestmark = pytest.mark.django_db
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_headers_conformance, response_schema_conformance,
]
HOST = "http://testserver"
EVERYBODY: tuple[str | None, ...] = (*ROLES, None)


def bounded(examples: int) -> settings:
    """A few examples, the same ones every time."""
    return settings(
        max_examples=examples, derandomize=True, deadline=None, database=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )


def send(door: Door, case: Any, role: str | None) -> Any:
    """The case as somebody, checked against the description."""
    raw = requests.Request(**case.as_transport_kwargs(base_url=HOST)).prepare()
    assert raw.url is not None
    body = raw.body.encode() if isinstance(raw.body, str) else raw.body or b""
    headers = {
        name: value for name, value in raw.headers.items()
        if name.lower() not in {"content-length", "content-type", "authorization", "cookie"}
    }
    answer = door.ask(
        case.method, raw.url.removeprefix(HOST), body=body, headers=headers,
        bearer=door.bearers[role] if role else None,
        media_type=raw.headers.get("Content-Type", ""),
    )
    response = schemathesis.Response(
        status_code=answer.status_code,
        headers={name: [value] for name, value in answer.headers.items()},
        content=answer.whole, request=raw, elapsed=0.0, verify=False,
    )
    case.validate_response(response, checks=CHECKS)
    return answer


def point_at_insurer_a(door: Door, case: Any) -> None:
    """Put real keys in place of made-up ones."""
    for name in path_parameters(case.operation.full_path):
        case.path_parameters[name] = door.key(case.operation.full_path, name)


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_what_fits_is_answered_as_described(operation: tuple[str, str], door: Door) -> None:
    method, path = operation
    described = SCHEMA[path][method]

    @bounded(6)
    @given(case=described.as_strategy(), real=st.booleans())
    def ask_as_everybody(case: Any, real: bool) -> None:
        if real:
            point_at_insurer_a(door, case)
        for role in EVERYBODY:
            answer = send(door, case, role)
            assert (answer.status_code == 401) is (role is None)

    ask_as_everybody()


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_what_does_not_fit_is_refused_in_words(operation: tuple[str, str], door: Door) -> None:
    method, path = operation
    described = SCHEMA[path][method]
    turn = itertools.cycle(EVERYBODY)

    @bounded(10)
    @given(case=described.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask_in_turn(case: Any) -> None:
        send(door, case, next(turn))

    ask_in_turn()
