"""What the engine determined, kept: one decision row and the claim's new state, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

from dinghai.foundation.canonical import canonical_bytes
from dinghai_platform.core import clock
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.models import Organisation, User
from dinghai_platform.resident_claims.engine import Determined, Schemes
from dinghai_platform.resident_claims.models import Claim, Decision, DecisionRun
from dinghai_platform.resident_claims.services.caps import (
    cap_document,
    capped,
    still_lost_of,
)
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
    owner, key, kept = key_of(tenant), _keys(), _jsons()
    moment, by, in_run = _moment(now), key(user.pk) if user else None, key(run.pk) if run else None
    insert_rows(Decision, (
        "id", "tenant_id", "created_at", "claim_id", "sequence", "outcome", "by_hand", "pay_fen",
        "document", "hash", "run_id", "decided_by_id"), (
        (key(new_key()), owner, moment, key(standing.pk), standing.sequence + 1, found.outcome,
         by_hand, found.pay_fen, kept(found.canonical), leaf.hex(), in_run, by)
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
    return [(standing, _within(found, standing.paid_fen, lost[standing.pk])
             if standing.pk in lost else found) for standing, found in rows]


def _within(found: Determined, paid_fen: int, lost_fen: int) -> Determined:
    said = cap_document(found.pay_fen, paid_fen, lost_fen)
    return replace(found, pay_fen=capped(found.pay_fen, paid_fen, lost_fen),
                   canonical=canonical_bytes({**found.document, **said})) if said else found


def _move(
    rows: Sequence[tuple[Standing, Determined]], schemes: Schemes, now: datetime, today: date
) -> None:
    table = Claim._meta.db_table
    columns = ", ".join(f"{name} = %s" for name in _SET)
    key, moment = _keys(), _moment(now)
    values = []
    for standing, found in rows:
        state = state_after(found, standing.paid_fen, schemes.limit(standing.scheme))
        asked = today if found.outcome == "ask" else standing.asked_on
        values.append((
            state, found.outcome, found.flagged, _day(found.wait_until), _day(found.decide_by),
            found.pay_fen, found.expected_fen, standing.sequence + 1, moment, _day(asked),
            None, False, key(standing.pk), standing.sequence))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {table} SET {columns} WHERE id = %s AND decisions_made = %s", values)


def _keys() -> Callable[[Any], Any]:
    """How this database holds a key; asked once for many rows."""
    return (lambda key: key) if connection.vendor == "postgresql" else (lambda key: key.hex)


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _day(day: date | None) -> Any:
    return None if day is None else connection.ops.adapt_datefield_value(day)


def _jsons() -> Callable[[bytes], Any]:
    """How this database takes canonical JSON; asked once for many rows."""
    if connection.vendor != "postgresql":
        return bytes.decode
    from psycopg.types.json import Jsonb

    return lambda canonical: Jsonb(canonical, dumps=bytes)
