"""Settlements of a park's events: proposed by one, approved by another, posted, reversed.

Within an event the limits that are shared are cut pro rata; what is cut stays with the firm that
suffered it (DECISIONS 7). The engine settles; here it is held against what was posted before.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, Sum

from dinghai.foundation.canonical import canonical_bytes, document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.park_claims import ParkClaim
from dinghai.schemes.park_settlement import settle_park
from dinghai.schemes.park_settlement_document import settlement_document
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.ledger.models import Account, JournalEntry, Posting
from dinghai_platform.ledger.services import credit, debit, post_entry, reverse_entry
from dinghai_platform.parks.engine import (
    claims_of,
    paid_of,
    policy_of,
    read_list_of_claims,
    roll_of,
)
from dinghai_platform.parks.models import EventSettlement, MemberClaim, Park, ParkMember
from dinghai_platform.parks.services.common import held_in_force, members_in_order
from dinghai_platform.underwriting.numbers import next_number

LONGEST_EVENT: Final = 100
LONGEST_FACTS: Final = 4_000
_COLUMNS: Final = ("event", "claim", "member", "coverage", "top_up", "day", "amount")


@transaction.atomic
def propose_file(
    park: Park, content: bytes, *, name: str, facts: str = "", actor: Actor
) -> EventSettlement:
    """Propose what an event costs whom, from a list of its claims (CSV, Excel, Parquet).

    It holds every claim of one event. Raises InputError with the faults of all rows, Refusal for a
    park that is not in force.
    """
    require(actor, "parks.propose_settlement", park)
    row = held_in_force(park)
    roll = roll_of(members_in_order(row), policy_of(row))
    return _propose(row, read_list_of_claims(content, name, policy_of(row), roll), facts, actor)


def propose_lines(
    park: Park, event: str, lines: Sequence[Mapping[str, str]], *, facts: str = "", actor: Actor
) -> EventSettlement:
    """The same from lines as a form or a program gives them: ``claim``, ``member``, ``coverage``,
    ``top_up``, ``day`` and ``amount`` as a list's cells."""
    if not lines:
        raise InputError("the event names nobody", field="member", mend="give a line for each firm")
    out = io.StringIO()
    writer = csv.DictWriter(out, _COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({**{key: " ".join(str(value).split()) for key, value in one.items()},
                      "event": event} for one in lines)
    return propose_file(park, out.getvalue().encode(), name="event.csv", facts=facts, actor=actor)


@transaction.atomic
def approve_settlement(settlement: EventSettlement, *, actor: Actor) -> EventSettlement:
    """Approve what another one proposed, and post it once.

    Raises Refusal for whoever proposed it, and where another event was settled meanwhile.
    """
    require(actor, "parks.approve_settlement", settlement)
    park = held_in_force(settlement.park)
    row = locked(settlement)
    row.park = park
    if row.state == EventSettlement.State.POSTED:
        return row
    _waits(row)
    if actor.user is None or row.proposed_by_id == actor.user.pk:
        raise Refusal("whoever proposed a settlement does not approve it",
                      reasons=["ask a colleague with this authority"])
    members = members_in_order(park)
    if document_hash(_settled(park, members, claims_of(row))) != row.document_hash:
        raise Refusal("another event was settled meanwhile, or members changed",
                      reasons=["reject this one and propose it again"])
    row.state, row.decided_by, row.decided_at = (
        EventSettlement.State.POSTED, actor.user, clock.now())
    row.save(update_fields=("state", "decided_by", "decided_at"))
    _post(row, actor)
    MemberClaim.objects.bulk_create(_of_members(row, members))
    audit.append(actor, "parks.settlement_posted", row, _said(row))
    return row


@transaction.atomic
def reject_settlement(
    settlement: EventSettlement, *, reason: str, actor: Actor
) -> EventSettlement:
    """Send a proposal back with the reason; nothing is posted."""
    require(actor, "parks.propose_settlement", settlement)
    reason = given_reason(reason)
    held_in_force(settlement.park)
    row = locked(settlement)
    _waits(row)
    row.state, row.decided_by, row.decided_at, row.note = (
        EventSettlement.State.REJECTED, actor.user, clock.now(), reason)
    row.save(update_fields=("state", "decided_by", "decided_at", "note"))
    audit.append(actor, "parks.settlement_rejected", row, _said(row) | {"reason": reason})
    return row


@transaction.atomic
def reverse_settlement(
    settlement: EventSettlement, *, reason: str, actor: Actor
) -> EventSettlement:
    """Take a posted settlement back: every entry is mirrored, and the limits hold it again.

    Raises Refusal for one that is not posted.
    """
    require(actor, "parks.reverse_settlement", settlement)
    reason = given_reason(reason)
    held_in_force(settlement.park)
    row = locked(settlement)
    if row.state != EventSettlement.State.POSTED:
        raise Refusal("only a posted settlement is reversed")
    later = EventSettlement.objects.within(row.tenant_id).filter(
        park=row.park_id, event=row.event, state="posted", id__gt=row.pk)
    if later.exists():
        raise Refusal("a later settlement of this event counts this one as paid",
                      reasons=["reverse the later one first"])
    for entry in entries_of(row):
        reverse_entry(entry, reason=reason, actor=actor)
    row.state, row.reversed_at, row.note = EventSettlement.State.REVERSED, clock.now(), reason
    row.save(update_fields=("state", "reversed_at", "note"))
    MemberClaim.objects.within(row.tenant_id).filter(settlement=row).update(
        reversed_at=row.reversed_at)
    audit.append(actor, "parks.settlement_reversed", row, _said(row) | {"reason": reason})
    return row


def entries_of(row: EventSettlement) -> list[JournalEntry]:
    """The entries that a settlement posted, without their reversals."""
    kind, key = audit.named(row)
    return list(JournalEntry.objects.within(row.tenant_id).filter(
        source_type=kind, source_id=key, reverses=None).order_by("number"))


def _propose(
    park: Park, claims: Sequence[ParkClaim], facts: str, actor: Actor
) -> EventSettlement:
    events = {one.event for one in claims}
    if len(events) != 1:
        raise InputError("the list is not of one event", field="event",
                         mend="give the claims of one event with one name")
    event = events.pop()
    if len(event) > LONGEST_EVENT or len(facts) > LONGEST_FACTS:
        raise InputError("the event's name or facts are too long", field="event",
                         mend="name it in at most 100 characters, its facts in 4,000")
    document = _settled(park, members_in_order(park), claims)
    settled, totals = document["events"][0], document["totals"]
    row = EventSettlement.objects.create(
        tenant=park.tenant, operator=park.operator, park=park, event=event, day=settled["day"],
        number=next_number(EventSettlement, "number", park.tenant, "PS"), facts=facts.strip(),
        claims=[{"claim": one.claim, "member": one.member, "coverage": one.coverage,
                 "top_up": one.top_up, "day": one.day.isoformat(), "amount_fen": one.amount_fen}
                for one in claims],
        document=document, document_hash=document_hash(document),
        firms=len({one.member for one in claims}), claimed_fen=totals["claimed_fen"],
        due_fen=totals["due_fen"], retained_fen=totals["retained_fen"],
        left_fen=settled["period_left_after_fen"], proposed_by=actor.user)
    row.refresh_from_db(fields=("day",))
    audit.append(actor, "parks.settlement_proposed", row, _said(row))
    return row


def _settled(park: Park, members: Sequence[ParkMember], claims: Sequence[ParkClaim]
             ) -> dict[str, Any]:
    """The event against what was posted before: other events erode, the same is interim."""
    policy = policy_of(park)
    roll = roll_of(members, policy)
    posted = list(EventSettlement.objects.within(park.tenant_id).filter(
        park=park, state=EventSettlement.State.POSTED).order_by("id"))
    return settlement_document(
        policy, roll, settle_park(policy, roll, claims, paid_of(posted)))


def _post(row: EventSettlement, actor: Actor) -> None:
    details = {"park": row.park.number, "settlement": row.number, "event": row.event,
               "hash": row.document_hash}
    shares = [canonical_bytes(one) for one in row.document["events"][0]["covers"]]
    # What stays with the firms is of the whole event: what was posted of it before stands already.
    retained = row.retained_fen - _retained_in_books(row)
    for narrative, up, down, fen in (
            ("parks.claims", "claims_paid", "claims_payable", row.due_fen),
            ("parks.retention", "insured_share", "insured_share_contra", retained)):
        if fen:
            more, less = (up, down) if fen > 0 else (down, up)
            post_entry(
                [debit(more, abs(fen)), credit(less, abs(fen))], source=row,
                key=f"parks.settlement:{row.pk}:{narrative}", narrative=narrative, actor=actor,
                tenant=row.tenant, details=details, members=shares)


def _retained_in_books(row: EventSettlement) -> int:
    """What the books say stays with the firms of this event, by its settlements that stand."""
    earlier = EventSettlement.objects.within(row.tenant_id).filter(
        park=row.park_id, event=row.event, state=EventSettlement.State.POSTED).exclude(pk=row.pk)
    kind, _key = audit.named(row)
    sums = Posting.objects.within(row.tenant_id).filter(
        entry__source_type=kind, entry__source_id__in=[str(one.pk) for one in earlier],
        account__key="insured_share").aggregate(
        up=Sum("amount_fen", filter=Q(side=Account.Side.DEBIT)),
        down=Sum("amount_fen", filter=Q(side=Account.Side.CREDIT)))
    return int(sums["up"] or 0) - int(sums["down"] or 0)


def _of_members(row: EventSettlement, members: Sequence[ParkMember]) -> list[MemberClaim]:
    """What each firm is paid, so that it sees its own and nothing else."""
    event = row.document["events"][0]
    found = []
    for code in dict.fromkeys(one["member"] for one in event["lines"]):
        lines = [one for one in event["lines"] if one["member"] == code]
        covers = [one for one in event["covers"] if one["member"] == code]
        found.append(MemberClaim(
            tenant=row.tenant, operator=row.operator, settlement=row, number=row.number,
            member=_stay(members, code, lines[0]["day"]), event=row.event, day=row.day,
            claimed_fen=sum(one["amount_fen"] for one in lines),
            entitled_fen=sum(one["entitled_fen"] for one in covers),
            paid_before_fen=sum(one["paid_before_fen"] for one in covers),
            due_fen=sum(one["due_fen"] for one in covers),
            retained_fen=sum(sum(one["unpaid_fen"].values()) for one in lines), lines=lines))
    return found


def _stay(members: Sequence[ParkMember], code: str, day: str) -> ParkMember:
    """The stay that a day falls into; the firm's last one where it was not in cover."""
    stays = [one for one in members if one.credit_code == code]
    return next((one for one in stays if one.first.isoformat() <= day <= one.last.isoformat()),
                stays[-1])


def _waits(row: EventSettlement) -> None:
    if row.state != EventSettlement.State.PROPOSED:
        raise Refusal("this settlement is decided")


def _said(row: EventSettlement) -> dict[str, Any]:
    return {"number": row.number, "event": row.event, "hash": row.document_hash,
            "firms": row.firms, "claimed_fen": str(row.claimed_fen),
            "due_fen": str(row.due_fen), "retained_fen": str(row.retained_fen)}
