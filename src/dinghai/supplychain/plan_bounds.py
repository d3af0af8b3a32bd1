"""How near a plan can be to the best: what no plan within the budget takes off a measure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dinghai.foundation.money import Fen
from dinghai.supplychain.fix_bounds import Item, most_of_items, shares_of_margin
from dinghai.supplychain.fixes import Fix
from dinghai.supplychain.hardening import Hardening, State
from dinghai.supplychain.reruns import Changes, LinkChange, Variant
from dinghai.supplychain.step_graph import Floats, Places


class Bounds:
    """How near a plan of a search can be to the best."""

    def __init__(self, search: Hardening) -> None:
        self._search, self._reruns, self._events = search, search.reruns, search.events

    def proven(self) -> float:
        """What no plan within the budget takes off the measure; proven, however fixes reinforce
        each other."""
        weights = self._search.measure.weights(self._search.loss(self._search.start()))
        weight = weights[self._events.year]
        all_of = weight * self._events.total
        caps = {party: float(all_of[self._events.at(party)].sum()) * (1.0 + 1e-9)
                for party in self._search.parties}
        coarse = [Item(party, caps[party], self._cheapest(party))
                  for party in self._search.parties if caps[party] > 0.0]
        free: dict[int, float] = {}

        def finer(party: int) -> list[Item] | None:
            found = self._shares(party, all_of, weight)
            if found is None:
                return None
            free[party] = found[1]
            return found[0]

        most = most_of_items(coarse, finer, caps, budget_fen=self._search.budget,
                             most=self._search.most)
        costs = sorted(one.cost_fen for one in coarse)
        number = int(np.searchsorted(np.cumsum(costs), self._search.budget, side="right"))
        number = number if self._search.most is None else min(number, self._search.most)
        dearest = sorted(free.values(), reverse=True)[:number]
        return min(most + sum(dearest), float(all_of.sum()))

    def _cheapest(self, party: int) -> Fen:
        return min(one.cost_fen for one in self._search.at(party))

    def _shares(
        self, party: int, all_of: Floats, weight: Floats
    ) -> tuple[list[Item], float] | None:
        """What each fix of a party takes off at most through the course of events, and what all
        together take off through what impacts cost. None where fixes act on each other's steps in
        other ways than by factors."""
        fixes = self._search.at(party)
        if any(one.kind == "finding" for one in fixes):
            return None
        places = self._events.at(party)
        controls = [one for one in fixes if one.kind == "control"]
        full = _fullest(controls)
        rests = [tuple(other for other in full if other.group != one.group) for one in controls]
        alone, without, onto = (self._search.courses(party, some) for some in (
            [(one,) for one in controls], [some for some in rests if some],
            [(*some, one) for one, some in zip(controls, rests, strict=True) if some]))
        on_top = iter(zip(without, onto, strict=True))
        shares = shares_of_margin(self._reruns, alone, [
            next(on_top) if some else None for some in rests], places) if controls else (
            np.zeros((0, 0)))
        amounts = [(one, float((all_of[places] * shares[:, place]).sum()))
                   for place, one in enumerate(controls)]
        amounts += [(one, self._crossed(change, places, all_of))
                    for one in fixes if one.link is not None
                    for change in self._search.made((one,)) if isinstance(change, LinkChange)]
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

    def _crossed(self, change: LinkChange, places: Places, all_of: Floats) -> float:
        """What events cost that may have crossed a link into a party."""
        source = int(np.searchsorted(self._reruns.worlds.field.l_first, change.link,
                                     side="right")) - 1
        both = np.intersect1d(places, self._events.at(source), assume_unique=True)
        return float(all_of[both].sum())

    def _through_severity(
        self, party: int, controls: Sequence[Fix], places: Places, weight: Floats
    ) -> float:
        """What all controls of a party at full marks take off events that take the same course."""
        if not controls:
            return 0.0
        full = self._search.made(_fullest(controls))[0]
        if not isinstance(full, Variant) or full.ground_up is None:
            return 0.0
        field = self._reruns.worlds.field
        begin = int(field.begin[party])
        steps = len(full.chance)
        same = np.minimum(field.bars[begin:begin + steps].astype(np.float64) / 2.0**64, 1.0)
        milder = Variant(party, same, None, tuple(field.containment[party]), full.ground_up)
        gains = self._reruns.gains(Changes(), self._events.total[places], (milder,), places)[0]
        return float((weight[places] * (np.maximum(gains, 0)
                                        + self._events.through_goods[places])).sum())

    def unless_reinforced(self, state: State) -> float:
        """What no plan within the budget takes off if fixes never reinforce each other: what the
        state does, and the best of what each fix adds to it."""
        loss = self._search.loss(state)
        bounds = self._search.bounds(state, self._search.measure.weights(loss))
        caps = {party: float("inf") for party in self._search.parties}
        coarse = [Item(party, float(bounds[party]), self._cheapest(party))
                  for party in self._search.parties if bounds[party] > 0.0]

        def finer(party: int) -> list[Item]:
            worths = self._search.worths(state, party)
            groups: dict[str, list[tuple[float, Fen]]] = {}
            for one in self._search.at(party):
                if worths.get(one.id, 0.0) > 0.0:
                    groups.setdefault(one.group, []).append((worths[one.id], one.cost_fen))
            return [Item(party, max(worth for worth, _ in some),
                         max(worth for worth, _ in some) / max(
                             worth / cost for worth, cost in some)) for some in groups.values()]

        averted = self._search.value(self._search.start()) - self._search.value(state)
        return averted + most_of_items(coarse, finer, caps, budget_fen=self._search.budget,
                                       most=self._search.most)


def _fullest(controls: Sequence[Fix]) -> tuple[Fix, ...]:
    """The highest level of each control."""
    highest = {one.group: one for one in sorted(controls, key=lambda one: one.to_ppm or 0)}
    return tuple(highest[group] for group in sorted(highest))
