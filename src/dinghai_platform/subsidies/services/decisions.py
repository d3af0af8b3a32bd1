"""Verbs on decisions: serve those that wait, and share out a proportional budget, once."""

from __future__ import annotations

from dinghai.schemes.subsidy_decide import decide
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.subsidies.book import Written, held_book
from dinghai_platform.subsidies.models import Subsidy
from dinghai_platform.subsidies.services.common import note, serve_waiting


def decide_waiting(subsidy: Subsidy, *, actor: Actor) -> Written:
    """Decide those that wait for budget anew, in the order of their time."""
    require(actor, "subsidies.administer", subsidy)
    with held_book(subsidy, actor) as book:
        written = serve_waiting(book, actor=actor)
        if written.entries:
            note(actor, "waiting_decided", book, written)
    return written


def share_out(subsidy: Subsidy, *, actor: Actor) -> Written:
    """Share the budget of a proportional rule out over all that wait for it, once for all.

    Raises InputError before the last day of application, for a rule that grants first come, and
    the second time.
    """
    require(actor, "subsidies.administer", subsidy)
    with held_book(subsidy, actor) as book:
        found = decide(book.text, book.register, [], day=clock.today(), close=True)
        written = book.add(found.entries, actor=actor)
        note(actor, "shared_out", book, written)
    return written
