"""Excel workbooks as rows of text: bounded, without entities, with the values formulas left."""

from __future__ import annotations

import io
import math
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from dinghai.foundation.errors import InputError

LARGEST_UNPACKED: Final = 256 * 1024 * 1024
MOST_MEMBERS: Final = 2_000
MOST_ROWS: Final = 1_048_576
MOST_COLUMNS: Final = 1_000
MOST_CELLS: Final = 4_000_000
_CHUNK: Final = 1024 * 1024
_MARKUP: Final = (".xml", ".rels", ".vml")
_DECLARATIONS: Final = (b"<!DOCTYPE", b"<!ENTITY")
_WIDE_MARKS: Final = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The first visible sheet that holds anything: its rows as (number, cells as text).

    ``formulas`` counts the formulas whose stored values were read, ``empty_formulas`` those that
    had none. ``others`` are the sheets that were not read. ``first_serial`` is the day of serial
    number 0.
    """

    title: str
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    formulas: int
    empty_formulas: int
    others: tuple[str, ...]
    first_serial: date


def read_workbook(data: bytes, name: str) -> Sheet:
    """The rows of a workbook. Nothing is evaluated. Raises InputError for anything that is none,
    or that is larger than the bounds of this module."""
    _check_archive(data, name)
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                return _first_sheet(book, name)
            finally:
                book.close()
    except InputError:
        raise
    except Exception as error:  # openpyxl has no error of its own for a broken workbook
        raise InputError(f"the workbook cannot be read: {type(error).__name__}: {error}"[:300],
                         file=name, mend="open it in a spreadsheet program and save it as .xlsx"
                         ) from error


def _check_archive(data: bytes, name: str) -> None:
    """Size and count before anything is unpacked; then no member may declare an entity."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS or sum(
                    one.file_size for one in members) > LARGEST_UNPACKED:
                raise InputError(f"the workbook unpacks to more than {LARGEST_UNPACKED} bytes",
                                 file=name, mend="split it, or save it as CSV")
            for member in members:
                if member.filename.lower().endswith(_MARKUP):
                    with archive.open(member) as source:
                        _check_markup(source, name)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError,
            NotImplementedError, ValueError) as error:
        raise InputError(f"the workbook cannot be unpacked: {error}", file=name,
                         mend="save it again as .xlsx, without a password") from error


def _check_markup(source: Any, name: str) -> None:
    last = b""
    while chunk := source.read(_CHUNK):
        if not last and chunk.startswith(_WIDE_MARKS):
            raise InputError("the workbook's XML is not UTF-8", file=name,
                             mend="save it again as .xlsx")
        if any(one in last + chunk for one in _DECLARATIONS):
            raise InputError("the workbook declares a document type or an entity", file=name,
                             mend="save it again in a spreadsheet program, or as CSV")
        last = chunk[-16:]


def _first_sheet(book: Any, name: str) -> Sheet:
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    first_serial = date(book.epoch.year, book.epoch.month, book.epoch.day)
    for place, sheet in enumerate(visible):
        rows, formulas, empty = _rows(sheet, name)
        if rows:
            others = tuple(one.title for one in visible[place + 1:])
            return Sheet(sheet.title, rows, formulas, empty, others, first_serial)
    return Sheet("", (), 0, 0, (), first_serial)


def _rows(sheet: Any, name: str) -> tuple[tuple[tuple[int, tuple[str, ...]], ...], int, int]:
    rows = []
    cells = formulas = empty = 0
    for number, found in _parsed(sheet):
        texts: list[str] = []
        cells += len(found)
        for cell in found:
            column = cell["column"]
            if column > MOST_COLUMNS or number > MOST_ROWS or cells > MOST_CELLS:
                raise InputError(
                    f"the sheet has more than {MOST_COLUMNS} columns, {MOST_ROWS} rows or "
                    f"{MOST_CELLS} cells", file=name, line=number, mend="split it")
            texts += [""] * (column - len(texts))
            texts[column - 1] = text_of_cell(cell["value"])
            formulas += cell["formula"]
            empty += cell["formula"] and cell["value"] is None
        if any(texts):
            rows.append((number, tuple(texts)))
    return tuple(rows), formulas, empty


def _parsed(sheet: Any) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Row numbers with their cells. The reader below openpyxl's own rows, because those fill up
    gaps: a file of one row that says it is number 10⁹ would never end."""
    from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

    class _Parser(WorkSheetParser):  # type: ignore[misc]
        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            return {**cell, "formula": element.find(FORMULA_TAG) is not None}

    book = sheet.parent
    with sheet._get_source() as source:
        yield from _Parser(source, sheet._shared_strings, data_only=True, epoch=book.epoch,
                           date_formats=book._date_formats,
                           timedelta_formats=book._timedelta_formats).parse()


def text_of_cell(value: object) -> str:
    """A value as text: days in ISO, numbers without an exponent, spans as hours:minutes:seconds.

    A number of floating point keeps the 15 digits that a spreadsheet shows.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds") if value.time() != time() else (
            value.date().isoformat())
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        plain = format(Decimal(format(value, ".15g")), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value).strip()
