"""The claims of a park's events, and what was paid before, from tables (CSV, Excel, Parquet).

An amount is what the policy's terms grant before any limit of the master policy: after causes,
evidence, deductibles and waiting (DECISIONS 1). One wrong row refuses the whole list: shares
within an event depend on every claim of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from dinghai.assessment.profile import valid_credit_code
from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import ordinary
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.schemes.park_columns import ListKind, ListRow, ParkList, park_columns, read_list
from dinghai.schemes.park_file import BASE, Park
from dinghai.schemes.park_members import ParkMember
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.products import load_product

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ParkClaim:
    """A line of a claim. ``member`` is a credit code; ``top_up`` the one cover that answers, or ""
    for every cover that the member holds; ``amount_fen`` as granted before limits."""

    event: str
    claim: str
    member: str
    coverage: str
    top_up: str
    day: date
    amount_fen: Fen
    line: int = 0


@dataclass(frozen=True, slots=True)
class PaidBefore:
    """What a member was paid for an event out of a cover, before now."""

    event: str
    member: str
    cover: str
    fen: Fen


def read_claims(path: Path, park: Park, roll: Sequence[ParkMember]) -> tuple[ParkClaim, ...]:
    """The claims of a list. Raises InputError with the faults of all rows."""
    names = _Names(park, roll)
    seen: dict[tuple[str, str, str, str], int] = {}

    def claim(row: ListRow, listed: ParkList, faults: list[Fault]) -> ParkClaim:
        day, event = row["day"], row["event"]
        if day is not None and not park.inception <= day <= park.expiry:
            faults.append(listed.fault(row, "day", f"{day} lies outside the policy",
                                       f"give a day from {park.inception} to {park.expiry}"))
        found = ParkClaim(
            event or "", row["claim"] or "", names.member(row, listed, faults),
            names.coverage(row, listed, faults), names.top_up(row, listed, faults),
            day or park.inception, row["amount"] or 0, row.line)
        key = (found.event, found.claim, found.member, found.coverage)
        if found.claim and key in seen:
            faults.append(listed.fault(
                row, "claim", f"claim {found.claim} stands already in line {seen[key]} with this "
                              "coverage", "keep one of the two rows"))
        seen.setdefault(key, row.line)
        return found

    return _rows(path, "claims", claim)


def read_paid(path: Path, park: Park, roll: Sequence[ParkMember]) -> tuple[PaidBefore, ...]:
    """What was paid before. Raises InputError with the faults of all rows."""
    names = _Names(park, roll)

    def paid(row: ListRow, listed: ParkList, faults: list[Fault]) -> PaidBefore:
        return PaidBefore(row["event"] or "", names.member(row, listed, faults),
                          names.cover(row, listed, faults), row["amount"] or 0)

    return _rows(path, "paid", paid)


def _rows(path: Path, kind: ListKind, make: Callable[[ListRow, ParkList, list[Fault]], Item]
          ) -> tuple[Item, ...]:
    listed = read_list(path, kind)
    faults: list[Fault] = []
    found: list[Item] = []
    for row in listed.rows:
        here = [*row.faults, *_missing(row, listed, kind)]
        found.append(make(row, listed, here))
        faults += here
    if faults:
        raise InputError.of(faults)
    return tuple(found)


def _missing(row: ListRow, listed: ParkList, kind: ListKind) -> Iterator[Fault]:
    wrong = {one.field for one in row.faults}
    for one in park_columns().of(kind):
        if one.must and row[one.id] is None and listed.headings[one.id] not in wrong:
            yield listed.fault(row, one.id, f"the row has no {one.id}", f"write its {one.id}")


class _Names:
    """Members, coverages and covers by any name that a list may use."""

    def __init__(self, park: Park, roll: Sequence[ParkMember]) -> None:
        self.members = {plain(one.name): one.credit_code for one in roll}
        self.codes = {one.credit_code for one in roll}
        self.known = {one.coverage for one in load_product(park.product).sections}
        self.by_coverage = {plain(word): code for code, one in coverages().items()
                            if code in self.known for word in (code, one.name_zh, one.name_en)}
        self.top_ups = {plain(word): one.id for one in park.top_ups
                        for word in (one.id, one.name_zh, one.name_en) if word}
        self.covers = {**self.top_ups, **{plain(word): BASE for word in (
            BASE, "base cover", "基础保障", "基本保障", "基础")}}

    def member(self, row: ListRow, listed: ParkList, faults: list[Fault]) -> str:
        text = row["member"] or ""
        code = ordinary(text).upper()
        if code in self.codes:
            return code
        found = self.members.get(plain(text), "")
        if text and not found:
            what = "credit code" if valid_credit_code(code) else "firm"
            faults.append(listed.fault(row, "member", f"no {what} {text[:40]!r} is on the roll",
                                       "give a member's credit code or its name on the roll"))
        return found

    def coverage(self, row: ListRow, listed: ParkList, faults: list[Fault]) -> str:
        return self._named(row, "coverage", self.by_coverage, sorted(self.known), listed, faults)

    def top_up(self, row: ListRow, listed: ParkList, faults: list[Fault]) -> str:
        return self._named(row, "top_up", self.top_ups, sorted(set(self.top_ups.values())), listed,
                           faults)

    def cover(self, row: ListRow, listed: ParkList, faults: list[Fault]) -> str:
        return self._named(row, "cover", self.covers, sorted(set(self.covers.values())), listed,
                           faults)

    @staticmethod
    def _named(row: ListRow, column: str, names: dict[str, str], known: Sequence[str],
               listed: ParkList, faults: list[Fault]) -> str:
        text = row[column] or ""
        found = names.get(plain(text), "")
        if text and not found:
            faults.append(listed.fault(
                row, column, f"the policy has no {column.replace('_', '-')} {text[:40]!r}",
                "one of: " + ", ".join(known) if known else "leave it empty"))
        return found
