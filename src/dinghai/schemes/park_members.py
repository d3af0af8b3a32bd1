"""The members of a park: rows of a list as members, each checked against the master policy.

A row that is at fault is rejected with every fault of it; the others go on. `left` is the last day
covered, until 24:00. A member stands once, or again after its last day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Literal

from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import CellFault, ordinary, read_day
from dinghai.experience.tabular import EXCEL_FIRST_SERIAL
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.schemes.park_columns import ListRow, ParkList, read_list
from dinghai.schemes.park_file import MemberLimit, Park, Size
from dinghai.schemes.park_findings import ParkFinding

Status = Literal["joined", "left", "rejected"]
_SHOWN_CHOICES: Final = 300
_Fault = Callable[[str, str, str], None]
"""Takes column, message and mend of a row's fault."""


@dataclass(frozen=True, slots=True)
class ChosenTopUp:
    """A top-up that a member holds, and the first day that it covers."""

    id: str
    first: date


@dataclass(frozen=True, slots=True)
class ParkMember:
    """One firm's time under the master policy. ``left`` is its last day (None: to the expiry);
    ``limit`` the choice of the base cover; empty texts and None are not known."""

    credit_code: str
    name: str
    name_en: str
    sector: str
    rating_class: str
    size: str
    revenue_fen: Fen | None
    joined: date
    left: date | None
    limit: MemberLimit
    top_ups: tuple[ChosenTopUp, ...]
    network: tuple[str, ...] | None
    providers: tuple[str, ...] | None
    grade: str
    findings: tuple[ParkFinding, ...] | None
    line: int = 0

    def covered(self, day: date) -> bool:
        """Whether the base cover holds on a day of the policy period."""
        return self.joined <= day and (self.left is None or day <= self.left)

    def holds(self, top_up: str, day: date) -> bool:
        """Whether a top-up of this member covers a day."""
        return self.covered(day) and any(
            one.id == top_up and one.first <= day for one in self.top_ups)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row."""

    line: int
    status: Status
    credit_code: str
    name: str
    faults: tuple[Fault, ...] = ()

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"line": self.line, "status": self.status, "credit_code": self.credit_code,
                "name": self.name, "faults": [dict(one.to_dict()) for one in self.faults]}


@dataclass(frozen=True, slots=True)
class MemberList:
    """A list of members read into a roll: the roll after it, and what became of each row."""

    file: str
    roll: tuple[ParkMember, ...]
    results: tuple[RowResult, ...]
    headings: Mapping[str, str]
    strange: tuple[str, ...]
    notes: tuple[str, ...]

    def count(self, status: Status) -> int:
        """Rows of one outcome."""
        return sum(one.status == status for one in self.results)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults of all rows, in the order of the file."""
        return tuple(fault for one in self.results for fault in one.faults)


def read_roll(path: Path, park: Park) -> tuple[ParkMember, ...]:
    """The roll of a park, where every row must be right. Raises InputError with all faults."""
    found = read_members(path, park)
    if found.faults:
        raise InputError.of(found.faults)
    return found.roll


def read_members(
    path: Path, park: Park, *, roll: Sequence[ParkMember] = (),
    asked: Mapping[str, str] | None = None,
) -> MemberList:
    """Read a list into a roll. Into an empty one, a row without a day joins on the first day of
    the policy; later it must say its day, since cover is not given backwards unasked.

    Raises InputError for a file that is no list.
    """
    listed = read_list(path, "members", asked)
    entry = _Entry(park, listed, list(roll), bool(roll))
    results = tuple(entry.take(row) for row in listed.rows)
    return MemberList(listed.file, tuple(entry.roll), results, listed.headings, listed.strange,
                      (*listed.notes, *entry.notes))


@dataclass(slots=True)
class _Entry:
    """A roll that takes one row after another."""

    park: Park
    listed: ParkList
    roll: list[ParkMember]
    begun: bool
    notes: list[str]
    by_code: dict[str, list[int]]
    by_name: dict[str, str]

    def __init__(self, park: Park, listed: ParkList, roll: list[ParkMember], begun: bool) -> None:
        self.park, self.listed, self.roll, self.begun = park, listed, roll, begun
        self.notes = []
        self.by_code, self.by_name = {}, {}
        for place, one in enumerate(roll):
            self._note(place, one)

    def _note(self, place: int, one: ParkMember) -> None:
        self.by_code.setdefault(one.credit_code, []).append(place)
        self.by_name.setdefault(plain(one.name), one.credit_code)

    def take(self, row: ListRow) -> RowResult:
        """Take one row, or say why not."""
        code, name = row["credit_code"] or "", row["name"] or ""
        leaving = self._leaving(row)
        if leaving is not None:
            place, faults = leaving, tuple(self._leaving_faults(row, self.roll[leaving]))
            if not faults:
                one, last = self.roll[place], row["left"]
                # a top-up that would have begun later never does
                self.roll[place] = replace(one, left=last, top_ups=tuple(
                    each for each in one.top_ups if each.first <= last))
            return RowResult(row.line, "rejected" if faults else "left", code,
                             self.roll[place].name, faults)
        made = _made(row, self.park, self.listed, self.begun)
        found = [*row.faults, *made.faults]
        if made.member is not None:
            found += self._twice(row, made.member)
        if found or made.member is None:
            return RowResult(row.line, "rejected", code, name, tuple(found))
        self.notes += made.notes
        self._note(len(self.roll), made.member)
        self.roll.append(made.member)
        return RowResult(row.line, "joined", code, name)

    def _leaving(self, row: ListRow) -> int | None:
        """The place of the member that a row lets leave: it is in, and the row gives its end."""
        places = self.by_code.get(row["credit_code"] or "")
        if not places or row["left"] is None:
            return None
        one = self.roll[places[-1]]
        same = row["joined"] in (None, one.joined) and "joined" not in _at_fault(row, self.listed)
        return places[-1] if one.left is None and same else None

    def _leaving_faults(self, row: ListRow, one: ParkMember) -> Iterator[Fault]:
        yield from row.faults
        if not one.joined <= row["left"] <= self.park.expiry:
            yield self.listed.fault(
                row, "left", f"{row['left']} is no day between {one.joined}, when it joined, and "
                             f"the end of the policy",
                f"give its last day, {one.joined} to {self.park.expiry}")
        if row["name"] and plain(row["name"]) != plain(one.name):
            yield self.listed.fault(row, "name", f"{one.credit_code} is {one.name} on the roll",
                                    "check which firm leaves")

    def _twice(self, row: ListRow, one: ParkMember) -> Iterator[Fault]:
        for place in self.by_code.get(one.credit_code, ()):
            other = self.roll[place]
            if _meet(one, other, self.park.expiry):
                where = f"line {other.line}" if other.line else "the roll"
                yield self.listed.fault(
                    row, "credit_code", f"{one.credit_code} stands already in {where}",
                    "keep one of the two, or let it join after its last day")
                break
        held = self.by_name.get(plain(one.name))
        if held is not None and held != one.credit_code:
            yield self.listed.fault(
                row, "name", f"{one.name} stands already with the credit code {held}",
                "check both against the licence, and correct the name or the code")


def _at_fault(row: ListRow, listed: ParkList) -> set[str]:
    wrong = {one.field for one in row.faults}
    return {code for code, heading in listed.headings.items() if heading in wrong}


def _meet(one: ParkMember, other: ParkMember, expiry: date) -> bool:
    """Whether the days of two stays have one in common."""
    return one.joined <= (other.left or expiry) and other.joined <= (one.left or expiry)


@dataclass(frozen=True, slots=True)
class _Made:
    member: ParkMember | None
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def _made(row: ListRow, park: Park, listed: ParkList, begun: bool) -> _Made:
    """A row as a member, or its faults beyond those of its cells."""
    faults: list[Fault] = []
    notes: list[str] = []
    wrong = _at_fault(row, listed)

    def fault(column: str, message: str, mend: str) -> None:
        faults.append(listed.fault(row, column, message, mend))

    for column, what in (("credit_code", "credit code"), ("name", "name"), ("sector", "sector")):
        if row[column] is None and column not in wrong:
            fault(column, f"the row has no {what}", f"write its {what}")
    first = row["joined"] or park.inception
    if row["joined"] is None and begun and "joined" not in wrong:
        fault("joined", "the row says no day of joining, and the policy has begun",
              "write the first day of its cover")
    _check_days(row, first, park, fault)
    rating = park.class_of(row["sector"]) if row["sector"] else None
    if row["sector"] and rating is None:
        fault("sector", f"the policy has no rating class for sector {row['sector']}",
              "leave the firm out, or agree a class with the insurer")
    size = _size(row, park, wrong, fault)
    if size is not None and row["size"] and row["revenue"] is not None and (
            size != size_of(row["revenue"], park.sizes)):
        notes.append(f"line {row.line}: the size {size.id} counts, though the revenue is of "
                     "another")
    limit = _limit(row, park, fault)
    top_ups = tuple(_top_ups(row, park, first, fault))
    if faults or row.faults or rating is None or size is None or limit is None:
        return _Made(None, tuple(faults), ())
    return _Made(ParkMember(
        credit_code=row["credit_code"], name=row["name"], name_en=row["name_en"] or "",
        sector=row["sector"], rating_class=rating.id, size=size.id, revenue_fen=row["revenue"],
        joined=first, left=row["left"], limit=limit, top_ups=top_ups, network=row["network"],
        providers=row["providers"], grade=row["grade"] or "", findings=row["findings"],
        line=row.line), (), tuple(notes))


def _check_days(row: ListRow, first: date, park: Park, fault: _Fault) -> None:
    if not park.inception <= first <= park.expiry:
        fault("joined", f"{first} lies outside the policy",
              f"give a day from {park.inception} to {park.expiry}")
    last = row["left"]
    if last is not None and not park.inception <= last <= park.expiry:
        fault("left", f"{last} lies outside the policy",
              f"give its last day, {park.inception} to {park.expiry}, or leave it empty")
    elif last is not None and last < first:
        fault("left", f"{last} is before {first}, when it joins", "give a later last day")


def size_of(revenue_fen: Fen, sizes: Sequence[Size]) -> Size | None:
    """The first size whose bound a revenue is below; None above all bounds."""
    return next((one for one in sizes
                 if one.revenue_below_fen is None or revenue_fen < one.revenue_below_fen), None)


def _size(row: ListRow, park: Park, wrong: set[str], fault: _Fault) -> Size | None:
    if row["size"]:
        word = plain(row["size"])
        for one in park.sizes:
            if word in {plain(name) for name in (one.id, one.name_zh, one.name_en) if name}:
                return one
        fault("size", f"the policy has no size {row['size'][:40]!r}",
              "one of: " + ", ".join(f"{one.id} ({one.name_zh})" for one in park.sizes))
        return None
    if row["revenue"] is None:
        if not wrong & {"size", "revenue"}:
            fault("size" if "size" in row.values else "revenue",
                  "the row has neither a size nor a revenue", "write one of the two")
        return None
    found = size_of(row["revenue"], park.sizes)
    if found is None:
        fault("revenue", "the revenue is above all sizes of the policy",
              "agree a size with the insurer, or leave the firm out")
    return found


def _limit(row: ListRow, park: Park, fault: _Fault) -> MemberLimit | None:
    if row["limit"] is None:
        return park.base.limits[0]
    found = next((one for one in park.base.limits if one.each_event_fen == row["limit"]), None)
    if found is None:
        fault("limit", "the policy has no such limit each event", "one of: " + ", ".join(
            f"{one.each_event_fen}fen" for one in park.base.limits))
    return found


def _top_ups(row: ListRow, park: Park, first: date, fault: _Fault) -> Iterator[ChosenTopUp]:
    """Top-ups by id or name, each with the day from which it covers where one is given
    (`ransomware@2026-05-01`)."""
    names = {plain(word): one.id for one in park.top_ups
             for word in (one.id, one.name_zh, one.name_en) if word}
    seen: set[str] = set()
    for part in row["top_ups"] or ():
        name, mark, since = part.rpartition("@")
        code = names.get(plain(name if mark else part))
        if code is None:
            fault("top_ups", f"the policy has no top-up {part[:40]!r}",
                  ("one of: " + ", ".join(f"{one.id} ({one.name_zh})" for one in park.top_ups)
                   )[:_SHOWN_CHOICES] if park.top_ups else "leave it empty")
            continue
        try:
            start = read_day(ordinary(since), "", EXCEL_FIRST_SERIAL) if mark else first
        except CellFault as cell:
            fault("top_ups", cell.message, cell.mend)
            continue
        if code in seen:
            fault("top_ups", f"the top-up {code} stands twice", "keep one")
        elif not first <= start <= (row["left"] or park.expiry):
            fault("top_ups", f"{start} is no day of this member's cover",
                  f"give a day from {first} on")
        else:
            yield ChosenTopUp(code, start)
        seen.add(code)
