"""Rows of an insurer's own files, cell by cell: what could be read, and every fault of the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Protocol, TypeVar

from dinghai.experience.own_columns import FileKind, Found, Header, read_header
from dinghai.experience.own_values import (
    BareNumberFault,
    CellFault,
    SlashOrder,
    ordinary,
    read_count,
    read_currency,
    read_day,
    read_hours,
    read_money,
    slash_order,
)
from dinghai.experience.tabular import Row, TableFile
from dinghai.foundation.errors import Fault, InputError

Value = TypeVar("Value")
MOST_FAULTS = 1_000


class Screenable(Protocol):
    """A record of an own file; ``screened`` says why it is not used, empty where it is."""

    @property
    def screened(self) -> str: ...


Record = TypeVar("Record", bound=Screenable)


@dataclass(frozen=True, slots=True)
class OwnRows(Generic[Record]):
    """An own file as read: every row, what is wrong with some, and what the header says."""

    file: str
    rows: tuple[Record, ...]
    faults: tuple[Fault, ...]
    faults_total: int
    columns: dict[str, str]
    ignored: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def usable(self) -> tuple[Record, ...]:
        """Rows that nothing speaks against."""
        return tuple(one for one in self.rows if not one.screened)

    def screening(self) -> dict[str, int]:
        """How many rows are screened for each reason."""
        found = Counter(one.screened for one in self.rows if one.screened)
        return dict(found.most_common())


def rows_of(
    table: TableFile, kind: FileKind, read: Callable[[Cells], Record]
) -> OwnRows[Record]:
    """Every row of a table that is not blank. Raises InputError for a header that cannot be read;
    rows that cannot be right stay, screened, with their faults."""
    file = OwnFile.of(table, kind)
    records = tuple(read(Cells(file, row)) for row in table.rows
                    if any(cell.strip() for cell in row.cells))
    return OwnRows(table.file, records, tuple(file.faults), file.faults_total, file.columns,
                   file.header.ignored, table.notes)


@dataclass(slots=True)
class OwnFile:
    """One file being read: its columns, how it writes days, and the faults found so far."""

    table: TableFile
    header: Header
    orders: dict[str, SlashOrder]
    faults: list[Fault] = field(default_factory=list)
    faults_total: int = 0

    @classmethod
    def of(cls, table: TableFile, kind: FileKind) -> OwnFile:
        """Raises InputError for a header that cannot be read."""
        header = read_header(table, kind)
        orders = {code: slash_order(row.at(found.place) for row in table.rows)
                  for code, found in header.columns.items()
                  if code.endswith("_on") or code in ("from", "to")}
        return cls(table, header, orders)

    @property
    def columns(self) -> dict[str, str]:
        """The file's own headings by the id of their column."""
        return {code: found.heading for code, found in self.header.columns.items()}

    def add(self, row: Row, code: str, message: str, mend: str) -> None:
        """Note a fault; the first thousand are kept, all are counted."""
        self.faults_total += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(message, self.table.file, row.line, code, mend))


@dataclass(slots=True)
class Cells:
    """One row while it is read. ``bad`` holds the columns that could not be."""

    file: OwnFile
    row: Row
    bad: set[str] = field(default_factory=set)

    def fault(self, code: str, message: str, mend: str) -> None:
        """Note a fault of this row."""
        self.bad.add(code)
        self.file.add(self.row, code, message, mend)

    def text(self, code: str) -> str:
        """A cell in ordinary characters; empty where the file lacks the column."""
        found = self.file.header.columns.get(code)
        return "" if found is None else ordinary(self.row.at(found.place))

    def value(self, code: str, read: Callable[[str], Value]) -> Value | None:
        """A cell read by a rule; None where it is blank or cannot be read (then it is a fault)."""
        text = self.text(code)
        if not text:
            return None
        if text.startswith("#") and text.rstrip("!?").isupper():
            self.fault(code, f"{text[:40]!r} is a spreadsheet's error",
                       "mend the formula, or empty the cell")
            return None
        try:
            return read(text)
        except CellFault as fault:
            if isinstance(fault, BareNumberFault):
                raise self._without_unit(code, fault) from None
            self.fault(code, fault.message, fault.mend)
            return None

    def day(self, code: str) -> date | None:
        """A day."""
        order = self.file.orders.get(code, "")
        return self.value(code, lambda text: read_day(
            text, order, self.file.table.first_serial))

    def money(self, code: str) -> int | None:
        """An amount in hundredths of the row's currency. Raises InputError for a column of
        numbers whose unit nobody names."""
        found = self.file.header.columns.get(code)
        unit = "" if found is None else found.unit
        return self.value(code, lambda text: read_money(text, unit))

    def count(self, code: str) -> int | None:
        """A whole number."""
        return self.value(code, read_count)

    def seconds(self, code: str) -> int | None:
        """Hours, as seconds."""
        return self.value(code, read_hours)

    def currency(self) -> str:
        """The row's currency: its own cell, else what the headings of amounts name, else CNY."""
        named = {found.currency for found in self.file.header.columns.values() if found.currency}
        own = self.value("currency", read_currency)
        if own is None:
            return named.pop() if len(named) == 1 else "CNY"
        if named - {own}:
            self.fault("currency", f"{own} stands beside a heading of {', '.join(sorted(named))}",
                       "name the currency in one place")
        return own

    def _without_unit(self, code: str, fault: CellFault) -> InputError:
        found: Found = self.file.header.columns[code]
        mend = f"name the unit in the heading, such as {found.heading}（元）, or in the cell: 12万"
        return InputError(fault.message, file=self.file.table.file, line=self.row.line, field=code,
                          mend=mend)
