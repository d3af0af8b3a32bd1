"""Cells of a file of residents' claims as int64 cells or texts, column by column.

Unknown stays unknown: an empty cell is the registry's UNKNOWN, never zero and never "no".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import Final

from dinghai.experience.own_values import (
    BareNumberFault,
    CellFault,
    SlashOrder,
    ordinary,
    read_count,
    read_day,
    read_money,
)
from dinghai.foundation.errors import Fault
from dinghai.schemes.resident_claim_tables import ClaimColumn
from dinghai.vocabulary.facts import UNKNOWN

_TRUTHS: Final = {
    **dict.fromkeys(("yes", "true", "y", "1", "是", "有", "已"), 1),
    **dict.fromkeys(("no", "false", "n", "0", "否", "无", "未"), 0),
    **dict.fromkeys(("unknown", "?", "未知", "不详", "待查"), UNKNOWN),
}
_LONGEST: Final = {"text": 64, "key": 128}
_LARGEST_COUNT: Final = 100_000
_YEARS: Final = (2000, 2099)
_PERSONAL: Final = re.compile(r"\d{11}|\d{14}\d?|\d{16,19}|\d{17}[xX]")
"""Numbers that look like a mobile phone, a device, a bank card or an identity card."""
PERSONAL_KEYS: Final = frozenset({"person", "device", "account", "phone"})


def column_cells(
    column: ClaimColumn, texts: Sequence[str], unit: str, first_serial: date
) -> tuple[list[int] | list[str], list[tuple[int, CellFault]]]:
    """The values of one column (int64 cells, or texts), and the faults by position.

    Equal texts are read once. A value at fault is UNKNOWN (or empty): its row is rejected.
    """
    read = _reader(column, texts, unit, first_serial)
    empty: int | str = "" if column.kind in _LONGEST else UNKNOWN
    seen: dict[str, int | str | CellFault] = {}
    values: list[int | str] = []
    faults: list[tuple[int, CellFault]] = []
    for place, text in enumerate(texts):
        found = seen.get(text)
        if found is None:
            found = seen[text] = _value(column, text, read, empty)
        if isinstance(found, CellFault):
            faults.append((place, found))
            found = empty
        values.append(found)
    return values, faults  # type: ignore[return-value]


def _value(
    column: ClaimColumn, text: str, read: Callable[[str], int | str], empty: int | str
) -> int | str | CellFault:
    plain = text.strip() if text.isascii() else ordinary(text)
    if not plain:
        return empty if column.blank else CellFault(
            "the cell is empty", f"give the {column.name_en}")
    try:
        found = read(plain)
    except BareNumberFault as fault:
        return CellFault(fault.message, "write the unit in the heading (…_fen, …_yuan) or the cell")
    except CellFault as fault:
        return fault
    if found == UNKNOWN and not column.blank:
        return CellFault("the cell says unknown", f"establish the {column.name_en}")
    return found


def _reader(
    column: ClaimColumn, texts: Sequence[str], unit: str, first_serial: date
) -> Callable[[str], int | str]:
    match column.kind:
        case "money":
            return lambda text: read_money(text, unit)
        case "day":
            return partial(_day, order=_slash_order(texts), first_serial=first_serial)
        case "truth":
            return _truth
        case "count":
            return _count
        case "key":
            return partial(_key, personal=column.id in PERSONAL_KEYS)
        case _:
            return partial(_text, most=_LONGEST["text"])


def _slash_order(texts: Sequence[str]) -> SlashOrder:
    from dinghai.experience.own_values import slash_order

    return slash_order(one for one in dict.fromkeys(texts) if "/" in one or "." in one)


def _day(text: str, *, order: SlashOrder, first_serial: date) -> int:
    day = read_day(text, order, first_serial)
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise CellFault(f"{day.year} is no year of these files", "check the year")
    return day.toordinal()


def _truth(text: str) -> int:
    found = _TRUTHS.get(text.casefold())
    if found is None:
        raise CellFault(f"{text[:20]!r} is neither yes nor no",
                        "write yes or no (是, 否), or leave it empty when it is unknown")
    return found


def _count(text: str) -> int:
    found = read_count(text)
    if found > _LARGEST_COUNT:
        raise CellFault(f"{found} is more than is counted here", f"at most {_LARGEST_COUNT}")
    return found


def _text(text: str, *, most: int) -> str:
    if len(text) > most:
        raise CellFault(f"the text is longer than {most} characters", "shorten it")
    if any(unicodedata.category(one)[0] == "C" for one in text):
        raise CellFault("the text holds control characters", "write plain text")
    return text


def _key(text: str, *, personal: bool) -> str:
    """A hashed key. The message never repeats the value: it may be somebody's number."""
    if personal and _PERSONAL.fullmatch(text.replace(" ", "").replace("-", "")):
        raise CellFault("this looks like a person's number, not a hash of it",
                        "put a keyed hash of it here (HMAC-SHA-256 in hex)")
    return _text(text, most=_LONGEST["key"])


def faults_of(
    column: ClaimColumn, faults: Sequence[tuple[int, CellFault]], lines: Sequence[int], file: str
) -> list[tuple[int, Fault]]:
    """The faults of a column with file, line and field, by the row's position."""
    return [(place, Fault(one.message, file, lines[place], column.id, one.mend))
            for place, one in faults]
