"""Columns of a table file as numbers, days and groups; what is of no use is screened, and why."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Generic, TypeVar

from dinghai.experience.tabular import read_table_file

Value = TypeVar("Value")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_FORMATS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%Y%m%d")


@dataclass(frozen=True, slots=True)
class Screened:
    """A row that was not used: its line in the file, the text, and why."""

    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Column(Generic[Value]):
    """The usable values of a column with their groups, and what was screened."""

    values: tuple[Value, ...]
    groups: tuple[str, ...]
    screened: tuple[Screened, ...]

    def reasons(self) -> dict[str, int]:
        """How many rows were screened for each reason."""
        return dict(Counter(one.reason for one in self.screened).most_common())

    def by_group(self) -> Mapping[str, Column[Value]]:
        """The same for each group, in order of their names; screened rows stay with the whole."""
        found: dict[str, list[Value]] = {}
        for value, group in zip(self.values, self.groups, strict=True):
            found.setdefault(group, []).append(value)
        return {group: Column(tuple(values), (group,) * len(values), ())
                for group, values in sorted(found.items())}


def read_amounts(
    path: Path, column: str, *, by: str | None = None, floor: float | None = None
) -> Column[float]:
    """A column of positive amounts. Rows below the reporting floor are screened. Raises InputError
    for a file or a column that is none.
    """
    def read(text: str) -> tuple[float | None, str]:
        if not text:
            return None, "blank"
        number = number_of(text)
        if number is None:
            return None, "not a number"
        if not math.isfinite(number):
            return None, "not finite"
        if number <= 0.0:
            return None, "not above zero"
        if floor is not None and number < floor:
            return None, "below the reporting floor"
        return number, ""

    return _column(_rows(path, column, by), read)


@dataclass(frozen=True, slots=True)
class Weighted:
    """A value and the weight it carries."""

    value: float
    weight: float


def read_weighted(path: Path, value: str, weight: str, group: str) -> Column[Weighted]:
    """Rows of a value of zero or more, its weight above zero, and the group they belong to."""
    found: list[Weighted] = []
    groups, screened = [], []
    for (line, text, name), (_, mass, _) in zip(
            _rows(path, value, group), _rows(path, weight, None), strict=True):
        numbers = number_of(text), number_of(mass)
        if not name:
            reason = "no group"
        elif numbers[0] is None or numbers[1] is None:
            reason = "blank" if not (text and mass) else "not a number"
        elif not (numbers[0] >= 0.0 and numbers[1] > 0.0):
            reason = "the value is below zero or the weight not above it"
        elif math.isinf(numbers[0]) or math.isinf(numbers[1]):
            reason = "not finite"
        else:
            found.append(Weighted(numbers[0], numbers[1]))
            groups.append(name)
            continue
        screened.append(Screened(line, f"{name} {text} {mass}".strip(), reason))
    return Column(tuple(found), tuple(groups), tuple(screened))


def number_of(text: str) -> float | None:
    """The number that a text is, with or without thousands' commas; None where it is none."""
    plain = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    try:
        return float(plain)
    except ValueError:
        return None


def read_days(path: Path, column: str, *, by: str | None = None) -> Column[date]:
    """A column of days, in one way of writing them: the one that reads most of the column."""
    rows = list(_rows(path, column, by))
    style = day_style(text for _line, text, _group in rows if text)

    def read(text: str) -> tuple[date | None, str]:
        if not text:
            return None, "blank"
        day = day_of(text, style)
        return day, "" if day else "not a day"

    return _column(rows, read)


def read_spans(path: Path, first: str, second: str) -> Column[tuple[date, date]]:
    """Two columns of days as spans from the first to the second, which may not come before it."""
    found: list[tuple[date, date]] = []
    screened = []
    texts = [(line, one, other) for (line, one, _), (_, other, _) in zip(
        _rows(path, first, None), _rows(path, second, None), strict=True)]
    styles = [day_style(text for _line, *pair in texts if (text := pair[place]))
              for place in (0, 1)]
    for line, one, other in texts:
        start, end = day_of(one, styles[0]), day_of(other, styles[1])
        if start is None or end is None:
            reason = "blank" if not (one and other) else "not a day"
        elif end < start:
            reason = "the second day comes before the first"
        else:
            found.append((start, end))
            continue
        screened.append(Screened(line, f"{one} {other}".strip(), reason))
    return Column(tuple(found), ("",) * len(found), tuple(screened))


def day_style(texts: Iterable[str]) -> str:
    """The way of writing days that reads most of some texts."""
    texts = list(texts)
    return max(_FORMATS, key=lambda one: sum(day_of(text, one) is not None for text in texts))


def day_of(text: str, style: str) -> date | None:
    """The day that a text is in one way of writing; a time of day behind it does not matter."""
    word = re.split(r"[ T]", text, maxsplit=1)[0]
    try:
        return datetime.strptime(word, style).replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _column(
    rows: Iterable[tuple[int, str, str]], read: Callable[[str], tuple[Value | None, str]]
) -> Column[Value]:
    values, groups, screened = [], [], []
    for line, text, group in rows:
        value, reason = read(text)
        if value is None:
            screened.append(Screened(line, text, reason))
        else:
            values.append(value)
            groups.append(group)
    return Column(tuple(values), tuple(groups), tuple(screened))


def _rows(path: Path, column: str, by: str | None) -> Iterator[tuple[int, str, str]]:
    """Line, text and group of each record."""
    table = read_table_file(path, only=(column,) if by is None else (column, by))
    place = table.place(column, "--column or --date")
    group = None if by is None else table.place(by, "--by")
    for row in table.rows:
        yield row.line, row.at(place), "" if group is None else row.at(group)
