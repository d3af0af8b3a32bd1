"""Empty files of an insurer's own claims and exposures, with every published column."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any, Final, Literal

from dinghai.experience.own_columns import FileKind, OwnColumn, own_schema

Language = Literal["zh", "en"]
_EPOCH: Final = "2026-01-01T00:00:00Z"
_STAMP: Final = (2026, 1, 1, 0, 0, 0)
_NOTE_HEADINGS: Final = {
    "zh": ("列", "标识", "必填", "说明", "示例", "也可写作"),
    "en": ("Column", "Id", "Required", "Meaning", "Example", "Also known as"),
}
_SHEETS: Final = {"zh": ("数据", "说明"), "en": ("data", "explanation")}


def template_files(language: Language = "zh") -> Mapping[str, bytes]:
    """File name to content: each file as CSV (with a mark, for Excel) and as a workbook. The same
    bytes every time."""
    found: dict[str, bytes] = {}
    for kind in ("claims", "exposures"):
        headings = [heading(one, language) for one in own_schema().columns(kind)]
        found[f"{kind}.csv"] = ("\ufeff" + ",".join(headings) + "\r\n").encode()
        found[f"{kind}.xlsx"] = _workbook(kind, headings, language)
    return found


def heading(column: OwnColumn, language: Language) -> str:
    """A column's name, with the unit where it is money."""
    name = column.name_zh if language == "zh" else column.name_en
    if column.kind != "money":
        return name
    return f"{name}（元）" if language == "zh" else f"{name} (yuan)"


def _workbook(kind: FileKind, headings: list[str], language: Language) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font

    book: Any = Workbook()
    data = book.active
    data.title, notes_title = _SHEETS[language]
    data.append(headings)
    notes = book.create_sheet(notes_title)
    notes.append(_NOTE_HEADINGS[language])
    for one in own_schema().columns(kind):
        about = one.about_zh if language == "zh" else one.about_en
        notes.append((one.name_zh if language == "zh" else one.name_en, one.id,
                      ("是" if language == "zh" else "yes") if one.required else "", about,
                      one.example, "、".join(one.names)))
    for sheet, widths in ((data, [16] * len(headings)), (notes, (18, 16, 8, 48, 16, 60))):
        sheet.freeze_panes = "A2"
        for place, width in enumerate(widths):
            cell = sheet.cell(row=1, column=place + 1)
            cell.font = Font(bold=True)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            sheet.column_dimensions[cell.column_letter].width = width
    written = io.BytesIO()
    book.save(written)
    return _without_clock(written.getvalue())


def _without_clock(raw: bytes) -> bytes:
    """The same workbook with one fixed moment wherever the library wrote the time of day."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as source, zipfile.ZipFile(
            out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>" + _EPOCH.encode(),
                                 content)
            target.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()
