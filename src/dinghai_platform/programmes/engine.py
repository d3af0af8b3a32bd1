"""A programme's rows as the engine reads them: its agreement, its period, its policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import msgspec

from dinghai.foundation.money import Fen
from dinghai.foundation.reading import typed
from dinghai.supplychain.chain import Chain
from dinghai.supplychain.cover import programme_policy
from dinghai.supplychain.enrolment import Enrolment, ProgrammePeriod, allocate_premium
from dinghai.supplychain.layer_file import ChainLayers
from dinghai.wording.layers import Layer
from dinghai.wording.policy import Party, Policy
from dinghai_platform.core.models import Organisation
from dinghai_platform.programmes.models import Member, Programme

ANOTHER: Final = "另一参保成员"
"""What a certificate calls a supplier that bears by its name, on another one's paper."""


def agreement_of(programme: Programme) -> ChainLayers:
    """The layers and shares of a programme."""
    return typed(programme.layers, ChainLayers)


def period_of(row: Programme | Member) -> ProgrammePeriod:
    """First and last day of a programme."""
    return ProgrammePeriod(row.inception, row.expiry)


def enrolment_of(member: Member, *, last: date | None = None,
                 factors: tuple[tuple[date, int], ...] | None = None) -> Enrolment:
    """A member's time in the programme, or what it becomes with another last day or factors."""
    return Enrolment(
        member.firm, member.annual_fen, member.first, member.last if last is None else last,
        factors_of(member) if factors is None else factors)


def factors_of(member: Member) -> tuple[tuple[date, int], ...]:
    """The days from which a float's factor holds."""
    return tuple((date.fromisoformat(day), ppm) for day, ppm in member.factors)


def premiums_of(
    programme: Programme, chain: Chain, shares: Mapping[str, Any] | None
) -> tuple[dict[str, Fen], str]:
    """Each firm's premium for the whole period, adding up to the programme's to the fen: by what
    it causes where shares were studied, else by revenue. And which of the two."""
    if shares is not None:
        weights = {one["id"]: one["premium_fen"] for one in shares["parties"]
                   if "premium_fen" in one and one["id"] in chain.firm}
        if any(weights.values()) and len(weights) == len(chain.firms):
            return allocate_premium(programme.premium_fen, weights), Member.Basis.SHARES
    revenue = {one.id: one.revenue_fen for one in chain.firms}
    if not any(revenue.values()):
        revenue = dict.fromkeys(revenue, 1)
    return allocate_premium(programme.premium_fen, revenue), Member.Basis.REVENUE


def certified_policy(programme: Programme, member: Member, chain: Chain) -> Policy:
    """The programme as a policy that names this member and nobody else of the chain but its
    owner."""
    policy = programme_policy(chain)
    firm = chain.firm[member.firm]
    party = Party(name_zh=member.name_zh, name_en=member.name_en, id=member.firm,
                  credit_code=firm.credit_code)
    schedule = msgspec.structs.replace(
        policy.schedule, policy_no=programme.number, inception=programme.inception,
        expiry=programme.expiry, retroactive_date=programme.inception,
        insurer=_party(programme.tenant), members=(party,), suppliers=(),
        layers=tuple(_seen_by(layer, member.firm) for layer in agreement_of(programme).layers))
    return msgspec.structs.replace(policy, schedule=schedule)


def _party(one: Organisation) -> Party:
    return Party(name_zh=one.name_zh, name_en=one.name_en, credit_code=one.credit_code or "")


def _seen_by(layer: Layer, firm: str) -> Layer:
    """A layer that names no other supplier."""
    return msgspec.structs.replace(layer, participants=tuple(
        msgspec.structs.replace(one, party=ANOTHER)
        if one.role == "supplier" and one.bearer == "named" and one.party != firm else one
        for one in layer.participants))
