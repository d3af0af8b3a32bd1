"""Terms of Open Exposure Data as a policy of the house, or the reason why they cannot be one.

`docs/explanation/oed.md` says which stage takes which term and why the amounts agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from msgspec.structs import replace as replaced

from dinghai.foundation.calendar import start_of
from dinghai.foundation.money import MAXIMUM_FEN, PPM
from dinghai.portfolio.oed_fields import BLANKET, oed_table
from dinghai.portfolio.oed_terms import LayerTerms, Level, PolicyTerms, bound_field
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.layers import Layer, Participation
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    ScheduledSection,
    bind,
    with_explanations,
)
from dinghai.wording.products import resolve
from dinghai.wording.schema import Basis, Limits, OtherInsurance, Product, Rating
from dinghai.wording.sections import Retention, Section, Sublimit, Valuation, Waiting
from dinghai.wording.words import WaitingMode

UNLIMITED: Final = MAXIMUM_FEN
"""Where the standard says nothing, the largest amount there is."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A record's layer as it stands in the tower, who takes its share, and for what premium."""

    party: str
    terms: LayerTerms
    gross_premium_fen: int = 0


@dataclass(frozen=True, slots=True)
class Names:
    """What a contract is called and who it is between."""

    policy_no: str
    insured: str


def inexpressible(terms: PolicyTerms) -> Iterator[tuple[str, str, str]]:
    """Field, message and mend of every combination that the product language cannot say."""
    if terms.policy.bounded:
        bound = bound_field(terms.policy, BLANKET)
        if terms.waiting_seconds:
            yield (bound, "bounds in money do not meet a waiting period",
                   "leave one of them blank")
        if any(level.limit_ppm is not None
               for level in (terms.policy, *(one for _code, one in terms.coverages))):
            yield (bound, "bounds do not meet a limit that is a share of the loss",
                   "give the limit as an amount")
    for code, level in terms.coverages:
        if level.limit_ppm is not None and level.bounded:
            yield (bound_field(level, code),
                   "bounds do not meet a limit that is a share of the loss",
                   "give the limit as an amount")


def contracts(
    terms: PolicyTerms, layers: Sequence[Placed], names: Names
) -> tuple[Policy, ...]:
    """The records of one policy as contracts: one, or more where its layers overlap in part."""
    towers: list[_Tower] = []
    for number, (slice_, parties) in enumerate(_slices(layers), start=1):
        layer = _layer(slice_, parties, number)
        tower = next((one for one in towers if one.takes(layer)), None)
        if tower is None:
            tower = _Tower([])
            towers.append(tower)
        tower.layers.append(layer)
        tower.gross_premium_fen += sum(one.gross_premium_fen for one in parties)
    alone = len(towers) == 1
    return tuple(
        _contract(terms, tower,
                  names if alone else replace(names, policy_no=f"{names.policy_no}/{index}"))
        for index, tower in enumerate(towers, start=1))


@dataclass(slots=True)
class _Tower:
    """Layers of one contract from below, without overlap."""

    layers: list[Layer]
    gross_premium_fen: int = 0

    def takes(self, layer: Layer) -> bool:
        """Whether a layer fits on top."""
        top = self.layers[-1]
        return (layer.attachment_fen >= top.attachment_fen + top.limit_fen
                and layer.basis == top.basis)


def _slices(layers: Sequence[Placed]) -> list[tuple[LayerTerms, list[Placed]]]:
    """Layers from below, those of one slice together as its participants."""
    slices: dict[tuple[int, int, int, int], list[Placed]] = {}
    for one in layers:
        layer = one.terms
        key = (layer.aggregate_attachment_fen, layer.attachment_fen,
               UNLIMITED if layer.limit_fen is None else layer.limit_fen,
               UNLIMITED if layer.aggregate_limit_fen is None else layer.aggregate_limit_fen)
        slices.setdefault(key, []).append(one)
    found = []
    for key in sorted(slices):
        group = slices[key]
        while group:
            taken = _within_whole(group)
            found.append((taken[0].terms, taken))
            group = [one for one in group if one not in taken]
    return found


def _within_whole(group: list[Placed]) -> list[Placed]:
    """The first of a group whose shares make no more than the whole."""
    taken: list[Placed] = []
    for one in group:
        if sum(each.terms.share_ppm for each in taken) + one.terms.share_ppm <= PPM:
            taken.append(one)
    return taken


def _layer(slice_: LayerTerms, parties: list[Placed], number: int) -> Layer:
    yearly = slice_.aggregate_attachment_fen > 0
    annual = UNLIMITED if slice_.aggregate_limit_fen is None else slice_.aggregate_limit_fen
    limit = annual if yearly or slice_.limit_fen is None else slice_.limit_fen
    return Layer(
        id=f"L{number}", name_zh=f"第{number}层", name_en=f"Layer {number}", clause="3",
        basis="aggregate" if yearly else "each_event",
        attachment_fen=slice_.aggregate_attachment_fen or slice_.attachment_fen,
        limit_fen=UNLIMITED if slice_.limit_fen is None and not yearly else limit,
        aggregate_fen=annual,
        participants=tuple(
            Participation(party=one.party, role="lead_insurer" if index == 0 else
                          "following_insurer", share_ppm=one.terms.share_ppm)
            for index, one in enumerate(parties)))


def _contract(terms: PolicyTerms, tower: _Tower, names: Names) -> Policy:
    policy = terms.policy
    limit = UNLIMITED if policy.limit_fen is None else policy.limit_fen
    aggregate = limit if policy.annual else UNLIMITED
    table = oed_table().coverages
    order = [table[code] for code, _level in terms.coverages]
    product = resolve(Product(
        schema="dinghai.product/1", product_id="oed-account", version="4", line="property",
        tier="demonstration", name_zh="外部数据保单", name_en="Policy of an exposure file",
        summary_zh="由开放敞口数据（OED）网络险账户读入的保单。",
        summary_en="A policy read from a cyber account of Open Exposure Data.",
        limits=Limits(aggregate_minimum_fen=1, aggregate_default_fen=aggregate,
                      aggregate_maximum_fen=UNLIMITED, deductible_maximum_fen=UNLIMITED),
        sections=tuple(_section(terms, one.code, index)
                       for index, one in enumerate(order, start=1)),
        layers=tuple(tower.layers), basis=Basis(retroactive="none"), rating=Rating("none", "none"),
        other_insurance=OtherInsurance(rule="none")))
    schedule = Schedule(
        policy_no=names.policy_no, applicant=Party(names.insured), insured=Party(names.insured),
        insurer=Party("保险人", "Insurer"), inception=terms.inception, expiry=terms.expiry,
        aggregate_limit_fen=aggregate, each_event_limit_fen=limit,
        event_deductible_fen=policy.ded_fen, event_deductible_ppm=_share(policy),
        sections=tuple(ScheduledSection(table[code].coverage, _sublimit(level, aggregate))
                       for code, level in terms.coverages),
        layers=tuple(tower.layers), retention_minimum_fen=policy.minimum_fen,
        retention_maximum_fen=policy.maximum_fen,
        gross_premium_fen=tower.gross_premium_fen or None)
    return _explained(bind(product, schedule))


def _sublimit(level: Level, aggregate: int) -> int:
    return aggregate if level.limit_fen is None else min(level.limit_fen, aggregate)


def _section(terms: PolicyTerms, code: str, number: int) -> Section:
    known, level = oed_table().coverages[code], terms.level(code)
    waits = known.time and terms.waiting_seconds > 0
    timed = known.time and (waits or terms.indemnity_days is not None)
    own = _retention(level)
    mode: WaitingMode = ("replaces_deductible" if own.kind == "none"
                         else "waiting_then_deductible")
    return Section(
        coverage=known.coverage, clause=f"2.{number}",
        valuation=Valuation(method="business_interruption_net_profit" if timed else "actual_cost"),
        waiting=Waiting(seconds=terms.waiting_seconds, mode=mode) if waits else None,
        indemnity_days=terms.indemnity_days if timed else None,
        retention=replaced(own, then_event_deductible=bool(
            terms.policy.ded_fen or _share(terms.policy))),
        sublimit=Sublimit(amount_fen=level.limit_fen if level.limit_fen is not None else UNLIMITED,
                          basis="annual" if level.annual else "each_event"),
        exclusions=())


def _retention(level: Level) -> Retention:
    """A limit of a share l of the loss leaves the rest, 1 − l, to be borne: at least that, or the
    deductible where it is higher."""
    share = _share(level)
    if share:
        return Retention(kind="higher_of" if level.ded_fen else "percentage",
                         amount_fen=level.ded_fen, ppm=share, minimum_fen=level.minimum_fen,
                         maximum_fen=level.maximum_fen)
    fixed = max(level.ded_fen, level.minimum_fen)
    if level.maximum_fen is not None:
        fixed = min(fixed, level.maximum_fen)
    if fixed:
        return Retention(kind="fixed", amount_fen=fixed)
    return Retention(kind="none")


def _share(level: Level) -> int:
    """Shares of the loss: what the deductible takes or the limit leaves, the higher."""
    return max(level.ded_ppm, 0 if level.limit_ppm is None else PPM - level.limit_ppm)


def _explained(policy: Policy) -> Policy:
    """The standard is silent about explanation (保险法17条): its terms are taken as explained."""
    record = ExplanationRecord(highlighted=True, channel="OED",
                               explained_at=start_of(policy.schedule.inception))
    keys = {one.key for one in terms_to_explain(policy)} | {"event_deductible"}
    return with_explanations(policy, tuple(sorted(keys)), record)
