"""Why this premium: an exact additive decomposition from the industry's average firm to this one.

The Shapley value of six groups of factors over all 64 mixtures of the two firms, each through the
policy's own terms on the same grid of events. No order is preferred, nothing is left over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import factorial
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import Fen
from dinghai.foundation.trace import Trace
from dinghai.losses.evaluation import Evaluator
from dinghai.losses.exposure import Exposure
from dinghai.losses.model import Events, LossModel
from dinghai.losses.reference import EXPOSURE_GROUPS, industry_average, mixed_exposure
from dinghai.losses.tables import PERILS, source_of
from dinghai.pricing.premium import Premium, make_premium
from dinghai.pricing.rating import Rating

EXPLANATION_SCHEMA: Final = "dinghai.explanation/1"
GROUPS: Final[tuple[str, ...]] = (*EXPOSURE_GROUPS, "controls_frequency", "controls_severity")
"""The groups of factors, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one group adds to the average firm's price, in fen a year, and what it consists of.

    The pure parts of all groups add up to the difference of the two pure premiums, the technical
    parts to that of the two technical net premiums.
    """

    group: str
    pure_fen: Fen
    technical_fen: Fen
    factors: tuple[Trace, ...]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"group": self.group, "pure_fen": self.pure_fen,
                "technical_fen": self.technical_fen,
                "factors": [one.to_dict() for one in self.factors]}


@dataclass(frozen=True, slots=True)
class Explanation:
    """From the average firm of the industry to this enterprise, for a whole year of cover."""

    industry: str
    average: Exposure
    average_pure_fen: Fen
    average_technical_fen: Fen
    contributions: tuple[Contribution, ...]
    pure_fen: Fen
    technical_fen: Fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.explanation/1)."""
        return {
            "schema": EXPLANATION_SCHEMA,
            "industry": self.industry,
            "average_firm": {name: getattr(self.average, name) for name in Exposure.__slots__},
            "average_pure_fen": self.average_pure_fen,
            "average_technical_fen": self.average_technical_fen,
            "contributions": [one.to_dict() for one in self.contributions],
            "pure_fen": self.pure_fen,
            "technical_fen": self.technical_fen,
        }


def explain(model: LossModel, evaluator: Evaluator, rating: Rating) -> Explanation:
    """Decompose the yearly pure and technical net premium of a model under a policy's terms."""
    average = industry_average(model.tables, model.exposure.industry)
    events: Events = {}

    def price(groups: frozenset[str]) -> Premium:
        mixed = model.with_exposure(
            mixed_exposure(model.exposure, average, groups), events,
            frequency_controls="controls_frequency" in groups,
            severity_controls="controls_severity" in groups)
        return make_premium(evaluator.evaluate(mixed), rating,
                            revenue_fen=mixed.exposure.revenue_fen)

    prices = {groups: price(groups) for groups in subsets(GROUPS)}
    pure = shapley(GROUPS, lambda groups: prices[groups].pure)
    technical = shapley(GROUPS, lambda groups: prices[groups].technical_net)
    factors = _factors(model)
    first, last = prices[frozenset()], prices[frozenset(GROUPS)]
    return Explanation(
        industry=model.exposure.industry,
        average=average,
        average_pure_fen=first.pure,
        average_technical_fen=first.technical_net,
        contributions=tuple(
            Contribution(group, pure[group], technical[group], factors[group])
            for group in GROUPS),
        pure_fen=last.pure,
        technical_fen=last.technical_net,
    )


def subsets(players: Sequence[str]) -> Iterable[frozenset[str]]:
    """Every set of players, the empty one first."""
    for size in range(len(players) + 1):
        yield from map(frozenset, combinations(players, size))


def shapley(players: Sequence[str], value: Callable[[frozenset[str]], int]) -> dict[str, int]:
    """The Shapley value of each player in whole units that add up to value(all) − value(none).

    Exact rational shares, then rounded down; what is missing goes to the largest remainders, the
    first listed first.
    """
    count = len(players)
    exact = {}
    for player in players:
        others = [one for one in players if one != player]
        exact[player] = sum(
            (Fraction(factorial(len(group)) * factorial(count - len(group) - 1),
                      factorial(count)) * (value(group | {player}) - value(group))
             for group in subsets(others)), Fraction(0))
    whole = {player: share.__floor__() for player, share in exact.items()}
    missing = value(frozenset(players)) - value(frozenset()) - sum(whole.values())
    for player in sorted(players, key=lambda one: whole[one] - exact[one])[:missing]:
        whole[player] += 1
    return whole


def _factors(model: LossModel) -> dict[str, tuple[Trace, ...]]:
    """The rows of the tables behind each group, with source, confidence and interval."""
    severity = model.tables.severity
    found: dict[str, list[Trace]] = {group: [] for group in GROUPS}
    owner = {name: group for group, names in EXPOSURE_GROUPS.items() for name in names}
    owner |= {"online_revenue": "dependence", "endpoints": "people",
              "high_value_payments": "people", "personal_records": "data"}
    for peril in PERILS:
        frequency = model.perils[peril].frequency.trace
        for part in frequency.children:
            if part.name == "base" and peril == PERILS[0]:
                found["size"].append(part)
            for row in part.children if part.name == "exposure" else ():
                group = owner[row.name.removeprefix("exposure.")]
                found[group].append(_of_peril(peril, row))
            if part.name == "controls.frequency" and part.children:
                found["controls_frequency"].append(_of_peril(peril, part))
        found["controls_severity"] += [
            _of_peril(peril, factor.trace)
            for factor in model.perils[peril].severity_controls.values()
            if factor.trace.children]
    found["size"].append(Trace("size_bands", len(severity["bands"]), "number", "", source_of(
        severity["bands"][0])))
    found["dependence"].append(Trace(
        "interruption.elasticity", float(severity["interruption"]["elasticity"]), "number", "",
        source_of(severity["interruption"])))
    for name in ("records", "jurisdictions", "special_data"):
        row = severity[name]
        value = row.get("liability_elasticity", row.get("strength", row.get("important_data")))
        found["data"].append(Trace(name, float(value), "number", "", source_of(row)))
    return {group: tuple(rows) for group, rows in found.items()}


def _of_peril(peril: str, part: Trace) -> Trace:
    return Trace(f"peril.{peril}", part.value, part.unit, part.operation, None, (part,))
