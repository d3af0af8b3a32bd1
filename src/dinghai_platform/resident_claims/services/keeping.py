"""What the engine determined, kept: one decision row and the claim's new state, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from dinghai_platform.core import clock
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.models import Organisation, User
from dinghai_platform.resident_claims.engine import Determined, Schemes
from dinghai_platform.resident_claims.models import Claim, Decision, DecisionRun
from dinghai_platform.resident_claims.services.caps import capped, still_lost_of
from dinghai_platform.residents.mass_rows import insert_rows, key_of

_STATES: Final = {
    "wait": Claim.State.WAITING, "ask": Claim.State.ASKED, "refer": Claim.State.REFERRED,
    "refused": Claim.State.REFUSED, "not_triggered": Claim.State.REFUSED,
    "nothing_due": Claim.State.REFUSED}
_SET: Final = ("state", "outcome", "flagged", "wait_until", "decide_by", "pay_fen", "expected_fen",
               "decisions_made", "decided_at", "asked_on", "approved_by_id", "deciding")


@dataclass(frozen=True, slots=True)
class Standing:
    """A claim as it stood when it was determined."""

    pk: Any
    scheme: Any
    sequence: int
    paid_fen: int
    asked_on: date | None


def state_after(found: Determined, paid_fen: int, limit: int) -> str:
    """The state that an outcome leads to."""
    if found.outcome != "pay":
        return str(_STATES[found.outcome])
    if found.pay_fen <= paid_fen:
        return str(Claim.State.PAID)
    return str(Claim.State.APPROVED if found.pay_fen <= limit else Claim.State.PROPOSED)


def keep_all(
    tenant: Organisation, rows: Sequence[tuple[Standing, Determined]], schemes: Schemes, *,
    by_hand: bool = False, run: DecisionRun | None = None, user: User | None = None,
) -> list[bytes]:
    """Keep determinations; the leaves of an audit link over them. Must run in a transaction that
    holds the tenant's chain; each claim is at rest or held by ``run``."""
    now, today = clock.now(), clock.today()
    rows = _bounded(tenant, rows)
    leaves = [bytes.fromhex(found.hash) for _standing, found in rows]
    owner = key_of(tenant)
    insert_rows(Decision, (
        "id", "tenant_id", "created_at", "claim_id", "sequence", "outcome", "by_hand", "pay_fen",
        "document", "hash", "run_id", "decided_by_id"), (
        (_key(new_key()), owner, _moment(now), _key(standing.pk), standing.sequence + 1,
         found.outcome, by_hand, found.pay_fen, _json(found.canonical), leaf.hex(),
         _key(run.pk) if run else None, _key(user.pk) if user else None)
        for (standing, found), leaf in zip(rows, leaves, strict=True)))
    _move(rows, schemes, now, today)
    return leaves


def _bounded(
    tenant: Organisation, rows: Sequence[tuple[Standing, Determined]]
) -> list[tuple[Standing, Determined]]:
    """Determinations to pay on claims that were paid before, within what is still lost: what came
    back since is no fact of the terms. The first payment of a claim the terms bound alone."""
    paid = [standing.pk for standing, found in rows
            if found.outcome == "pay" and standing.paid_fen]
    lost = still_lost_of(tenant, paid) if paid else {}
    return [(standing, replace(found, pay_fen=capped(
        found.pay_fen, standing.paid_fen, lost[standing.pk]))
        if standing.pk in lost else found) for standing, found in rows]


def _move(
    rows: Sequence[tuple[Standing, Determined]], schemes: Schemes, now: datetime, today: date
) -> None:
    table = Claim._meta.db_table
    columns = ", ".join(f"{name} = %s" for name in _SET)
    values = []
    for standing, found in rows:
        state = state_after(found, standing.paid_fen, schemes.limit(standing.scheme))
        asked = today if found.outcome == "ask" else standing.asked_on
        values.append((
            state, found.outcome, found.flagged, _day(found.wait_until), _day(found.decide_by),
            found.pay_fen, found.expected_fen, standing.sequence + 1, _moment(now), _day(asked),
            None, False, _key(standing.pk), standing.sequence))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {columns} WHERE id = %s AND decisions_made = %s", values)


def _key(key: Any) -> Any:
    if connection.vendor == "postgresql" or isinstance(key, int):
        return key
    return key.hex


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _day(day: date | None) -> Any:
    return None if day is None else connection.ops.adapt_datefield_value(day)


def _json(canonical: bytes) -> Any:
    if connection.vendor != "postgresql":
        return canonical.decode()
    from psycopg.types.json import Jsonb

    return Jsonb(canonical, dumps=bytes)
