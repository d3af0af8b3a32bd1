"""Studies of experience: the losses, what was fitted to them, and how the fit did afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.experience.columns import Column
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
