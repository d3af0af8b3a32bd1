"""What a change of members moves in premium: steps by the day, posted with their tax in one
entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.money import apply_ppm
from dinghai.supplychain.enrolment import Enrolment, PremiumStep, premium_steps
from dinghai_platform.core.actors import Actor
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.programmes.engine import period_of
from dinghai_platform.programmes.models import Member, MemberStep, Programme

CHARGE: Final = "programmes.premium"
REFUND: Final = "programmes.refund"


def new_steps(member: Member, changed: Enrolment, known: int) -> tuple[PremiumStep, ...]:
    """The steps of a member's premium beyond the first ``known`` ones. Raises InputError."""
    return premium_steps(changed, period_of(member))[known:]


def post_steps(
    programme: Programme, found: Sequence[tuple[Member, PremiumStep]], *, key: str, actor: Actor,
    effective: date,
) -> list[MemberStep]:
    """Post steps of members and keep them. The applicant pays and gets back (DECISIONS 13).

    What is charged is one entry and what goes back another, each with its members' steps as
    Merkle root. Where the programme has a policy, its premium holds the members of the first day
    already, and they are not charged again.
    """
    charged = [(member, step) for member, step in found if step.fen > 0 and not (
        programme.policy_id is not None and step.reason == "enrolled"
        and step.on == programme.inception)]
    returned = [(member, step) for member, step in found if step.fen < 0]
    up = _entry(programme, charged, CHARGE, f"{key}:charge", actor, effective)
    down = _entry(programme, returned, REFUND, f"{key}:refund", actor, effective)
    charged_to = {(member.pk, step.reason, step.on) for member, step in charged}
    rows, count = [], {member.pk: 0 for member, _ in found}
    for one in MemberStep.objects.within(programme.tenant_id).filter(
            member__in=count).values_list("member", flat=True):
        count[one] += 1
    for member, step in found:
        count[member.pk] += 1
        entry = down if step.fen < 0 else up
        posted = step.fen < 0 or (member.pk, step.reason, step.on) in charged_to
        rows.append(MemberStep(
            tenant=programme.tenant, owner=programme.owner,
            member=member, sequence=count[member.pk], on=step.on, reason=step.reason,
            days_left=step.days_left, fen=step.fen, vat_fen=_vat(step.fen, programme),
            entry=entry if posted else None))
        member.premium_fen += step.fen
    MemberStep.objects.bulk_create(rows)
    Member.objects.within(programme.tenant_id).bulk_update(
        {member.pk: member for member, _ in found}.values(), ("premium_fen",))
    return rows


def _vat(fen: int, programme: Programme) -> int:
    return apply_ppm(fen, programme.vat_ppm) if fen >= 0 else -apply_ppm(-fen, programme.vat_ppm)


def _entry(
    programme: Programme, steps: Sequence[tuple[Member, PremiumStep]], narrative: str, key: str,
    actor: Actor, effective: date,
) -> JournalEntry | None:
    net = abs(sum(step.fen for _, step in steps))
    vat = abs(sum(_vat(step.fen, programme) for _, step in steps))
    if not net:
        return None
    lines = ((debit("premium_receivable", net + vat), credit("premium_income", net),
              credit("vat_payable", vat)) if narrative == CHARGE else
             (debit("premium_income", net), debit("vat_payable", vat),
              credit("refund_payable", net + vat)))
    return post_entry(
        lines, source=programme, key=key, narrative=narrative, actor=actor, effective=effective,
        tenant=programme.tenant, details={"programme": programme.number, "steps": len(steps)},
        members=[canonical_bytes(step.to_dict()) for _, step in steps])
