"""A list of changes of residents' certificates read row by row: whom each concerns, what is to be,
and what is wrong with the others. Whether there is such a certificate only the register knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from dinghai.experience.own_values import CellFault, ordinary
from dinghai.foundation.errors import Fault
from dinghai.schemes.mass_table import MASS, ROWS, MassTable, Rows
from dinghai.schemes.people import read_identity, read_mobile, read_name
from dinghai.schemes.plain_rows import plain_identities
from dinghai.schemes.resident_change_columns import USED, ChangeKind, change_columns
from dinghai.schemes.resident_list import NO, YES, read_plan
from dinghai.schemes.resident_scheme import ResidentScheme

_NUMBER: Final = re.compile(r"(?:([A-Za-z0-9][A-Za-z0-9_-]*)-)?([0-9]{1,18})")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One row: a certificate's number (0 where only the identity is given), and what is new (empty
    and −1 where nothing is said)."""

    certificate: int
    identity: str
    name: str
    mobile: str
    plan: int


@dataclass(slots=True)
class ChangeRows:
    """Some rows of a list: those that can be read, in the file's order, and the others' faults.

    ``certificate`` and ``plan`` (a place among the plans the words mean) are as long as ``line``.
    """

    line: npt.NDArray[np.int64]
    certificate: npt.NDArray[np.int64]
    identity: list[str]
    name: list[str]
    mobile: list[str]
    plan: npt.NDArray[np.int16]
    faults: list[Fault] = field(default_factory=list)


def change_rows(
    table: MassTable, kind: ChangeKind, scheme: ResidentScheme, *, plans: ResidentScheme | None
    = None, rows: int = ROWS,
) -> Iterator[ChangeRows]:
    """The rows of a list of changes in a scheme, so many at a time. ``plans`` is the scheme whose
    plans the words mean, where that is another (renewal). Raises InputError for columns that are
    missing."""
    columns = change_columns(table, kind)
    for part in table.batches(rows):
        yield _read(part, columns, kind, scheme, plans or scheme, table.name)


def _read(
    part: Rows, columns: Mapping[str, int], kind: ChangeKind, scheme: ResidentScheme,
    plans: ResidentScheme, file: str,
) -> ChangeRows:
    good: list[ChangeRow] = []
    lines: list[int] = []
    faults = list(part.faults)
    plain = _Plain.of(part, columns, scheme, plans)
    for place, (line, cells) in enumerate(zip(part.line, part.cells, strict=True)):
        found = plain.row(place, cells) or read_change(
            {one: cells[at] for one, at in columns.items()}, kind, scheme, plans)
        if isinstance(found, ChangeRow):
            good.append(found)
            lines.append(line)
        else:
            faults += [Fault(one.message, file, line, one.field, one.mend) for one in found]
    return ChangeRows(
        np.array(lines, dtype=np.int64),
        np.array([one.certificate for one in good], dtype=np.int64),
        [one.identity for one in good], [one.name for one in good], [one.mobile for one in good],
        np.array([one.plan for one in good], dtype=np.int16),
        sorted(faults, key=lambda one: one.line or 0))


@dataclass(frozen=True, slots=True)
class _Plain:
    """Rows that are plainly good, which are nearly all of a clean file: one certificate or identity
    number as the register writes it, and besides at most a plan's code or a yes."""

    prefix: str
    certificate: int | None
    identity: int | None
    plan: int | None
    others: tuple[int, ...]
    checked: npt.NDArray[np.bool_]
    places: Mapping[str, int]

    @classmethod
    def of(
        cls, part: Rows, columns: Mapping[str, int], scheme: ResidentScheme,
        plans: ResidentScheme,
    ) -> _Plain:
        identity = columns.get("identity")
        checked = np.zeros(len(part.cells), dtype=np.bool_) if identity is None else (
            plain_identities([row[identity] for row in part.cells]))
        known = {"certificate", "identity", "plan"}
        return cls(f"{scheme.id}-", columns.get("certificate"), identity, columns.get("plan"),
                   tuple(at for one, at in columns.items() if one not in known), checked,
                   plans.plan_places())

    def row(self, place: int, cells: Sequence[str]) -> ChangeRow | None:
        """The row; None where it is to be read word by word."""
        number, identity, plan = 0, "", -1
        if self.identity is not None and (identity := cells[self.identity]) and (
                not self.checked[place]):
            return None
        if self.certificate is not None and (text := cells[self.certificate]):
            digits = text.removeprefix(self.prefix)
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
                return None
            number = int(digits)
            if not number:
                return None
        if self.plan is not None:
            plan = self.places.get(cells[self.plan], -1)
            if plan < 0:
                return None
        if not (number or identity) or any(cells[at] for at in self.others):
            return None
        return ChangeRow(number, identity, "", "", plan)


def read_change(
    cells: Mapping[str, str], kind: ChangeKind, scheme: ResidentScheme, plans: ResidentScheme
) -> ChangeRow | list[Fault]:
    """What one row says, or everything that is wrong with it. Faults repeat nothing personal."""
    faults: list[Fault] = []

    def cell(field: str, read: Callable[[str], Read], nothing: Read) -> Read:
        text = cells.get(field, "")
        if not text.strip():
            return nothing
        try:
            if len(text) > MASS.text:
                raise CellFault(f"this has {len(text)} characters",
                                "give what the column asks for")
            return read(text)
        except CellFault as error:
            faults.append(Fault(error.message, None, None, field, error.mend))
            return nothing

    certificate = cell("certificate", lambda text: read_certificate(text, scheme), 0)
    identity = cell("identity", read_identity, "")
    name, mobile = cell("name", read_name, ""), cell("mobile", read_mobile, "")
    plan = cell("plan", lambda text: read_plan(text, plans), -1)
    cell("consent", _wants, None)
    if not faults and not certificate and not identity:
        faults.append(Fault("the row says of nobody", None, None, "certificate",
                            "give the certificate's number or the identity number"))
    if not faults and kind == "plan" and plan < 0:
        faults.append(Fault("this is empty", None, None, "plan", "fill it in"))
    if not faults and kind == "correction" and not name and not mobile:
        faults.append(Fault("the row says nothing new", None, None, "name",
                            "give the right name or mobile number, or leave the row out"))
    assert set(cells) <= {"certificate", "identity", *USED[kind]}
    return faults or ChangeRow(certificate, identity, name, mobile, plan)


def read_certificate(text: str, scheme: ResidentScheme) -> int:
    """A certificate's number, with or without its scheme before it. Raises CellFault."""
    word = re.sub(r"\s", "", ordinary(text)).lstrip("'`")
    found = _NUMBER.fullmatch(word)
    if found is None or not int(found[2]):
        raise CellFault("this is not the number of a certificate",
                        f"write it like {scheme.id}-0000000001")
    if found[1] and found[1].casefold() != scheme.id.casefold():
        raise CellFault("the certificate is of another scheme",
                        f"leave the row out, or list it for its own scheme; this is {scheme.id}")
    return int(found[2])


def _wants(text: str) -> None:
    word = ordinary(text).casefold()
    if word in NO:
        raise CellFault("the person does not want to renew", "leave the person out, or ask again")
    if word not in YES:
        raise CellFault("this does not say whether the person wants to renew", "write 是 or 否")
