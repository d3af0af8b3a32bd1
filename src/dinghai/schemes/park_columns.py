"""Which column of a park's list is what: members, claims of an event, what was paid before."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from dinghai.assessment.profile import valid_credit_code
from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import (
    CellFault,
    SlashOrder,
    ordinary,
    read_day,
    read_industry,
    read_money,
    slash_order,
)
from dinghai.experience.tabular import Row, TableFile, read_table_file
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.park_findings import ParkFinding, read_findings
from dinghai.supplychain.supplier_columns import column_named, heading_unit, with_header
from dinghai.vocabulary.tables import read_toml_table

ListKind = Literal["members", "claims", "paid"]
CellKind = Literal["text", "code", "sector", "amount", "day", "list", "grade", "findings"]
_NOT_KNOWN: Final = frozenset({"", "-", "—", "--", "/", "n/a", "na", "未知", "不详", "待补充",
                               "unknown", "?"})
_NONE: Final = frozenset({"无", "没有", "none"})
"""What says that there is nothing, which is not the same as not knowing."""
_LONGEST: Final = 200
_MOST_IN_LIST: Final = 50
_GUARDED: Final = re.compile(r"'[=+\-@']")


class ParkColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column that a list may have, and every name it goes by."""

    id: str
    kind: CellKind
    name_zh: str
    name_en: str
    names: tuple[str, ...]
    must: bool = False


class ParkColumns(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole table."""

    schema: Literal["dinghai.park-columns/1"]
    version: str
    members: tuple[ParkColumn, ...]
    claims: tuple[ParkColumn, ...]
    paid: tuple[ParkColumn, ...]

    def of(self, kind: ListKind) -> tuple[ParkColumn, ...]:
        """The columns of one kind of list."""
        return {"members": self.members, "claims": self.claims, "paid": self.paid}[kind]


@cache
def park_columns() -> ParkColumns:
    """The table that ships with the engine."""
    return read_toml_table("park_columns", ParkColumns, room="schemes")


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row: its line, the values by column id, and the faults of its cells. A cell that is
    empty or says "unknown" has no value; one at fault neither."""

    line: int
    values: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class ParkList:
    """A list as read. ``headings`` gives the heading that each column was taken from, ``strange``
    the headings of no meaning here."""

    file: str
    headings: Mapping[str, str]
    strange: tuple[str, ...]
    rows: tuple[ListRow, ...]
    notes: tuple[str, ...] = field(default=())

    def fault(self, row: ListRow, column: str, message: str, mend: str) -> Fault:
        """A fault of a row, at the heading that its column goes by in the file."""
        return Fault(message, self.file, row.line, self.headings.get(column, column), mend)


def read_list(path: Path, kind: ListKind, asked: Mapping[str, str] | None = None) -> ParkList:
    """A list from CSV, Excel or Parquet. ``asked`` maps column ids to headings and goes first.

    Raises InputError for a file that is none, and where a column that must be there is not.
    """
    names = _names(kind)
    table = with_header(read_table_file(path), lambda heading: column_named(heading, names)[0])
    places, strange, notes = _places(table, kind, asked or {})
    readers = {one.id: _reader(one.kind, table, places[one.id])
               for one in park_columns().of(kind) if one.id in places}
    rows = tuple(_row(row, table, places, readers) for row in table.rows
                 if any(cell.strip() for cell in row.cells))
    return ParkList(table.file, {code: table.header[place] for code, place in places.items()},
                    tuple(strange), rows, (*table.notes, *notes))


@cache
def _names(kind: ListKind) -> Mapping[str, str]:
    return {plain(word): one.id for one in park_columns().of(kind)
            for word in (one.id, one.name_zh, one.name_en, *one.names)}


def _places(table: TableFile, kind: ListKind, asked: Mapping[str, str]
            ) -> tuple[dict[str, int], list[str], list[str]]:
    """Where each column stands; headings of no meaning; what must be said of the guesses."""
    known = {one.id: one for one in park_columns().of(kind)}
    found = _asked_places(table, asked, known)
    strange: list[str] = []
    notes: list[str] = []
    guesses: list[tuple[bool, int, int, str]] = []
    twice: list[Fault] = []
    for place, heading in enumerate(table.header):
        if not heading or place in found.values():
            continue
        code, length, exact = column_named(heading, _names(kind))
        if code:
            guesses.append((not exact, -length, place, code))
        else:
            strange.append(heading)
    by_name: dict[str, int] = {}
    for guessed, _, place, code in sorted(guesses):
        first = table.header[by_name.setdefault(code, place)] if not guessed else ""
        # of members the operator may say which it is; of two alike nobody can
        if by_name.get(code, place) != place and not guessed and code not in asked and (
                kind != "members" or plain(first) == plain(table.header[place])):
            twice.append(Fault(f"{first!r} and {table.header[place]!r} are the same column",
                               table.file, table.header_line, table.header[place],
                               "keep one of the two"))
        if code in found:
            notes.append(f"{table.header[place]!r} may be {code} too, but "
                         f"{table.header[found[code]]!r} is taken for it")
        else:
            found[code] = place
    missing = [Fault(f"no column is the {one.id.replace('_', ' ')} ({one.name_zh})", table.file,
                     table.header_line, one.id,
                     f"name it so, or say which it is: --columns {one.id}=HEADING; there are: "
                     + ", ".join(each for each in table.header if each)[:300])
               for one in known.values() if one.must and one.id not in found]
    if missing or twice:
        raise InputError.of([*missing, *twice])
    return found, strange, notes


def _asked_places(table: TableFile, asked: Mapping[str, str],
                  known: Mapping[str, ParkColumn]) -> dict[str, int]:
    faults, found = [], {}
    for code, heading in asked.items():
        if code not in known:
            faults.append(Fault(f"{code[:40]!r} is no column of this list", table.file,
                                table.header_line, "--columns", "one of: " + ", ".join(known)))
        elif heading not in table.header:
            faults.append(Fault(f"there is no column {heading[:40]!r}", table.file,
                                table.header_line, "--columns",
                                "one of: " + ", ".join(one for one in table.header if one)[:300]))
        else:
            found[code] = table.header.index(heading)
    if faults:
        raise InputError.of(faults)
    return found


_Reader = Callable[[str], Any]


def _reader(kind: CellKind, table: TableFile, place: int) -> _Reader:
    """How the cells of a column are read, which may follow from the column as a whole."""
    if kind == "day":
        order: SlashOrder = slash_order(row.at(place) for row in table.rows)
        return lambda text: read_day(ordinary(text), order, table.first_serial)
    if kind == "amount":
        unit = heading_unit(table.header[place])
        money = unit if unit in ("fen", "yuan", "万", "亿") else ""
        return lambda text: _money(ordinary(text), money)
    return _READERS[kind]


def _row(row: Row, table: TableFile, places: Mapping[str, int],
         readers: Mapping[str, _Reader]) -> ListRow:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for code, place in places.items():
        text = row.at(place)
        word = ordinary(text).casefold()
        if word in _NOT_KNOWN or (word in _NONE and readers[code] not in (_list, _findings)):
            continue
        try:
            values[code] = readers[code](text)
        except CellFault as fault:
            faults.append(Fault(fault.message, table.file, row.line, table.header[place],
                                fault.mend))
    return ListRow(row.line, values, tuple(faults))


def clean_text(text: str) -> str:
    """A text without marks that cannot be seen. Raises CellFault where it is too long."""
    bare = text[1:] if _GUARDED.match(text) else text
    clean = " ".join("".join(one if one.isprintable() else " " for one in bare).split())
    if len(clean) > _LONGEST:
        raise CellFault(f"the text has more than {_LONGEST} characters", "shorten it")
    return clean


def _code(text: str) -> str:
    code = re.sub(r"[\s-]", "", ordinary(text)).upper()
    if not valid_credit_code(code):
        raise CellFault(f"{code[:40]!r} is not a unified social credit code",
                        "18 characters with a valid check character (GB 32100-2015): compare it "
                        "with the licence")
    return code


def _sector(text: str) -> str:
    return read_industry(ordinary(text))[0]


def _money(text: str, unit: str) -> int:
    try:
        return read_money(text, unit)
    except CellFault as fault:
        raise CellFault(fault.message, fault.mend or "write the unit, for example 800万") from None


def _grade(text: str) -> str:
    grade = ordinary(text).upper().removesuffix("级")
    if grade not in ("A", "B", "C", "D", "E"):
        raise CellFault(f"{text[:40]!r} is no grade", "A to E, or leave it empty when not known")
    return grade


def _list(text: str) -> tuple[str, ...]:
    if ordinary(text).casefold() in _NONE:
        return ()
    parts = [one for part in re.split(r"[;；,，、|\n]", text[:20_000]) if (one := clean_text(part))]
    if len(parts) > _MOST_IN_LIST or len(text) > 20_000:
        raise CellFault(f"the list has more than {_MOST_IN_LIST} parts", "shorten it")
    return tuple(dict.fromkeys(parts))


def _findings(text: str) -> Sequence[ParkFinding]:
    return read_findings(_list(text))


_READERS: Final[Mapping[CellKind, _Reader]] = {
    "text": clean_text, "code": _code, "sector": _sector, "list": _list, "grade": _grade,
    "findings": _findings}
