"""The registry of typed incident facts, and what is known about one incident.

Simulated events and real claims use the same facts. A fact that is not given is *unknown*; one
that is given as absent is *established not to exist*. Both have their own code in an int64 cell,
so that the kernel and the tracing interpreter see the same three states.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import MAXIMUM_FEN, PPM

FactType = Literal[
    "money", "count", "duration", "ratio", "boolean", "code", "moment", "reference", "list",
    "series",
]
Scope = Literal["event", "item"]
Prover = Literal["insured", "insurer", "law"]

UNKNOWN: Final = -(2**63)
"""Nobody has said anything."""
ABSENT: Final = -(2**63) + 1
"""It is established that there is none."""

_WHOLE_NUMBERS: Final = {"money", "count", "duration", "ratio"}
_LARGEST: Final = {"money": MAXIMUM_FEN, "count": 10**12, "duration": 10**10, "ratio": 100 * PPM}


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of the registry."""

    id: str
    type: FactType
    scope: Scope
    prover: Prover
    name_zh: str
    name_en: str
    unit: str = ""
    values: tuple[str, ...] = ()
    maximum: int | None = None
    """The most it can be, where its type alone would allow more."""

    @property
    def largest(self) -> int:
        """The largest value of a whole-number fact."""
        return _LARGEST[self.type] if self.maximum is None else self.maximum

    def encode(self, value: JSON) -> int:
        """The int64 cell of a JSON value: fen, seconds, ppm, 0/1, index of a code, epoch second.

        Raises InputError (field = the fact's id) for a value of another type or out of range.
        """
        if self.type == "boolean" and isinstance(value, bool):
            return int(value)
        if self.type in _WHOLE_NUMBERS and isinstance(value, int) and not isinstance(value, bool):
            if 0 <= value <= self.largest:
                return value
            raise InputError(f"{value} is out of range", field=self.id,
                             mend=f"give 0 to {self.largest}")
        if self.type == "code" and isinstance(value, str):
            if value in self.values:
                return self.values.index(value)
            raise InputError(f"{value!r} is not one of its codes", field=self.id,
                             mend="one of: " + ", ".join(self.values))
        if self.type == "moment" and isinstance(value, str):
            return _epoch(value, self.id)
        if self.type == "reference" and isinstance(value, str) and value:
            return 1
        if self.type == "list" and isinstance(value, list):
            return len(value)
        if self.type == "series" and _is_series(value):
            return len(value)
        raise InputError(f"{value!r} is not a {self.type}", field=self.id,
                         mend=_EXPECTED[self.type])


_EXPECTED: Final[dict[str, str]] = {
    "money": "a whole number of fen",
    "count": "a whole number",
    "duration": "a whole number of seconds",
    "ratio": "a whole number of parts per million",
    "boolean": "true or false",
    "code": "one of the codes of the registry",
    "moment": "an ISO 8601 text such as 2026-09-07T10:00:00+08:00",
    "reference": "a text that is not empty",
    "list": "a list",
    "series": "a list of whole numbers of fen, one for each hour",
}
_LONGEST_SERIES: Final = 366 * 24


def _is_series(value: JSON) -> bool:
    """At least one hour, at most a year, every hour a possible amount."""
    return (isinstance(value, list) and 0 < len(value) <= _LONGEST_SERIES
            and all(type(one) is int and 0 <= one <= MAXIMUM_FEN for one in value))


def first_of_series(hours: Sequence[int], seconds: int) -> int:
    """What a series adds up to in its first ``seconds``; a part of an hour counts pro rata, floor.

    >>> first_of_series([100, 200], 5400)
    200
    """
    whole, rest = divmod(max(seconds, 0), 3600)
    total = sum(hours[:whole])
    if rest and whole < len(hours):
        total += hours[whole] * rest // 3600
    return min(total, MAXIMUM_FEN)


def _epoch(text: str, field_name: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a moment", field=field_name,
                         mend=_EXPECTED["moment"]) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=SHANGHAI)
    return int(moment.timestamp())


@cache
def facts() -> Mapping[str, Fact]:
    """The registry by id."""
    text = files("dinghai.data").joinpath("vocabulary/facts.toml").read_text("utf-8")
    rows = tomllib.loads(text)["facts"]
    return {row["id"]: Fact(**{**row, "values": tuple(row.get("values", ()))}) for row in rows}


def fact(identifier: str) -> Fact:
    """One entry. Raises InputError for an id that is not in the registry."""
    found = facts().get(identifier)
    if found is None:
        raise InputError(f"{identifier!r} is not in the registry of facts", field=identifier,
                         mend="see docs/reference/facts.md for the facts there are")
    return found


@dataclass(frozen=True, slots=True)
class KnownFact:
    """A fact as somebody established it: its value (None = established absent) and the evidence."""

    id: str
    value: JSON
    evidence: tuple[str, ...] = ()

    @property
    def cell(self) -> int:
        """Its int64 cell."""
        return ABSENT if self.value is None else fact(self.id).encode(self.value)

    def to_dict(self) -> dict[str, JSON]:
        """``{"value": …, "evidence": […]}``; an established absence is ``{"absent": true, …}``."""
        out: dict[str, JSON] = {"absent": True} if self.value is None else {"value": self.value}
        return {**out, "evidence": list(self.evidence)}


@dataclass(frozen=True, slots=True)
class LossItem:
    """One loss item: the coverage it is claimed under and its facts.

    ``insured`` is who of a programme's members suffered it, ``supplier`` whose stop caused it.
    """

    no: int
    coverage: str
    description: str = ""
    facts: Mapping[str, KnownFact] = field(default_factory=dict)
    insured: str = ""
    supplier: str = ""


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """What happened, in the registry's facts: about the event and about each loss item."""

    event: Mapping[str, KnownFact] = field(default_factory=dict)
    items: tuple[LossItem, ...] = ()

    def cell(self, identifier: str, item: int | None = None) -> int:
        """The int64 cell of an event fact, or of a fact of the item at that position."""
        known = self.event if item is None else self.items[item].facts
        return known[identifier].cell if identifier in known else UNKNOWN


def parse_facts(
    raw: Mapping[str, JSON], *, scope: Scope, where: str, file: str | None = None
) -> dict[str, KnownFact]:
    """Read ``{id: {"value": …, "evidence": […]}}``; a bare value stands for one without evidence,
    and ``{"event": {"data_loss": true}}`` (TOML's unquoted keys) for ``{"event.data_loss": true}``.

    Raises one InputError for all faults: unknown ids, wrong scope, wrong type, out of range.
    """
    known: dict[str, KnownFact] = {}
    faults: list[Fault] = []
    for identifier, entry in _flat(raw):
        path = f"{where}.{identifier}"
        try:
            known[identifier] = _parse_fact(identifier, entry, scope)
        except InputError as error:
            faults.append(Fault(error.fault.message, file, None, path, error.fault.mend))
    if faults:
        raise InputError.of(faults)
    return known


def _flat(raw: Mapping[str, JSON]) -> Iterator[tuple[str, JSON]]:
    """Ids with their entries; tables below a part of an id are walked."""
    for name, entry in raw.items():
        plain = not isinstance(entry, dict) or set(entry) <= {"value", "absent", "evidence"}
        if plain or name in facts() or name.count(".") > 3:
            yield name, entry
        else:
            yield from _flat({f"{name}.{rest}": one for rest, one in entry.items()})


def _parse_fact(identifier: str, entry: JSON, scope: Scope) -> KnownFact:
    definition = fact(identifier)
    if definition.scope != scope:
        raise InputError(f"this is a fact of the {definition.scope}, not of the {scope}",
                         mend=f"move it to the {definition.scope}")
    if not isinstance(entry, dict):
        entry = {"value": entry}
    unknown_keys = sorted(set(entry) - {"value", "absent", "evidence"})
    if unknown_keys:
        raise InputError(f"{unknown_keys[0]!r} is not a key of a fact",
                         mend="use value, absent and evidence")
    evidence = entry.get("evidence", [])
    if not isinstance(evidence, list) or not all(isinstance(e, str) for e in evidence):
        raise InputError("evidence is not a list of evidence ids", mend='write ["E-01"]')
    if entry.get("absent") is True:
        if "value" in entry:
            raise InputError("a fact cannot be absent and have a value", mend="drop one of them")
        return KnownFact(identifier, None, tuple(evidence))
    if entry.get("value") is None:
        raise InputError("the value is missing",
                         mend='leave the fact out if unknown, or write {"absent": true}')
    known = KnownFact(identifier, entry["value"], tuple(evidence))
    definition.encode(known.value)
    return known


def needed(ids: Iterable[str]) -> tuple[Fact, ...]:
    """The registry's entries for some ids, in their order."""
    return tuple(fact(identifier) for identifier in ids)
