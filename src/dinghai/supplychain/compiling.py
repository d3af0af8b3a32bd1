"""From a firm's assets, controls and findings to its attack steps as flat arrays.

A firm compiles alone: one changed firm leaves all others as they are. What firms share (the network
of their kinds of assets, the effect of equal scores) is worked out once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numba import njit

from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM
from dinghai.losses.curves import ln
from dinghai.losses.effects import Posture, shaped
from dinghai.supplychain.attack_facts import same_family
from dinghai.supplychain.chain import (
    Asset,
    AssetKind,
    Chain,
    ControlScore,
    Firm,
    Weakness,
)
from dinghai.supplychain.firm_network import Network, network_of
from dinghai.supplychain.firm_steps import FirmSteps
from dinghai.supplychain.language import HALF, Language
from dinghai.supplychain.step_graph import Floats, Places
from dinghai.supplychain.tempering import tempered
from dinghai.supplychain.template_file import TemplatesFile
from dinghai.supplychain.templates import TemplateEstimate, assets_of

Ground = Literal["kev", "epss", "severity", "technique"]
"""Why a finding raises a step: known exploited, published probability, severity, or technique."""


@dataclass(frozen=True, slots=True)
class Raised:
    """A step that a finding raised. ``by`` is the raise itself, ``after`` with all findings."""

    step: str
    asset: str
    cve: str | None
    technique: str | None
    ground: Ground
    by: float
    before: float
    after: float


@dataclass(frozen=True, slots=True, eq=False)
class CompiledFirm:
    """A firm's steps with their reasons. ``kinds`` is the step kind of each step; ``idle`` are
    findings that concern no step of the firm."""

    firm: str
    steps: FirmSteps
    kinds: tuple[str, ...]
    posture: Posture
    raised: tuple[Raised, ...]
    idle: tuple[Weakness, ...]
    assets: tuple[Asset, ...]
    estimates: tuple[TemplateEstimate, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Effect:
    """What scores do, by step kind: the chance left, the logarithm of the time, containment."""

    chance: Floats
    mu: Floats
    containment_mu: float


def posture_of(chain: Chain, firm: Firm) -> dict[str, int | None]:
    """A firm's scores by indicator, in ppm; of two rows for one indicator the later counts."""
    rows: Sequence[ControlScore] = chain.controls_of.get(firm.id, ())
    if any(row.as_of is not None for row in rows):
        rows = sorted(rows, key=lambda row: row.as_of.toordinal() if row.as_of else 0)
    return {row.indicator: row.score_ppm for row in rows}


def compile_firm(
    chain: Chain, firm: Firm, language: Language, *, kev: KevTable | None = None,
    epss: EpssTable | None = None, templates: TemplatesFile | None = None,
) -> FirmSteps:
    """The firm's steps. Without a feed a vulnerability counts by its severity alone.

    Raises InputError for a finding on an asset that is not there, and for an unknown template.
    """
    return compile_with_reasons(chain, firm, language, kev=kev, epss=epss,
                                templates=templates).steps


def compile_with_reasons(
    chain: Chain, firm: Firm, language: Language, *, kev: KevTable | None = None,
    epss: EpssTable | None = None, templates: TemplatesFile | None = None,
) -> CompiledFirm:
    """The firm's steps, what findings raised, and what was estimated."""
    posture = posture_of(chain, firm)
    assets, estimates = assets_of(chain, firm, templates)
    frame = _frame(language, tuple((one.id, one.kind, one.exposed is True,
                                    one.output_share_ppm or 0) for one in assets))
    network = frame.network
    effect = _effect(language, coverage_of(language, posture))
    chance = effect.chance[network.kind]
    raises, idle = raises_of(chain, firm, language, network, assets, kev, epss)
    raised = _apply(raises, chance, network.codes, language)
    steps = FirmSteps(
        codes=network.codes, waits_for_all=network.waits_for_all, chance=chance,
        peril=network.peril, output_share=frame.output_share, source=network.source,
        target=network.target, mu=effect.mu[frame.target_kind], sigma=frame.sigma,
        start=network.start, entries=network.entries, exits=network.exits, assets=frame.assets,
        flaws=frame.flaws, containment_mu=effect.containment_mu,
        containment_sigma=language.mitigations.containment.sigma.value)
    return CompiledFirm(
        firm=firm.id, steps=steps, kinds=frame.kinds, posture=posture, raised=raised, idle=idle,
        assets=assets, estimates=estimates)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What firms with the same assets share of `FirmSteps`: the ``network`` of their kinds, and by
    way the ``target_kind``."""

    network: Network
    kinds: tuple[str, ...]
    output_share: Floats
    target_kind: Places
    sigma: Floats
    assets: tuple[tuple[str, ...], ...]
    flaws: Mapping[str, tuple[int, bool]]


@lru_cache(maxsize=4096)
def _frame(language: Language, assets: tuple[tuple[str, AssetKind, bool, int], ...]) -> _Frame:
    network = network_of(language, tuple((kind, exposed) for _, kind, exposed, _ in assets))
    names, shares = [one[0] for one in assets], [one[3] for one in assets]
    output = np.zeros(len(network.codes))
    for place, stops, on in network.impacts:
        output[place] = stops * _together([shares[one] for one in on])
    target_kind = network.kind[network.target]
    sigma = language.sigma[target_kind]
    for array in (output, sigma):
        array.setflags(write=False)  # firms alike share them
    return _Frame(
        network, tuple(language.steps[kind].id for kind in network.kind.tolist()), output,
        target_kind, sigma, tuple(tuple(names[one] for one in on) for on in network.on),
        {name: flaw for name, flaw in zip(names, network.flaws, strict=True) if flaw[0] >= 0})


def concerned_firms(chain: Chain, before: KevTable, after: KevTable) -> tuple[str, ...]:
    """The firms that a change of the catalogue concerns: those with a finding that joined or left
    it. All others compile to the same steps."""
    changed = before.entries.keys() ^ after.entries.keys()
    return tuple(firm.id for firm in chain.firms
                 if any(one.cve in changed for one in chain.weaknesses_of.get(firm.id, ())))


def coverage_of(language: Language, posture: Posture) -> tuple[float, ...]:
    """The coverage of each control, then of each indicator of containment, from 0 to 1."""
    found, prior = [], language.missing_prior
    for indicator, shape in _asked(language):
        ppm = posture.get(indicator)
        score = prior if ppm is None else min(max(ppm, 0), PPM) / PPM
        found.append(score if shape is None else shaped(score, shape))
    return tuple(found)


@lru_cache(maxsize=64)
def _asked(language: Language) -> tuple[tuple[str, str | None], ...]:
    """The indicators that coverage is made of, with the shape of their effect."""
    return (*((one.indicator, one.shape) for one in language.controls),
            *((one.indicator, None) for one in language.mitigations.containment.controls))


def in_quarters(coverage: float) -> float:
    """The coverage that slows: whole quarters, so that firms alike have the same times."""
    return math.floor(coverage * 4.0) / 4.0


@lru_cache(maxsize=16384)
def _effect(language: Language, coverage: tuple[float, ...]) -> _Effect:
    left, mu = np.ones(len(language.steps)), language.mu.copy()
    _act(np.array(coverage), language.stopped, _slowed(language), left, mu)
    return _Effect(tempered(language.at_half, left, language.half, language.exponent), mu,
                   days_to_contain(language, coverage[len(language.controls):]))


def slowing_controls(language: Language) -> tuple[int, ...]:
    """The places of the controls that slow steps."""
    return tuple(place for place, one in enumerate(language.controls) if one.slows is not None)


@lru_cache(maxsize=4096)
def slowed_days(language: Language, coverage: tuple[float, ...]) -> Floats:
    """ln days of each kind of step at the coverage of the controls that slow, in their order."""
    mu = language.mu.copy()
    for place, covered in zip(slowing_controls(language), coverage, strict=True):
        for kind in np.flatnonzero(language.slowed[place]).tolist():
            mu[kind] += slowing(float(language.slowed[place, kind]), covered,
                                language.controls[place].shape, float(language.exponent[kind]))
    mu.setflags(write=False)
    return mu


def days_to_contain(language: Language, scores: Sequence[float]) -> float:
    """ln days to containment at the scores of the indicators that watch, in their order."""
    containment = language.mitigations.containment
    exponent = language.mitigations.tempering.containment
    found = ln(containment.median_days.value)
    for watch, score in zip(containment.controls, scores, strict=True):
        found -= watch.strength.value * (HALF + exponent * (score - HALF))
    return found


@lru_cache(maxsize=64)
def _slowed(language: Language) -> Floats:
    """What each control adds to ln days of each step, by the quarters of its coverage."""
    found = np.zeros((len(language.controls), 5, len(language.steps)))
    for place, control in enumerate(language.controls):
        if control.slows is not None:
            for kind in np.flatnonzero(language.slowed[place]).tolist():
                for quarters in range(5):
                    found[place, quarters, kind] = slowing(
                        float(language.slowed[place, kind]), quarters / 4.0, control.shape,
                        float(language.exponent[kind]))
    return found


@njit(cache=True, nogil=True)
def _act(coverage, stopped, slowed, left, mu):  # type: ignore[no-untyped-def]
    """Let the controls act on all steps, one after another: the same bytes everywhere."""
    for place in range(stopped.shape[0]):
        quarters = int(np.floor(coverage[place] * 4.0))
        for kind in range(left.shape[0]):
            left[kind] *= 1.0 - stopped[place, kind] * coverage[place]
            mu[kind] += slowed[place, quarters, kind]


def slowing(slowed: float, coverage: float, shape: str, exponent: float) -> float:
    """What a control adds to ln days of a step that it slows at full effect by ``slowed``."""
    half = ln(1.0 + slowed * in_quarters(shaped(HALF, shape)))
    return half + exponent * (ln(1.0 + slowed * in_quarters(coverage)) - half)


@dataclass(frozen=True, slots=True)
class Raise:
    """A finding raises the chance of a step, by place."""

    place: int
    asset: str
    weakness: Weakness
    ground: Ground
    by: float


def raises_of(
    chain: Chain, firm: Firm, language: Language, network: Network, assets: tuple[Asset, ...],
    kev: KevTable | None, epss: EpssTable | None,
) -> tuple[list[Raise], tuple[Weakness, ...]]:
    """The steps that each finding raises, and the findings that raise none."""
    found: list[Raise] = []
    idle: list[Weakness] = []
    number = {one.id: place for place, one in enumerate(assets)}
    for weakness in chain.weaknesses_of.get(firm.id, ()):
        if weakness.asset not in number:
            raise InputError(f"{firm.id} has no asset {weakness.asset!r}",
                             field="weaknesses.asset", mend="list the asset, or name one it has")
        asset = number[weakness.asset]
        best: dict[int, tuple[Ground, float]] = {}
        for place, ground, by in (*_by_vulnerability(weakness, asset, language, network, kev, epss),
                                  *_by_technique(weakness, asset, language, network)):
            if by > best.get(place, ("severity", 0.0))[1]:
                best[place] = (ground, by)
        if not best:
            idle.append(weakness)
        found += [Raise(place, weakness.asset, weakness, ground, by)
                  for place, (ground, by) in sorted(best.items())]
    return found, tuple(idle)


def _by_vulnerability(
    weakness: Weakness, asset: int, language: Language, network: Network, kev: KevTable | None,
    epss: EpssTable | None,
) -> list[tuple[int, Ground, float]]:
    if weakness.cve is None:
        return []
    rules = language.mitigations.findings
    ground: Ground = "severity"
    by = rules.severity[weakness.severity].value
    score = epss.get(weakness.cve) if epss is not None else None
    if score is not None and score.epss_ppm / PPM * rules.epss.value > by:
        ground, by = "epss", score.epss_ppm / PPM * rules.epss.value
    if kev is not None and weakness.cve in kev and rules.kev_exposed.value >= by:
        ground, by = "kev", rules.kev_exposed.value
    said = ([] if weakness.technique is None
            else _using(weakness.technique, asset, language, network))
    return [(place, ground, by if language.steps[network.kind[place]].exposed
             else by * rules.inside.value) for place in said or network.opened[asset]]


def _by_technique(
    weakness: Weakness, asset: int, language: Language, network: Network
) -> list[tuple[int, Ground, float]]:
    if weakness.technique is None:
        return []
    by = language.mitigations.findings.technique[weakness.severity].value
    return [(place, "technique", by)
            for place in _using(weakness.technique, asset, language, network)]


def _using(technique: str, asset: int, language: Language, network: Network) -> list[int]:
    """Steps of the asset, else of the whole firm, that use the technique. What was found today is
    not the flaw that will be exploited everywhere tomorrow."""
    using = [place for place, kind in enumerate(network.kind.tolist())
             if place != network.start
             and (language.steps[kind].after or not language.steps[kind].flaw_on)
             and any(same_family(technique, one)
                     for one in language.steps[kind].techniques)]
    here = [place for place in using if asset in network.on[place]]
    return here or [place for place in using if not network.on[place]]


def _apply(raises: list[Raise], chance: Floats, codes: tuple[str, ...],
           language: Language) -> tuple[Raised, ...]:
    """Raise the chances in place: the chance of failing falls by each finding's share."""
    highest = language.file.highest_chance
    before = chance.copy()
    for one in raises:
        raised = 1.0 - (1.0 - chance[one.place]) * (1.0 - one.by)
        chance[one.place] = max(min(raised, highest), before[one.place])
    return tuple(Raised(codes[one.place], one.asset, one.weakness.cve, one.weakness.technique,
                        one.ground, one.by, float(before[one.place]), float(chance[one.place]))
                 for one in raises)


def _together(shares: Sequence[int]) -> float:
    """The share of output that stops with assets, each by itself, in ppm; without assets the
    whole."""
    if not shares:
        return 1.0
    left = 1.0
    for one in shares:
        left *= 1.0 - one / PPM
    return 1.0 - left
