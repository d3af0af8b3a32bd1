"""The tables of a chain's folder: which columns each has, read into and written from the types."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from dinghai.experience.own_values import CellFault
from dinghai.experience.tabular import Row, TableFile, read_bytes, table_of
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.reading import typed
from dinghai.supplychain.chain import (
    Asset,
    ControlScore,
    Firm,
    Goods,
    Link,
    Provider,
    Weakness,
)
from dinghai.supplychain.chain_cells import Kind, read_cell, write_cell


class Product(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One product of an asset: for lists that are too long for a cell."""

    firm: str
    asset: str
    product: str


TABLES: Final[Mapping[str, type[msgspec.Struct]]] = {
    "firms": Firm, "controls": ControlScore, "assets": Asset, "weaknesses": Weakness,
    "providers": Provider, "links": Link, "goods": Goods}
PRODUCTS: Final = "products"
LONGEST_CELL: Final = 30_000
"""Characters: a spreadsheet keeps no more than 32,767 in a cell."""
_PLAIN: Final[Mapping[str, Kind]] = {"fen": "amount", "ppm": "share", "seconds": "span"}


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a row: ``name`` as in JSON; ``plain`` its name in yuan, shares or durations."""

    name: str
    attribute: str
    kind: Kind
    required: bool
    plain: str | None = None
    plain_kind: Kind | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table that could be read, the line of each, and which column each field was in.

    ``unread`` keeps the cells of rows at fault, so that nobody complains of what they define.
    """

    file: str
    values: tuple[Any, ...] = ()
    lines: tuple[int, ...] = ()
    headings: Mapping[str, str] | None = None
    unread: tuple[Mapping[str, str], ...] = ()


@cache
def columns(kind: type[msgspec.Struct]) -> tuple[Column, ...]:
    """The columns of a table, from its type."""
    info = msgspec.inspect.type_info(kind)
    assert isinstance(info, msgspec.inspect.StructType)
    found = []
    for field in info.fields:
        name = field.encode_name
        unit = next((one for one in _PLAIN if one in name.split("_")[1:]), None)
        found.append(Column(
            name, field.name, _kind(field.type), field.required,
            name.replace(f"_{unit}", "") if unit else None, _PLAIN[unit] if unit else None))
    return tuple(found)


def _kind(of: msgspec.inspect.Type) -> Kind:
    options = of.types if isinstance(of, msgspec.inspect.UnionType) else (of,)
    for one in options:
        if isinstance(one, msgspec.inspect.BoolType):
            return "flag"
        if isinstance(one, msgspec.inspect.IntType):
            return "whole"
        if isinstance(one, msgspec.inspect.DateType):
            return "day"
        if isinstance(one, msgspec.inspect.VarTupleType):
            return "list"
    return "text"


def read_rows(path: Path, kind: type[msgspec.Struct], faults: list[Fault]) -> Rows:
    """The rows of a CSV file as typed values. What cannot be read goes to ``faults``."""
    try:
        table = table_of(read_bytes(path), path.name)
    except InputError as error:
        faults.extend(Fault(one.message, path.name, one.line or 1, one.field, one.mend)
                      for one in error.faults)
        return Rows(path.name)
    places = _header(table, kind, faults)
    if places is None:
        return Rows(path.name)
    values, lines, unread = [], [], []
    for row in table.rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        cells = {heading: row.at(place) for place, heading, _, _ in places}
        value = _row(row, table, kind, places, faults)
        if value is None:
            unread.append({column.name: cells[heading] for _, heading, column, _ in places})
        else:
            values.append(value)
            lines.append(row.line)
    return Rows(path.name, tuple(values), tuple(lines),
                {column.name: heading for _, heading, column, _ in places}, tuple(unread))


_Place = tuple[int, str, Column, Kind]


def _header(table: TableFile, kind: type[msgspec.Struct],
            faults: list[Fault]) -> list[_Place] | None:
    """Where each column stands; None after noting what is wrong with the header."""
    if not table.header:
        faults.append(Fault("the file has no header", table.file, 1, None,
                            "the first line names the columns: " + _names(kind)))
        return None
    known: dict[str, tuple[Column, Kind]] = {}
    for column in columns(kind):
        known[column.name] = (column, column.kind)
        if column.plain and column.plain_kind:
            known[column.plain] = (column, column.plain_kind)
    places: list[_Place] = []
    taken: dict[str, str] = {}
    before = len(faults)
    for place, written in enumerate(table.header):
        heading = written.strip().casefold()
        if not heading and not any(row.at(place) for row in table.rows):
            continue
        if heading not in known:
            near = difflib.get_close_matches(heading, known, n=1)
            faults.append(Fault(
                f"there is no column {written!r}", table.file, table.header_line, written or None,
                (f"did you mean {near[0]}? " if near else "") + "known here: " + _names(kind)))
            continue
        column, way = known[heading]
        if column.name in taken:
            faults.append(Fault(f"{written!r} and {taken[column.name]!r} are the same column",
                                table.file, table.header_line, written, "keep one of the two"))
            continue
        taken[column.name] = heading
        places.append((place, heading, column, way))
    for column in columns(kind):
        if column.required and column.name not in taken:
            faults.append(Fault(
                f"the column {column.plain or column.name!r} is missing", table.file,
                table.header_line, column.plain or column.name,
                "add it to the header" + (f", or as {column.name}" if column.plain else "")))
    return places if len(faults) == before else None


def _names(kind: type[msgspec.Struct]) -> str:
    return ", ".join(one.plain or one.name for one in columns(kind))


def _row(row: Row, table: TableFile, kind: type[msgspec.Struct], places: Sequence[_Place],
         faults: list[Fault]) -> Any:
    """The typed row, or None after noting its faults."""
    before = len(faults)
    if any(cell.strip() for cell in row.cells[len(table.header):]):
        faults.append(Fault(f"{len(row.cells)} fields where the header has {len(table.header)}",
                            table.file, row.line, None, "quote fields that hold commas"))
        return None
    raw: dict[str, JSON] = {}
    headings: dict[str, str] = {}
    for place, heading, column, way in places:
        text = row.at(place)
        headings[column.name] = heading
        if not text:
            if column.required and column.kind == "text":
                faults.append(Fault("a value is missing", table.file, row.line, heading,
                                    f"write {heading}"))
            elif column.required and kind is not ControlScore:
                faults.append(Fault("a value is missing", table.file, row.line, heading,
                                    "write it: this may not be unknown"))
            elif column.required:
                raw[column.name] = None
            continue
        try:
            raw[column.name] = read_cell(way, text)
        except CellFault as fault:
            faults.append(Fault(fault.message, table.file, row.line, heading, fault.mend))
    if len(faults) > before:
        return None
    try:
        return msgspec.convert(raw, kind, strict=True)
    except msgspec.ValidationError:
        shares = {column.name for _, _, column, way in places if way == "share"}
        faults.extend(
            Fault(one.message, table.file, row.line, headings.get(one.field or "", one.field),
                  "give a share from 0% to 100%" if one.field in shares else one.mend)
            for one in struct_faults(raw, kind))
        return None


_IDENTIFIER_PATTERN: Final = "matching regex"


def struct_faults(raw: Mapping[str, JSON], kind: type[msgspec.Struct], *, file: str | None = None,
                  prefix: str = "") -> list[Fault]:
    """Every field of plain data that is not as the type says: each is looked at alone."""
    fields = {one.encode_name: one for one in msgspec.structs.fields(kind)}
    faults = []
    for name, value in raw.items():
        where = f"{prefix}{name}"
        if name not in fields:
            near = difflib.get_close_matches(name, fields, n=1)
            faults.append(Fault(f"there is no field {name!r}", file, None, where,
                                (f"did you mean {near[0]}? " if near else "")
                                + "known here: " + ", ".join(fields)))
            continue
        try:
            typed(value, fields[name].type, file=file, prefix=where)
        except InputError as error:
            faults += [Fault(_said(one.message), file, None, one.field, _mended(one))
                       for one in error.faults]
    faults += [Fault("the field is missing", file, None, f"{prefix}{name}", f"add {name}")
               for name, one in fields.items() if one.required and name not in raw]
    return faults


def _said(message: str) -> str:
    """What msgspec says of an identifier, in words."""
    return "this is not an identifier" if _IDENTIFIER_PATTERN in message else message


def _mended(fault: Fault) -> str:
    if _IDENTIFIER_PATTERN in fault.message:
        return ("letters, digits, points, hyphens and underscores, a letter or digit first, "
                "at most 64")
    return fault.mend or "see docs/reference/chain-files.md"


def with_products(assets: Rows, products: Rows, faults: list[Fault]) -> Rows:
    """The assets with the products that stand in a file of their own, after those of the cell."""
    further: dict[tuple[str, str], list[str]] = {}
    lines: dict[tuple[str, str], int] = {}
    for value, line in zip(products.values, products.lines, strict=True):
        further.setdefault((value.firm, value.asset), []).append(value.product)
        lines.setdefault((value.firm, value.asset), line)
    values = []
    for asset in assets.values:
        more = further.pop((asset.firm, asset.id), ())
        values.append(msgspec.structs.replace(asset, products=(*asset.products, *more))
                      if more else asset)
    unread = {(one.get("firm", ""), one.get("id", "")) for one in assets.unread}
    for firm, asset in further:
        if (firm, asset) not in unread:
            faults.append(Fault(f"the firm {firm!r} has no asset {asset!r}", products.file,
                                lines[firm, asset], "asset", "name an asset of assets.csv"))
    return Rows(assets.file, tuple(values), assets.lines, assets.headings, assets.unread)


def csv_of(kind: type[msgspec.Struct], values: Sequence[Any]) -> bytes:
    """A table whose every row reads back as it is; columns that say nothing are left out.

    Amounts, shares and durations are written plainly where each of the column reads back.
    """
    defaults = {one.name: one.default for one in msgspec.structs.fields(kind)}
    kept = [column for column in columns(kind) if column.required or any(
        getattr(value, column.attribute) != defaults[column.attribute] for value in values)]
    written = {column.name: _written(column, [getattr(value, column.attribute)
                                              for value in values]) for column in kept}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([written[column.name][0] for column in kept])
    writer.writerows(zip(*(written[column.name][1] for column in kept), strict=True))
    return ("\ufeff" + buffer.getvalue()).encode()


def _written(column: Column, values: Iterable[Any]) -> tuple[str, list[str]]:
    listed = list(values)
    if column.plain and column.plain_kind:
        cells = [write_cell(column.plain_kind, one) for one in listed]
        if all(_reads_back(column.plain_kind, cell, one)
               for cell, one in zip(cells, listed, strict=True)):
            return column.plain, cells
    return column.name, [write_cell(column.kind, one) for one in listed]


def _reads_back(kind: Kind, cell: str, value: Any) -> bool:
    try:
        return bool((read_cell(kind, cell) if cell else None) == value)
    except CellFault:
        return False


def without_long_lists(assets: Sequence[Asset]) -> tuple[tuple[Asset, ...], tuple[Product, ...]]:
    """Assets whose long lists of products stand in rows of their own."""
    kept, rows = [], []
    for asset in assets:
        if len(write_cell("list", asset.products)) > LONGEST_CELL:
            rows += [Product(asset.firm, asset.id, one) for one in asset.products]
            asset = msgspec.structs.replace(asset, products=())
        kept.append(asset)
    return tuple(kept), tuple(rows)
