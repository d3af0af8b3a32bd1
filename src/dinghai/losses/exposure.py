"""What the loss model reads of an enterprise: its exposures, and its industry's relativities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, apply_ppm
from dinghai.foundation.trace import Source, Trace
from dinghai.losses.tables import PERILS, Figure, shipped_figures
from dinghai.vocabulary.industries import industries

_PARTS: Final = ("prior", "iris_2025", "eurostat_2024")
"""What a frequency relativity is blended of, where a section has it."""


class ExposureProfile(Protocol):
    """The part of a dossier's profile that the loss model reads."""

    @property
    def revenue_fen(self) -> int: ...
    @property
    def gross_profit_rate_ppm(self) -> int: ...
    @property
    def gross_profit_per_day_fen(self) -> int | None: ...
    @property
    def industry(self) -> str: ...
    @property
    def pi_records_general(self) -> int: ...
    @property
    def pi_records_sensitive(self) -> int: ...
    @property
    def important_data(self) -> bool | None: ...
    @property
    def critical_infrastructure(self) -> bool | None: ...
    @property
    def online_revenue_ppm(self) -> int: ...
    @property
    def tolerable_outage_seconds(self) -> int: ...
    @property
    def ot_systems(self) -> int: ...
    @property
    def headcount(self) -> int: ...
    @property
    def endpoints(self) -> int: ...
    @property
    def jurisdictions(self) -> Sequence[str]: ...
    @property
    def high_value_payments_per_year(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Exposure:
    """The exposures as numbers. Money in fen, shares in ppm, time in seconds."""

    revenue_fen: int
    gross_profit_rate_ppm: int
    gross_profit_per_day_fen: int
    industry: str
    records_general: int
    records_sensitive: int
    important_data: bool
    critical_infrastructure: bool
    online_revenue_ppm: int
    tolerable_outage_seconds: int
    critical_providers: int
    ot_systems: int
    headcount: int
    endpoints: int
    jurisdictions: int
    high_value_payments: int

    @property
    def personal_records(self) -> int:
        """All personal records."""
        return self.records_general + self.records_sensitive

    @property
    def of_severity(self) -> tuple[str | int, ...]:
        """What the size of an event depends on; the rest moves frequency alone."""
        return (self.industry, self.revenue_fen, self.gross_profit_rate_ppm,
                self.gross_profit_per_day_fen, self.records_general, self.records_sensitive,
                self.important_data, self.critical_infrastructure, self.online_revenue_ppm,
                self.tolerable_outage_seconds, self.jurisdictions)

    @property
    def turnover_per_day_fen(self) -> int:
        """Turnover whose declared gross-profit share is the gross profit of a day."""
        return self.gross_profit_per_day_fen * PPM // max(self.gross_profit_rate_ppm, 1)


@dataclass(frozen=True, slots=True)
class IndustryRelativity:
    """Relativities of a GB/T 4754 section against the all-industry firm, and its peril mix.

    ``source`` is that of the frequency, ``severity_source`` that of the severity (the same where
    it is None). ``frequency_parts`` are the shipped relativity and the published ones that the
    frequency is blended of; ``mix_parts`` the shipped share of each peril; ``mix_sources`` where
    the blended share comes from.
    """

    section: str
    frequency: float
    severity: float
    mix: Mapping[str, float]
    source: Source
    severity_source: Source | None = None
    frequency_parts: tuple[Trace, ...] = ()
    mix_parts: Mapping[str, Trace] = field(default_factory=dict)
    mix_sources: Mapping[str, Source] = field(default_factory=dict)


def exposure_of(profile: ExposureProfile) -> Exposure:
    """The exposures of a profile.

    Gross profit per day is the higher of what is declared and revenue × rate ÷ 365: an
    understatement must not lower the price. An unknown flag counts as no: it is asked for in the
    assessment. Raises InputError where the revenue is not positive.
    """
    if profile.revenue_fen <= 0:
        raise InputError("revenue must be positive", field="revenue_fen",
                         mend="give the revenue of the last financial year")
    by_rate = apply_ppm(profile.revenue_fen, profile.gross_profit_rate_ppm) // 365
    providers = getattr(profile, "providers", ())
    return Exposure(
        revenue_fen=profile.revenue_fen,
        gross_profit_rate_ppm=max(profile.gross_profit_rate_ppm, 1),
        gross_profit_per_day_fen=max(profile.gross_profit_per_day_fen or 0, by_rate, 1),
        industry=profile.industry,
        records_general=profile.pi_records_general or 0,
        records_sensitive=profile.pi_records_sensitive or 0,
        important_data=profile.important_data is True,
        critical_infrastructure=profile.critical_infrastructure is True,
        online_revenue_ppm=profile.online_revenue_ppm,
        tolerable_outage_seconds=max(profile.tolerable_outage_seconds or 0, 3600),
        critical_providers=sum(1 for provider in providers if _is_critical(provider)),
        ot_systems=profile.ot_systems or 0,
        headcount=max(profile.headcount or 0, 1),
        endpoints=max(profile.endpoints or 0, 1),
        jurisdictions=max(len(profile.jurisdictions), 1),
        high_value_payments=profile.high_value_payments_per_year or 0,
    )


def _is_critical(provider: object) -> bool:
    if isinstance(provider, Mapping):
        return bool(provider.get("critical", False))
    return bool(getattr(provider, "critical", False))


def industry_relativity(
    section: str, figures: Mapping[str, Figure] | None = None
) -> IndustryRelativity:
    """The relativities of a section letter: the shipped table blended with published figures and
    public counts, as experience.toml has it. Raises InputError for an unknown section."""
    row = industries().get(section)
    if row is None:
        raise InputError(f"{section!r} is not a section of GB/T 4754", field="industry",
                         mend="give a letter from A to T")
    figures = shipped_figures() if figures is None else figures
    before = figures[f"industry.{section}.frequency.prior"].source
    shipped = Source(row.source, row.confidence, before.as_of)
    blended = figures[f"industry.{section}.frequency.blended"]
    shares = {peril: figures[f"industry.{section}.mix.{peril}"] for peril in PERILS}
    whole = sum(one.value for one in shares.values())
    return IndustryRelativity(
        section=section,
        frequency=blended.value,
        severity=row.severity_relativity_ppm / PPM,
        mix={peril: one.value / whole for peril, one in shares.items()},
        source=blended.source,
        severity_source=figures[f"industry.{section}.severity.prior"].source,
        frequency_parts=tuple(
            Trace(f"industry.{name}", one.value, one.unit, "table", one.source)
            for name in _PARTS
            if (one := figures.get(f"industry.{section}.frequency.{name}")) is not None),
        mix_parts={peril: Trace("mix.prior", row.peril_mix_ppm[peril] / PPM, "ratio", "table",
                                shipped) for peril in PERILS},
        mix_sources={peril: one.source for peril, one in shares.items()},
    )
