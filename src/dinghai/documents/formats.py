"""Amounts, dates, ratios and durations as people read them, in both languages."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal

from dinghai.documents.phrases import Language, phrase
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.money import Fen, format_yuan, yuan

_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")
_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def money(amount: Fen) -> str:
    """``¥7,667,000.00``."""
    return format_yuan(amount)


def plain_money(amount: Fen) -> str:
    """``7,667,000.00``: for columns whose head names the unit."""
    return format_yuan(amount, symbol="")


def percent(ppm: int) -> str:
    """``350000`` → ``35%``; at most four decimals."""
    text = f"{Decimal(ppm).scaleb(-4):,.4f}".rstrip("0").rstrip(".")
    return f"{text}%"


def factor(ppm: int) -> str:
    """``1050000`` → ``×1.050``."""
    return f"×{Decimal(ppm).scaleb(-6):.3f}"


def day(value: date, language: Language) -> str:
    """``2026年4月1日`` or ``1 April 2026``."""
    if language == "zh":
        return f"{value.year}年{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime, language: Language) -> str:
    """A moment in Shanghai to the minute. Raises ValueError for a naive one."""
    if value.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    local = value.astimezone(SHANGHAI)
    return f"{day(local.date(), language)} {local:%H:%M}"


def period(first: date, last: date, language: Language) -> str:
    """From 00:00 of the first day to 24:00 of the last."""
    if language == "zh":
        return f"自 {day(first, 'zh')} 00:00 起\n至 {day(last, 'zh')} 24:00 止"
    return f"From 00:00 on {day(first, 'en')}\nto 24:00 on {day(last, 'en')}"


def duration(seconds: int, language: Language) -> str:
    """Whole days above two days, otherwise hours; minutes and seconds where they are left."""
    names = (("天", "days"), ("小时", "hours"), ("分钟", "minutes"), ("秒", "seconds"))
    if seconds >= 172_800 and seconds % 86_400 == 0:
        parts = [(seconds // 86_400, 0)]
    else:
        hours, rest = divmod(seconds, 3600)
        parts = [(hours, 1), (rest // 60, 2), (rest % 60, 3)]
    shown = [(count, index) for count, index in parts if count] or [(0, 1)]
    if language == "zh":
        return " ".join(f"{count:,} {names[index][0]}" for count, index in shown)
    return " ".join(f"{count:,} {names[index][1][:-1] if count == 1 else names[index][1]}"
                    for count, index in shown)


def hours(seconds: int) -> str:
    """Hours without a unit: ``12``, ``0.5``."""
    return f"{Decimal(seconds) / 3600:f}".rstrip("0").rstrip(".") if seconds % 3600 else str(
        seconds // 3600)


def truth(value: str, language: Language) -> str:
    """``true``, ``false`` or ``unknown`` in words."""
    return phrase(f"truth.{value}", language)


def joined(parts: list[str], language: Language) -> str:
    """A list in a sentence: ``甲、乙、丙`` or ``a, b, c``."""
    return ("、" if language == "zh" else ", ").join(parts)


def capital_amount(amount: Fen) -> str:
    """An amount in the capital numerals of Chinese contracts: ``人民币壹佰元整``.

    Takes zero or more, below one trillion times ten thousand yuan. Raises ValueError otherwise.
    """
    if not 0 <= amount < 10**18:
        raise ValueError("capital numerals take 0 to 10^16 yuan")
    whole, cents = divmod(int(yuan(amount) * 100), 100)
    jiao, fen = divmod(cents, 10)
    text = (_capital_whole(whole) + "元") if whole or not cents else ""
    if not cents:
        return f"人民币{text}整"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif whole:
        text += "零"
    return f"人民币{text}{_DIGITS[fen]}分" if fen else f"人民币{text}整"


def _capital_whole(value: int) -> str:
    if value == 0:
        return _DIGITS[0]
    groups = []
    while value:
        value, low = divmod(value, 10_000)
        groups.append(low)
    text, pending = "", False
    for index in range(len(groups) - 1, -1, -1):
        group = groups[index]
        if group == 0:
            pending = bool(text)
            continue
        if text and (pending or group < 1000):
            text += "零"
        text += _capital_group(group) + _GROUPS[index]
        pending = False
    return text


def _capital_group(group: int) -> str:
    text, gap = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += ("零" if gap else "") + _DIGITS[digit] + _PLACES[place]
        gap = False
    return text


def number(value: float, digits: int = 4) -> str:
    """``12345.6`` → ``12,346``; ``0.012345`` → ``0.01235``: so many significant digits, or all of
    the whole part. Very small and very large numbers are written with a power of ten."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "∞" if value > 0 else "−∞" if value < 0 else "—"
    size = abs(value)
    if not 1e-4 <= size < 1e15:
        leading, _, power = f"{value:.2e}".partition("e")
        return f"{leading}×10^{int(power)}".replace("-", "−")
    places = max(digits - 1 - math.floor(math.log10(size)), 0)
    text = f"{value:,.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace("-", "−")


def fixed(value: float, places: int = 2) -> str:
    """``1.3`` → ``1.30``, with a real minus sign; a dash for what is no number."""
    if not math.isfinite(value):
        return "—"
    return f"{value:,.{places}f}".replace("-", "−")


def short_number(value: float, language: Language) -> str:
    """For axes: ``25万``, ``1.2亿``; ``250k``, ``120M``."""
    scales = (((1e8, "亿"), (1e4, "万")) if language == "zh"
              else ((1e9, "bn"), (1e6, "M"), (1e3, "k")))
    for scale, name in scales:
        if abs(value) >= scale:
            return f"{value / scale:,.4g}{name}"
    return f"{value:.4g}".replace("-", "−")


def share(value: float, digits: int = 1) -> str:
    """``0.1234`` → ``12.3%``; small shares keep two significant digits."""
    if 0.0 < abs(value) < 0.5 * 10.0 ** (-2 - digits) * 10:
        places = min(1 - math.floor(math.log10(abs(value) * 100.0)), 8)
        return f"{value * 100.0:.{places}f}%"
    return f"{value * 100.0:.{digits}f}%"
