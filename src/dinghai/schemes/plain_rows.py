"""Rows of a list of residents that are plainly good, told apart by kernels over whole columns.

A row is plain where its name is two to twenty common Chinese characters, its identity number and
mobile number are bare digits, its plan and consent are known words and its day is written
YYYY-MM-DD. What is not plain is no fault: `resident_list.read_resident` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numba import njit

from dinghai.schemes.people import CHECKS, PROVINCES, WEIGHTS
from dinghai.schemes.resident_scheme import ResidentScheme

_LONGEST: Final = 20
_WEIGHTS = np.array(WEIGHTS, dtype=np.int64)
_CHECKS = np.array([ord(one) for one in CHECKS], dtype=np.int64)
_PROVINCES = np.array([place in PROVINCES for place in range(100)])
_ZERO = 48
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class PlainRules:
    """What the kernels hold rows to: ages on the ``first`` day (year, month, day), consent up to
    ``latest`` (days since 1970), and the words for plans and for yes."""

    youngest: int
    oldest: int
    first: tuple[int, int, int]
    latest: int
    plans: Mapping[str, int]
    default_plan: int
    yes: frozenset[str]

    @classmethod
    def of(cls, scheme: ResidentScheme, as_of: date, yes: frozenset[str]) -> PlainRules:
        """The rules of a scheme."""
        first, places = scheme.first_day, scheme.plan_places()
        return cls(scheme.youngest, scheme.oldest, (first.year, first.month, first.day),
                   (as_of - _EPOCH).days, places, places.get(scheme.default_plan, 0), yes)


@dataclass(frozen=True, slots=True)
class PlainRows:
    """By row: whether it is plainly ``good``, its ``plan``, the day of consent since 1970."""

    good: npt.NDArray[np.bool_]
    plan: npt.NDArray[np.int16]
    consented_on: npt.NDArray[np.int32]


def plain_rows(
    texts: Mapping[str, Sequence[str]], plans: Sequence[str] | None, rules: PlainRules
) -> PlainRows:
    """Tell the plainly good rows apart. ``texts`` has the columns name, identity, mobile, consent
    and consented_on."""
    number = len(texts["name"])
    good = np.ones(number, dtype=np.bool_)
    consented = np.zeros(number, dtype=np.int32)
    if plans is None:
        plan = np.full(number, rules.default_plan, dtype=np.int16)
    else:
        places = rules.plans
        plan = np.array([places.get(one, -1) for one in plans], dtype=np.int16).reshape(number)
        good &= plan >= 0
    for column in texts.values():
        if "\0" in "".join(column):  # NumPy would take it for the text's end
            good &= np.array(["\0" not in one for one in column], dtype=np.bool_)
    yes = rules.yes
    good &= np.array([one in yes for one in texts["consent"]], dtype=np.bool_).reshape(number)
    _names(_points(texts["name"], _LONGEST), good)
    _identities(_points(texts["identity"], 18), rules.first, rules.youngest, rules.oldest, _WEIGHTS,
                _CHECKS, _PROVINCES, good)
    _mobiles(_points(texts["mobile"], 11), good)
    _days(_points(texts["consented_on"], 10), rules.latest, good, consented)
    return PlainRows(good, plan, consented)


def plain_identities(texts: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Which texts are plainly identity numbers of 18 places that check, of whatever age."""
    good = np.array(["\0" not in one for one in texts], dtype=np.bool_)
    _identities(_points(texts, 18), (9_999, 12, 31), 0, 10_000, _WEIGHTS, _CHECKS, _PROVINCES, good)
    return good


def _points(texts: Sequence[str], width: int) -> npt.NDArray[np.uint32]:
    """Code points of texts, shape (rows, width + 1): a longer text shows in the last column."""
    column: Any = np.array(texts, dtype=f"U{width + 1}")
    points: npt.NDArray[np.uint32] = column.view(np.uint32).reshape(len(texts), width + 1)
    return points


@njit(cache=True, nogil=True)
def _names(points, good):  # type: ignore[no-untyped-def]
    for row in range(points.shape[0]):
        length = 0
        while length < points.shape[1] and 0x4E00 <= points[row, length] <= 0x9FA5:
            length += 1
        good[row] &= 2 <= length < points.shape[1] and points[row, length] == 0


@njit(cache=True, nogil=True)
def _number(points, row, first, last):  # type: ignore[no-untyped-def]
    """The whole number that stands in some columns; −1 where they are not all digits."""
    found = 0
    for column in range(first, last):
        digit = np.int64(points[row, column]) - _ZERO
        if digit < 0 or digit > 9:
            return -1
        found = 10 * found + digit  # type: ignore[assignment]
    return found


@njit(cache=True, nogil=True)
def _is_day(year, month, day):  # type: ignore[no-untyped-def]
    if year < 1 or month < 1 or month > 12 or day < 1:
        return False
    longest = 31
    if month == 2:
        longest = 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    elif month == 4 or month == 6 or month == 9 or month == 11:
        longest = 30
    return day <= longest


@njit(cache=True, nogil=True)
def _identities(  # type: ignore[no-untyped-def]
    points, first, youngest, oldest, weights, checks, provinces, good
):
    for row in range(points.shape[0]):
        if not good[row]:
            continue
        good[row] = False
        if points[row, 18] != 0 or _number(points, row, 0, 17) < 0:
            continue
        total = 0
        for column in range(17):
            total += (np.int64(points[row, column]) - _ZERO) * weights[column]
        year, month, day = (_number(points, row, 6, 10), _number(points, row, 10, 12),
                            _number(points, row, 12, 14))
        age = first[0] - year - int(first[1] * 32 + first[2] < month * 32 + day)
        good[row] = (np.int64(points[row, 17]) == checks[total % 11]
                     and provinces[_number(points, row, 0, 2)] and _is_day(year, month, day)
                     and youngest <= age <= oldest and age >= 0)


@njit(cache=True, nogil=True)
def _mobiles(points, good):  # type: ignore[no-untyped-def]
    for row in range(points.shape[0]):
        good[row] &= (points[row, 11] == 0 and _number(points, row, 0, 11) // 100_000_000 >= 130
                      and points[row, 0] == _ZERO + 1)


@njit(cache=True, nogil=True)
def _days(points, latest, good, found):  # type: ignore[no-untyped-def]
    """Days written YYYY-MM-DD, as days since 1970 (the civil calendar counted from March)."""
    for row in range(points.shape[0]):
        if not good[row]:
            continue
        year, month, day = (_number(points, row, 0, 4), _number(points, row, 5, 7),
                            _number(points, row, 8, 10))
        good[row] = (points[row, 4] == 45 and points[row, 7] == 45 and points[row, 10] == 0
                     and 1990 <= year <= 2100 and _is_day(year, month, day))
        if good[row]:
            shifted = year - int(month <= 2)
            of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
            of_era = (shifted % 400) * 365 + (shifted % 400) // 4 - (shifted % 400) // 100 + of_year
            found[row] = (shifted // 400) * 146_097 + of_era - 719_468
            good[row] = found[row] <= latest
