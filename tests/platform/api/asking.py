"""Sends requests to the API inside this process and checks what every answer must be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.test import Client

from dinghai_platform.api import api
from tests.platform.routes.registry import BODIES, PARAMETERS
from tests.platform.routes.scenery import Scenery

ROLES = (
    "insured_admin", "underwriter", "claims_handler", "claims_approver", "claims_payment",
    "regulator_nfra", "actuary", "auditor", "platform_admin",
)
SELDOM = (
    "chief_underwriter", "compliance", "product_manager", "insured_security", "ir_lead",
    "loss_adjuster", "regulator_miit",
)
"""Roles that some operation is for alone; they try every door, and not every body."""
ERROR_KEYS = {"file", "line", "field", "message", "mend"}
METHODS = ("get", "post", "put", "patch", "delete")
DOCUMENT: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
OPERATIONS = [
    (method, path) for path, item in DOCUMENT["paths"].items() for method in METHODS
    if method in item
]


def label(operation: tuple[str, str]) -> str:
    """How a test names an operation."""
    return f"{operation[0].upper()} {operation[1].removeprefix('/api/v1')}"


def object_named(path: str, parameter: str) -> str:
    """The object of the scenery that a path parameter names.

    What the registry says for the path up to it, else "x" for x_id, else the singular of the word
    before it: /cases/{key} names a case.
    """
    before = path.removeprefix("/api/v1").split("{" + parameter + "}")[0]
    if said := PARAMETERS.get(before + "{" + parameter + "}"):
        return said
    if parameter.endswith("_id"):
        return parameter.removesuffix("_id")
    return singular(before.rstrip("/").rsplit("/", 1)[-1])


def singular(word: str) -> str:
    """policies -> policy, fixes -> fix, cases -> case."""
    for plural, single in (("ies", "y"), ("xes", "x"), ("s", "")):
        if word.endswith(plural):
            return word.removesuffix(plural) + single
    return word


def path_parameters(path: str) -> list[str]:
    """The names in braces."""
    return [part.split("}")[0] for part in path.split("{")[1:]]


@dataclass
class Door:
    """The API, and who stands before it with what token."""

    scenery: Scenery
    bearers: dict[str, str]
    foreign: dict[str, str]

    def ask(
        self, method: str, address: str, *, bearer: str | None = None, body: bytes = b"",
        media_type: str = "application/json", headers: dict[str, str] | None = None,
    ) -> Any:
        """One request. What it writes is undone, so that no request depends on another."""
        given = {**(headers or {})}
        if bearer is not None:
            given["Authorization"] = f"Bearer {bearer}"
        with transaction.atomic():
            try:
                answer = Client().generic(
                    method.upper(), address, body, content_type=media_type, headers=given
                )
                answer.whole = (
                    b"".join(answer.streaming_content) if answer.streaming else answer.content
                )
            finally:
                transaction.set_rollback(True)
        check_manners(answer)
        return answer

    def address(self, path: str) -> str:
        """The path with insurer A's objects in it."""
        address = path
        for name in path_parameters(path):
            address = address.replace("{" + name + "}", self.key(path, name))
        return address

    def key(self, path: str, parameter: str) -> str:
        """What stands in the path for a parameter: an object's key, or a text said with "="."""
        named = object_named(path, parameter)
        return named[1:] if named.startswith("=") else self.scenery.key(named)

    def body(self, method: str, path: str) -> tuple[bytes, str]:
        """A small body for an operation, and its media type."""
        content = DOCUMENT["paths"][path][method].get("requestBody", {}).get("content", {})
        if not content:
            return b"", "application/json"
        media_type, described = next(iter(content.items()))
        value = smallest(described["schema"])
        if isinstance(value, dict):
            value |= {name: self.scenery.key(BODIES[name]) for name in value if name in BODIES}
        if media_type == "application/json":
            return json.dumps(value).encode(), media_type
        boundary = "a-boundary-that-is-nowhere-else"
        properties = resolved(described["schema"]).get("properties", {})
        parts = []
        for name, one in value.items():
            is_file = resolved(properties.get(name, {})).get("format") == "binary"
            more = '; filename="upload.zip"\r\nContent-Type: application/zip' if is_file else ""
            head = f'Content-Disposition: form-data; name="{name}"{more}'
            parts.append(f"--{boundary}\r\n{head}\r\n\r\n{one}\r\n")
        return (
            "".join([*parts, f"--{boundary}--\r\n"]).encode(),
            f"multipart/form-data; boundary={boundary}",
        )


def check_manners(answer: Any) -> None:
    """No answer is a crash, and every error says the same five things."""
    assert answer.status_code < 500
    if answer.status_code >= 400:
        assert answer.headers["Content-Type"].startswith("application/json")
        document = json.loads(answer.whole)
        assert set(document) == {"error"}
        assert set(document["error"]) == ERROR_KEYS
        assert document["error"]["message"].strip()


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema a reference stands for."""
    while "$ref" in schema:
        schema = DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


EXAMPLES = {
    "uuid": "01890000-0000-7000-8000-000000000000", "date": "2026-10-13",
    "date-time": "2026-10-13T09:00:00+08:00", "binary": "x", "email": "a@example.test",
}


def smallest(schema: dict[str, Any]) -> Any:
    """A small value that fits a schema; enough for a body that reaches the operation."""
    schema = resolved(schema)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return smallest(schema[key][0])
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        wanted = schema.get("required", [])
        return {name: smallest(schema["properties"][name]) for name in wanted}
    if kind == "array":
        return [smallest(schema["items"])] * schema.get("minItems", 0)
    if kind in {"integer", "number"}:
        return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    if kind == "boolean":
        return False
    if kind == "string":
        found = EXAMPLES.get(schema.get("format", ""), "x")
        return found if "format" in schema else found * schema.get("minLength", 1)
    return None
