"""The same risk under two sets of tables: both prices, and which change moved the premium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.losses.evaluation import LossEvaluation, evaluate
from dinghai.pricing.premium import Premium, make_premium
from dinghai.pricing.quote import Pricer, priced_policy
from dinghai.pricing.rating import Rating
from dinghai.pricing.referral import ReferralRules
from dinghai.wording.policy import Schedule

PARTS: Final = (
    "loads.parameter", "loads.risk", "loads.catastrophe", "service", "expenses.expense",
    "expenses.commission", "expenses.profit", "expenses.guarantee_fund", "market", "filed",
)
"""The parts of a rating that move the charged premium, in the order in which they are changed."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What a price rests on besides the losses: a rating and rules of referral."""

    rating: Rating
    referral: ReferralRules


@dataclass(frozen=True, slots=True)
class PricedUnder:
    """One price under one set of tables."""

    premium: Premium
    outcome: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price before and after; ``steps`` add up to the change of the charged premium, in fen.

    A step is (part of the rating, fen); the parts are changed one after the other in the order of
    ``PARTS``, so that joint effects stand with the later one.
    """

    before: PricedUnder
    after: PricedUnder
    steps: tuple[tuple[str, Fen], ...]

    @property
    def change_fen(self) -> Fen:
        """Charged premium after less before."""
        return self.after.premium.charged_net - self.before.premium.charged_net

    @property
    def change_ppm(self) -> int:
        """The change as a share of the charged premium before."""
        before = max(self.before.premium.charged_net, 1)
        sign = -1 if self.change_fen < 0 else 1
        return sign * multiply_divide(abs(self.change_fen), PPM, before, "half_up")


def reprice(pricer: Pricer, schedule: Schedule, before: Tables, after: Tables) -> PriceChange:
    """Price one schedule under both. The losses are worked out once: no table moves them.

    Raises InputError for a schedule that the product does not allow.
    """
    policy = priced_policy(pricer.product, schedule, pricer.assessment.on)
    evaluation = evaluate(pricer.model, policy)
    steps: list[tuple[str, Fen]] = []
    rating = before.rating
    charged = _premium(pricer, evaluation, rating, policy.days).charged_net
    for part, rating in _changed(before.rating, after.rating):
        now = _premium(pricer, evaluation, rating, policy.days).charged_net
        steps.append((part, now - charged))
        charged = now
    return PriceChange(
        _under(pricer, schedule, evaluation, before, policy.days),
        _under(pricer, schedule, evaluation, after, policy.days),
        tuple(steps))


def _premium(pricer: Pricer, evaluation: LossEvaluation, rating: Rating, days: int) -> Premium:
    return make_premium(evaluation, rating, revenue_fen=pricer.model.exposure.revenue_fen,
                        days=days)


def _under(
    pricer: Pricer, schedule: Schedule, evaluation: LossEvaluation, tables: Tables, days: int
) -> PricedUnder:
    premium = _premium(pricer, evaluation, tables.rating, days)
    rate = multiply_divide(premium.charged_net, PPM, schedule.aggregate_limit_fen, "half_up")
    under = Pricer(pricer.dossier, pricer.assessment, pricer.product, tables.rating, pricer.model,
                   tables.referral, pricer.screening)
    referral = under.referred(schedule, premium, rate)
    assessed = pricer.assessment
    return PricedUnder(premium, referral.stricter(str(assessed.outcome)),
                       (*assessed.outcome_reasons, *referral.reasons))


def _changed(before: Rating, after: Rating) -> Iterator[tuple[str, Rating]]:
    """The rating with one more part taken from the later one, for each part that differs."""
    rating = before
    for part in PARTS:
        group, _dot, name = part.partition(".")
        old, new = getattr(rating, group), getattr(after, group)
        if name:
            new = msgspec.structs.replace(old, **{name: getattr(new, name)})
        if new != old:
            rating = msgspec.structs.replace(rating, **{group: new})
            yield part, rating
