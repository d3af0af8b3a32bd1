"""Every choice of a few fixes on the same events: Shapley shares, and the best choice exactly.

An event hangs only on the fixes at parties that it got into. So events are grouped by these fixes,
and each group is run under each choice of them, not each event under each choice of all; choices at
one firm that turn the same draws of an event share a course.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Final

import numpy as np

from dinghai.foundation.money import Fen
from dinghai.supplychain.costly_events import CostlyEvents
from dinghai.supplychain.fixes import Fix
from dinghai.supplychain.reruns import Change, Changes, Reruns
from dinghai.supplychain.step_graph import Places
from dinghai.supplychain.years import Whole

MOST_RUNS: Final = 1_000_000
"""Events are run again at most so often; above that nothing is said."""
MOST_CHOICES: Final = 4096
Make = Callable[[Sequence[Fix]], Sequence[Change]]


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Events grouped by the fixes that concern them (as bits): the places of each group's events,
    and what these cost under each choice of its fixes. ``base`` is without fixes, for all."""

    events: CostlyEvents
    base: Whole
    places: Mapping[int, Places]
    totals: Mapping[int, Mapping[int, Whole]]

    def loss(self, chosen: int) -> Whole:
        """The loss of each year under a choice."""
        now = self.base.copy()
        for kind, places in self.places.items():
            now[places] = self.totals[kind][chosen & kind]
        return self.events.by_year(now)

    def shapley_of_mean(self, number: int) -> list[float]:
        """Each fix's Shapley share of what all take off the mean year, in fen."""
        found = [0.0] * number
        for kind, totals in self.totals.items():
            worth = {choice: int(self.base[self.places[kind]].sum()) - int(some.sum())
                     for choice, some in totals.items()}
            for bit, share in shapley(worth, kind).items():
                found[bit] += share / self.events.years
        return found

    def shapley_of(self, measure: Callable[[Whole], float], number: int) -> list[float]:
        """Each fix's Shapley share of what all take off a measure of years."""
        everything = (1 << number) - 1
        base = measure(self.loss(0))
        worth = {choice: base - measure(self.loss(choice)) for choice in subsets(everything)}
        return [share for _, share in sorted(shapley(worth, everything).items())]


def choices_of(
    reruns: Reruns, fixes: Sequence[Fix], make: Make, *, most_runs: int = MOST_RUNS
) -> Grouped | None:
    """Run every group of events under each choice of the fixes that concern it. None where that
    would be too many runs, or choices."""
    events = reruns.events
    base = events.total
    concern = np.zeros(len(events.number), dtype=np.int64)
    if len(fixes) > 62:
        return None
    for bit, one in enumerate(fixes):
        concern[events.at(one.party)] |= 1 << bit
    kinds = [int(one) for one in np.unique(concern) if one]
    groups = {kind: np.flatnonzero(concern == kind).astype(np.int32) for kind in kinds}
    if sum(len(places) << kind.bit_count() for kind, places in groups.items()) > most_runs or any(
            1 << kind.bit_count() > MOST_CHOICES for kind in kinds):
        return None
    totals = {kind: _totals_of(reruns, fixes, make, kind, places)
              for kind, places in groups.items()}
    return Grouped(events, base, groups, totals)


def _totals_of(
    reruns: Reruns, fixes: Sequence[Fix], make: Make, kind: int, places: Places
) -> dict[int, Whole]:
    """What events cost under each choice of the fixes that concern them. Those at the firm with the
    most are candidates on top of each choice of the others, so that many share one course."""
    at: dict[int, int] = {}
    for bit, one in enumerate(fixes):
        if kind >> bit & 1 and one.link is None:
            at[one.party] = at.get(one.party, 0) | 1 << bit
    here = max(at.values(), key=int.bit_count, default=0)
    onto = {choice: _chosen(fixes, choice) for choice in subsets(here) if choice}
    onto = {choice: some for choice, some in onto.items() if _apart(some)}
    candidates = [make(some)[0] for some in onto.values()]
    totals: dict[int, Whole] = {}
    for others in subsets(kind & ~here):
        chosen = _chosen(fixes, others)
        if not _apart(chosen):
            continue
        changes = _all_of(make(chosen)) if chosen else Changes()
        now = reruns.totals(changes, places) if chosen else reruns.events.total[places]
        totals[others] = now
        if candidates:
            gains = reruns.gains(changes, now, candidates, places)
            for choice, taken in zip(onto, gains, strict=True):
                totals[choice | others] = now - taken
    return totals


def _chosen(fixes: Sequence[Fix], choice: int) -> list[Fix]:
    return [one for bit, one in enumerate(fixes) if choice >> bit & 1]


def _apart(fixes: Sequence[Fix]) -> bool:
    """Whether no two of the fixes exclude each other."""
    return len({one.group for one in fixes}) == len(fixes)


def _all_of(changes: Sequence[Change]) -> Changes:
    found = Changes()
    for one in changes:
        found = found.with_change(one)
    return found


def subsets(bits: int) -> Iterator[int]:
    """Every choice of some bits."""
    choice = bits
    while True:
        yield choice
        if choice == 0:
            return
        choice = (choice - 1) & bits


def shapley(worth: Mapping[int, float], bits: int) -> dict[int, float]:
    """Shapley shares of a game over some bits, by bit."""
    size = bits.bit_count()
    weight = [factorial(some) * factorial(size - some - 1) / factorial(size)
              for some in range(size)]
    found: dict[int, float] = {}
    for bit in range(bits.bit_length()):
        if not bits >> bit & 1:
            continue
        one = 1 << bit
        found[bit] = sum(weight[choice.bit_count()] * (worth[choice | one] - worth[choice])
                         for choice in subsets(bits & ~one))
    return found


def best_choice(
    grouped: Grouped, fixes: Sequence[Fix], measure: Callable[[Whole], float], *,
    budget_fen: Fen, most: int | None,
) -> tuple[Fix, ...]:
    """The choice within the budget under which the measure is lowest; of equal ones the cheapest.
    Every choice is tried."""
    groups: dict[str, int] = {}
    for bit, one in enumerate(fixes):
        groups[one.group] = groups.get(one.group, 0) | 1 << bit
    best: tuple[float, Fen, int] | None = None
    for choice in range(1 << len(fixes)):
        chosen = [one for bit, one in enumerate(fixes) if choice >> bit & 1]
        cost = sum(one.cost_fen for one in chosen)
        if cost > budget_fen or (most is not None and len(chosen) > most) or any(
                (choice & bits).bit_count() > 1 for bits in groups.values()):
            continue
        key = (measure(grouped.loss(choice)), cost, choice)
        if best is None or key < best:
            best = key
    assert best is not None
    return tuple(one for bit, one in enumerate(fixes) if best[2] >> bit & 1)
