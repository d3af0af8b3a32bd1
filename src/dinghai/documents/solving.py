"""Facts that make a predicate true, or false: for examples of what a product words itself.

It takes the first branch that can hold and asks for nothing clever: predicates of wordings name
few facts, and the engine checks afterwards whether the facts did what was meant.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SHANGHAI
from dinghai.vocabulary.facts import Fact, fact
from dinghai.wording.policy import Policy

Facts = dict[str, JSON]

ABSENT: Final = {"absent": True}
_USUAL: Final[dict[str, JSON]] = {
    "boolean": True, "money": 10_000_000, "count": 10, "duration": 86_400, "ratio": 200_000,
    "reference": "R-1", "list": ["1"], "series": [100_000] * 24,
}
_OPPOSITE: Final = {
    "is_true": "is_false", "is_false": "is_true", "eq": "neq", "neq": "eq", "gt": "le",
    "ge": "lt", "lt": "ge", "le": "gt", "exists": "missing", "missing": "exists",
    "nonempty": "missing",
}


def facts_for(predicate: JSON, policy: Policy, *, holds: bool = True) -> Facts:
    """Facts that make the predicate true (or false, where ``holds`` is not)."""
    for key in ("all", "any"):
        if key in predicate:
            parts = predicate[key]
            # one false part makes "all" false; one true part makes "any" true
            wanted = parts if (key == "all") == holds else parts[:1]
            found: Facts = {}
            for part in wanted:
                found = {**facts_for(part, policy, holds=holds), **found}
            return found
    if "not" in predicate:
        return facts_for(predicate["not"], policy, holds=not holds)
    return _test(predicate, policy, holds)


def _test(test: JSON, policy: Policy, holds: bool) -> Facts:
    definition = fact(str(test["fact"]))
    op, value = str(test["op"]), test.get("value")
    if op == "in":
        op, value = ("eq", value[0]) if holds else ("none_of", value)
    elif not holds:
        op = _OPPOSITE[op]
    if isinstance(value, dict):
        value = _term(definition, policy.term(str(value["policy"])))
    return {definition.id: _value(definition, op, value)}


def _term(definition: Fact, cell: int | None) -> JSON:
    if cell is None:
        return usual_value(definition)
    if definition.type == "moment":
        return datetime.fromtimestamp(cell, tz=SHANGHAI).isoformat()
    return cell


def usual_value(definition: Fact) -> JSON:
    """Some value of the fact's type."""
    if definition.type == "code":
        return definition.values[0]
    if definition.type == "moment":
        return "2026-04-11T10:00:00+08:00"
    return _USUAL[definition.type]


def _value(definition: Fact, op: str, value: JSON) -> JSON:
    match op:
        case "is_true":
            return True
        case "is_false":
            return False
        case "eq" | "ge" | "le":
            return value
        case "neq":
            return _other(definition, [value])
        case "none_of":
            return _other(definition, value)
        case "missing":
            return ABSENT
        case "gt" | "lt":
            return _beyond(definition, value, up=op == "gt")
    return usual_value(definition)


def _other(definition: Fact, values: list[JSON]) -> JSON:
    if definition.type == "code":
        return next((one for one in definition.values if one not in values), ABSENT)
    return _beyond(definition, values[0], up=True)


def _beyond(definition: Fact, value: JSON, *, up: bool) -> JSON:
    """A value well above (below) the bound."""
    if definition.type == "moment":
        bound = datetime.fromisoformat(str(value))
        return (bound + timedelta(days=30 if up else -30)).isoformat()
    if not up:
        return int(value) // 2
    if value:
        return int(value) * 2
    return usual_value(definition)
