"""The API's doors: strangers, foreign keys, what is nowhere, and methods that are not there."""

from __future__ import annotations

import pytest
from ninja import Schema

from tests.platform.api.asking import (
    DOCUMENT,
    METHODS,
    OPERATIONS,
    ROLES,
    SELDOM,
    Door,
    label,
    object_named,
    path_parameters,
)

pytestmark = pytest.mark.django_db
WITH_KEYS = [one for one in OPERATIONS if path_parameters(one[1])]
AWAY = {403, 404}


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_every_operation_describes_itself(operation: tuple[str, str]) -> None:
    described = DOCUMENT["paths"][operation[1]][operation[0]]
    assert described["summary"] and described.get("description"), "give it a docstring"
    missing = {"401", "403", "404", "409", "422"} - set(described["responses"])
    assert not missing, "spread **ERRORS into its response"


def test_operations_have_names_of_their_own() -> None:
    names = [DOCUMENT["paths"][path][method]["operationId"] for method, path in OPERATIONS]
    assert sorted(names) == sorted(set(names))


def test_shapes_have_names_of_their_own() -> None:
    """Two shapes of one name would overwrite each other in the description."""
    found: dict[str, set[str]] = {}
    waiting = [Schema]
    while waiting:
        for shape in waiting.pop().__subclasses__():
            waiting.append(shape)
            if shape.__module__.startswith("dinghai_platform."):
                found.setdefault(shape.__name__, set()).add(shape.__module__)
    assert {name: rooms for name, rooms in found.items() if len(rooms) > 1} == {}


@pytest.mark.parametrize("operation", WITH_KEYS, ids=label)
def test_every_parameter_is_known(operation: tuple[str, str], door: Door) -> None:
    for name in path_parameters(operation[1]):
        named = object_named(operation[1], name)
        assert named.startswith("=") or named in door.scenery.objects, (
            f"say in tests/platform/routes/registry.py PARAMETERS which object {name!r} names"
        )


@pytest.mark.parametrize("operation", OPERATIONS, ids=label)
def test_a_stranger_gets_401(operation: tuple[str, str], door: Door) -> None:
    method, path = operation
    body, media_type = door.body(method, path)
    for bearer in (None, "dh_unknown"):
        answer = door.ask(method, door.address(path), bearer=bearer, body=body,
                          media_type=media_type)
        assert answer.status_code == 401


@pytest.mark.parametrize("operation", WITH_KEYS, ids=label)
def test_foreign_keys_are_not_there(operation: tuple[str, str], door: Door) -> None:
    method, path = operation
    body, media_type = door.body(method, path)
    address = door.address(path)
    reached = set()
    for role in (*ROLES, *SELDOM):
        own = door.ask(method, address, bearer=door.bearers[role], body=body,
                       media_type=media_type).status_code
        reached.add(own)
        foreign = door.ask(method, address, bearer=door.foreign[role], body=body,
                           media_type=media_type).status_code
        assert foreign != 422, "the small body does not fit; see asking.smallest"
        assert foreign in (AWAY if own == 403 else {404}), f"{role}: own {own}, foreign {foreign}"
    assert reached - AWAY, "no role reaches insurer A's own object: the test proves nothing"


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_other_methods_are_refused_in_words(path: str, door: Door) -> None:
    for method in METHODS:
        if method not in DOCUMENT["paths"][path]:
            answer = door.ask(method, door.address(path), bearer=door.bearers["underwriter"])
            assert answer.status_code == 405
            assert answer.headers["Allow"]


@pytest.mark.parametrize("address", ["/api/v1/nowhere", "/api/v1/jobs/x/y/z", "/api/v2/me"])
def test_what_is_nowhere_is_refused_in_words(address: str, door: Door) -> None:
    for bearer in (None, door.bearers["underwriter"]):
        assert door.ask("get", address, bearer=bearer).status_code == 404
