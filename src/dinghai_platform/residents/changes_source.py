"""Whom a list of changes is about, chunk by chunk: rows of its file, or all of some enrolments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import numpy as np

from dinghai.foundation.errors import Fault
from dinghai.schemes.resident_change_list import ChangeRows, change_rows
from dinghai.schemes.resident_scheme import ResidentScheme as Terms
from dinghai_platform.core.jobs import Step
from dinghai_platform.residents.changes_finding import found_rows
from dinghai_platform.residents.models import ChangeList, EnrolmentChunk
from dinghai_platform.residents.reading import list_on_disk, nth_part

ROWS: Final = 20_000
"""Rows of a file in a chunk; of whole enrolments a chunk is one of theirs."""
_left_out: dict[UUID, np.ndarray] = {}
_parts: dict[tuple[UUID, int], list[list[Place]]] = {}


@dataclass(frozen=True, slots=True)
class Place:
    """A chunk of an enrolment inside a list of whole enrolments: its certificates are numbered
    from ``first`` on and stand from line ``start`` + 1 on."""

    chunk: int
    start: int
    first: int
    number: int

    def line_of(self, certificate: int) -> int:
        """Where a certificate stands."""
        return self.start + certificate - self.first + 1

    def certificate_at(self, line: int) -> int:
        """Which certificate stands there."""
        return self.first + line - self.start - 1


@dataclass(slots=True)
class Part:
    """A chunk of what a list is about: rows of its file, or the places of whole chunks."""

    rows: ChangeRows | None = None
    places: list[Place] | None = None
    left_out: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


def changes_of(step: Step) -> ChangeList:
    """The list of changes a job is about."""
    found: ChangeList = ChangeList.objects.within(step.tenant).select_related(
        "scheme", "target", "file", "enrolment__scheme").get(pk=step.arguments["changes"])
    return found


def part_of_list(changes: ChangeList, number: int, size: int) -> Part | None:
    """A chunk, counted from zero; None after the last."""
    if changes.whole:
        parts = _parts_of(changes, size)
        return None if number >= len(parts) else Part(
            places=parts[number], left_out=left_out(changes))
    rows = nth_part(changes.pk, number, lambda: read_file_rows(changes, size))
    return None if rows is None else Part(rows=rows)


def _parts_of(changes: ChangeList, size: int) -> list[list[Place]]:
    """The places of a list of whole enrolments, so many together as have up to ``size``
    certificates: sales are a chunk each. They are looked up once for all parts."""
    key = changes.pk, size
    if key not in _parts:
        parts: list[list[Place]] = []
        room = 0
        for place in places_of(changes):
            if not parts or place.number > room:  # a chunk whose rows were all rejected has none
                parts.append([])
                room = size
            parts[-1].append(place)
            room -= place.number
        _parts.clear()  # one list at a time
        _parts[key] = parts
    return _parts[key]


def places_of(changes: ChangeList) -> list[Place]:
    """The chunks of the enrolments in a list's scope, in the order of their numbers."""
    found, start, scope = [], 0, set(changes.scope)
    # Not asked by the scope itself: it may name more enrolments than a query takes values.
    for key, enrolment, first, accepted in EnrolmentChunk.objects.within(changes.tenant_id).filter(
            enrolment__scheme=changes.scheme_id).order_by("first", "id").values_list(
            "id", "enrolment", "first", "accepted").iterator():
        if str(enrolment) in scope:
            found.append(Place(key, start, first, sum(accepted)))
            start += sum(accepted)
    return found


def read_file_rows(changes: ChangeList, size: int) -> Iterator[ChangeRows]:
    """The rows of the list's file. Raises InputError for one that is no list of changes."""
    terms, plans = changes.scheme.terms(), plans_of(changes)
    assert changes.file is not None
    with list_on_disk(changes.file) as table:
        yield from change_rows(
            table, "cancellation" if changes.whole else changes.kind, terms, plans=plans,
            rows=size)


def plans_of(changes: ChangeList) -> Terms:
    """The scheme whose plans a list's words mean: of a renewal, that of the next period."""
    terms: Terms = (changes.target or changes.scheme).terms()
    return terms


def left_out(changes: ChangeList) -> np.ndarray:
    """The certificates that the file of a whole list names, ascending. Raises InputError."""
    if changes.file is None:
        return np.zeros(0, dtype=np.int64)
    if changes.pk not in _left_out:
        ids, _ = read_left_out(changes)
        _left_out.clear()
        _left_out[changes.pk] = ids
    return _left_out[changes.pk]


def read_left_out(changes: ChangeList) -> tuple[np.ndarray, list[Fault]]:
    """The certificates of those to be left out, and what is wrong with the rows of the others."""
    ids: list[int] = []
    faults: list[Fault] = []
    for rows in read_file_rows(changes, ROWS):
        found = found_rows(changes, rows, people=False)
        ids += [one.id for one in found.held]
        faults += [*rows.faults, *found.faults]
    return np.unique(np.array(ids, dtype=np.int64)), faults
