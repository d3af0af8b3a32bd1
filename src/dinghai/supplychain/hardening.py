"""Which fixes are worth most for a budget: found lazily, on the same events.

The plan is filled by worth for money and improved by swaps. A fix is looked at only where its bound
can still win: what its party's events cost bounds whatever is done there, and what was told from
its draws (`fix_screening`) or by an earlier look bounds what it does itself. So the lazy plan is
the plan that looking at every fix would give. Fixes may reinforce each other (a step that waits for
all, two ways to one place, goods): worths are not submodular, and greedy has no guarantee.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from dinghai.foundation.money import Fen
from dinghai.supplychain.fix_screening import Screen
from dinghai.supplychain.fix_shares import best_choice, choices_of
from dinghai.supplychain.fixes import Fix
from dinghai.supplychain.reruns import Change, Changes, Reruns, Variant
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.worst_years import tail_mean_of, worst_years
from dinghai.supplychain.years import Whole

Make = Callable[[Sequence[Fix]], Sequence[Change]]
"""What fixes come to together: one change for each firm and link."""
MakeMany = Callable[[int, Sequence[Sequence[Fix]]], Sequence[Variant]]
"""What several choices of fixes make of one firm."""
SWAP_ROUNDS: Final = 3
MOST_LOOKS: Final = 1024
"""Looks that are remembered for bounds, the latest."""
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
class _Worth:
    """What a fix takes off the sum of years (``whole``, fen), and off each event of its party where
    years count apart (``gains``)."""

    whole: int
    gains: Whole | None


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """Fixes that were looked at on top of other fixes, by their places: what each took off the mean
    year at most, without events that it makes dearer, as it may through goods."""

    on: frozenset[str]
    places: Places
    most: Floats


class Hardening:
    """Looks for the plan that lowers a measure most."""

    def __init__(
        self, reruns: Reruns, fixes: Iterable[Fix], make: Make, *, budget_fen: Fen,
        most: int | None = None, measure: Measure | None = None, lazy: bool = True,
        prepare: MakeMany | None = None, courses: MakeMany | None = None,
        screen: Callable[[Sequence[Fix], Places], Screen] | None = None,
    ) -> None:
        self.reruns, self.events = reruns, reruns.events
        self.made, self._prepare, self._courses = make, prepare, courses
        self.budget, self.most = budget_fen, most
        self.measure = measure or Measure()
        self._lazy = lazy
        self.fixes = tuple(sorted((one for one in fixes if one.cost_fen <= budget_fen),
                                  key=lambda one: one.party))
        parties = np.array([one.party for one in self.fixes], dtype=np.int64)
        self._begin = np.searchsorted(parties, np.arange(self.events.parties + 1)).astype(np.int32)
        self._party = parties
        self._cost = np.array([float(one.cost_fen) for one in self.fixes])
        self._place = {one.id: place for place, one in enumerate(self.fixes)}
        self._entry_event = np.repeat(np.arange(len(self.events.number)),
                                      np.diff(self.events.first))
        self._screen = screen(self.fixes, self._begin) if screen and lazy else None
        self._screened: Floats | None = None
        self._near: dict[int, npt.NDArray[np.bool_]] = {}
        self._worth: dict[tuple[int, frozenset[str]], dict[int, _Worth]] = {}
        self._looks: deque[_Looked] = deque(maxlen=MOST_LOOKS)
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
        for change in self.made(fixes):
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

    def at(self, party: int) -> tuple[Fix, ...]:
        """The fixes of a party."""
        return self.fixes[self._begin[party]:self._begin[party + 1]]

    def _group(self, one: Fix) -> list[int]:
        """The places of fixes that exclude each other, all at one party."""
        begin = int(self._begin[one.party])
        return [begin + place for place, other in enumerate(self.at(one.party))
                if other.group == one.group]

    @property
    def parties(self) -> list[int]:
        """The parties that have fixes."""
        return np.flatnonzero(np.diff(self._begin)).tolist()

    def courses(self, party: int, choices: Sequence[Sequence[Fix]]) -> list[Variant]:
        """A firm with each of several choices of its fixes; what impacts cost may be left out."""
        if self._courses is not None:
            return list(self._courses(party, choices))
        return [one for some in choices for one in self.made(some) if isinstance(one, Variant)]

    def best(self) -> State:
        """The better of filled by worth for money and filled by worth, and improved by swaps."""
        start = self.start()
        return self._improved(min((self._filled(start, per_cost=per_cost)
                                   for per_cost in (True, False)), key=self.value))

    def exact(self) -> State | None:
        """The best plan of all, where there are few enough fixes to try every choice."""
        if len(self.fixes) > MOST_TRIED:
            return None
        grouped = choices_of(self.reruns, self.fixes, self.made)
        if grouped is None:
            return None
        return self.with_fixes(best_choice(grouped, self.fixes, self.measure.of,
                                           budget_fen=self.budget, most=self.most))

    def _filled(
        self, state: State, banned: frozenset[str] = frozenset(), *, per_cost: bool = True,
        above: float = 0.0,
    ) -> State:
        while self.most is None or len(state.fixes) < self.most:
            chosen = self._next(state, banned, per_cost, above)
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
        for change in self.made(fixes):
            changes = changes.with_change(change)
        places = self.events.at(party)
        now, touched = state.now.copy(), np.zeros_like(state.touched)
        now[places] = self.reruns.totals(changes, places)
        for other in {one.party for one in fixes}:
            touched[self.events.at(other)] = True
        return State(fixes, changes, now, touched)

    def _next(
        self, state: State, banned: frozenset[str], per_cost: bool, above: float
    ) -> Fix | None:
        """The fix that lowers the measure most, for its money or as such, and by more than
        ``above``: those whose bound is highest are looked at first, until no other can win."""
        loss = self.loss(state)
        extra = self._extra(state, banned)
        limit = self._limits(state, self.measure.weights(loss))
        most = np.where((extra > 0.0) & (limit > above), limit / np.where(
            per_cost & (extra > 0.0), extra, 1.0), -np.inf)
        begins = np.array(self.parties, dtype=np.int64)
        starts = self._begin[begins]
        top = np.maximum.reduceat(most, starts) if len(begins) else np.zeros(0)
        best: tuple[float, str] | None = None
        leader = None
        while len(top):
            number = int(np.argmax(top))
            least = best[0] if best is not None and self._lazy else -np.inf
            if top[number] == -np.inf or top[number] < least:
                break
            party = int(begins[number])
            here = slice(int(self._begin[party]), int(self._begin[party + 1]))
            least = max(least, top[number] / 2.0) if self._lazy else -np.inf
            chosen = here.start + np.flatnonzero((most[here] >= least) & (most[here] > -np.inf))
            worths = self._worths(state, party, chosen.tolist(), loss)
            most[chosen] = -np.inf
            top[number] = most[here].max()
            for place, worth in zip(chosen.tolist(), worths, strict=True):
                key = (worth / (extra[place] if per_cost else 1.0), self.fixes[place].id)
                if worth > above and (best is None or key > best):
                    best, leader = key, self.fixes[place]
        return leader

    def _extra(self, state: State, banned: frozenset[str]) -> Floats:
        """By fix, what it costs beyond one that it replaces; zero where it cannot be chosen."""
        extra = self._cost.copy()
        for one in state.fixes:
            extra[self._group(one)] -= one.cost_fen
        extra[extra > self.budget - state.cost_fen] = 0.0
        extra[[self._place[name] for name in banned if name in self._place]] = 0.0
        return extra

    def _limits(self, state: State, weights: Floats) -> Floats:
        """What no fix takes off the measure on top of a state: what its party's events can lose
        at all, or what it took off events alone or when last looked at, with all that events cost
        whose course hangs on fixes chosen since."""
        bounds = self.bounds(state, weights)
        limit: Floats = bounds[self._party]
        if not self._lazy:
            return limit
        of_event = weights[self.events.year]
        if self._screen is not None:
            if self.measure.worst is not None:
                alone = self._screen.most(of_event)
            else:
                if self._screened is None:
                    self._screened = self._screen.most(of_event)
                alone = self._screened
            np.minimum(limit, alone + self._slack(state, frozenset(), of_event)[self._party],
                       out=limit)
        if self.measure.worst is None:
            slack: dict[frozenset[str], Floats] = {}
            for looked in self._looks:
                if looked.on not in slack:
                    slack[looked.on] = self._slack(state, looked.on, of_event)
                places = looked.places
                limit[places] = np.minimum(
                    limit[places], looked.most + slack[looked.on][self._party[places]])
        return limit

    def _slack(self, state: State, on: frozenset[str], of_event: Floats) -> Floats:
        """By party, what its events cost whose course may hang on fixes that are chosen now or
        were then, but not both."""
        moved = {self.fixes[self._place[name]].party
                 for name in on.symmetric_difference(one.id for one in state.fixes)}
        if not moved:
            return np.zeros(self.events.parties)
        events = np.unique(np.concatenate([self.events.at(party) for party in moved]))
        parties, number = self.events.entered_by(events)
        cost = np.repeat(state.now[events] * of_event[events], number)
        found: Floats = np.bincount(parties, weights=cost, minlength=self.events.parties).astype(
            np.float64)
        return found * (1.0 + 1e-9)

    def bounds(self, state: State, weights: Floats) -> Floats:
        """What no change at a party alone takes off the measure: all that its events cost, or
        where nothing touched them yet what protecting it averts."""
        entries = self._entry_event
        most = np.where(state.touched[entries], state.now[entries], self.events.most)
        found: Floats = np.bincount(
            self.events.party, weights=most * weights[self.events.year[entries]],
            minlength=self.events.parties).astype(np.float64)
        return found * (1.0 + 1e-9)

    def _worths(
        self, state: State, party: int, chosen: Sequence[int], loss: Whole
    ) -> list[float]:
        """What fixes at a party, by place, take off the measure on top of a state."""
        near = frozenset(one.id for one in state.fixes
                         if one.party == party or self._is_near(one.party, party))
        known = self._worth.setdefault((party, near), {})
        missing = [place for place in chosen if place not in known]
        if missing:
            known.update(self._look(state, party, missing))
        found = [known[place] for place in chosen]
        if self.measure.worst is None:
            return [one.whole / self.events.years for one in found]
        before = self.measure.of(loss)
        years, starts = np.unique(self.events.year[self.events.at(party)], return_index=True)
        worths = []
        for one in found:
            assert one.gains is not None
            after = loss.copy()
            after[years] -= np.add.reduceat(one.gains, starts)
            worths.append(before - self.measure.of(after))
        return worths

    def worths(self, state: State, party: int) -> Mapping[str, float]:
        """What each fix of a party that is not chosen takes off the measure on top of a state."""
        chosen = {one.id for one in state.fixes}
        return self.worths_of(state, [one for one in self.at(party) if one.id not in chosen])

    def worths_of(self, state: State, fixes: Sequence[Fix]) -> Mapping[str, float]:
        """What each of several fixes takes off the measure on top of a state."""
        loss = self.loss(state)
        found: dict[str, float] = {}
        for party in sorted({one.party for one in fixes}):
            here = [one for one in fixes if one.party == party]
            worths = self._worths(state, party, [self._place[one.id] for one in here], loss)
            found.update(zip((one.id for one in here), worths, strict=True))
        return found

    def _look(self, state: State, party: int, chosen: Sequence[int]) -> dict[int, _Worth]:
        """Run the party's events again with each of some of its fixes on top of a state."""
        places = self.events.at(party)
        here = [one for one in state.fixes if one.party == party]
        found: dict[int, _Worth] = {}
        candidates: list[tuple[int, Change]] = []
        choices = {place: _with_same(self.fixes[place], here) for place in chosen}
        if self._prepare is not None:  # all at once, so that each is known below
            self._prepare(party, [some for place, some in choices.items()
                                  if self.fixes[place].link is None])
        for place, some in choices.items():
            made = self.made(some)
            if made:
                candidates.append((place, made[0]))
            else:
                found[place] = _Worth(0, np.zeros(len(places), dtype=np.int64))
        self.looked_at += len(candidates)
        gains = self.reruns.gains(state.changes, state.now[places],
                                  [change for _, change in candidates], places)
        whole, most = gains.sum(axis=1).tolist(), np.maximum(gains, 0).sum(axis=1)
        self._looks.append(_Looked(
            frozenset(one.id for one in state.fixes),
            np.array([place for place, _ in candidates], dtype=np.int32),
            most / self.events.years * (1.0 + 1e-9)))
        for number, (place, _) in enumerate(candidates):
            found[place] = _Worth(whole[number],
                                  None if self.measure.worst is None else gains[number])
        return found

    def _is_near(self, one: int, other: int) -> bool:
        """Whether an event got into both parties."""
        if one not in self._near:
            self._near[one] = np.zeros(self.events.parties, dtype=np.bool_)
            self._near[one][self.events.entered_by(self.events.at(one))[0]] = True
        return bool(self._near[one][other])

    def _improved(self, state: State) -> State:
        """Give up one fix, fill again without it; keep what is better, until nothing is."""
        best = self.value(state)
        for _ in range(SWAP_ROUNDS):
            leader = None
            for given_up in state.fixes:
                kept = tuple(one for one in state.fixes if one is not given_up)
                without = self.with_fixes_at(state, kept, given_up.party)
                # where one more ends the plan, the one worth most is the best swap
                last = self.most is not None and len(kept) + 1 >= self.most and not any(
                    self._cost[self._group(one)].max() > one.cost_fen for one in kept)
                above = max(self.value(without) - best, 0.0) * (1.0 - 1e-9) if last else 0.0
                for per_cost in (False,) if last else (True, False):
                    tried = self._filled(without, frozenset((given_up.id,)), per_cost=per_cost,
                                         above=above)
                    if (value := self.value(tried)) < best * (1.0 - 1e-12):
                        best, leader = value, tried
            if leader is None:
                return state
            state = leader
        return state


def _with_same(one: Fix, here: Sequence[Fix]) -> tuple[Fix, ...]:
    """A fix after those that stand at the same firm or link, but for one it replaces."""
    return (*(other for other in here if other.group != one.group
              and (other.link is None) == (one.link is None)
              and (one.link is None or other.link == one.link)), one)
