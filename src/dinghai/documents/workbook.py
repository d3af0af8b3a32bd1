"""Sheets of figures as one Excel file: numbers as numbers, print set-up, the same bytes each time.

Text is never read as a formula. The file carries no clock: its dates are the one it is given.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal

from dinghai.documents.phrases import Language

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

Kind = Literal["text", "integer", "money", "ratio", "number", "percent", "small_percent"]
Value = str | int | float | Decimal | None
_FORMATS: Final[dict[str, str]] = {
    "text": "@", "integer": "#,##0", "money": "#,##0.00", "ratio": "0.000", "number": "0.####",
    "percent": "0.00%", "small_percent": "0.0000%"}
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_MODIFIED: Final = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_HEAD_ROW: Final = 3


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """One column: its label, what its values are, and its width in characters."""

    label: str
    kind: Kind = "text"
    width: float = 14.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table of the file; ``note`` stands above it. A number may have its own kind."""

    title: str
    note: str
    columns: tuple[SheetColumn, ...]
    rows: tuple[tuple[Value | tuple[Value, Kind], ...], ...]


def set_workbook(
    sheets: Sequence[Sheet], *, title: str, on: date, language: Language
) -> bytes:
    """The sheets as an .xlsx file."""
    from openpyxl import Workbook  # slow to import, and needed here only

    book = Workbook()
    book.remove(book.active)
    moment = datetime.combine(on, time(), tzinfo=UTC).replace(tzinfo=None)
    book.properties.title = title
    book.properties.creator = "dinghai"
    book.properties.language = "zh-CN" if language == "zh" else "en-GB"
    book.properties.created = moment
    for sheet in sheets:
        _fill(book.create_sheet(sheet.title), sheet, title)
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_clock(buffer.getvalue(), moment)


def _fill(page: Worksheet, sheet: Sheet, title: str) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    line = Side(style="thin", color="C8D1D8")
    last = get_column_letter(len(sheet.columns))
    page["A1"].font = Font(bold=True, size=14, color="12324D")
    _put(page["A1"], sheet.title, "text")
    page["A2"].font = Font(size=9, color="5C6873")
    page["A2"].alignment = Alignment(wrap_text=True, vertical="top")
    _put(page["A2"], sheet.note, "text")
    if len(sheet.columns) > 1:
        page.merge_cells(f"A2:{last}2")
    wide = sum(column.width for column in sheet.columns)
    page.row_dimensions[2].height = 14.0 * max(1, -(-_width(sheet.note) // int(wide)))
    for place, column in enumerate(sheet.columns, start=1):
        cell = page.cell(row=_HEAD_ROW, column=place)
        _put(cell, column.label, "text")
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="12324D")
        cell.alignment = Alignment(wrap_text=True, vertical="center",
                                   horizontal="left" if column.kind == "text" else "right",
                                   indent=int(column.kind == "text"))
        page.column_dimensions[get_column_letter(place)].width = column.width
    for number, row in enumerate(sheet.rows, start=_HEAD_ROW + 1):
        for place, (given, column) in enumerate(zip(row, sheet.columns, strict=True), start=1):
            value, kind = given if isinstance(given, tuple) else (given, column.kind)
            cell = page.cell(row=number, column=place)
            _put(cell, value, kind)
            cell.border = Border(bottom=line)
            words = isinstance(value, str)
            cell.alignment = Alignment(wrap_text=words, vertical="top", indent=int(words),
                                       horizontal="left" if words else "right")
    page.freeze_panes = f"A{_HEAD_ROW + 1}"
    if sheet.rows:
        page.auto_filter.ref = f"A{_HEAD_ROW}:{last}{_HEAD_ROW + len(sheet.rows)}"
    page.sheet_view.showGridLines = False
    page.print_title_rows = f"{_HEAD_ROW}:{_HEAD_ROW}"
    page.page_setup.orientation = "landscape"
    page.page_setup.paperSize = page.PAPERSIZE_A4
    page.page_setup.fitToWidth = 1
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    page.oddHeader.left.text = title.replace("&", "&&")
    page.oddHeader.right.text = sheet.title.replace("&", "&&")
    page.oddFooter.right.text = "&P / &N"


def _put(cell: Any, value: Value, kind: Kind) -> None:
    if isinstance(value, str):
        cell.value = _CONTROL.sub(lambda one: f"〔U+{ord(one.group()):04X}〕", value)
        cell.data_type = "s"  # a text that begins with = is a text
    elif value is not None:
        cell.value = value
        cell.number_format = _FORMATS[kind]


def _width(text: str) -> int:
    return sum(2 if ord(one) > 0x2E7F else 1 for one in text)


def _without_clock(content: bytes, moment: datetime) -> bytes:
    """The same archive with fixed times; what openpyxl stamps with the clock is put right."""
    stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}".encode()
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(out, "w") as made:
        for entry in given.infolist():
            part = given.read(entry)
            if entry.filename == "docProps/core.xml":
                part = _MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", part)
            fresh = zipfile.ZipInfo(entry.filename, date_time=_EPOCH)
            fresh.compress_type = zipfile.ZIP_DEFLATED
            fresh.external_attr = 0o600 << 16
            made.writestr(fresh, part, compresslevel=6)
    return out.getvalue()
