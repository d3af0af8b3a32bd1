"""What MITRE ATT&CK says: techniques, who is known to use them, and what mitigates them."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

ATTACK_VERSION: Final = "18"
"""The release that the shipped tables are made from (ICS: 18.1)."""
FACTS_AS_OF: Final = "2025-11-13"
"""The day of the copy of mitre/cti that they are made from."""


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique. ``groups`` counts groups and campaigns known to use it."""

    id: str
    name: str
    domain: str
    tactics: tuple[str, ...]
    groups: int


@dataclass(frozen=True, slots=True)
class Mitigation:
    """A mitigation, and the techniques that ATT&CK lists it for."""

    id: str
    name: str
    domain: str
    techniques: frozenset[str]


def parent_of(technique: str) -> str:
    """T1566 of T1566.001; a technique of its own is its own parent."""
    return technique.partition(".")[0]


def same_family(one: str, other: str) -> bool:
    """Whether two techniques are the same, or one is a sub-technique of the other."""
    return one == other or (parent_of(one) == parent_of(other)
                            and ("." not in one or "." not in other))


@cache
def techniques() -> Mapping[str, Technique]:
    """All techniques in force, enterprise and ICS, by identifier."""
    return MappingProxyType({
        row["id"]: Technique(row["id"], row["name"], row["domain"],
                             tuple(row["tactics"].split("|")), int(row["groups"]))
        for row in _rows("attack_techniques.csv")})


@cache
def mitigations() -> Mapping[str, Mitigation]:
    """All mitigations, enterprise and ICS, by identifier."""
    return MappingProxyType({
        row["id"]: Mitigation(row["id"], row["name"], row["domain"],
                              frozenset(row["techniques"].split()))
        for row in _rows("attack_mitigations.csv")})


@cache
def mitigated_by() -> Mapping[str, frozenset[str]]:
    """The mitigations of each technique; those of its sub-techniques count for the whole."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in mitigations().values():
        for technique in one.techniques:
            found[technique].add(one.id)
            found[parent_of(technique)].add(one.id)
    return MappingProxyType({name: frozenset(ids) for name, ids in found.items()})


def mitigations_of(technique: str) -> frozenset[str]:
    """What ATT&CK lists against a technique, its sub-techniques or what it is a part of."""
    known = mitigated_by()
    own = known.get(technique, frozenset())
    return own | known.get(parent_of(technique), frozenset()) if "." in technique else own


@cache
def tactics() -> frozenset[str]:
    """The tactics of both matrices."""
    return frozenset(tactic for one in techniques().values() for tactic in one.tactics)


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("dinghai.data").joinpath(f"supplychain/{name}").read_text("utf-8")
    yield from csv.DictReader(text.splitlines())
