"""Premium arithmetic in whole fen (DECISIONS 24): every row adds up exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, apply_ppm, multiply_divide, split
from dinghai.pricing.rating import Rating


@dataclass(frozen=True, slots=True)
class Premium:
    """A premium and its parts, in fen. ``net`` amounts are before VAT.

    technical_net = pure + parameter + risk + catastrophe + service + expense + commission
    + profit + guarantee_fund. charged_net = technical × market factor, by day of cover, and not
    below the filed minimum. gross = charged_net + VAT: what the customer pays. Stamp duty stands
    apart. ``adequacy_ppm`` = charged ÷ technical for the same days.
    """

    pure: Fen
    parameter: Fen
    risk: Fen
    catastrophe: Fen
    service: Fen
    expense: Fen
    commission: Fen
    profit: Fen
    guarantee_fund: Fen
    technical_net: Fen
    market_factor_ppm: int
    market_adjustment: Fen
    days_adjustment: Fen
    minimum_adjustment: Fen
    charged_net: Fen
    vat: Fen
    gross: Fen
    stamp_duty: Fen
    technical_gross: Fen
    adequacy_ppm: int

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; amounts end in ``_fen``."""
        return {
            name if name.endswith("_ppm") else f"{name}_fen": getattr(self, name)
            for name in Premium.__slots__
        }


def whole_fen(amount: float) -> Fen:
    """Nearest fen, halves up."""
    return int(amount + 0.5)


def risk_load(standard_deviation: float, tolerance_fen: Fen) -> Fen:
    """Variance ÷ (2 × risk tolerance), in fen."""
    return whole_fen(standard_deviation * standard_deviation / (2.0 * tolerance_fen))


class Evaluated(Protocol):
    """The three figures of an evaluated year that a premium is made of, in fen."""

    @property
    def expected(self) -> float: ...
    @property
    def common(self) -> float: ...
    @property
    def standard_deviation(self) -> float: ...


def make_premium(
    evaluation: Evaluated, rating: Rating, *, revenue_fen: Fen, days: int = 365
) -> Premium:
    """The premium of an evaluated year. ``days`` of cover below a year are charged by day.

    Raises InputError for no day or more than a leap year.
    """
    if not 0 < days <= 366:
        raise InputError(f"{days} days of cover cannot be priced", field="days",
                         mend="give a period of at most one year")
    pure = whole_fen(evaluation.expected)
    parameter = apply_ppm(pure, rating.loads.parameter.ppm_of_pure)
    risk = risk_load(evaluation.standard_deviation, rating.loads.risk.risk_tolerance_fen)
    catastrophe = apply_ppm(whole_fen(evaluation.common),
                            rating.loads.catastrophe.ppm_of_common)
    service = rating.service.cost(revenue_fen)
    loaded = pure + parameter + risk + catastrophe + service
    shares = [share.ppm for _, share in rating.expenses.items()]
    technical = multiply_divide(loaded, PPM, PPM - sum(shares), "half_up")
    expense, commission, profit, guarantee_fund = split(technical - loaded, shares)
    factor = rating.market.factor_ppm
    at_market = apply_ppm(technical, factor)
    year = 365 if days <= 365 else 366
    by_day = multiply_divide(at_market, days, year, "half_up")
    charged = max(by_day, rating.filed.minimum_premium_fen)
    vat = apply_ppm(charged, rating.tax.vat_ppm)
    technical_days = max(multiply_divide(technical, days, year, "half_up"), 1)
    return Premium(
        pure=pure, parameter=parameter, risk=risk, catastrophe=catastrophe, service=service,
        expense=expense, commission=commission, profit=profit, guarantee_fund=guarantee_fund,
        technical_net=technical, market_factor_ppm=factor,
        market_adjustment=at_market - technical,
        days_adjustment=by_day - at_market,
        minimum_adjustment=charged - by_day,
        charged_net=charged, vat=vat, gross=charged + vat,
        stamp_duty=apply_ppm(charged, rating.tax.stamp_duty_ppm),
        technical_gross=technical + apply_ppm(technical, rating.tax.vat_ppm),
        adequacy_ppm=multiply_divide(charged, PPM, technical_days, "half_up"),
    )
