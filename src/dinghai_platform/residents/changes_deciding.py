"""What becomes of each certificate of a chunk: its later state and what it costs, or the fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from dinghai.experience.own_values import CellFault
from dinghai.foundation.errors import Fault
from dinghai.schemes.people import masked_name
from dinghai.schemes.persons_twice import WIDTH, look_up_hashes
from dinghai.schemes.resident_change_premium import ChangeSteps, ChangeSums, change_steps, days_left
from dinghai.schemes.resident_check import ENROLLED
from dinghai.schemes.resident_list import check_age
from dinghai.schemes.resident_scheme import ResidentScheme as Terms
from dinghai_platform.residents.changes_finding import (
    Held,
    Person,
    found_rows,
    held_ranges,
    people_of,
)
from dinghai_platform.residents.changes_source import Part, Place, plans_of
from dinghai_platform.residents.enrolled import enrolled_places, has_anybody
from dinghai_platform.residents.kept_faults import fault_at
from dinghai_platform.residents.models import ChangeList
from dinghai_platform.residents.sealing import look_up_key

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Later:
    """A certificate accepted: the plan it comes into, and the person where that is needed."""

    line: int
    held: Held
    plan: int
    person: Person | None = None


@dataclass(slots=True)
class Decided:
    """A chunk decided."""

    accepted: list[Later] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: int = 0
    steps: ChangeSteps | None = None
    sums: ChangeSums = field(default_factory=ChangeSums)

    @property
    def rejected(self) -> int:
        """Rows with a fault."""
        return len({one.line for one in self.faults})


def decide(changes: ChangeList, part: Part, is_again: Callable[[int, int], bool]) -> Decided:
    """Decide a chunk. ``is_again`` says of a line and its certificate whether that stands in the
    list before."""
    asked = _Asked.of(changes)
    decided = _decide_places(asked, part.places, part.left_out) if part.places is not None else (
        _decide_rows(asked, part, is_again))
    if changes.kind == ChangeList.Kind.RENEWAL:
        _leave_enrolled_out(asked, decided)
    else:
        _price(asked, decided)
    decided.faults.sort(key=lambda one: one.line or 0)
    return decided


@dataclass(frozen=True, slots=True)
class _Asked:
    changes: ChangeList
    terms: Terms
    plans: Terms
    next_plans: tuple[int, ...]
    """By plan: the plan of the same code in the next period's scheme, else that scheme's default,
    else −1."""

    @classmethod
    def of(cls, changes: ChangeList) -> _Asked:
        terms, plans = changes.scheme.terms(), plans_of(changes)
        places = plans.plan_places()
        return cls(changes, terms, plans, tuple(
            places.get(one.code, places.get(plans.default_plan, -1)) for one in terms.plans))

    @property
    def needs_people(self) -> bool:
        kinds = ChangeList.Kind
        return self.changes.kind in (kinds.CORRECTION, kinds.RENEWAL)


def _decide_places(asked: _Asked, places: Sequence[Place], left_out: np.ndarray) -> Decided:
    """All of some chunks but those who are to be left out, and whose cover has ended anyway."""
    held = held_ranges(asked.changes, [(one.first, one.number) for one in places],
                       people=asked.needs_people)
    numbers = np.array([one.id for one in held], dtype=np.int64)
    out = np.isin(numbers, left_out).tolist()
    firsts = np.array([one.first for one in places], dtype=np.int64)
    where = (np.searchsorted(firsts, numbers, side="right") - 1).tolist()
    line_of = {one.id: places[at].line_of(one.id) for one, at in zip(held, where, strict=True)}
    kept = [one for one, leave in zip(held, out, strict=True)
            if not leave and one.ended_on is None]
    decided = Decided(left_out=len(held) - len(kept))
    people = people_of(asked.changes, kept) if asked.needs_people else [None] * len(kept)
    for one, person in zip(kept, people, strict=True):
        _take(asked, decided, one, line_of[one.id], person, ("", "", -1))
    return decided


def _decide_rows(
    asked: _Asked, part: Part, is_again: Callable[[int, int], bool]
) -> Decided:
    rows = part.rows
    assert rows is not None
    found = found_rows(asked.changes, rows, people=asked.needs_people)
    lines = [int(rows.line[at]) for at in found.place]
    decided = Decided(faults=[*rows.faults, *found.faults])
    people = (people_of(asked.changes, found.held) if asked.needs_people
              else [None] * len(found.held))
    for at, one, line, person in zip(found.place, found.held, lines, people, strict=True):
        if is_again(line, one.id):
            decided.faults.append(Fault(
                "the certificate stands in the list before", asked.changes.file_name, line,
                "certificate", "leave one of the two rows out"))
        else:
            _take(asked, decided, one, line, person,
                  (rows.name[at], rows.mobile[at], int(rows.plan[at])))
    return decided


def _take(
    asked: _Asked, decided: Decided, one: Held, line: int, person: Person | None,
    said: tuple[str, str, int],
) -> None:
    try:
        decided.accepted.append(_JUDGES[asked.changes.kind](asked, one, line, person, said))
    except _Unfit as error:
        decided.faults.append(Fault(error.message, asked.changes.file_name or None, line,
                                    error.field, error.mend))


class _Unfit(Exception):
    """Why a certificate cannot be changed so."""

    def __init__(self, field: str, message: str, mend: str) -> None:
        super().__init__(message)
        self.field, self.message, self.mend = field, message, mend


def _lives(one: Held) -> None:
    if one.ended_on is not None:
        raise _Unfit("certificate", "the certificate was cancelled before", "leave the row out")


def _in_order(asked: _Asked, one: Held) -> None:
    """Changes of cover follow each other by their days: each rests on the one before."""
    _lives(one)
    if one.day is not None and asked.changes.from_day < one.day:
        raise _Unfit("certificate", f"a change from {one.day} on stands already",
                     "change it from that day on, or later")


def _cancel(
    asked: _Asked, one: Held, line: int, person: Person | None, said: tuple[str, str, int]
) -> Later:
    _in_order(asked, one)
    return Later(line, one, one.plan)


def _replan(
    asked: _Asked, one: Held, line: int, person: Person | None, said: tuple[str, str, int]
) -> Later:
    _in_order(asked, one)
    if said[2] == one.plan:
        raise _Unfit("plan", "the certificate has this plan already", "leave the row out")
    return Later(line, one, said[2])


def _correct(
    asked: _Asked, one: Held, line: int, person: Person | None, said: tuple[str, str, int]
) -> Later:
    _lives(one)
    assert person is not None
    right = (said[0] or person[0], person[1], said[1] or person[2], person[3])
    if right == person:
        raise _Unfit("name" if said[0] else "mobile", "this stands in the certificate already",
                     "leave the row out")
    return Later(line, one, one.plan, right)


def _renew(
    asked: _Asked, one: Held, line: int, person: Person | None, said: tuple[str, str, int]
) -> Later:
    _lives(one)
    assert person is not None
    try:
        check_age(person[1], asked.plans)
    except CellFault as error:
        raise _Unfit("identity", error.message, error.mend) from None
    consented, since = _EPOCH + timedelta(days=person[3]), asked.changes.consent_since
    if since is not None and consented < since:
        raise _Unfit("consent", f"the person agreed before {since}",
                     "ask again, and enrol the person by a list with the new consent")
    return Later(line, one, said[2] if said[2] >= 0 else _next_plan(asked, one), person)


def _leave_enrolled_out(asked: _Asked, decided: Decided) -> None:
    """Nobody is renewed into a scheme who is enrolled there already."""
    target, rows = asked.changes.target, decided.accepted
    assert target is not None
    if not rows or not has_anybody(target):
        return
    hashes = look_up_hashes([one.person[1] for one in rows if one.person is not None],
                            look_up_key(target))
    before = set(enrolled_places(target, (
        hashes[at:at + WIDTH] for at in range(0, len(hashes), WIDTH))))
    if before:
        decided.faults += [fault_at(rows[at].line, ENROLLED, file=asked.changes.file_name or None)
                           for at in sorted(before)]
        decided.accepted = [one for at, one in enumerate(rows) if at not in before]


def _next_plan(asked: _Asked, one: Held) -> int:
    found = asked.next_plans[one.plan]
    if found < 0:
        code = asked.terms.plans[one.plan].code
        raise _Unfit("plan", f"the scheme of the next period has no plan {code}",
                     "give one of: " + ", ".join(asked.plans.plan_places()))
    return found


_JUDGES: dict[str, Any] = {
    ChangeList.Kind.CANCELLATION: _cancel, ChangeList.Kind.PLAN: _replan,
    ChangeList.Kind.CORRECTION: _correct, ChangeList.Kind.RENEWAL: _renew}


def _price(asked: _Asked, decided: Decided) -> None:
    """What the accepted changes cost and give back."""
    premiums = np.array([one.premium_fen for one in asked.terms.plans], dtype=np.int64)
    before = _plans(decided.accepted, lambda one: one.held.plan)
    after = premiums[_plans(decided.accepted, lambda one: one.plan)]
    owed = np.array([one.held.owed_fen for one in decided.accepted], dtype=np.int64)
    owed = np.where(owed < 0, premiums[before], owed)
    if asked.changes.kind == ChangeList.Kind.CANCELLATION:
        after = np.zeros(len(decided.accepted), dtype=np.int64)
    left, days = _days(asked, decided.accepted)
    decided.steps = change_steps(premiums[before], after, owed, scheme=asked.terms, left=left,
                                 days=days)
    decided.sums = ChangeSums.of(decided.steps)


def _days(asked: _Asked, accepted: Sequence[Later]) -> tuple[np.ndarray, np.ndarray]:
    """Of each certificate the days left of its own period, and all of them: a sale's cover begins
    the day after it, and its premium is for what is left of the scheme's period then."""
    terms, day = asked.terms, asked.changes.from_day
    known = {first: (days_left(terms, day, first_day=first),
                     days_left(terms, terms.first_day, first_day=first))
             for first in {one.held.first_day for one in accepted}}
    found = np.array([known[one.held.first_day] for one in accepted], dtype=np.int64)
    return found.reshape(-1, 2)[:, 0], found.reshape(-1, 2)[:, 1]


def _plans(rows: Sequence[Later], of: Any) -> np.ndarray:
    return np.fromiter(map(of, rows), dtype=np.int64, count=len(rows))


def moved_by_plan(changes: ChangeList, accepted: Sequence[Later]) -> list[list[int]]:
    """How many certificates leave each plan, and how many come into each."""
    number = len(changes.scheme.document["plans"])
    into = len((changes.target or changes.scheme).document["plans"])
    ways = {
        ChangeList.Kind.CANCELLATION: (True, False), ChangeList.Kind.PLAN: (True, True),
        ChangeList.Kind.CORRECTION: (False, False), ChangeList.Kind.RENEWAL: (False, True)}
    leave, come = ways[ChangeList.Kind(changes.kind)]
    return [
        np.bincount(_plans(accepted if leave else (), lambda one: one.held.plan),
                    minlength=number).tolist(),
        np.bincount(_plans(accepted if come else (), lambda one: one.plan),
                    minlength=into).tolist()]


def masked_of(one: Later) -> str:
    """The masked name after the change; empty where it is as issued."""
    if one.person is None:
        return one.held.new_name
    name = masked_name(one.person[0])
    return "" if name == one.held.masked_name else name
