"""The way from the book's average to the premium, step by step; the steps add up to the fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.foundation.trace import Source
from dinghai.losses.evaluation import LossEvaluation
from dinghai.losses.frequency import latent_factor
from dinghai.losses.model import LossModel
from dinghai.losses.tables import PERILS, source_of
from dinghai.pricing.experience_rating import ExperienceRating
from dinghai.pricing.premium import Premium, whole_fen
from dinghai.pricing.rating import Rating


@dataclass(frozen=True, slots=True)
class WaterfallRow:
    """One step: what it adds, what stands after it, and the ratio of after to before in ppm."""

    code: str
    amount_fen: Fen
    after_fen: Fen
    factor_ppm: int | None
    source: Source

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"code": self.code, "amount_fen": self.amount_fen, "after_fen": self.after_fen,
                "factor_ppm": self.factor_ppm, "source": self.source.to_dict()}


def per_event(model: LossModel, evaluation: LossEvaluation) -> dict[str, float]:
    """Mean payment of one event of each peril in fen, before the annual aggregate."""
    weights = latent_factor(model.tables).event_weights
    return {
        peril: sum(w * m for w, m in
                   zip(weights, evaluation.payments[peril].mean["total"], strict=True))
        for peril in PERILS
    }


def loss_steps(
    model: LossModel, evaluation: LossEvaluation, neutral: LossEvaluation
) -> list[tuple[str, Fen, Source]]:
    """Expected payments of a year after each step, from the book's average to this enterprise.

    All steps use the enterprise's own amounts at stake and the policy's own terms; the first ones
    replace its frequency, mix and controls by the book's.
    """
    tables = model.tables
    book = tables.frequency["book"]
    book_mix = tables.frequency["book_mix"]
    plain, own = per_event(model, neutral), per_event(model, evaluation)
    frequencies = {peril: model.perils[peril].frequency for peril in PERILS}
    base = frequencies[PERILS[0]].base

    def total(rate: Mapping[str, float], payment: Mapping[str, float]) -> Fen:
        return whole_fen(sum(rate[p] * payment[p] for p in PERILS))

    by_mix = {p: float(book_mix[p]) for p in PERILS}
    at_book = {p: float(book["frequency"]) * by_mix[p] for p in PERILS}
    at_size = {p: base * by_mix[p] for p in PERILS}
    at_industry = {p: base * frequencies[p].industry * frequencies[p].mix for p in PERILS}
    at_exposure = {p: at_industry[p] * frequencies[p].exposure for p in PERILS}
    at_controls = {p: frequencies[p].per_year for p in PERILS}
    judgement = Source("Control effects in logs, saturated", "D")
    return [
        ("book_average", total(at_book, plain), source_of(book)),
        ("size", total(at_size, plain), source_of(tables.frequency["bands"][0])),
        ("industry", total(at_industry, plain), model.industry.source),
        ("exposure", total(at_exposure, plain), source_of(tables.frequency["modifier_bounds"])),
        ("controls_frequency", total(at_controls, plain), judgement),
        ("controls_severity", total(at_controls, own), judgement),
        ("annual_aggregate", whole_fen(evaluation.expected),
         Source("Distribution of the year through the policy's own terms", "D")),
    ]


def waterfall(
    model: LossModel,
    evaluation: LossEvaluation,
    neutral: LossEvaluation,
    premium: Premium,
    rating: Rating,
    experience: ExperienceRating | None = None,
) -> tuple[WaterfallRow, ...]:
    """All steps up to what the customer pays. Each row's ``after`` is the sum of the amounts."""
    rows: list[WaterfallRow] = []
    after = 0
    for code, value, source in loss_steps(model, evaluation, neutral):
        factor = multiply_divide(value, PPM, after, "half_up") if after > 0 else None
        rows.append(WaterfallRow(code, value - after, value, factor, source))
        after = value
    loads, market = rating.loads, rating.market
    expenses = dict(rating.expenses.items())
    for code, amount, source in (
        *_by_history(premium.experience_adjustment, "experience",
                     None if experience is None else experience.source),
        ("parameter", premium.parameter, loads.parameter.origin()),
        ("risk", premium.risk, loads.risk.origin()),
        ("catastrophe", premium.catastrophe, loads.catastrophe.origin()),
        ("service", premium.service, rating.service.origin()),
        ("expense", premium.expense, expenses["expense"].origin()),
        ("commission", premium.commission, expenses["commission"].origin()),
        ("profit", premium.profit, expenses["profit"].origin()),
        ("guarantee_fund", premium.guarantee_fund, expenses["guarantee_fund"].origin()),
        ("market", premium.market_adjustment, market.origin()),
        *_by_history(premium.no_claims_adjustment, "no_claims_credit",
                     None if experience is None else
                     experience.table.no_claims.origin()),
        ("days", premium.days_adjustment, Source("Days of cover", "T")),
        ("minimum", premium.minimum_adjustment, rating.filed.origin()),
        ("vat", premium.vat, rating.tax.origin()),
    ):
        if code in ("days", "minimum") and amount == 0:
            continue
        before, after = after, after + amount
        factor = multiply_divide(after, PPM, before, "half_up") if before > 0 else None
        rows.append(WaterfallRow(code, amount, after, factor, source))
    return tuple(rows)


def _by_history(
    amount: Fen | None, code: str, source: Source | None
) -> tuple[tuple[str, Fen, Source], ...]:
    """A row that only a claims history makes."""
    return () if amount is None or source is None else ((code, amount, source),)
