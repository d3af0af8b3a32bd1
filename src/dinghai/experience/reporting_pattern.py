"""How large a share of incidents is known after so many days: from own claims, else as shipped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from dinghai.experience.calibration_table import KNOWN_AFTER, shipped_table
from dinghai.experience.delays import Span, estimate_delays, since_the_register
from dinghai.foundation.canonical import JSON
from dinghai.foundation.streams import uniforms
from dinghai.foundation.trace import Source

Floats = npt.NDArray[np.float64]
FEWEST_SPANS: Final = 30
"""With fewer claims of known delay the shipped pattern is used."""
RESAMPLES: Final = 200
_SEED: Final = 20260301
_LEAST: Final = 1e-4
_STANDS_IN: Final = "a register's delay stands in for an insurer's"


@dataclass(frozen=True, slots=True, eq=False)
class ReportingPattern:
    """Shares known by age in days (place in the array), with 95% bounds at each age.

    ``origin`` is ``own`` or ``shipped``; ``n`` the incidents behind it. Beyond the last age all
    is known.
    """

    origin: Literal["own", "shipped"]
    n: int
    known: Floats
    low: Floats
    high: Floats
    source: Source

    def share(self, weights: Mapping[date, float], as_of: date) -> tuple[float, float, float]:
        """The share known on ``as_of`` of what began on these days, with its bounds."""
        whole = sum(weights.values())
        if whole <= 0.0:
            return 1.0, 1.0, 1.0
        ages = np.array([(as_of - day).days for day in weights])
        sizes = np.array(list(weights.values())) / whole
        known, low, high = (
            float((sizes * np.append(curve, 1.0)[np.minimum(ages, len(curve))]).sum())
            for curve in (self.known, self.low, self.high))
        return tuple(max(one, _LEAST) for one in (known, low, high))  # type: ignore[return-value]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON with the shares at a few ages."""
        ages = [age for age in (0, 30, 90, 180, 365, 730) if age < len(self.known)]
        return {"origin": self.origin, "n": self.n, "source": self.source.to_dict(),
                "known_after": {str(age): float(self.known[age]) for age in ages},
                "interval": {str(age): [float(self.low[age]), float(self.high[age])]
                             for age in ages}}


@cache
def shipped_pattern() -> ReportingPattern:
    """The pattern of a public register, for a book whose own delays are too few: the calibration's
    figures, and straight lines between them. That they suit an insurer is a judgement."""
    points = {int(row["code"].removeprefix(KNOWN_AFTER)): row for row in shipped_table()["rows"]
              if row["code"].startswith(KNOWN_AFTER)}
    days = sorted(points)
    ages = np.arange(days[-1] + 1)
    known, low, high = (np.interp(ages, days, values) for values in (
        [points[day]["value"] for day in days], [points[day]["interval"][0] for day in days],
        [points[day]["interval"][1] for day in days]))
    last = points[days[-1]]
    return ReportingPattern("shipped", int(last["n"]), known, low, high,
                            Source(f"{last['source']}: {_STANDS_IN}", "D", last["as_of"]))


def pattern_of(spans: Sequence[Span], as_of: date) -> ReportingPattern:
    """The pattern of own spans (occurred, notified) known by ``as_of``; the shipped one where
    there are too few."""
    known = [span for span in spans if span[1] <= as_of]
    usable = since_the_register(known) if known else []
    if len(usable) < FEWEST_SPANS:
        return shipped_pattern()
    longest = max((notified - began).days for began, notified in usable)
    central = curve_of(usable, as_of, longest)
    low, high = bounds_of(usable, as_of, longest)
    return ReportingPattern("own", len(usable), central, low, high,
                            Source(f"Delays of {len(usable)} own claims until {as_of}", "T"))


def curve_of(spans: Sequence[Span], end: date, longest: int) -> Floats:
    """The share known at each age from 0 to the longest delay."""
    delays = estimate_delays(spans, end)
    ages = np.arange(longest + 1)
    places = np.searchsorted(delays.days, ages, side="right")
    return np.concatenate(([0.0], delays.chances))[places]


def bounds_of(spans: Sequence[Span], end: date, longest: int) -> tuple[Floats, Floats]:
    """95% bounds at each age from resampled spans: the same draws every time."""
    found = []
    for number in range(RESAMPLES):
        drawn = uniforms(_SEED, "experience.delays", 1, len(spans), first_unit=number)[0]
        again = [spans[place] for place in (drawn * len(spans)).astype(np.int64).tolist()]
        found.append(curve_of(again, end, longest))
    low, high = np.quantile(np.array(found), (0.025, 0.975), axis=0)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def weights_by_day(changes: Mapping[date, int], first: date, last: date) -> dict[date, float]:
    """How many policies are in force on each day of a span, from the days where that changes."""
    weights: dict[date, float] = {}
    force = sum(change for day, change in changes.items() if day < first)
    day = first
    while day <= last:
        force += changes.get(day, 0)
        if force > 0:
            weights[day] = float(force)
        day += timedelta(days=1)
    return weights
