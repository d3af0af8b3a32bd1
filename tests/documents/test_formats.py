"""Amounts, dates and durations as people read them."""

from __future__ import annotations

import math
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.documents import formats
from dinghai.documents.formats import fixed, number, share, short_number
from dinghai.foundation.clock import SHANGHAI

_VALUES = {name: index for index, name in enumerate("零壹贰叁肆伍陆柒捌玖")}
_PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(("fen", "words"), [
    (0, "人民币零元整"),
    (1, "人民币壹分"),
    (10, "人民币壹角整"),
    (766_700_000, "人民币柒佰陆拾陆万柒仟元整"),
    (10_000_040, "人民币壹拾万元肆角整"),
    (100_000_001, "人民币壹佰万元零壹分"),
    (1_000_100_000_000, "人民币壹佰亿零壹佰万元整"),
    (2_000_000_000_500, "人民币贰佰亿零伍元整"),
    (12_345_678_901_234, "人民币壹仟贰佰叁拾肆亿伍仟陆佰柒拾捌万玖仟零壹拾贰元叁角肆分"),
])
def test_capital_numerals(fen: int, words: str) -> None:
    assert formats.capital_amount(fen) == words


def _read(words: str) -> int:
    """Capital numerals back to fen."""
    yuan_part, _, cents = words.removeprefix("人民币").rstrip("整").rpartition("元")
    total = section = digit = 0
    for one in yuan_part:
        if one in _VALUES:
            digit = _VALUES[one]
        elif one in _PLACES:
            section += digit * _PLACES[one]
            digit = 0
        else:
            total = (total + section + digit) * (10**4 if one == "万" else 10**8)
            section = digit = 0
    fen = (total + section + digit) * 100
    for one in cents:
        if one in _VALUES:
            digit = _VALUES[one]
        else:
            fen += digit * (10 if one == "角" else 1)
    return fen


@given(st.integers(0, 10**11))
def test_capital_numerals_read_back(yuan: int) -> None:
    fen = yuan * 7 % 10**12
    words = formats.capital_amount(fen)
    assert "零零" not in words
    # 亿 multiplies what stands before it, 万 only its own group.
    head, mark, tail = words.removeprefix("人民币").partition("亿")
    value = _read("人民币" + (tail or head) if mark else words)
    if mark:
        value += _read(f"人民币{head}元整") * 10**8
    assert value == fen


def test_dates_moments_and_durations() -> None:
    assert formats.day(date(2026, 4, 1), "zh") == "2026年4月1日"
    assert formats.day(date(2026, 4, 1), "en") == "1 April 2026"
    moment = datetime(2026, 9, 7, 10, 5, tzinfo=SHANGHAI)
    assert formats.moment(moment, "en") == "7 September 2026 10:05"
    assert formats.duration(43_200, "zh") == "12 小时"
    assert formats.duration(3_600, "en") == "1 hour"
    assert formats.duration(864_000, "en") == "10 days"
    assert formats.duration(5_400, "en") == "1 hour 30 minutes"
    assert formats.duration(0, "en") == "0 hours"
    assert formats.percent(125_000) == "12.5%"
    assert formats.period(date(2026, 4, 1), date(2027, 3, 31), "zh").endswith("24:00 止")


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        formats.moment(datetime(2026, 9, 7), "zh")  # noqa: DTZ001


def test_numbers_keep_their_significant_digits() -> None:
    assert [number(one) for one in (0, 12345.6, 1.30251, 0.012345, 100.0, -2.5)] == [
        "0", "12,346", "1.303", "0.01235", "100", "−2.5"]
    assert number(6.0e-9) == "6.00×10^−9"
    assert [number(one) for one in (math.inf, -math.inf, math.nan)] == ["∞", "−∞", "—"]
    assert (fixed(1.3), fixed(-0.126), fixed(math.nan)) == ("1.30", "−0.13", "—")


def test_short_numbers_and_shares() -> None:
    assert [short_number(one, "zh") for one in (5, 2.5e5, 2e8)] == ["5", "25万", "2亿"]
    assert [short_number(one, "en") for one in (5, 2.5e5, 2e6, 2e9)] == ["5", "250k", "2M", "2bn"]
    assert [share(one) for one in (0.5, 0.1234, 0.0012, 0.0)] == ["50.0%", "12.3%", "0.12%", "0.0%"]
