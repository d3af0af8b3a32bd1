"""The rating's own claims frequency of a segment: what own experience is blended with."""

from __future__ import annotations

from functools import cache, lru_cache

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen
from dinghai.losses.curves import MonotoneCurve, exp, ln
from dinghai.losses.exposure import industry_relativity
from dinghai.losses.frequency import size_curve
from dinghai.losses.tables import shipped_tables


@lru_cache(maxsize=100_000)
def segment_frequency(section: str, revenue_fen: Fen) -> float | None:
    """Claims a year of an enterprise of this section and revenue with half-implemented controls
    and ordinary exposures; None for an unknown section or no revenue."""
    if revenue_fen <= 0:
        return None
    try:
        industry = industry_relativity(section)
    except InputError:
        return None
    return exp(_curve()(ln(float(revenue_fen)))) * industry.frequency


@cache
def _curve() -> MonotoneCurve:
    return size_curve(shipped_tables())
