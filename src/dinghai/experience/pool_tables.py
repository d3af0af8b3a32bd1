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
_LARGEST_UNPACKED: Final = 128 * 1024 * 1024
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
    for line, cells in read(content, name):
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


def _csv(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
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


def _excel(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    import openpyxl

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(one.file_size for one in parts.infolist()) > _LARGEST_UNPACKED:
                raise InputError("the file is too large when unpacked", file=name,
                                 mend="split it, or send CSV")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            for line, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
                yield line, [_text(cell) for cell in cells]
        finally:
            book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl raises whatever the broken part makes it raise
        raise InputError(f"not an Excel workbook: {error}", file=name,
                         mend="save it again as .xlsx, or send CSV") from error


def _parquet(content: bytes, name: str) -> Iterator[tuple[int, list[str]]]:
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(content))
        groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
        if (file.metadata.num_rows > MOST_ROWS
                or sum(one.total_byte_size for one in groups) > _LARGEST_UNPACKED):
            raise InputError(f"the file has more than {MOST_ROWS} rows", file=name,
                             mend="split it")
        table = file.read()
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(f"not Parquet: {error}", file=name, mend="write it again") from error
    yield 1, [str(one) for one in table.column_names]
    columns = [column.to_pylist() for column in table.columns]
    for line, cells in enumerate(zip(*columns, strict=True), start=2):
        yield line, [_text(cell) for cell in cells]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
