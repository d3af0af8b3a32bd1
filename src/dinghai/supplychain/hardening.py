"""Which fixes are worth most for a budget: found lazily, on the same events, and how near to best.

The plan is filled by worth for money and improved by swaps. A party's fixes are looked at only
where its bound can still win: what its events cost bounds whatever is done there. So the lazy plan
is the plan that looking at every fix would give. Fixes may reinforce each other (a step that waits
for all, two ways to one place, goods): worths are not submodular, and greedy has no guarantee.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import Fen
from dinghai.supplychain.fix_bounds import Item, most_of_items, shares_of_margin
from dinghai.supplychain.fix_shares import best_choice, choices_of
from dinghai.supplychain.fixes import Fix
from dinghai.supplychain.reruns import Change, Changes, LinkChange, Reruns, Variant
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.worst_years import tail_mean_of, worst_years
from dinghai.supplychain.years import Whole

Make = Callable[[Sequence[Fix]], Sequence[Change]]
"""What fixes come to together: one change for each firm and link."""
SWAP_ROUNDS: Final = 3
MOST_TRIED: Final = 12
"""Up to so many fixes every choice is tried."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """A choice of fixes with what the events then cost. ``touched`` are events that a chosen fix
    may have changed."""

    fixes: tuple[Fix, ...]
    changes: Changes
    now: Whole
    touched: npt.NDArray[np.bool_]

    @property
    def cost_fen(self) -> Fen:
        """What the fixes cost."""
        return sum(one.cost_fen for one in self.fixes)


@dataclass(frozen=True, slots=True)
class Measure:
    """What is to fall: the mean loss of a year, or with ``worst`` the mean of that share of years.
    """

    worst: float | None = None

    def of(self, loss: Whole) -> float:
        """The measure of years, in fen."""
        if self.worst is None:
            return int(loss.sum()) / len(loss)
        return tail_mean_of(loss, self.worst)

    def weights(self, loss: Whole) -> Floats:
        """What a fen less in each year takes off the measure at most: a fall of the mean of the
        worst years is never more than the mean fall in those that were the worst before."""
        if self.worst is None:
            return np.full(len(loss), 1.0 / len(loss))
        number = worst_years(len(loss), self.worst)
        weights = np.zeros(len(loss))
        weights[np.argsort(-loss, kind="stable")[:number]] = 1.0 / number
        return weights


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """What each fix at a party takes off the sum of years (``worths``, fen), and off each of its
    events where years count apart (``gains``), on top of a state."""

    fixes: tuple[Fix, ...]
    worths: Whole
    most: Whole
    """The same without events that a fix makes dearer, as it may through goods."""
    gains: Whole | None


class Hardening:
    """Looks for the plan that lowers a measure most."""

    def __init__(
        self, reruns: Reruns, fixes: Iterable[Fix], make: Make, *, budget_fen: Fen,
        most: int | None = None, measure: Measure | None = None, lazy: bool = True,
        leading: int | None = None,
    ) -> None:
        self.reruns, self.events, self._make = reruns, reruns.events, make
        self.budget, self.most = budget_fen, most
        self.measure = measure or Measure()
        self._lazy, self._leading = lazy, leading
        self.complete = True
        """Whether bounds alone left parties out, and never the number of leading ones."""
        self._at: dict[int, list[Fix]] = {}
        for one in fixes:
            if one.cost_fen <= budget_fen:
                self._at.setdefault(one.party, []).append(one)
        self._entry_event = np.repeat(np.arange(len(self.events.number)),
                                      np.diff(self.events.first))
        self._overlaps: dict[tuple[int, int], bool] = {}
        self._held: dict[tuple[object, ...], _Looked] = {}
        self._latest: dict[int, tuple[State, _Looked]] = {}
        self._changed: dict[frozenset[str], Change | None] = {}
        self.looked_at = 0
        """Fixes whose worth was worked out."""

    def start(self) -> State:
        """Nothing fixed."""
        return State((), Changes(), self.events.total.copy(),
                     np.zeros(len(self.events.number), dtype=np.bool_))

    def with_fixes(self, fixes: Sequence[Fix]) -> State:
        """All of these fixed."""
        state = self.start()
        changes = Changes()
        for change in self._make(fixes):
            changes = changes.with_change(change)
        for party in {one.party for one in fixes}:
            state.touched[self.events.at(party)] = True
        places = np.flatnonzero(state.touched).astype(np.int32)
        state.now[places] = self.reruns.totals(changes, places)
        return State(tuple(fixes), changes, state.now, state.touched)

    def loss(self, state: State) -> Whole:
        """The loss of each year in a state."""
        return self.events.by_year(state.now)

    def value(self, state: State) -> float:
        """The measure in a state."""
        return self.measure.of(self.loss(state))

    def best(self) -> State:
        """The better of filled by worth for money and filled by worth, and improved by swaps."""
        start = self.start()
        return self._improved(min((self._filled(start, per_cost=per_cost)
                                   for per_cost in (True, False)), key=self.value))

    def exact(self) -> State | None:
        """The best plan of all, where there are few enough fixes to try every choice."""
        fixes = tuple(one for some in self._at.values() for one in some)
        if len(fixes) > MOST_TRIED:
            return None
        grouped = choices_of(self.reruns, fixes, self._make)
        if grouped is None:
            return None
        return self.with_fixes(best_choice(grouped, fixes, self.measure.of,
                                           budget_fen=self.budget, most=self.most))

    def _filled(
        self, state: State, banned: frozenset[str] = frozenset(), *, per_cost: bool = True
    ) -> State:
        while self.most is None or len(state.fixes) < self.most:
            chosen = self._next(state, banned, per_cost)
            if chosen is None:
                return state
            state = self._with(state, chosen)
        return state

    def _with(self, state: State, one: Fix) -> State:
        kept = tuple(other for other in state.fixes if other.group != one.group)
        return self.with_fixes_at(state, (*kept, one), one.party)

    def with_fixes_at(self, state: State, fixes: tuple[Fix, ...], party: int) -> State:
        """Other fixes, which differ from those of the state at one party alone."""
        changes = Changes()
        for change in self._make(fixes):
            changes = changes.with_change(change)
        places = self.events.at(party)
        now, touched = state.now.copy(), np.zeros_like(state.touched)
        now[places] = self.reruns.totals(changes, places)
        for other in {one.party for one in fixes}:
            touched[self.events.at(other)] = True
        return State(fixes, changes, now, touched)

    def _next(self, state: State, banned: frozenset[str], per_cost: bool) -> Fix | None:
        """The fix that lowers the measure most, for its money or as such."""
        left = self.budget - state.cost_fen
        loss = self.loss(state)
        weights = self.measure.weights(loss)
        bounds = self._bounds(state, weights)
        open_ones = {party: some for party, fixes in self._at.items()
                     if (some := self._open(state, fixes, left, banned)) and bounds[party] > 0.0}
        ratios = {party: self._most_for(state, party, some, float(bounds[party]), per_cost)
                  for party, some in open_ones.items()}
        best: tuple[float, str] | None = None
        leader = None
        for place, party in enumerate(sorted(ratios, key=lambda one: (-ratios[one], one))):
            if self._lazy and best is not None and ratios[party] < best[0]:
                break
            if self._leading is not None and place >= self._leading:
                self.complete = False
                break
            worths = self._worths(state, party, loss)
            for one, extra in open_ones[party]:
                worth = worths[one.id]
                key = (worth / (extra if per_cost else 1), one.id)
                if worth > 0.0 and (best is None or key > best):
                    best, leader = key, one
        return leader

    def _most_for(
        self, state: State, party: int, some: Sequence[tuple[Fix, Fen]], bound: float,
        per_cost: bool,
    ) -> float:
        """What no fix of a party passes: its bound, or what each was worth when last looked at and
        all that those events still cost where others were chosen since."""
        costs = [extra if per_cost else 1 for _, extra in some]
        most = bound / min(costs)
        then, looked = self._latest.get(party, (None, None))
        if then is None or looked is None or self.measure.worst is not None:
            return most
        before, after = set(then.fixes), set(state.fixes)
        if not before <= after or any(one.party == party for one in after - before):
            return most
        slack = 0
        places = self.events.at(party)
        for other in {one.party for one in after - before}:
            if self._overlap(party, other):
                slack += int(state.now[np.intersect1d(places, self.events.at(other),
                                                      assume_unique=True)].sum())
        worths: dict[str, int] = dict(zip(
            (one.id for one in looked.fixes), looked.most.tolist(), strict=True))
        return min(most, max(
            (worths.get(one.id, 0) + slack) / self.events.years / cost * (1.0 + 1e-9)
            for (one, _), cost in zip(some, costs, strict=True)))

    def _open(
        self, state: State, fixes: Sequence[Fix], left: Fen, banned: frozenset[str]
    ) -> list[tuple[Fix, Fen]]:
        """The fixes that can still be paid, with what they cost beyond one they replace."""
        held = {one.group: one.cost_fen for one in state.fixes}
        found = []
        for one in fixes:
            extra = one.cost_fen - held.get(one.group, 0)
            if 0 < extra <= left and one.id not in banned:
                found.append((one, extra))
        return found

    def _bounds(self, state: State, weights: Floats) -> Floats:
        """What no change at a party alone takes off the measure: all that its events cost, or
        where nothing touched them yet what protecting it averts."""
        entries = self._entry_event
        most = np.where(state.touched[entries], state.now[entries], self.events.most)
        found: Floats = np.bincount(
            self.events.party, weights=most * weights[self.events.year[entries]],
            minlength=self.events.parties).astype(np.float64)
        return found * (1.0 + 1e-9)

    def _worths(self, state: State, party: int, loss: Whole) -> dict[str, float]:
        """What each fix at a party takes off the measure on top of a state."""
        near = tuple(sorted(one.id for one in state.fixes
                            if one.party == party or self._overlap(party, one.party)))
        looked = self._held.get((party, near))
        if looked is None:
            looked = self._look(state, party)
            self._held[party, near] = looked
        self._latest[party] = state, looked
        if self.measure.worst is None:
            return {one.id: worth / self.events.years for one, worth in zip(
                looked.fixes, looked.worths.tolist(), strict=True)}
        assert looked.gains is not None
        before = self.measure.of(loss)
        years, starts = np.unique(self.events.year[self.events.at(party)], return_index=True)
        found = {}
        for one, gains in zip(looked.fixes, looked.gains, strict=True):
            after = loss.copy()
            after[years] -= np.add.reduceat(gains, starts)
            found[one.id] = before - self.measure.of(after)
        return found

    def _look(self, state: State, party: int) -> _Looked:
        """Run the party's events again with each of its fixes on top of a state."""
        places = self.events.at(party)
        here = [one for one in state.fixes if one.party == party]
        fixes, candidates = [], []
        for one in self._at[party]:
            kept = [other for other in here if other.group != one.group]
            if any(other.id == one.id for other in here):
                continue
            change = self._changed_by(one, kept)
            if change is not None:
                fixes.append(one)
                candidates.append(change)
        self.looked_at += len(fixes)
        gains = self.reruns.gains(state.changes, state.now[places], candidates, places)
        return _Looked(tuple(fixes), gains.sum(axis=1), np.maximum(gains, 0).sum(axis=1),
                       None if self.measure.worst is None else gains)

    def _changed_by(self, one: Fix, kept: Sequence[Fix]) -> Change | None:
        """The change that a fix makes of its firm or link, with those that stand there."""
        same = [other for other in kept if (other.link is None) == (one.link is None) and (
            one.link is None or other.link == one.link)]
        key = frozenset(other.id for other in (*same, one))
        if key not in self._changed:
            found = self._make((*same, one))
            self._changed[key] = found[0] if found else None
        return self._changed[key]

    def _overlap(self, one: int, other: int) -> bool:
        key = (min(one, other), max(one, other))
        if key not in self._overlaps:
            self._overlaps[key] = len(np.intersect1d(
                self.events.at(one), self.events.at(other), assume_unique=True)) > 0
        return self._overlaps[key]

    def _improved(self, state: State) -> State:
        """Give up one fix, fill again without it; keep what is better, until nothing is."""
        best = self.value(state)
        for _ in range(SWAP_ROUNDS):
            leader = None
            for given_up in state.fixes:
                kept = tuple(one for one in state.fixes if one is not given_up)
                without = self.with_fixes_at(state, kept, given_up.party)
                for per_cost in (True, False):
                    tried = self._filled(without, frozenset((given_up.id,)), per_cost=per_cost)
                    if (value := self.value(tried)) < best * (1.0 - 1e-12):
                        best, leader = value, tried
            if leader is None:
                return state
            state = leader
        return state

    def bound(self) -> float:
        """What no plan within the budget takes off the measure; proven, however fixes reinforce
        each other."""
        weights = self.measure.weights(self.loss(self.start()))
        weight = weights[self.events.year]
        all_of = weight * self.events.total
        caps = {party: float(all_of[self.events.at(party)].sum()) * (1.0 + 1e-9)
                for party in self._at}
        coarse = [Item(party, caps[party], min(one.cost_fen for one in fixes))
                  for party, fixes in self._at.items() if caps[party] > 0.0]
        free: dict[int, float] = {}

        def finer(party: int) -> list[Item] | None:
            found = self._shares(party, all_of, weight)
            if found is None:
                return None
            free[party] = found[1]
            return found[0]

        most = most_of_items(coarse, finer, caps, budget_fen=self.budget, most=self.most)
        costs = sorted(one.cost_fen for one in coarse)
        number = int(np.searchsorted(np.cumsum(costs), self.budget, side="right"))
        number = number if self.most is None else min(number, self.most)
        dearest = sorted(free.values(), reverse=True)[:number]
        return min(most + sum(dearest), float(all_of.sum()))

    def _shares(
        self, party: int, all_of: Floats, weight: Floats
    ) -> tuple[list[Item], float] | None:
        """What each fix of a party takes off at most through the course of events, and what all
        together take off through what impacts cost. None where fixes act on each other's steps in
        other ways than by factors."""
        fixes = self._at[party]
        if any(one.kind == "finding" for one in fixes):
            return None
        places = self.events.at(party)
        controls = [one for one in fixes if one.kind == "control"]
        full = _fullest(controls)
        variants, onto = [], []
        for one in controls:
            rest = tuple(other for other in full if other.group != one.group)
            variants.append(self._variant((one,)))
            onto.append((self._variant(rest), self._variant((*rest, one))) if rest else None)
        shares = shares_of_margin(self.reruns, variants, onto, places) if variants else (
            np.zeros((0, 0)))
        amounts = [(one, float((all_of[places] * shares[:, place]).sum()))
                   for place, one in enumerate(controls)]
        amounts += [(one, self._crossed(change, places, all_of))
                    for one in fixes if one.link is not None
                    for change in self._make((one,)) if isinstance(change, LinkChange)]
        groups: dict[str, list[tuple[float, Fen]]] = {}
        for one, amount in amounts:
            groups.setdefault(one.group, []).append((amount * (1.0 + 1e-9), one.cost_fen))
        items = []
        for some in groups.values():
            worth = max(amount for amount, _ in some)
            density = max(amount / cost for amount, cost in some)
            if worth > 0.0:
                items.append(Item(party, worth, worth / density))
        return items, self._through_severity(party, controls, places, weight)

    def _variant(self, fixes: Sequence[Fix]) -> Variant:
        """A firm with controls raised."""
        found = self._changed_by(fixes[-1], fixes[:-1])
        assert isinstance(found, Variant)
        return found

    def _crossed(self, change: LinkChange, places: Places, all_of: Floats) -> float:
        """What events cost that may have crossed a link into a party."""
        source = int(np.searchsorted(self.reruns.worlds.field.l_first, change.link,
                                     side="right")) - 1
        both = np.intersect1d(places, self.events.at(source), assume_unique=True)
        return float(all_of[both].sum())

    def _through_severity(
        self, party: int, controls: Sequence[Fix], places: Places, weight: Floats
    ) -> float:
        """What all controls of a party at full marks take off events that take the same course."""
        if not controls:
            return 0.0
        full = self._variant(_fullest(controls))
        if full.ground_up is None:
            return 0.0
        field = self.reruns.worlds.field
        begin = int(field.begin[party])
        steps = len(full.chance)
        same = np.minimum(field.bars[begin:begin + steps].astype(np.float64) / 2.0**64, 1.0)
        milder = Variant(party, same, None, tuple(field.containment[party]), full.ground_up)
        gains = self.reruns.gains(Changes(), self.events.total[places], (milder,), places)[0]
        return float((weight[places] * (np.maximum(gains, 0)
                                        + self.events.through_goods[places])).sum())

    def bound_unless_reinforced(self, state: State) -> float:
        """What no plan within the budget takes off if fixes never reinforce each other: what the
        state does, and the best of what each fix adds to it."""
        loss = self.loss(state)
        bounds = self._bounds(state, self.measure.weights(loss))
        caps = {party: float("inf") for party in self._at}
        coarse = [Item(party, float(bounds[party]), min(one.cost_fen for one in fixes))
                  for party, fixes in self._at.items() if bounds[party] > 0.0]

        def finer(party: int) -> list[Item]:
            worths = self._worths(state, party, loss)
            groups: dict[str, list[tuple[float, Fen]]] = {}
            for one in self._at[party]:
                if worths.get(one.id, 0.0) > 0.0:
                    groups.setdefault(one.group, []).append((worths[one.id], one.cost_fen))
            return [Item(party, max(worth for worth, _ in some),
                         max(worth for worth, _ in some) / max(
                             worth / cost for worth, cost in some)) for some in groups.values()]

        averted = self.value(self.start()) - self.value(state)
        return averted + most_of_items(coarse, finer, caps, budget_fen=self.budget,
                                       most=self.most)


def _fullest(controls: Sequence[Fix]) -> tuple[Fix, ...]:
    """The highest level of each control."""
    highest = {one.group: one for one in sorted(controls, key=lambda one: one.to_ppm or 0)}
    return tuple(highest[group] for group in sorted(highest))
