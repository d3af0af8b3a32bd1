"""Studies of experience: the data, what was fitted to them, and how the fit did afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dinghai.experience.columns import Column
from dinghai.experience.delays import Span
from dinghai.experience.incident_columns import FlooredLosses
from dinghai.experience.report import Wanted
from dinghai.foundation.canonical import JSON
from dinghai.foundation.trace import Source


@dataclass(frozen=True, slots=True, eq=False)
class SeverityStudy:
    """One series of losses with its fit. ``document`` is what ``severity_report`` says of it.

    ``code`` names it in tables and pages (``hhs_ocr.records``); ``unit`` is what one loss counts
    (``records``, ``USD``). ``out_of_time`` is the check on later losses, where there are any.
    """

    code: str
    title_zh: str
    title_en: str
    unit: str
    source: Source
    losses: Column[float]
    wanted: Wanted
    document: dict[str, JSON]
    out_of_time: OutOfTime | None = None
    floored: FlooredLosses | None = None
    """The same losses with each row's own floor and limit, where rows differ in them."""


@dataclass(frozen=True, slots=True)
class Level:
    """How often later losses exceeded a modelled quantile; the interval is exact, at 95%."""

    probability: float
    quantile: float
    exceeded: int
    of: int
    interval: tuple[float, float]

    @property
    def expected(self) -> float:
        """How many were to be expected."""
        return self.of * (1.0 - self.probability)

    @property
    def held(self) -> bool:
        """Whether the modelled chance lies inside the interval of the observed share."""
        low, high = self.interval
        return low <= 1.0 - self.probability <= high


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """A law fitted to the years up to ``fitted_until`` against the losses after it."""

    law: str
    fitted_from: int
    fitted_until: int
    fitted: int
    tested_until: int
    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FrequencyStudy:
    """Days of events with what was fitted to their counts. ``document`` is what
    ``frequency_report`` says of them."""

    code: str
    title_zh: str
    title_en: str
    source: Source
    days: tuple[date, ...]
    document: dict[str, JSON]
    out_of_time: CountCheck | None = None


@dataclass(frozen=True, slots=True, eq=False)
class DelayStudy:
    """Spans from the first day of an incident to its notice. ``document`` is what
    ``delay_report`` says of them."""

    code: str
    title_zh: str
    title_en: str
    source: Source
    spans: tuple[Span, ...]
    document: dict[str, JSON]


@dataclass(frozen=True, slots=True)
class CountCheck:
    """The events of ``months`` later months against what ``fitted_months`` months predicted; the
    interval is at 95%."""

    fitted_from: int
    fitted_until: int
    fitted_months: int
    months: int
    observed: int
    expected: float
    interval: tuple[int, int]

    @property
    def held(self) -> bool:
        """Whether what came lies inside the interval."""
        return self.interval[0] <= self.observed <= self.interval[1]
