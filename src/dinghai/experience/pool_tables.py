"""Tables of text as they are contributed: CSV, Excel or Parquet, bounded, one row after another."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from dinghai.foundation.errors import InputError

LARGEST_FILE: Final = 16 * 1024 * 1024
MOST_ROWS: Final = 50_000
LONGEST_CELL: Final = 200
_LARGEST_UNPACKED: Final = 128 * 1024 * 1024
_MORE_COLUMNS: Final = 20
"""So many columns beyond those of the pool are looked at, to be refused by their name."""
_KINDS: Final = (".csv", ".xlsx", ".parquet")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file (the heading is line 1) and its cells by column."""

    line: int
    cells: dict[str, str]


def read_rows(content: bytes, name: str, columns: Sequence[str]) -> list[Row]:
    """The rows of a file whose columns are all among ``columns``; rows without a cell are left.

    Raises InputError for a file that is too large, is none of the three kinds, or has an unknown
    column or one twice.
    """
    if len(content) > LARGEST_FILE:
        raise InputError(f"the file is larger than {LARGEST_FILE} bytes", file=name,
                         mend="split it")
    kind = Path(name).suffix.lower()
    if kind not in _KINDS:
        raise InputError("the file is neither CSV, Excel nor Parquet", file=name,
                         mend="name it .csv, .xlsx or .parquet")
    read = {".csv": _csv, ".xlsx": _excel, ".parquet": _parquet}[kind]
    rows: list[Row] = []
    headings: list[str] | None = None
    for line, cells in read(content, name, len(columns)):
        if any(len(cell) > LONGEST_CELL for cell in cells):
            raise _too_long(name, line)
        if headings is None:
            headings = _headings(cells, columns, name)
            continue
        if len(cells) > len(headings) and any(cells[len(headings):]):
            raise InputError("the row has more cells than the heading", file=name, line=line,
                             mend="quote cells that hold a comma")
        if any(cells):
            if len(rows) >= MOST_ROWS:
                raise InputError(f"the file has more than {MOST_ROWS} rows", file=name,
                                 mend="split it")
            rows.append(Row(line, dict(zip(headings, cells, strict=False))))
    if headings is None:
        raise InputError("the file is empty", file=name, mend="start from the template")
    return rows


def _headings(cells: list[str], columns: Sequence[str], name: str) -> list[str]:
    while cells and not cells[-1]:
        cells = cells[:-1]
    for one in cells:
        if one not in columns:
            raise InputError(f"there is no column {one!r}", file=name, line=1, field=one or None,
                             mend="the columns are: " + ", ".join(columns))
        if cells.count(one) > 1:
            raise InputError(f"the column {one!r} stands twice", file=name, line=1, field=one,
                             mend="keep one")
    return cells


def _too_long(name: str, line: int | None = None) -> InputError:
    return InputError(f"a cell has more than {LONGEST_CELL} characters", file=name, line=line,
                      mend="keep to the columns of the template")


def _csv(content: bytes, name: str, width: int) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not UTF-8 text", file=name, mend="save it as UTF-8 CSV") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for record in reader:
            yield line, [cell.strip() for cell in record]
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"not CSV: {error}", file=name, line=reader.line_num,
                         mend="mend the quotes at this line") from error


def _excel(content: bytes, name: str, width: int) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(one.file_size for one in parts.infolist()) > _LARGEST_UNPACKED:
                raise InputError("the file is too large when unpacked", file=name,
                                 mend="split it, or send CSV")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            # What the sheet says of its own size may be a million rows of sixteen thousand.
            sheet.reset_dimensions()
            rows = sheet.iter_rows(values_only=True, max_col=width + _MORE_COLUMNS)
            for line, cells in enumerate(rows, start=1):
                yield line, [_text(cell, name, line) for cell in cells]
        finally:
            book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever the broken part makes it raise
        raise InputError(f"not an Excel workbook: {error}", file=name,
                         mend="save it again as .xlsx, or send CSV") from error


def _parquet(content: bytes, name: str, width: int) -> Iterator[tuple[int, list[str]]]:
    import pyarrow
    import pyarrow.parquet

    try:
        # Texts stay in their dictionary: one long text may stand in every row.
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        texts = [one.name for one in file.schema_arrow if _is_text(one.type)]
        if len(file.schema_arrow) > width + _MORE_COLUMNS or any(
                pyarrow.types.is_nested(one.type) for one in file.schema_arrow):
            raise InputError("the file has columns that are no plain values", file=name,
                             mend="start from the template")
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content), read_dictionary=texts)
        groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
        if (file.metadata.num_rows > MOST_ROWS
                or sum(one.total_byte_size for one in groups) > _LARGEST_UNPACKED):
            raise InputError(f"the file has more than {MOST_ROWS} rows", file=name,
                             mend="split it")
        table = file.read()
        _check_texts(table, name)
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"not Parquet: {error}", file=name, mend="write it again") from error
    yield 1, [str(one) for one in table.column_names]
    columns = [column.to_pylist() for column in table.columns]
    for line, cells in enumerate(zip(*columns, strict=True), start=2):
        yield line, [_text(cell, name, line) for cell in cells]


def _is_text(kind: Any) -> bool:
    import pyarrow.types

    return bool(pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)
                or pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind))


def _check_texts(table: Any, name: str) -> None:
    """Refuse long texts before each row gets one of its own."""
    import pyarrow.compute
    import pyarrow.types

    for column in table.columns:
        for chunk in column.chunks:
            texts = chunk.dictionary if pyarrow.types.is_dictionary(chunk.type) else chunk
            if _is_text(texts.type) and len(texts):
                longest = pyarrow.compute.max(pyarrow.compute.binary_length(texts)).as_py()
                if longest is not None and longest > 4 * LONGEST_CELL:
                    raise _too_long(name)


def _text(cell: Any, name: str, line: int) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str | bytes) and len(cell) > LONGEST_CELL:
        raise _too_long(name, line)
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
