"""Premium arithmetic in whole fen (DECISIONS 24): every row adds up exactly."""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, apply_ppm, multiply_divide, split
from dinghai.pricing.principles import Evaluated, risk_load
from dinghai.pricing.rating import Rating


@dataclass(frozen=True, slots=True)
class HistoryEffect:
    """What the claims history of one insured does: a factor on what is expected of it, and a
    commercial discount on what it is charged, both in ppm."""

    modification_ppm: int
    credit_ppm: int


@dataclass(frozen=True, slots=True)
class Premium:
    """A premium and its parts, in fen. ``net`` amounts are before VAT.

    technical_net = pure + parameter + risk + catastrophe + service + expense + commission
    + profit + guarantee_fund. charged_net = technical × market factor, by day of cover, and not
    below the filed minimum. gross = charged_net + VAT: what the customer pays. Stamp duty stands
    apart. ``adequacy_ppm`` = charged ÷ technical for the same days.

    With a claims history ``pure`` and the loads that follow it are those after the experience
    modification (``experience_adjustment`` is what it moved ``pure`` by), and the no-claims credit
    (无赔款优待) stands between market factor and days; without one these fields are None.
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
    experience_modification_ppm: int | None = None
    experience_adjustment: Fen | None = None
    no_claims_credit_ppm: int | None = None
    no_claims_adjustment: Fen | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; amounts end in ``_fen``. What only a history makes is left out without."""
        return {
            name if name.endswith("_ppm") else f"{name}_fen": value
            for name in Premium.__slots__ if (value := getattr(self, name)) is not None
        }


def whole_fen(amount: float) -> Fen:
    """Nearest fen, halves up."""
    return int(amount + 0.5)


def make_premium(
    evaluation: Evaluated, rating: Rating, *, revenue_fen: Fen, days: int = 365,
    history: HistoryEffect | None = None,
) -> Premium:
    """The premium of an evaluated year. ``days`` of cover below a year are charged by day.

    A history moves expected payments, variance and common part by its modification; its no-claims
    credit lowers the market factor, not below the filed minimum (报行合一).

    Raises InputError for no day or more than a leap year.
    """
    if not 0 < days <= 366:
        raise InputError(f"{days} days of cover cannot be priced", field="days",
                         mend="give a period of at most one year")
    modification = PPM if history is None else history.modification_ppm
    before = whole_fen(evaluation.expected)
    pure = apply_ppm(before, modification)
    parameter = apply_ppm(pure, rating.loads.parameter.ppm_of_pure)
    risk = apply_ppm(whole_fen(risk_load(evaluation, rating.loads.risk)), modification)
    catastrophe = apply_ppm(apply_ppm(whole_fen(evaluation.common), modification),
                            rating.loads.catastrophe.ppm_of_common)
    service = rating.service.cost(revenue_fen)
    loaded = pure + parameter + risk + catastrophe + service
    shares = [share.ppm for _, share in rating.expenses.items()]
    technical = multiply_divide(loaded, PPM, PPM - sum(shares), "half_up")
    expense, commission, profit, guarantee_fund = split(technical - loaded, shares)
    factor = rating.market.factor_ppm
    at_market = apply_ppm(technical, factor)
    charged_factor = factor if history is None else min(factor, max(
        apply_ppm(factor, PPM - history.credit_ppm), rating.filed.factor_minimum_ppm))
    credited = apply_ppm(technical, charged_factor)
    year = 365 if days <= 365 else 366
    by_day = multiply_divide(credited, days, year, "half_up")
    charged = max(by_day, rating.filed.minimum_premium_fen)
    vat = apply_ppm(charged, rating.tax.vat_ppm)
    technical_days = max(multiply_divide(technical, days, year, "half_up"), 1)
    return Premium(
        pure=pure, parameter=parameter, risk=risk, catastrophe=catastrophe, service=service,
        expense=expense, commission=commission, profit=profit, guarantee_fund=guarantee_fund,
        technical_net=technical, market_factor_ppm=factor,
        market_adjustment=at_market - technical,
        days_adjustment=by_day - credited,
        minimum_adjustment=charged - by_day,
        charged_net=charged, vat=vat, gross=charged + vat,
        stamp_duty=apply_ppm(charged, rating.tax.stamp_duty_ppm),
        technical_gross=technical + apply_ppm(technical, rating.tax.vat_ppm),
        adequacy_ppm=multiply_divide(charged, PPM, technical_days, "half_up"),
        experience_modification_ppm=None if history is None else modification,
        experience_adjustment=None if history is None else pure - before,
        no_claims_credit_ppm=None if history is None else (
            PPM - multiply_divide(charged_factor, PPM, factor, "half_up")),
        no_claims_adjustment=None if history is None else credited - at_market,
    )
