"""How long incidents take to become known, and how many are still to come.

Only what was reported by the last day is seen, so that long delays of late incidents are missing:
the distribution is that of right-truncated data (Lynden-Bell 1971; reverse product limit).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

Span = tuple[date, date]
_LARGE_CLUSTER: Final = 10
_LARGE_SHARE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Delays:
    """``days`` in rising order and the chance to be known after so many, relative to the longest
    delay that could be seen."""

    days: tuple[int, ...]
    chances: tuple[float, ...]

    def known_after(self, days: int) -> float:
        """The chance that an incident is known so many days after it began."""
        place = int(np.searchsorted(self.days, days, side="right"))
        return 0.0 if place == 0 else self.chances[place - 1]

    def quantile(self, probability: float) -> int:
        """The days after which so large a share is known."""
        place = int(np.searchsorted(self.chances, probability - 1e-12))
        return self.days[min(place, len(self.days) - 1)]


@dataclass(frozen=True, slots=True)
class Cluster:
    """Many incidents of one cohort that began on one day: one vendor's event, as a rule."""

    cohort: str
    day: date
    incidents: int
    of: int

    @property
    def share(self) -> float:
        """Of the cohort."""
        return self.incidents / self.of


@dataclass(frozen=True, slots=True)
class Cohort:
    """Incidents that began in one quarter: reported, and expected once all are known."""

    name: str
    reported: int
    expected: float

    @property
    def factor(self) -> float:
        """Expected over reported: the IBNR factor."""
        return self.expected / self.reported


def since_the_register(spans: Sequence[Span]) -> list[Span]:
    """Spans that began once the source was reporting: of earlier incidents only those with a long
    delay are in it, and they would make every delay look long."""
    start = min(known for _began, known in spans)
    return [span for span in spans if span[0] >= start]


def estimate_delays(spans: Sequence[Span], end: date) -> Delays:
    """The delay's distribution from spans reported by ``end``. There must be a span."""
    delays = np.array([(known - began).days for began, known in spans])
    ages = np.array([(end - began).days for began, _known in spans])
    values = np.unique(delays)
    exactly = np.array([(delays == day).sum() for day in values])
    at_risk = np.array([((delays <= day) & (ages >= day)).sum() for day in values])
    survive = 1.0 - exactly / at_risk
    # F(d) is the product of what remains over all longer delays
    chances = np.append(np.cumprod(survive[::-1])[::-1][1:], 1.0)
    return Delays(tuple(values.tolist()), tuple(chances.tolist()))


def cohorts(spans: Sequence[Span], delays: Delays, end: date) -> tuple[Cohort, ...]:
    """Each quarter with its expected number: every incident counts 1 ÷ its chance to be known."""
    reported: Counter[str] = Counter()
    expected: dict[str, float] = {}
    for began, _known in spans:
        name = quarter(began)
        reported[name] += 1
        chance = delays.known_after((end - began).days)
        expected[name] = expected.get(name, 0.0) + 1.0 / max(chance, 1e-6)
    return tuple(Cohort(name, reported[name], expected[name]) for name in sorted(reported))


def clusters(spans: Sequence[Span]) -> tuple[Cluster, ...]:
    """Days on which at least ten incidents, and a quarter of their quarter's, began."""
    found = []
    for name, days in _by_quarter(spans).items():
        day, most = Counter(days).most_common(1)[0]
        if most >= _LARGE_CLUSTER and most >= _LARGE_SHARE * len(days):
            found.append(Cluster(name, day, most, len(days)))
    return tuple(found)


def without_clusters(spans: Sequence[Span], found: Sequence[Cluster]) -> list[Span]:
    """The spans with each cluster as one incident: the first of it that became known."""
    shared = {one.day for one in found}
    first: dict[date, date] = {}
    for began, known in spans:
        if began in shared:
            first[began] = min(known, first.get(began, known))
    return [*(span for span in spans if span[0] not in shared), *first.items()]


def quarter(day: date) -> str:
    """``2020Q1``."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def _by_quarter(spans: Sequence[Span]) -> Mapping[str, list[date]]:
    found: dict[str, list[date]] = {}
    for began, _known in spans:
        found.setdefault(quarter(began), []).append(began)
    return dict(sorted(found.items()))

