"""A batch of small firms from one table: every row a firm, or the faults that keep it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from dinghai.experience.own_values import (
    CellFault,
    SlashOrder,
    ordinary,
    read_count,
    read_day,
    read_industry,
    slash_order,
)
from dinghai.experience.tabular import Row, TableFile, read_table_file, table_of
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.schemes.small_firm_cells import (
    UNKNOWN_WORDS,
    read_answer,
    read_credit_code,
    read_domains,
    read_name,
    read_revenue,
    read_seconds,
    read_share,
    read_words,
    read_yes_no,
)
from dinghai.schemes.small_firm_columns import FoundColumn, read_header
from dinghai.schemes.small_firm_plans import PlanTable
from dinghai.vocabulary.indicators import light_indicators

LONGEST_CELL: Final = 4_000
_HIGHEST_MLPS: Final = 5


@dataclass(frozen=True, slots=True)
class SmallFirm:
    """One firm as its row says. Money in fen, shares in ppm, times in seconds.

    ``answers`` has the 28 light indicators, scores 0 to 4 or None for unknown. ``consent`` None is
    not said, which is no consent. ``exposures`` holds only what the row states of the optional
    columns. ``plan`` is the plan it asks for, or the table's default.
    """

    line: int
    credit_code: str
    name: str
    industry: str
    revenue_fen: Fen
    headcount: int
    domains: tuple[str, ...]
    consent: bool | None
    consent_on: date | None
    answers: Mapping[str, int | None]
    answered_on: date
    plan: str
    answering_seconds: int | None
    products: tuple[str, ...]
    exposures: Mapping[str, int | bool]


@dataclass(frozen=True, slots=True)
class FirmFile:
    """A file as read: its firms in the file's order, the faults of the rows left out."""

    file: str
    rows: int
    firms: tuple[SmallFirm, ...]
    rejected: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def rejected_rows(self) -> int:
        """How many rows were left out."""
        return self.rows - len(self.firms)


def read_firms(path: Path, plans: PlanTable, *, on: date) -> FirmFile:
    """The firms of a CSV, Excel or Parquet file on a day.

    Raises InputError for a file that is none, lacks columns, or has no row at all.
    """
    return firms_of_table(read_table_file(path), plans, on=on)


def firms_of_bytes(raw: bytes, name: str, plans: PlanTable, *, on: date) -> FirmFile:
    """The same of a file's bytes."""
    return firms_of_table(table_of(raw, name), plans, on=on)


def firms_of_table(table: TableFile, plans: PlanTable, *, on: date) -> FirmFile:
    """The same of a table at hand."""
    columns, unread = read_header(table)
    reader = _RowReader.of(table, columns, plans, on)
    firms: list[SmallFirm] = []
    rejected: list[Fault] = []
    seen: dict[str, int] = {}
    rows = 0
    for row in table.rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        rows += 1
        firm, faults = reader.read(row)
        if firm is not None and firm.credit_code in seen:
            faults.append(Fault(
                f"{firm.credit_code} stands already in line {seen[firm.credit_code]}", table.file,
                row.line, columns["credit_code"].heading, "keep one of the two rows"))
        if firm is None or faults:
            rejected.extend(faults)
            continue
        seen[firm.credit_code] = row.line
        firms.append(firm)
    if rows == 0:
        raise InputError("no firm stands in this table", file=table.file, line=table.header_line,
                         mend="add a row for each firm")
    return FirmFile(table.file, rows, tuple(firms), tuple(rejected),
                    (*table.notes, *_notes(columns, unread, on)))


def _notes(columns: Mapping[str, FoundColumn], unread: Iterable[str], on: date) -> Iterator[str]:
    if "answered_on" not in columns:
        yield f"no column says when the questions were answered: they count as answered on {on}"
    names = [repr(one) for one in unread]
    if names:
        yield "not read: " + ", ".join(names[:20]) + (" and more" if len(names) > 20 else "")


_Reader = Callable[[str], Any]


@dataclass(slots=True)
class _RowReader:
    """Reads rows of one table."""

    table: TableFile
    columns: Mapping[str, FoundColumn]
    plans: PlanTable
    on: date
    readers: Mapping[str, _Reader] = field(default_factory=dict)

    @classmethod
    def of(cls, table: TableFile, columns: Mapping[str, FoundColumn], plans: PlanTable,
           on: date) -> _RowReader:
        made = cls(table, columns, plans, on)
        made.readers = {code: made._reader(one) for code, one in columns.items()}
        return made

    def _reader(self, found: FoundColumn) -> _Reader:
        match found.column.kind:
            case "revenue":
                return lambda text: read_revenue(text, found.unit)
            case "day":
                order = slash_order(row.at(found.place)[:40] for row in self.table.rows)
                return lambda text: self._day(text, order)
            case "industry":
                return lambda text: read_industry(text)[0]
            case "word":
                return self._plan
            case kind:
                return _READERS[kind]

    def _day(self, text: str, order: SlashOrder) -> date:
        found = read_day(text, order, self.table.first_serial)
        if found > self.on:
            raise CellFault(f"{found} lies after {self.on}", "give a day that has come")
        return found

    def _plan(self, text: str) -> str:
        for one in self.plans.plans:
            if text.casefold() in (one.code, one.name_zh, one.name_en.casefold()):
                return one.code
        raise CellFault(f"{text[:40]!r} is none of the plans", "one of: " + ", ".join(
            f"{one.code} ({one.name_zh})" for one in self.plans.plans))

    def read(self, row: Row) -> tuple[SmallFirm | None, list[Fault]]:
        """The firm of a row, or every fault that it has."""
        values: dict[str, Any] = {}
        faults: list[Fault] = []
        if any(cell.strip() for cell in row.cells[len(self.table.header):]):
            faults.append(self._fault(row, "", "there are more cells than the header has",
                                      "quote cells that hold commas"))
        for code, found in self.columns.items():
            try:
                value = self._value(row, code, found)
            except CellFault as fault:
                faults.append(self._fault(row, found.heading, fault.message, fault.mend))
                continue
            if value is not None:
                values[code] = value
        faults.extend(self._gaps(row, values, {one.field for one in faults}))
        return (None if faults else self._firm(row, values)), faults

    def _value(self, row: Row, code: str, found: FoundColumn) -> Any:
        text = row.at(found.place)
        if len(text) > LONGEST_CELL:
            raise CellFault(f"the cell has more than {LONGEST_CELL} characters", "shorten it")
        if code != "name":
            text = ordinary(text)
        if text.casefold() in UNKNOWN_WORDS:
            return None
        return self.readers[code](text)

    def _gaps(
        self, row: Row, values: Mapping[str, Any], faulty: set[str | None]
    ) -> Iterator[Fault]:
        """What a row must say and does not, and what does not go together."""
        for code in ("credit_code", "name", "industry", "revenue", "employees"):
            if code not in values and self.columns[code].heading not in faulty:
                yield self._fault(row, self.columns[code].heading, "the cell is empty",
                                  "fill it in")
        if values.get("employees") == 0:
            yield self._fault(row, self.columns["employees"].heading, "a firm has people",
                              "count the owner too")
        if values.get("mlps_level", 0) > _HIGHEST_MLPS:
            yield self._fault(row, self.columns["mlps_level"].heading,
                              f"{values['mlps_level']} is no level", "1 to 5, or nothing")
        if values.get("consent") is True:
            for code, what in (("consent_on", "consent to probe has no day"),
                               ("domain", "consent to probe names nothing to probe")):
                if not values.get(code) and self.columns[code].heading not in faulty:
                    yield self._fault(row, self.columns[code].heading, what,
                                      "fill it in, or write no as consent")

    def _fault(self, row: Row, heading: str, message: str, mend: str) -> Fault:
        return Fault(message, self.table.file, row.line, heading or None, mend)

    def _firm(self, row: Row, values: Mapping[str, Any]) -> SmallFirm:
        return SmallFirm(
            line=row.line, credit_code=values["credit_code"], name=values["name"],
            industry=values["industry"], revenue_fen=values["revenue"],
            headcount=values["employees"], domains=values.get("domain", ()),
            consent=values.get("consent"), consent_on=values.get("consent_on"),
            answers={code: values.get(code) for code in light_indicators()},
            answered_on=values.get("answered_on", self.on),
            plan=values.get("plan", self.plans.default_plan),
            answering_seconds=values.get("minutes"), products=values.get("products", ()),
            exposures={code: values[code] for code, one in self.columns.items()
                       if one.column.exposure and code in values})


_READERS: Final[Mapping[str, _Reader]] = {
    "credit_code": read_credit_code, "name": read_name, "count": read_count,
    "domains": read_domains, "yes_no": read_yes_no, "seconds": read_seconds, "share": read_share,
    "words": read_words, "answer": read_answer}
