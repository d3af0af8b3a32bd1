"""Excel files: numbers as numbers, text as text, set-up for print, and no clock."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import date
from decimal import Decimal

from openpyxl import load_workbook

from dinghai.documents.workbook import Sheet, SheetColumn, set_workbook

SHEET = Sheet(
    "费率", "说明", (SheetColumn("名称", "text", 20), SheetColumn("金额", "money"),
                   SheetColumn("占比", "percent"), SheetColumn("无", "number")),
    (("=1+1", Decimal("1234.50"), 0.125, None), ("甲\x07<b>", (3, "integer"), 1.0, 2.5)))


def made() -> bytes:
    """One sheet."""
    return set_workbook([SHEET], title="题 & 目", on=date(2026, 3, 28), language="zh")


def test_cells_are_what_they_are() -> None:
    page = load_workbook(io.BytesIO(made()))["费率"]
    assert [cell.value for cell in page[4]] == ["=1+1", 1234.5, 0.125, None]
    assert page["A4"].data_type == "s"  # no formula
    assert page["B4"].data_type == "n" and page["B4"].number_format == "#,##0.00"
    assert page["C4"].number_format == "0.00%"
    assert page["A5"].value == "甲〔U+0007〕<b>"
    assert page["B5"].value == 3 and page["B5"].number_format == "#,##0"


def test_the_head_stays_and_the_page_is_set_up() -> None:
    page = load_workbook(io.BytesIO(made()))["费率"]
    assert page.freeze_panes == "A4"
    assert page.print_title_rows == "$3:$3"
    assert page.page_setup.orientation == "landscape" and page.page_setup.fitToHeight == 0
    assert page.sheet_properties.pageSetUpPr.fitToPage
    assert page.auto_filter.ref == "A3:D5"
    assert page.oddHeader.left.text == "题 && 目"


def test_the_file_knows_no_clock() -> None:
    first = made()
    time_before = time.time()
    assert made() == first
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert {one.date_time for one in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = archive.read("docProps/core.xml").decode()
    assert core.count("2026-03-28T00:00:00Z") == 2
    assert time.strftime("%Y-%m-%dT%H:%M", time.gmtime(time_before)) not in core
