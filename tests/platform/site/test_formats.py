"""Values as a page writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.utils import translation

from dinghai_platform.site import formats


@pytest.mark.parametrize(
    ("fen", "chinese", "english"),
    [
        (None, "—", "—"),
        (0, "¥0", "¥0"),
        (12_345, "¥123.5", "¥123.5"),
        (999_999, "¥10,000", "¥10k"),
        (1_000_000, "¥1万", "¥10k"),
        (766_700_000, "¥766.7万", "¥7.667m"),
        (-766_700_000, "-¥766.7万", "-¥7.667m"),
        (80_000_000_000, "¥8亿", "¥800m"),
        (1_150_000_000_000, "¥115亿", "¥11.5bn"),
    ],
)
def test_short_money_follows_the_language(fen: int | None, chinese: str, english: str) -> None:
    with translation.override("zh-hans"):
        assert formats.short_money_text(fen) == chinese
    with translation.override("en"):
        assert formats.short_money_text(fen) == english


def test_money_is_exact_and_unknown_is_a_dash() -> None:
    assert formats.money_text(123_456_789) == "¥1,234,567.89"
    assert formats.money_text(-5) == "-¥0.05"
    assert formats.money_text(None) == "—"


@pytest.mark.parametrize(
    ("ppm", "text"), [(123_456, "12.35%"), (0, "0.00%"), (1_000_000, "100.00%"), (None, "—")]
)
def test_percent(ppm: int | None, text: str) -> None:
    assert formats.percent_text(ppm) == text


def test_ratio_and_score() -> None:
    assert formats.ratio_text(1_230_000) == "×1.230"
    assert formats.score_text(724_000) == "72.4"
    assert formats.score_text(None) == "—"


@pytest.mark.parametrize(
    ("seconds", "chinese", "english"),
    [
        (0, "0 秒", "0 s"),
        (93_600, "1 天 2 小时", "1 d 2 h"),
        (-5_400, "-1 小时 30 分", "-1 h 30 min"),
        (86_400 + 61, "1 天 1 分", "1 d 1 min"),
        (None, "—", "—"),
    ],
)
def test_duration_keeps_the_two_largest_units(
    seconds: int | None, chinese: str, english: str
) -> None:
    with translation.override("zh-hans"):
        assert formats.duration_text(seconds) == chinese
    with translation.override("en"):
        assert formats.duration_text(seconds) == english


def test_moments_are_shanghai_s() -> None:
    late = datetime(2026, 3, 31, 16, 30, tzinfo=UTC)
    assert formats.moment_text(late) == "2026-04-01 00:30"
    assert formats.day_text(late) == "2026-04-01"
    assert formats.machine_moment(late) == "2026-04-01T00:30:00+08:00"
    assert formats.moment_text(late.isoformat()) == "2026-04-01 00:30"
    assert formats.moment_text(date(2026, 4, 1)) == "2026-04-01"
    assert formats.day_text("2026-04-01") == "2026-04-01"
    assert formats.moment_text(None) == "—"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (187_300_000, "fen", "¥1,873,000.00"),
        (142_000, "ppm", "14.20%"),
        (0.81, "ratio", "×0.81"),
        (0.0057, "per_year", "0.0057 a year"),
        (28_800, "seconds", "8 h"),
        (2_100_000, "count", "2,100,000"),
        (True, "", "yes"),
        ("waived", "", "waived"),
        (None, "fen", "—"),
        (12, "servers", "12 servers"),
    ],
)
def test_traced_values(value: object, unit: str, text: str) -> None:
    with translation.override("en"):
        assert formats.value_text(value, unit) == text
