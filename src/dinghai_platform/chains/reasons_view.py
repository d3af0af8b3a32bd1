"""Why a node's level moved, in words: what changed, where, and how it stood before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from dinghai_platform.chains.nodes import Node
from dinghai_platform.chains.words import (
    FIELDS,
    LINK_KINDS,
    REASONS,
    coded,
    indicator_name,
    word,
)
from dinghai_platform.site.formats import UNKNOWN, is_chinese, percent_text, value_text
from dinghai_platform.site.words import SEVERITIES

_LEFT_OUT: Final = ("products", "name", "item")
"""Fields of a row that are too long for a table, or are named beside it."""
_UNITS: Final = (("_fen", "fen"), ("_ppm", "ppm"), ("_seconds", "seconds"))


def reason_rows(reasons: Any, nodes: Mapping[str, Node]) -> list[dict[str, Any]]:
    """Reasons of dinghai.chain-level-changes/1 as rows of a table."""
    return [_row(one, nodes) for one in reasons]


def _row(one: Mapping[str, Any], nodes: Mapping[str, Node]) -> dict[str, Any]:
    kind = one["kind"]
    return {
        "kind_name": word(REASONS, kind), "at_name": _named(one["at"], nodes),
        "at_id": one["at"] if one["at"] in nodes else "",
        "what_name": _what(kind, one["what"], nodes), "moved_fen": one.get("moved_fen"),
        "before": _state(kind, one["what"], one.get("before")),
        "after": _state(kind, one["what"], one.get("after")),
        "steps": [{
            "name": step["name_zh"] if is_chinese() else step["name_en"],
            "before": _step(step, "before"), "after": _step(step, "after")}
            for step in one.get("steps") or ()]}


def _named(party: str, nodes: Mapping[str, Node]) -> str:
    return nodes[party].name if party in nodes else party


def _what(kind: str, what: str, nodes: Mapping[str, Node]) -> str:
    if kind == "control":
        return indicator_name(what)
    if kind in ("profile", "asset"):
        return str(FIELDS.get(what, what))
    source, arrow, rest = what.partition(">")
    if arrow:  # a link or a delivery: who, to whom, and of which kind
        target, _colon, sort = rest.partition(":")
        ends = f"{_named(source, nodes)} → {_named(target, nodes)}"
        return f"{ends} · {word(LINK_KINDS, sort)}" if sort else ends
    return _named(what, nodes)


def _state(kind: str, what: str, value: str | None) -> str:
    if value is None or value == "":
        return UNKNOWN
    if kind == "control" and value.isdecimal():
        return percent_text(int(value), 0)
    if kind == "finding" and value in SEVERITIES:
        return str(SEVERITIES[value].label)
    if kind == "epss" and value.isdecimal():
        return percent_text(int(value), 1)
    if kind in ("link", "goods", "asset") and "=" in value:
        return " · ".join(f"{word(FIELDS, name)} {_value(name, said)}"
                          for name, said in _fields(value) if name not in _LEFT_OUT)
    return _value(what, value)


def _fields(text: str) -> list[tuple[str, str]]:
    """The fields of a row as the engine writes them: ``name=value, name=value``."""
    found: list[tuple[str, str]] = []
    for part in text.split(", "):
        name, equals, value = part.partition("=")
        if equals and name.isidentifier():
            found.append((name, value))
    return found


def _value(name: str, value: str) -> str:
    if value in ("True", "False"):
        return _("yes") if value == "True" else _("no")
    unit = next((unit for ending, unit in _UNITS if name.endswith(ending)), "")
    return value_text(int(value), unit) if unit and value.isdecimal() else coded(name, value)


def _step(step: Mapping[str, Any], name: str) -> str:
    value = step[name]
    if value is None:
        return UNKNOWN
    return value_text(value, "seconds") if step["code"] == "containment" else (
        percent_text(value, 1))
