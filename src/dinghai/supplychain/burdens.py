"""Who bears how much of each layer as agreed, and whose events it comes from.

All figures are whole sums over the simulated years. A firm causes what its own events present; what
comes from a provider counts with the firm that suffers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dinghai.foundation.money import PPM, Fen, split
from dinghai.supplychain.layer_file import INSURERS
from dinghai.supplychain.shared_events import LayeredEvents, added
from dinghai.wording.layers import Participation


@dataclass(frozen=True, slots=True)
class ChainPlaces:
    """Where parties stand: firms first, then causes that are no firm of the chain, such as
    providers. ``group`` is each party's, by place; no firm is in a group with one that is none."""

    names: tuple[str, ...]
    firms: int
    owner: int
    group: tuple[str, ...]

    @property
    def outside(self) -> frozenset[str]:
        """Groups of causes that are no firm."""
        return frozenset(self.group[self.firms:])

    def firm(self, name: str) -> int:
        """The place of a firm."""
        return self.names.index(name)


@dataclass(frozen=True, slots=True)
class Borne:
    """A layer's sum cut by who bears it, as weights of one unit: insurers by party, and by firm
    what it retains of its own loss and contributes to others'."""

    insurers: Mapping[str, int]
    retained: tuple[int, ...]
    contributed: tuple[int, ...]


def causes_of(layered: LayeredEvents, places: ChainPlaces) -> list[list[int]]:
    """By layer and firm: what its events, or providers to it, present to the layer."""
    events = layered.events
    causing = np.where(events.root < places.firms, events.root, events.member)
    return [added(row, causing, places.firms).tolist() for row in layered.borne]


def borne_by(
    layered: LayeredEvents, layer: int, places: ChainPlaces, premiums: Sequence[Fen]
) -> Borne:
    """Who bears a layer as agreed. ``premiums`` by firm weigh what all enrolled bear."""
    insurers: dict[str, int] = {}
    retained, contributed = [0] * places.firms, [0] * places.firms
    enrolled = [0 if firm == places.owner else fen for firm, fen in enumerate(premiums)]
    unit = max(sum(enrolled), 1)
    sums = _Sums(layered, layer, places)
    placed = 0
    for one in layered.layers[layer].participants:
        weight = one.share_ppm * unit
        placed += one.share_ppm
        if one.role in INSURERS:
            insurers[one.party] = insurers.get(one.party, 0) + weight * sums.total
            continue
        for firm, (kept, given) in enumerate(_of_firms(one, sums, places, enrolled, unit)):
            retained[firm] += one.share_ppm * kept
            contributed[firm] += one.share_ppm * given
    if not layered.layers[layer].participants:
        insurers["保险人"], placed = PPM * unit * sums.total, PPM
    for firm, fen in enumerate(sums.suffered):
        retained[firm] += (PPM - placed) * unit * fen
    return Borne(insurers, tuple(retained), tuple(contributed))


class _Sums:
    """A layer's sums: in all, by who suffers, by where events began, by both being the same."""

    def __init__(self, layered: LayeredEvents, layer: int, places: ChainPlaces) -> None:
        events, row, firms = layered.events, layered.borne[layer], places.firms
        inside, same = events.root < firms, events.root == events.member
        self.total = int(row.sum())
        self.suffered: list[int] = added(row, events.member, firms).tolist()
        self.began: list[int] = added(row[inside], events.root[inside], firms).tolist()
        self.own: list[int] = added(row[same], events.root[same], firms).tolist()
        self.by_providers: list[int] = added(row[~inside], events.member[~inside],
                                             firms).tolist()


def _of_firms(
    one: Participation, sums: _Sums, places: ChainPlaces, enrolled: Sequence[Fen], unit: int
) -> list[tuple[int, int]]:
    """By firm, of a participant's share: retained and contributed, times ``unit``."""
    firms = range(places.firms)
    if one.retained:
        return [(sums.suffered[firm] * unit, 0) for firm in firms]
    if one.bearer == "root_cause":
        return [((sums.own[firm] + sums.by_providers[firm]) * unit,
                 (sums.began[firm] - sums.own[firm]) * unit) for firm in firms]
    if one.bearer == "enrolled":
        if not any(enrolled):
            return [(sums.suffered[firm] * unit, 0) for firm in firms]
        return [(enrolled[firm] * sums.suffered[firm],
                 enrolled[firm] * (sums.total - sums.suffered[firm])) for firm in firms]
    bearer = places.owner if one.role == "chain_owner" else places.firm(one.party)
    out = [(0, 0)] * places.firms
    out[bearer] = (sums.suffered[bearer] * unit, (sums.total - sums.suffered[bearer]) * unit)
    return out


def flows_of(
    layered: LayeredEvents, places: ChainPlaces, premiums: Sequence[Fen], mean_fen: Fen
) -> dict[tuple[str, str], Fen]:
    """What firms of each group, and insurers, bear of what each group's events present to the
    layers: (who bears, whose events) → fen. Adds up to ``mean_fen``."""
    names = tuple(dict.fromkeys(places.group))
    which = np.array([names.index(one) for one in places.group])
    events, number = layered.events, len(names)
    cell = which[events.root] * number + which[events.member]
    enrolled = [0] * number
    for firm, fen in enumerate(premiums):
        if firm != places.owner:
            enrolled[int(which[firm])] += fen
    unit = max(sum(enrolled), 1)
    weights: dict[tuple[str, str], int] = {}
    for place, layer in enumerate(layered.layers):
        sums = added(layered.borne[place], cell, number * number).reshape(number, number)
        placed = sum(one.share_ppm for one in layer.participants)
        rest = Participation(party="", role="insured", share_ppm=max(PPM - placed, 0))
        for one in (*layer.participants, rest):
            for cause in range(number):
                for sufferer in range(number):
                    for bearer, weight in _group_bearers(
                            one, cause, sufferer, names, places, enrolled, unit):
                        key = bearer, names[cause]
                        weights[key] = weights.get(key, 0) + (
                            one.share_ppm * weight * int(sums[cause, sufferer]))
    found = {key: weight for key, weight in weights.items() if weight}
    return dict(zip(found, split(mean_fen, list(found.values())), strict=True)) if found else {}


def _group_bearers(
    one: Participation, cause: int, sufferer: int, names: Sequence[str], places: ChainPlaces,
    enrolled: Sequence[Fen], unit: int,
) -> list[tuple[str, int]]:
    if one.role in INSURERS:
        return [("insurer", unit)]
    if one.retained or (one.bearer == "enrolled" and not any(enrolled)):
        return [(names[sufferer], unit)]
    if one.bearer == "root_cause":
        return [(names[sufferer if names[cause] in places.outside else cause], unit)]
    if one.bearer == "enrolled":
        return list(zip(names, enrolled, strict=True))
    bearer = places.owner if one.role == "chain_owner" else places.firm(one.party)
    return [(places.group[bearer], unit)]
