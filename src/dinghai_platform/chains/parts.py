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
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.chain_results import Simulation, rank_chain, simulate_chain

LEVELS: Final = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Levels of the loss of a year that a run keeps: points of its exceedance curve."""
RANKING_SCHEMA: Final = "dinghai.chain-ranking/1"


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
    """What every part of a run is made from: the twin and its simulated years."""

    model: ChainModel
    found: Simulation
    tables: Tables
    years: int
    seed: int
    budget_fen: int | None
    earlier: Earlier | None = None


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
    ranking = rank_chain(shop.found)
    names = shop.model.twin.names
    order = sorted(range(len(names)), key=lambda place: (-ranking.averted[place], place))
    return {
        "schema": RANKING_SCHEMA, "chain": shop.model.chain.id, "metric": "mean",
        "years": shop.years, "seed": shop.seed,
        "parties": [{"id": names[place], "averted_fen": round(ranking.averted[place]),
                     "se_fen": round(ranking.error[place]),
                     "tail_averted_fen": round(ranking.tail[place])} for place in order]}


PARTS: Final = (
    Part("simulation", _("Years of the twin"), _simulation),
    Part("ranking", _("Worth of protecting each party"), _ranking),
)

EXPECTED: Final = ("simulation", "ranking", "levels", "changes", "paths", "replay", "shares",
                   "hardening")
"""All parts that pages know how to show; what a run does not hold of them it says."""


def parts_of(*, budget: bool, earlier: bool) -> tuple[Part, ...]:
    """The parts that a run makes: those that need a budget or an earlier state only where there
    is one."""
    there = {"": True, "budget": budget, "earlier": earlier}
    return tuple(one for one in PARTS if there[one.needs])
