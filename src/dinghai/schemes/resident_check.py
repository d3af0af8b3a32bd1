"""What becomes of a list of residents: counts, money, and every row not taken, with its mend.

A list is looked through once for its figures; the results of its rows, which may be millions, are
made in a second reading and never held together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.schemes.mass_table import MassTable
from dinghai.schemes.people import masked_identity, masked_mobile, masked_name
from dinghai.schemes.persons_twice import as_pairs, first_places, look_up_hashes
from dinghai.schemes.resident_list import ResidentRows, resident_rows
from dinghai.schemes.resident_scheme import ResidentScheme

SCHEMA: Final = "dinghai.resident-check/1"
SHOWN: Final = 200
HEADINGS: Final = ("line", "outcome", "name", "identity", "mobile", "plan", "premium_fen", "field",
                   "message", "mend")
ENROLLED: Final = ("identity", "the person was enrolled in the scheme before", "leave the row out")
"""Field, fault and mend of whoever is in the scheme already."""


@dataclass(frozen=True, slots=True, eq=False)
class ResidentCheck:
    """A list held to a scheme. ``accepted`` counts by plan; ``repeated`` are the lines of persons
    who stand in the list before, ascending, and ``stood`` where; ``enrolled`` those of persons who
    are in the scheme already, as far as a register was asked; ``faults`` the first ones, of
    ``faulty`` by field and message."""

    scheme: ResidentScheme
    table: MassTable
    as_of: date
    accepted: npt.NDArray[np.int64]
    rejected: int
    repeated: npt.NDArray[np.int64]
    stood: npt.NDArray[np.int64]
    enrolled: npt.NDArray[np.int64]
    faults: tuple[Fault, ...]
    faulty: Counter[tuple[str, str]]

    @property
    def number(self) -> int:
        """Residents who may be enrolled."""
        return int(self.accepted.sum())

    @property
    def premium_fen(self) -> Fen:
        """The premium of all of them."""
        return sum(int(number) * plan.premium_fen
                   for number, plan in zip(self.accepted, self.scheme.plans, strict=True))

    @property
    def sum_insured_fen(self) -> Fen:
        """The sums insured of all of them."""
        return sum(int(number) * plan.sum_insured_fen
                   for number, plan in zip(self.accepted, self.scheme.plans, strict=True))

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.resident-check/1)."""
        number, premium, limits = self.number, self.premium_fen, self.sum_insured_fen
        return {
            "schema": SCHEMA, "scheme": self.scheme.id, "as_of": self.as_of.isoformat(),
            "file": {"name": self.table.name, "sha256": self.table.sha256,
                     "kind": self.table.kind, "encoding": self.table.encoding or None,
                     "header_line": self.table.header_line},
            "rows": number + self.rejected, "accepted": number, "rejected": self.rejected,
            "repeated": len(self.repeated), "premium_fen": premium, "sum_insured_fen": limits,
            "average_premium_fen": _ratio(premium, number),
            "average_sum_insured_fen": _ratio(limits, number),
            "rate_ppm": _ratio(premium * PPM, limits),
            "by_plan": [
                {"code": plan.code, "accepted": int(count),
                 "premium_fen": int(count) * plan.premium_fen,
                 "sum_insured_fen": int(count) * plan.sum_insured_fen}
                for plan, count in zip(self.scheme.plans, self.accepted, strict=True)],
            "faults_by_field": [
                {"field": field or None, "message": message, "number": number}
                for (field, message), number in self.faulty.most_common()],
            "faults": [one.to_dict() for one in self.faults],
            "all_faults_shown": self.faulty.total() == len(self.faults),
        }


def check_residents(
    table: MassTable, scheme: ResidentScheme, *, as_of: date, key: bytes,
    enrolled: Callable[[bytes], npt.NDArray[np.bool_]] | None = None,
) -> ResidentCheck:
    """Hold a list to a scheme. ``key`` is the secret of the look-up hashes; no figure depends on
    it. ``enrolled`` says of hashes, one after another, whose person is in the scheme already; it is
    asked once. Raises InputError for columns that are missing."""
    hashes, lines, plans = [], [], []
    faults: list[Fault] = []
    faulty: Counter[tuple[str, str]] = Counter()
    rejected = 0
    for rows in resident_rows(table, scheme, as_of=as_of):
        hashes.append(look_up_hashes(rows.identity, key))
        lines.append(rows.line)
        plans.append(rows.plan)
        rejected += len({one.line for one in rows.faults})
        _note(rows.faults, faults, faulty)
    line = np.concatenate([np.zeros(0, dtype=np.int64), *lines])
    plan = np.concatenate([np.zeros(0, dtype=np.int16), *plans])
    joined = b"".join(hashes)
    first = first_places(as_pairs(joined))
    again = first != np.arange(len(first))
    repeated, stood = line[again], line[first[again]]
    before = (np.zeros(len(first), dtype=np.bool_) if enrolled is None
              else enrolled(joined) & ~again)
    _note([_twice(table.name, int(here), int(there))
           for here, there in zip(repeated[:SHOWN], stood[:SHOWN], strict=True)], faults, Counter())
    if len(repeated):
        faulty[("identity", "the person stands in the list before")] = len(repeated)
    _note([_enrolled(table.name, int(one)) for one in line[before][:SHOWN]], faults, Counter())
    if before.any():
        faulty[ENROLLED[:2]] = int(before.sum())
    return ResidentCheck(
        scheme, table, as_of, np.bincount(plan[~again & ~before], minlength=len(scheme.plans)),
        rejected + len(repeated) + int(before.sum()), repeated, stood, line[before],
        tuple(sorted(faults, key=lambda one: one.line or 0)), faulty)


def results_of(check: ResidentCheck) -> Iterator[tuple[str, ...]]:
    """The results of all rows in the list's order, people masked: a line for each accepted row and
    for each fault, in the order of `HEADINGS`."""
    for rows in resident_rows(check.table, check.scheme, as_of=check.as_of):
        found = [(one.line or 0, _fault_row(one)) for one in rows.faults]
        found += _row_results(rows, check)
        for _, row in sorted(found, key=lambda one: one[0]):
            yield row


def _row_results(rows: ResidentRows, check: ResidentCheck) -> Iterator[tuple[int, tuple[str, ...]]]:
    places = np.searchsorted(check.repeated, rows.line)
    before = np.isin(rows.line, check.enrolled).tolist()
    for place, line in enumerate(rows.line.tolist()):
        if before[place]:
            yield line, _fault_row(_enrolled(check.table.name, line))
            continue
        at = int(places[place])
        if at < len(check.repeated) and check.repeated[at] == line:
            yield line, _fault_row(_twice(check.table.name, line, int(check.stood[at])))
            continue
        plan = check.scheme.plans[int(rows.plan[place])]
        yield line, (str(line), "accepted", masked_name(rows.name[place]),
                     masked_identity(rows.identity[place]), masked_mobile(rows.mobile[place]),
                     plan.code, str(plan.premium_fen), "", "", "")


def _fault_row(one: Fault) -> tuple[str, ...]:
    return (str(one.line), "rejected", "", "", "", "", "", one.field or "", one.message,
            one.mend or "")


def _twice(file: str, line: int, before: int) -> Fault:
    return Fault(f"the person stands in the list before, at line {before}", file, line, "identity",
                 "leave one of the two rows out")


def _enrolled(file: str, line: int) -> Fault:
    field, message, mend = ENROLLED
    return Fault(message, file, line, field, mend)


def _note(more: list[Fault], faults: list[Fault], faulty: Counter[tuple[str, str]]) -> None:
    """Count faults, and keep the first ones."""
    for one in more:
        faulty[(one.field or "", one.message)] += 1
    faults += more[:max(SHOWN - len(faults), 0)]


def _ratio(amount: int, number: int) -> int | None:
    return multiply_divide(amount, 1, number, "half_up") if number else None
