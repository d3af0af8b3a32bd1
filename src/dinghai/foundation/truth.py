"""Three-valued truth in Kleene's strong logic: unknown never excludes (保险法30条)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """False < unknown < true, so that *and* is the least, *or* the greatest, *not* the mirror."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2

    @classmethod
    def of(cls, value: bool | None) -> Truth:
        """None is unknown."""
        return cls.UNKNOWN if value is None else cls.TRUE if value else cls.FALSE

    def negated(self) -> Truth:
        """Kleene's not."""
        return Truth(2 - self)

    def __bool__(self) -> bool:
        raise TypeError("a Truth has three values: compare it with Truth.TRUE, FALSE or UNKNOWN")


def every(values: Iterable[Truth]) -> Truth:
    """Kleene's and; true for none."""
    return min(values, default=Truth.TRUE)


def some(values: Iterable[Truth]) -> Truth:
    """Kleene's or; false for none."""
    return max(values, default=Truth.FALSE)
