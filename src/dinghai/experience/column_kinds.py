"""What the columns of a table file hold: numbers, days, groups. For those who choose among them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dinghai.experience.columns import day_of, day_style, number_of
from dinghai.experience.incident_columns import DAYS, GROUPS
from dinghai.experience.incidents import is_incident_table
from dinghai.experience.table_bounds import LARGEST, TableBounds
from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError

MOST_GROUPS: Final = 24
"""A column of more values than this is offered as no group."""
LONGEST_NAME: Final = 200
_LOOKED_AT: Final = 2_000
_MOSTLY: Final = 0.5


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """A column by name, and for what it will do. No cell of it is kept."""

    name: str
    amounts: bool
    days: bool
    groups: bool

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"name": self.name, "amounts": self.amounts, "days": self.days,
                "groups": self.groups}


@dataclass(frozen=True, slots=True)
class TableKind:
    """A table's columns and how many rows it has. ``notes`` are the reader's own."""

    columns: tuple[ColumnKind, ...]
    rows: int
    is_incidents: bool
    notes: tuple[str, ...] = ()


def describe_table(path: Path, bounds: TableBounds = LARGEST) -> TableKind:
    """Look at a CSV, Excel or Parquet file; an incident table offers its own measures.

    Raises InputError for a file that is none, is beyond the bounds, has no rows, or no column that
    could be fitted.
    """
    table = read_table_file(path, bounds=bounds)
    if not any(table.header):
        raise InputError("the file is empty", file=str(path), field="file",
                         mend="give a table with a header in its first row")
    if not table.rows:
        raise InputError("the file has no rows below its header", file=str(path),
                         line=table.header_line, field="file", mend="give at least one row")
    if is_incident_table(path):
        return TableKind(tuple(_of_incidents()), len(table.rows), True, table.notes)
    columns = tuple(_of_table(table))
    if not any(one.amounts or one.days for one in columns):
        raise InputError(
            "no column holds numbers or days", file=str(path), line=table.header_line,
            field="file", mend="its columns are: " + ", ".join(one.name for one in columns))
    return TableKind(columns, len(table.rows), False, table.notes)


def _of_incidents() -> Iterator[ColumnKind]:
    for name in ("records", "amount"):
        yield ColumnKind(name, True, False, False)
    for name in DAYS:
        yield ColumnKind(name, False, True, False)
    for name in GROUPS:
        yield ColumnKind(name, False, False, True)


def _of_table(table: TableFile) -> Iterator[ColumnKind]:
    seen: set[str] = set()
    for place, name in enumerate(table.header):
        if not name or name in seen or len(name) > LONGEST_NAME or not name.isprintable():
            continue
        seen.add(name)
        texts = [text for row in table.rows[:_LOOKED_AT] if (text := row.at(place))]
        values = {row.at(place) for row in table.rows[:_LOOKED_AT]}
        style = day_style(texts[:_LOOKED_AT // 10])
        days = sum(day_of(text, style) is not None for text in texts)
        numbers = sum(number is not None and math.isfinite(number)
                      for number in map(number_of, texts))
        is_days = bool(texts) and days > _MOSTLY * len(texts)
        yield ColumnKind(name, bool(texts) and not is_days and numbers > _MOSTLY * len(texts),
                         is_days, not is_days and 1 < len(values) <= MOST_GROUPS)
