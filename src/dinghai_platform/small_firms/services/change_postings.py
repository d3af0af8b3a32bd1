"""Postings of changes of small firms' policies: charged or given back, and taken back."""

from __future__ import annotations

from dinghai_platform.core.actors import Actor
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import credit, debit, post_entry, reverse_entry
from dinghai_platform.small_firms.models import Change
from dinghai_platform.small_firms.services.common import house_of


def post_change(change: Change, actor: Actor) -> None:
    """Post what a change charges or gives back. A contract that was never paid is taken out of the
    books as it went in."""
    policy, house = change.policy, house_of(change.tenant, actor)
    if change.is_unpaid_cover:
        entry = JournalEntry.objects.within(change.tenant).get(
            idempotency_key=f"small_firms.policy:{policy.pk}:bound")
        reverse_entry(entry, reason=f"{policy.policy_no}: {change.number}", actor=house)
        return
    if change.amount_fen == 0:
        return
    amount, net, vat = abs(change.amount_fen), abs(change.net_fen), abs(change.vat_fen)
    up = change.amount_fen > 0
    lines = ((debit("premium_receivable", amount), credit("premium_income", net),
              credit("vat_payable", vat)) if up else
             (debit("premium_income", net), debit("vat_payable", vat),
              credit("refund_payable", amount)))
    post_entry(lines, source=change, key=posting_key(change, "made"),
               narrative="premium.additional" if up else "premium.refund",
               details={"policy_no": policy.policy_no, "endorsement": change.number},
               actor=house, tenant=change.tenant)


def unpost_change(change: Change, actor: Actor) -> None:
    """Take out of the books what a change had charged or given back."""
    entry = JournalEntry.objects.within(change.tenant).filter(
        idempotency_key=posting_key(change, "made")).first()
    if entry is not None:
        reverse_entry(entry, reason=f"{change.policy.policy_no}: {change.number}",
                      actor=house_of(change.tenant, actor))


def posting_key(change: Change, what: str) -> str:
    """What makes a posting of a change happen once."""
    return f"small_firms.change:{change.pk}:{what}"
