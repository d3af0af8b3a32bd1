"""A list that was to be done whole and cannot: given up, and what was wrong with which rows kept.

What was staged of it is taken away, so every faulty row is written down before: the first ones in
words, of a list of residents the lines of all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

import numpy as np

from dinghai.foundation.errors import Fault
from dinghai_platform.core.actors import Actor
from dinghai_platform.residents.kept_faults import (
    VOID_CERTIFICATES,
    VOID_CHANGES,
    Words,
    fault_at,
    faults_of,
)
from dinghai_platform.residents.models import (
    Certificate,
    Change,
    ChangeChunk,
    ChangeList,
    Enrolment,
    EnrolmentChunk,
)
from dinghai_platform.residents.packed_lines import packed_lines
from dinghai_platform.residents.services.changes import give_up
from dinghai_platform.residents.services.lists import Why, give_up_list
from dinghai_platform.residents.services.seal import NotEveryRow, take_figures

SHOWN: Final = 200


def give_up_short_list(enrolment: Enrolment, short: NotEveryRow, *, actor: Actor) -> Enrolment:
    """Give a list of residents up of which not every row can be enrolled. Must run inside the
    transaction that holds it."""
    chunks = EnrolmentChunk.objects.within(enrolment.tenant).filter(enrolment=enrolment)
    accepted = np.sum([np.array(one.accepted) for one in chunks], axis=0)
    plans, lines = [], []
    for chunk in chunks:
        for number, line, plan in _certificates(chunk, sum(chunk.accepted)).values_list(
                "id", "line", "plan"):
            if number in short.void:
                plans.append(plan)
                lines.append(line)
    take_figures(enrolment, (accepted - np.bincount(
        np.array(plans, dtype=np.int64), minlength=len(accepted))).tolist())
    enrolment.enrolled = packed_lines(np.array(sorted(lines), dtype=np.int64))
    document, enrolment.rejected = _document(enrolment.check_document, _stood(
        enrolment.file_name, ((one, sum(one.accepted)) for one in chunks), short.void,
        renewal=True))
    enrolment.check_document = document
    enrolment.save(update_fields=("accepted", "rejected", "premium_fen", "sum_insured_fen",
                                  "enrolled", "check_document"))
    return give_up_list(enrolment, actor=actor, why=_why(enrolment.rejected))


def give_up_short_changes(changes: ChangeList, short: NotEveryRow, *, actor: Actor) -> ChangeList:
    """Give a list of changes up of which not every row can be done. Must run inside the
    transaction that holds it."""
    chunks = list(ChangeChunk.objects.within(changes.tenant).filter(changes=changes))
    document, changes.rejected = _document(changes.check_document, _stood(
        changes.file_name or None, ((one, one.accepted) for one in chunks), short.void,
        renewal=changes.kind == ChangeList.Kind.RENEWAL))
    changes.accepted = sum(one.accepted for one in chunks) - len(short.void)
    document["accepted"] = changes.accepted
    changes.check_document = document
    changes.save(update_fields=("accepted", "rejected", "check_document"))
    return give_up(changes, actor=actor, why=_why(changes.rejected))


def _why(rejected: int) -> Why:
    return Why("all_or_nothing",
               f"{rejected} rows were rejected at the end, and all or none was asked for",
               "leave the faulty rows out and send the list again")


def _certificates(chunk: EnrolmentChunk | ChangeChunk, number: int) -> Any:
    return Certificate.objects.within(chunk.tenant_id).filter(
        id__gte=chunk.first, id__lt=chunk.first + number).order_by("id")


def _stood(
    file: str | None, chunks: Iterator[tuple[EnrolmentChunk | ChangeChunk, int]],
    void: Mapping[int, int], *, renewal: bool,
) -> Iterator[Fault]:
    """Every fault in the list's order; one chunk is held at a time."""
    words: Mapping[int, Words] = VOID_CERTIFICATES if renewal else VOID_CHANGES
    for chunk, number in chunks:
        faults = faults_of(chunk)
        rows = _certificates(chunk, number) if renewal else Change.objects.within(
            chunk.tenant_id).filter(id__gte=chunk.first, id__lt=chunk.first + number)
        faults += [fault_at(line, words[void[key]], file=file)
                   for key, line in rows.values_list("id", "line") if key in void]
        yield from sorted(faults, key=lambda one: one.line or 0)


def _document(check: dict[str, Any] | None, faults: Iterator[Fault]) -> tuple[dict[str, Any], int]:
    """The look's document with what was wrong at the end, and how many rows were faulty."""
    shown: list[Fault] = []
    faulty: Counter[tuple[str, str]] = Counter()
    rejected = 0
    for _, of_line in groupby(faults, key=lambda one: one.line):
        rejected += 1
        for one in of_line:
            faulty[(one.field or "", one.message)] += 1
            if len(shown) < SHOWN:
                shown.append(one)
    document = dict(check or {})
    rows = document.get("rows", 0)
    return {**document, "accepted": rows - rejected, "rejected": rejected,
            "faults": [one.to_dict() for one in shown],
            "faults_by_field": [
                {"field": name or None, "message": message, "number": number}
                for (name, message), number in faulty.most_common()],
            "all_faults_shown": faulty.total() == len(shown)}, rejected
