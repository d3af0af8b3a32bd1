"""What the verbs on subsidies share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db.models import F

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.subsidy_decide import decide
from dinghai.schemes.subsidy_register import Entry
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.subsidies.book import Book, Written
from dinghai_platform.subsidies.models import Application, Subsidy

LONGEST_REASON: Final = 2_000


def given_reason(reason: str) -> str:
    """A reason that says something. Raises InputError without one."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON or "\0" in reason:
        raise InputError("this step needs its reason in at most 2,000 characters",
                         field="reason", mend="say why")
    return reason


def require_open(subsidy: Subsidy) -> None:
    """Raises Refusal for a subsidy that has ended."""
    if not subsidy.is_open:
        raise Refusal("this subsidy has ended: it takes no more applications",
                      reasons=["look for one that is open"])


def codes_used(subsidy: Subsidy) -> dict[Any, str]:
    """The credit code under which each organisation here has a live application, or money of one.

    A cap is a firm's: who has typed one code does not come back with another.
    """
    rows = Application.objects.within(subsidy.tenant_id).filter(subsidy=subsidy).exclude(
        organisation=None).exclude(state__in=Application.OVER, paid_fen=F("returned_fen"))
    return dict(rows.order_by("id").values_list("organisation", "credit_code"))


def require_own_code(
    subsidy: Subsidy, organisation: Organisation, code: str, *, but: str = ""
) -> None:
    """Hold a firm to its one credit code. Raises InputError for the code of another organisation,
    and for another one than that of the firm's applications so far (``but`` one of them)."""
    if Organisation.objects.filter(credit_code=code).exclude(pk=organisation.pk).exists():
        raise InputError("this credit code is another firm's", field="credit_code",
                         mend="give the firm's own unified social credit code")
    rows = Application.objects.within(subsidy.tenant_id).filter(
        subsidy=subsidy, organisation=organisation).exclude(number=but).exclude(
        credit_code=code).exclude(state__in=Application.OVER, paid_fen=F("returned_fen"))
    if rows.exists():
        raise InputError("this firm has applied under another credit code", field="credit_code",
                         mend="give the code of that application, or withdraw it first")


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
