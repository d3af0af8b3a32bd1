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

from dinghai.experience.table_bounds import LARGEST_WORKBOOK, TableBounds
from dinghai.foundation.errors import InputError

MOST_MEMBERS: Final = 2_000
_SHEETS: Final = "worksheets/"
_DEEPEST: Final = 40
_MOST_IN_ROW: Final = 8 * LARGEST_WORKBOOK.columns
_MOST_TAGS: Final = {True: 20_000_000, False: 4_000_000}
"""Marks "<" of a worksheet, which is read row by row, and of any other member, which is kept."""
_CHUNK: Final = 1024 * 1024
_EXACT: Final = 1e15
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


def read_workbook(data: bytes, name: str, bounds: TableBounds = LARGEST_WORKBOOK) -> Sheet:
    """The rows of a workbook. Nothing is evaluated. Raises InputError for anything that is none,
    or that is larger than the bounds and those of any workbook."""
    bounds = bounds.within(LARGEST_WORKBOOK)
    bounds.check_file(len(data), name)
    _check_archive(data, name, bounds)
    from openpyxl.reader.excel import ExcelReader

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _first_sheet(ExcelReader(io.BytesIO(data), read_only=True, data_only=True,
                                            keep_links=False), name, bounds)
    except InputError:
        raise
    except Exception as error:  # openpyxl has no error of its own for a broken workbook
        raise InputError(f"the workbook cannot be read: {type(error).__name__}: {error}"[:300],
                         file=name, mend="open it in a spreadsheet program and save it as .xlsx"
                         ) from error


def _check_archive(data: bytes, name: str, bounds: TableBounds) -> None:
    """Size and count before anything is unpacked; then no member may declare an entity."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise InputError("the workbook has more parts than any table needs", file=name,
                                 mend="save it as CSV")
            bounds.check_unpacked(sum(one.file_size for one in members), name)
            for member in members:
                if member.filename.lower().endswith(_MARKUP):
                    with archive.open(member) as source:
                        most = _MOST_TAGS[_SHEETS in member.filename]
                        _check_markup(source, name, most)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError,
            NotImplementedError, ValueError) as error:
        raise InputError(f"the workbook cannot be unpacked: {error}", file=name,
                         mend="save it again as .xlsx, without a password") from error


def _check_markup(source: Any, name: str, most: int) -> None:
    last = b""
    tags = 0
    while chunk := source.read(_CHUNK):
        tags += chunk.count(b"<")
        if tags > most:
            raise InputError("the workbook has more markup than any table needs", file=name,
                             mend="split it, or save it as CSV")
        if not last and chunk.startswith(_WIDE_MARKS):
            raise InputError("the workbook's XML is not UTF-8", file=name,
                             mend="save it again as .xlsx")
        if any(one in last + chunk for one in _DECLARATIONS):
            raise InputError("the workbook declares a document type or an entity", file=name,
                             mend="save it again in a spreadsheet program, or as CSV")
        last = chunk[-16:]


def _first_sheet(reader: Any, name: str, bounds: TableBounds) -> Sheet:
    """Reads what a table needs of a workbook, part by part: openpyxl's own way in looks into
    every sheet for its size, and keeps whatever stands before it."""
    from openpyxl.styles.stylesheet import apply_stylesheet
    from openpyxl.xml.constants import SHARED_STRINGS

    reader.read_manifest()
    strings = reader.package.find(SHARED_STRINGS)
    if strings is not None and _SHEETS in strings.PartName:
        raise InputError("the workbook keeps its texts among its sheets", file=name,
                         mend="save it again as .xlsx")
    reader.read_strings()
    reader.read_workbook()
    apply_stylesheet(reader.archive, reader.wb)
    first_serial = date(reader.wb.epoch.year, reader.wb.epoch.month, reader.wb.epoch.day)
    visible = [(sheet.name, part.target) for sheet, part in reader.parser.find_sheets()
               if sheet.state == "visible" and "chartsheet" not in part.Type
               and part.target in reader.valid_files]
    for place, (title, target) in enumerate(visible):
        rows, formulas, empty = _rows(reader, target, name, bounds)
        if rows:
            others = tuple(other for other, _ in visible[place + 1:])
            return Sheet(title, rows, formulas, empty, others, first_serial)
    return Sheet("", (), 0, 0, (), first_serial)


def _rows(
    reader: Any, target: str, name: str, bounds: TableBounds
) -> tuple[tuple[tuple[int, tuple[str, ...]], ...], int, int]:
    rows: list[tuple[int, tuple[str, ...]]] = []
    cells = characters = formulas = empty = 0
    for number, found in _parsed(reader, target, name):
        texts: list[str] = []
        cells += len(found)
        LARGEST_WORKBOOK.check_size(number, 0, 0, name, number)
        bounds.check_size(0, 0, cells, name, number)
        for cell in found:
            formulas += cell["formula"]
            value = cell["value"]
            if value is None:
                empty += cell["formula"]
                continue
            column = cell["column"]
            bounds.check_size(0, column, 0, name, number)
            if isinstance(value, str):
                # One shared text may stand in every cell, and be another with each of them.
                bounds.check_text(len(value), name, number)
                characters += len(value)
                bounds.check_unpacked(characters, name)
            texts += [""] * (column - len(texts))
            texts[column - 1] = text_of_cell(value)
        if any(texts):
            bounds.check_size(len(rows), 0, 0, name, number)  # the header is no row
            rows.append((number, tuple(texts)))
    return tuple(rows), formulas, empty


def _parsed(
    reader: Any, target: str, name: str
) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Row numbers with their cells.

    Below openpyxl's own rows, because those fill up gaps (a file of one row that says it is number
    10⁹ would never end), and its own walk over the elements, which keeps all that are no rows.
    """
    from defusedxml.ElementTree import iterparse
    from openpyxl.worksheet._reader import FORMULA_TAG, ROW_TAG, WorkSheetParser

    class _Parser(WorkSheetParser):  # type: ignore[misc]
        def parse_cell(self, element: Any) -> dict[str, Any]:
            cell: dict[str, Any] = super().parse_cell(element)
            return {**cell, "formula": element.find(FORMULA_TAG) is not None}

    book = reader.wb
    with reader.archive.open(target) as source:
        parser = _Parser(source, reader.shared_strings, data_only=True, epoch=book.epoch,
                         date_formats=book._date_formats,
                         timedelta_formats=book._timedelta_formats)
        above: list[Any] = []
        row_depth = inside = 0
        for event, element in iterparse(source, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                above.append(element)
                inside += 1
                if row_depth == 0:
                    row_depth, inside = (len(above) if element.tag == ROW_TAG else 0), 0
                if len(above) > _DEEPEST or inside > _MOST_IN_ROW:
                    raise InputError("the sheet's markup is deeper or wider than any table's",
                                     file=name, mend="save it again as .xlsx, or as CSV")
                continue
            above.pop()
            if len(above) + 1 == row_depth:
                row_depth = 0
                yield parser.parse_row(element)
            if row_depth == 0 and above:
                above[-1].remove(element)


def text_of_cell(value: object) -> str:
    """A value as text: days in ISO, numbers without an exponent, spans as hours:minutes:seconds.

    A number of floating point keeps the 15 digits that a spreadsheet shows; one above 10¹⁵, which
    has lost digits, keeps its exponent, so that nobody takes it for an identity number.
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
        if abs(value) > _EXACT:
            return format(value, ".14E")
        plain = format(Decimal(format(value, ".15g")), "f")
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value).strip()
