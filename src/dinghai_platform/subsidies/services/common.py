"""What the verbs on subsidies share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.subsidy_decide import decide
from dinghai.schemes.subsidy_register import Entry
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.subsidies.book import Book, Written
from dinghai_platform.subsidies.models import Subsidy

LONGEST_REASON: Final = 2_000


def given_reason(reason: str) -> str:
    """A reason that says something. Raises InputError without one."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise InputError("this step needs its reason in at most 2,000 characters",
                         field="reason", mend="say why")
    return reason


def require_open(subsidy: Subsidy) -> None:
    """Raises Refusal for a subsidy that has ended."""
    if not subsidy.is_open:
        raise Refusal("this subsidy has ended: it takes no more applications",
                      reasons=["look for one that is open"])


def note(actor: Actor, action: str, book: Book, written: Written,
         details: Mapping[str, Any] | None = None) -> None:
    """One audit link for what a verb added: no names of firms, their numbers are in the leaves."""
    audit.append(actor, f"subsidies.{action}", book.subsidy, {
        "subsidy": book.subsidy.code, "entries": len(written.entries),
        "head": book.subsidy.head, "left_fen": str(book.subsidy.left_fen), **(details or {})},
        leaves=[bytes.fromhex(one.hash) for one in written.entries] or None)


def serve_waiting(book: Book, *, actor: Actor, day: date | None = None) -> Written:
    """Grant those that wait for budget, in their order, where some has come free."""
    entries: tuple[Entry, ...] = decide(
        book.text, book.register, [], day=day or clock.today()).entries
    return book.add(entries, actor=actor)
