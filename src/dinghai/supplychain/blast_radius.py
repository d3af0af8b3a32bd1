"""The blast radius of every node, and the single points of failure on the way to the owner.

A node is compromised where an event that started there got in: a step beyond the attempt was taken,
or, at a provider or a product, the event itself. Then: who else is entered and struck how often,
and what it costs, with interval.

A single point of failure is a node that others reach the owner through and in no other way: a
dominator of the reversed graph, once of the attack links and once of the deliveries. Its effect on
the tail is what the same events cost where nothing gets into it (attacks), or where its deliveries
are secured (goods).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

import msgspec
import numpy as np

from dinghai.supplychain.chain_model import ChainModel
from dinghai.supplychain.dominators import dominated, immediate_dominators
from dinghai.supplychain.event_losses import event_losses, losses_by_year
from dinghai.supplychain.party_naming import PartyKind, PartyName, party_names
from dinghai.supplychain.reach import Reach
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.strikes import field_of
from dinghai.supplychain.years import Events, Supply, Whole

BLAST_SCHEMA = "dinghai.chain-blast/1"
TAIL: Final = 0.99
_NORMAL_90: Final = 1.6448536269514722
Graph = Literal["attack", "goods"]


class Reached(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another party and what a compromise means to it: the chances that it is entered and struck,
    and its expected loss in fen."""

    id: str
    entered: float
    struck: float
    loss_fen: int


class Blast(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The blast radius of a node. ``compromises_a_year`` begin there; each costs on average
    ``loss_fen`` (within ``low_fen`` and ``high_fen``, at least 90%), of it ``elsewhere_fen``, and
    enters and strikes so many others. ``reached`` are the leading others of ``others``. None where
    no sampled event got in."""

    id: str
    kind: PartyKind
    name_zh: str
    name_en: str
    compromises_a_year: float
    entered_others: float
    struck_others: float
    others: int
    reached: tuple[Reached, ...]
    loss_fen: int | None = None
    low_fen: int | None = None
    high_fen: int | None = None
    elsewhere_fen: int | None = None


class SinglePoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node that ``cuts_off`` others from the owner in a graph: they reach it in no other way.
    ``depth`` counts the single points between it and the owner. Means and tail means (TVaR at
    ``tail``) of yearly losses in fen without it, and what it averts, with standard errors; None
    where it is not among those that were run."""

    id: str
    name_zh: str
    name_en: str
    graph: Graph
    cuts_off: tuple[str, ...]
    depth: int
    mean_without_fen: int | None = None
    mean_averted_fen: int | None = None
    mean_se_fen: int | None = None
    tail_without_fen: int | None = None
    tail_averted_fen: int | None = None
    tail_se_fen: int | None = None


class BlastRadius(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Blast radius and single points of a chain (schema dinghai.chain-blast/1): from ``worlds`` of
    each start, and ``years`` of events for the tail."""

    schema: Literal["dinghai.chain-blast/1"]
    chain: str
    owner: str
    worlds: int
    years: int
    seed: int
    tail: float
    mean_fen: int
    tail_fen: int
    nodes: tuple[Blast, ...]
    single_points: tuple[SinglePoint, ...]


@dataclass(frozen=True, slots=True)
class _Point:
    place: int
    graph: Graph
    cuts_off: tuple[int, ...]
    depth: int


def blast_radius(
    model: ChainModel, reach: Reach, events: Events, *, most_reached: int = 20,
    most_points: int = 12, workers: int | None = None,
) -> BlastRadius:
    """Blast radius of every node, the costliest first, and all single points of failure; the tail
    is worked out for those that cut off the most."""
    base = _by_year(model, events, model.supply, -1, workers)
    points, names = single_points(model), party_names(model)
    return BlastRadius(
        schema="dinghai.chain-blast/1", chain=model.chain.id, owner=model.chain.owner,
        worlds=reach.worlds, years=events.years, seed=events.seed, tail=TAIL,
        mean_fen=round(float(base.mean())), tail_fen=round(_tail(base)[0]),
        nodes=tuple(sorted(
            (_blast(model, reach, place, names[name], most_reached)
             for place, name in enumerate(model.twin.names)),
            key=lambda one: (-(one.loss_fen or 0), one.id))),
        single_points=tuple(
            _with_tail(model, names, events, base, one, workers) if place < most_points
            else _published(model, names, one) for place, one in enumerate(points)))


def single_points(model: ChainModel) -> list[_Point]:
    """The single points of failure towards the owner, those that cut off the most first."""
    twin, owner = model.twin, model.twin.names.index(model.chain.owner)
    leaving = np.repeat(np.arange(twin.parties), np.diff(twin.links.first))
    carries = twin.links.chance > 0.0
    goods = model.supply.goods
    supplier = np.repeat(np.arange(len(goods.first) - 1), np.diff(goods.first))
    edges: dict[Graph, list[tuple[int, int]]] = {
        "attack": list(zip(twin.links.party[carries].tolist(), leaving[carries].tolist(),
                           strict=True)),
        "goods": list(zip(goods.buyer[goods.share > 0.0].tolist(),
                          supplier[goods.share > 0.0].tolist(), strict=True))}
    found = []
    for graph, ways in edges.items():
        above = immediate_dominators(twin.parties, ways, owner)
        for place, others in dominated(above, owner).items():
            depth, one = 0, above[place]
            while one != owner:
                depth, one = depth + 1, above[one]
            found.append(_Point(place, graph, tuple(others), depth))
    return sorted(found, key=lambda one: (-len(one.cuts_off), one.graph, one.place))


def _blast(model: ChainModel, reach: Reach, place: int, named: PartyName, most: int) -> Blast:
    pairs = np.flatnonzero(reach.root == place)
    rates = model.rates[place, reach.aim[pairs]]
    inside = int(reach.got_in[pairs[0]]) if len(pairs) else 0
    a_year = float(rates.sum()) * inside / reach.worlds
    name = model.twin.names[place]
    if inside == 0:
        return Blast(name, named.kind, named.name_zh, named.name_en, 0.0, 0.0, 0.0, 0, ())
    share = rates / rates.sum()
    loss = float((share * reach.whole[pairs]).sum()) / inside
    elsewhere = float((share * reach.elsewhere[pairs]).sum()) / inside
    spread = np.maximum(reach.whole_square[pairs] / inside
                        - (reach.whole[pairs] / inside)**2, 0.0)**0.5
    error = float((share * spread).sum()) / inside**0.5  # aims share their worlds: at most this
    others = _others(model, reach, pairs, share, inside, place)
    return Blast(
        id=name, kind=named.kind, name_zh=named.name_zh, name_en=named.name_en,
        compromises_a_year=a_year,
        entered_others=sum(one.entered for one in others),
        struck_others=sum(one.struck for one in others), others=len(others),
        reached=tuple(others[:most]), loss_fen=round(loss),
        low_fen=max(round(loss - _NORMAL_90 * error), 0),
        high_fen=round(loss + _NORMAL_90 * error), elsewhere_fen=round(elsewhere))


def _others(
    model: ChainModel, reach: Reach, pairs: np.ndarray, share: Floats, inside: int, place: int
) -> list[Reached]:
    """The other parties that a compromise enters or costs something, those it costs most first."""
    parties = model.twin.parties
    entered, struck, loss = np.zeros(parties), np.zeros(parties), np.zeros(parties)
    for pair, weight in zip(pairs.tolist(), share.tolist(), strict=True):
        rows = slice(int(reach.first[pair]), int(reach.first[pair + 1]))
        for sums, column in ((entered, reach.entered), (struck, reach.struck),
                             (loss, reach.loss)):
            sums[reach.party[rows]] += weight * column[rows] / inside
    found = [Reached(model.twin.names[one], float(entered[one]), float(struck[one]),
                     round(float(loss[one])))
             for one in np.flatnonzero((entered > 0.0) | (loss > 0.0)).tolist() if one != place]
    return sorted(found, key=lambda one: (-one.loss_fen, -one.entered, one.id))


def _published(model: ChainModel, names: Mapping[str, PartyName], one: _Point) -> SinglePoint:
    name = model.twin.names[one.place]
    named = names[name]
    return SinglePoint(name, named.name_zh, named.name_en, one.graph,
                       tuple(model.twin.names[other] for other in one.cuts_off), one.depth)


def _with_tail(
    model: ChainModel, names: Mapping[str, PartyName], events: Events, base: Whole, one: _Point,
    workers: int | None,
) -> SinglePoint:
    if one.graph == "attack":
        without = _by_year(model, events, model.supply, one.place, workers)
    else:
        goods = model.supply.goods
        share = goods.share.copy()
        share[goods.first[one.place]:goods.first[one.place + 1]] = 0.0
        secured = replace(model.supply, goods=goods._replace(share=share))
        without = _by_year(model, events, secured, -1, workers)
    (tail, part), (tail_without, part_without) = _tail(base), _tail(without)
    moved = (base - without).astype(np.float64)
    return msgspec.structs.replace(
        _published(model, names, one), mean_without_fen=round(float(without.mean())),
        mean_averted_fen=round(float(moved.mean())), mean_se_fen=round(_error(moved)),
        tail_without_fen=round(tail_without), tail_averted_fen=round(tail - tail_without),
        tail_se_fen=round(_error(part - part_without)))


def _by_year(
    model: ChainModel, events: Events, supply: Supply, guarded: int, workers: int | None
) -> Whole:
    return losses_by_year(events, event_losses(
        field_of(model.twin, model.outcomes), events, supply, guarded=guarded, workers=workers))


def _tail(loss: Whole) -> tuple[float, Floats]:
    """The tail mean, and each year's part in it: (loss − quantile)⁺ ÷ (1 − level)."""
    quantile = float(np.quantile(loss, TAIL, method="inverted_cdf"))
    part = np.maximum(loss - quantile, 0.0) / (1.0 - TAIL)
    return quantile + float(part.mean()), part


def _error(values: Floats) -> float:
    return float(values.std(ddof=1)) / len(values)**0.5 if len(values) > 1 else 0.0
