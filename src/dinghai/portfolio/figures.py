"""The figures of a book, computed from its policies and never typed in (GUIDE A01, A02)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen


@dataclass(frozen=True, slots=True)
class BookFigures:
    """Counts, sums in fen, averages rounded to the fen, rate on line in ppm (halves up)."""

    policies: int
    premium_fen: Fen
    limit_fen: Fen
    average_premium_fen: Fen
    average_limit_fen: Fen
    rate_on_line_ppm: int


def book_figures(
    premiums: npt.NDArray[np.int64], limits: npt.NDArray[np.int64]
) -> BookFigures:
    """Figures of a book from premiums and limits in fen, both of shape (policies,).

    Raises InputError for unlike lengths, an empty book or a negative amount.
    """
    if premiums.shape != limits.shape or premiums.ndim != 1:
        raise InputError("premiums and limits are not of one length", field="premiums",
                         mend="give one premium and one limit for each policy")
    if len(premiums) == 0:
        raise InputError("the book is empty", field="premiums", mend="give at least one policy")
    if premiums.min() < 0 or limits.min() < 0:
        raise InputError("an amount is negative", field="premiums", mend="check the rows")
    count, premium, limit = len(premiums), int(premiums.sum()), int(limits.sum())
    rate = _nearest(Fraction(premium * PPM, limit)) if limit else 0
    return BookFigures(count, premium, limit, _nearest(Fraction(premium, count)),
                       _nearest(Fraction(limit, count)), rate)


def _nearest(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
