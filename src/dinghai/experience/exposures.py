"""An insurer's own exposures: policy periods from its file, and policy-years earned by day."""

from __future__ import annotations

import calendar
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

from dinghai.experience.own_columns import own_schema
from dinghai.experience.own_rows import Cells, OwnRows, rows_of
from dinghai.experience.own_values import read_industry, read_size
from dinghai.experience.tabular import TableFile, read_table_file
from dinghai.foundation.money import Fen, split

_LONGEST_DAYS: Final = 3_660


@dataclass(frozen=True, slots=True)
class PolicyPeriod:
    """A policy from 00:00 of its first to 24:00 of its last day. Amounts are in hundredths of the
    currency. ``screened`` says why the row is not used."""

    line: int
    policy_no: str
    insured_key: str
    first: date
    last: date
    section: str
    size_band: str
    revenue_fen: Fen | None
    premium_minor: int | None
    limit_minor: int | None
    deductible_minor: int | None
    currency: str
    screened: str = ""

    @property
    def days(self) -> int:
        """Whole days of cover."""
        return (self.last - self.first).days + 1

    @property
    def size(self) -> str:
        """The size class by revenue, else the band of headcount, else empty."""
        if self.revenue_fen is None:
            return self.size_band
        return size_class(self.revenue_fen)


Exposures = OwnRows[PolicyPeriod]
"""A file of exposures."""


def size_class(revenue_fen: Fen) -> str:
    """The declared class of a revenue."""
    sizes = own_schema().sizes
    return next((one.id for one in sizes if revenue_fen < one.below_fen), sizes[-1].id)


def earned_days(period: PolicyPeriod, as_of: date) -> dict[int, int]:
    """Days of cover up to and including ``as_of``, by calendar year."""
    last = min(period.last, as_of)
    found = {}
    for year in range(period.first.year, last.year + 1):
        begin, end = max(period.first, date(year, 1, 1)), min(last, date(year, 12, 31))
        if end >= begin:
            found[year] = (end - begin).days + 1
    return found


def policy_years(days_by_year: Mapping[int, int]) -> Fraction:
    """Days as years, each day a part of its own calendar year (365 or 366)."""
    return sum((Fraction(days, days_in_year(year)) for year, days in days_by_year.items()),
               Fraction(0))


def days_in_year(year: int) -> int:
    """365 or 366."""
    return 366 if calendar.isleap(year) else 365


def earned_premium(period: PolicyPeriod, as_of: date) -> dict[int, int]:
    """The premium by calendar year of its days up to ``as_of``; what is not earned is left out.

    Cut to the hundredth: the years and the unearned rest add up to the premium.
    """
    if period.premium_minor is None:
        return {}
    days = earned_days(period, as_of)
    parts = split(period.premium_minor, [*days.values(), period.days - sum(days.values())])
    return dict(zip(days, parts, strict=False))


def read_exposures(path: Path) -> Exposures:
    """A file of exposures in CSV, Excel or Parquet. Raises InputError for a file or a header that
    cannot be read; rows that cannot be right stay, screened, with their faults."""
    return exposures_of(read_table_file(path))


def exposures_of(table: TableFile) -> Exposures:
    """The same of a table already read."""
    held: dict[str, list[tuple[date, date, int]]] = {}
    return rows_of(table, "exposures", lambda cells: _period(cells, held))


def _period(cells: Cells, held: dict[str, list[tuple[date, date, int]]]) -> PolicyPeriod:
    number = cells.text("policy_no")
    first, last = cells.day("from"), cells.day("to")
    section, _naics = cells.value("industry", read_industry) or ("", "")
    screened = _standing(cells, number, first, last, held)
    return PolicyPeriod(
        line=cells.row.line, policy_no=number, insured_key=cells.text("insured_key"),
        first=first or date.max, last=last or date.max, section=section,
        size_band=cells.value("size_band", read_size) or "", revenue_fen=cells.money("revenue"),
        premium_minor=cells.money("premium"), limit_minor=cells.money("limit"),
        deductible_minor=cells.money("deductible"), currency=cells.currency(), screened=screened)


def _standing(
    cells: Cells, number: str, first: date | None, last: date | None,
    held: dict[str, list[tuple[date, date, int]]],
) -> str:
    if not number:
        cells.fault("policy_no", "the policy has no number", "give each policy its number")
        return "no policy number"
    for code, day in (("from", first), ("to", last)):
        if day is None:
            if code not in cells.bad:
                cells.fault(code, "the period has no such day", "write it like 2026-03-02")
            return "no first or last day"
    assert first is not None and last is not None
    if last < first:
        cells.fault("to", f"{last} comes before {first}", "the last day of cover is included")
        return "ends before it begins"
    if (last - first).days >= _LONGEST_DAYS:
        cells.fault("to", f"{first} to {last} is longer than ten years", "mend one of the two days")
        return "longer than ten years"
    return _overlap(cells, held.setdefault(number, []), first, last)


def _overlap(cells: Cells, held: list[tuple[date, date, int]], first: date, last: date) -> str:
    """Periods already held of the policy are in order and apart: only neighbours can overlap."""
    place = bisect_right(held, (first, date.max, 0))
    for one in held[max(place - 1, 0):place + 1]:
        if one[0] <= last and first <= one[1]:
            cells.fault("from", f"the period overlaps with that of line {one[2]} of this policy",
                        "keep one row for each day of a policy")
            return "overlaps with another period"
    held.insert(place, (first, last, cells.row.line))
    return ""


def days_of(periods: Iterable[PolicyPeriod], as_of: date) -> Mapping[date, int]:
    """How many policies are in force on each day up to ``as_of``: days where it changes."""
    change: Counter[date] = Counter()
    for one in periods:
        if one.first <= as_of:
            change[one.first] += 1
            change[min(one.last, as_of) + timedelta(days=1)] -= 1
    return dict(sorted(change.items()))
