"""Rings: persons who hang together by shared keys, found by union-find over arrays.

A key that more persons share than its tie allows is common (a bank, a platform's account, a service
desk's telephone) and ties nobody; what was passed over is counted and told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.foundation.canonical import JSON
from dinghai.schemes.resident_claim_tables import KeyKind, RingRule

Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Ring:
    """Persons who hang together: the smallest claim number in it names it. ``ties`` counts, by
    kind, the keys that two or more of them share."""

    id: str
    persons: int
    claims: int
    ties: Mapping[KeyKind, int]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"ring": self.id, "persons": self.persons, "claims": self.claims,
                "ties": dict(self.ties)}


@dataclass(frozen=True, slots=True)
class CommonKeys:
    """Keys of a kind that too many persons share to say anything."""

    kind: KeyKind
    keys: int
    most_persons: int

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"kind": self.kind, "keys": self.keys, "most_persons": self.most_persons}


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """The rings, the place in ``rings`` of each claim's (−1: none), the common keys, and the sizes
    in persons of what hangs together but is too large to be a ring."""

    rings: tuple[Ring, ...]
    of_claim: Cells
    common: tuple[CommonKeys, ...]
    oversized: tuple[int, ...] = ()


def codes_of(texts: Sequence[str]) -> Cells:
    """Small numbers for texts, equal for equal texts, −1 for empty ones. Shape (texts,)."""
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(one, len(seen)) if one else -1 for one in texts],
                    dtype=np.int64)


def persons_by_key(key: Cells, person: Cells) -> tuple[Cells, Cells, Cells]:
    """Distinct (key, person) pairs as two arrays, and how many persons each key has. Keys of −1 are
    left out; the last has one place for every code."""
    known = key >= 0
    if not known.any():
        return np.empty(0, np.int64), np.empty(0, np.int64), np.zeros(1, np.int64)
    pairs = np.unique(np.stack([key[known], person[known]], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1], np.bincount(pairs[:, 0], minlength=int(key.max()) + 1)


def find_rings(
    rule: RingRule, claim_ids: Sequence[str], person: Cells, keys: Mapping[KeyKind, Cells]
) -> Rings:
    """Components of persons by the rule's ties. ``person`` and each of ``keys`` have shape
    (claims,); a key of −1 is unknown and ties nobody."""
    people = int(person.max()) + 1 if len(person) else 0
    parent = np.arange(people, dtype=np.int64)
    shared: dict[KeyKind, tuple[Cells, Cells]] = {}
    common: list[CommonKeys] = []
    pairs, weights = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for tie in rule.ties:
        key, who, persons = persons_by_key(keys[tie.key], person)
        hubs = persons > tie.persons_most
        if hubs.any():
            common.append(CommonKeys(tie.key, int(hubs.sum()), int(persons.max())))
        used = (persons[key] > 1) & ~hubs[key] if len(key) else np.zeros(0, dtype=np.bool_)
        shared[tie.key] = (key[used], who[used])
        if tie.weight >= rule.weight_least:
            _join(parent, key[used], who[used])
        else:
            pairs.append(_pairs(key[used], who[used], people))
            weights.append(np.full(len(pairs[-1]), tie.weight, dtype=np.int64))
    _join_pairs(parent, _heavy(np.concatenate(pairs), np.concatenate(weights),
                               rule.weight_least), people)
    rings, of_claim, oversized = _large_enough(rule, claim_ids, person, _roots(parent), shared)
    return Rings(rings, of_claim, tuple(common), oversized)


def _heavy(pairs: Cells, weights: Cells, least: int) -> Cells:
    """The pairs whose weights add up to enough."""
    distinct, places = np.unique(pairs, return_inverse=True)
    total = np.zeros(len(distinct), dtype=np.int64)
    np.add.at(total, places.reshape(-1), weights)
    return distinct[total >= least]


def _ties_by_root(
    roots: Cells, shared: Mapping[KeyKind, tuple[Cells, Cells]]
) -> dict[int, dict[KeyKind, int]]:
    """How many keys of each kind two or more persons of one component share."""
    ties: dict[int, dict[KeyKind, int]] = {}
    for kind, (key, who) in shared.items():
        held, counts = np.unique(np.stack([key, roots[who]], axis=1), axis=0, return_counts=True)
        for root, count in zip(*np.unique(held[counts > 1, 1], return_counts=True), strict=True):
            ties.setdefault(int(root), {})[kind] = int(count)
    return ties


def _large_enough(
    rule: RingRule, claim_ids: Sequence[str], person: Cells, roots: Cells,
    shared: Mapping[KeyKind, tuple[Cells, Cells]],
) -> tuple[tuple[Ring, ...], Cells, tuple[int, ...]]:
    """The components that the rule calls rings, in the order of their names, and the sizes of those
    too large to be one."""
    of_claim = np.full(len(person), -1, dtype=np.int64)
    if len(person) == 0:
        return (), of_claim, ()
    sizes = np.bincount(roots, minlength=len(roots))
    wanted = {root: found for root, found in _ties_by_root(roots, shared).items()
              if sizes[root] >= rule.persons_least and len(found) >= rule.kinds_least}
    oversized = {root for root in wanted if sizes[root] > rule.persons_most}
    members: dict[int, list[int]] = {}
    for place, root in enumerate(roots[person].tolist()):
        if root in wanted and root not in oversized:
            members.setdefault(root, []).append(place)
    named = sorted((min(claim_ids[one] for one in places), root)
                   for root, places in members.items())
    rings: list[Ring] = []
    for name, root in named:
        of_claim[members[root]] = len(rings)
        rings.append(Ring(name, int(sizes[root]), len(members[root]), wanted[root]))
    return tuple(rings), of_claim, tuple(sorted(int(sizes[one]) for one in oversized))


@njit(cache=True, nogil=True)
def _pairs(key, who, people):  # type: ignore[no-untyped-def]
    """Each pair of persons of each key as one number; the rows stand sorted by key and person."""
    size, start = 0, 0
    for place in range(len(key) + 1):
        if place == len(key) or key[place] != key[start]:
            size += (place - start) * (place - start - 1) // 2
            start = place
    out = np.empty(size, dtype=np.int64)
    filled, start = 0, 0
    for place in range(len(key)):
        if key[place] != key[start]:
            start = place
        for other in range(start, place):
            out[filled] = who[other] * people + who[place]
            filled += 1
    return out


@njit(cache=True, nogil=True)
def _join_pairs(parent, pairs, people):  # type: ignore[no-untyped-def]
    for pair in pairs:
        a, b = _find(parent, pair // people), _find(parent, pair % people)
        parent[max(a, b)] = min(a, b)


@njit(cache=True, nogil=True)
def _find(parent, one):  # type: ignore[no-untyped-def]
    while parent[one] != one:
        parent[one] = parent[parent[one]]
        one = parent[one]
    return one


@njit(cache=True, nogil=True)
def _join(parent, key, who):  # type: ignore[no-untyped-def]
    """Join the persons of each key; the pairs stand sorted by key. The smaller root stays."""
    for place in range(1, len(key)):
        if key[place] == key[place - 1]:
            a, b = _find(parent, who[place - 1]), _find(parent, who[place])
            if a < b:
                parent[b] = a
            elif b < a:
                parent[a] = b


@njit(cache=True, nogil=True)
def _roots(parent):  # type: ignore[no-untyped-def]
    out = np.empty(len(parent), dtype=np.int64)
    for one in range(len(parent)):
        out[one] = _find(parent, one)
    return out
