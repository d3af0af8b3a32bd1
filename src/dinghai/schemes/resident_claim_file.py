"""A file of residents' anti-fraud claims as arrays: CSV, Excel or Parquet, told apart by content.

Rows at fault are rejected one by one, each with line, field and mend; the others go on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.experience.own_columns import plain
from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.errors import Fault, InputError
from dinghai.schemes.resident_claim_cells import column_cells, faults_of
from dinghai.schemes.resident_claim_checks import row_faults
from dinghai.schemes.resident_claim_tables import ClaimColumn, claim_columns
from dinghai.vocabulary.facts import UNKNOWN

Cells = npt.NDArray[np.int64]
_UNITS: Final = {"元": "yuan", "yuan": "yuan", "万元": "万元", "分": "fen", "fen": "fen"}
_BRACKETED: Final = re.compile(r"[(\[]([^)\]]*)[)\]]")
_ENDING: Final = re.compile(r"(.*?)[_ ](yuan|fen)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class ResidentClaims:
    """Claims that can be decided, in the order of the file; all columns have one length.

    ``cells`` are int64 columns by id: fen, days as ordinals, counts, truths (1 yes, 0 no); UNKNOWN
    where nobody said it. ``texts`` are the other columns; an empty text is unknown.
    """

    lines: Cells
    cells: Mapping[str, Cells]
    texts: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.lines)

    def take(self, rows: npt.NDArray[np.intp]) -> ResidentClaims:
        """Some of the claims, in the order given."""
        places = rows.tolist()
        return ResidentClaims(
            self.lines[rows], {name: column[rows] for name, column in self.cells.items()},
            {name: [column[place] for place in places] for name, column in self.texts.items()})

    def followed_by(self, others: ResidentClaims) -> ResidentClaims:
        """These claims, then the others."""
        return ResidentClaims(
            np.concatenate([self.lines, others.lines]),
            {name: np.concatenate([column, others.cells[name]])
             for name, column in self.cells.items()},
            {name: [*column, *others.texts[name]] for name, column in self.texts.items()})


@dataclass(frozen=True, slots=True, eq=False)
class ClaimsFile:
    """What was read: claims, the rows that were rejected with every fault, and notes."""

    file: str
    claims: ResidentClaims
    rejected: tuple[Fault, ...]
    rows: int
    notes: tuple[str, ...]

    @property
    def rejected_rows(self) -> int:
        """How many rows were rejected."""
        return self.rows - len(self.claims)


@dataclass(frozen=True, slots=True)
class _Place:
    place: int
    heading: str
    unit: str


def read_claims_file(path: Path) -> ClaimsFile:
    """The claims of a file. Raises InputError for a file that is none, and for columns that are
    missing or stand twice."""
    return claims_of(read_table_file(path))


def claims_of(table: TableFile) -> ClaimsFile:
    """The claims of a table. Raises InputError for columns that are missing or stand twice."""
    places, strange = _header(table)
    lines = [row.line for row in table.rows]
    cells: dict[str, Cells] = {}
    texts: dict[str, Sequence[str]] = {}
    faults: list[tuple[int, Fault]] = _lengths(table)
    for column in claim_columns():
        found = places.get(column.id)
        if found is None:
            _fill(column, len(lines), cells, texts)
            continue
        values, wrong = column_cells(
            column, [row.at(found.place) for row in table.rows], found.unit, table.first_serial)
        faults += faults_of(column, wrong, lines, table.file)
        _put(column, values, cells, texts)
    claims = ResidentClaims(np.array(lines, dtype=np.int64), cells, texts)
    bad = {place for place, _fault in faults}
    faults += row_faults(claims, table.file, bad)
    bad = {place for place, _fault in faults}
    kept = np.array([place for place in range(len(lines)) if place not in bad], dtype=np.intp)
    notes = [*table.notes]
    if strange:
        notes.append("not read: " + ", ".join(one[:40] for one in strange[:20]))
    return ClaimsFile(
        table.file, claims.take(kept),
        tuple(fault for _place, fault in sorted(faults, key=lambda one: one[0])),
        len(lines), tuple(notes))


def _put(
    column: ClaimColumn, values: Sequence[int] | Sequence[str], cells: dict[str, Cells],
    texts: dict[str, Sequence[str]],
) -> None:
    if column.kind in ("text", "key"):
        texts[column.id] = [str(one) for one in values]
    else:
        cells[column.id] = np.array(values, dtype=np.int64)


def _fill(
    column: ClaimColumn, rows: int, cells: dict[str, Cells], texts: dict[str, Sequence[str]]
) -> None:
    """A column that the file does not have: unknown everywhere."""
    if column.kind in ("text", "key"):
        texts[column.id] = [""] * rows
    else:
        cells[column.id] = np.full(rows, UNKNOWN, dtype=np.int64)


def _lengths(table: TableFile) -> list[tuple[int, Fault]]:
    """Rows with more cells than the header: something slipped, so that no cell can be trusted."""
    width = len(table.header)
    return [(place, Fault("the row has more cells than the header", table.file, row.line, "",
                          "quote texts that hold the separator"))
            for place, row in enumerate(table.rows)
            if len(row.cells) > width and any(one.strip() for one in row.cells[width:])]


def _header(table: TableFile) -> tuple[dict[str, _Place], list[str]]:
    """Where each column stands, and headings that mean nothing here."""
    found: dict[str, _Place] = {}
    strange: list[str] = []
    faults: list[Fault] = []
    for place, heading in enumerate(table.header):
        code, unit = _meaning(heading)
        if not code:
            strange += [heading] if heading else []
        elif code in found:
            faults.append(Fault(
                f"{heading[:40]!r} and {found[code].heading[:40]!r} are both the {code}",
                table.file, table.header_line, code, "keep one of the two columns"))
        else:
            found[code] = _Place(place, heading, unit)
    faults += [Fault(f"there is no column of the {one.name_en}", table.file, table.header_line,
                     one.id, f"add a column {one.id} ({one.name_zh})")
               for one in claim_columns() if one.must and one.id not in found]
    if faults:
        raise InputError.of(faults)
    return found, strange


@cache
def _names() -> Mapping[str, str]:
    return {plain(name): one.id for one in claim_columns()
            for name in (one.id, one.name_zh, one.name_en, *one.names)}


def _meaning(heading: str) -> tuple[str, str]:
    """The column's id that a heading stands for, and the unit that it names."""
    text = unicodedata.normalize("NFKC", heading).strip()
    whole = _names().get(plain(text))
    if whole:
        return whole, ""
    unit = ""
    for inside in _BRACKETED.findall(text):
        unit = _UNITS.get(inside.strip().casefold(), unit)
    bare = _BRACKETED.sub("", text).strip()
    ending = _ENDING.fullmatch(bare)
    if ending:
        bare, unit = ending[1], _UNITS[ending[2].casefold()]
    return _names().get(plain(bare), ""), unit
