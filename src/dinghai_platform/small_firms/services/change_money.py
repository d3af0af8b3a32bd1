"""Money of changes of small firms' policies: additional premium that arrives, refunds that go."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.small_firms.models import Change
from dinghai_platform.small_firms.services.change_postings import posting_key
from dinghai_platform.small_firms.services.changes import take_effect
from dinghai_platform.small_firms.services.common import books_of

State = Change.State


@transaction.atomic
def record_money(change: Change, *, reference: str, actor: Actor) -> Change:
    """The additional premium of a change has arrived, so that it holds from its day on; or its
    refund has left the bank. ``reference`` is the bank's. Asked again it answers the same.

    Raises InputError without a reference, Refusal where nothing is to be paid (yet).
    """
    require(actor, "small_firms.record_payment", change)
    if not reference.strip() or len(reference) > 100:
        raise InputError("the payment has no reference", field="reference",
                         mend="copy it from the bank")
    with books_of(actor, change.tenant):
        change = audit.locked(change)
        if change.paid_at is not None:
            return change
        coming = change.state == State.DUE
        if not change.waits_for_money:
            raise Refusal("nothing is to be paid for this change", reasons=[
                "a refund is paid once the change is in force"])
        if coming and clock.today() > change.effective:
            raise Refusal("the first day of the change passed unpaid",
                          reasons=["ask for the change again"])
        amount = abs(change.amount_fen)
        lines = ((debit("cash", amount), credit("premium_receivable", amount)) if coming else
                 (debit("refund_payable", amount), credit("cash", amount)))
        post_entry(lines, source=change, key=posting_key(change, "paid"), actor=actor,
                   narrative="premium.received" if coming else "premium.refund_paid",
                   details={"endorsement": change.number, "reference": reference.strip()},
                   tenant=change.tenant)
        change.paid_at = clock.now()
        change.save(update_fields=("paid_at",))
        audit.append(actor, "small_firms.change_paid", change, {
            "number": change.number, "amount_fen": str(change.amount_fen),
            "reference": reference.strip()})
        if coming:
            change.state = State.STANDING
            change.save(update_fields=("state",))
            if change.has_begun(clock.today()):
                take_effect(change, actor)
    return change
