"""G8: the pilot's own figures come out of a book, to the fen."""

from __future__ import annotations

import numpy as np
import pytest

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import split
from dinghai.portfolio.figures import book_figures


def _book(count: int, premium: int, limit: int) -> tuple[np.ndarray, np.ndarray]:
    weights = [1 + index % 7 for index in range(count)]
    return (np.array(split(premium, weights), dtype=np.int64),
            np.array(split(limit, weights[::-1]), dtype=np.int64))


def test_g8_enterprise_pilot() -> None:
    """1,500 policies, ¥150m, ¥11.5bn → ¥100,000, ¥7,666,666.67, 1.3043%."""
    figures = book_figures(*_book(1_500, 15_000_000_000, 1_150_000_000_000))
    assert figures.average_premium_fen == 10_000_000
    assert figures.average_limit_fen == 766_666_667
    assert figures.rate_on_line_ppm == 13_043


def test_g8_residents_pilot() -> None:
    """2,000,000 policies, ¥24m, ¥100bn → ¥12.00, ¥50,000, 0.024%."""
    figures = book_figures(np.full(2_000_000, 1_200), np.full(2_000_000, 5_000_000))
    assert (figures.average_premium_fen, figures.average_limit_fen) == (1_200, 5_000_000)
    assert figures.rate_on_line_ppm == 240


@pytest.mark.parametrize(("premiums", "limits"), [([], []), ([1], [1, 2]), ([-1], [1])])
def test_a_book_that_cannot_be(premiums: list[int], limits: list[int]) -> None:
    with pytest.raises(InputError):
        book_figures(np.array(premiums, dtype=np.int64), np.array(limits, dtype=np.int64))
