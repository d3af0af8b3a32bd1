"""Money in whole fen. `Decimal` appears only at the edges; every rounding is named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from dinghai.foundation.errors import InputError

Fen = int
Rounding = Literal["floor", "half_up"]

PPM: Final = 1_000_000
"""One, in parts per million: every ratio in the engine is an integer of these."""

MAXIMUM_FEN: Final = 10**15
"""¥10 trillion. Above it an amount is refused: sums stay inside int64 and JSON keeps it exact."""

_UNITS: Final = {"fen": 1, "分": 1, "yuan": 100, "元": 100, "万": 1_000_000, "万元": 1_000_000,
                 "亿": 10_000_000_000, "亿元": 10_000_000_000}
# A comma that is not between whole groups may have been meant as a decimal point: 1,5万.
GROUPED_DIGITS: Final = r"(?:\d{1,3}(?:,\d{3})+|\d{1,4}(?:,\d{4})+|\d[\d_]*)"
"""Digits, whose commas stand between groups of three (or, as in Chinese, four)."""
_AMOUNT: Final = re.compile(
    rf"^\s*(?P<number>{GROUPED_DIGITS}(?:\.\d+)?)\s*(?P<unit>[a-z]+|[分元万亿]+)?\s*$")


def parse_amount(text: str, *, field: str | None = None) -> Fen:
    """Read an amount that names its unit: ``766700000fen``, ``7667000yuan``, ``766.7万``.

    Raises InputError for a bare number, an unknown unit, a fraction of a fen, a negative, and
    commas that do not stand between groups of three or four digits.
    """
    mend = "write the unit, for example 7667000yuan, 766.7万 or 766700000fen"
    found = _AMOUNT.match(text)
    if found is None:
        raise InputError(f"{text!r} is not an amount", field=field, mend=mend)
    unit = found["unit"]
    if unit is None:
        raise InputError(f"{text!r} has no unit", field=field, mend=mend)
    if unit not in _UNITS:
        raise InputError(f"{unit!r} is not a unit of money", field=field, mend=mend)
    fen = Decimal(found["number"].replace(",", "").replace("_", "")) * _UNITS[unit]
    if fen != fen.to_integral_value():
        raise InputError(f"{text!r} is not a whole number of fen", field=field,
                         mend="round it to two decimals of a yuan")
    if fen > MAXIMUM_FEN:
        raise InputError(f"{text!r} is larger than any amount accepted", field=field,
                         mend="check the unit")
    return int(fen)


def yuan(amount: Fen) -> Decimal:
    """Exact yuan of an amount in fen."""
    return Decimal(amount).scaleb(-2)


def format_yuan(amount: Fen, *, symbol: str = "¥") -> str:
    """``123456789`` → ``¥1,234,567.89``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{symbol}{yuan(abs(amount)):,.2f}"


def fen_from_yuan(value: Decimal | int | str) -> Fen:
    """Nearest fen of a yuan amount, halves up (away from zero)."""
    return int((Decimal(value) * 100).to_integral_value(rounding=ROUND_HALF_UP))


def multiply_divide(amount: int, numerator: int, denominator: int, rounding: Rounding) -> int:
    """``amount × numerator ÷ denominator`` exactly, then rounded once.

    Halves go away from zero; floor goes towards minus infinity. The kernel performs the same
    integer step with a 128-bit product.
    """
    if denominator <= 0:
        raise ValueError("denominator must be positive")
    product = amount * numerator
    if rounding == "floor":
        return product // denominator
    sign = -1 if product < 0 else 1
    return sign * ((2 * abs(product) + denominator) // (2 * denominator))


def apply_ppm(amount: int, ppm: int, rounding: Rounding = "half_up") -> int:
    """A ratio in parts per million of an amount."""
    return multiply_divide(amount, ppm, PPM, rounding)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Cut a total by weights to the fen: floor each part, then the largest remainders get one.

    Ties go to the first listed. The parts always add up to ``total``. With all weights zero the
    first part takes everything. Raises ValueError for no or negative weights.
    """
    if not weights or min(weights) < 0:
        raise ValueError("weights must be given and not negative")
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    parts = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    missing = total - sum(parts)
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[:missing]:
        parts[index] += 1
    return parts
