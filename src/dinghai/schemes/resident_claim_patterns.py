"""Suspicious patterns of residents' claims: reasons to let a person look, never to refuse.

Every pattern is a row of the rules, with thresholds, source and the innocent reading beside it. An
unknown value or key matches nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import PPM
from dinghai.schemes.resident_claim_file import ResidentClaims
from dinghai.schemes.resident_claim_rings import (
    Cells,
    Rings,
    codes_of,
    find_rings,
    persons_by_key,
)
from dinghai.schemes.resident_claim_tables import (
    ClaimRules,
    KeyKind,
    Measure,
    Named,
    SharedRule,
    SingleRule,
)
from dinghai.vocabulary.facts import UNKNOWN

KEYS: Final[tuple[KeyKind, ...]] = ("device", "account", "phone", "bank")
_NOT_MEASURED: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Patterns:
    """Which patterns each claim shows. ``flags`` has bit p for the p-th of ``rules.patterns``;
    ``measures`` has what was counted (persons, claims, days, parts per million), by pattern."""

    rules: ClaimRules
    flags: Cells
    measures: Mapping[str, Cells]
    rings: Rings

    def of(self, place: int) -> list[tuple[Named, int]]:
        """The patterns of one claim with what was measured."""
        flags = int(self.flags[place])
        return [(one, int(self.measures[one.id][place]))
                for bit, one in enumerate(self.rules.patterns) if flags >> bit & 1]

    def of_first(self, count: int) -> Patterns:
        """The same of the first claims alone; a ring keeps all its persons."""
        return Patterns(
            self.rules, self.flags[:count],
            {name: measure[:count] for name, measure in self.measures.items()},
            Rings(self.rings.rings, self.rings.of_claim[:count], self.rings.common,
                  self.rings.oversized))

    def ties_of(self, place: int) -> str:
        """The ways in which the claim's ring hangs together, as ``device 3, phone 1``."""
        ring = int(self.rings.of_claim[place])
        if ring < 0:
            return ""
        return ", ".join(f"{kind} {count}" for kind, count
                         in sorted(self.rings.rings[ring].ties.items()))


def find_patterns(
    claims: ResidentClaims, before_limit: Cells, rules: ClaimRules
) -> Patterns:
    """The patterns of a file. ``before_limit`` is what would be due before any limit, in fen."""
    person = codes_of(claims.texts["person"])
    keys = {kind: codes_of(claims.texts[kind]) for kind in KEYS}
    rings = find_rings(rules.ring, claims.texts["claim_id"], person, keys)
    flags = np.zeros(len(claims), dtype=np.int64)
    measures: dict[str, Cells] = {}
    for bit, rule in enumerate(rules.patterns):
        if isinstance(rule, SharedRule):
            measure, found = _shared(rule, keys[rule.key], person)
        elif isinstance(rule, SingleRule):
            measure, found = _single(rule, _MEASURES[rule.measure](claims, person, before_limit))
        else:
            measure = np.array([*(one.persons for one in rings.rings), 0],
                               dtype=np.int64)[rings.of_claim]
            found = rings.of_claim >= 0
        measures[rule.id] = measure
        flags |= np.where(found, np.int64(1 << bit), 0)
    return Patterns(rules, flags, measures, rings)


def _shared(
    rule: SharedRule, key: Cells, person: Cells
) -> tuple[Cells, npt.NDArray[np.bool_]]:
    _, _, persons = persons_by_key(key, person)
    measure = np.where(key >= 0, persons[np.maximum(key, 0)], 0)
    return measure, (measure >= rule.persons_least) & (measure <= rule.persons_common)


def _single(rule: SingleRule, measure: Cells) -> tuple[Cells, npt.NDArray[np.bool_]]:
    found = measure != _NOT_MEASURED
    if rule.least is not None:
        found &= measure >= rule.least
    if rule.most is not None:
        found &= measure <= rule.most
    return measure, found


def _days_after_inception(claims: ResidentClaims, person: Cells, before_limit: Cells) -> Cells:
    loss, first = claims.cells["loss_day"], claims.cells["inception"]
    known = (loss != UNKNOWN) & (loss >= first)
    return np.where(known, loss - np.where(known, first, loss), _NOT_MEASURED)


def _claims_of_person(claims: ResidentClaims, person: Cells, before_limit: Cells) -> Cells:
    """Claims of the file, and the most earlier ones that any of its rows tells of."""
    if len(claims) == 0:
        return np.zeros(0, dtype=np.int64)
    counts = np.bincount(person)
    earlier = np.zeros(len(counts), dtype=np.int64)
    np.maximum.at(earlier, person, np.maximum(claims.cells["prior_claims"], 0))
    total: Cells = (counts + earlier)[person]
    return total


def _same_loss_claims(claims: ResidentClaims, person: Cells, before_limit: Cells) -> Cells:
    loss, day = claims.cells["loss"], claims.cells["loss_day"]
    known = (loss != UNKNOWN) & (day != UNKNOWN)
    out = np.full(len(claims), _NOT_MEASURED, dtype=np.int64)
    if known.any():
        rows = np.stack([person[known], day[known], loss[known]], axis=1)
        _, places, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
        out[known] = counts[places.reshape(-1)]
    return out


def _below_limit_ppm(claims: ResidentClaims, person: Cells, before_limit: Cells) -> Cells:
    """How far below the sum insured the amount stays, in parts per million of it, rounded up
    so that "up to" means no more than that."""
    limit = claims.cells["sum_insured"]
    inside = (before_limit > 0) & (before_limit <= limit)
    return np.where(inside, -((before_limit - limit) * PPM // limit), _NOT_MEASURED)


_MEASURES: Final[Mapping[Measure, Callable[[ResidentClaims, Cells, Cells], Cells]]] = {
    "days_after_inception": _days_after_inception,
    "claims_of_person": _claims_of_person,
    "same_loss_claims": _same_loss_claims,
    "below_limit_ppm": _below_limit_ppm,
}


def reason_texts(
    patterns: Patterns, place: int, languages: Sequence[str] = ("zh", "en")
) -> list[dict[str, str | int]]:
    """A claim's reasons in words: pattern, what was measured, how a ring hangs together, and the
    innocent reading that a person must weigh."""
    out: list[dict[str, str | int]] = []
    for rule, measure in patterns.of(place):
        row: dict[str, str | int] = {"code": rule.id, "measure": measure}
        if rule.id == patterns.rules.ring.id:
            row["ring"] = patterns.rings.rings[int(patterns.rings.of_claim[place])].id
            row["ties"] = patterns.ties_of(place)
        for language in languages:
            row[f"reason_{language}"] = getattr(rule, f"name_{language}")
            row[f"innocent_{language}"] = getattr(rule, f"innocent_{language}")
        row |= {"source": rule.source, "confidence": rule.confidence}
        out.append(row)
    return out
