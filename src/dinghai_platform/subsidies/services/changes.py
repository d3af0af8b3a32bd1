"""What happens to policies after a grant: followed in the insurers' books, or reported; what goes
back, and that it came back."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction

from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai.schemes.subsidy_changes import Change, take_changes
from dinghai.schemes.subsidy_register import ChangeKind
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.subsidies.book import NOTHING, Book, Written, held_book
from dinghai_platform.subsidies.models import Application, Subsidy
from dinghai_platform.subsidies.policies import changes_of, with_policies
from dinghai_platform.subsidies.register_numbers import number_in_register
from dinghai_platform.subsidies.same_event import twin_of
from dinghai_platform.subsidies.services.common import note, serve_waiting

FOLLOW: Final = "subsidies.follow_policies"


def follow_policies(subsidy: Subsidy, *, actor: Actor) -> Written:
    """Take what became of the policies here since their application: premium that went back, and
    policies that ended early. Each is taken once."""
    require(actor, "subsidies.administer", subsidy)
    with held_book(subsidy, actor) as book:
        return follow_in(book, actor=actor)


def follow_in(book: Book, *, actor: Actor) -> Written:
    """The same for a book in hand. What the register cannot take is left for the authority."""
    with crossing_tenants("policies of any insurer are followed"):
        rows = with_policies(subsidy=book.subsidy)
        found = changes_of(rows, book.standing().changes)
    ready = [one for one in found if one.day <= clock.today()]
    if not ready:
        return NOTHING
    taken = take_changes(book.text, book.register, ready, day=clock.today())
    written = book.add(taken.entries, actor=actor, narrative="subsidies.changed")
    if written.entries:
        note(actor, "policies_followed", book, written)
        serve_waiting(book, actor=actor)
    return written


def report_change(
    application: Application, *, number: str, change: ChangeKind, day: date,
    amount_fen: int | None = None, to_others_fen: int | None = None, different: bool = False,
    actor: Actor,
) -> Application:
    """Report that a policy was cancelled, that premium went back, or that subsidy came back.

    ``number`` counts once: the same again changes nothing. A cancellation without an amount is
    reckoned by the day. Raises InputError for what cannot be, Refusal for a refund that is there
    under another number, unless it is said to be a ``different`` one.
    """
    require(actor, "subsidies.administer", application)
    plain = "".join(number.split()).upper()
    if not plain or len(plain) > 64 or not plain.isprintable():
        raise InputError("the change has no number", field="number",
                         mend="give the number of its endorsement or of the bank")
    if application.contract is not None and change != "returned" and "@" not in plain:
        plain = number_in_register(plain, application.contract)  # as the policies are followed by
    with held_book(application.subsidy, actor) as book:
        if change != "returned":
            _require_news(book, application, plain, day, amount_fen, different, actor)
        policy = application.stated["policy"]
        found = take_changes(book.text, book.register, [
            Change(0, plain, policy, change, day, amount_fen, to_others_fen, application.number)],
            day=clock.today())
        if found.rejected:
            raise InputError.of(_without_line(one) for one in found.rejected)
        narrative = "subsidies.returned" if change == "returned" else "subsidies.changed"
        written = book.add(found.entries, actor=actor, narrative=narrative)
        if written.entries:
            note(actor, "change_taken", book, written, {
                "application": application.number, "number": plain, "change": change})
            serve_waiting(book, actor=actor)
        row: Application = Application.objects.within(book.subsidy.tenant).get(pk=application.pk)
    return row


def _require_news(
    book: Book, application: Application, number: str, day: date, amount_fen: int | None,
    different: bool, actor: Actor,
) -> None:
    """Raises Refusal for a refund that is there already under another number."""
    changes = book.standing().changes
    if number in changes:
        return
    if different:
        # what the books have is taken first, or this report would later be held for one of theirs
        follow_in(book, actor=actor)
        return
    twin = twin_of(number, day, amount_fen, application=application.number, changes=changes,
                   policy=application.contract)
    if twin:
        raise Refusal(f"a refund of {amount_fen} fen on {day} is there already as {twin}",
                      reasons=["leave it out, or say that it is a different one"])


def _without_line(fault: Fault) -> Fault:
    return Fault(fault.message, None, None, fault.field, fault.mend)


def follow_step(step: Step) -> Progress:
    """Once a day, for the policies of one insurer: every subsidy that they have."""
    for subsidy in _subsidies_of(step):
        house = system_actor(subsidy.tenant)
        with held_book(subsidy, house) as book:
            follow_in(book, actor=house)
    return Progress(1, 1, finished=True)


@transaction.atomic
def _subsidies_of(step: Step) -> list[Subsidy]:
    with crossing_tenants("subsidies that policies of an insurer have"):
        return list(Subsidy.objects.unscoped("subsidies that policies of an insurer have").filter(
            applications__insurer=step.tenant).select_related("tenant").distinct().order_by("id"))
