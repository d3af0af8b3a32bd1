"""Amounts: units, exact products, splits to the fen."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import format_yuan, multiply_divide, parse_amount, split


@pytest.mark.parametrize(("text", "fen"), [
    ("766700000fen", 766_700_000), ("7667000yuan", 766_700_000), ("766.7万", 766_700_000),
    ("766.7万元", 766_700_000), ("1亿", 10_000_000_000), ("0.01元", 1), ("1,234.5 yuan", 123_450),
    ("5分", 5), ("12,3456,7890元", 123_456_789_000),
])
def test_an_amount_names_its_unit(text: str, fen: int) -> None:
    assert parse_amount(text) == fen


@pytest.mark.parametrize("text", [
    "7667000", "", "¥5", "-5yuan", "1.234yuan", "5 dollars", "0.5fen", "万", "1e9yuan", "nan yuan",
    "99999999999999亿", "1,5万", "1,5,5yuan", "1,23,456fen", "12,3456,78yuan", "1,234,56元",
])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_amount(text, field="--limit")
    assert caught.value.fault.field == "--limit"
    assert caught.value.fault.mend


def test_money_for_people() -> None:
    assert format_yuan(123_456_789) == "¥1,234,567.89"
    assert format_yuan(-5) == "-¥0.05"


@given(st.integers(-10**15, 10**15), st.integers(0, 10**9), st.integers(1, 10**9))
def test_products_are_rounded_once(amount: int, numerator: int, denominator: int) -> None:
    exact = Fraction(amount * numerator, denominator)
    assert multiply_divide(amount, numerator, denominator, "floor") == exact // 1
    half = multiply_divide(amount, numerator, denominator, "half_up")
    assert abs(half - exact) <= Fraction(1, 2)
    if abs(half - exact) == Fraction(1, 2):
        assert abs(half) > abs(exact)


@given(st.integers(0, 10**15), st.lists(st.integers(0, 10**9), min_size=1, max_size=12))
def test_splits_are_whole_and_near(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        assert all(abs(part - Fraction(total * weight, whole)) < 1
                   for part, weight in zip(parts, weights, strict=True))


def test_the_first_listed_wins_a_tie() -> None:
    assert split(1, [1, 1]) == [1, 0]
    assert split(100, [1, 1, 1]) == [34, 33, 33]


def test_weights_must_make_sense() -> None:
    for weights in ([], [1, -1]):
        with pytest.raises(ValueError, match="weights"):
            split(10, weights)
