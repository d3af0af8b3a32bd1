"""What changed the level of which node, and why: two dated readings of a chain side by side.

Both are read on the same luck, so that a node that nothing reaches from a change keeps its figures
to the bit and is not in the list. What changed at the node itself is named (control, finding, KEV,
EPSS, asset, link, profile, goods); what came from elsewhere is named by the neighbour, with what
the node's level would lose or gain if that neighbour alone had stayed as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final, Literal

import msgspec
import numpy as np

from dinghai.assessment.rules import Grade
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.change_reasons import Reason, own_reasons
from dinghai.supplychain.compiling import compile_firm
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.level_reference import rejoined
from dinghai.supplychain.node_levels import LevelState, NodeLevel, sums_of
from dinghai.supplychain.outcomes import Outcomes
from dinghai.supplychain.reach import reach_again
from dinghai.supplychain.step_graph import Floats
from dinghai.supplychain.twin_changes import changed_parties, same_goods

CHANGES_SCHEMA = "dinghai.chain-level-changes/1"
_MOST_NEIGHBOURS: Final = 12
"""Changed nodes whose effect on others is worked out one by one; further ones are only named."""


class ReadingOf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which reading: the chain's own day, the day of the reading, and the days of the feeds."""

    as_of: date
    on: date
    rules: str
    kev_as_of: date | None = None
    epss_as_of: date | None = None


class Moved(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A figure before and after; None where there was none."""

    before: int | None
    after: int | None


class NodeChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A node whose level moved. Losses in fen a year."""

    id: str
    name_zh: str
    name_en: str
    direction: Literal["better", "worse", "same", "joined", "left"]
    index_ppm: Moved
    own_fen: Moved
    inherited_fen: Moved
    exported_fen: Moved
    reasons: tuple[Reason, ...]
    grade_before: Grade | None = None
    grade_after: Grade | None = None


class LevelChanges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Changes between two readings (schema dinghai.chain-level-changes/1); ``unmoved`` nodes are
    the same to the bit. ``grades_moved`` of the nodes have another grade."""

    schema: Literal["dinghai.chain-level-changes/1"]
    chain: str
    before: ReadingOf
    after: ReadingOf
    grades_moved: int
    unmoved: int
    nodes: tuple[NodeChange, ...]


def level_changes(before: LevelState, after: LevelState) -> LevelChanges:
    """The changes from one reading to another, worst first."""
    old, new = before.reading.node, after.reading.node
    moved = [name for name in dict.fromkeys((*new, *old)) if old.get(name) != new.get(name)]
    own = own_reasons(before, after, moved)
    effects = _effects(before, after, own)
    nodes = sorted((_change(name, old.get(name), new.get(name),
                            (*own.get(name, ()), *_from_neighbours(name, own, effects)))
                    for name in moved),
                   key=lambda one: (-((one.index_ppm.after or 0) - (one.index_ppm.before or 0)),
                                    one.id))
    return LevelChanges(
        schema="dinghai.chain-level-changes/1", chain=after.chain.id, before=_reading_of(before),
        after=_reading_of(after),
        grades_moved=sum(one.grade_before != one.grade_after for one in nodes),
        unmoved=len(new) - sum(name in new for name in moved), nodes=tuple(nodes))


def _reading_of(state: LevelState) -> ReadingOf:
    one = state.reading
    return ReadingOf(one.as_of, one.on, one.rules, one.kev_as_of, one.epss_as_of)


def _change(
    name: str, old: NodeLevel | None, new: NodeLevel | None, reasons: tuple[Reason, ...]
) -> NodeChange:
    known = new or old
    assert known is not None
    before, after = (one.index_ppm if one is not None else None for one in (old, new))
    direction: Literal["better", "worse", "same", "joined", "left"] = "same"
    if old is None or new is None:
        direction = "joined" if old is None else "left"
    elif before is not None and after is not None and before != after:
        direction = "worse" if after > before else "better"
    return NodeChange(
        id=name, name_zh=known.name_zh, name_en=known.name_en, direction=direction,
        index_ppm=Moved(before, after),
        own_fen=_moved(old, new, "own"),
        inherited_fen=_moved(old, new, "inherited"),
        exported_fen=_moved(old, new, "exported"),
        reasons=reasons, grade_before=old.grade if old else None,
        grade_after=new.grade if new else None)


def _moved(old: NodeLevel | None, new: NodeLevel | None, part: str) -> Moved:
    before, after = (None if one is None else getattr(one, part).fen for one in (old, new))
    return Moved(before, after)


def _from_neighbours(
    name: str, own: Mapping[str, Sequence[Reason]], effects: Mapping[str, Mapping[str, int | None]]
) -> Iterable[Reason]:
    """The changed nodes that moved a node, the strongest first."""
    found = [(effect[name], other) for other, effect in effects.items()
             if other != name and name in effect]
    for amount, other in sorted(found, key=lambda one: (-abs(one[0] or 0), one[1])):
        yield Reason(kind="neighbour", at=other, what=other, moved_fen=amount,
                     because=tuple(dict.fromkeys(
                         f"{one.kind}:{one.what}" for one in own.get(other, ()))))


def _effects(
    before: LevelState, after: LevelState, own: Mapping[str, Sequence[Reason]]
) -> dict[str, dict[str, int | None]]:
    """By changed node: what its change alone does to the whole level of each other node, in fen a
    year; None where it is not worked out."""
    old, new = before.model, after.model
    names, before_names = new.twin.names, old.twin.names
    if not same_goods(old.supply, new.supply):
        return _by_company((before, after), [name for name in own if own[name]])
    was = {name: place for place, name in enumerate(before_names)}
    changed = changed_parties(old.twin, old.outcomes, new.twin, new.outcomes) | {
        name for place, name in enumerate(names)
        if name in was and not np.array_equal(new.rates[place], old.rates[was[name]])}
    now = sums_of(after.reach, new.rates).whole
    leading = sorted(changed, key=lambda name: (-abs(_index_move(before, after, name)), name))
    joined = [name for name in names if name not in before_names]
    others = [*leading[_MOST_NEIGHBOURS:], *(name for name in before_names if name not in names)]
    steps: dict[str, FirmSteps] = {}
    if changed:
        steps = {firm.id: compile_firm(after.chain, firm, after.language, kev=after.kev,
                                       epss=after.epss) for firm in after.chain.firms}
    found: dict[str, dict[str, int | None]] = {}
    for name in (*leading[:_MOST_NEIGHBOURS], *joined):
        without = (_whole_without_start(after, name) if name in joined
                   else _whole_without(before, after, name, steps))
        found[name] = {names[other]: round(float(now[other] - without[other]))
                       for other in range(len(names)) if now[other] != without[other]}
    found.update(_by_company((before, after), others))
    company = _by_company((before, after), [*changed, *joined])
    for name in own:  # what moved in the reference alone
        if not own[name] and not any(name in effect for effect in found.values()):
            for other, met in company.items():
                if name in met:
                    found[other][name] = None
    return found


def _index_move(before: LevelState, after: LevelState, name: str) -> int:
    return (after.reading.node[name].index_ppm or 0) - (before.reading.node[name].index_ppm or 0)


def _whole_without_start(after: LevelState, name: str) -> Floats:
    """Everybody's level but for the events that start at one party."""
    rates = after.model.rates.copy()
    rates[after.model.twin.names.index(name)] = 0.0
    return sums_of(after.reach, rates).whole


def _whole_without(
    before: LevelState, after: LevelState, name: str, steps: Mapping[str, FirmSteps]
) -> Floats:
    """Everybody's level after the changes, but for one party that stayed as it was."""
    old, new = before.model, after.model
    mixed = dict(steps)
    if name in before.chain.firm:
        mixed[name] = compile_firm(before.chain, before.chain.firm[name], before.language,
                                   kev=before.kev, epss=before.epss)
    twin = rejoined(new, _with_links_of(after.chain, before.chain, name), mixed)
    ground_up, stopped = new.outcomes.ground_up.copy(), new.outcomes.stopped.copy()
    place, was = new.twin.names.index(name), old.twin.names.index(name)
    ground_up[place], stopped[place] = old.outcomes.ground_up[was], old.outcomes.stopped[was]
    rates = new.rates.copy()
    rates[place] = old.rates[was]
    reach = reach_again(after.reach, twin, Outcomes(new.outcomes.states, ground_up, stopped),
                        new.supply, rates, {name})
    return sums_of(reach, rates).whole


def _with_links_of(chain: Chain, other: Chain, name: str) -> Chain:
    """A chain in which the links that leave one party are those of another state, where they lead
    to somebody who is still there."""
    known = {*chain.firm, *(one.id for one in chain.providers)}
    return msgspec.structs.replace(chain, links=(
        *(one for one in chain.links if one.source != name),
        *(one for one in other.links_from.get(name, ()) if one.target in known)))


def _by_company(
    states: Sequence[LevelState], changed: Sequence[str]
) -> dict[str, dict[str, int | None]]:
    """The nodes that some event, as things are or half done, tries together with a changed one;
    without amounts."""
    found: dict[str, dict[str, int | None]] = {name: {} for name in changed}
    for state in states:
        names = state.model.twin.names
        for reach in (state.reach, state.reference_reach):
            pairs = np.repeat(np.arange(len(reach.root)), np.diff(reach.first))
            for name in changed:
                if name in names:
                    here = pairs[reach.party == names.index(name)]
                    found[name].update((names[other], None) for other in np.unique(
                        reach.party[np.isin(pairs, here)]) if names[other] != name)
    return found
