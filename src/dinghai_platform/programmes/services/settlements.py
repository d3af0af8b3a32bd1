"""Settlements: what one event costs whom, proposed by one, approved by another, posted, reversed.

Only insurers insure. What a chain owner or a supplier bears of another's loss stands in the
ledger's class for commercial contributions, what a firm bears of its own in memo accounts (保险法
6条, DECISIONS 15).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.foundation.money import MAXIMUM_FEN, PPM
from dinghai.supplychain.settled_decision import settle_decision
from dinghai.supplychain.settlement import Before, OwnSection, settle_event
from dinghai.vocabulary.coverages import coverages
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.claims.models import DecisionRecord
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import Line, credit, debit, post_entry, reverse_entry
from dinghai_platform.programmes.engine import agreement_of
from dinghai_platform.programmes.models import Member, Programme, Settlement
from dinghai_platform.programmes.services.common import held_open
from dinghai_platform.underwriting.numbers import next_number

MOST_SECTIONS: Final = 500
LONGEST_EVENT: Final = 100


@transaction.atomic
def propose_event(
    programme: Programme, *, event: str, occurred_on: date, root_cause: str | None,
    sections: Sequence[Mapping[str, Any]], actor: Actor,
) -> Settlement:
    """Propose who bears an event of which the sections granted to members are known.

    A section has ``member``, ``coverage``, ``amount_fen`` and may have ``deductible_ppm`` and
    ``overdue_causal_finding`` (None: not established). What was posted in the programme before
    counts. Raises InputError with what is wrong of them.
    """
    require(actor, "programmes.propose_settlement", programme)
    row = held_open(programme)
    firms = chain_of_version(row.version).firm
    if root_cause and root_cause not in firms:
        raise InputError(f"there is no firm {root_cause!r} in the chain", field="root_cause",
                         mend="name a firm's id, or leave it empty")
    if not row.inception <= occurred_on <= row.expiry:
        raise InputError("the event lies outside the programme", field="occurred_on",
                         mend=f"give a day from {row.inception} to {row.expiry}")
    given = [_given(one, place) for place, one in enumerate(sections)]
    if not 0 < len(given) <= MOST_SECTIONS:
        raise InputError("an event has at least one section that is granted", field="sections",
                         mend=f"give 1 to {MOST_SECTIONS}")
    covered = {one.firm for one in _members_on(row, occurred_on)} | {
        chain_of_version(row.version).owner}
    for place, one in enumerate(given):
        if one["member"] not in covered:
            raise InputError(f"{one['member']} was no member on {occurred_on}",
                             field=f"sections[{place}].member", mend="name an enrolled member")
    document = _of_event(row, _named(event), root_cause, occurred_on, given)
    return _propose(row, document, event=_named(event), occurred_on=occurred_on,
                    root_cause=root_cause or "", given=given, decision=None, actor=actor)


@transaction.atomic
def propose_decision(
    programme: Programme, decision: DecisionRecord, *, root_cause: str | None, actor: Actor
) -> Settlement:
    """Propose who bears what of a decided claim of the programme's policy.

    Raises Refusal for a decision that was not issued or is settled, InputError for one of another
    policy or a firm that the chain lacks.
    """
    require(actor, "programmes.propose_settlement", programme)
    row = held_open(programme)
    decision = locked(decision)
    if row.policy_id is None or decision.claim.policy_id != row.policy_id:
        raise InputError("this claim is not of the programme's policy", field="decision",
                         mend="choose a decided claim of the programme")
    if decision.state != DecisionRecord.State.ISSUED:
        raise Refusal("this decision was not issued, or another one stands in its place")
    if Settlement.objects.within(row.tenant_id).filter(
            decision=decision, state__in=("proposed", "posted")).exists():
        raise Refusal("this decision is settled already")
    chain = chain_of_version(row.version)
    if root_cause and root_cause not in chain.firm:
        raise InputError(f"there is no firm {root_cause!r} in the chain", field="root_cause",
                         mend="name a firm's id, or leave it empty")
    claim = decision.claim
    incident = claim.incident
    occurred_on = shanghai_day(incident.occurred_at or incident.discovered_at)
    found = settle_decision(
        json.loads(decision.content), event=claim.number, owner=chain.owner,
        root_cause=root_cause or None, enrolled=_weights(row, clock.today()))
    return _propose(row, found.to_dict(), event=claim.number, occurred_on=occurred_on,
                    root_cause=root_cause or "", given=[], decision=decision, actor=actor)


@transaction.atomic
def approve_settlement(settlement: Settlement, *, actor: Actor) -> Settlement:
    """Approve what another one proposed, and post it.

    Insurance money of a decided claim was posted with the decision and is not posted again; its
    contributions are put right by the difference. Raises Refusal for whoever proposed it, and
    where another event was settled meanwhile.
    """
    require(actor, "programmes.approve_settlement", settlement)
    programme = held_open(settlement.programme)
    row = locked(settlement)
    _waits(row)
    if actor.user is None or row.proposed_by_id == actor.user.pk:
        raise Refusal("whoever proposed a settlement does not approve it",
                      reasons=["ask a colleague with this authority"])
    if row.decision_id is None:
        document = _of_event(programme, row.event, row.root_cause or None, row.occurred_on,
                             row.given)
        if document_hash(document) != row.document_hash:
            raise Refusal("another event was settled meanwhile, or members changed",
                          reasons=["reject this one and propose it again"])
    elif row.decision.state != DecisionRecord.State.ISSUED or DecisionRecord.objects.within(
            row.tenant_id).filter(supersedes=row.decision_id, state="issued").exists():
        raise Refusal("this decision was not issued, or another one stands in its place")
    row.state, row.decided_by, row.decided_at = Settlement.State.POSTED, actor.user, clock.now()
    row.save(update_fields=("state", "decided_by", "decided_at"))
    for narrative, lines in _lines(row).items():
        post_entry(lines, source=row, key=f"settlement:{row.pk}:{narrative}",
                   narrative=f"programmes.{narrative}", actor=actor, tenant=row.tenant,
                   details={"settlement": row.number, "event": row.event,
                            "hash": row.document_hash})
    audit.append(actor, "programmes.settlement_posted", row, _said(row))
    return row


@transaction.atomic
def reject_settlement(settlement: Settlement, *, reason: str, actor: Actor) -> Settlement:
    """Send a proposal back with the reason; nothing is posted."""
    require(actor, "programmes.propose_settlement", settlement)
    reason = given_reason(reason)
    held_open(settlement.programme)
    row = locked(settlement)
    _waits(row)
    row.state, row.decided_by, row.decided_at, row.note = (
        Settlement.State.REJECTED, actor.user, clock.now(), reason)
    row.save(update_fields=("state", "decided_by", "decided_at", "note"))
    audit.append(actor, "programmes.settlement_rejected", row, _said(row) | {"reason": reason})
    return row


@transaction.atomic
def reverse_settlement(settlement: Settlement, *, reason: str, actor: Actor) -> Settlement:
    """Take a posted settlement back: every entry is mirrored, and nothing is deleted.

    Raises Refusal for one that is not posted.
    """
    require(actor, "programmes.reverse_settlement", settlement)
    reason = given_reason(reason)
    held_open(settlement.programme)
    row = locked(settlement)
    if row.state != Settlement.State.POSTED:
        raise Refusal("only a posted settlement is reversed")
    for entry in entries_of(row):
        reverse_entry(entry, reason=reason, actor=actor)
    row.state, row.reversed_at, row.note = Settlement.State.REVERSED, clock.now(), reason
    row.save(update_fields=("state", "reversed_at", "note"))
    audit.append(actor, "programmes.settlement_reversed", row, _said(row) | {"reason": reason})
    return row


def entries_of(row: Settlement) -> list[JournalEntry]:
    """The entries that a settlement posted, without their reversals."""
    kind, key = audit.named(row)
    return list(JournalEntry.objects.within(row.tenant_id).filter(
        source_type=kind, source_id=key, reverses=None).order_by("number"))


def _lines(row: Settlement) -> dict[str, list[Line]]:
    """What is posted: insurance, contributions and retention, never in one entry."""
    contribution = row.contribution_fen
    found: dict[str, list[Line]] = {}
    if row.decision is None:
        found["insurance"] = _both("claims_paid", "claims_payable", row.insurance_fen)
    else:
        contribution -= row.decision.contribution_fen
    found["contribution"] = _both("commercial_receivable", "commercial_contribution", contribution)
    found["retention"] = _both("insured_share", "insured_share_contra", row.retention_fen)
    return {name: lines for name, lines in found.items() if lines}


def _both(first: str, second: str, fen: int) -> list[Line]:
    if not fen:
        return []
    up, down = (first, second) if fen > 0 else (second, first)
    return [debit(up, abs(fen)), credit(down, abs(fen))]


def _waits(row: Settlement) -> None:
    if row.state != Settlement.State.PROPOSED:
        raise Refusal("this settlement is decided")


def _named(event: str) -> str:
    event = event.strip()
    if not event or len(event) > LONGEST_EVENT:
        raise InputError("the event has no name", field="event",
                         mend="name it in at most 100 characters")
    return event


def _given(one: Mapping[str, Any], place: int) -> dict[str, Any]:
    field = f"sections[{place}]"
    amount, rate = one.get("amount_fen"), one.get("deductible_ppm", 0)
    if not isinstance(amount, int) or not 0 < amount <= MAXIMUM_FEN:
        raise InputError("an amount is more than nothing", field=f"{field}.amount_fen",
                         mend="give whole fen above zero")
    if not isinstance(rate, int) or not 0 <= rate <= PPM:
        raise InputError("a rate lies between none and all", field=f"{field}.deductible_ppm",
                         mend="give parts per million up to 1000000")
    if one.get("coverage") not in coverages():
        raise InputError(f"there is no coverage {one.get('coverage')!r}",
                         field=f"{field}.coverage", mend="name one of the vocabulary")
    return {"member": str(one.get("member", "")), "coverage": one["coverage"],
            "amount_fen": amount, "deductible_ppm": rate,
            "overdue_causal_finding": one.get("overdue_causal_finding", False)}


def _members_on(row: Programme, day: date) -> list[Member]:
    return list(Member.objects.within(row.tenant_id).filter(
        programme=row, first__lte=day, last__gte=day).order_by("id"))


def _weights(row: Programme, day: date) -> dict[str, int]:
    return {one.firm: one.annual_fen for one in _members_on(row, day)}


def _before(row: Programme) -> Before:
    """What was posted in the programme before counts against its layers."""
    presented, borne = 0, dict[str, int]()
    for document in Settlement.objects.within(row.tenant_id).filter(
            programme=row, state=Settlement.State.POSTED).order_by("id").values_list(
                "document", flat=True):
        presented += document["presented_fen"]
        for layer in document["layers"]:
            borne[layer["id"]] = borne.get(layer["id"], 0) + layer["borne_fen"]
    return Before(year_fen=presented, borne_fen=borne)


def _of_event(
    row: Programme, event: str, root_cause: str | None, day: date, given: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    sections = [OwnSection(**one) for one in given]
    return settle_event(
        agreement_of(row), sections, event=event, owner=chain_of_version(row.version).owner,
        root_cause=root_cause, enrolled=_weights(row, day), before=_before(row)).to_dict()


def _propose(
    programme: Programme, document: dict[str, Any], *, event: str, occurred_on: date,
    root_cause: str, given: list[dict[str, Any]], decision: DecisionRecord | None, actor: Actor,
) -> Settlement:
    totals = document["totals"]
    row = Settlement.objects.create(
        tenant=programme.tenant, owner=programme.owner, programme=programme, decision=decision,
        number=next_number(Settlement, "number", programme.tenant, "SE"), event=event,
        occurred_on=occurred_on, root_cause=root_cause, given=given, document=document,
        document_hash=document_hash(document), presented_fen=document["presented_fen"],
        insurance_fen=totals["insurance_fen"],
        contribution_fen=totals["commercial_contribution_fen"],
        retention_fen=totals["retention_fen"], proposed_by=actor.user)
    audit.append(actor, "programmes.settlement_proposed", row, _said(row))
    return row


def _said(row: Settlement) -> dict[str, Any]:
    return {"number": row.number, "event": row.event, "hash": row.document_hash,
            "insurance_fen": str(row.insurance_fen),
            "contribution_fen": str(row.contribution_fen),
            "retention_fen": str(row.retention_fen)}
