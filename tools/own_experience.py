"""The published schema of an insurer's own files: JSON Schema of a row, and its reference page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dinghai.experience.incidents import SIZE_BANDS
from dinghai.experience.own_columns import CURRENCIES, FileKind, OwnColumn, own_schema
from dinghai.vocabulary.perils import PERILS

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TITLES = {"claims": "A row of an insurer's own claims (dinghai.own-claims/1)",
           "exposures": "A row of an insurer's own exposures (dinghai.own-exposures/1)"}
_AMOUNT = r"^\d[\d,]*(\.\d+)?\s*(fen|yuan|分|元|万|万元|亿|亿元)$"
_KINDS: dict[str, dict[str, Any]] = {
    "text": {"type": "string", "minLength": 1},
    "day": {"type": "string", "format": "date"},
    "money": {"type": "string", "pattern": _AMOUNT},
    "count": {"type": "integer", "minimum": 0},
    "hours": {"type": "number", "minimum": 0},
    "industry": {"type": "string", "pattern": r"^([A-T]\d{0,4}|\d{2,6})$"},
    "size": {"anyOf": [{"enum": list(SIZE_BANDS)}, {"type": "integer", "minimum": 1}]},
    "peril": {"enum": list(PERILS)},
    "state": {"enum": ["open", "closed", "closed_without_payment", "refused", "withdrawn"]},
    "currency": {"enum": list(CURRENCIES)},
}
_IN_WORDS = {"text": "text", "day": "day", "money": "amount with its unit",
             "count": "whole number", "hours": "hours", "industry": "section or NAICS",
             "size": "band or headcount", "peril": "peril", "state": "state",
             "currency": "code of ISO 4217"}


def schema(kind: FileKind) -> dict[str, Any]:
    """The JSON Schema of a row: the plain form of each column, and the names it goes by."""
    columns = own_schema().columns(kind)
    return {
        "$schema": DIALECT, "title": _TITLES[kind],
        "description": "The plain form of a row. Files may write days, numbers and codes in other "
                       "forms and name columns by any of x-names; see "
                       "docs/reference/own-experience.md.",
        "type": "object", "required": [one.id for one in columns if one.required],
        "properties": {one.id: _property(one) for one in columns},
        "additionalProperties": False,
    }


def _property(one: OwnColumn) -> dict[str, Any]:
    return {**_KINDS[one.kind], "title": one.name_en, "description": one.about_en or one.name_en,
            "x-names": [one.name_zh, one.name_en, *one.names]}


def page(table: Callable[[Sequence[str], Iterable[Sequence[object]]], str]) -> str:
    """The reference page of both files."""
    found = own_schema()
    parts = [_HEAD]
    for kind, title in (("claims", "Claims"), ("exposures", "Exposures")):
        parts += [f"## {title}", "", table(
            ("column", "中文", "English", "holds", "required", "meaning", "also known as"),
            ((f"`{one.id}`", one.name_zh, one.name_en, _IN_WORDS[one.kind],
              "yes" if one.required else "", one.about_en, ", ".join(one.names))
             for one in found.columns(kind))), ""]
    states: dict[str, list[str]] = {}
    for word, code in found.states.items():
        states.setdefault(code, []).append(word)
    perils: dict[str, list[str]] = {}
    for word, peril in found.perils.items():
        perils.setdefault(peril, []).append(word)
    parts += [
        "## Words for codes", "",
        table(("peril", "also written (beside its names in the vocabulary)"),
              ((f"`{code}`", ", ".join(words)) for code, words in perils.items())), "",
        table(("state", "written"),
              ((f"`{code}`", ", ".join(words)) for code, words in states.items())), "",
        "## Size classes", "",
        table(("class", "中文", "English"),
              ((f"`{one.id}`", one.name_zh, one.name_en) for one in found.sizes)), "",
        _TAIL]
    return "\n".join(parts)


_HEAD = """\
# An insurer's own claims and exposures

Two files, each as CSV, Excel (`.xlsx`) or Parquet, told apart by content. `dinghai
experience template -o DIR` writes empty ones. JSON Schemas of a row:
`own-claims.schema.json`, `own-exposures.schema.json`.

- **CSV**: UTF-8 with or without mark, UTF-16 with mark, or GB18030; comma, tab or
  semicolon; plain or `.gz`; at most 512 MB unpacked and 30,000,000 cells.
- **Excel**: at most 64 MB, 256 MB unpacked, 1,000 columns and 4,000,000 cells. Only the
  first visible sheet with anything in it is read. Formulas are not evaluated: the
  values stored with them are read, and the answer says how many; one without a stored
  value counts as blank. A workbook that declares a document type or an entity is
  refused, and so are `.xls` and files with a password.
- **Parquet**: columns of plain values, at most 512 MB unpacked and 30,000,000 cells.

The first row that holds anything is the header. Case, spaces and marks of a heading do
not count; columns that are none of these are named and not read.

- **Days**: `2026-03-02`, `2026/3/2`, `2026.3.2`, `2026年3月2日`, `20260302`, a
  spreadsheet's serial number. `13/2/2026` is read where the whole column can be read in
  one way only; otherwise it is a fault.
- **Amounts** carry a unit: in the cell (`12万`, `3,500元`, `¥3500`) or in the heading
  (`已决赔款（万元）`, `paid (yuan)`, `paid_fen`, `paid (USD)`). A bare number in a column
  without a unit stops the reading, except zero. An amount that is no whole fen is a
  fault.
- **Full-width** digits and letters are read as ordinary ones.

A cell that cannot be read is a fault with file, line, field and mend. The row stays:
without that cell, or screened as a whole where it cannot be a claim or a policy at all
(no number, a number that stands twice, no day, days out of order, periods that
overlap). Nothing is dropped in silence; `dinghai experience check` lists every fault.
"""

_TAIL = """\
## In the incident table

`dinghai incidents CLAIMS -o TABLE.parquet` takes claims into the one incident table.
The amount is the ground-up loss where it is given, else paid + outstanding +
deductible. Where only losses above the deductible are known (the default, `--floor
deductible`), the deductible is the row's own floor and a loss not above it is no size;
`--floor none` says that all losses are known. An amount whose payment reached the limit
is marked as known to be at least so large (`amount_censored`).
"""
