"""The 20 sections of GB/T 4754 with their relativities, and the published size bands.

Foreign data with a caution of its own: nothing here is Chinese experience.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import msgspec

from dinghai.foundation.money import Fen
from dinghai.vocabulary.perils import PerilCode
from dinghai.vocabulary.tables import by_id, read_table


class IrisInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What IRIS 2025 gives for the sectors that make up a section."""

    sectors: tuple[str, ...]
    annual_incident_probability: tuple[float, ...]
    probability_source: tuple[str, ...]
    loss_p50_usd: tuple[float, ...]
    loss_p95_usd: tuple[float, ...]
    lognormal_sigma: tuple[float, ...]
    frequency_relativity_raw: float
    severity_relativity_raw_limited: float


class CoalitionInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What Coalition's 2025 report gives for the classes that make up a section."""

    classes: tuple[str, ...]
    claim_frequency: tuple[float, ...]
    avg_claim_usd: tuple[float, ...]
    frequency_relativity_raw: float
    severity_relativity_raw: float


class IndustryInputs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The published figures behind a relativity."""

    iris2025: IrisInputs | None = None
    coalition2025: CoalitionInputs | None = None


class Industry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One section. Relativities are ppm of the all-industry average firm; the mix adds up to 1."""

    id: str
    name_zh: str
    name_en: str
    frequency_relativity_ppm: int
    severity_relativity_ppm: int
    loss_cost_relativity_ppm: int
    peril_mix_ppm: dict[PerilCode, int]
    inputs: IndustryInputs
    note: str
    certainty: str
    source: str
    confidence: str


class SizeBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One published figure by revenue; ``revenue_below_usd`` None is the open top band."""

    id: str
    series: str
    revenue_from_usd: int
    revenue_below_usd: int | None
    values: dict[str, int]
    source: str
    confidence: str


class IndustryBase(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The all-industry figures that relativities refer to."""

    iris_annual_incident_probability_ppm: int
    iris_loss_p50_usd: int
    iris_loss_p95_usd: int
    coalition_claim_frequency_ppm: int
    coalition_average_claim_usd: int
    fx_fen_per_usd: Fen
    source: str
    confidence: str


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    schema: str
    caution: str
    base: IndustryBase
    industries: tuple[Industry, ...]
    size_bands: tuple[SizeBand, ...]


@cache
def _table() -> _Table:
    return read_table("industries", _Table)


@cache
def industries() -> Mapping[str, Industry]:
    """The 20 sections by letter."""
    return by_id(_table().industries, "industries")


@cache
def size_bands(series: str) -> tuple[SizeBand, ...]:
    """The bands of one series, smallest first: iris_probability, iris_loss, coalition_claims."""
    return tuple(band for band in _table().size_bands if band.series == series)


@cache
def industry_caution() -> str:
    """What the table says of itself."""
    return _table().caution


@cache
def industry_base() -> IndustryBase:
    """The all-industry figures."""
    return _table().base
