"""The nine published incidents as paths of the step language.

Each technique of a flow takes a step that names it, each edge of a flow a row of ways between two
steps (none where both techniques are parts of one step), inside a firm or along a link into the
next. Where a flow leaves a choice, the steps with the fewest ways between them are taken.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from dinghai.supplychain.attack_facts import same_family
from dinghai.supplychain.chain import AssetKind, LinkKind
from dinghai.supplychain.firm_network import Network, network_of
from dinghai.supplychain.language import Language
from dinghai.supplychain.language_files import ASSET_KINDS
from dinghai.supplychain.template_file import shipped_templates
from dinghai.vocabulary.tables import read_table, read_toml_table

_FAR: Final = 10_000
Place = tuple[int, int]
"""A firm, 0 or 1, and a step of its network."""


class FlowNode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node of a flow: an action with its technique, or a condition, asset or operator."""

    name: str = ""
    technique: str | None = None
    tactic: str | None = None
    kind: str | None = None


class Flow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An incident as published in Attack Flow."""

    nodes: tuple[FlowNode, ...]
    edges: tuple[tuple[int, int], ...]


class IncidentRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a flow lies across firms."""

    id: str
    name_zh: str
    name_en: str
    first: tuple[int, ...] = ()
    link: LinkKind | None = None
    assets: tuple[AssetKind, ...] = ASSET_KINDS


class IncidentsFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """incidents.toml."""

    schema: Literal["dinghai.incidents/1"]
    as_of: str
    instead: dict[str, str]
    incidents: tuple[IncidentRow, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A technique of the flow and the step that it takes. ``firm`` is 0 or 1 along the chain."""

    node: int
    technique: str
    firm: int
    step: str


@dataclass(frozen=True, slots=True)
class Passed:
    """An edge of the flow and the steps from its one end to its other, both included.

    ``link`` is set where the attack goes on to the next firm, behind the first ``leaves`` steps.
    """

    source: int
    target: int
    steps: tuple[str, ...]
    link: LinkKind | None = None
    leaves: int = 0


@dataclass(frozen=True, slots=True)
class Joined:
    """An AND of the flow: the nodes that come together, and what follows.

    ``by`` is ``gate`` where an AND step of the language waits for them (``gate`` names it), ``one
    step`` where all of them are parts of one step, and ``in turn`` where the language asks for no
    more than an OR: each of them leads on, and the flow only says that all of them were done.
    """

    node: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    by: Literal["gate", "one step", "in turn"]
    gate: str | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """A flow in the step language. ``untaken`` are techniques without a step and ``unpassed``
    edges without a way: both are empty for a language that can express the incident.

    ``implied`` are steps, by firm, that must have been taken too and that the flow does not show:
    how it began, and what AND steps wait for.
    """

    id: str
    name_zh: str
    name_en: str
    taken: tuple[Taken, ...]
    passed: tuple[Passed, ...]
    joined: tuple[Joined, ...]
    implied: tuple[tuple[int, str], ...]
    untaken: tuple[int, ...]
    unpassed: tuple[tuple[int, int], ...]


@cache
def published_flows() -> Mapping[str, Flow]:
    """The nine flows by name."""
    return read_table("attack_flows", dict[str, Flow], room="supplychain")


@cache
def incident_rows() -> IncidentsFile:
    """incidents.toml."""
    return read_toml_table("incidents", IncidentsFile, room="supplychain")


def incidents(language: Language) -> tuple[Incident, ...]:
    """All nine incidents in a language."""
    return tuple(incident(row, language) for row in incident_rows().incidents)


def incident(row: IncidentRow, language: Language) -> Incident:
    """One incident in a language, at firms that run one asset of each kind that it touched."""
    flow = published_flows()[row.id]
    exposed = shipped_templates().exposure.kinds
    network = network_of(language, tuple((kind, kind in exposed) for kind in row.assets))
    ground = _Ground(language, network, row)
    actions = {number: incident_rows().instead.get(node.technique, node.technique)
               for number, node in enumerate(flow.nodes) if node.technique is not None}
    choices = {number: ground.choices(technique, 0 if row.link and number in row.first
                                      else 1 if row.link else 0)
               for number, technique in actions.items()}
    untaken = tuple(number for number, found in choices.items() if not found)
    edges = sorted({(one, other) for one in actions for other in _next(flow, one)
                    if choices[one] and choices[other]})
    aside = {(number, place): ground.aside(actions[number], place)
             for number, found in choices.items() for place in found}
    chosen = _chosen({number: found for number, found in choices.items() if found}, edges, ground,
                     aside)
    passed, unpassed = [], []
    for one, other in edges:
        way = ground.way(chosen[one], chosen[other])
        if way is None:
            unpassed.append((one, other))
        else:
            passed.append((one, other, way))
    codes = ground.codes
    return Incident(
        row.id, row.name_zh, row.name_en,
        tuple(Taken(number, actions[number], firm, codes[step])
              for number, (firm, step) in sorted(chosen.items())),
        tuple(_passed(one, other, way, codes, row.link) for one, other, way in passed),
        tuple(_joined(flow, number, chosen, ground) for number, node in enumerate(flow.nodes)
              if node.kind == "AND_operator"),
        _implied({place for _, _, way in passed for place in way} | set(chosen.values()), ground),
        untaken, tuple(unpassed))


class _Ground:
    """Two firms alike, a link from the first into the second, and how far steps lie apart."""

    def __init__(self, language: Language, network: Network, row: IncidentRow) -> None:
        self.language, self.network, link = language, network, row.link
        self.codes = network.codes
        self.exit = network.exits[link] if link else -1
        self.entry = network.entries[link] if link else -1
        self.after: list[list[int]] = [[] for _ in self.codes]
        for one, other in zip(network.source.tolist(), network.target.tolist(), strict=True):
            self.after[one].append(other)
        self.far: npt.NDArray[np.int64] = np.array(
            [self._distances(one) for one in range(len(self.codes))])

    def choices(self, technique: str, firm: int) -> list[Place]:
        """The steps that name the technique."""
        steps = self.language.steps
        return [(firm, place) for place, kind in enumerate(self.network.kind.tolist())
                if any(same_family(technique, one)
                       for one in (*steps[kind].techniques, *steps[kind].also))]

    def aside(self, technique: str, place: Place) -> int:
        """1 where the step names the technique only beside its own, else 0."""
        step = self.language.steps[self.network.kind[place[1]]]
        return int(not any(same_family(technique, one) for one in step.techniques))

    def distance(self, one: Place, other: Place) -> int:
        """How many ways lie between two steps; _FAR where there is none."""
        if one[0] == other[0]:
            return int(self.far[one[1], other[1]])
        if one[0] > other[0]:
            return _FAR
        return min(int(self.far[one[1], self.exit]) + 1 + int(self.far[self.entry, other[1]]),
                   _FAR)

    def way(self, one: Place, other: Place) -> list[Place] | None:
        """A shortest row of steps between two steps, both included."""
        if self.distance(one, other) >= _FAR:
            return None
        if one[0] != other[0]:
            return [*self._row(one, (one[0], self.exit)),
                    *self._row((other[0], self.entry), other)]
        return self._row(one, other)

    def _row(self, one: Place, other: Place) -> list[Place]:
        row, here = [one], one[1]
        while here != other[1]:
            here = min(self.after[here], key=lambda step: int(self.far[step, other[1]]))
            row.append((one[0], here))
        return row

    def _distances(self, start: int) -> list[int]:
        found = [_FAR] * len(self.codes)
        found[start] = 0
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for step in self.after[here]:
                if found[step] == _FAR:
                    found[step] = found[here] + 1
                    queue.append(step)
        return found


def _next(flow: Flow, node: int) -> set[int]:
    """The techniques that follow a node, through what has none."""
    return _beyond(flow, node, [(one, other) for one, other in flow.edges])


def _beyond(flow: Flow, node: int, edges: list[tuple[int, int]]) -> set[int]:
    found: set[int] = set()
    seen, queue = {node}, deque([node])
    while queue:
        here = queue.popleft()
        for other in (target for source, target in edges if source == here):
            if flow.nodes[other].technique is not None:
                found.add(other)
            elif other not in seen:
                seen.add(other)
                queue.append(other)
    return found


def _chosen(
    choices: Mapping[int, list[Place]], edges: list[tuple[int, int]], ground: _Ground,
    aside: Mapping[tuple[int, Place], int],
) -> dict[int, Place]:
    """One step for each technique: consistent choices first, then those with fewer ways between
    them and techniques of their own, until nothing is gained."""
    left = {number: list(found) for number, found in choices.items()}
    _narrow(left, edges, ground)
    for number in sorted(left):
        if len(left[number]) == 1:
            continue
        costs = []
        for one in left[number]:
            trial = {**{key: list(value) for key, value in left.items()}, number: [one]}
            _narrow(trial, edges, ground)
            costs.append((_least(trial, edges, ground) + aside[number, one], trial))
        left = min(costs, key=lambda pair: pair[0])[1]
    chosen = {number: found[0] for number, found in left.items()}
    while True:
        before = dict(chosen)
        for number in sorted(chosen):
            chosen[number] = min(choices[number], key=lambda one, n=number: _cost(  # type: ignore[misc]
                {**chosen, n: one}, n, edges, ground) + aside[n, one])
        if chosen == before:
            return chosen


def _narrow(left: dict[int, list[Place]], edges: list[tuple[int, int]], ground: _Ground) -> None:
    """Drop choices that no choice at the other end of an edge goes with; never the last one."""
    changed = True
    while changed:
        changed = False
        for one, other in edges:
            for here, there, forward in ((one, other, True), (other, one, False)):
                kept = [a for a in left[here] if any(
                    (ground.distance(a, b) if forward else ground.distance(b, a)) < _FAR
                    for b in left[there])]
                if kept and len(kept) < len(left[here]):
                    left[here], changed = kept, True


def _least(left: Mapping[int, list[Place]], edges: list[tuple[int, int]],
           ground: _Ground) -> int:
    """A lower bound of all ways between the choices that are left."""
    return sum(min(ground.distance(a, b) for a in left[one] for b in left[other])
               for one, other in edges)


def _cost(chosen: Mapping[int, Place], number: int, edges: list[tuple[int, int]],
          ground: _Ground) -> int:
    return sum(ground.distance(chosen[one], chosen[other]) for one, other in edges
               if number in (one, other))


def _passed(one: int, other: int, way: list[Place], codes: tuple[str, ...],
            link: LinkKind | None) -> Passed:
    leaves = sum(firm == way[0][0] for firm, _ in way)
    crosses = leaves < len(way)
    return Passed(one, other, tuple(codes[step] for _, step in way),
                  link if crosses else None, leaves if crosses else 0)


def _joined(flow: Flow, node: int, chosen: Mapping[int, Place], ground: _Ground) -> Joined:
    turned = [(other, one) for one, other in flow.edges]
    inputs = tuple(sorted(_beyond(flow, node, turned) & chosen.keys()))
    outputs = tuple(sorted(_next(flow, node) & chosen.keys()))
    places = {chosen[one] for one in inputs}
    if len(places) <= 1:
        return Joined(node, inputs, outputs, "one step")
    network, steps = ground.network, ground.language.steps
    for gate in np.flatnonzero(network.waits_for_all).tolist():
        needs = network.source[network.target == gate].tolist()
        for firm in {place[0] for place in places}:
            here = (firm, gate)
            met = [{need for need in needs if ground.distance(one, (firm, need)) < _FAR}
                   for one in places]
            follows = all(ground.distance(here, chosen[one]) < _FAR for one in outputs)
            if outputs and follows and all(met) and len(set().union(*met)) > 1:
                return Joined(node, inputs, outputs, "gate",
                              steps[network.kind[gate]].id)
    return Joined(node, inputs, outputs, "in turn")


def _implied(places: set[Place], ground: _Ground) -> tuple[tuple[int, str], ...]:
    """What must have been taken besides, from where each firm's part begins, by nearest ways."""
    have, network = set(places), ground.network
    begins = {firm: network.start if firm == 0 else ground.entry for firm, _ in places}
    have |= set(begins.items())
    while True:
        taken = _allowed(have, begins, ground)

        def away(place: Place, taken: set[Place] = taken) -> tuple[int, Place]:
            return min(ground.distance(one, place) for one in taken if one[0] == place[0]), place

        more: set[Place] = set()
        for firm, step in sorted(have - taken, key=away):
            before = {(firm, one) for one in
                      network.source[network.target == step].tolist()}
            more = (before if network.waits_for_all[step] else {min(before, key=away)}) - have
            if more:
                break
        if not more:
            return tuple(sorted((firm, ground.codes[step]) for firm, step in have - places))
        have |= more


def _allowed(have: set[Place], begins: Mapping[int, int], ground: _Ground) -> set[Place]:
    """The steps that can be taken in turn without any other step."""
    taken = set(begins.items())
    while True:
        more = set()
        for firm, step in have - taken:
            network = ground.network
            before = [(firm, one) in taken
                      for one in network.source[network.target == step].tolist()]
            if all(before) if network.waits_for_all[step] else any(before):
                more.add((firm, step))
        if not more:
            return taken
        taken |= more
