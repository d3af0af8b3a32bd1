"""The rows of a plain supplier list as firms, deliveries and links."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

from dinghai.experience.own_columns import plain
from dinghai.experience.own_values import CellFault, ordinary, read_count, read_industry, read_money
from dinghai.experience.tabular import Row, TableFile, read_table_file
from dinghai.foundation.errors import Fault
from dinghai.foundation.money import PPM
from dinghai.supplychain.chain import Role
from dinghai.supplychain.chain_cells import read_cell
from dinghai.supplychain.supplier_columns import (
    Guess,
    SupplierHeader,
    SupplierKind,
    read_supplier_header,
    supplier_columns,
    with_header,
    words_in,
)

_TIER: Final = re.compile(r"(?:tier|t|第)?\s*(\d{1,2})\s*(?:级|层|tier)?(?:供应商|经销商)?",
                          re.IGNORECASE)
_DIGITS: Final = {"零": "0", "一": "1", "二": "2", "三": "3", "四": "4", "五": "5"}
_NOT_KNOWN: Final = frozenset({"", "-", "—", "--", "/", "n/a", "na", "无数据", "未知", "不详",
                               "待补充", "unknown", "?"})
_MARKS: Final = {"√": True, "✓": True, "✔": True, "×": False, "✗": False, "x": False, "○": False,
                 "独家": True, "非独家": False, "已启用": True, "未启用": False}
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class ListedFirm:
    """One row that could be read: its line and the values of its columns by id."""

    file: str
    line: int
    values: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.values.get(name)


@dataclass(frozen=True, slots=True)
class SupplierList:
    """A supplier list as read. ``rejected`` are faults of rows left out, ``unread`` of cells."""

    file: str
    header: SupplierHeader
    firms: tuple[ListedFirm, ...]
    rows: int
    rejected: tuple[Fault, ...]
    unread: tuple[Fault, ...]
    notes: tuple[str, ...]


def read_supplier_list(path: Path, asked: Mapping[str, str]) -> SupplierList:
    """A supplier list from CSV, Excel or Parquet. Raises InputError for a file that is none, and
    where no column is the name."""
    table = with_header(read_table_file(path))
    header = read_supplier_header(table, asked)
    kinds = {one.id: one.kind for one in supplier_columns().columns}
    readers, notes = _readers(table, header, kinds)
    firms: list[ListedFirm] = []
    rejected: list[Fault] = []
    unread: list[Fault] = []
    names: dict[tuple[str, ...], int] = {}
    rows = 0
    for row in table.rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        rows += 1
        firm = _firm(row, table, header, readers, unread)
        if firm is None:
            rejected.append(Fault("the row names no firm", table.file, row.line,
                                  header.columns["name"].heading, "write its name, or delete it"))
            continue
        key = tuple(str(firm[one] or "") for one in ("name", "partner", "item"))
        if key in names:
            rejected.append(Fault(f"{firm['name']!r} stands already in line {names[key]} with the "
                                  "same delivery", table.file, row.line,
                                  header.columns["name"].heading, "keep one of the two rows"))
            continue
        names[key] = row.line
        firms.append(firm)
    return SupplierList(table.file, header, tuple(firms), rows, tuple(rejected), tuple(unread),
                        (*table.notes, *header.notes, *notes))


_Reader = Callable[[str], Any]


def _readers(table: TableFile, header: SupplierHeader,
             kinds: Mapping[str, SupplierKind]) -> tuple[dict[str, _Reader], list[str]]:
    """How the cells of each column are read, which may follow from the column as a whole."""
    readers: dict[str, _Reader] = {}
    notes: list[str] = []
    for code, guess in header.columns.items():
        kind = kinds[code]
        if kind == "share":
            readers[code] = _share_reader(table, guess, notes)
        elif kind == "span":
            unit = guess.unit if guess.unit in ("d", "h", "w", "个月") else ""
            if not unit:
                unit = "d"
                notes.append(f"{guess.heading!r} names no unit: numbers without one are days")
            readers[code] = lambda text, unit=unit: read_cell(  # type: ignore[misc]
                "span", f"{text}{unit}" if _is_number(text) else text)
        elif kind == "amount":
            unit = guess.unit if guess.unit in ("fen", "yuan", "万", "亿") else ""
            readers[code] = lambda text, unit=unit: read_money(  # type: ignore[misc]
                text.lstrip("约").strip(), unit)
        else:
            readers[code] = _PLAIN_READERS[kind]
    return readers, notes


def _share_reader(table: TableFile, guess: Guess, notes: list[str]) -> _Reader:
    numbers = [Decimal(text) for row in table.rows
               if _is_number(text := ordinary(row.at(guess.place)))]
    percent = guess.unit == "%" or any(one > 1 for one in numbers)
    if percent and guess.unit != "%":
        notes.append(f"{guess.heading!r} has numbers above 1: its numbers are read as percent")

    def read(text: str) -> int:
        if _is_number(text):
            parts = Decimal(text) * (PPM // 100 if percent else PPM)
            if parts <= PPM:
                return int(parts)
            raise CellFault(f"{text!r} is more than the whole", "write a share from 0% to 100%")
        found = int(read_cell("share", text))
        if found > PPM:
            raise CellFault(f"{text!r} is more than the whole", "write a share from 0% to 100%")
        return found

    return read


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite() and Decimal(text) >= 0 and Decimal(text).adjusted() < 12
    except InvalidOperation:
        return False


def _firm(row: Row, table: TableFile, header: SupplierHeader, readers: Mapping[str, _Reader],
          unread: list[Fault]) -> ListedFirm | None:
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for code, guess in header.columns.items():
        text = row.at(guess.place)
        if ordinary(text).casefold() in _NOT_KNOWN:
            continue
        if readers[code] not in (_text, _list):  # names stay as they are written
            text = ordinary(text)
        try:
            values[code] = readers[code](text)
        except CellFault as fault:
            faults.append(Fault(fault.message, table.file, row.line, guess.heading,
                                fault.mend or "write the unit, for example 800万"))
    if not values.get("name"):
        return None
    unread.extend(faults)
    return ListedFirm(table.file, row.line, values)


def _text(text: str) -> str:
    clean = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    if len(clean) > _LONGEST:
        raise CellFault(f"the text has more than {_LONGEST} characters", "shorten it")
    return clean


def _role(text: str) -> Role:
    word = plain(text)
    exact: Role | None = next((role for role, words in supplier_columns().roles.items()
                  if word in {plain(one) for one in words} | {role}), None)
    found = exact or words_in(text, supplier_columns().roles)
    if not found:
        raise CellFault(f"{text[:40]!r} is no role", "one of: 链主, 供应商, 经销商, 客户")
    return found


def _tier(text: str) -> int:
    if plain(text) in {plain(one) for one in supplier_columns().roles["owner"]}:
        return 0
    found = _TIER.fullmatch("".join(_DIGITS.get(one, one) for one in text))
    if found is None or int(found[1]) > 20:
        raise CellFault(f"{text[:40]!r} is no tier", "write 1, 2, 3 or 一级, 二级, 三级")
    return int(found[1])


def _flag(text: str) -> bool:
    mark = _MARKS.get(text.casefold())
    return mark if mark is not None else bool(read_cell("flag", text))


def _industry(text: str) -> tuple[str, bool]:
    """The section, and whether it was guessed from a word."""
    try:
        return read_industry(text)[0], False
    except CellFault:
        found = words_in(text, supplier_columns().industries)
        if not found:
            raise
        return found, True


def _list(text: str) -> list[str]:
    return [one for part in re.split(r"[;；,，、/|]", text) if (one := _text(part))]


def _count(text: str) -> int:
    return read_count(text.lstrip("约").removesuffix("台").removesuffix("名").strip())


_PLAIN_READERS: Final[Mapping[SupplierKind, _Reader]] = {
    "text": _text, "role": _role, "tier": _tier, "flag": _flag, "industry": _industry,
    "list": _list, "count": _count}
