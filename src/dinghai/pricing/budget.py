"""The best fixes for a budget: what an enterprise should spend first, and how near that is to best.

The objective is the expected payment of a year. Small cases are enumerated; others are filled by
gain for money and improved by swaps, and branch and bound says what no plan can pass. Worths
overlap and some controls help only when complete: the first greedy answer is not always the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count, product
from math import prod
from typing import Final

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, multiply_divide
from dinghai.foundation.trace import Source
from dinghai.losses.evaluation import Evaluator
from dinghai.pricing.claims_history import ClaimsHistory
from dinghai.pricing.experience_rating import ExperienceRating, without_history
from dinghai.pricing.posture_value import (
    FREQUENCY,
    Logs,
    PostureValue,
    added,
    largest_fall,
)
from dinghai.pricing.premium import Premium
from dinghai.pricing.quote import Pricer, priced_policy
from dinghai.pricing.rating import FixCosts, load_fix_costs
from dinghai.vocabulary.indicators import HIGHEST_SCORE
from dinghai.wording.policy import Schedule

FIX_PLAN_SCHEMA: Final = "dinghai.fix-plan/1"
ENUMERATED: Final = 4096
"""Up to this many combinations are all tried."""

_SWAP_ROUNDS = 3
_NODES = 400


@dataclass(frozen=True, slots=True)
class Option:
    """Raising an indicator from today to one score; ``change`` is what that does to the logs."""

    indicator: str
    to_ppm: int
    cost_fen: Fen
    change: Logs


@dataclass(frozen=True, slots=True)
class PlannedFix:
    """One fix of the plan, in the order of its worth; reductions on top of those before it."""

    indicator: str
    from_ppm: int | None
    to_ppm: int
    cost_fen: Fen
    expected_loss_reduction_fen: Fen
    technical_reduction_fen: Fen
    charged_reduction_fen: Fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {name: getattr(self, name) for name in PlannedFix.__slots__}


@dataclass(frozen=True, slots=True)
class FixPlan:
    """The plan. Amounts are fen a year (costs: of the first year), premiums net of VAT.

    ``averted_fen`` is the expected payment the plan saves before the annual aggregate; no plan
    within the budget saves more than ``bound_fen``. ``gap_ppm`` is what may be missing to it,
    nothing where every combination was tried (``exact``). With a claims history the premiums are
    those of quotes with it; the search still looks at what the model expects to be paid, before
    the experience modification.
    """

    budget_fen: Fen
    cost_fen: Fen
    fixes: tuple[PlannedFix, ...]
    before: Premium
    after: Premium
    averted_fen: Fen
    bound_fen: Fen
    exact: bool
    without_cost: tuple[str, ...]
    costs: Source
    experience: ExperienceRating | None = None

    @property
    def gap_ppm(self) -> int:
        """How much better the best plan could be, as a share of the bound."""
        if self.exact or self.bound_fen <= 0:
            return 0
        return multiply_divide(max(self.bound_fen - self.averted_fen, 0), PPM, self.bound_fen,
                               "half_up")

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.fix-plan/1)."""
        return {
            **({} if self.experience is None else {"experience": self.experience.brief()}),
            "schema": FIX_PLAN_SCHEMA,
            "budget_fen": self.budget_fen,
            "cost_fen": self.cost_fen,
            "fixes": [one.to_dict() for one in self.fixes],
            "before": _figures(self.before),
            "after": _figures(self.after),
            "averted_fen": self.averted_fen,
            "bound_fen": self.bound_fen,
            "gap_ppm": self.gap_ppm,
            "exact": self.exact,
            "without_cost": list(self.without_cost),
            "costs": self.costs.to_dict(),
        }


def _figures(premium: Premium) -> dict[str, JSON]:
    return {"expected_loss_fen": premium.pure, "technical_net_fen": premium.technical_net,
            "charged_net_fen": _unfloored(premium)}


def _unfloored(premium: Premium) -> Fen:
    """Charged without the filed minimum, which would hide what a fix is worth."""
    return premium.charged_net - premium.minimum_adjustment


def best_fixes(
    pricer: Pricer, schedule: Schedule, budget_fen: Fen, costs: FixCosts | None = None,
    history: ClaimsHistory | None = None,
) -> FixPlan:
    """The plan for a budget in fen. Raises InputError for a budget that is not positive.

    ``costs`` are the enterprise's own, else those that ship; ``history`` that of the quote.
    """
    if budget_fen <= 0:
        raise InputError("a budget is above zero", field="budget", mend="give an amount")
    costs = costs or load_fix_costs()
    policy = priced_policy(pricer.product, schedule, pricer.assessment.on)
    evaluator = Evaluator.of(policy)
    base = pricer.model if history is None else without_history(pricer.model, pricer.experience)
    value = PostureValue(base, evaluator)
    options, without = _options(pricer, value, costs, budget_fen, history)
    search = _Search(value, value.logs(base.posture), options, budget_fen)
    chosen, bound = search.best()
    averted = search.averted(chosen)
    posture = dict(pricer.model.posture)
    model = pricer.model
    today = pricer.priced(evaluator, model, history)
    before = previous = today.premium
    fixes = []
    for option in search.ordered(chosen):
        posture[option.indicator] = option.to_ppm
        model = model.with_posture(posture)
        after = pricer.priced(evaluator, model, history).premium
        fixes.append(PlannedFix(
            option.indicator, pricer.model.posture.get(option.indicator), option.to_ppm,
            option.cost_fen, previous.pure - after.pure,
            previous.technical_net - after.technical_net,
            _unfloored(previous) - _unfloored(after)))
        previous = after
    return FixPlan(
        budget_fen=budget_fen, cost_fen=sum(one.cost_fen for one in fixes), fixes=tuple(fixes),
        before=before, after=previous, averted_fen=round(averted), bound_fen=round(bound),
        exact=bound <= averted,
        without_cost=without, costs=costs.origin(), experience=today.experience)


def step_cost(full_fen: Fen, from_ppm: int, to_ppm: int) -> Fen:
    """A step's share of what full marks from nothing cost; nothing is free."""
    return max(multiply_divide(full_fen, to_ppm - from_ppm, PPM, "half_up"), 1)


def _options(
    pricer: Pricer, value: PostureValue, costs: FixCosts, budget_fen: Fen,
    history: ClaimsHistory | None,
) -> tuple[dict[str, list[Option]], tuple[str, ...]]:
    """What the budget can buy of each indicator, and the indicators without a cost."""
    exposure = pricer.model.exposure
    prior = int(pricer.model.tables.controls["missing_prior_ppm"])
    found: dict[str, list[Option]] = {}
    without = []
    for indicator in pricer.fixable(history):
        score = pricer.model.posture.get(indicator)
        known = prior if score is None else score
        if known >= PPM:
            continue
        full = costs.full(indicator, endpoints=exposure.endpoints, people=exposure.headcount)
        if full is None:
            without.append(indicator)
            continue
        for anchor in range(known * HIGHEST_SCORE // PPM + 1, HIGHEST_SCORE + 1):
            target = anchor * PPM // HIGHEST_SCORE
            cost = step_cost(full, known, target)
            if cost <= budget_fen:
                found.setdefault(indicator, []).append(Option(
                    indicator, target, cost, value.steps(indicator, known / PPM, target / PPM)))
    return found, tuple(without)


Chosen = dict[str, Option]


@dataclass(slots=True)
class _Search:
    """Looks for the choice of at most one option an indicator that averts most."""

    value: PostureValue
    today: Logs
    options: Mapping[str, list[Option]]
    budget: Fen
    _expected_today: float = field(init=False)
    _alone_known: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._expected_today = self.value.expected(self.today)

    def averted(self, chosen: Chosen) -> float:
        logs = self.today
        for option in chosen.values():
            logs = added(logs, option.change)
        return self._expected_today - self.value.expected(logs)

    def best(self) -> tuple[Chosen, float]:
        """The best choice found, and what no choice averts more than."""
        if prod(len(some) + 1 for some in self.options.values()) <= ENUMERATED:
            chosen = max(self._all(), key=self.averted)
            return chosen, self.averted(chosen)
        return self.bounded(self._improved(self._filled({})))

    def _all(self) -> Iterator[Chosen]:
        for picks in product(*((None, *some) for some in self.options.values())):
            chosen = {one.indicator: one for one in picks if one is not None}
            if _cost(chosen) <= self.budget:
                yield chosen

    def _filled(self, chosen: Chosen) -> Chosen:
        """Add what gains most for its money until nothing more fits.

        Gains that are no longer fresh are looked at again only when they lead.
        """
        chosen = dict(chosen)
        averted, left = self.averted(chosen), self.budget - _cost(chosen)
        stale = {(one.indicator, one.to_ppm): float("inf")
                 for some in self.options.values() for one in some}
        fresh: set[tuple[str, int]] = set()
        by_key = {(one.indicator, one.to_ppm): one
                  for some in self.options.values() for one in some}
        while stale:
            key = max(stale, key=lambda one: (stale[one], one))
            option = by_key[key]
            held = chosen.get(option.indicator)
            extra = option.cost_fen - (held.cost_fen if held else 0)
            if extra > left or extra <= 0:
                del stale[key]
                continue
            if key in fresh:
                if stale[key] <= 0.0:
                    break
                chosen[option.indicator] = option
                averted, left = self.averted(chosen), left - extra
                del stale[key]
                fresh.clear()
                continue
            gain = self.averted({**chosen, option.indicator: option}) - averted
            stale[key] = gain / extra
            fresh.add(key)
        return chosen

    def _improved(self, chosen: Chosen) -> Chosen:
        """Give up one fix, fill again; keep what averts more, until nothing does."""
        best = self.averted(chosen)
        for _ in range(_SWAP_ROUNDS):
            tried = [self._swapped(chosen, given_up) for given_up in chosen]
            leader = max(tried, key=self.averted, default=chosen)
            averted = self.averted(leader)
            if averted <= best * (1.0 + 1e-12):
                return chosen
            chosen, best = leader, averted
        return chosen

    def _swapped(self, chosen: Chosen, given_up: str) -> Chosen:
        """The best single fix in place of one, and whatever fits beside it."""
        rest = {name: one for name, one in chosen.items() if name != given_up}
        left = self.budget - _cost(rest)
        others = [one for name, some in self.options.items() if name not in rest
                  for one in some if one.cost_fen <= left]
        leader = max(others, key=lambda one: self.averted({**rest, one.indicator: one}))
        return self._filled({**rest, leader.indicator: leader})

    def ordered(self, chosen: Chosen) -> list[Option]:
        """The chosen fixes, the next always the one that gains most for its money."""
        done: Chosen = {}
        order = []
        while len(done) < len(chosen):
            averted = self.averted(done)
            leader = max(
                (one for name, one in chosen.items() if name not in done),
                key=lambda one: ((self.averted({**done, one.indicator: one}) - averted)
                                 / one.cost_fen, one.indicator))
            done[leader.indicator] = leader
            order.append(leader)
        return order

    def bounded(self, chosen: Chosen) -> tuple[Chosen, float]:
        """Branch and bound from a good choice: the best one met, and what none can pass.

        Best bound first, one indicator more decided at each branch, cut short after a while: the
        most that an open branch could give bounds the best plan.
        """
        best = self.averted(chosen)
        number = count()
        start = _Node({}, frozenset(), self._most({}, frozenset()))
        heap = [(-start.most, next(number), start)]
        for _ in range(_NODES):
            if not heap or -heap[0][0] <= best:
                break
            node = heappop(heap)[2]
            if (averted := self.averted(node.chosen)) > best:
                chosen, best = node.chosen, averted
            for child in self._branches(node):
                if child.most > best:
                    heappush(heap, (-child.most, next(number), child))
        return chosen, max(best, -heap[0][0]) if heap else best

    def _branches(self, node: _Node) -> Iterator[_Node]:
        """The node with its dearest open indicator decided in every way."""
        left = self.budget - _cost(node.chosen)
        open_ones = [some for name, some in self.options.items()
                     if name not in node.decided and some[0].cost_fen <= left]
        if not open_ones:
            return
        some = max(open_ones, key=lambda one: (self._alone(one, left), one[0].indicator))
        decided = node.decided | {some[0].indicator}
        for pick in (None, *(one for one in some if one.cost_fen <= left)):
            chosen = node.chosen if pick is None else {**node.chosen, pick.indicator: pick}
            yield _Node(chosen, decided, min(node.most, self._most(chosen, decided)))

    def _alone(self, some: list[Option], left: Fen) -> float:
        """What the dearest affordable step of an indicator averts alone."""
        option = [one for one in some if one.cost_fen <= left][-1]
        if option.indicator not in self._alone_known:
            self._alone_known[option.indicator] = self.averted({option.indicator: option})
        return self._alone_known[option.indicator]

    def _most(self, chosen: Chosen, decided: frozenset[str]) -> float:
        """An upper bound of what any completion of a choice averts.

        Two bounds hold: every affordable open fix at once; and, with their severity given for
        nothing, a frequency that falls by no more than each fix's own largest share
        (1 − Π(1 − s) ≤ Σ s), for which the fractional knapsack is the most.
        """
        now = self.today
        for option in chosen.values():
            now = added(now, option.change)
        left = self.budget - _cost(chosen)
        open_ones = [affordable for name, some in self.options.items() if name not in decided
                     if (affordable := [one for one in some if one.cost_fen <= left])]
        logs = now
        for some in open_ones:
            logs = added(logs, some[-1].change)
        free = {peril: self.value.rate(peril, now[peril][FREQUENCY])
                * self.value.mean(peril, logs[peril]) for peril in logs}
        total, rest = self._expected_today - sum(free.values()), float(left)
        for density, cost, most in sorted((_item(some, free) for some in open_ones),
                                          reverse=True):
            spent = min(rest, cost)
            total += min(density * spent, most)
            rest -= spent
        return min(total, self._expected_today - self.value.expected(logs))


@dataclass(frozen=True, slots=True)
class _Node:
    """A partial choice: what is chosen, which indicators are decided, and the most it can give."""

    chosen: Chosen
    decided: frozenset[str]
    most: float


def _item(some: list[Option], free: Mapping[str, float]) -> tuple[float, float, float]:
    """An indicator in the fractional knapsack: gain per fen, cost and gain at most."""
    worth = [sum(free[peril] * largest_fall(part) for peril, part in one.change.items())
             for one in some]
    density = max(gain / one.cost_fen for gain, one in zip(worth, some, strict=True))
    return density, float(some[-1].cost_fen), max(worth)


def _cost(chosen: Chosen) -> Fen:
    return sum(one.cost_fen for one in chosen.values())
