"""What protects a chain: parties ranked, and the best fixes for a budget with what they do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.chain_results import LEVELS, tail_mean
from dinghai.supplychain.costly_events import Worlds, costly_events
from dinghai.supplychain.fix_costs import Costs
from dinghai.supplychain.fix_reaches import reaches_of
from dinghai.supplychain.fix_screening import Screen
from dinghai.supplychain.fix_shares import choices_of
from dinghai.supplychain.fixes import Fix, Workshop, fixes_of
from dinghai.supplychain.hardening import Hardening, Measure, State
from dinghai.supplychain.plan_bounds import Bounds
from dinghai.supplychain.protected_years import protection
from dinghai.supplychain.reruns import Reruns
from dinghai.supplychain.step_graph import Places
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.worst_years import error_of, tail_influence, tail_mean_of
from dinghai.supplychain.years import Whole

RANKING_SCHEMA: Final = "dinghai.chain-ranking/1"
HARDENING_SCHEMA: Final = "dinghai.chain-hardening/1"
TAIL: Final = 0.01
"""The share of years that is the tail: the worst hundredth."""
RETURN_YEARS: Final = (2, 5, 10, 20, 50, 100, 200, 500, 1000)
Metric = Literal["mean", "tvar99"]
NOTES: Final = ("same_events", "goods_counted", "reinforcing_fixes_not_excluded",
                "costs_of_first_year")
"""What holds for every plan, for readers of the document."""
MOST_SHARED: Final = 10
"""Up to so many fixes their shares of the tail are worked out."""
_MOST_PARTIES: Final = 20


@dataclass(frozen=True, slots=True)
class Years:
    """The losses of years: as drawn, and with the mean of what impacts cost in place of the draw,
    which has the same mean."""

    drawn: Whole
    averaged: Whole


@dataclass(frozen=True, slots=True)
class Fall:
    """What something takes off the mean loss of a year and off the mean of the worst hundredth of
    years, in fen, with standard errors over independent years on the same luck. The mean is read
    off years with averaged severity."""

    mean_fen: float
    mean_se_fen: float
    tail_fen: float
    tail_se_fen: float

    @classmethod
    def between(cls, before: Years, after: Years) -> Fall:
        """From years before to the same years after."""
        fall = before.averaged - after.averaged
        return cls(int(fall.sum()) / len(fall), error_of(fall),
                   tail_mean_of(before.drawn, TAIL) - tail_mean_of(after.drawn, TAIL),
                   error_of(tail_influence(before.drawn, TAIL)
                            - tail_influence(after.drawn, TAIL)))

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON in whole fen."""
        return {"averted_fen": round(self.mean_fen), "averted_se_fen": round(self.mean_se_fen),
                "tail_averted_fen": round(self.tail_fen),
                "tail_averted_se_fen": round(self.tail_se_fen)}


class Both:
    """States of a search read as drawn and with averaged severity."""

    def __init__(self, search: Hardening, other: Reruns, names: Sequence[str]) -> None:
        self._search, self._other = search, other
        self.averaged = other if other.worlds.averaged else search.reruns
        self.drawn = search.reruns if other.worlds.averaged else other
        self._names = names

    def caused(self, state: State, places: Places) -> dict[str, Caused]:
        """The expected loss of some events by where they begin. Those that no fix touched cost what
        they did."""
        events = self.averaged.events
        own, whole = events.own[places], events.total[places]
        again = np.flatnonzero(state.touched[places])
        _, own[again], exported = self.averaged.caused(state.changes, places[again])
        whole[again] = own[again] + exported
        sums = np.zeros((2, events.parties), dtype=np.int64)
        np.add.at(sums[0], events.root[places], own)
        np.add.at(sums[1], events.root[places], whole - own)
        years = events.years
        return {self._names[root]: Caused(self._names[root], int(sums[0, root]) / years,
                                          int(sums[1, root]) / years)
                for root in np.unique(events.root[places]).tolist()}

    def averted(self, one: Fix, alone: State) -> tuple[Caused, ...]:
        """What a fix takes off the expected loss that events of each party cause."""
        places = self._search.events.at(one.party)
        before = self.caused(self._search.start(), places)
        after = self.caused(alone, places)
        found = [Caused(party, was.own_fen - after[party].own_fen,
                        was.exported_fen - after[party].exported_fen)
                 for party, was in before.items()]
        moved = [change for change in found if change.own_fen or change.exported_fen]
        return tuple(sorted(moved, key=lambda change: (
            -change.own_fen - change.exported_fen, change.party)))

    def years(self, state: State) -> Years:
        """The years of a state in both readings."""
        now = self._other.events.total.copy()
        places = np.flatnonzero(state.touched).astype(np.int32)
        now[places] = self._other.totals(state.changes, places)
        here, there = self._search.loss(state), self._search.events.by_year(now)
        return Years(there, here) if self._search.reruns.worlds.averaged else Years(here, there)


@dataclass(frozen=True, slots=True)
class Caused:
    """Expected loss of events that begin at a party: at the party itself (``own``) and elsewhere
    (``exported``, with what came through goods), in fen a year."""

    party: str
    own_fen: float
    exported_fen: float

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON in whole fen."""
        return {"party": self.party, "own_fen": round(self.own_fen),
                "exported_fen": round(self.exported_fen)}


@dataclass(frozen=True, slots=True)
class PlannedFix:
    """A fix of the plan, with what it averts alone and on top of those before it, its Shapley
    shares of what the plan averts on average and in the tail (None: too many to work out), and
    what it takes, alone, off the loss that events of each party cause."""

    fix: Fix
    alone: Fall
    on_top: Fall
    caused: tuple[Caused, ...]
    share_fen: float | None = None
    tail_share_fen: float | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {**self.fix.to_dict(), "alone": self.alone.to_dict(),
                "on_top": self.on_top.to_dict(), "share_fen": _whole(self.share_fen),
                "tail_share_fen": _whole(self.tail_share_fen),
                "by_party": [one.to_dict() for one in self.caused], "patch": self.fix.patch()}


def _whole(amount: float | None) -> int | None:
    return None if amount is None else round(amount)


@dataclass(frozen=True, slots=True, eq=False)
class HardeningPlan:
    """The plan. ``before`` and ``after`` are the losses of the same years; all of the plan's fixes
    are run together, so that its worth is no sum of theirs."""

    chain: str
    metric: Metric
    seed: int
    budget_fen: Fen
    most: int | None
    fixes: tuple[PlannedFix, ...]
    before: Years
    after: Years
    candidates: int
    looked_at: int
    bound_fen: float
    unless_reinforced_fen: float
    exact: bool
    complete: bool
    costs: Sequence[JSON]
    remaining: tuple[Caused, ...]

    @property
    def cost_fen(self) -> Fen:
        """What the plan costs in its first year."""
        return sum(one.fix.cost_fen for one in self.fixes)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.chain-hardening/1)."""
        return {
            "schema": HARDENING_SCHEMA, "chain": self.chain, "metric": self.metric,
            "years": len(self.before.drawn), "seed": self.seed, "budget_fen": self.budget_fen,
            "most": self.most, "cost_fen": self.cost_fen,
            "fixes": [one.to_dict() for one in self.fixes],
            "plan": {**Fall.between(self.before, self.after).to_dict(), **self._gap()},
            "before": _distribution(self.before), "after": _distribution(self.after),
            "exceedance": [
                {"return_years": years, "before_fen": _at(self.before.drawn, years),
                 "after_fen": _at(self.after.drawn, years)}
                for years in RETURN_YEARS if years <= len(self.before.drawn)],
            "candidates": self.candidates, "looked_at": self.looked_at,
            "complete": self.complete,
            "remaining": [one.to_dict() for one in self.remaining],
            "costs": list(self.costs), "notes": list(NOTES),
        }

    def _gap(self) -> dict[str, JSON]:
        """How near the plan is to the best, on the measure it was made for."""
        fall = Fall.between(self.before, self.after)
        averted = fall.mean_fen if self.metric == "mean" else fall.tail_fen
        bound = averted if self.exact else max(self.bound_fen, averted)
        unless = min(max(self.unless_reinforced_fen, averted), bound)
        return {"exact": self.exact, "bound_fen": round(bound),
                "gap_ppm": _missing(averted, bound),
                "bound_unless_reinforced_fen": round(unless),
                "gap_unless_reinforced_ppm": _missing(averted, unless)}


def _missing(part: float, whole: float) -> int:
    return round((1.0 - part / whole) * PPM) if whole > 0.0 else 0


def _distribution(years: Years) -> dict[str, JSON]:
    drawn = years.drawn
    return {"expected_fen": round(float(years.averaged.mean())),
            "expected_se_fen": round(error_of(years.averaged)),
            "mean_fen": round(float(drawn.mean())),
            "quantile_fen": {f"{one:g}": int(np.quantile(drawn, one, method="inverted_cdf"))
                             for one in LEVELS},
            "tvar_fen": {f"{one:g}": round(tail_mean(drawn, one)) for one in LEVELS}}


def _at(years: Whole, return_years: int) -> int:
    return int(np.quantile(years, 1.0 - 1.0 / return_years, method="inverted_cdf"))


def protect_parties(
    model: ChainModel, *, years: int, seed: int, metric: Metric = "mean",
    workers: int | None = None,
) -> dict[str, JSON]:
    """What it is worth that nothing gets into a party, the most first (schema
    dinghai.chain-ranking/1)."""
    worlds = Worlds(field_of(model.twin, model.outcomes), model.supply,
                    model.events(years=years, seed=seed))
    found = protection(*costly_events(worlds, workers=workers), worst=TAIL)
    values, names = found.averted if metric == "mean" else found.tail, model.twin.names
    order = sorted(range(len(names)), key=lambda place: (-values[place], place))
    return {
        "schema": RANKING_SCHEMA, "chain": model.chain.id, "metric": metric, "years": years,
        "seed": seed, "parties": [
            {"id": names[place], "averted_fen": round(found.averted[place]),
             "se_fen": round(found.error[place]),
             "tail_averted_fen": round(found.tail[place]),
             "tail_se_fen": round(found.tail_error[place]) if found.exact[place] else None,
             "tail_exact": bool(found.exact[place])} for place in order]}


def harden_chain(
    model: ChainModel, *, years: int, seed: int, budget_fen: Fen, metric: Metric = "mean",
    most: int | None = None, costs: Costs | None = None, kev: KevTable | None = None,
    epss: EpssTable | None = None, workers: int | None = None,
) -> HardeningPlan:
    """The plan for a budget. Raises InputError for a budget that is not positive."""
    if budget_fen <= 0:
        raise InputError("a budget is above zero", field="budget", mend="give an amount")
    costs = costs or Costs()
    drawn = Worlds(field_of(model.twin, model.outcomes), model.supply,
                   model.events(years=years, seed=seed))
    both = tuple(
        Reruns(one, events, workers=workers) for one, events in zip(
            (drawn, drawn.with_mean_severity()), costly_events(drawn, workers=workers),
            strict=True))
    first, second = both if metric == "tvar99" else both[::-1]
    events = first.events
    fixes = fixes_of(model.chain, costs)
    workshop = Workshop(model.chain, model.twin, kev=kev, epss=epss)
    search = Hardening(
        first, fixes, workshop.changes, prepare=workshop.variants, courses=workshop.courses,
        budget_fen=budget_fen, most=most, measure=Measure() if metric == "mean" else Measure(TAIL),
        screen=lambda some, begin: Screen(
            first.worlds, events, reaches_of(some, workshop.link_changes(some), model.twin,
                                             workshop.language), begin, workers=workers))
    readings = Both(search, second, model.twin.names)
    found = search.exact()
    chosen = found or search.best()
    planned = _planned(search, chosen, readings, workshop)
    everywhere = np.arange(len(events.number), dtype=np.int32)
    left = sorted(readings.caused(chosen, everywhere).values(),
                  key=lambda one: (-one.own_fen - one.exported_fen, one.party))
    return HardeningPlan(
        chain=model.chain.id, metric=metric, seed=seed, budget_fen=budget_fen, most=most,
        fixes=planned, before=readings.years(search.start()),
        after=readings.years(search.with_fixes(chosen.fixes)), candidates=len(fixes),
        looked_at=search.looked_at, bound_fen=0.0 if found else Bounds(search).proven(),
        unless_reinforced_fen=0.0 if found else Bounds(search).unless_reinforced(chosen),
        exact=found is not None, complete=True, costs=costs.origin(),
        remaining=tuple(left[:_MOST_PARTIES]))


def _planned(
    search: Hardening, chosen: State, both: Both, workshop: Workshop
) -> tuple[PlannedFix, ...]:
    """The fixes in order, the next always the one that averts most for its money."""
    found: list[PlannedFix] = []
    state = start = search.start()
    base = before = both.years(start)
    left = list(chosen.fixes)
    while left:
        worths = search.worths_of(state, left)
        one = max(left, key=lambda one: (worths[one.id] / one.cost_fen, one.id))
        state = search.with_fixes_at(state, (*state.fixes, one), one.party)
        after = both.years(state)
        alone = search.with_fixes_at(start, (one,), one.party)
        found.append(PlannedFix(one, Fall.between(base, both.years(alone)),
                                Fall.between(before, after), both.averted(one, alone)))
        left.remove(one)
        before = after
    return _with_shares(found, both, workshop)


def _with_shares(
    planned: list[PlannedFix], both: Both, workshop: Workshop
) -> tuple[PlannedFix, ...]:
    fixes = [one.fix for one in planned]
    means = choices_of(both.averaged, fixes, workshop.changes)
    tails = None
    if len(fixes) <= MOST_SHARED:
        tails = choices_of(both.drawn, fixes, workshop.changes)
    mean = None if means is None else means.shapley_of_mean(len(fixes))
    tail = None if tails is None else tails.shapley_of(Measure(TAIL).of, len(fixes))
    return tuple(replace(one, share_fen=None if mean is None else mean[place],
                         tail_share_fen=None if tail is None else tail[place])
                 for place, one in enumerate(planned))
