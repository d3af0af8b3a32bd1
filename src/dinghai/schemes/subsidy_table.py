"""Tables of a subsidy: known columns under Chinese or English headings, rows with their faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import (
    CellFault,
    SlashOrder,
    ordinary,
    read_day,
    read_money,
    slash_order,
)
from dinghai.experience.tabular import Row, TableFile, read_table_file
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import Fault, InputError
from dinghai.supplychain.chain_cells import read_cell

Word = TypeVar("Word", bound=str)
ColumnKind = Literal["text", "code", "amount", "day", "moment", "list", "flag", "number"]
_BRACKETED: Final = re.compile(r"[(\[【（]([^()\[\]【】（）]*)[)\]】）]")
_UNITS: Final[Mapping[str, str]] = {"分": "fen", "fen": "fen", "元": "yuan", "yuan": "yuan",
                                    "人民币元": "yuan", "万": "万", "万元": "万"}
_CODE: Final = re.compile(r"[^\s\x00-\x1f\x7f]{1,64}")
_MOMENT: Final = re.compile(
    r"(\S+?)[ T](\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?")
_SERIAL: Final = re.compile(r"(\d{5})(\.\d+)?")
_LONGEST: Final = 200
_MOST_FOLDED: Final = 200


@dataclass(frozen=True, slots=True)
class Column:
    """One known column: the headings it goes by (its id is one), how its cells are read."""

    id: str
    kind: ColumnKind
    names: tuple[str, ...]
    required: bool = False
    read: Callable[[str], object] | None = None
    """How a cell of ordinary text is read where the kind alone does not say it."""


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row that could be read: its line, and its values by column id. An empty cell and a
    column that is not there are both left out: unknown."""

    line: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as read: every row of ``rows`` is whole, every fault of ``rejected`` is of a row
    left out. ``strange`` are headings of no meaning here."""

    file: str
    rows: tuple[ReadRow, ...]
    rejected: tuple[Fault, ...]
    total: int
    strange: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    column: Column
    at: int
    heading: str
    unit: str
    order: SlashOrder


def one_of(words: Mapping[str, Word], what: str) -> Callable[[str], Word]:
    """A reader of cells that are one of these words, in Chinese or English."""
    def read(text: str) -> Word:
        found = words.get(plain(text))
        if found is None:
            raise CellFault(f"{text[:40]!r} is no {what}", "one of: " + ", ".join(words))
        return found

    return read


def read_rows(path: Path, columns: Sequence[Column]) -> ReadTable:
    """A table of CSV, Excel or Parquet. Raises InputError for a file that is none, for a heading
    that stands twice and for a required column that is missing."""
    return rows_of(read_table_file(path), columns)


def rows_of(table: TableFile, columns: Sequence[Column]) -> ReadTable:
    """The same of a table in memory. Raises InputError."""
    places, strange = _places(table, columns)
    rows: list[ReadRow] = []
    rejected: list[Fault] = []
    total = 0
    for row in table.rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        total += 1
        values, faults = _values(row, places, table)
        if faults:
            rejected += faults
        else:
            rows.append(ReadRow(row.line, values))
    return ReadTable(table.file, tuple(rows), tuple(rejected), total, strange, table.notes)


def _places(
    table: TableFile, columns: Sequence[Column]
) -> tuple[list[_Place], tuple[str, ...]]:
    known = {plain(name): one for one in columns for name in (one.id, *one.names)}
    found: dict[str, _Place] = {}
    strange: list[str] = []
    for at, heading in enumerate(table.header):
        column, unit = _column(heading, known)
        if column is None:
            strange += [heading[:_LONGEST]] if heading else []
            continue
        if column.id in found:
            raise InputError(f"two columns are the {column.id}: {found[column.id].heading!r} and "
                             f"{heading[:40]!r}", file=table.file, line=table.header_line,
                             field=heading[:40], mend="leave one of them out")
        order = (slash_order(row.at(at)[:40] for row in table.rows)
                 if column.kind in ("day", "moment") else "")
        found[column.id] = _Place(column, at, heading, unit, order)
    faults = [Fault(f"there is no column {one.id}", table.file, table.header_line, one.id,
                    "add a column headed " + " or ".join((one.id, *one.names[:1])))
              for one in columns if one.required and one.id not in found]
    if faults:
        raise InputError.of(faults)
    return list(found.values()), tuple(strange)


def _column(heading: str, known: Mapping[str, Column]) -> tuple[Column | None, str]:
    """What a heading names, and the unit in its brackets: 保费（万元）."""
    if len(heading) > _MOST_FOLDED:
        return None, ""
    bracketed = _BRACKETED.search(heading)
    unit = _UNITS.get(plain(bracketed[1]), "") if bracketed else ""
    bare = plain(_BRACKETED.sub("", heading)) if unit else plain(heading)
    return known.get(bare), unit


def _values(
    row: Row, places: Sequence[_Place], table: TableFile
) -> tuple[dict[str, object], list[Fault]]:
    values: dict[str, object] = {}
    faults: list[Fault] = []
    for place in places:
        text = row.at(place.at)
        if len(text) > _LONGEST * 10:
            faults.append(Fault(f"the cell has {len(text)} characters", table.file, row.line,
                                place.heading, f"write at most {_LONGEST}"))
            continue
        if not ordinary(text):
            if place.column.required:
                faults.append(Fault("the cell is empty", table.file, row.line, place.heading,
                                    f"write the {place.column.id}"))
            continue
        try:
            values[place.column.id] = _cell(text, place, table)
        except CellFault as fault:
            faults.append(Fault(fault.message, table.file, row.line, place.heading,
                                fault.mend or "write the unit, for example 8万"))
    return values, faults


def _cell(text: str, place: _Place, table: TableFile) -> object:
    column = place.column
    if column.read is not None:
        return column.read(ordinary(text))
    match column.kind:
        case "text":
            return _text(str(read_cell("text", text)))
        case "code":
            return _code(text)
        case "amount":
            return read_money(ordinary(text), place.unit or "yuan")
        case "day":
            return read_day(ordinary(text), place.order, table.first_serial)
        case "moment":
            return _moment(ordinary(text), place.order, table.first_serial)
        case "list":
            return tuple(_text(one) for one in re.split(r"[;；,，、|]", text) if one.strip())
        case "flag":
            return read_cell("flag", text)
        case "number":
            return _bounded(int(str(read_cell("whole", text))))


def _bounded(number: int) -> int:
    if abs(number) > 10**15:
        raise CellFault("the number is larger than any that is kept", "write at most 10^15")
    return number


def _text(text: str) -> str:
    clean = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if len(clean) > _LONGEST:
        raise CellFault(f"the text has more than {_LONGEST} characters", "shorten it")
    return clean


def _code(text: str) -> str:
    """A number of a policy or an application: ordinary letters, in capitals, without spaces.

    Two ways of writing one number must not make two policies of it.
    """
    code = re.sub(r"\s+", "", ordinary(str(read_cell("text", text)))).upper()
    if not code.isprintable() or _CODE.fullmatch(code) is None:
        raise CellFault(f"{text[:40]!r} is no number of a paper", "write up to 64 letters, digits "
                        "and marks")
    return code


def _moment(text: str, order: SlashOrder, first_serial: date) -> datetime:
    """A moment in Shanghai, whole seconds; a day alone is its 00:00, a spreadsheet's serial number
    its fraction of the day."""
    if found := _SERIAL.fullmatch(text):
        day = read_day(found[1], order, first_serial)
        seconds = min(round(float(found[2] or 0) * 86_400), 86_399)
        return datetime.combine(day, time(seconds // 3600, seconds // 60 % 60, seconds % 60),
                                SHANGHAI)
    parted = _MOMENT.fullmatch(text)
    day = read_day(parted[1] if parted else text, order, first_serial)
    if parted is None:
        return datetime.combine(day, time.min, SHANGHAI)
    try:
        clock = time(int(parted[2]), int(parted[3]), int(parted[4] or 0))
        zone = datetime.fromisoformat(f"2000-01-01T00:00:00{parted[5] or '+08:00'}").tzinfo
        return datetime.combine(day, clock, zone).astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        raise CellFault(f"{text[:40]!r} is no time of a day",
                        "write it like 2026-03-02 10:00") from None
