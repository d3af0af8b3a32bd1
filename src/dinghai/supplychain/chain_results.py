"""What years of a chain say: loss and tail, and each party's own, inherited and exported part."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dinghai.foundation.canonical import JSON
from dinghai.foundation.reading import plain
from dinghai.losses.tables import PERILS
from dinghai.supplychain.attack_paths import leading_paths
from dinghai.supplychain.causes import causes_dict
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.programme import PARTS_OF_COVER
from dinghai.supplychain.ranking import Ranking, rank_parties
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.year_tables import YearTables
from dinghai.supplychain.years import ChainYears, Events, Whole, run_years

SIMULATION_SCHEMA = "dinghai.chain-simulation/1"
LEVELS = (0.5, 0.9, 0.95, 0.99, 0.995)
NOT_YET: tuple[str, ...] = ()
"""What a simulation of a chain does not hold yet; the answer says so."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """Years of a chain with the events they were made of."""

    model: ChainModel
    events: Events
    years: ChainYears

    def to_dict(self, levels: Sequence[float] = LEVELS) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.chain-simulation/1). Losses are ground-up, in fen."""
        model, years, number = self.model, self.years, self.events.years
        loss = years.loss
        return {
            "schema": SIMULATION_SCHEMA, "chain": model.chain.id, "years": number,
            "seed": self.events.seed, "events_a_year": self.events.number / number,
            "loss": _distribution(loss, levels),
            "through_goods_fen": round(float(years.starved.mean())),
            **causes_dict(model, years),
            "programme": self._programme(levels),
            "parties": [self._party(place) for place in range(model.twin.parties)],
            "outside_the_twin_claims_a_year": {
                peril: float(model.outside[:, place].sum())
                for place, peril in enumerate(PERILS) if model.outside[:, place].any()},
            "paths": plain(leading_paths(model.twin, field_of(model.twin, model.outcomes),
                                         self.events, chain=model.chain.id)),
            "estimated_facts": len(model.estimates), "not_yet": list(NOT_YET),
        }

    def _programme(self, levels: Sequence[float]) -> dict[str, JSON]:
        """What it pays: in all, by section and part of the cover, and by layer."""
        model, years, number = self.model, self.years, self.events.years
        suffered = years.suffered.sum(axis=1)
        compensated = years.compensated.sum(axis=1)
        return {
            "product": model.chain.programme.product,
            **_distribution(years.paid, levels),
            "before_limits_of_event_and_year_fen": {
                name: round(int(amount) / number)
                for name, amount in zip(PARTS_OF_COVER, years.parts, strict=True)},
            "parts": {
                name: {"loss_fen": round(int(suffered[place]) / number),
                       "paid_fen": round(int(compensated[place]) / number)}
                for place, name in enumerate(PARTS_OF_COVER)},
            "sections_fen": {
                section.coverage: round(int(amount) / number) for section, amount in zip(
                    model.cover.sections, years.paid_to.sum(axis=1), strict=True)},
            "layers": [
                {"id": layer.id, "name_zh": layer.name_zh, "name_en": layer.name_en,
                 "attachment_fen": layer.attachment_fen, "limit_fen": layer.limit_fen,
                 "basis": layer.basis, **_distribution(borne, levels),
                 "reached": float((borne > 0).mean()),
                 "exhausted": float((borne >= limit).mean())}
                for layer, borne, limit in zip(
                    model.cover.policy.schedule.layers, years.layers, model.terms.layer_year,
                    strict=True)],
        }

    def _named(self, place: int) -> dict[str, JSON]:
        model = self.model
        first = model.twin.parties - len(model.products)
        if place >= first:
            product = model.products[place - first]
            return {"kind": "common_vulnerability", "name_zh": product.name_zh,
                    "name_en": product.name_en, "firms": len(product.firms)}
        return {"kind": "firm" if place < model.twin.firms else "provider"}

    def _party(self, place: int) -> dict[str, JSON]:
        years, number = self.years, self.events.years
        return {
            "id": self.model.twin.names[place],
            **self._named(place),
            "attempts_a_year": float(self.model.rates[place].sum()),
            "entered_a_year": int(years.entered[place]) / number,
            "struck_a_year": int(years.struck[place]) / number,
            "own_fen": round(int(years.own[place]) / number),
            "inherited_fen": round(int(years.inherited[place]) / number),
            "exported_fen": round(int(years.exported[place]) / number),
            "through_goods_fen": round(int(years.supply[place]) / number),
            "paid_fen": round(int(years.paid_to[:, place].sum()) / number),
            "cover": {
                name: {"loss_fen": round(int(years.suffered[part, place]) / number),
                       "paid_fen": round(int(years.compensated[part, place]) / number)}
                for part, name in enumerate(PARTS_OF_COVER)},
        }


def simulate_chain(
    model: ChainModel, *, years: int, seed: int, workers: int | None = None,
    folder: Path | None = None, ranked: bool = False, executor: Executor | None = None,
) -> Simulation:
    """Run years of events, and write their tables into a folder where one is given; ``ranked`` has
    them ranked in the same pass. The same bytes for any number of workers, and on any executor."""
    events = model.events(years=years, seed=seed)
    field = field_of(model.twin, model.outcomes)
    if folder is None:
        return Simulation(model, events, run_years(field, events, model.supply, model.terms,
                                                   workers=workers, ranked=ranked,
                                                   executor=executor))
    with YearTables(folder, model, events) as tables:
        found = run_years(field, events, model.supply, model.terms, workers=workers,
                          keep=tables.keep, ranked=ranked, executor=executor)
        tables.finish(found)
    return Simulation(model, events, found)


def rank_chain(found: Simulation, *, level: float = 0.99) -> Ranking:
    """What protecting each party averts, on average and in the worst years of the simulation."""
    number = max(round(found.events.years * (1.0 - level)), 1)
    worst = np.argsort(-found.years.loss, kind="stable")[:number]
    return rank_parties(field_of(found.model.twin, found.model.outcomes), found.events, tail=worst,
                        known=found.years)


def _distribution(years: Whole, levels: Sequence[float]) -> dict[str, JSON]:
    number = len(years)
    return {
        "mean_fen": round(float(years.mean())),
        "se_fen": round(float(years.std(ddof=1)) / number**0.5) if number > 1 else None,
        "quantile_fen": {f"{one:g}": int(np.quantile(years, one, method="inverted_cdf"))
                         for one in levels},
        "tvar_fen": {f"{one:g}": round(tail_mean(years, one)) for one in levels}}


def tail_mean(loss: Whole, level: float) -> float:
    """The mean of the years above a level (the worst one at least)."""
    ordered = np.sort(loss)
    return float(ordered[min(int(np.ceil(level * len(ordered))), len(ordered) - 1):].mean())
