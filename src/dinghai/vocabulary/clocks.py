"""The statutory clocks: what starts them, how long they run, and when they are due."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final, Literal

import msgspec

from dinghai.foundation.calendar import add_working_days, shanghai_day, start_of
from dinghai.foundation.clock import SHANGHAI
from dinghai.vocabulary.tables import by_id, read_table

Unit = Literal["at_once", "minute", "hour", "day", "working_day", "month", "year"]

_EXACT: Final = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}


class StatutoryClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One deadline set by law. ``starts`` names the event whose moment starts it."""

    id: str
    name_zh: str
    name_en: str
    amount: int
    unit: Unit
    starts: str
    to_zh: str
    statute: str
    pausable: bool
    rule_zh: str
    source: str
    confidence: str

    def due(self, start: datetime, *, paused: timedelta = timedelta(0)) -> datetime:
        """The moment the clock runs out.

        Minutes and hours run from the moment itself. Days, working days, months and years do not
        count the day of the start and end at 24:00 of the last day (民法典201条、203条). A pause is
        added only to a pausable clock; raises ValueError otherwise, or for a naive moment.
        """
        if paused and not self.pausable:
            raise ValueError(f"{self.id} cannot be paused")
        return self._run(start) + paused

    def _run(self, start: datetime) -> datetime:
        day = shanghai_day(start)
        if self.unit == "at_once":
            return start
        if self.unit in _EXACT:
            return start + self.amount * _EXACT[self.unit]
        if self.unit == "working_day":
            return start_of(add_working_days(day, self.amount) + timedelta(days=1))
        if self.unit == "day":
            return start_of(day + timedelta(days=self.amount + 1))
        months = self.amount * (12 if self.unit == "year" else 1)
        return _months_later(start_of(day), months) + timedelta(days=1)


def _months_later(moment: datetime, months: int) -> datetime:
    """The same day of a later month, or that month's last day when it has none such."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return datetime(year, month + 1, day, tzinfo=SHANGHAI)


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    clocks: tuple[StatutoryClock, ...]


@cache
def clocks() -> Mapping[str, StatutoryClock]:
    """The 19 clocks by code."""
    return by_id(read_table("clocks", _Table).clocks, "clocks")
