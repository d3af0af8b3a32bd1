"""The calendar, policy days, working days, identifiers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.calendar import (
    add_working_days,
    holidays_known,
    is_working_day,
    parse_day,
    parse_moment,
    policy_days,
    shanghai_day,
    year_later,
)
from dinghai.foundation.clock import ManualClock
from dinghai.foundation.errors import InputError
from dinghai.foundation.identifiers import new_identifier


def test_a_policy_year_has_its_days() -> None:
    assert policy_days(date(2026, 4, 1), year_later(date(2026, 4, 1))) == 365
    assert policy_days(date(2027, 4, 1), year_later(date(2027, 4, 1))) == 366
    assert year_later(date(2028, 2, 29)) == date(2029, 2, 28)
    with pytest.raises(ValueError, match="before"):
        policy_days(date(2026, 4, 2), date(2026, 4, 1))


def test_the_day_is_shanghais() -> None:
    assert shanghai_day(datetime(2026, 9, 6, 17, tzinfo=UTC)) == date(2026, 9, 7)


def test_working_days_know_holidays_and_made_up_weekends() -> None:
    assert not is_working_day(date(2026, 10, 1))
    assert is_working_day(date(2026, 10, 10))  # a Saturday worked in exchange
    assert add_working_days(date(2026, 9, 30), 1) == date(2026, 10, 8)
    assert holidays_known(2026)
    assert not holidays_known(2040)


def test_moments_are_read_strictly() -> None:
    assert parse_moment("2026-09-07T10:00:00").utcoffset() is not None
    with pytest.raises(InputError, match="not a date"):
        parse_moment("7 September", field="discovered_at")


def test_a_manual_clock_needs_a_time_zone() -> None:
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    clock.advance(days=1)
    assert clock.now().day == 2
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2026, 3, 1))  # noqa: DTZ001


@given(st.integers(10**9, 4 * 10**9), st.integers(1, 10**6))
def test_identifiers_sort_by_time(seconds: int, later: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    first = new_identifier(moment)
    second = new_identifier(moment + timedelta(milliseconds=later))
    assert first < second
    assert first.version == 7


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "2026-02-30", "x"])
def test_a_day_that_no_policy_has_is_refused(text: str) -> None:
    """The calendar ends with 9999: nothing can be reckoned from there."""
    with pytest.raises(InputError) as caught:
        parse_day(text, field="--on")
    assert caught.value.fault.field == "--on"
    assert caught.value.fault.mend
    with pytest.raises(InputError):
        year_later(date(9999, 2, 1))
