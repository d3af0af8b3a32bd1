"""Schemathesis over the whole API, as each role: no crash, and every answer as described.

Operations come from the API's own description, so a new router is tested without a word here.
"""

from __future__ import annotations

import contextlib
import copy
import itertools
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
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
SCHEMA = schemathesis.openapi.from_dict(copy.deepcopy(DOCUMENT))
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_headers_conformance, response_schema_conformance,
]
HOST = "http://testserver"
EVERYBODY: tuple[str | None, ...] = (None, *ROLES)


def some_of(strategy: Any, number: int) -> list[Any]:
    """At most so many cases of a strategy, the same ones every time."""
    found: list[Any] = []

    @settings(
        max_examples=number, derandomize=True, deadline=None, database=None,
        phases=(Phase.generate,), suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy)
    def collect(case: Any) -> None:
        found.append(case)

    with contextlib.suppress(Unsatisfiable):  # nothing can be wrong where nothing is asked
        collect()
    return found


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


# Each role asks twice: once about keys that were made up, once about insurer A's own objects.
THIRDS = tuple(ROLES[first::3] for first in range(3))
TURNS: tuple[tuple[tuple[str | None, ...], bool], ...] = tuple(
    (third, real) for real in (False, True) for third in THIRDS
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_what_fits_is_answered_as_described(operation: tuple[str, str], door: Door) -> None:
    method, path = operation
    cases = some_of(SCHEMA[path][method].as_strategy(), len(TURNS))
    # Where there is little to vary there are fewer cases than turns.
    for (roles, real), case in zip(TURNS, itertools.cycle(cases), strict=False):
        if real:
            point_at_insurer_a(door, case)
        for role in roles:
            assert send(door, case, role).status_code != 401


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_what_does_not_fit_is_refused_in_words(operation: tuple[str, str], door: Door) -> None:
    method, path = operation
    strategy = SCHEMA[path][method].as_strategy(generation_mode=GenerationMode.NEGATIVE)
    for role, case in zip(EVERYBODY, some_of(strategy, 6), strict=False):
        assert (send(door, case, role).status_code == 401) is (role is None)
