"""Columns of the incident table for fits: each loss with its own floor and limit, and why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from dinghai.experience.columns import Column, Screened
from dinghai.experience.frequency import Per
from dinghai.experience.incidents import Incident
from dinghai.foundation.errors import InputError

Measure = Literal["records", "amount"]
GROUPS: Final = ("peril", "section", "source", "size_band", "state")
DAYS: Final = ("occurred", "discovered", "notified")


@dataclass(frozen=True, slots=True)
class FlooredLosses:
    """Losses with each row's own floor (0 where none) and whether only "at least so large" is
    known of it. ``unit`` is what a loss counts: records, or a currency."""

    column: Column[float]
    floors: tuple[float, ...]
    censored: tuple[bool, ...]
    unit: str

    @property
    def plain_floor(self) -> float | None:
        """The one floor of all rows, where they have one; None where none has any."""
        return max(self.floors, default=0.0) or None

    @property
    def row_wise(self) -> bool:
        """Whether rows differ in their floors, or one is censored."""
        return len(set(self.floors)) > 1 or any(self.censored)

    def by_group(self) -> Mapping[str, FlooredLosses]:
        """The same for each group; screened rows stay with the whole."""
        found: dict[str, list[int]] = {}
        for place, group in enumerate(self.column.groups):
            found.setdefault(group, []).append(place)
        return {group: FlooredLosses(
            Column(tuple(self.column.values[one] for one in places), (group,) * len(places), ()),
            tuple(self.floors[one] for one in places),
            tuple(self.censored[one] for one in places), self.unit)
            for group, places in sorted(found.items())}

    def arrays(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64],
                              npt.NDArray[np.bool_]]:
        """Losses, floors and flags."""
        return (np.array(self.column.values, dtype=np.float64),
                np.array(self.floors, dtype=np.float64), np.array(self.censored, dtype=bool))


def loss_column(
    incidents: Sequence[Incident], measure: Measure, *, by: str | None = None,
    floor: float | None = None, currency: str | None = None,
) -> FlooredLosses:
    """Records, or amounts in whole units of one currency. ``floor`` raises every row's own floor.

    Raises InputError where amounts are in several currencies and none was chosen.
    """
    group_of = _group(by)
    unit = "records" if measure == "records" else _currency(incidents, currency)
    values, groups, screened, floors, censored = [], [], [], [], []
    for line, one in enumerate(incidents, start=1):
        size, own_floor, reason = _loss(one, measure, unit)
        low = max(own_floor, floor or 0.0)
        if not reason and size < low:
            reason = "below the reporting floor"
        if reason:
            screened.append(Screened(line, f"{one.source} {one.source_id}", reason))
            continue
        values.append(size)
        groups.append(group_of(one))
        floors.append(low)
        censored.append(measure == "amount" and one.amount_censored)
    return FlooredLosses(Column(tuple(values), tuple(groups), tuple(screened)), tuple(floors),
                         tuple(censored), unit)


def _loss(one: Incident, measure: Measure, unit: str) -> tuple[float, float, str]:
    """The size, its floor and why it is not used (empty where it is)."""
    if measure == "records":
        reason = one.screened or one.records_screened or ("blank" if one.records is None else "")
        return float(one.records or 0), float(one.floor_records or 0), reason or (
            "not above zero" if not one.records or one.records <= 0 else "")
    reason = one.screened or one.amount_screened or ("blank" if one.amount_minor is None else "")
    if not reason and one.currency != unit:
        reason = "another currency"
    if not reason and (one.amount_minor or 0) <= 0:
        reason = "not above zero"
    return (one.amount_minor or 0) / 100.0, (one.floor_minor or 0) / 100.0, reason


def _currency(incidents: Sequence[Incident], wanted: str | None) -> str:
    found = Counter(one.currency for one in incidents
                    if one.amount_minor is not None and not one.screened
                    and not one.amount_screened)
    if wanted is not None:
        return wanted.upper()
    if len(found) > 1:
        raise InputError("the amounts are in " + ", ".join(sorted(found)), field="--currency",
                         mend="name one of them: no rate of exchange is guessed")
    return next(iter(found), "")


def day_column(
    incidents: Sequence[Incident], measure: str, per: Per, *, by: str | None = None
) -> Column[date]:
    """Days on which incidents occurred, were discovered or notified. A day known to the month or
    year only is not used where a shorter period is counted."""
    group_of = _group(by)
    if measure not in DAYS:
        raise InputError(f"the incident table has no days {measure!r}", field="--date",
                         mend="one of: " + ", ".join(DAYS))
    values, groups, screened = [], [], []
    for line, one in enumerate(incidents, start=1):
        day: date | None = getattr(one, measure)
        reason = one.screened or ("blank" if day is None else "")
        if not reason and measure == "occurred" and one.occurred_precision not in _enough(per):
            reason = f"known to the {one.occurred_precision} only"
        if reason or day is None:
            screened.append(Screened(line, f"{one.source} {one.source_id}", reason))
        else:
            values.append(day)
            groups.append(group_of(one))
    return Column(tuple(values), tuple(groups), tuple(screened))


def _enough(per: Per) -> tuple[str, ...]:
    """Precisions that tell which period a day is in."""
    return {"day": ("day",), "month": ("day", "month"), "year": ("day", "month", "year")}[per]


def _group(by: str | None) -> Callable[[Incident], str]:
    if by is None:
        return lambda one: ""
    if by not in GROUPS:
        raise InputError(f"the incident table is not cut by {by!r}", field="--by",
                         mend="one of: " + ", ".join(GROUPS))
    return lambda one: str(getattr(one, by))
