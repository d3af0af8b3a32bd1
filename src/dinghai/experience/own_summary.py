"""What an own book says: frequency, size, loss ratio, what is still to come, by segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import fmean, stdev
from typing import Final

from scipy import special

from dinghai.experience.blending import Observed, Prior, blend
from dinghai.experience.credibility import Credibility, buhlmann_straub
from dinghai.experience.exposures import (
    PolicyPeriod,
    days_in_year,
    days_of,
    earned_days,
    earned_premium,
    policy_years,
)
from dinghai.experience.own_book import Book, BookClaim
from dinghai.experience.reporting_pattern import ReportingPattern, pattern_of, weights_by_day
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import Fen

SCHEMA: Final = "dinghai.experience-summary/1"
_CURRENCY: Final = "CNY"
_TOO_YOUNG: Final = 0.25
"""A year of which less is known is named."""
PriorFrequency = Callable[[str, Fen], float | None]
"""Claims a year that the rating expects of a section and a revenue in fen; None where it cannot."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a summary is asked for. ``limit_fen`` limits each loss in the mean; the coefficients of
    variation are those of ``fit rate``."""

    limit_fen: Fen
    prior_variation: float = 0.3
    between: float = 0.3


@dataclass(frozen=True, slots=True)
class _Earned:
    """A policy period with its days and its premium by calendar year, up to the day."""

    period: PolicyPeriod
    days: dict[int, int]
    premium: dict[int, int]

    @property
    def years(self) -> float:
        return sum(days / days_in_year(year) for year, days in self.days.items())


@dataclass(slots=True)
class _Cell:
    """A year or a segment: its periods, their days by year, their premium, and its claims."""

    periods: list[PolicyPeriod] = field(default_factory=list)
    claims: list[BookClaim] = field(default_factory=list)
    days: Counter[int] = field(default_factory=Counter)
    premium: int = 0

    def add(self, one: _Earned, year: int | None = None) -> None:
        """Take a period in, whole or by one year's days."""
        self.periods.append(one.period)
        if year is None:
            self.days.update(one.days)
            self.premium += sum(one.premium.values())
        else:
            self.days[year] += one.days[year]
            self.premium += one.premium.get(year, 0)

    @property
    def policy_years(self) -> float:
        return float(policy_years(self.days))


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment: its cell, its periods as earned, and its cells by year."""

    cell: _Cell
    earned: list[_Earned]
    years: dict[int, _Cell]


def summarise(book: Book, asked: Asked, prior: PriorFrequency) -> dict[str, JSON]:
    """The whole document (schema dinghai.experience-summary/1). Amounts are fen, in CNY alone:
    what is in another currency is counted, and left out of amounts."""
    if not book.periods:
        raise InputError("no policy of the exposures had begun by that day", field="--as-of",
                         mend="give a later day, or exposures that can be read")
    earned = [_Earned(one, earned_days(one, book.as_of), _premium(one, book.as_of))
              for one in book.periods]
    pattern = pattern_of([(one.occurred, one.claim.notified) for one in book.claims
                          if one.claim.notified is not None], book.as_of)
    whole, years = _by_year(book, earned)
    sections = _by(book, earned, lambda period: period.section)
    sizes = _by(book, earned, lambda period: period.size)
    document: dict[str, JSON] = {
        "schema": SCHEMA, "as_of": book.as_of.isoformat(), "currency": _CURRENCY,
        "limit_fen": asked.limit_fen, "left_out": book.left_out,
        "reporting_pattern": pattern.to_dict(),
        "total": _figures(whole, book, pattern, asked),
        "by_year": [{"year": year, **_figures(cell, book, pattern, asked, year)}
                    for year, cell in sorted(years.items())],
        "by_industry": _segments(sections, book, pattern, asked, prior),
        "by_size": _segments(sizes, book, pattern, asked, prior),
        "by_peril": _perils(book, whole, pattern, asked),
        "notification_triangle": _triangle(book.claims),
        "credibility": {
            "industry": _credibility(sections, book, pattern),
            "size": _credibility(sizes, book, pattern)},
        "blend": _blended(earned, whole.claims, book, pattern, asked, prior),
    }
    document["warnings"] = list(_warnings(book, pattern, document))
    return document


def _by_year(book: Book, earned: Sequence[_Earned]) -> tuple[_Cell, dict[int, _Cell]]:
    whole = _Cell()
    years: dict[int, _Cell] = {}
    for one in earned:
        whole.add(one)
        for year in one.days:
            years.setdefault(year, _Cell()).add(one, year)
    for claim in book.claims:
        whole.claims.append(claim)
        years[claim.occurred.year].claims.append(claim)
    return whole, years


def _by(
    book: Book, earned: Sequence[_Earned], of_period: Callable[[PolicyPeriod], str]
) -> dict[str, _Segment]:
    """Cells by a property of the policy, whole and by year. A claim goes where its policy's
    exposure goes."""
    found: dict[str, _Segment] = {}
    for one in earned:
        segment = found.setdefault(of_period(one.period), _Segment(_Cell(), [], {}))
        segment.cell.add(one)
        segment.earned.append(one)
        for year in one.days:
            segment.years.setdefault(year, _Cell()).add(one, year)
    for claim in book.claims:
        found[of_period(claim.period)].cell.claims.append(claim)
    return dict(sorted(found.items()))


def _premium(period: PolicyPeriod, as_of: date) -> dict[int, int]:
    return earned_premium(period, as_of) if period.currency == _CURRENCY else {}


def _known(
    cell: _Cell, book: Book, pattern: ReportingPattern, year: int | None = None
) -> tuple[float, float, float]:
    """The share known by now of what began on the cell's days of cover, with its bounds."""
    first = min(one.first for one in cell.periods)
    last = min(max(one.last for one in cell.periods), book.as_of)
    if year is not None:
        first, last = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
    changes = days_of(cell.periods, book.as_of)
    return pattern.share(weights_by_day(changes, first, last), book.as_of)


def poisson_interval(events: int, exposure: float) -> tuple[float, float]:
    """The exact 95% interval of a rate (Garwood 1936)."""
    low = 0.0 if events == 0 else float(special.gammaincinv(events, 0.025))
    return low / exposure, float(special.gammaincinv(events + 1, 0.975)) / exposure


def _figures(
    cell: _Cell, book: Book, pattern: ReportingPattern, asked: Asked, year: int | None = None
) -> dict[str, JSON]:
    exposure, count = cell.policy_years, len(cell.claims)
    known, low, high = _known(cell, book, pattern, year)
    paid, outstanding = _sums(cell.claims)
    ratio = (paid + outstanding) / cell.premium if cell.premium else None
    interval = poisson_interval(count, exposure)
    return {
        "policies": len(cell.periods),
        "policy_years": exposure, "claims": count,
        "frequency": count / exposure, "frequency_interval": list(interval),
        "known_share": known, "ibnr_factor": 1.0 / known,
        "ibnr_factor_interval": [1.0 / high, 1.0 / low],
        "expected_claims": count / known, "frequency_ultimate": count / known / exposure,
        "frequency_ultimate_interval": [one / known for one in interval],
        **_sizes(cell.claims, asked.limit_fen),
        "paid_fen": paid, "outstanding_fen": outstanding, "earned_premium_fen": cell.premium,
        "loss_ratio": ratio, "loss_ratio_with_ibnr": None if ratio is None else ratio / known,
    }


def _sums(claims: Iterable[BookClaim]) -> tuple[int, int]:
    own = [one.claim for one in claims if one.claim.currency == _CURRENCY]
    return (sum(one.paid_minor or 0 for one in own),
            sum(one.outstanding_minor or 0 for one in own))


def _sizes(claims: Iterable[BookClaim], limit: Fen) -> dict[str, JSON]:
    """Mean of min(loss before deductible, limit) over the losses whose amount is of use. One that
    reached its policy's limit below this limit counts with what is known of it."""
    amounts = []
    short = 0
    for one in claims:
        row = one.claim.incident()
        if row.amount_minor is None or row.amount_screened or row.currency != _CURRENCY:
            continue
        amounts.append(min(row.amount_minor, limit))
        short += row.amount_censored and row.amount_minor < limit
    error = stdev(amounts) / len(amounts) ** 0.5 if len(amounts) > 1 else None
    return {"with_amount": len(amounts), "cut_short": short,
            "mean_limited_fen": round(fmean(amounts)) if amounts else None,
            "mean_limited_error_fen": None if error is None else round(error)}


def _segments(
    segments: dict[str, _Segment], book: Book, pattern: ReportingPattern, asked: Asked,
    prior: PriorFrequency,
) -> list[dict[str, JSON]]:
    return [{"segment": name, **_figures(one.cell, book, pattern, asked),
             "blend": _blended(one.earned, one.cell.claims, book, pattern, asked, prior)}
            for name, one in segments.items()]


def _perils(
    book: Book, whole: _Cell, pattern: ReportingPattern, asked: Asked
) -> list[dict[str, JSON]]:
    """All policies are exposed to every peril: rates share one exposure, and have no premium."""
    exposure = whole.policy_years
    known, _low, _high = _known(whole, book, pattern)
    found: dict[str, list[BookClaim]] = {}
    for one in book.claims:
        found.setdefault(one.claim.peril, []).append(one)
    rows = []
    for name, claims in sorted(found.items()):
        paid, outstanding = _sums(claims)
        rows.append({
            "segment": name, "claims": len(claims), "frequency": len(claims) / exposure,
            "frequency_interval": list(poisson_interval(len(claims), exposure)),
            "frequency_ultimate": len(claims) / known / exposure,
            **_sizes(claims, asked.limit_fen), "paid_fen": paid, "outstanding_fen": outstanding})
    return rows


def _triangle(claims: Sequence[BookClaim]) -> list[dict[str, JSON]]:
    """By year of occurrence: claims notified within so many whole years after that year began."""
    found: dict[int, Counter[int]] = {}
    for one in claims:
        if one.claim.notified is not None:
            lag = one.claim.notified.year - one.occurred.year
            found.setdefault(one.occurred.year, Counter())[lag] += 1
    rows = []
    for year, lags in sorted(found.items()):
        known, total = [], 0
        for lag in range(max(lags) + 1):
            total += lags[lag]
            known.append(total)
        rows.append({"year": year, "notified_by_calendar_year": known})
    return rows


def _credibility(
    segments: dict[str, _Segment], book: Book, pattern: ReportingPattern
) -> dict[str, JSON]:
    """Relativities of frequency by Bühlmann and Straub: a row is a segment's calendar year, its
    weight the policy-years by the share of claims known."""
    groups, values, weights = [], [], []
    for name, segment in segments.items():
        if not name:
            continue
        claims = Counter(one.occurred.year for one in segment.cell.claims)
        for year, part in segment.years.items():
            known, _low, _high = _known(part, book, pattern, year)
            weight = part.policy_years * known
            groups.append(name)
            values.append(claims[year] / weight)
            weights.append(weight)
    try:
        found = buhlmann_straub(groups, values, weights)
    except InputError as error:
        return {"segments": [], "reason": error.fault.message}
    return {"collective": found.collective, "within": found.within, "between": found.between,
            "half": None if found.between == 0.0 else found.half,
            "segments": _relativities(found), "reason": ""}


def _relativities(found: Credibility) -> list[dict[str, JSON]]:
    level = found.collective
    return [{"segment": one.name, "weight": one.weight, "own_frequency": one.mean,
             "factor": one.factor, "estimate": one.estimate,
             "relativity": one.estimate / level if level > 0.0 else None,
             "relativity_interval": [max(one.interval[0], 0.0) / level, one.interval[1] / level]
             if level > 0.0 else None} for one in found.groups]


def _blended(
    earned: Sequence[_Earned], claims_of: Sequence[BookClaim], book: Book,
    pattern: ReportingPattern, asked: Asked, prior: PriorFrequency,
) -> dict[str, JSON] | None:
    """The rating's own frequency of these policies, moved by their claims. None where no policy
    has both an industry and a revenue; others are then left out on both sides."""
    rated = _Cell()
    expected = 0.0
    for one in earned:
        period = one.period
        rate = None if period.revenue_fen is None or not period.section else prior(
            period.section, period.revenue_fen)
        if rate is not None:
            rated.add(one)
            expected += rate * one.years
    exposure = rated.policy_years
    if exposure == 0.0:
        return None
    held = {id(one) for one in rated.periods}
    claims = sum(id(one.period) in held for one in claims_of)
    known, _low, _high = _known(rated, book, pattern)
    found = blend(Prior(expected / exposure, asked.prior_variation), Observed(0.0, 0.0), 0.0,
                  Observed(float(claims), exposure * known), asked.between)
    return {"prior": found.prior.mean, "prior_interval": [found.prior.low, found.prior.high],
            "claims": claims, "known_policy_years": exposure * known,
            "own": claims / (exposure * known), "blended": found.own.mean,
            "interval": [found.own.low, found.own.high], "factor": found.factor,
            "relative_to_prior": found.own.mean / found.prior.mean}


def _warnings(
    book: Book, pattern: ReportingPattern, document: dict[str, JSON]
) -> Iterable[str]:
    for reason, count in book.left_out.items():
        yield f"{count} left out: {reason}"
    if pattern.origin == "shipped":
        yield ("too few own claims have a day of notice: what is still to come rests on a foreign "
               "register, not on this book")
    for row in document["by_year"]:
        if row["known_share"] < _TOO_YOUNG:
            yield (f"of {row['year']} only {row['known_share']:.1%} is known by now: its IBNR "
                   "factor says little, the blend says more")
    foreign = sum(one.claim.currency != _CURRENCY for one in book.claims) + sum(
        one.currency != _CURRENCY for one in book.periods)
    if foreign:
        yield f"{foreign} rows are in another currency: counted, and left out of amounts"
    open_claims = sum(one.claim.state == "open" for one in book.claims)
    if open_claims:
        yield f"{open_claims} claims are open: their amounts are estimates"
    unpriced = sum(one.premium_minor is None for one in book.periods)
    if unpriced:
        yield f"{unpriced} policies have no premium: the loss ratio is too high by them"
    for axis, reason in ((axis, found["reason"])
                         for axis, found in document["credibility"].items()):
        if reason:
            yield f"no credibility by {axis}: {reason}"
