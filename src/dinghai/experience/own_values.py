"""Cells of an insurer's own files as values: days, money, counts, hours and codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final, Literal

from dinghai.experience.incidents import SIZE_BANDS, section_of_naics
from dinghai.experience.own_columns import (
    CURRENCIES,
    State,
    peril_words,
    plain,
    state_words,
)
from dinghai.foundation.calendar import YEARS
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen, parse_amount
from dinghai.vocabulary.industries import industries
from dinghai.vocabulary.perils import PERILS, PerilCode

SlashOrder = Literal["day first", "month first", ""]
_SERIALS: Final = (32_000, 74_000)
_LONGEST_DOWNTIME: Final = 10 * 366 * 24
_LARGEST_COUNT: Final = 10**12
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T].*)?")
_YEAR_LAST: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:[ T].*)?")
_SPAN: Final = re.compile(r"(\d{1,6}):(\d{2})(?::(\d{2}))?")
_NUMBER: Final = re.compile(
    r"[+]?((?:\d{1,3}(?:,\d{3})+|\d{1,4}(?:,\d{4})+|\d+)(?:\.\d+)?)(?:e([+-]?\d{1,2}))?",
    re.IGNORECASE)
_WITH_UNIT: Final = re.compile(r"[+]?(?:¥|rmb|cny|人民币)?\s*(.*?)\s*(?:rmb|cny|人民币)?",
                               re.IGNORECASE)
_BELOW_ZERO: Final = re.compile(r"[-−]\s*[¥\d].*|\([\d,.]+\)")
_MULTIPLES: Final = {"": 1, "万": 10_000, "亿": 100_000_000}


class CellFault(Exception):
    """A cell that cannot be read: what is wrong and how to mend it."""

    def __init__(self, message: str, mend: str) -> None:
        self.message, self.mend = message, mend
        super().__init__(message)


class BareNumberFault(CellFault):
    """An amount without a unit in a column whose heading names none."""


def ordinary(text: str) -> str:
    """Full-width digits, letters and marks as ordinary ones, without spaces around."""
    return unicodedata.normalize("NFKC", text).strip()


def slash_order(texts: Iterable[str]) -> SlashOrder:
    """How a column writes days such as 13/2/2026: what only one of both ways can read decides."""
    first_large = second_large = False
    for text in texts:
        found = _YEAR_LAST.fullmatch(ordinary(text))
        if found:
            first_large |= int(found[1]) > 12
            second_large |= int(found[2]) > 12
    if first_large == second_large:
        return ""
    return "day first" if first_large else "month first"


def read_day(text: str, order: SlashOrder, first_serial: date) -> date:
    """A day: 2026-03-02, 2026/3/2, 2026年3月2日, 20260302, a spreadsheet's serial number."""
    mend = "write it like 2026-03-02"
    if found := _YEAR_FIRST.fullmatch(text):
        parts = int(found[1]), int(found[2]), int(found[3])
    elif found := _YEAR_LAST.fullmatch(text):
        first, second, year = int(found[1]), int(found[2]), int(found[3])
        if not order and first != second:
            raise CellFault(f"{text!r} may be two days: day first or month first", mend)
        parts = (year, second, first) if order == "day first" else (year, first, second)
    elif re.fullmatch(r"\d{8}", text):
        parts = int(text[:4]), int(text[4:6]), int(text[6:])
    elif re.fullmatch(r"\d{5}(\.\d+)?", text) and (
            _SERIALS[0] <= int(text[:5]) <= _SERIALS[1]):
        return first_serial + timedelta(days=int(text[:5]))
    else:
        raise CellFault(f"{text[:40]!r} is not a day", mend)
    try:
        day = date(*parts)
    except ValueError:
        raise CellFault(f"{text[:40]!r} is not a day of the calendar", mend) from None
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise CellFault(f"{day.year} is no year of these files", mend)
    return day


def read_money(text: str, unit: str) -> Fen:
    """An amount in hundredths of its currency, with the cell's own unit or the heading's.

    A number without a unit is refused (BareNumberFault), except for zero.
    """
    if _BELOW_ZERO.fullmatch(text):
        raise CellFault(f"{text[:40]!r} is below zero", "write zero or more")
    found = _WITH_UNIT.fullmatch(text)
    inside = found[1] if found else text
    number = _decimal(inside)
    if number is not None:
        if number == 0:
            return 0
        marked = inside != text
        if not unit and not marked:
            raise BareNumberFault(f"{text[:40]!r} has no unit", "")
        inside = format(number, "f") + (unit or "yuan")
    try:
        return parse_amount(inside)
    except InputError as error:
        fault = error.fault
        raise CellFault(fault.message[:120], fault.mend or "write it like 766.7万") from None


def read_count(text: str) -> int:
    """A whole number of zero or more; 1.2万 is 12000."""
    mend = "write a whole number such as 12000"
    multiple = _MULTIPLES.get(text[-1:], 1)
    body = text[:-1] if text[-1:] in ("万", "亿") else text.removesuffix("条").removesuffix("人")
    number = _decimal(body.strip())
    if number is None or number * multiple != (number * multiple).to_integral_value() or (
            number * multiple > _LARGEST_COUNT):
        raise CellFault(f"{text[:40]!r} is not a whole number of zero or more", mend)
    return int(number * multiple)


def read_hours(text: str) -> int:
    """Hours as whole seconds: 36.5 or 36:30."""
    mend = "write hours such as 36.5 or 36:30"
    if found := _SPAN.fullmatch(text):
        if int(found[2]) > 59 or int(found[3] or 0) > 59:
            raise CellFault(f"{text!r} is not a time", mend)
        seconds = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0)
    else:
        number = _decimal(text.removesuffix("小时").removesuffix("h").strip())
        if number is None:
            raise CellFault(f"{text[:40]!r} is not a number of hours", mend)
        seconds = int((number * 3600).to_integral_value())
    if seconds > _LONGEST_DOWNTIME * 3600:
        raise CellFault(f"{text[:40]!r} is longer than ten years", mend)
    return seconds


def _decimal(text: str) -> Decimal | None:
    """A number of zero or more, thousands grouped by commas or not; None where it is none."""
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    try:
        number = Decimal(found[1].replace(",", "")).scaleb(int(found[2] or 0))
    except InvalidOperation:
        return None
    return number if number.adjusted() < 30 else None


def read_peril(text: str) -> PerilCode:
    """One of the six perils by code or name."""
    code = peril_words().get(plain(text))
    if code is None:
        raise CellFault(f"{text[:40]!r} is none of the perils", "one of: " + ", ".join(PERILS))
    return code


def read_state(text: str) -> State:
    """A claim's state by code or name."""
    code = state_words().get(plain(text))
    if code is None:
        raise CellFault(f"{text[:40]!r} is not a state of a claim",
                        "open, closed, closed_without_payment, refused or withdrawn")
    return code


def read_currency(text: str) -> str:
    """A code of ISO 4217 that is known here."""
    code = {"人民币": "CNY", "RMB": "CNY", "美元": "USD"}.get(text.upper(), text.upper())
    if code not in CURRENCIES:
        raise CellFault(f"{text[:40]!r} is not a currency known here",
                        "one of: " + ", ".join(CURRENCIES))
    return code


def read_industry(text: str) -> tuple[str, str]:
    """Section of GB/T 4754 and NAICS code: by letter (C, C39), by name, or by NAICS digits."""
    if found := re.fullmatch(r"([A-Ta-t])\d{0,4}", text):
        return found[1].upper(), ""
    if re.fullmatch(r"\d{2,6}", text):
        section = section_of_naics(text)
        if section:
            return section, text
    else:
        section = _section_named(plain(text))
        if section:
            return section, ""
    raise CellFault(f"{text[:40]!r} is no section of GB/T 4754 and no sector of NAICS",
                    "write the section's letter, A to T")


@cache
def _section_named(word: str) -> str:
    if len(word) < 2:
        return ""
    names = {code: (plain(one.name_zh), plain(one.name_en)) for code, one in industries().items()}
    exact = [code for code, both in names.items() if word in both]
    holding = exact or [code for code, both in names.items() if any(word in one for one in both)]
    return holding[0] if len(holding) == 1 else ""


def read_size(text: str) -> str:
    """A headcount band, or the band of a number of people."""
    word = re.sub(r"[\s,_]", "", text.casefold()).removesuffix("人")
    word = re.sub(r"[–—−~至]", "-", word)
    if word in SIZE_BANDS:
        return word
    number = _decimal(text.removesuffix("人").strip())
    if number is None or number < 1:
        raise CellFault(f"{text[:40]!r} is neither a headcount nor a band of it",
                        "one of: " + ", ".join(SIZE_BANDS) + ", or a number of people")
    return next((band for bound, band in zip((10, 100, 1000, 10_000), SIZE_BANDS, strict=False)
                 if number <= bound), SIZE_BANDS[-1])
