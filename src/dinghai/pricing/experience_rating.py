"""Experience rating at renewal: what one insured's own claims say beside the model's expectation.

Every insured's frequency is its class's times a factor of mean one that is gamma with a declared
variation. Two linear estimates of that factor, from the number of claims and from their excess
sizes, are mixed by the model's shares of the loss; each is believed as far as its variance allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Final

from scipy import special

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, Fen
from dinghai.foundation.trace import Source, Trace
from dinghai.losses.model import LossModel
from dinghai.losses.tables import PERILS
from dinghai.pricing.claims_history import (
    ClaimsHistory,
    PastClaim,
    window_of,
    years_between,
)
from dinghai.pricing.experience_table import ExperienceTable, experience_table_hash
from dinghai.pricing.premium import HistoryEffect

_PPB: Final = 1_000_000_000
_LEVELS: Final = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class ClassExpectation:
    """What the model expects of the insured without its history.

    ``per_year_ppb`` are claims a year in parts per billion; ``primary_ppm`` is the primary share
    of the capped loss; ``excess_fen`` the mean excess of a claim; ``excess_spread_ppm`` the mean
    of its square over the square of its mean.
    """

    per_year_ppb: int
    primary_ppm: int
    excess_fen: Fen
    excess_spread_ppm: int


@dataclass(frozen=True, slots=True)
class ExperienceRating:
    """The modification of the expected loss and the no-claims credit, with how they came about.

    Factors are in ppm. ``interval_ppm`` is where the insured's own frequency factor lies with 95%
    by the number of its claims. ``unbounded_ppm`` is before the declared bounds.
    """

    table: ExperienceTable
    history: ClaimsHistory
    claims: tuple[PastClaim, ...]
    years: Fraction
    expectation: ClassExpectation
    expected_claims: Fraction
    counted: int
    credibility_ppm: int
    excess_credibility_ppm: int
    unbounded_ppm: int
    modification_ppm: int
    interval_ppm: tuple[int, int]
    clean_years: int
    credit_ppm: int

    @property
    def effect(self) -> HistoryEffect:
        """What enters the premium."""
        return HistoryEffect(self.modification_ppm, self.credit_ppm)

    @property
    def source(self) -> Source:
        """Of the modification."""
        basis = self.table.credibility
        low, high = self.interval_ppm
        return Source(basis.source, basis.confidence, self.table.as_of, (low / PPM, high / PPM))

    @property
    def trace(self) -> Trace:
        """The modification with what it was made of."""
        table, class_ = self.table, self.expectation
        return Trace("experience.modification", self.modification_ppm, "ppm", "bounded",
                     table.bounds.origin(), (
            Trace("experience.unbounded", self.unbounded_ppm, "ppm", "credibility", self.source, (
                Trace("experience.expected_claims", float(self.expected_claims), "number",
                      "product", Source("Loss model without incident history", "D"), (
                        Trace("claims_per_year", class_.per_year_ppb / _PPB, "per_year", "",
                              Source("Loss model without incident history", "D")),
                        Trace("years", float(self.years), "number", "", table.window.origin()))),
                Trace("experience.claims", self.counted, "number", "count",
                      Source(f"History: {self.history.origin}", "T")),
                Trace("experience.credibility", self.credibility_ppm, "ppm", "",
                      table.credibility.origin()),
                Trace("experience.excess_credibility", self.excess_credibility_ppm, "ppm", "",
                      table.split.origin()),
                Trace("experience.primary_share", class_.primary_ppm, "ppm", "",
                      table.split.origin()))),))

    def brief(self) -> dict[str, JSON]:
        """What names it in a plan of fixes: history, table, modification and credit."""
        return {
            "history_sha256": self.history.sha256,
            "table": {"id": self.table.id, "version": self.table.version,
                      "sha256": experience_table_hash(self.table)},
            "modification_ppm": self.modification_ppm,
            "credit_ppm": self.credit_ppm,
        }

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; stands as ``experience`` in a quote."""
        table, class_ = self.table, self.expectation
        return {
            "table": {"id": table.id, "version": table.version,
                      "sha256": experience_table_hash(table)},
            "history_sha256": self.history.sha256,
            "origin": self.history.origin,
            "first": self.history.first.isoformat(), "last": self.history.last.isoformat(),
            "years_ppm": round(self.years * PPM),
            "claims": [{"reference": one.reference, "occurred": one.occurred.isoformat(),
                        "loss_fen": one.loss_fen, "counts": not one.reason,
                        "reason": one.reason} for one in self.claims],
            "claims_counted": self.counted,
            "claims_per_year_ppb": class_.per_year_ppb,
            "expected_claims_ppb": round(self.expected_claims * _PPB),
            "credibility_ppm": self.credibility_ppm,
            "excess_credibility_ppm": self.excess_credibility_ppm,
            "primary_share_ppm": class_.primary_ppm,
            "unbounded_ppm": self.unbounded_ppm,
            "modification_ppm": self.modification_ppm,
            "interval_ppm": list(self.interval_ppm),
            "history_indicator": {"indicator": table.history.indicator,
                                  "read_at_ppm": table.history.neutral_ppm},
            "no_claims_credit": {"name_zh": table.no_claims.name_zh,
                                 "name_en": table.no_claims.name_en,
                                 "clean_years": self.clean_years, "credit_ppm": self.credit_ppm},
        }


def without_history(model: LossModel, table: ExperienceTable) -> LossModel:
    """The model with the indicator of incident history read where it has no effect: the history
    then enters by its claims alone (DECISIONS 20: once)."""
    return model.with_posture({**model.posture,
                               table.history.indicator: table.history.neutral_ppm})


def rate_experience(
    model: LossModel, history: ClaimsHistory, table: ExperienceTable
) -> ExperienceRating:
    """The experience rating of an insured by a model ``without_history``."""
    return rate_against(expectation_of(model, table), history, table)


def rate_against(
    expectation: ClassExpectation, history: ClaimsHistory, table: ExperienceTable
) -> ExperienceRating:
    """The same against a stated expectation. One more claim never lowers the modification or
    raises the credit; one more clean year never does the contrary."""
    start = window_of(history, table.window.years)
    claims = tuple(
        PastClaim(one.reference, one.occurred, one.loss_fen, "before the years that count")
        if not one.reason and one.occurred < start else one for one in history.claims)
    counted = [one for one in claims if not one.reason]
    years = min(years_between(start, history.last), Fraction(table.window.years))
    expected = Fraction(expectation.per_year_ppb, _PPB) * years
    steadiness = Fraction(PPM, table.credibility.variation_ppm) ** 2
    spread = Fraction(expectation.excess_spread_ppm, PPM)
    primary = Fraction(expectation.primary_ppm, PPM)
    moved = (primary * (len(counted) - expected) / (expected + steadiness)
             + (1 - primary) * (_excess(counted, expectation, table) - expected)
             / (expected + steadiness * spread))
    unbounded = _half_up((1 + moved) * PPM)
    bounds = table.bounds
    clean = _clean_years(history, table)
    return ExperienceRating(
        table, history, claims, years, expectation, expected, len(counted),
        _half_up(expected / (expected + steadiness) * PPM),
        _half_up(expected / (expected + steadiness * spread) * PPM), unbounded,
        min(max(unbounded, bounds.minimum_ppm), bounds.maximum_ppm),
        _interval(len(counted), expected, steadiness), clean, table.no_claims.credit(clean))


def _excess(
    counted: Sequence[PastClaim], expectation: ClassExpectation, table: ExperienceTable
) -> Fraction:
    """Excess losses in mean excesses of a claim. A loss nobody knows counts as the mean."""
    if expectation.excess_fen == 0:
        return Fraction(0)
    split = table.split
    return sum((Fraction(1) if one.loss_fen is None else Fraction(
        max(min(one.loss_fen, split.cap_fen) - split.primary_fen, 0), expectation.excess_fen)
        for one in counted), Fraction(0))


def _clean_years(history: ClaimsHistory, table: ExperienceTable) -> int:
    """Whole years since the last claim that counts, or since the history begins."""
    days = [one.occurred + timedelta(days=1) for one in history.claims if not one.reason]
    start = max([history.first, *days])
    return 0 if start > history.last else int(years_between(start, history.last))


def _interval(counted: int, expected: Fraction, steadiness: Fraction) -> tuple[int, int]:
    """Of the frequency factor given the number of claims: gamma with both added to the prior's."""
    shape, slope = float(steadiness + counted), float(steadiness + expected)
    low, high = (round(float(special.gammaincinv(shape, level)) / slope * PPM)
                 for level in _LEVELS)
    return low, high


def _half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def expectation_of(model: LossModel, table: ExperienceTable) -> ClassExpectation:
    """Claims a year and the moments of the excess, over all perils and states of the model."""
    split = table.split
    rates = {peril: model.perils[peril].frequency.per_year for peril in PERILS}
    whole = sum(rates.values())
    primary = sum(rates[p] * model.ground_up_mean(p, split.primary_fen) for p in PERILS) / whole
    mean, square = _excess_moments(model, rates, table)
    capped = primary + mean
    return ClassExpectation(
        per_year_ppb=round(whole * _PPB),
        primary_ppm=PPM if mean <= 0.0 else round(primary / capped * PPM),
        excess_fen=round(mean),
        excess_spread_ppm=PPM if mean <= 0.0 else max(round(square / mean**2 * PPM), PPM))


def _excess_moments(
    model: LossModel, rates: Mapping[str, float], table: ExperienceTable
) -> tuple[float, float]:
    """Mean and mean square of a claim's excess in fen. Sums of whole yuan, so without an order."""
    split = table.split
    mean = square = 0.0
    for peril in PERILS:
        events = model.perils[peril].events
        for group in events.grid.groups:
            amounts = events.loss[group.start:group.stop]
            excess = (amounts.clip(split.primary_fen, split.cap_fen) - split.primary_fen) // 100
            weight = (rates[peril] * model.latent.event_weights[group.state] * group.chance
                      / sum(rates.values()))
            mean += weight * int(excess.sum()) * 100.0
            square += weight * int((excess * excess).sum()) * 10_000.0
    return mean, square
