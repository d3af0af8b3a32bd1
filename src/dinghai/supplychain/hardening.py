"""Which fixes are worth most for a budget: found lazily, on the same events, and how near to best.

The plan is filled by worth for money and improved by swaps. A party's fixes are looked at only
where its bound can still win: what its events cost bounds whatever is done there. So the lazy plan
is the plan that looking at every fix would give. Fixes may reinforce each other (a step that waits
for all, two ways to one place, goods): worths are not submodular, and greedy has no guarantee.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import Fen
from dinghai.supplychain.costly_events import CostlyEvents
from dinghai.supplychain.fixes import Fix
from dinghai.supplychain.reruns import Change, Changes, Reruns
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.years import Whole

Make = Callable[[Sequence[Fix]], Sequence[Change]]
"""What fixes come to together: one change for each firm and link."""
SWAP_ROUNDS: Final = 3


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
        number = self.number(len(loss))
        return int(np.partition(loss, len(loss) - number)[len(loss) - number:].sum()) / number

    def number(self, years: int) -> int:
        """How many years are the worst."""
        assert self.worst is not None
        return max(round(years * self.worst), 1)

    def weights(self, loss: Whole) -> Floats:
        """What a fen less in each year takes off the measure at most: a fall of the mean of the
        worst years is never more than the mean fall in those that were the worst before."""
        if self.worst is None:
            return np.full(len(loss), 1.0 / len(loss))
        number = self.number(len(loss))
        weights = np.zeros(len(loss))
        weights[np.argsort(-loss, kind="stable")[:number]] = 1.0 / number
        return weights


@dataclass(slots=True, eq=False)
class _Looked:
    """What each fix at a party takes off events, on top of a state. ``slack`` is what later choices
    elsewhere may have added to any of them."""

    fixes: tuple[Fix, ...]
    worths: Floats
    gains: Whole | None
    slack: float = 0.0
    fresh: bool = True
    below: Floats = field(default_factory=lambda: np.zeros(0))


class Hardening:
    """Looks for the plan that lowers a measure most."""

    def __init__(
        self, reruns: Reruns, fixes: Iterable[Fix], make: Make, *, budget_fen: Fen,
        most: int | None = None, measure: Measure | None = None, lazy: bool = True,
    ) -> None:
        self.reruns, self.events, self._make = reruns, reruns.events, make
        self.budget, self.most = budget_fen, most
        self.measure = measure or Measure()
        self._lazy = lazy
        self._at: dict[int, list[Fix]] = {}
        for one in fixes:
            if one.cost_fen <= budget_fen:
                self._at.setdefault(one.party, []).append(one)
        self._entry_event = np.repeat(np.arange(len(self.events.number)),
                                      np.diff(self.events.first))
        self._overlaps: dict[tuple[int, int], bool] = {}
        self._held: dict[tuple[object, ...], _Looked] = {}
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
        """Filled by worth for money, and improved by swaps."""
        return self._improved(self._filled(self.start()))

    def _filled(self, state: State, banned: frozenset[str] = frozenset()) -> State:
        while self.most is None or len(state.fixes) < self.most:
            chosen = self._next(state, banned)
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

    def _next(self, state: State, banned: frozenset[str]) -> Fix | None:
        """The fix that lowers the measure most for its money."""
        left = self.budget - state.cost_fen
        loss = self.loss(state)
        weights = self.measure.weights(loss)
        bounds = self._bounds(state, weights)
        open_ones = {party: some for party, fixes in self._at.items()
                     if (some := self._open(state, fixes, left, banned)) and bounds[party] > 0.0}
        ratios = {party: max(bounds[party] / extra for _, extra in some)
                  for party, some in open_ones.items()}
        best: tuple[float, str] | None = None
        leader = None
        for party in sorted(ratios, key=lambda one: (-ratios[one], one)):
            if self._lazy and best is not None and ratios[party] < best[0]:
                break
            worths = self._worths(state, party, loss)
            for one, extra in open_ones[party]:
                worth = worths[one.id]
                key = (worth / extra, one.id)
                if worth > 0.0 and (best is None or key > best):
                    best, leader = key, one
        return leader

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
        return np.bincount(self.events.party, weights=most * weights[self.events.year[entries]],
                           minlength=self.events.parties) * (1.0 + 1e-9)

    def _worths(self, state: State, party: int, loss: Whole) -> dict[str, float]:
        """What each fix at a party takes off the measure on top of a state."""
        near = tuple(sorted(one.id for one in state.fixes
                            if one.party == party or self._overlap(party, one.party)))
        looked = self._held.get((party, near))
        if looked is None:
            looked = self._look(state, party)
            self._held[party, near] = looked
        if self.measure.worst is None:
            return dict(zip((one.id for one in looked.fixes), looked.worths.tolist(),
                            strict=True))
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
        worths = gains.sum(axis=1) / self.events.years
        return _Looked(tuple(fixes), worths, None if self.measure.worst is None else gains)

    def _changed_by(self, one: Fix, kept: Sequence[Fix]) -> Change | None:
        """The change that a fix makes of its firm or link, with those that stand there."""
        same = [other for other in kept if (other.link is None) == (one.link is None) and (
            one.link is None or other.link == one.link)]
        found = self._make((*same, one))
        return found[0] if found else None

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
                tried = self._filled(self.with_fixes_at(state, kept, given_up.party),
                                     frozenset((given_up.id,)))
                if (value := self.value(tried)) < best * (1.0 - 1e-12):
                    best, leader = value, tried
            if leader is None:
                return state
            state = leader
        return state
