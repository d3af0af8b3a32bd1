"""What an own book says: frequency, size, loss ratio, what is still to come, by segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from statistics import fmean, stdev
from typing import Final

from scipy import special

from dinghai.experience.blending import Observed, Prior, blend
from dinghai.experience.credibility import Credibility, buhlmann_straub
from dinghai.experience.exposures import (
    PolicyPeriod,
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
PriorFrequency = Callable[[str, Fen], float | None]
"""Claims a year that the rating expects of a section and a revenue in fen; None where it cannot."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a summary is asked for. ``limit_fen`` limits each loss in the mean; the coefficients of
    variation are those of ``fit rate``."""

    limit_fen: Fen
    prior_variation: float = 0.3
    between: float = 0.3


@dataclass(slots=True)
class _Cell:
    """A year or a segment: its periods with their days by year, and its claims."""

    periods: list[tuple[PolicyPeriod, dict[int, int]]] = field(default_factory=list)
    claims: list[BookClaim] = field(default_factory=list)
    premium: int = 0

    @property
    def policy_years(self) -> Fraction:
        return sum((policy_years(days) for _, days in self.periods), Fraction(0))


def summarise(book: Book, asked: Asked, prior: PriorFrequency) -> dict[str, JSON]:
    """The whole document (schema dinghai.experience-summary/1). Amounts are fen, in CNY alone:
    what is in another currency is counted, and left out of amounts."""
    if not book.periods:
        raise InputError("no policy of the exposures had begun by that day", field="--as-of",
                         mend="give a later day, or exposures that can be read")
    pattern = pattern_of([(one.occurred, one.claim.notified) for one in book.claims
                          if one.claim.notified is not None], book.as_of)
    whole, years = _by_year(book)
    sections = _by(book, lambda period: period.section, lambda claim: claim.section)
    sizes = _by(book, lambda period: period.size, lambda claim: claim.size)
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
        "blend": _blended(whole, book, pattern, asked, prior),
    }
    document["warnings"] = list(_warnings(book, pattern, document))
    return document


def _by_year(book: Book) -> tuple[_Cell, dict[int, _Cell]]:
    whole = _Cell()
    years: dict[int, _Cell] = {}
    for one in book.periods:
        days, premium = earned_days(one, book.as_of), _premium(one, book.as_of)
        whole.periods.append((one, days))
        whole.premium += sum(premium.values())
        for year, count in days.items():
            cell = years.setdefault(year, _Cell())
            cell.periods.append((one, {year: count}))
            cell.premium += premium.get(year, 0)
    for claim in book.claims:
        whole.claims.append(claim)
        years[claim.occurred.year].claims.append(claim)
    return whole, years


def _by(
    book: Book, of_period: Callable[[PolicyPeriod], str], of_claim: Callable[[BookClaim], str]
) -> dict[str, _Cell]:
    """Cells by a property of the policy. A claim goes where its policy's exposure goes."""
    cells: dict[str, _Cell] = {}
    for one in book.periods:
        cell = cells.setdefault(of_period(one), _Cell())
        cell.periods.append((one, earned_days(one, book.as_of)))
        cell.premium += sum(_premium(one, book.as_of).values())
    for claim in book.claims:
        cells[of_period(claim.period)].claims.append(claim)
    return dict(sorted(cells.items()))


def _premium(period: PolicyPeriod, as_of: date) -> dict[int, int]:
    return earned_premium(period, as_of) if period.currency == _CURRENCY else {}


def _known(
    cell: _Cell, book: Book, pattern: ReportingPattern, year: int | None = None
) -> tuple[float, float, float]:
    """The share known by now of what began on the cell's days of cover, with its bounds."""
    first = min(one.first for one, _ in cell.periods)
    last = min(max(one.last for one, _ in cell.periods), book.as_of)
    if year is not None:
        first, last = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
    changes = days_of((one for one, _ in cell.periods), book.as_of)
    return pattern.share(weights_by_day(changes, first, last), book.as_of)


def poisson_interval(events: int, exposure: float) -> tuple[float, float]:
    """The exact 95% interval of a rate (Garwood 1936)."""
    low = 0.0 if events == 0 else float(special.gammaincinv(events, 0.025))
    return low / exposure, float(special.gammaincinv(events + 1, 0.975)) / exposure


def _figures(
    cell: _Cell, book: Book, pattern: ReportingPattern, asked: Asked, year: int | None = None
) -> dict[str, JSON]:
    exposure, count = float(cell.policy_years), len(cell.claims)
    known, low, high = _known(cell, book, pattern, year)
    paid, outstanding = _sums(cell.claims)
    ratio = (paid + outstanding) / cell.premium if cell.premium else None
    return {
        "policies": len({(one.policy_no, one.first) for one, _ in cell.periods}),
        "policy_years": exposure, "claims": count,
        "frequency": count / exposure,
        "frequency_interval": list(poisson_interval(count, exposure)),
        "known_share": known, "ibnr_factor": 1.0 / known,
        "ibnr_factor_interval": [1.0 / high, 1.0 / low],
        "expected_claims": count / known, "frequency_ultimate": count / known / exposure,
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
    cells: dict[str, _Cell], book: Book, pattern: ReportingPattern, asked: Asked,
    prior: PriorFrequency,
) -> list[dict[str, JSON]]:
    return [{"segment": name, **_figures(cell, book, pattern, asked),
             "blend": _blended(cell, book, pattern, asked, prior)}
            for name, cell in cells.items()]


def _perils(
    book: Book, whole: _Cell, pattern: ReportingPattern, asked: Asked
) -> list[dict[str, JSON]]:
    """All policies are exposed to every peril: rates share one exposure, and have no premium."""
    exposure = float(whole.policy_years)
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
    cells: dict[str, _Cell], book: Book, pattern: ReportingPattern
) -> dict[str, JSON]:
    """Relativities of frequency by Bühlmann and Straub: a row is a segment's calendar year, its
    weight the policy-years by the share of claims known."""
    groups, values, weights = [], [], []
    for name, cell in cells.items():
        if not name:
            continue
        claims = Counter(one.occurred.year for one in cell.claims)
        for year, part in _parts(cell).items():
            known, _low, _high = _known(part, book, pattern, year)
            weight = float(part.policy_years) * known
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


def _parts(cell: _Cell) -> dict[int, _Cell]:
    parts: dict[int, _Cell] = {}
    for one, days in cell.periods:
        for year, count in days.items():
            parts.setdefault(year, _Cell()).periods.append((one, {year: count}))
    return parts


def _relativities(found: Credibility) -> list[dict[str, JSON]]:
    level = found.collective
    return [{"segment": one.name, "weight": one.weight, "own_frequency": one.mean,
             "factor": one.factor, "estimate": one.estimate,
             "relativity": one.estimate / level if level > 0.0 else None,
             "relativity_interval": [max(one.interval[0], 0.0) / level, one.interval[1] / level]
             if level > 0.0 else None} for one in found.groups]


def _blended(
    cell: _Cell, book: Book, pattern: ReportingPattern, asked: Asked, prior: PriorFrequency
) -> dict[str, JSON] | None:
    """The rating's own frequency of the cell's policies, moved by the cell's claims. None where
    no policy has both an industry and a revenue; others are then left out on both sides."""
    rated = _Cell()
    expected = 0.0
    for one, days in cell.periods:
        rate = None if one.revenue_fen is None or not one.section else prior(
            one.section, one.revenue_fen)
        if rate is not None:
            rated.periods.append((one, days))
            expected += rate * float(policy_years(days))
    exposure = float(rated.policy_years)
    if exposure == 0.0:
        return None
    held = {id(one) for one, _ in rated.periods}
    claims = sum(id(one.period) in held for one in cell.claims)
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
