"""The payment of grants: a list for the treasury, posted once."""

from __future__ import annotations

from typing import Any

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Refusal
from dinghai.schemes.subsidy_publication import Payments, pay
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.subsidies.book import Book, held_book, read_book
from dinghai_platform.subsidies.models import Payment, Subsidy
from dinghai_platform.subsidies.services.changes import follow_in
from dinghai_platform.subsidies.services.common import note
from dinghai_platform.subsidies.services.four_eyes import shown_by, whom_to_ask
from dinghai_platform.underwriting.numbers import next_number


def payable(subsidy: Subsidy, *, actor: Actor) -> Payments:
    """Who would be paid today, and who not and why; nothing is written."""
    with read_book(subsidy, actor) as book:
        return pay(book.text, book.register, day=clock.today())


def pay_grants(subsidy: Subsidy, *, actor: Actor) -> Payment:
    """Pay every grant that may be paid: a list for the treasury, posted once.

    What became of the policies is looked up first, so that nobody is paid for a premium that went
    back. Raises Refusal where nothing may be paid, and for who published one of the grants.
    """
    require(actor, "subsidies.administer", subsidy)
    with held_book(subsidy, actor) as book:
        follow_in(book, actor=actor)
        found = pay(book.text, book.register, day=clock.today())
        if not found.payments:
            raise Refusal("there is no grant that may be paid today",
                          reasons=["publish grants, and wait for the end of objections"])
        _require_another(book, found, actor)
        written = book.add(found.entries, actor=actor, narrative="subsidies.paid")
        assert written.posted is not None  # every payment is above nothing
        document = _document(book, found)
        row = Payment.objects.create(
            tenant=subsidy.tenant, authority_id=subsidy.authority_id, subsidy=book.subsidy,
            number=next_number(Payment, "number", subsidy.tenant, "SP"), day=clock.today(),
            document=document, document_hash=document_hash(document), count=len(found.payments),
            total_fen=document["paid_fen"], entry=written.posted, paid_by=actor.user)
        note(actor, "grants_paid", book, written, {
            "number": row.number, "payments": row.count, "total_fen": str(row.total_fen),
            "hash": row.document_hash})
    return row


def _require_another(book: Book, found: Payments, actor: Actor) -> None:
    """Four eyes: whoever put a grant on the public list does not pay it."""
    shown = shown_by(book.subsidy, actor)
    if any(one.application in shown for one in found.payments):
        raise Refusal("whoever published a grant does not pay it", reasons=[whom_to_ask(actor)])


def _document(book: Book, found: Payments) -> dict[str, Any]:
    return {
        "schema": "dinghai.subsidy-payments/1", "rule": book.text.rule.id,
        "day": clock.today().isoformat(),
        "payments": [{
            "application": one.application, "name": one.name, "credit_code": one.credit_code,
            "fen": one.fen, "firm_due_fen": one.firm_due_fen} for one in found.payments],
        "held": [{"application": name, "reason": why} for name, why in found.held],
        "paid_fen": sum(one.fen for one in found.payments),
        "register_head": book.register.head, "entries_added": len(found.entries),
        "output": None, "rejected": []}
