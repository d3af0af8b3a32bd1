"""A programme by tier: how many are in, what they pay, what they cause, and their grades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dinghai.supplychain.chain import Chain, Firm
from dinghai_platform.chains.words import tier_name
from dinghai_platform.programmes.models import Member


@dataclass(slots=True)
class Tier:
    """One tier. ``cause_fen`` is what its firms' events present a year; None where nobody studied
    it."""

    name: str
    firms: int = 0
    enrolled: int = 0
    premium_fen: int = 0
    cause_fen: int | None = None
    grades: dict[str, int] = field(default_factory=dict)


def tiers_of(
    chain: Chain, members: Sequence[Member], shares: Mapping[str, Any] | None
) -> list[Tier]:
    """The tiers of a chain, the owner first."""
    causes = {} if shares is None else {
        one["id"]: one["cause_fen"] for one in shares["parties"] if "cause_fen" in one}
    inside = {one.firm: one for one in members if one.state == Member.State.ENROLLED}
    found: dict[tuple[int, str], Tier] = {}
    for firm in sorted(chain.firms, key=_order):
        side = "owner" if firm.role == "owner" or firm.tier == 0 else (
            "supplier" if firm.role == "supplier" else "customer")
        tier = found.setdefault((firm.tier, side), Tier(tier_name(firm.tier, firm.role)))
        tier.firms += 1
        if firm.id in causes:
            tier.cause_fen = (tier.cause_fen or 0) + causes[firm.id]
        member = inside.get(firm.id)
        if member is not None:
            tier.enrolled += 1
            tier.premium_fen += member.premium_fen
            letter = member.grade or ""
            tier.grades[letter] = tier.grades.get(letter, 0) + 1
    for tier in found.values():
        tier.grades = dict(sorted(tier.grades.items(), key=lambda one: one[0] or "Z"))
    return list(found.values())


def _order(firm: Firm) -> tuple[bool, bool, int]:
    """The owner, then upstream, then downstream."""
    return firm.role != "owner", firm.role not in ("owner", "supplier"), firm.tier
