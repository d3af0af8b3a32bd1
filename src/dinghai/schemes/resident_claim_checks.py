"""What one row cannot say, and what the rows of one certificate cannot say together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.calendar import year_later
from dinghai.foundation.errors import Fault
from dinghai.foundation.money import format_yuan
from dinghai.schemes.resident_claim_tables import claim_columns
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import UNKNOWN

if TYPE_CHECKING:
    from dinghai.schemes.resident_claim_file import ResidentClaims

COVERAGE: Final = "PL-FRAUD"
LONGEST_COVER_DAYS: Final = 366
_AGREED: Final = ("sum_insured", "inception", "expiry", "terms_explained", "prior_paid", "person")
"""What every row of one certificate must say alike."""
Placed = tuple[int, Fault]


def last_days(claims: ResidentClaims) -> npt.NDArray[np.int64]:
    """The last day of cover of each claim's certificate, as an ordinal: the eve of the anniversary
    where the file does not give it."""
    first, last = claims.cells["inception"], claims.cells["expiry"]
    years = {one: year_later(date.fromordinal(one)).toordinal()
             for one in np.unique(first[first != UNKNOWN]).tolist()}
    made = np.array([years.get(one, UNKNOWN) for one in first.tolist()], dtype=np.int64)
    return np.where(last == UNKNOWN, made, last)


def row_faults(claims: ResidentClaims, file: str, bad: Set[int]) -> list[Placed]:
    """Faults by position of rows that are not at fault already."""
    if len(claims) == 0:
        return []
    faults = [one for one in _of_rows(claims, file) if one[0] not in bad]
    bad = bad | {place for place, _fault in faults}
    good = [place for place in range(len(claims)) if place not in bad]
    faults += _repeated(claims, file, good)
    return [*faults, *_unlike(claims, file, good)]


def _of_rows(claims: ResidentClaims, file: str) -> Iterator[Placed]:
    cells = claims.cells
    days = last_days(claims) - cells["inception"] + 1
    plans = coverages()[COVERAGE].limit.sums_insured_fen
    known = {name: column != UNKNOWN for name, column in cells.items()}
    both: Callable[[str, str], npt.NDArray[np.bool_]] = lambda a, b: known[a] & known[b]  # noqa: E731
    tests: Sequence[tuple[npt.NDArray[np.bool_], str, str, str]] = (
        (~np.isin(cells["sum_insured"], plans), "sum_insured",
         "this is no sum insured of the cover",
         "one of: " + ", ".join(format_yuan(one) for one in plans)),
        (known["expiry"] & ((days < 1) | (days > LONGEST_COVER_DAYS)), "expiry",
         "cover ends before it begins, or lasts longer than a year", "check both days"),
        (both("recovered", "loss") & (cells["recovered"] > cells["loss"]), "recovered",
         "more was recovered than lost", "check the unit of both amounts"),
        (both("filing_day", "loss_day") & (cells["filing_day"] < cells["loss_day"]), "filing_day",
         "the police filed before the loss", "check both days"),
        (both("noticed_day", "loss_day") & (cells["noticed_day"] < cells["loss_day"]),
         "noticed_day", "the insurer was told before the loss", "check both days"),
        ((cells["police_filed"] == 0) & known["filing_day"], "filing_day",
         "a day of filing, but no case was filed", "mend police_filed or leave the day out"),
        (cells["prior_paid"] > cells["sum_insured"], "prior_paid",
         "more was paid before than the sum insured", "check the unit of both amounts"),
    )
    for wrong, field, message, mend in tests:
        for place in np.flatnonzero(wrong).tolist():
            yield place, Fault(message, file, int(claims.lines[place]), field, mend)


def _repeated(claims: ResidentClaims, file: str, good: Sequence[int]) -> Iterator[Placed]:
    """A claim number that stands before already: a claim is decided once."""
    first: dict[str, int] = {}
    for place in good:
        number = claims.texts["claim_id"][place]
        before = first.setdefault(number, place)
        if before != place:
            yield place, Fault(
                f"claim {number} stands in line {claims.lines[before]} already", file,
                int(claims.lines[place]), "claim_id", "keep one of the two rows")


def _unlike(claims: ResidentClaims, file: str, good: Sequence[int]) -> Iterator[Placed]:
    """Rows of one certificate that contradict each other: nobody knows which is right."""
    groups: dict[str, list[int]] = {}
    for place in good:
        groups.setdefault(claims.texts["certificate_no"][place], []).append(place)
    columns = {field: claims.texts["person"] if field == "person" else (
        claims.cells[field].tolist()) for field in _AGREED}
    for number, places in groups.items():
        if len(places) < 2:
            continue
        for field, column in columns.items():
            values = {column[place] for place in places}
            if len(values) > 1:
                lines = ", ".join(str(claims.lines[one]) for one in places[:5])
                for place in places:
                    yield place, Fault(
                        f"rows of certificate {number} (lines {lines}) say it differently", file,
                        int(claims.lines[place]), field, "let them agree")


def after_day(claims: ResidentClaims, as_of: int, file: str) -> list[Placed]:
    """Rows with a day that has not come yet on ``as_of`` (an ordinal)."""
    faults = []
    for column in claim_columns():
        if column.kind != "day" or column.id in {"inception", "expiry"}:
            continue
        for place in np.flatnonzero(claims.cells[column.id] > as_of).tolist():
            faults.append((place, Fault(
                f"the day is after {date.fromordinal(as_of)}, the day of the decision", file,
                int(claims.lines[place]), column.id, "check the day, or decide later (--as-of)")))
    over = claims.cells["filing_day"]
    said = claims.cells["unrecovered_days"]
    wrong = (over != UNKNOWN) & (said != UNKNOWN) & (said > as_of - over)
    faults += [(place, Fault("more days than have passed since the filing", file,
                             int(claims.lines[place]), "unrecovered_days",
                             "leave it out: it follows from filing_day"))
               for place in np.flatnonzero(wrong).tolist()]
    return faults
