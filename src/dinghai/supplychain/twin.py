"""The digital twin: the steps of all parties, joined by attack links.

A party is a firm, a provider, or a product that several may hold: where a vulnerability of it is
exploited everywhere, the event begins there and comes in at its holders' assets. Parties whose
steps are joined alike share one structure, which stays in the processor's cache while thousands of
firms are struck; what differs, the chance of each step, is the party's own. Luck is named by party
and step, never by place, so that a firm that changes leaves the luck of all others alone.
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
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.held_products import HeldProduct
from dinghai.supplychain.link_table import crossing, reaching
from dinghai.supplychain.step_graph import LOGNORMAL, Floats, Places, StepGraph, Words

NO_PERIL: Final = -1
COMPROMISED: Final = "compromised"
EXPLOITED: Final = "exploited"


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """Steps that are joined alike. By step: ``codes``, how many edges it ``waits_for``, its
    ``peril`` (−1: none), where its edges begin in ``first``; by edge: ``target``, and ``mu`` and
    ``sigma`` of ln days. ``start`` is where an attack begins."""

    codes: tuple[str, ...]
    waits_for: Places
    peril: npt.NDArray[np.int8]
    first: Places
    target: Places
    mu: Floats
    sigma: Floats
    start: int


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Attack links by the party they leave: ``first`` of each party, and by link the ``step`` it
    leaves from, the party and step it comes into, its ``chance``, ``mu`` and ``sigma`` of ln days,
    and the ``key`` of its luck."""

    first: Places
    step: Places
    party: Places
    entry: Places
    chance: Floats
    mu: Floats
    sigma: Floats
    key: Words


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """By party: its ``names``, its ``structure``, the ``key`` of its luck, where its steps stand in
    ``chance`` from ``begin`` on, and ln days until it contains what got in (``containment``: mean
    and deviation). Firms come first, then providers, then products. Times in days."""

    names: tuple[str, ...]
    firms: int
    structures: tuple[Structure, ...]
    structure: Places
    key: Words
    begin: Places
    chance: Floats
    containment: Floats
    links: Links

    @property
    def parties(self) -> int:
        """Number of firms, providers and products."""
        return len(self.names)

    def codes(self, party: int) -> tuple[str, ...]:
        """The steps of a party."""
        return self.structures[int(self.structure[party])].codes


def twin_of(
    chain: Chain, steps: Mapping[str, FirmSteps], products: Sequence[HeldProduct] = ()
) -> Twin:
    """Join the firms' steps by the chain's links, and products to what their holders run.
    ``steps`` has an entry for each firm. Raises ValueError where a link would come into a step that
    waits for all."""
    names = (*(one.id for one in chain.firms), *(one.id for one in chain.providers),
             *(one.id for one in products))
    parts = [*(steps[one.id] for one in chain.firms), *(_PROVIDER for _ in chain.providers),
             *(_PRODUCT for _ in products)]
    structures: dict[bytes, tuple[int, Structure]] = {}
    numbers = []
    for part in parts:
        shape = _shape(part)
        if shape not in structures:
            structures[shape] = len(structures), _structure(part)
        numbers.append(structures[shape][0])
    begin = np.zeros(len(parts) + 1, dtype=np.int32)
    np.cumsum([part.steps for part in parts], out=begin[1:])
    return Twin(
        names=names, firms=len(chain.firms),
        structures=tuple(one for _, one in structures.values()),
        structure=np.array(numbers, dtype=np.int32),
        key=np.array([word_of(name) for name in names], dtype=np.uint64), begin=begin,
        chance=np.concatenate([part.chance for part in parts]),
        containment=np.array([[part.containment_mu, part.containment_sigma] for part in parts]),
        links=_links(chain.links, products, names, parts))


def digest_of(twin: Twin) -> str:
    """What tells two twins apart, whatever their chain says besides."""
    found = hashlib.sha256("\x1f".join(twin.names).encode())
    for shape in twin.structures:
        found.update("\x1f".join((*shape.codes, str(shape.start))).encode())
        for array in (shape.waits_for, shape.peril, shape.first, shape.target, shape.mu,
                      shape.sigma):
            found.update(array.tobytes())
    links = twin.links
    for part in (twin.structure, twin.begin, twin.chance, twin.containment, links.first,
                 links.step, links.party, links.entry, links.chance, links.mu, links.sigma,
                 links.key):
        found.update(part.tobytes())
    return found.hexdigest()


@cache
def word_of(text: str) -> int:
    """64 bits that name something's luck."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _shape(part: FirmSteps) -> bytes:
    arrays = (part.waits_for_all, part.peril, part.source, part.target, part.mu, part.sigma)
    return b"\x1e".join(["\x1f".join(part.codes).encode(), str(part.start).encode(),
                         *(one.tobytes() for one in arrays)])


def _structure(part: FirmSteps) -> Structure:
    order = np.argsort(part.source, kind="stable")
    first = np.zeros(part.steps + 1, dtype=np.int32)
    np.cumsum(np.bincount(part.source, minlength=part.steps), out=first[1:])
    needed = np.bincount(part.target, minlength=part.steps)
    return Structure(
        part.codes, np.where(part.waits_for_all, needed, 1).astype(np.int32), part.peril, first,
        part.target[order], part.mu[order], part.sigma[order], part.start)


def _links(
    links: Sequence[Link], products: Sequence[HeldProduct], names: tuple[str, ...],
    parts: Sequence[FirmSteps],
) -> Links:
    place = {name: number for number, name in enumerate(names)}
    rows: list[tuple[int, int, int, int, float, float, float, int]] = []
    for link in links:
        source, target = place[link.source], place[link.target]
        leaves, enters = parts[source].exits.get(link.kind), parts[target].entries.get(link.kind)
        if leaves is None or enters is None:
            continue  # the firm has nothing that such a link could leave from or come in by
        if parts[target].waits_for_all[enters]:
            raise ValueError(f"{link.target}: links come into a step that waits for all")
        way = crossing(link)
        rows.append((source, leaves, target, enters, way.chance, way.mu, way.sigma,
                     word_of(f"{link.kind}>{link.target}")))
    for product in products:
        for holder in product.holders:
            target = place[holder.firm]
            flaw = parts[target].flaws.get(holder.asset)
            if flaw is None:
                continue  # neither seen from the internet nor where people work
            way = reaching(exposed=flaw[1])
            rows.append((place[product.id], 0, target, flaw[0], way.chance, way.mu, way.sigma,
                         word_of(f"{holder.asset}>{holder.firm}")))
    rows.sort(key=lambda row: row[:4])
    columns = list(zip(*rows, strict=True)) or [()] * 8
    first = np.zeros(len(names) + 1, dtype=np.int32)
    np.cumsum(np.bincount(np.array(columns[0], dtype=np.int64), minlength=len(names)),
              out=first[1:])
    step, party, entry = (np.array(one, dtype=np.int32) for one in columns[1:4])
    chance, mu, sigma = (np.array(one, dtype=np.float64) for one in columns[4:7])
    return Links(first, step, party, entry, chance, mu, sigma,
                 np.array(columns[7], dtype=np.uint64))


def step_graph_of(twin: Twin) -> StepGraph:
    """All steps as one graph, without containment: for export, and to prove the kernel."""
    source, target, chance, mu, sigma = [], [], [], [], []
    waits: list[bool] = []
    for party in range(twin.parties):
        shape, offset = twin.structures[int(twin.structure[party])], int(twin.begin[party])
        source.append(np.repeat(np.arange(len(shape.codes)), np.diff(shape.first)) + offset)
        target.append(shape.target + offset)
        chance.append(np.ones(len(shape.target)))
        mu.append(shape.mu)
        sigma.append(shape.sigma)
        waits.extend((shape.waits_for > 1).tolist())
    links = twin.links
    leaving = np.repeat(np.arange(twin.parties), np.diff(links.first))
    source.append(twin.begin[leaving] + links.step)
    target.append(twin.begin[links.party] + links.entry)
    edges = np.concatenate(source).astype(np.int32)
    total = int(twin.begin[-1])
    return StepGraph.of(
        names=tuple(f"{name}/{code}" for party, name in enumerate(twin.names)
                    for code in twin.codes(party)),
        waits_for_all=np.array(waits, dtype=np.bool_), chance=twin.chance, rate=np.zeros(total),
        loss=np.zeros(total), source=edges, target=np.concatenate(target).astype(np.int32),
        edge_chance=np.concatenate([*chance, links.chance]),
        family=np.full(len(edges), LOGNORMAL, dtype=np.int8),
        first=np.concatenate([*mu, links.mu]), second=np.concatenate([*sigma, links.sigma]))


def _lone_step(code: str, exits: Mapping[str, int]) -> FirmSteps:
    """A party of one step, which is taken where an event begins."""
    return FirmSteps(
        codes=(code,), waits_for_all=np.zeros(1, dtype=np.bool_), chance=np.ones(1),
        peril=np.full(1, NO_PERIL, dtype=np.int8), output_share=np.zeros(1),
        source=np.zeros(0, dtype=np.int32), target=np.zeros(0, dtype=np.int32), mu=np.zeros(0),
        sigma=np.zeros(0), start=0, entries={}, exits=exits)


_PROVIDER: Final = _lone_step(COMPROMISED, dict.fromkeys(get_args(LinkKind), 0))
_PRODUCT: Final = _lone_step(EXPLOITED, {})
