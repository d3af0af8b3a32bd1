"""Who shares a chain's risk: what each party bears of each layer, and what it would by its causes.

A party's cause is what events that began there present to the layers, at itself and elsewhere (own
and exported); what shared causes bring, providers and common vulnerabilities, counts with the firms
that suffer it. Causes drive the proposal (DECISIONS 26): a better control at a firm never raises
what its events cost, in any event. Amounts of a year are means over simulated years, cut to the fen
by the largest remainders, so that parties add up to layers and layers to the programme.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from dinghai.foundation.money import PPM, Fen, multiply_divide, split
from dinghai.pricing.rating import load_rating
from dinghai.supplychain.burdens import ChainPlaces, borne_by, causes_of, flows_of
from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.layer_file import INSURERS, ChainLayers, check_parties
from dinghai.supplychain.programme_premium import (
    ProgrammePremium,
    allocated,
    premium_weights,
    programme_premium,
)
from dinghai.supplychain.shared_events import (
    LayeredEvents,
    added,
    share_events,
    through_layers,
)
from dinghai.supplychain.tail_shares import (
    ShapleyShares,
    co_tail,
    exact_shapley,
    sampled_shapley,
    tail_fen,
    worst_years,
    years_by_root,
)
from dinghai.supplychain.years import Whole
from dinghai.wording.layers import Layer

PROVIDER: Final = "provider"
COMMON: Final = "common_cause"
ORDERS: Final = 64


@dataclass(frozen=True, slots=True)
class Spread:
    """A yearly amount over the simulated years, in fen: mean and its standard error, standard
    deviation, mean of the worst years, and the share of years with any (ppm)."""

    mean_fen: Fen
    error_fen: Fen
    deviation_fen: Fen
    tail_fen: Fen
    years_ppm: int


@dataclass(frozen=True, slots=True)
class Burden:
    """What a firm bears of a layer in a year, in fen: as agreed, cut into retention of its own loss
    and contribution to others', and what it would bear by its causes."""

    retention_fen: Fen
    contribution_fen: Fen
    fair_fen: Fen

    @property
    def declared_fen(self) -> Fen:
        """As agreed."""
        return self.retention_fen + self.contribution_fen


@dataclass(frozen=True, slots=True)
class LayerShares:
    """A layer: its year, what each insurer bears, what each firm bears, and the shares that the
    owner and all others would have by their causes of what insurers do not bear."""

    layer: Layer
    year: Spread
    insurers: Mapping[str, Fen]
    burdens: tuple[Burden, ...]
    fair_owner_ppm: int
    fair_others_ppm: int


@dataclass(frozen=True, slots=True, eq=False)
class ChainShares:
    """Shares of a chain's risk. By firm: ``own`` and ``exported`` cause and what came
    from ``shared_causes``, of what is presented, and its ``premium``. By party (firms, then
    shared causes): ``ground`` loss own, exported and inherited, standard ``error`` of what its
    events present, ``co_tail`` and ``shapley`` shares of the tail; by group ``group_shapley`` and
    ``flows``: who bears of whose events."""

    model: ChainModel
    agreement: ChainLayers
    places: ChainPlaces
    years: int
    seed: int
    presented: Spread
    above: Spread
    layers: tuple[LayerShares, ...]
    ground: Whole
    own: tuple[Fen, ...]
    exported: tuple[Fen, ...]
    shared_causes: tuple[Fen, ...]
    error: tuple[float, ...]
    programme: ProgrammePremium
    premium: tuple[Fen, ...]
    co_tail: tuple[Fen, ...]
    shapley: ShapleyShares
    group_shapley: ShapleyShares
    flows: Mapping[tuple[str, str], Fen]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, in the order of ``group_shapley``."""
        return tuple(dict.fromkeys(self.places.group))

    def cause(self, firm: int) -> Fen:
        """What drives a firm's part: own, exported, and what shared causes brought to it."""
        return self.own[firm] + self.exported[firm] + self.shared_causes[firm]

    def declared(self, firm: int) -> Fen:
        """What a firm bears of all layers as agreed."""
        return sum(one.burdens[firm].declared_fen for one in self.layers)

    def fair(self, firm: int) -> Fen:
        """What a firm would bear of all layers by its causes."""
        return sum(one.burdens[firm].fair_fen for one in self.layers)


def places_of(model: ChainModel) -> ChainPlaces:
    """The parties of a chain with their groups: owner, suppliers by tier, dealers, customers,
    providers, and other causes that strike many."""
    firms, providers = model.chain.firms, len(model.chain.providers)
    group = [f"supplier-{min(one.tier, 4)}" if one.role == "supplier" else one.role
             for one in firms]
    return ChainPlaces(model.twin.names, len(firms), model.twin.names.index(model.chain.owner),
                       (*group, *[PROVIDER] * providers,
                        *[COMMON] * (model.twin.parties - len(firms) - providers)))


def share_chain(
    model: ChainModel, agreement: ChainLayers, *, years: int, seed: int,
    premium_fen: Fen | None = None, orders: int = ORDERS, workers: int | None = None,
) -> ChainShares:
    """Simulate years of a chain and share them. ``premium_fen`` stands over the agreement's own.

    The same figures for any number of workers. Raises InputError for parties that are not in the
    chain.
    """
    check_parties(agreement, model.chain)
    places, level = places_of(model), agreement.level_ppm / PPM
    events = share_events(model, model.events(years=years, seed=seed), workers=workers)
    layered = through_layers(events, agreement.layers)
    causes = causes_of(layered, places)
    insured_ppm = [sum(one.share_ppm for one in layer.participants if one.role in INSURERS)
                   if layer.participants else PPM for layer in agreement.layers]
    insured = sum((events.by_year(row) * ppm // PPM for row, ppm in
                   zip(layered.borne, insured_ppm, strict=True)), np.zeros(years, dtype=np.int64))
    rating = load_rating(model.cover.policy.product.rating.table)
    programme = programme_premium(
        insured, rating, agreement.premium_fen if premium_fen is None else premium_fen)
    premium = allocated(programme.net_fen, premium_weights(causes, insured_ppm))
    worst = worst_years(years, level)
    table = years_by_root(events, model.twin.parties)
    presented = _spread(events.by_year(events.payable), worst)
    own, exported, brought = _drivers(layered, places, presented.mean_fen)
    spreads = spreads_of(layered, presented.mean_fen, worst)
    layers = tuple(_layer_shares(layered, place, places, causes[place], premium, kept,
                                 spreads[place])
                   for place, kept in enumerate(PPM - ppm for ppm in insured_ppm))
    members: dict[str, list[int]] = {}
    for party, group in enumerate(places.group):
        members.setdefault(group, []).append(party)
    return ChainShares(
        model, agreement, places, years, seed, presented,
        spreads[-1], layers, events.ground, own, exported, brought,
        tuple(table.error().tolist()), programme, premium, tuple(co_tail(table, worst)),
        sampled_shapley(table, worst, orders=orders, seed=seed),
        exact_shapley(table, list(members.values()), worst),
        flows_of(layered, places, premium, sum(one.year.mean_fen for one in layers)))


def _spread(year: Whole, worst: int) -> Spread:
    number = len(year)
    deviation = float(year.std(ddof=1)) if number > 1 else 0.0
    return Spread(
        multiply_divide(int(year.sum()), 1, number, "half_up"), round(deviation / number**0.5),
        round(deviation), tail_fen(year, worst), round(float((year > 0).mean()) * PPM))


def spreads_of(layered: LayeredEvents, mean_fen: Fen, worst: int) -> list[Spread]:
    """Of each layer, and last of what none reaches: their means add up to what is presented."""
    rows = [*layered.borne, layered.above]
    sums = [int(row.sum()) for row in rows]
    means = split(mean_fen, sums) if any(sums) else sums
    return [replace(_spread(layered.events.by_year(row), worst), mean_fen=mean)
            for row, mean in zip(rows, means, strict=True)]


def _drivers(
    layered: LayeredEvents, places: ChainPlaces, mean_fen: Fen
) -> tuple[tuple[Fen, ...], tuple[Fen, ...], tuple[Fen, ...]]:
    """By firm, a year: own, exported and provider-brought part of what is presented."""
    events, firms = layered.events, places.firms
    inside = events.root < firms
    own = inside & (events.root == events.member)
    rest = inside & ~own
    sums = [*added(events.payable[own], events.root[own], firms).tolist(),
            *added(events.payable[rest], events.root[rest], firms).tolist(),
            *added(events.payable[~inside], events.member[~inside], firms).tolist()]
    parts = split(mean_fen, sums) if any(sums) else [0] * len(sums)
    return tuple(parts[:firms]), tuple(parts[firms:2 * firms]), tuple(parts[2 * firms:])


def _layer_shares(
    layered: LayeredEvents, place: int, places: ChainPlaces, causes: list[int],
    premium: tuple[Fen, ...], kept_ppm: int, year: Spread,
) -> LayerShares:
    borne = borne_by(layered, place, places, premium)
    weights = [*borne.insurers.values(), *borne.retained, *borne.contributed]
    parts = split(year.mean_fen, weights) if any(weights) else [0] * len(weights)
    insurers, firms = len(borne.insurers), places.firms
    chain_fen = sum(parts[insurers:])
    fair = split(chain_fen, causes) if any(causes) else [0] * firms
    owner_ppm = (multiply_divide(kept_ppm, causes[places.owner], sum(causes), "half_up")
                 if any(causes) else 0)
    return LayerShares(
        layered.layers[place], year,
        dict(zip(borne.insurers, parts[:insurers], strict=True)),
        tuple(Burden(parts[insurers + firm], parts[insurers + firms + firm], fair[firm])
              for firm in range(firms)), owner_ppm, kept_ppm - owner_ppm)
