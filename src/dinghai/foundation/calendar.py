"""The insurance calendar: Shanghai time, policy days from 00:00 to 24:00, working days."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError

YEARS: Final = (1990, 2100)
"""First and last year of days that options and files may give."""


def start_of(day: date) -> datetime:
    """00:00 in Shanghai of a day."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def shanghai_day(moment: datetime) -> date:
    """The calendar day in Shanghai of a moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(SHANGHAI).date()


def policy_days(first: date, last: date) -> int:
    """Whole days covered from 00:00 of ``first`` to 24:00 of ``last``, both included."""
    if last < first:
        raise ValueError("the last day is before the first")
    return (last - first).days + 1


def parse_day(text: str, *, field: str | None = None) -> date:
    """A day like 2026-03-12, of the years that files may hold. Raises InputError."""
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day", field=field, mend="write it like 2026-03-12"
                         ) from error
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise InputError(f"{day.year} is no year of these files", field=field,
                         mend=f"give a day from {YEARS[0]} to {YEARS[1]}")
    return day


def year_later(first: date) -> date:
    """Last day of a one-year period that starts on ``first``: the eve of its anniversary.

    Raises InputError where the calendar ends before.
    """
    if first.year == date.max.year:
        raise InputError(f"no year follows {first}", mend="give an earlier day")
    try:
        anniversary = first.replace(year=first.year + 1)
    except ValueError:  # 29 February
        anniversary = date(first.year + 1, 3, 1)
    return anniversary - timedelta(days=1)


def parse_moment(text: str, *, field: str | None = None, file: str | None = None) -> datetime:
    """An ISO 8601 moment; without an offset it is Shanghai's. Raises InputError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date and time", field=field, file=file,
                         mend="write it like 2026-03-02T10:00:00+08:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


@cache
def _holiday_table() -> tuple[frozenset[date], frozenset[date], frozenset[int]]:
    text = files("dinghai.data").joinpath("calendar/holidays.toml").read_text("utf-8")
    table = tomllib.loads(text)
    closed: set[date] = set()
    opened: set[date] = set()
    years: set[int] = set()
    for year in table["years"]:
        years.add(year["year"])
        for first, last in year["closed"]:
            closed.update(first + timedelta(days=n) for n in range((last - first).days + 1))
        opened.update(year["opened"])
    return frozenset(closed), frozenset(opened), frozenset(years)


def holidays_known(year: int) -> bool:
    """Whether the shipped table has the State Council's arrangement for a year."""
    return year in _holiday_table()[2]


def is_working_day(day: date) -> bool:
    """Monday to Friday, less holidays, plus make-up weekends; bare weekdays in unknown years."""
    closed, opened, _ = _holiday_table()
    if day in opened:
        return True
    return day.weekday() < 5 and day not in closed


def add_working_days(day: date, count: int) -> date:
    """The ``count``-th working day after ``day``."""
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(day):
            count -= 1
    return day
