"""Time is handed in: nothing in the engine asks the machine what day it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> datetime:
        """The present moment, with its time zone."""
        ...


class SystemClock:
    """The machine's own time, in Shanghai."""

    def now(self) -> datetime:
        """The present moment."""
        return datetime.now(SHANGHAI)


class ManualClock:
    """A clock that stands still until it is set: for tests, demonstrations and what-ifs."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self._now

    def set(self, now: datetime) -> None:
        """Stand at another moment. Raises ValueError for one without a time zone."""
        if now.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        self._now = now

    def advance(self, **step: float) -> None:
        """Move by a timedelta's keywords (days, hours, minutes, seconds)."""
        self._now += timedelta(**step)
