"""Cells of a chain's tables as values, and values as cells that read back as themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

from dinghai.experience.own_values import CellFault, ordinary
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import GROUPED_DIGITS, PPM, parse_amount, yuan

Kind = Literal["text", "whole", "flag", "day", "list", "amount", "share", "span"]
"""``amount``, ``share`` and ``span`` are the plain names of fen, ppm and seconds."""

_NUMBER: Final = re.compile(r"\d{1,18}(?:,\d{3})*(?:\.\d{1,18})?")
# as in amounts: a comma that parts no whole groups may be a decimal point, 1,5
_WHOLE: Final = re.compile(rf"-?(?=(?:[,_]?\d){{1,19}}$){GROUPED_DIGITS}")
_SHARE: Final = re.compile(r"(\d{1,12}(?:\.\d{1,12})?|\.\d{1,12})\s*(%|％|‰)?")
_SPAN: Final = re.compile(
    r"(\d{1,12}(?:\.\d{1,6})?)\s*(s|sec|seconds?|秒|min|minutes?|分钟|分|h|hours?|小时|个小时|时"
    r"|d|days?|天|日|w|weeks?|周|星期|months?|个月|月)", re.IGNORECASE)
_SECONDS: Final = {"s": 1, "秒": 1, "mi": 60, "分": 60, "h": 3600, "小": 3600, "个小": 3600,
                   "时": 3600, "d": 86_400, "天": 86_400, "日": 86_400, "w": 604_800,
                   "周": 604_800, "星": 604_800, "mo": 2_592_000, "个月": 2_592_000,
                   "月": 2_592_000}
_DAY: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_FLAGS: Final = {"true": True, "yes": True, "y": True, "是": True, "有": True, "1": True,
                 "false": False, "no": False, "n": False, "否": False, "无": False, "0": False}
_IN_WORDS: Final = frozenset(("text", "list"))
_RUN: Final = frozenset("=+-@'")
_GUARDED: Final = re.compile(r"'[=+\-@']")
_PIECE: Final = re.compile(r"(?:\\.|[^;\\]|\\$)+", re.DOTALL)


def read_cell(kind: Kind, text: str) -> JSON:
    """The value of a cell that is not empty. Raises CellFault."""
    if kind in _IN_WORDS and _GUARDED.match(text):
        text = text[1:]
    return _READERS[kind](text)


def write_cell(kind: Kind, value: object) -> str:
    """A cell that ``read_cell`` gives the value of. None is the empty cell.

    A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    if value is None:
        return ""
    text = _WRITERS[kind](value)
    return f"'{text}" if kind in _IN_WORDS and text[:1] in _RUN else text


def _whole(text: str) -> int:
    plain = ordinary(text)
    if _WHOLE.fullmatch(plain) is None:
        raise CellFault(f"{text[:40]!r} is not a whole number", "write digits only")
    return int(plain.replace(",", "").replace("_", ""))


def _flag(text: str) -> bool:
    found = _FLAGS.get(ordinary(text).casefold())
    if found is None:
        raise CellFault(f"{text[:40]!r} is neither true nor false",
                        "write true or false (是, 否), or leave it empty when it is unknown")
    return found


def _day(text: str) -> date:
    found = _DAY.fullmatch(ordinary(text))
    if found is None:
        raise CellFault(f"{text[:40]!r} is not a date", "write it like 2026-03-02")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise CellFault(f"{text[:40]!r} is not a day of the calendar",
                        "write it like 2026-03-02") from None


def _list(text: str) -> list[str]:
    pieces = (re.sub(r"\\(.)", r"\1", one.strip(), flags=re.DOTALL)
              for one in _PIECE.findall(text))
    return [one for one in pieces if one]


def _amount(text: str) -> int:
    plain = ordinary(text).lstrip("¥").strip()
    try:
        return parse_amount(f"{plain}yuan" if _NUMBER.fullmatch(plain) else plain)
    except InputError as error:
        raise CellFault(error.fault.message[:120],
                        "write yuan, or a unit: 8000000, 800万, 1.2亿") from None


def _share(text: str) -> int:
    plain = ordinary(text)
    mend = 'write it like 35% or 0.35, with at most four decimals of a percent'
    found = _SHARE.fullmatch(plain)
    if found is None:
        raise CellFault(f"{text[:40]!r} is not a share", mend)
    if plain == "1":
        raise CellFault("'1' may be the whole or one percent", "write 100% or 1%")
    parts = Decimal(found[1]) * (PPM // {None: 1, "%": 100, "％": 100, "‰": 1000}[found[2]])
    if parts != parts.to_integral_value():
        raise CellFault(f"{text[:40]!r} has more decimals than are kept", mend)
    return int(parts)


def _span(text: str) -> int:
    plain = ordinary(text)
    if plain == "0":
        return 0
    found = _SPAN.fullmatch(plain)
    if found is None:
        raise CellFault(f"{text[:40]!r} is not a duration",
                        "write it with its unit, like 12h, 3d, 2周 or 90min")
    unit = found[2].casefold()
    names = sorted(_SECONDS, key=len, reverse=True)
    factor = next(_SECONDS[name] for name in names if unit.startswith(name))
    seconds = Decimal(found[1]) * factor
    if seconds != seconds.to_integral_value():
        raise CellFault(f"{text[:40]!r} is no whole number of seconds", "round it")
    return int(seconds)


def _text(text: str) -> str:
    return text


_READERS: Final[dict[Kind, Callable[[str], JSON]]] = {
    "text": _text, "whole": _whole, "flag": _flag, "day": _day, "list": _list, "amount": _amount,
    "share": _share, "span": _span}


def _write_amount(fen: int) -> str:
    unit, name = next((one for one in ((10_000_000_000, "亿"), (1_000_000, "万"))
                       if fen >= one[0] and fen * 10_000 % one[0] == 0), (100, "元"))
    number = yuan(fen) if unit == 100 else Decimal(fen) / unit
    return f"{number:f}{name}"


def _write_share(ppm: int) -> str:
    text = f"{Decimal(ppm).scaleb(-4):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def _write_span(seconds: int) -> str:
    for size, name in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{name}"
    return f"{seconds}s"


def _write_list(values: tuple[str, ...]) -> str:
    return ";".join(re.sub(r"([\\;])", r"\\\1", one) for one in values)


_WRITERS: Final[dict[Kind, Callable[[Any], str]]] = {
    "text": str, "whole": str, "flag": lambda value: "true" if value else "false",
    "day": lambda value: value.isoformat(), "list": _write_list, "amount": _write_amount,
    "share": _write_share, "span": _write_span}
