"""The parts of a run, in the order they are made: what each is called and which engine makes it.

A part is one line here; a run makes those there are and says which it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.reading import plain
from dinghai.supplychain.attack_paths import attack_paths
from dinghai.supplychain.blast_radius import blast_radius
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_hardening import harden_chain, protect_parties
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_results import Simulation, simulate_chain
from dinghai.supplychain.event_losses import (
    event_losses,
    events_of_year,
    losses_by_year,
    median_event,
    worst_event,
    year_at,
)
from dinghai.supplychain.language import shipped_language
from dinghai.supplychain.layer_file import layers_of
from dinghai.supplychain.level_changes import level_changes
from dinghai.supplychain.likely_path import LikelyPath, likely_paths
from dinghai.supplychain.node_levels import LevelState, level_state, state_of
from dinghai.supplychain.replay import Replay, replay
from dinghai.supplychain.sharing import share_chain
from dinghai.supplychain.sharing_document import shares_document
from dinghai.supplychain.strikes import field_of

LEVELS: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Levels of the loss of a year that a run keeps: points of its exceedance curve."""
LIKELY_SCHEMA: Final = "dinghai.chain-likely-paths/1"
MOST_LIKELY: Final = 12
"""Firms to which the most likely ways are looked for: the owner, and those that lose most."""
STORIES_SCHEMA: Final = "dinghai.chain-stories/1"
MOST_PATHS: Final = 20
MOST_REACHED: Final = 10
MOST_FIXES: Final = 12
_LOOKED_AT: Final = 200
"""The costliest events among which the one that strikes most parties is looked for."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The threat tables of a day."""

    day: date
    kev: KevTable
    epss: EpssTable | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier state of the same chain, for what changed since."""

    chain: Chain
    tables: Tables


@dataclass(slots=True, eq=False)
class Workshop:
    """What every part of a run is made from: the twin and its simulated years. ``state`` are the
    levels of its nodes once a part has made them."""

    model: ChainModel
    found: Simulation
    tables: Tables
    years: int
    seed: int
    budget_fen: int | None
    earlier: Earlier | None = None
    state: LevelState | None = None


def workshop_of(
    chain: Chain, tables: Tables, *, years: int, seed: int, budget_fen: int | None = None,
    earlier: Earlier | None = None,
) -> Workshop:
    """Compile the twin and simulate. Raises InputError for a chain that cannot be compiled."""
    model = chain_model(chain, kev=tables.kev, epss=tables.epss)
    return Workshop(model, simulate_chain(model, years=years, seed=seed), tables, years, seed,
                    budget_fen, earlier)


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a run. ``needs`` a ``budget`` for fixes, or an ``earlier`` run."""

    name: str
    title: Any
    make: Callable[[Workshop], Mapping[str, Any]]
    needs: str = ""


def _simulation(shop: Workshop) -> Mapping[str, Any]:
    return shop.found.to_dict(LEVELS)


def _ranking(shop: Workshop) -> Mapping[str, Any]:
    return protect_parties(shop.model, years=shop.years, seed=shop.seed)


def _state(shop: Workshop) -> LevelState:
    if shop.state is None:
        tables = shop.tables
        shop.state = state_of(shop.model, shipped_language(), kev=tables.kev, epss=tables.epss,
                              on=tables.day, seed=shop.seed)
    return shop.state


def _levels(shop: Workshop) -> Mapping[str, Any]:
    return plain(_state(shop).reading)


def _changes(shop: Workshop) -> Mapping[str, Any]:
    assert shop.earlier is not None
    tables = shop.earlier.tables
    before = level_state(shop.earlier.chain, kev=tables.kev, epss=tables.epss, on=tables.day,
                         seed=shop.seed)
    return plain(level_changes(before, _state(shop)))


def _blast(shop: Workshop) -> Mapping[str, Any]:
    return plain(blast_radius(shop.model, _state(shop).reach, shop.found.events,
                              most_reached=MOST_REACHED))


def _paths(shop: Workshop) -> Mapping[str, Any]:
    model = shop.model
    return plain(attack_paths(model.twin, field_of(model.twin, model.outcomes),
                              shop.found.events, shipped_language(), chain=model.chain.id,
                              top=MOST_PATHS))


def _likely(shop: Workshop) -> Mapping[str, Any]:
    """The most likely single ways to the owner and to the firms that lose most."""
    model, years = shop.model, shop.found.years
    lost = {name: int(years.own[place] + years.inherited[place])
            for place, name in enumerate(model.twin.names[:model.twin.firms])}
    worst = sorted(lost, key=lambda name: (name != model.chain.owner, -lost[name], name))
    language = shipped_language()
    return {"schema": LIKELY_SCHEMA, "chain": model.chain.id, "nodes": {
        name: _leading(likely_paths(model.twin, model.rates, name, language,
                                    chain=model.chain.id, seed=shop.seed))
        for name in worst[:MOST_LIKELY]}}


def _leading(found: tuple[LikelyPath, ...]) -> list[Any]:
    """The likeliest that begin elsewhere, then those that begin at the firm itself."""
    return [plain(one) for direct in (False, True)
            for one in [one for one in found if one.direct is direct][:2]]


def _replay(shop: Workshop) -> Mapping[str, Any]:
    """Events told day by day: the one that strikes most of the costly ones, the costliest, the
    costliest of a year in a hundred, and the one in the middle."""
    model, events = shop.model, shop.found.events
    losses = event_losses(field_of(model.twin, model.outcomes), events, model.supply)
    costly = [int(one) for one in losses.argsort()[::-1][:_LOOKED_AT] if losses[one] > 0]
    told: dict[str, Replay] = {}
    if costly:
        language = shipped_language()

        def tell(event: int, chosen: str) -> Replay:
            return replay(model, events, event, language, chosen=chosen)

        widest = max((tell(one, "widest") for one in costly), key=lambda one: (
            sum(party.loss_fen + party.through_goods_fen > 0 for party in one.parties),
            one.loss_fen))
        told = {"widest": widest, "worst": tell(worst_event(losses), "worst")}
        of_year = events_of_year(events, losses, year_at(losses_by_year(events, losses), 0.99))
        if of_year:
            told["rare"] = tell(of_year[0], "rare")
        told["median"] = tell(median_event(losses), "median")
    return {"schema": STORIES_SCHEMA, "chain": model.chain.id,
            "events": {name: plain(one) for name, one in told.items()}}


def _hardening(shop: Workshop) -> Mapping[str, Any]:
    assert shop.budget_fen is not None
    return harden_chain(shop.model, years=shop.years, seed=shop.seed, budget_fen=shop.budget_fen,
                        most=MOST_FIXES, kev=shop.tables.kev, epss=shop.tables.epss).to_dict()


def _shares(shop: Workshop) -> Mapping[str, Any]:
    return shares_document(share_chain(shop.model, layers_of(shop.model.cover.policy),
                                       years=shop.years, seed=shop.seed))


PARTS: Final = (
    Part("simulation", _("Years of the twin"), _simulation),
    Part("ranking", _("Worth of protecting each party"), _ranking),
    Part("levels", _("Security level of every node"), _levels),
    Part("changes", _("What changed the levels, and why"), _changes, needs="earlier"),
    Part("blast", _("Blast radius and single points of failure"), _blast),
    Part("paths", _("Attack paths"), _paths),
    Part("likely", _("Most likely single ways"), _likely),
    Part("replay", _("Replay of events day by day"), _replay),
    Part("shares", _("Shares of the parties"), _shares),
    Part("hardening", _("Plan of fixes for a budget"), _hardening, needs="budget"),
)

EXPECTED: Final = tuple(one.name for one in PARTS)
"""All parts that pages know how to show; what a run does not hold of them it says."""


def parts_of(*, budget: bool, earlier: bool) -> tuple[Part, ...]:
    """The parts that a run makes: those that need a budget or an earlier state only where there
    is one."""
    there = {"": True, "budget": budget, "earlier": earlier}
    return tuple(one for one in PARTS if there[one.needs])
