"""The dry run of a list of changes: what every row would come to, without writing anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.resident_change_premium import ChangeSums
from dinghai_platform.core import audit
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.tenancy import locked
from dinghai_platform.residents import changes_source
from dinghai_platform.residents.changes_deciding import Decided, decide, moved_by_plan
from dinghai_platform.residents.changes_source import (
    changes_of,
    part_of_list,
    plans_of,
    read_left_out,
)
from dinghai_platform.residents.models import ChangeList
from dinghai_platform.residents.packed_lines import packed_lines

SCHEMA: Final = "dinghai.resident-changes/1"
SHOWN: Final = 200
_NOBODY: Final = np.zeros(0, dtype=np.int64)


@dataclass(slots=True)
class Looked:
    """What the look comes to, as far as it has come."""

    accepted: int = 0
    rejected: int = 0
    left_out: int = 0
    sums: ChangeSums = field(default_factory=ChangeSums)
    moved: list[np.ndarray] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    faulty: Counter[tuple[str, str]] = field(default_factory=Counter)
    repeated: np.ndarray = field(default_factory=lambda: _NOBODY)
    list_faults: list[Fault] = field(default_factory=list)
    """Of the file of those who are to be left out."""
    broken: tuple[Fault, ...] = ()
    """Why the file is no list of changes at all."""

    @property
    def rows(self) -> int:
        """Everything that was looked at."""
        return self.accepted + self.rejected + self.left_out


def look_through(step: Step) -> Looked:
    """Read the whole list. Takes some seconds for each 100,000 rows, and writes nothing."""
    changes = changes_of(step)
    looked, twice = Looked(), Twice()
    try:
        if changes.whole and changes.file is not None:
            _, looked.list_faults = read_left_out(changes)
        number = 0
        while (part := part_of_list(changes, number, changes_source.ROWS)) is not None:
            _count(looked, changes, decide(changes, part, twice.is_again))
            number += 1
    except InputError as error:
        return Looked(broken=error.faults)
    looked.repeated = np.array(twice.lines, dtype=np.int64)
    return looked


@dataclass(slots=True)
class Twice:
    """Which certificates stand in a list before, however they are named there."""

    seen: set[int] = field(default_factory=set)
    lines: list[int] = field(default_factory=list)

    def is_again(self, line: int, certificate: int) -> bool:
        """Whether a certificate came before; it is remembered."""
        if certificate in self.seen:
            self.lines.append(line)
            return True
        self.seen.add(certificate)
        return False


def _count(looked: Looked, changes: ChangeList, decided: Decided) -> None:
    looked.accepted += len(decided.accepted)
    looked.rejected += decided.rejected
    looked.left_out += decided.left_out
    looked.sums = looked.sums.plus(decided.sums)
    moved = [np.array(one, dtype=np.int64) for one in moved_by_plan(changes, decided.accepted)]
    looked.moved = moved if not looked.moved else [
        one + other for one, other in zip(looked.moved, moved, strict=True)]
    for one in decided.faults:
        looked.faulty[(one.field or "", one.message)] += 1
    looked.faults += decided.faults[:max(SHOWN - len(looked.faults), 0)]


def keep_look(step: Step) -> Progress:
    """Keep what the look came to, unless the list was given up meanwhile."""
    changes = locked(changes_of(step))
    looked: Looked = step.prepared
    if changes.state == ChangeList.State.READING:
        changes.state, changes.check_document = ChangeList.State.CHECKED, document_of(
            changes, looked)
        changes.repeated = packed_lines(looked.repeated)
        changes.rows, changes.accepted = looked.rows, looked.accepted
        changes.rejected, changes.left_out = looked.rejected, looked.left_out
        changes.charged_fen, changes.refunded_fen = charged_of(changes, looked), (
            looked.sums.refunded_fen)
        changes.save()
        audit.append(step.actor, "residents.changes_checked", changes, {
            "kind": changes.kind, "accepted": looked.accepted, "rejected": looked.rejected})
    return Progress(1, 1, result={"accepted": looked.accepted, "rejected": looked.rejected})


def charged_of(changes: ChangeList, looked: Looked) -> int:
    """What the list charges: of a renewal the premiums of the next period."""
    if changes.kind != ChangeList.Kind.RENEWAL:
        return looked.sums.charged_fen
    into = looked.moved[1].tolist() if looked.moved else []
    return sum(number * plan.premium_fen for number, plan in zip(into, plans_of(changes).plans,
                                                                 strict=False))


def document_of(changes: ChangeList, looked: Looked) -> dict[str, Any]:
    """What the dry run says, as plain JSON (dinghai.resident-changes/1)."""
    if looked.broken:
        return {"faults": [one.to_dict() for one in looked.broken]}
    out, into = looked.moved or [_NOBODY, _NOBODY]
    return {
        "schema": SCHEMA, "scheme": changes.scheme.number, "kind": changes.kind,
        "from": changes.from_day.isoformat(), "as_of": changes.as_of.isoformat(),
        "rows": looked.rows, "accepted": looked.accepted, "rejected": looked.rejected,
        "left_out": looked.left_out, "repeated": len(looked.repeated),
        "charged_fen": charged_of(changes, looked), "refunded_fen": looked.sums.refunded_fen,
        "out_of": _by_plan(changes.scheme.terms(), out),
        "into": _by_plan(plans_of(changes), into),
        "faults_by_field": [
            {"field": name or None, "message": message, "number": number}
            for (name, message), number in looked.faulty.most_common()],
        "faults": [one.to_dict() for one in looked.faults],
        "all_faults_shown": looked.faulty.total() == len(looked.faults),
        "faults_of_those_left_out": [one.to_dict() for one in looked.list_faults[:SHOWN]],
        "faulty_of_those_left_out": len({one.line for one in looked.list_faults})}


def _by_plan(terms: Any, numbers: np.ndarray) -> list[dict[str, Any]]:
    return [{"code": plan.code, "number": number}
            for plan, number in zip(terms.plans, numbers.tolist(), strict=False) if number]

