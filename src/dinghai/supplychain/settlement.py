"""The settlement of one event: what each member is owed, by which layer, and who bears it.

A pure function of plain facts, exact to the fen. Amounts come as the policy's terms grant them
before the layers; each layer bears its slice of the event, its parties share the slice as the terms
share it (largest remainders, first listed wins), and each party's amount is cut to the sections in
proportion, so that every section, layer and party adds up. Only insurers insure: what a firm bears
of another's loss is a commercial contribution, of its own it is retention (DECISIONS 15).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import PPM, Fen, apply_ppm, split
from dinghai.pricing.shares import ShareKind, share_kind
from dinghai.supplychain.layer_file import INSURERS, ChainLayers, Uplift
from dinghai.wording.layers import Layer, Participation

SETTLEMENT_SCHEMA: Final = "dinghai.chain-settlement/1"
Reason = Literal["share", "deductible", "uplift", "unplaced", "above_layers"]
"""Why somebody bears an amount: its share of a layer; or, kept by the firm that suffers, what the
terms or the uplift leave with it, what no party of a layer took, what no layer reaches."""


@dataclass(frozen=True, slots=True)
class OwnSection:
    """What the terms grant a member under one of its sections, in fen, before the layers.

    ``deductible_ppm`` is the section's rate where it is still to be taken, ``retained_fen`` what
    the terms have already left with the member. ``overdue_causal_finding`` is None where nobody
    has established it: then nothing is taken for it (DECISIONS 3).
    """

    member: str
    coverage: str
    amount_fen: Fen
    deductible_ppm: int = 0
    retained_fen: Fen = 0
    overdue_causal_finding: bool | None = False


@dataclass(frozen=True, slots=True)
class Before:
    """What went before in the year: presented to the layers by earlier events (``year_fen``) and by
    earlier payments of the same event (``event_fen``), and what each layer has borne."""

    year_fen: Fen = 0
    event_fen: Fen = 0
    borne_fen: Mapping[str, Fen] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettledAmount:
    """One amount: who bears it, for whose loss, and what it is in law.

    ``layer`` is empty for what stands outside the layers; ``role`` is the bearer's in the layer.
    """

    layer: str
    bearer: str
    role: str
    sufferer: str
    coverage: str
    kind: ShareKind
    reason: Reason
    fen: Fen


@dataclass(frozen=True, slots=True)
class SettledSection:
    """A section as settled: ``granted = deductible + uplift + presented``, in fen."""

    member: str
    coverage: str
    granted_fen: Fen
    deductible_fen: Fen
    uplift_fen: Fen
    presented_fen: Fen
    retained_before_fen: Fen
    flag: Literal["", "evidence_needed"]


@dataclass(frozen=True, slots=True)
class Settlement:
    """An event as settled."""

    event: str
    agreement: str
    root_cause: str | None
    sections: tuple[SettledSection, ...]
    borne: Mapping[str, Fen]
    amounts: tuple[SettledAmount, ...]

    @property
    def presented_fen(self) -> Fen:
        """What the event presents to the layers."""
        return sum(one.presented_fen for one in self.sections)

    def total(self, kind: ShareKind) -> Fen:
        """What all bear in one way."""
        return sum(one.fen for one in self.amounts if one.kind == kind)

    def transfers(self) -> list[tuple[str, str, ShareKind, Fen]]:
        """From whom to whom: bearer, sufferer, kind, fen; each pair and kind once. Retention moves
        no money."""
        sums: dict[tuple[str, str, ShareKind], Fen] = {}
        for one in self.amounts:
            if one.kind != "retention":
                key = one.bearer, one.sufferer, one.kind
                sums[key] = sums.get(key, 0) + one.fen
        return [(*key, fen) for key, fen in sums.items()]

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.chain-settlement/1). Amounts in fen."""
        parties: dict[str, dict[str, JSON]] = {}
        for one in self.amounts:
            row = parties.setdefault(one.bearer, {
                "party": one.bearer, "insurance_fen": 0, "commercial_contribution_fen": 0,
                "retention_fen": 0})
            row[f"{one.kind}_fen"] += one.fen
        return {
            "schema": SETTLEMENT_SCHEMA, "event": self.event, "agreement": self.agreement,
            "root_cause": self.root_cause, "presented_fen": self.presented_fen,
            "sections": [
                {"member": one.member, "coverage": one.coverage, "granted_fen": one.granted_fen,
                 "deductible_fen": one.deductible_fen, "uplift_fen": one.uplift_fen,
                 "presented_fen": one.presented_fen,
                 "retained_before_fen": one.retained_before_fen, "flag": one.flag}
                for one in self.sections],
            "layers": [{"id": name, "borne_fen": fen} for name, fen in self.borne.items()],
            "amounts": [
                {"layer": one.layer, "from": one.bearer, "role": one.role, "to": one.sufferer,
                 "coverage": one.coverage, "kind": one.kind, "reason": one.reason,
                 "fen": one.fen} for one in self.amounts],
            "transfers": [{"from": bearer, "to": sufferer, "kind": kind, "fen": fen}
                          for bearer, sufferer, kind, fen in self.transfers()],
            "parties": list(parties.values()),
            "totals": {f"{kind}_fen": self.total(kind) for kind in (
                "insurance", "commercial_contribution", "retention")},
        }


def settle_event(
    agreement: ChainLayers, sections: Sequence[OwnSection], *, event: str, owner: str,
    root_cause: str | None, enrolled: Mapping[str, int], before: Before | None = None,
    borne: Mapping[str, Fen] | None = None,
) -> Settlement:
    """Settle one event.

    ``owner`` is the chain owner; ``root_cause`` the firm where the event's cause lies, None where
    it is no firm of the chain or not established (then who suffers retains that share);
    ``enrolled`` gives each enrolled member's weight, its premium in fen. ``borne`` is what each
    layer bears where that has been decided already. Raises InputError for amounts that are none,
    for layers that bear more than is presented, and for a share of all enrolled where nobody is.
    """
    before = before or Before()
    settled = [_settled(one, agreement.uplift, place) for place, one in enumerate(sections)]
    presented = [one.presented_fen for one in settled]
    left = list(presented)
    amounts: list[SettledAmount] = list(_outside(settled))
    slices: dict[str, Fen] = {}
    parties = Parties(owner, root_cause, {name: weight for name, weight in enrolled.items()
                                          if name != owner})
    for layer in agreement.layers:
        # layers by event and by year may meet: what one bears is not there for the next
        slice_fen = (min(layer_slice(layer, sum(presented), before), sum(left)) if borne is None
                     else borne.get(layer.id, 0))
        if not 0 <= slice_fen <= sum(left):
            raise InputError(f"layer {layer.id} bears more than is presented",
                             field=f"borne.{layer.id}", mend="give what was decided")
        slices[layer.id] = slice_fen
        here = _spread(slice_fen, left)
        left = [one - part for one, part in zip(left, here, strict=True)]
        amounts += _layer_amounts(layer, slice_fen, here, settled, parties)
    amounts += [SettledAmount("", one.member, "", one.member, one.coverage, "retention",
                              "above_layers", rest)
                for one, rest in zip(settled, left, strict=True) if rest]
    return Settlement(event, agreement.id, root_cause, tuple(settled), slices, tuple(amounts))


@dataclass(frozen=True, slots=True)
class Parties:
    """Who stands behind the words of an agreement in one event."""

    owner: str
    root_cause: str | None
    enrolled: Mapping[str, int]


def layer_slice(layer: Layer, presented: Fen, before: Before) -> Fen:
    """What a layer bears of an event: its slice of what is presented, by event or by what has
    accumulated over the year, within what is left of its annual limit."""
    earlier = before.event_fen if layer.basis == "each_event" else before.year_fen
    reached = min(max(earlier + presented - layer.attachment_fen, 0), layer.limit_fen)
    begun = min(max(earlier - layer.attachment_fen, 0), layer.limit_fen)
    annual = layer.limit_fen if layer.aggregate_fen is None else layer.aggregate_fen
    left = annual * (1 + layer.reinstatements) - before.borne_fen.get(layer.id, 0)
    return max(min(reached - begun, left), 0)


def _settled(one: OwnSection, uplift: Uplift | None, place: int) -> SettledSection:
    if min(one.amount_fen, one.retained_fen) < 0 or not 0 <= one.deductible_ppm <= PPM:
        raise InputError("an amount or a rate lies outside its range", field=f"sections[{place}]",
                         mend="give fen of zero or more, and parts per million up to 1000000")
    known = one.overdue_causal_finding
    concerned = uplift is not None and (not uplift.coverages or one.coverage in uplift.coverages)
    rate = one.deductible_ppm
    if uplift is not None and concerned and known:
        rate = min(rate + (uplift.rate_ppm if uplift.mode == "points"
                           else apply_ppm(rate, uplift.rate_ppm)), PPM)
    deductible = apply_ppm(one.amount_fen, one.deductible_ppm)
    whole = apply_ppm(one.amount_fen, rate)
    return SettledSection(
        one.member, one.coverage, one.amount_fen, deductible, whole - deductible,
        one.amount_fen - whole, one.retained_fen,
        "evidence_needed" if concerned and known is None else "")


def _outside(settled: Sequence[SettledSection]) -> Iterator[SettledAmount]:
    """What the terms and the uplift leave with each member."""
    for one in settled:
        reasons: tuple[tuple[Reason, Fen], ...] = (
            ("deductible", one.retained_before_fen + one.deductible_fen),
            ("uplift", one.uplift_fen))
        for reason, fen in reasons:
            if fen:
                yield SettledAmount("", one.member, "", one.member, one.coverage, "retention",
                                    reason, fen)


def _layer_amounts(
    layer: Layer, borne: Fen, here: Sequence[Fen], settled: Sequence[SettledSection],
    parties: Parties,
) -> Iterator[SettledAmount]:
    """A layer's slice by party and section: both ways exact."""
    shares = [one.share_ppm for one in layer.participants]
    placed = apply_ppm(borne, sum(shares)) if shares else borne
    owed = split(placed, shares) if shares else [borne]
    left = list(here)
    for participant, fen in zip(layer.participants or (_WHOLE,), owed, strict=True):
        parts = _spread(fen, left)
        left = [one - part for one, part in zip(left, parts, strict=True)]
        for section, part in zip(settled, parts, strict=True):
            for bearer, amount in _bearers(participant, section.member, part, parties):
                if amount:
                    yield SettledAmount(
                        layer.id, bearer, participant.role, section.member, section.coverage,
                        _kind(participant, bearer, section.member), "share", amount)
    for section, rest in zip(settled, left, strict=True):
        if rest:
            yield SettledAmount(layer.id, section.member, "", section.member, section.coverage,
                                "retention", "unplaced", rest)


_WHOLE: Final = Participation(party="保险人", role="lead_insurer", share_ppm=PPM)
"""Who bears a layer of the wording that names nobody."""


def _bearers(
    one: Participation, sufferer: str, fen: Fen, parties: Parties
) -> Iterator[tuple[str, Fen]]:
    if one.retained or (one.bearer == "root_cause" and parties.root_cause is None):
        yield sufferer, fen
    elif one.bearer == "root_cause":
        assert parties.root_cause is not None
        yield parties.root_cause, fen
    elif one.bearer == "enrolled":
        if not any(parties.enrolled.values()):
            raise InputError("all enrolled members bear a share, and nobody is enrolled",
                             field="enrolled", mend="give the members with their premiums")
        yield from zip(parties.enrolled, split(fen, list(parties.enrolled.values())), strict=True)
    else:
        yield (parties.owner if one.role == "chain_owner" else one.party), fen


def _kind(one: Participation, bearer: str, sufferer: str) -> ShareKind:
    insurers = frozenset({bearer}) if one.role in INSURERS else frozenset[str]()
    return share_kind(bearer, sufferer=sufferer, insurers=insurers)


def _spread(fen: Fen, left: Sequence[Fen]) -> list[Fen]:
    """An amount over sections in proportion to what is left of each, never more than that."""
    return split(fen, left) if fen else [0] * len(left)
