"""The digital twin: the steps of all parties joined by attack links into one graph.

A party is a firm or a provider. Steps of one party stand together, in the chain's order; a node's
luck is named by its party and step, not by its place, so that a firm that changes leaves the luck
of all others alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, get_args

import numpy as np
import numpy.typing as npt

from dinghai.supplychain.chain import Chain, Link, LinkKind
from dinghai.supplychain.draws import mixed_all
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.link_table import crossing
from dinghai.supplychain.step_graph import LOGNORMAL, Floats, Places, StepGraph, Words

NO_PERIL: Final = -1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_COMPROMISED: Final = "compromised"


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """``graph`` of all steps. By step: ``party`` it belongs to, ``peril`` that taking it brings
    (−1: none). By party: its ``names``, ``key`` of its luck, where its steps ``begin`` and where an
    attack on it ``start``s, and ln days until it contains what got in (``containment``: mean and
    deviation). Firms come first, then providers. Times in days."""

    names: tuple[str, ...]
    firms: int
    graph: StepGraph
    party: Places
    peril: npt.NDArray[np.int8]
    key: Words
    begin: Places
    start: Places
    containment: Floats

    @property
    def parties(self) -> int:
        """Number of firms and providers."""
        return len(self.names)

    def steps_of(self, party: int) -> range:
        """The places of a party's steps."""
        return range(int(self.begin[party]), int(self.begin[party + 1]))


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    source: list[npt.NDArray[np.int32]]
    target: list[npt.NDArray[np.int32]]
    chance: list[Floats]
    mu: list[Floats]
    sigma: list[Floats]

    def add(self, source: object, target: object, chance: object, mu: object,
            sigma: object) -> None:
        self.source.append(np.asarray(source, dtype=np.int32))
        self.target.append(np.asarray(target, dtype=np.int32))
        for place, values in ((self.chance, chance), (self.mu, mu), (self.sigma, sigma)):
            place.append(np.asarray(values, dtype=np.float64))


def twin_of(chain: Chain, steps: Mapping[str, FirmSteps]) -> Twin:
    """Join the firms' steps by the chain's links. ``steps`` has an entry for each firm."""
    names = (*(one.id for one in chain.firms), *(one.id for one in chain.providers))
    parts = [steps.get(name, _PROVIDER) for name in names]
    begin = np.zeros(len(parts) + 1, dtype=np.int32)
    np.cumsum([part.steps for part in parts], out=begin[1:])
    place = {name: number for number, name in enumerate(names)}
    party_key = np.array([_word(name) for name in names], dtype=np.uint64)
    party = np.repeat(np.arange(len(parts), dtype=np.int32), np.diff(begin))
    code_key = np.array([_word(code) for part in parts for code in part.codes], dtype=np.uint64)
    node_key = mixed_all(party_key[party] + code_key * _GOLDEN)
    edges = _Edges([], [], [], [], [])
    for number, part in enumerate(parts):
        offset = int(begin[number])
        edges.add(part.source + offset, part.target + offset, np.ones(len(part.source)), part.mu,
                  part.sigma)
    _join(chain.links, place, parts, begin, edges)
    source, target = np.concatenate(edges.source), np.concatenate(edges.target)
    total = int(begin[-1])
    graph = StepGraph.of(
        names=tuple(f"{name}/{code}" for name, part in zip(names, parts, strict=True)
                    for code in part.codes),
        waits_for_all=np.concatenate([part.waits_for_all for part in parts]),
        chance=np.concatenate([part.chance for part in parts]), rate=np.zeros(total),
        loss=np.zeros(total), source=source, target=target,
        edge_chance=np.concatenate(edges.chance),
        family=np.full(len(source), LOGNORMAL, dtype=np.int8), first=np.concatenate(edges.mu),
        second=np.concatenate(edges.sigma), node_key=node_key, edge_key=node_key[target])
    return Twin(
        names=names, firms=len(chain.firms), graph=graph, party=party,
        peril=np.concatenate([part.peril for part in parts]), key=party_key, begin=begin,
        start=np.array([int(begin[number]) + part.start for number, part in enumerate(parts)],
                       dtype=np.int32),
        containment=np.array([[part.containment_mu, part.containment_sigma] for part in parts]))


def _join(
    links: Sequence[Link], place: Mapping[str, int], parts: Sequence[FirmSteps],
    begin: Places, edges: _Edges,
) -> None:
    rows = []
    for link in links:
        source, target = place[link.source], place[link.target]
        leaves, enters = parts[source].exits.get(link.kind), parts[target].entries.get(link.kind)
        if leaves is None or enters is None:
            continue  # the firm has nothing that such a link could leave from or come in by
        way = crossing(link)
        rows.append((int(begin[source]) + leaves, int(begin[target]) + enters, way.chance, way.mu,
                     way.sigma))
    if rows:
        edges.add(*zip(*rows, strict=True))


@cache
def _word(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


_PROVIDER: Final = FirmSteps(
    codes=(_COMPROMISED,), waits_for_all=np.zeros(1, dtype=np.bool_), chance=np.ones(1),
    peril=np.full(1, NO_PERIL, dtype=np.int8), output_share=np.zeros(1),
    source=np.zeros(0, dtype=np.int32), target=np.zeros(0, dtype=np.int32), mu=np.zeros(0),
    sigma=np.zeros(0), start=0, entries={},
    exits=dict.fromkeys(get_args(LinkKind), 0))
