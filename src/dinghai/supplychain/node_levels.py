"""The security level of every node of a chain: own weakness, inherited, exported, and a grade.

`own` is what events that start at a firm cost itself, `inherited` what events from elsewhere cost
it, `exported` what its events cost others, each as expected loss a year. The index is their sum
over the same in the chain with everything half done (`level_reference`), on the same luck, so that
neither size nor place makes a bad grade. All of it is a pure function of chain, feeds and seed: a
history of grades is a list of such readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Literal

import msgspec
import numpy as np

from dinghai.assessment.rules import Grade
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.money import PPM
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.chain_model import ChainModel, chain_model
from dinghai.supplychain.language import Language, shipped_language
from dinghai.supplychain.level_reference import (
    Reference,
    reference_of,
    reference_rates,
    same_reference,
)
from dinghai.supplychain.level_rules import level_rules
from dinghai.supplychain.party_naming import PartyKind, party_names
from dinghai.supplychain.reach import Reach, reach_again, reach_from
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.twin_changes import changed_parties, same_goods

LEVELS_SCHEMA = "dinghai.chain-levels/1"
Natural = Annotated[int, msgspec.Meta(ge=0)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One part of a level: expected loss a year in fen with its standard error, the same in the
    half-done chain, and a grade of the part alone (none where the reference has no such loss)."""

    fen: Natural
    se_fen: Natural
    reference_fen: Natural
    grade: Grade | None = None


class NodeLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One node. ``index_ppm`` of the half-done chain's; ``attempts``, ``entered`` and ``struck``
    are expected counts a year: events that start there, that were tried on it and got a step in,
    and that cost it something."""

    id: str
    kind: PartyKind
    name_zh: str
    name_en: str
    own: Part
    inherited: Part
    exported: Part
    attempts_a_year: float
    entered_a_year: float
    struck_a_year: float
    reference_struck_a_year: float
    through_goods_fen: Natural
    tier: int | None = None
    index_ppm: Natural | None = None
    index_se_ppm: Natural | None = None
    grade: Grade | None = None


class NodeLevels(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Levels of a chain on a day (schema dinghai.chain-levels/1). ``kev_as_of`` and ``epss_as_of``
    are the days of the feeds; ``rules`` is the version of the grades' bounds."""

    schema: Literal["dinghai.chain-levels/1"]
    chain: str
    as_of: date
    on: date
    rules: str
    language: str
    worlds: int
    seed: int
    nodes: tuple[NodeLevel, ...]
    kev_as_of: date | None = None
    epss_as_of: date | None = None

    @property
    def node(self) -> Mapping[str, NodeLevel]:
        """The nodes by their id."""
        return {one.id: one for one in self.nodes}


@dataclass(frozen=True, slots=True, eq=False)
class LevelState:
    """A chain on a day, ready to be read again after a change: its ``reading`` and what it was made
    of."""

    model: ChainModel
    language: Language
    kev: KevTable | None
    epss: EpssTable | None
    reach: Reach
    reference: Reference
    reference_reach: Reach
    reading: NodeLevels

    @property
    def chain(self) -> Chain:
        """The chain as it was."""
        return self.model.chain


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """By party: expected loss a year (fen) and its variance, own, inherited and exported; expected
    counts a year; what came through goods."""

    own: Floats
    inherited: Floats
    exported: Floats
    own_variance: Floats
    inherited_variance: Floats
    exported_variance: Floats
    entered: Floats
    struck: Floats
    through: Floats

    @property
    def whole(self) -> Floats:
        """All three."""
        return self.own + self.inherited + self.exported

    @property
    def variance(self) -> Floats:
        """Of the whole; what a node inherits and what it exports come from different events."""
        return self.own_variance + self.inherited_variance + self.exported_variance


def level_state(
    chain: Chain, *, kev: KevTable | None = None, epss: EpssTable | None = None,
    on: date | None = None, language: Language | None = None, seed: int = 1,
    worlds: int | None = None, since: LevelState | None = None, workers: int | None = None,
) -> LevelState:
    """The levels of a chain with feeds. With ``since``, only what changed since then is run again;
    the answer is the same to the bit. Raises InputError for a chain that cannot be compiled."""
    language = language or shipped_language()
    model = chain_model(chain, kev=kev, epss=epss, language=language,
                        keep=since.model.products if since is not None else ())
    return state_of(model, language, kev=kev, epss=epss, on=on, seed=seed, worlds=worlds,
                    since=since, workers=workers)


def state_of(
    model: ChainModel, language: Language, *, kev: KevTable | None, epss: EpssTable | None,
    on: date | None = None, seed: int = 1, worlds: int | None = None,
    since: LevelState | None = None, workers: int | None = None,
) -> LevelState:
    """The same from a model that is at hand."""
    usable = since is not None and same_goods(since.model.supply, model.supply) and (
        since.model.twin.names == model.twin.names) and (
        since.reach.seed == seed and worlds in (None, since.reach.worlds))
    if since is None or not usable:
        reference = reference_of(model, language)
        reach = reach_from(model.twin, model.outcomes, model.supply, model.rates, seed=seed,
                           worlds=worlds, workers=workers)
        half = reach_from(reference.twin, reference.outcomes, model.supply, reference.rates,
                          seed=seed, worlds=reach.worlds, workers=workers)
    else:
        reach = reach_again(
            since.reach, model.twin, model.outcomes, model.supply, model.rates, changed_parties(
                since.model.twin, since.model.outcomes, model.twin, model.outcomes),
            workers=workers)
        reference, half = _reference_again(model, language, since, workers)
    return LevelState(model, language, kev, epss, reach, reference, half, _reading(
        model, language, kev, epss, on or model.chain.as_of,
        sums_of(reach, model.rates), sums_of(half, reference.rates), reach))


def _reference_again(
    model: ChainModel, language: Language, since: LevelState, workers: int | None
) -> tuple[Reference, Reach]:
    """The reference of a changed chain, and its reach."""
    if language.hash == since.language.hash and same_reference(since.model, model):
        return replace(since.reference, rates=reference_rates(model)), since.reference_reach
    reference = reference_of(model, language)
    return reference, reach_again(
        since.reference_reach, reference.twin, reference.outcomes, model.supply, reference.rates,
        changed_parties(since.reference.twin, since.reference.outcomes, reference.twin,
                        reference.outcomes), workers=workers)


def sums_of(reach: Reach, rates: Floats) -> Sums:
    """Expected losses and counts a year by party."""
    parties, worlds = rates.shape[0], reach.worlds
    root, aim, party = reach.row_root, reach.row_aim, reach.party
    rate = rates[root, aim] / worlds
    loss, own = rate * reach.loss, root == party
    spread = rate**2 * np.maximum(reach.square - reach.loss.astype(float)**2 / worlds, 0.0)
    pair_rate = rates[reach.root, reach.aim] / worlds
    away = pair_rate**2 * np.maximum(reach.elsewhere_square - reach.elsewhere**2 / worlds, 0.0)

    def by(place: Places, weight: Floats) -> Floats:
        return np.bincount(place, weights=weight, minlength=parties).astype(np.float64)

    return Sums(
        own=by(party, loss * own), inherited=by(party, loss * ~own),
        exported=by(reach.root, pair_rate * reach.elsewhere),
        own_variance=by(party, spread * own), inherited_variance=by(party, spread * ~own),
        exported_variance=by(reach.root, away), entered=by(party, rate * reach.entered),
        struck=by(party, rate * reach.struck), through=by(party, rate * reach.through))


def _reading(
    model: ChainModel, language: Language, kev: KevTable | None, epss: EpssTable | None, on: date,
    now: Sums, half: Sums, reach: Reach,
) -> NodeLevels:
    chain, rules = model.chain, level_rules()
    attempts = model.rates.sum(axis=1)
    names = party_names(model)

    def part(name: str, place: int) -> Part:
        fen, base = float(getattr(now, name)[place]), float(getattr(half, name)[place])
        return Part(round(fen), round(float(getattr(now, f"{name}_variance")[place])**0.5),
                    round(base), rules.grade(round(fen / base * PPM)) if base > 0.0 else None)

    def node(place: int, name: str) -> NodeLevel:
        one = names[name]
        whole, base = float(now.whole[place]), float(half.whole[place])
        ratio = whole / base if base > 0.0 else None
        error = None if ratio is None else ratio * (
            (float(now.variance[place]) / whole**2 if whole > 0.0 else 0.0)
            + float(half.variance[place]) / base**2)**0.5
        index = None if ratio is None else round(ratio * PPM)
        return NodeLevel(
            id=name, kind=one.kind, name_zh=one.name_zh, name_en=one.name_en,
            tier=chain.firm[name].tier if name in chain.firm else None,
            own=part("own", place), inherited=part("inherited", place),
            exported=part("exported", place), attempts_a_year=float(attempts[place]),
            entered_a_year=float(now.entered[place]), struck_a_year=float(now.struck[place]),
            reference_struck_a_year=float(half.struck[place]),
            through_goods_fen=round(float(now.through[place])), index_ppm=index,
            index_se_ppm=None if error is None else round(error * PPM),
            grade=None if index is None else rules.grade(index))

    return NodeLevels(
        schema="dinghai.chain-levels/1", chain=chain.id, as_of=chain.as_of, on=on,
        rules=rules.version, language=language.hash, worlds=reach.worlds, seed=reach.seed,
        nodes=tuple(node(place, name) for place, name in enumerate(model.twin.names)),
        kev_as_of=kev.as_of if kev is not None else None,
        epss_as_of=epss.as_of if epss is not None else None)
