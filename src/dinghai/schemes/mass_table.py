"""Tables of millions of rows, some thousands at a time: CSV, Parquet or Excel, told by content.

A row of CSV stands on one line, so that a broken line spoils no other; what cannot be read is a
fault of that line. The text's encoding is the one in which fewest lines are broken, UTF-8 or
GB18030, unless a mark names it. Memory does not grow with the file, but for Excel.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from dinghai.experience.table_bounds import TableBounds
from dinghai.experience.tabular import is_text, plain_value, table_of
from dinghai.foundation.errors import Fault, InputError

_MIB: Final = 1 << 20
MASS: Final = TableBounds(file_bytes=4096 * _MIB, unpacked_bytes=4096 * _MIB, rows=50_000_000,
                          columns=200, cells=1 << 40, text=4_000)
"""What is read at once of a mass file. Excel keeps the bounds of a workbook."""
LONGEST_LINE: Final = 65_536
ROWS: Final = 20_000
_TEXTS: Final = 64 * _MIB
UNREADABLE: Final = "\ufffd"
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                 (codecs.BOM_UTF16_BE, "utf-16"))
_ZIP, _PARQUET, _GZIP, _OLD_OFFICE = b"PK\3\4", b"PAR1", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"


@dataclass(slots=True)
class Rows:
    """Some rows: the ``line`` each stands at and its cells, as many as the header has; and what
    could not be read between them."""

    line: list[int] = field(default_factory=list)
    cells: list[Sequence[str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MassTable:
    """A table on disk: its header, where that stands, how it is read, and the file's SHA-256."""

    path: Path
    name: str
    header: tuple[str, ...]
    header_line: int
    kind: str
    encoding: str
    separator: str
    sha256: str

    def batches(self, rows: int = ROWS) -> Iterator[Rows]:
        """All rows in the file's order, so many at a time; blank ones are left out."""
        if self.kind == "parquet":
            return _parquet_rows(self.path, self.name, rows)
        if self.kind == "excel":
            return _workbook_rows(self.path, self.name, len(self.header), rows)
        return _text_rows(self, rows)


def open_mass_table(
    path: Path, *, name: str | None = None, bounds: TableBounds = MASS
) -> MassTable:
    """A table file, looked through once; ``name`` is what faults call it, where that is not its
    name on disk. Raises InputError for one that is none."""
    name = name or path.name
    if not path.is_file():
        what = "this is a folder" if path.is_dir() else "there is no such file"
        raise InputError(what, file=str(path), mend="name a CSV, Excel or Parquet file")
    bounds.check_file(path.stat().st_size, name)
    with path.open("rb") as source:
        first = source.read(8)
    if first.startswith(_GZIP):
        raise InputError("this file is packed", file=name, mend="unpack it with gunzip")
    if first.startswith(_OLD_OFFICE):
        raise InputError("this is an old or a protected Excel file", file=name,
                         mend="save it as .xlsx without a password, or as CSV")
    if first.startswith(_PARQUET):
        return MassTable(path, name, _parquet_header(path, name, bounds), 1, "parquet", "",
                         "", _sha256(path))
    if first.startswith(_ZIP):
        table = table_of(path.read_bytes(), name)
        return MassTable(path, name, table.header, table.header_line, "excel", "", "",
                         _sha256(path))
    encoding, sha256 = _encoding_of(path)
    return _of_text(path, name, encoding, sha256, bounds)


def _of_text(
    path: Path, name: str, encoding: str, sha256: str, bounds: TableBounds
) -> MassTable:
    for line, text in _lines(path, encoding):
        if text is None or not text.strip(" \t,;\r\n"):
            continue
        if "\0" in text:
            raise InputError("the header has characters that cannot be read", file=name, line=line,
                             mend="save the file as UTF-8")
        separator = max(",\t;", key=text.count)
        try:
            header = tuple(one.strip() for one in next(csv.reader([text], delimiter=separator)))
        except csv.Error as error:
            raise InputError(f"the header is not CSV: {error}", file=name, line=line,
                             mend="mend the quotes at this line") from error
        bounds.check_size(0, len(header), 0, name, line)
        return MassTable(path, name, header, line, "text", encoding, separator, sha256)
    raise InputError("the file has no header", file=name, line=1,
                     mend="write the columns' names in the first line")


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _encoding_of(path: Path) -> tuple[str, str]:
    """The encoding of a text and the file's hash."""
    digest = hashlib.sha256()
    marked, broken, rest, first = "", {"utf-8": 0, "gb18030": 0}, b"", True
    with path.open("rb") as source:
        while piece := source.read(4 * _MIB):
            digest.update(piece)
            if first:
                marked = next((one for mark, one in _MARKS if piece.startswith(mark)), "")
                first = False
            if not marked:
                whole, _, rest = (rest + piece.replace(b"\r", b"\n")).rpartition(b"\n")
                if len(rest) > 4 * LONGEST_LINE:  # longer than any line that is read
                    rest = b""
                _count_broken(whole, broken)
    _count_broken(rest, broken)
    return marked or min(broken, key=lambda one: (broken[one], one != "utf-8")), digest.hexdigest()


def _count_broken(raw: bytes, broken: dict[str, int]) -> None:
    """Count the lines that are broken in each encoding. Many lines of UTF-8 are no GB18030."""
    if raw.isascii():
        return
    if not _is_broken("utf-8", raw):
        broken["gb18030"] += raw.count(b"\n") + 1
        return
    for encoding in broken:
        broken[encoding] += sum(map(partial(_is_broken, encoding), raw.split(b"\n")))


def _is_broken(encoding: str, line: bytes) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return True
    return False


def _lines(path: Path, encoding: str) -> Iterator[tuple[int, str | None]]:
    """Each line of a text and its number; None for one that is too long."""
    with path.open(encoding=encoding, errors="replace", newline=None) as source:
        number, long = 0, False
        for text in iter(partial(source.readline, LONGEST_LINE), ""):
            ended = text.endswith("\n")
            if long:
                long = not ended
                continue
            number += 1
            long = not ended and len(text) >= LONGEST_LINE
            yield number, None if long else text


def _text_rows(table: MassTable, rows: int) -> Iterator[Rows]:
    found, width, separator, name = Rows(), len(table.header), table.separator, table.name
    blank = separator + " \t\r\n"
    for line, text in _lines(table.path, table.encoding):
        if line <= table.header_line:
            continue
        if text is None:
            found.faults.append(Fault(f"the line has more than {LONGEST_LINE} characters", name,
                                      line, None, "shorten it, or mend its end"))
        elif UNREADABLE in text or "\0" in text:
            found.faults.append(Fault("the line has characters that cannot be read", name, line,
                                      None, "write it again, and save the file as UTF-8"))
        elif text.strip(blank):
            cells = text.rstrip("\n").split(separator) if '"' not in text else _quoted(
                text, separator, found, name, line)
            if cells is None or not any(map(str.strip, cells)):
                continue
            if len(cells) > width:
                if any(one.strip() for one in cells[width:]):
                    found.faults.append(Fault(
                        f"the row has {len(cells)} cells, the header {width}", name, line, None,
                        'put cells with a separator inside between " and "'))
                    continue
                cells = cells[:width]
            elif len(cells) < width:
                cells += [""] * (width - len(cells))
            found.line.append(line)
            found.cells.append(cells)
        if len(found.line) + len(found.faults) >= rows:
            yield found
            found = Rows()
    if found.line or found.faults:
        yield found


def _quoted(
    text: str, separator: str, found: Rows, name: str, line: int
) -> list[str] | None:
    """The cells of a line with quotes."""
    try:
        return next(csv.reader([text.rstrip("\n")], delimiter=separator, strict=True))
    except csv.Error as error:
        found.faults.append(Fault(f"the line is not CSV: {error}", name, line, None,
                                  "mend its quotes; a row stands on one line"))
        return None


def _parquet_header(path: Path, name: str, bounds: TableBounds) -> tuple[str, ...]:
    import pyarrow
    import pyarrow.parquet

    try:
        source = pyarrow.parquet.ParquetFile(path)
        schema, rows = source.schema_arrow, source.metadata.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        raise InputError(f"not a Parquet table: {error}"[:300], file=name,
                         mend="write it again") from error
    bounds.check_size(rows, len(schema), 0, name)
    for one in schema:
        if pyarrow.types.is_nested(one.type):
            raise InputError("the column has lists or records, no plain values", file=name,
                             field=one.name, mend="write one value a cell, or leave it out")
    return tuple(schema.names)


def _parquet_rows(path: Path, name: str, rows: int) -> Iterator[Rows]:
    import pyarrow
    import pyarrow.parquet

    line = 0
    try:
        at_once = min(rows, _TEXTS // max(_longest_shared(path), 1) + 1)
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(at_once):
            columns = [_texts(column) for column in batch.columns]
            found = Rows()
            for cells in zip(*columns, strict=True):
                line += 1
                if any(map(str.strip, cells)):
                    found.line.append(line)
                    found.cells.append(cells)
            yield found
    except (pyarrow.ArrowException, OSError, ValueError, OverflowError) as error:
        raise InputError(f"the table breaks off: {error}"[:300], file=name, line=line + 1,
                         mend="write it again") from error


def _longest_shared(path: Path) -> int:
    """The bytes of the longest text that a file of Parquet keeps once for many rows: a small file
    may hold a million of them."""
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet

    schema = pyarrow.parquet.ParquetFile(path).schema_arrow
    source = pyarrow.parquet.ParquetFile(path, read_dictionary=[
        one.name for one in schema if is_text(one.type)])
    longest = 0
    for group in range(source.num_row_groups):
        first = next(source.iter_batches(1, row_groups=[group]), None)
        for column in first.columns if first is not None else ():
            if pyarrow.types.is_dictionary(column.type) and is_text(column.type.value_type):
                lengths = pyarrow.compute.binary_length(column.dictionary)
                longest = max(longest, pyarrow.compute.max(lengths).as_py() or 0)
    return longest


def _texts(column: Any) -> list[str]:
    """A column's values as texts."""
    import pyarrow

    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
        return [one or "" for one in column.to_pylist()]
    return [plain_value(one) for one in column.to_pylist()]


def _workbook_rows(path: Path, name: str, width: int, rows: int) -> Iterator[Rows]:
    table = table_of(path.read_bytes(), name)
    for start in range(0, len(table.rows), rows):
        found = Rows()
        for row in table.rows[start:start + rows]:
            found.line.append(row.line)
            found.cells.append(tuple(row.cells[:width]) + ("",) * (width - len(row.cells)))
        yield found
