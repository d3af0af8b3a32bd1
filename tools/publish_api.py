"""Write what the reference pages of the platform take from the code: endpoints and roles.

    python -m tools.publish_api

`docs/reference/api.md` gets the list of endpoints from the API's own description,
`docs/reference/platform.md` the table of roles from the rooms' permission rules. Only the text
between a page's two marks is written; the rest is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "docs/reference"
BEGIN = "<!-- written by python -m tools.publish_api -->"
END = "<!-- end -->"
METHODS = ("get", "post", "put", "patch", "delete")
KINDS = {
    "broker": "broker", "loss_adjuster": "adjuster", "chain_owner": "chain_owner",
    "park_operator": "park", "assessor": "provider", "soc": "provider", "ir_lead": "provider",
    "reinsurer": "reinsurer", "arbiter": "mediator", "regulator_miit": "regulator",
    "regulator_nfra": "regulator", "cac_viewer": "regulator",
}


def start_django() -> None:
    """Load the rooms."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dinghai_platform.settings.test")
    import django

    django.setup()


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _name_of(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if schema.get("type") == "array":
        return f"list of {_name_of(schema.get('items', {}))}"
    return str(schema.get("title") or schema.get("type") or "JSON")


def _content(described: dict[str, Any]) -> str:
    content = described.get("content", {})
    if not content:
        return ""
    media_type, shape = next(iter(content.items()))
    if media_type == "application/json":
        return f"`{_name_of(shape.get('schema', {}))}`"
    return f"`{media_type}`"


def _asked(operation: dict[str, Any]) -> str:
    query = [f"`?{one['name']}`" for one in operation.get("parameters", ())
             if one["in"] == "query"]
    body = _content(operation.get("requestBody", {}))
    return " ".join([*query, *([body] if body else [])])


def _answered(operation: dict[str, Any]) -> str:
    status, described = next(
        (str(status), described) for status, described in operation["responses"].items()
        if str(status).startswith("2")
    )
    return f"{status} {_content(described)}".strip()


def endpoints() -> str:
    """Every operation of the API, by room."""
    from dinghai_platform.api import api

    rows = [
        (operation.get("tags", [""])[0], method.upper(), path, operation)
        for path, item in api.get_openapi_schema()["paths"].items()
        for method in METHODS
        if (operation := item.get(method)) is not None
    ]
    rows.sort(key=lambda row: row[0])
    lines = []
    for room, found in groupby(rows, key=lambda row: row[0]):
        lines += [f"### {room}", "", "| operation | asks | answers | what it does |",
                  "| --- | --- | --- | --- |"]
        for _room, method, path, operation in found:
            said = operation.get("description") or operation.get("summary", "")
            lines.append(f"| `{method} {path}` | {_asked(operation)} | {_answered(operation)} "
                         f"| {_cell(said)} |")
        lines.append("")
    return "\n".join(lines)


def roles_table() -> str:
    """Every role with what it may do somewhere; a row in hand may narrow it further."""
    import rules

    from dinghai.vocabulary.roles import roles
    from dinghai_platform.core.roles import INSURED, INSURER_STAFF

    lines = ["| role | 中文 | English | sits at | may |", "| --- | --- | --- | --- | --- |"]
    names = sorted(name for name in rules.permissions.permissions if "." in name)
    for role in roles().values():
        kind = (
            "insurer" if role.id in INSURER_STAFF
            else "insured" if role.id in INSURED
            else KINDS.get(role.id, "insured")
        )
        held = [name for name in names if _holds(role.id, kind, name)]
        lines.append(f"| `{role.id}` | {role.name_zh} | {role.name_en} | {kind} "
                     f"| {_by_room(held)} |")
    return "\n".join(lines) + "\n"


def _holds(role: str, kind: str, permission: str) -> bool:
    from dinghai_platform.core.actors import Actor
    from dinghai_platform.core.models import Organisation
    from dinghai_platform.core.permissions import allowed

    organisation = Organisation(kind=kind, name_zh="")
    tenant = organisation if organisation.is_tenant else None
    actor = Actor(None, organisation, role, tenant)
    try:
        return allowed(actor, permission)
    except (AttributeError, TypeError):
        return False  # means nothing without a row


def _by_room(names: list[str]) -> str:
    parts = []
    for room, found in groupby(names, key=lambda name: name.split(".", 1)[0]):
        parts.append(f"{room}: " + ", ".join(name.split(".", 1)[1] for name in found))
    return "; ".join(parts)


PARTS: dict[str, Callable[[], str]] = {"api.md": endpoints, "platform.md": roles_table}


def page(name: str) -> str:
    """A page as it should be. Raises ValueError when it has lost its marks."""
    text = (FOLDER / name).read_text("utf-8")
    before, found, rest = text.partition(BEGIN)
    _old, closed, after = rest.partition(END)
    if not found or not closed:
        raise ValueError(f"{name} needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{PARTS[name]()}\n{END}{after}"


def main() -> None:
    """Write the pages."""
    start_django()
    for name in PARTS:
        (FOLDER / name).write_text(page(name), "utf-8")


if __name__ == "__main__":
    main()
