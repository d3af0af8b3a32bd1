"""Any table file as a header and rows of text: CSV, Excel or Parquet, told apart by content."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from dinghai.experience.spreadsheets import Sheet, read_workbook, text_of_cell
from dinghai.experience.table_bounds import LARGEST, TableBounds
from dinghai.foundation.errors import InputError

_PIECE: Final = 1024 * 1024
_BATCH: Final = 10_000
_ZIP: Final = b"PK\3\4"
_PARQUET: Final = b"PAR1"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                 (codecs.BOM_UTF16_BE, "utf-16"))
_QUOTED: Final = re.compile(r'"[^"]*"')
EXCEL_FIRST_SERIAL: Final = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class Row:
    """One record: the line (or sheet row, or record of a Parquet file) it stands at, its cells."""

    line: int
    cells: tuple[str, ...]

    def at(self, place: int) -> str:
        """The text of a column; empty where the record ends before it."""
        return self.cells[place].strip() if place < len(self.cells) else ""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A header and its rows. ``notes`` say in words what a reader of the result must know.

    ``header_line`` is where the header stands, ``first_serial`` the day of a workbook's serial 0.
    """

    file: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    header_line: int = 1
    notes: tuple[str, ...] = ()
    first_serial: date = EXCEL_FIRST_SERIAL

    def place(self, column: str, field: str) -> int:
        """Where a column stands. Raises InputError that names those there are."""
        if column not in self.header:
            raise InputError(f"there is no column {column!r}", file=self.file,
                             line=self.header_line, field=field,
                             mend="one of: " + ", ".join(one for one in self.header if one))
        return self.header.index(column)


def read_table_file(
    path: Path, *, only: Collection[str] = (), bounds: TableBounds = LARGEST
) -> TableFile:
    """A table of any of the three kinds; CSV may be packed by gzip. Blank rows are left out.

    ``only`` names the columns whose cells are kept (the others of a large file are then empty);
    all are kept without it. Raises InputError for a file that is none, is broken, or is beyond the
    bounds.
    """
    return table_of(read_bytes(path, bounds), str(path), only=only, bounds=bounds)


def table_of(
    raw: bytes, name: str, *, only: Collection[str] = (), bounds: TableBounds = LARGEST
) -> TableFile:
    """The same of a file's bytes, which are not packed by gzip."""
    bounds.check_file(len(raw), name)
    if raw.startswith(_ZIP):
        return _of_sheet(raw, name, bounds)
    if raw.startswith(_PARQUET):
        return _of_parquet(raw, name, only, bounds)
    if raw.startswith(_OLD_OFFICE):
        raise InputError("this is an old or a protected Excel file", file=name,
                         mend="save it as .xlsx without a password, or as CSV")
    if name.lower().endswith((".xlsx", ".parquet")):
        kind = "an Excel workbook" if name.lower().endswith("x") else "a Parquet table"
        raise InputError(f"this is not {kind}", file=name,
                         mend="write it again, or name it .csv if it is one")
    return _of_csv(raw, name, only, bounds)


def is_workbook_or_parquet(path: Path) -> bool:
    """Whether a file begins like a table that is no text."""
    if not path.is_file():
        return False
    with path.open("rb") as source:
        return source.read(4) in (_ZIP, _PARQUET, _OLD_OFFICE[:4])


def read_bytes(path: Path, bounds: TableBounds = LARGEST) -> bytes:
    """A file's bytes, unpacked when it is gzip, bounded. Raises InputError."""
    name = str(path)
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "there is no such file"
        raise InputError(what, file=name, mend="name a CSV, Excel or Parquet file")
    try:
        with path.open("rb") as source:
            packed = source.read(2) == b"\x1f\x8b" or path.suffix == ".gz"
        with (gzip.open(path) if packed else path.open("rb")) as source:
            pieces, size = [], 0
            while size <= bounds.file_bytes and (piece := source.read(_PIECE)):
                pieces.append(piece)
                size += len(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be unpacked: {error}", file=name, mend="give a whole file"
                         ) from error
    bounds.check_file(size, name)
    return b"".join(pieces)


def _of_csv(raw: bytes, name: str, only: Collection[str], bounds: TableBounds) -> TableFile:
    """A CSV table in UTF-8 (with or without mark), UTF-16 with mark or GB18030; the separator is
    what the header has most of: comma, tab or semicolon."""
    text, encoding = _decoded(raw, name)
    first = _QUOTED.sub("", text.lstrip("\r\n").split("\n", 1)[0])
    separator = max(",\t;", key=first.count)
    notes = [f"read as {encoding}"] if encoding == "GB18030" else []
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
    rows: list[Row] = []
    header: tuple[str, ...] | None = None
    header_line = line = 1
    kept: tuple[int, ...] = ()
    cells = 0
    try:
        for record in reader:
            bounds.check_text(max(map(len, record), default=0), name, line)
            if header is None and any(cell.strip() for cell in record):
                header, header_line = tuple(cell.strip() for cell in record), line
                kept = tuple(place for place, one in enumerate(header) if one in only)
                bounds.check_size(0, len(record), 0, name, line)
            elif record and header is not None:
                rows.append(Row(line, _kept(record, kept) if only else tuple(record)))
                cells += len(kept) if only else len(record)
                bounds.check_size(len(rows), len(record), cells, name, line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", file=name, line=reader.line_num,
                         mend="mend the quotes at this line") from error
    return TableFile(name, header or (), tuple(rows), header_line, tuple(notes))


def _kept(record: list[str], places: tuple[int, ...]) -> tuple[str, ...]:
    """A record whose other cells are empty."""
    cells = [""] * len(record)
    for place in places:
        if place < len(record):
            cells[place] = record[place]
    return tuple(cells)


def _decoded(raw: bytes, name: str) -> tuple[str, str]:
    marked = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding), encoding.upper()
        except UnicodeDecodeError:
            continue
    raise InputError("not UTF-8 or GB18030 text", file=name, mend="save it as UTF-8 CSV")


def _of_sheet(raw: bytes, name: str, bounds: TableBounds) -> TableFile:
    sheet = read_workbook(raw, name, bounds)
    notes = tuple(_about(sheet))
    if not sheet.rows:
        return TableFile(name, (), (), 1, notes)
    (line, header), *rest = sheet.rows
    return TableFile(name, tuple(one.strip() for one in header),
                     tuple(Row(number, cells) for number, cells in rest), line, notes,
                     sheet.first_serial)


def _about(sheet: Sheet) -> Iterator[str]:
    if sheet.formulas:
        yield (f"{sheet.formulas} formulas were not evaluated: the values stored with them were "
               "read")
    if sheet.empty_formulas:
        yield (f"{sheet.empty_formulas} formulas have no stored value and count as blank: save "
               "the file in a spreadsheet program first")
    if sheet.others:
        yield f"of the sheets only {sheet.title!r} was read, not: " + ", ".join(sheet.others)


def _of_parquet(
    raw: bytes, name: str, only: Collection[str], bounds: TableBounds
) -> TableFile:
    import pyarrow
    import pyarrow.parquet

    try:
        source = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(raw))
        facts, schema = source.metadata, source.schema_arrow
        header = tuple(schema.names)
        kept = [place for place, one in enumerate(header) if not only or one in only]
        bounds.check_unpacked(sum(facts.row_group(place).total_byte_size
                                  for place in range(facts.num_row_groups)), name)
        bounds.check_size(facts.num_rows, len(header), facts.num_rows * len(kept), name)
        for place in kept:
            _check_kind(schema.field(place), name, facts.num_rows, bounds)
        # Texts stay in their dictionary: one long text may stand in every row.
        source = pyarrow.parquet.ParquetFile(
            pyarrow.BufferReader(raw), read_dictionary=[
                header[place] for place in kept if is_text(schema.field(place).type)])
        rows: list[Row] = []
        unpacked = 0
        for batch in source.iter_batches(_BATCH, columns=[header[place] for place in kept]):
            columns = [[""] * len(batch) for _ in header]
            for place, column in zip(kept, batch.columns, strict=True):
                unpacked += _length_of_texts(column, name, bounds)
                bounds.check_unpacked(unpacked, name)
                if pyarrow.types.is_dictionary(column.type):
                    column = column.dictionary_decode()
                columns[place] = [plain_value(one) for one in column.to_pylist()]
            rows += [Row(len(rows) + place, cells)
                     for place, cells in enumerate(zip(*columns, strict=True), start=1)]
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(f"not a Parquet table: {error}"[:300], file=name,
                         mend="write it again") from error
    return TableFile(name, header, tuple(rows))


def _check_kind(field: Any, name: str, rows: int, bounds: TableBounds) -> None:
    """Refuse what is no plain value, and texts of one long length in many rows."""
    import pyarrow.types

    if pyarrow.types.is_nested(field.type):
        raise InputError("the column has lists or records, no plain values", file=name,
                         field=field.name, mend="write one value a cell, or leave it out")
    if pyarrow.types.is_fixed_size_binary(field.type):
        bounds.check_text(field.type.byte_width, name)
        bounds.check_unpacked(field.type.byte_width * rows, name)


def is_text(kind: Any) -> bool:
    """Whether a column of this type of Arrow holds texts or bytes."""
    import pyarrow.types

    return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)
                or pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))


def _length_of_texts(column: Any, name: str, bounds: TableBounds) -> int:
    """The bytes of a column's texts once each row has its own, none of them too long."""
    import pyarrow
    import pyarrow.compute

    if not (pyarrow.types.is_dictionary(column.type) and is_text(column.type.value_type)):
        return 0
    lengths = pyarrow.compute.binary_length(column.dictionary)
    characters = lengths if pyarrow.types.is_binary(column.dictionary.type) else (
        pyarrow.compute.utf8_length(column.dictionary))
    bounds.check_text(pyarrow.compute.max(characters).as_py() or 0, name)
    return int(pyarrow.compute.sum(lengths.take(column.indices)).as_py() or 0)


def plain_value(value: Any) -> str:
    """A value of Parquet as text; numbers of floating point keep all their digits."""
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return text_of_cell(value)
