"""How a value is written on a page: amounts, ratios, spans of time, moments.

Everything takes the engine's plain values (fen, ppm, seconds, aware datetimes or ISO text) and
gives plain text. Unknown is a dash, never a zero.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dinghai.documents.note_words import note_words
from dinghai.documents.source_words import source_words
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.money import format_yuan

UNKNOWN = "—"

Number = int | float | Decimal


def is_chinese() -> bool:
    """Whether the page is in Chinese."""
    return (get_language() or "").startswith("zh")


def money_text(fen: int | None) -> str:
    """``123456789`` → ``¥1,234,567.89``."""
    return UNKNOWN if fen is None else format_yuan(int(fen))


def short_money_text(fen: int | None) -> str:
    """Four figures and a magnitude: ``¥766.7万`` in Chinese, ``¥7.667m`` in English."""
    if fen is None:
        return UNKNOWN
    steps = (
        ((10**10, "亿"), (10**6, "万"))
        if is_chinese()
        else ((10**11, "bn"), (10**8, "m"), (10**5, "k"))
    )
    sign, size = ("-" if fen < 0 else ""), abs(int(fen))
    for unit, name in steps:
        if size >= unit:
            return f"{sign}¥{_figures(Decimal(size) / unit)}{name}"
    return f"{sign}¥{_figures(Decimal(size) / 100)}"


def _figures(value: Decimal) -> str:
    digits = max(0, 3 - value.adjusted()) if value else 0
    rounded = value.quantize(Decimal(1).scaleb(-min(digits, 3)), rounding=ROUND_HALF_UP)
    text = f"{rounded:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent_text(ppm: Number | None, digits: int = 2) -> str:
    """``123456`` ppm → ``12.35%``."""
    if ppm is None:
        return UNKNOWN
    value = (Decimal(str(ppm)) / 10_000).quantize(
        Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP
    )
    return f"{value}%"


def ratio_text(ppm: Number | None, digits: int = 3) -> str:
    """``1230000`` ppm → ``×1.230``."""
    if ppm is None:
        return UNKNOWN
    value = (Decimal(str(ppm)) / 1_000_000).quantize(
        Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP
    )
    return f"×{value}"


def score_text(ppm: Number | None) -> str:
    """A score of 0 to 100 kept in ppm of one: ``724000`` → ``72.4``."""
    return UNKNOWN if ppm is None else percent_text(ppm, 1).removesuffix("%")


def duration_text(seconds: int | None) -> str:
    """The two largest units of a span: ``93600`` → ``1 d 2 h``."""
    if seconds is None:
        return UNKNOWN
    rest, parts = abs(int(seconds)), []
    for size, name in (
        (86_400, _("%(count)s d")),
        (3_600, _("%(count)s h")),
        (60, _("%(count)s min")),
        (1, _("%(count)s s")),
    ):
        count, rest = divmod(rest, size)
        if count:
            parts.append(name % {"count": count})
    text = " ".join(parts[:2]) or _("%(count)s s") % {"count": 0}
    return f"-{text}" if seconds < 0 else text


def day_text(value: date | datetime | str | None) -> str:
    """A day in Shanghai: ``2026-03-12``."""
    when = _read(value)
    if when is None:
        return UNKNOWN
    return (_in_shanghai(when).date() if isinstance(when, datetime) else when).isoformat()


def moment_text(value: date | datetime | str | None) -> str:
    """A moment in Shanghai to the minute: ``2026-03-12 10:00``; a bare day stays a day."""
    when = _read(value)
    if when is None:
        return UNKNOWN
    if isinstance(when, datetime):
        return _in_shanghai(when).strftime("%Y-%m-%d %H:%M")
    return when.isoformat()


def deadline_text(value: date | datetime | str | None) -> str:
    """A moment by which something is due: midnight is 24:00 of the day before."""
    when = _read(value)
    if isinstance(when, datetime):
        local = _in_shanghai(when)
        if (local.hour, local.minute, local.second) == (0, 0, 0):
            return f"{(local - timedelta(days=1)):%Y-%m-%d} 24:00"
    return moment_text(when)


def machine_moment(value: date | datetime | str | None) -> str:
    """The same for a ``datetime`` attribute, empty when unknown."""
    when = _read(value)
    if when is None:
        return ""
    return _in_shanghai(when).isoformat() if isinstance(when, datetime) else when.isoformat()


def _in_shanghai(when: datetime) -> datetime:
    return when.astimezone(SHANGHAI) if when.tzinfo is not None else when


def _read(value: date | datetime | str | None) -> date | datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value)
    return value


def value_text(value: object, unit: str = "") -> str:
    """A traced value with its unit, as the engine names units."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if not isinstance(value, int | float | Decimal):
        return str(value)
    match unit:
        case "fen":
            return money_text(round(value))
        case "ppm":
            return percent_text(value)
        case "score":
            return score_text(value)
        case "ratio":
            return f"×{_plain(value)}"
        case "seconds":
            return duration_text(round(value))
        case "per_year":
            return _("%(number)s a year") % {"number": _plain(value)}
        case "days":
            return _("%(number)s days") % {"number": _plain(value)}
        case "hours":
            return _("%(number)s hours") % {"number": _plain(value)}
        case "" | "count" | "number":
            return _plain(value)
        case other:
            return f"{_plain(value)} {other}"


def _plain(value: Number) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.4g}" if abs(value) < 1_000 else f"{value:,.0f}"


def note_text(note: str) -> str:
    """A note of a calibration table, in the page's language."""
    return note_words(note, "zh" if is_chinese() else "en")


def source_text(name: str) -> str:
    """What a table names as its source, in the page's language where its words are known."""
    return source_words(name, "zh") if is_chinese() else name
