"""Rows that kernels call good are good by the rules that say what is meant, and mean the same."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dinghai.schemes.plain_rows import PlainRules, plain_rows
from dinghai.schemes.resident_list import NO, YES, Resident, read_resident
from dinghai.schemes.resident_scheme import ResidentScheme
from tests.schemes.checked_lists import AS_OF, number, scheme

FIELDS = ("name", "identity", "mobile", "consent", "consented_on")
EPOCH = date(1970, 1, 1)

HOSTILE = st.text(max_size=25) | st.sampled_from((
    "", " ", "\0", "\ufffd", "王小明\0", "王\0小明", "\0王小明", number(1) + "\0", "13800000001\0",
    "2026-03-01\0", "是\0", "王" * 20, "王" * 21, "王" * 4_001, "1" * 5_000, "=1+1", "\u202e王明"))
IDENTITIES = st.builds(
    lambda place, born, area: number(place, born.strftime("%Y%m%d"), area), st.integers(0, 999),
    st.dates(date(1905, 1, 1), date(2027, 12, 31)),
    st.sampled_from(("110101", "990000", "820000", "470000", "001101")))


def nearly(good: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Good texts, texts with one character exchanged or put in, and hostile ones."""
    def exchanged(text: str, place: int, other: str, without: int) -> str:
        at = place % (len(text) + 1)
        return text[:at] + other + text[at + without:]

    return good | HOSTILE | st.builds(
        exchanged, good, st.integers(0, 30),
        st.sampled_from(("", "0", "9", "X", "x", " ", "王", "٣", "１")), st.integers(0, 1))


NAMES = nearly(st.text("王李欧阳一龥", min_size=1, max_size=22))
DAYS = st.dates(date(1985, 1, 1), date(2105, 1, 1)).map(date.isoformat) | st.builds(
    "{:04d}-{:02d}-{:02d}".format, st.integers(0, 9999), st.integers(0, 13), st.integers(0, 32))
ROWS = st.tuples(
    NAMES, nearly(IDENTITIES),
    nearly(st.integers(12_000_000_000, 20_000_000_000).map(str)),
    nearly(st.sampled_from(sorted(YES | NO))), nearly(DAYS),
    nearly(st.sampled_from(("P1", "P5", "p5", "5万", ""))))
GOOD = ("王明", number(1), "13800000001", "是", "2026-03-01", "P5")
SCHEMES = (scheme(), scheme(default_plan="P5"), scheme(youngest=0, oldest=150),
           scheme(first_day="2028-02-29", last_day="2028-12-31", youngest=20, oldest=20))


@given(rows=st.lists(ROWS, max_size=12), with_plans=st.booleans())
@example(rows=[("王\0明", number(1), "13800000001", "是", "2026-03-01", "P5")], with_plans=True)
@example(rows=[("王明", number(1) + "\0", "13800000001", "是", "2026-03-01", "P5")],
         with_plans=True)
@example(rows=[(*GOOD[:place], f"{GOOD[place]}{more}", *GOOD[place + 1:])
               for place in range(6) for more in ("0", "X", "王", " ", "\0")], with_plans=True)
@settings(max_examples=120, deadline=None)
@pytest.mark.parametrize("held", SCHEMES)
def test_a_plain_row_is_read_to_the_same(
    held: ResidentScheme, rows: list[tuple[str, ...]], with_plans: bool
) -> None:
    texts: dict[str, Any] = {field: [one[place] for one in rows]
                             for place, field in enumerate(FIELDS)}
    with_plans |= not held.default_plan
    plans = [one[5] for one in rows] if with_plans else None
    found = plain_rows(texts, plans, PlainRules.of(held, AS_OF, YES))
    assert len(found.good) == len(found.plan) == len(found.consented_on) == len(rows)
    for place, one in enumerate(rows):
        if not found.good[place]:
            continue
        read = read_resident(dict(zip(FIELDS, one, strict=False)), one[5] if with_plans else "",
                             held, as_of=AS_OF)
        assert isinstance(read, Resident), read
        assert (read.name, read.identity, read.mobile) == one[:3]
        assert read.plan == found.plan[place]
        assert read.consented_on == EPOCH + timedelta(int(found.consented_on[place]))


@given(born=st.dates(date(1900, 1, 1), date(2026, 3, 31)),
       name=st.text("王李赵", min_size=2, max_size=20),
       mobile=st.integers(13 * 10**9, 2 * 10**10 - 1),
       day=st.dates(date(1990, 1, 1), AS_OF), place=st.integers(0, 999))
@settings(max_examples=300)
def test_the_kernels_take_every_ordinary_row(
    born: date, name: str, mobile: int, day: date, place: int
) -> None:
    """What a clean file has is not left to the slow way, and ages decide alike in both."""
    held = scheme(youngest=0, oldest=60)
    identity = number(place, born.strftime("%Y%m%d"))
    cells = {"name": name, "identity": identity, "mobile": str(mobile), "consent": "是",
             "consented_on": day.isoformat()}
    found = plain_rows({field: [one] for field, one in cells.items()}, ["P1"],
                       PlainRules.of(held, AS_OF, YES))
    read = read_resident(cells, "P1", held, as_of=AS_OF)
    assert bool(found.good[0]) == isinstance(read, Resident)
    age = 2026 - born.year - ((born.month, born.day) > (4, 1))
    assert bool(found.good[0]) == (age <= 60)
    if found.good[0]:
        assert found.consented_on[0] == (day - EPOCH).days


@pytest.mark.parametrize(("first", "youngest", "oldest"), [
    (date(2026, 4, 1), 18, 85), (date(2028, 2, 29), 20, 20), (date(2027, 3, 1), 0, 19),
    (date(2027, 1, 1), 0, 0), (date(2026, 12, 31), 1, 2)])
def test_ages_at_the_bounds_are_the_same_in_both(first: date, youngest: int, oldest: int) -> None:
    """Every birthday within three days of the first and of the last that is taken."""
    held = scheme(first_day=first.isoformat(), last_day="2029-12-31", youngest=youngest,
                  oldest=oldest)
    births = [date(first.year - age, first.month, min(first.day, 28)) + timedelta(days)
              for age in (youngest, oldest + 1) for days in range(-3, 4)]
    identities = [number(1, one.strftime("%Y%m%d")) for one in births]
    texts = {"name": ["王明"] * len(births), "identity": identities,
             "mobile": ["13800000001"] * len(births), "consent": ["是"] * len(births),
             "consented_on": ["2026-03-01"] * len(births)}
    found = plain_rows(texts, ["P1"] * len(births), PlainRules.of(held, AS_OF, YES))
    slow = [isinstance(read_resident({field: cells[place] for field, cells in texts.items()}, "P1",
                                     held, as_of=AS_OF), Resident) for place in range(len(births))]
    assert found.good.tolist() == slow
    assert any(slow) and not all(slow)


def test_days_are_those_of_the_calendar() -> None:
    """Every text YYYY-MM-DD around the turns of centuries, of leap years and of the period."""
    days = [f"{year:04d}-{month:02d}-{day:02d}"
            for year in (1989, 1990, 1999, 2000, 2004, 2100, 2101) for month in range(14)
            for day in (0, 1, 28, 29, 30, 31, 32)]
    held = scheme()
    number_of = len(days)
    texts = {"name": ["王明"] * number_of, "identity": [number(1)] * number_of,
             "mobile": ["13800000001"] * number_of, "consent": ["是"] * number_of,
             "consented_on": days}
    found = plain_rows(texts, None, PlainRules.of(held, date(2100, 12, 31), YES))
    for place, text in enumerate(days):
        try:
            day: date | None = date.fromisoformat(text)
        except ValueError:
            day = None
        good = day is not None and 1990 <= day.year <= 2100
        assert bool(found.good[place]) == good, text
        if day is not None and good:
            assert found.consented_on[place] == (day - EPOCH).days


def test_no_rows_are_no_rows() -> None:
    found = plain_rows({field: [] for field in FIELDS}, [], PlainRules.of(scheme(), AS_OF, YES))
    assert (len(found.good), len(found.plan), len(found.consented_on)) == (0, 0, 0)
