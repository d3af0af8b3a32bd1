"""What entries of a register move of the treasury's money, posted once and together with them.

The accounts are for information: it is the authority's money, never an insurer's. They always
agree with the register: paid out, less what came back, is what stands paid plus what is due back.
"""

from __future__ import annotations

from collections.abc import Sequence

from dinghai.foundation.canonical import canonical_bytes
from dinghai.schemes.subsidy_register import Changed, Paid
from dinghai.schemes.subsidy_register import Entry as RegisterEntry
from dinghai.schemes.subsidy_standing import Standing
from dinghai_platform.core.actors import Actor, system_actor
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import Line, credit, debit, post_entry
from dinghai_platform.subsidies.models import Subsidy


def post_movements(
    subsidy: Subsidy, added: Sequence[RegisterEntry], before: Standing, after: Standing, *,
    narrative: str, actor: Actor,
) -> JournalEntry | None:
    """Post money out, what is newly due back and what came back; None where nothing moved."""
    paid = [one for one in added if isinstance(one, Paid)]
    returned = [one for one in added if isinstance(one, Changed) and one.returned_fen]
    came_back = sum(one.returned_fen for one in returned)
    due = _due(after) - _due(before) + came_back
    lines: list[Line] = []
    lines += _lines(sum(one.fen for one in paid), "subsidy_paid", "subsidy_treasury")
    lines += _lines(due, "subsidy_receivable", "subsidy_paid")
    lines += _lines(came_back, "subsidy_treasury", "subsidy_receivable")
    if not lines:
        return None
    house = system_actor(subsidy.tenant, request_id=actor.request_id)
    return post_entry(
        lines, source=subsidy, key=f"subsidy:{subsidy.pk}:{subsidy.length}", narrative=narrative,
        details={"subsidy": subsidy.code, "head": subsidy.head}, actor=house,
        members=[canonical_bytes({"application": one.application, "hash": one.hash})
                 for one in (*paid, *returned)] or None, tenant=subsidy.tenant)


def _due(standing: Standing) -> int:
    return sum(one.due_fen for one in standing.cases.values())


def _lines(fen: int, debited: str, credited: str) -> list[Line]:
    """Two lines of an amount; a negative one goes the other way round."""
    if fen < 0:
        debited, credited, fen = credited, debited, -fen
    return [debit(debited, fen), credit(credited, fen)] if fen else []
