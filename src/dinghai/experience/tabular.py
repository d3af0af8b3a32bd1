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
from dinghai.foundation.errors import InputError

LARGEST_FILE: Final = 512 * 1024 * 1024
LARGEST_WORKBOOK: Final = 64 * 1024 * 1024
_PIECE: Final = 1024 * 1024
MOST_ROWS: Final = 5_000_000
MOST_COLUMNS: Final = 1_000
MOST_CELLS: Final = 30_000_000
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


def read_table_file(path: Path, *, only: Collection[str] = ()) -> TableFile:
    """A table of any of the three kinds; CSV may be packed by gzip. Blank rows are left out.

    ``only`` names the columns whose cells are kept (the others of a large file are then empty);
    all are kept without it. Raises InputError for a file that is none, is broken, or is beyond the
    bounds.
    """
    raw = read_bytes(path)
    if raw.startswith(b"PK\3\4"):
        return _of_sheet(raw, str(path))
    if raw.startswith(b"PAR1"):
        return _of_parquet(raw, str(path), only)
    if raw.startswith(_OLD_OFFICE):
        raise InputError("this is an old or a protected Excel file", file=str(path),
                         mend="save it as .xlsx without a password, or as CSV")
    return of_csv(raw, str(path), only)


def is_workbook_or_parquet(path: Path) -> bool:
    """Whether a file begins like a table that is no text."""
    if not path.is_file():
        return False
    with path.open("rb") as source:
        return source.read(4) in (b"PK\3\4", b"PAR1", _OLD_OFFICE[:4])


def read_bytes(path: Path) -> bytes:
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
            while size <= LARGEST_FILE and (piece := source.read(_PIECE)):
                pieces.append(piece)
                size += len(piece)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"cannot be unpacked: {error}", file=name, mend="give a whole file"
                         ) from error
    if size > LARGEST_FILE:
        raise InputError(f"the file is larger than {LARGEST_FILE} bytes", file=name,
                         mend="split it")
    return b"".join(pieces)


def of_csv(raw: bytes, name: str, only: Collection[str] = ()) -> TableFile:
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
            if header is None and any(cell.strip() for cell in record):
                header, header_line = tuple(cell.strip() for cell in record), line
                kept = tuple(place for place, one in enumerate(header) if one in only)
            elif record and header is not None:
                rows.append(Row(line, _kept(record, kept) if only else tuple(record)))
                cells += len(kept) if only else len(record)
                _check_size(len(rows), len(record), name, line, cells)
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


def _of_sheet(raw: bytes, name: str) -> TableFile:
    if len(raw) > LARGEST_WORKBOOK:
        raise InputError(f"the workbook is larger than {LARGEST_WORKBOOK} bytes", file=name,
                         mend="split it, or save it as CSV")
    sheet = read_workbook(raw, name)
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


def _of_parquet(raw: bytes, name: str, only: Collection[str]) -> TableFile:
    import pyarrow
    import pyarrow.parquet

    try:
        source = pyarrow.parquet.ParquetFile(pyarrow.BufferReader(raw))
        facts = source.metadata
        unpacked = sum(facts.row_group(place).total_byte_size
                       for place in range(facts.num_row_groups))
        if unpacked > LARGEST_FILE:
            raise InputError(f"the table unpacks to more than {LARGEST_FILE} bytes", file=name,
                             mend="split it")
        header = tuple(source.schema_arrow.names)
        width = sum(one in only for one in header) if only else len(header)
        _check_size(facts.num_rows, len(header), name, None, facts.num_rows * width)
        rows: list[Row] = []
        for batch in source.iter_batches(batch_size=10_000):
            columns = [[_plain(one) for one in column.to_pylist()] if not only or name_of in only
                       else [""] * len(column)
                       for name_of, column in zip(header, batch.columns, strict=True)]
            rows += [Row(len(rows) + place, cells)
                     for place, cells in enumerate(zip(*columns, strict=True), start=1)]
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(f"not a Parquet table: {error}"[:300], file=name,
                         mend="write it again") from error
    return TableFile(name, header, tuple(rows))


def _plain(value: Any) -> str:
    """A value of Parquet as text; numbers of floating point keep all their digits."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return text_of_cell(value)


def _check_size(rows: int, columns: int, name: str, line: int | None, cells: int) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS or cells > MOST_CELLS:
        raise InputError(f"the table has more than {MOST_ROWS} rows, {MOST_COLUMNS} columns or "
                         f"{MOST_CELLS} cells", file=name, line=line, mend="split it")

