"""What a change of members moves in premium: new steps by the day, posted once with their tax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dinghai.foundation.canonical import canonical_bytes, document_hash
from dinghai.foundation.errors import Refusal
from dinghai.schemes.park_premium import MemberPremium, ParkStep
from dinghai_platform.core.actors import Actor
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.parks.models import MemberChange, ParkMember, PremiumStep

Key = tuple[int, str]
"""Place of a stay in the roll, and cover."""


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step that is not in the books yet: of which stay, and the how-manieth of its cover."""

    stay: int
    place: int
    step: ParkStep


def kept_steps(rows: Sequence[ParkMember]) -> dict[Key, list[PremiumStep]]:
    """The steps in the books, by the stay's place in the rows and cover."""
    if not rows:
        return {}
    places = {one.pk: place for place, one in enumerate(rows)}
    found: dict[Key, list[PremiumStep]] = {}
    for step in PremiumStep.objects.within(rows[0].tenant_id).filter(
            member__park=rows[0].park_id).order_by("place"):
        found.setdefault((places[step.member_id], step.cover), []).append(step)
    return found


def new_steps(
    premiums: Sequence[MemberPremium], kept: Mapping[Key, Sequence[PremiumStep]]
) -> list[NewStep]:
    """What the engine charges now beyond what is in the books. A top-up that never begins goes
    back whole.

    Raises Refusal where a step in the books would change: an allocated premium is cut to the
    members of the first day, who are then fixed.
    """
    found: list[NewStep] = []
    told: set[Key] = set()
    for stay, premium in enumerate(premiums):
        by_cover: dict[str, list[ParkStep]] = {}
        for step in premium.steps:
            by_cover.setdefault(step.cover, []).append(step)
        for cover, steps in by_cover.items():
            told.add((stay, cover))
            before = kept.get((stay, cover), ())
            if [_figures(one) for one in steps[:len(before)]] != [_figures(one) for one in before]:
                raise Refusal("the premium of members who are in already would change",
                              reasons=["let the firm join after the first day of the policy"])
            found += [NewStep(stay, place, step)
                      for place, step in enumerate(steps) if place >= len(before)]
    for (stay, cover), before in kept.items():
        # Once it has gone back there is nothing left that could.
        owed = sum(one.net_fen for one in before), sum(one.vat_fen for one in before)
        if (stay, cover) not in told and any(owed):
            found.append(NewStep(stay, len(before), _whole_back(premiums[stay], cover, before)))
    return found


def _figures(one: ParkStep | PremiumStep) -> tuple[date, str, int, int]:
    return one.on, one.reason, one.net_fen, one.vat_fen


def _whole_back(premium: MemberPremium, cover: str, before: Sequence[PremiumStep]) -> ParkStep:
    first = before[0]
    return ParkStep(premium.member.credit_code, cover, first.on, "left", first.days_left,
                    -sum(one.net_fen for one in before), -sum(one.vat_fen for one in before))


def preview_of(steps: Sequence[NewStep], names: Sequence[str]) -> dict[str, Any]:
    """What steps cost and give back, in all and by day. Amounts in fen, with VAT where ``gross``.
    """
    days: dict[date, list[ParkStep]] = {}
    for one in steps:
        days.setdefault(one.step.on, []).append(one.step)
    return {
        "net_fen": sum(one.step.net_fen for one in steps),
        "vat_fen": sum(one.step.vat_fen for one in steps),
        "charged_fen": sum(max(one.step.gross_fen, 0) for one in steps),
        "refunded_fen": -sum(min(one.step.gross_fen, 0) for one in steps),
        "days": [{
            "on": day.isoformat(), "steps": len(some),
            "net_fen": sum(one.net_fen for one in some),
            "vat_fen": sum(one.vat_fen for one in some),
            "charged_fen": sum(max(one.gross_fen, 0) for one in some),
            "refunded_fen": -sum(min(one.gross_fen, 0) for one in some),
        } for day, some in sorted(days.items())],
        "steps": [{**one.step.to_dict(), "name": names[one.stay], "stay": one.stay,
                   "place": one.place} for one in steps]}


def hash_of(preview: Mapping[str, Any], outcome: Mapping[str, Any]) -> str:
    """What a person saw before the change was applied."""
    return document_hash({"preview": dict(preview), "outcome": dict(outcome)})


def post_steps(
    change: MemberChange, rows: Sequence[ParkMember], steps: Sequence[NewStep], *, actor: Actor
) -> list[PremiumStep]:
    """Post new steps and keep them. The applicant pays and gets back (DECISIONS 13) unless agreed.

    Of each day what is charged is one entry and what goes back another, each with its steps as
    Merkle root; the keys make them happen once.
    """
    entries: dict[tuple[date, bool], JournalEntry | None] = {}
    for day in sorted({one.step.on for one in steps}):
        for back in (False, True):
            some = [one.step for one in steps
                    if one.step.on == day and (one.step.gross_fen < 0) == back]
            entries[day, back] = _entry(change, some, day, back=back, actor=actor)
    kept = [PremiumStep(
        tenant=change.tenant, operator=change.operator, member=rows[one.stay], change=change,
        cover=one.step.cover, place=one.place, on=one.step.on, reason=one.step.reason,
        days_left=one.step.days_left, net_fen=one.step.net_fen, vat_fen=one.step.vat_fen,
        entry=entries[one.step.on, one.step.gross_fen < 0]) for one in steps]
    PremiumStep.objects.bulk_create(kept)
    for one in steps:
        rows[one.stay].net_fen += one.step.net_fen
        rows[one.stay].vat_fen += one.step.vat_fen
    return kept


def _entry(
    change: MemberChange, steps: Sequence[ParkStep], day: date, *, back: bool, actor: Actor
) -> JournalEntry | None:
    net, vat = abs(sum(one.net_fen for one in steps)), abs(sum(one.vat_fen for one in steps))
    if not net + vat:
        return None
    lines = ([debit("premium_income", net), debit("vat_payable", vat),
              credit("refund_payable", net + vat)] if back else
             [debit("premium_receivable", net + vat), credit("premium_income", net),
              credit("vat_payable", vat)])
    narrative = "parks.refund" if back else "parks.premium"
    return post_entry(
        lines, source=change, key=f"parks.change:{change.pk}:{day}:{narrative}",
        narrative=narrative, actor=actor, effective=day, tenant=change.tenant,
        details={"park": change.park.number, "change": change.number, "steps": len(steps)},
        members=[canonical_bytes(one.to_dict()) for one in steps])
