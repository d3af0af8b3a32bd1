"""The same risk under two sets of tables: both prices, and which change moved the premium."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.losses.evaluation import Evaluator
from dinghai.pricing.claims_history import ClaimsHistory
from dinghai.pricing.experience_table import ExperienceTable, load_experience_table
from dinghai.pricing.premium import Premium, make_premium
from dinghai.pricing.quote import Priced, Pricer, priced_policy
from dinghai.pricing.rating import Rating
from dinghai.pricing.referral import ReferralRules
from dinghai.wording.policy import Schedule

PARTS: Final = (
    "loads.parameter", "loads.risk", "loads.catastrophe", "service", "expenses.expense",
    "expenses.commission", "expenses.profit", "expenses.guarantee_fund", "market", "filed",
)
"""The parts of a rating that move the charged premium, in the order in which they are changed."""

EXPERIENCE_PART: Final = "experience"
"""The step of another table of experience rating, after those of the rating."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What a price rests on besides the losses: a rating, rules of referral, and how own claims
    are rated."""

    rating: Rating
    referral: ReferralRules
    experience: ExperienceTable = field(default_factory=load_experience_table)


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
    ``PARTS``, so that joint effects stand with the later one. With a claims history the table of
    experience rating is the last step.
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


def reprice(
    pricer: Pricer, schedule: Schedule, before: Tables, after: Tables,
    history: ClaimsHistory | None = None,
) -> PriceChange:
    """Price one schedule under both, with the history that the quote had.

    Raises InputError for a schedule that the product does not allow.
    """
    desk = _Desk(pricer, schedule, Evaluator.of(
        priced_policy(pricer.product, schedule, pricer.assessment.on)), history)
    steps: list[tuple[str, Fen]] = []
    charged = desk.premium(before).charged_net
    for part, rating in _changed(before.rating, after.rating):
        now = desk.premium(Tables(rating, before.referral, before.experience)).charged_net
        steps.append((part, now - charged))
        charged = now
    if history is not None and before.experience != after.experience:
        steps.append((EXPERIENCE_PART, desk.premium(after).charged_net - charged))
    return PriceChange(desk.under(before), desk.under(after), tuple(steps))


@dataclass(frozen=True, slots=True)
class _Desk:
    """Prices one schedule of one dossier, with one history, under any tables."""

    pricer: Pricer
    schedule: Schedule
    evaluator: Evaluator
    history: ClaimsHistory | None
    _worked_out: dict[ExperienceTable | None, Priced] = field(default_factory=dict)

    def pricer_under(self, tables: Tables) -> Pricer:
        return replace(self.pricer, rating=tables.rating, referral=tables.referral,
                       experience=tables.experience)

    def premium(self, tables: Tables) -> Premium:
        """The losses are worked out once: no rating moves them, and without a history no table.
        """
        key = None if self.history is None else tables.experience
        if key not in self._worked_out:
            self._worked_out[key] = self.pricer_under(tables).priced(
                self.evaluator, self.pricer.model, self.history)
        found = self._worked_out[key]
        return make_premium(
            found.evaluation, tables.rating, revenue_fen=self.pricer.model.exposure.revenue_fen,
            days=self.evaluator.policy.days,
            history=None if found.experience is None else found.experience.effect)

    def under(self, tables: Tables) -> PricedUnder:
        premium = self.premium(tables)
        rate = multiply_divide(premium.charged_net, PPM, self.schedule.aggregate_limit_fen,
                               "half_up")
        referral = self.pricer_under(tables).referred(self.schedule, premium, rate)
        assessed = self.pricer.assessment
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
