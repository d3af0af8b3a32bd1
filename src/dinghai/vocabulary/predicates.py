"""Predicates over incident facts, as data.

A predicate is ``{"all": […]}``, ``{"any": […]}``, ``{"not": …}`` or a test
``{"fact": id, "op": op, "value": v}``. A value may be ``{"policy": key}``: a term of the policy.
Evaluation is three-valued and happens in the step table, so here they are only parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import msgspec

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.facts import Fact, fact

OPERATORS: Final = ("is_true", "is_false", "eq", "neq", "in", "gt", "ge", "lt", "le", "exists",
                    "missing", "nonempty")
DEEPEST: Final = 16
_BARE: Final = {"is_true", "is_false", "exists", "missing", "nonempty"}
_ORDERED: Final = {"gt", "ge", "lt", "le"}


@dataclass(frozen=True, slots=True)
class PolicyTerm:
    """A value that the policy gives: ``{"policy": "retroactive_date"}``."""

    key: str


@dataclass(frozen=True, slots=True)
class Test:
    """One fact against one value. ``cells`` are encoded values; for ``in`` there are several."""

    fact: Fact
    op: str
    cells: tuple[int, ...] = ()
    term: PolicyTerm | None = None


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Predicate


Predicate = Test | Every | Some | Not


def parse_predicate(raw: JSON, *, where: str = "predicate", depth: int = 0) -> Predicate:
    """Read a predicate. Raises InputError that names the place."""
    if depth > DEEPEST:
        raise InputError(f"predicates are nested more than {DEEPEST} deep", field=where,
                         mend="say it more simply")
    if not isinstance(raw, dict):
        raise InputError("a predicate is an object", field=where, mend='{"fact": …, "op": …}')
    for key, kind in (("all", Every), ("any", Some)):
        if key in raw:
            parts = raw[key]
            if not isinstance(parts, list) or not parts or len(raw) != 1:
                raise InputError(f"{key!r} takes a list of predicates and stands alone",
                                 field=where, mend=f'{{"{key}": […]}}')
            return kind(tuple(parse_predicate(part, where=f"{where}.{key}[{index}]",
                                              depth=depth + 1)
                              for index, part in enumerate(parts)))
    if "not" in raw:
        return Not(parse_predicate(raw["not"], where=f"{where}.not", depth=depth + 1))
    return _parse_test(raw, where)


def checked_predicate(raw: dict[str, JSON]) -> Predicate:
    """A predicate that was checked when its product was read; read once and remembered."""
    return _remembered(msgspec.json.encode(raw))


@lru_cache(maxsize=4096)
def _remembered(text: bytes) -> Predicate:
    return parse_predicate(msgspec.json.decode(text))


def _parse_test(raw: dict[str, JSON], where: str) -> Test:
    unknown = sorted(set(raw) - {"fact", "op", "value"})
    if unknown or "fact" not in raw or "op" not in raw:
        raise InputError("a test has the keys fact, op and value", field=where,
                         mend='{"fact": "incident.ncbr", "op": "is_true"}')
    op = raw["op"]
    if op not in OPERATORS:
        raise InputError(f"{op!r} is not an operator", field=f"{where}.op",
                         mend="one of: " + ", ".join(OPERATORS))
    try:
        definition = fact(str(raw["fact"]))
    except InputError as error:
        raise InputError(error.fault.message, field=f"{where}.fact",
                         mend=error.fault.mend) from error
    value = raw.get("value")
    if op in _BARE:
        if value is not None:
            raise InputError(f"{op!r} takes no value", field=f"{where}.value", mend="drop it")
        return Test(definition, op)
    if isinstance(value, dict) and set(value) == {"policy"}:
        return Test(definition, op, (), PolicyTerm(str(value["policy"])))
    if op in _ORDERED and definition.type in {"boolean", "code", "reference", "list"}:
        raise InputError(f"a {definition.type} has no order", field=f"{where}.op",
                         mend="use eq, neq or in")
    if definition.type in {"reference", "list", "series"}:
        raise InputError(f"the content of a {definition.type} is not compared",
                         field=f"{where}.op", mend="use exists, missing or nonempty")
    values = value if op == "in" else [value]
    if not isinstance(values, list) or not values:
        raise InputError("'in' takes a list of values", field=f"{where}.value", mend='["a", "b"]')
    return Test(definition, op, tuple(definition.encode(one) for one in values))


def facts_of(predicate: Predicate) -> tuple[Fact, ...]:
    """The facts a predicate asks about, each once, in order."""
    if isinstance(predicate, Test):
        return (predicate.fact,)
    parts = (predicate.part,) if isinstance(predicate, Not) else predicate.parts
    return tuple(dict.fromkeys(one for part in parts for one in facts_of(part)))


def policy_terms_of(predicate: Predicate) -> tuple[str, ...]:
    """The policy terms a predicate refers to, each once, in order."""
    if isinstance(predicate, Test):
        return (predicate.term.key,) if predicate.term else ()
    parts = (predicate.part,) if isinstance(predicate, Not) else predicate.parts
    return tuple(dict.fromkeys(key for part in parts for key in policy_terms_of(part)))
