"""What the verbs on table versions share: the moves, the history, reasons and their bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.actuarial.models import TableEvent, TableVersion
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor

LONGEST_REASON: Final = 2_000
LONGEST_LABEL: Final = 40

MOVES: Final[Mapping[tuple[str, str], str]] = {
    ("draft", "edit"): "draft",
    ("draft", "propose"): "proposed",
    ("draft", "withdraw"): "withdrawn",
    ("proposed", "withdraw"): "withdrawn",
    ("proposed", "approve"): "approved",
    ("proposed", "reject"): "rejected",
    ("approved", "withdraw"): "withdrawn",
    ("approved", "enter"): "in_force",
    ("in_force", "supersede"): "superseded",
}
"""(state, event) to state. Nothing else is possible."""


def reach(version: TableVersion, event: str) -> str:
    """The state an event leads to. Raises Refusal where the state does not allow it."""
    try:
        return MOVES[version.state, event]
    except KeyError:
        raise Refusal(
            "this step is not possible in the present state of the version",
            reasons=["look at the version again: somebody may have decided it meanwhile"],
        ) from None


def given_reason(reason: str) -> str:
    """A reason that says something. Raises InputError without one."""
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise InputError("this step needs its reason in at most 2,000 characters",
                         field="reason", mend="say why")
    return reason


def record(
    version: TableVersion, event: str, actor: Actor, *, reason: str = "",
    changed: list[str] | None = None, **details: Any,
) -> None:
    """One more step in the version's history and in the audit chain."""
    TableEvent.objects.create(
        tenant=version.tenant, version=version, event=event, state=version.state, by=actor.user,
        role=actor.role, reason=reason, document_hash=version.document_hash,
        changed=changed or [],
    )
    audit.append(
        actor, f"actuarial.version_{_PAST[event]}", version,
        {
            "kind": version.kind, "table": version.table_id, "version": version.label,
            "hash": version.document_hash, "reason": reason, "changed": changed or [], **details,
        },
    )


_PAST: Final = {
    "draft": "drafted", "edit": "edited", "propose": "proposed", "withdraw": "withdrawn",
    "approve": "approved", "reject": "rejected", "enter": "entered_into_force",
    "supersede": "superseded",
}


def held(version: TableVersion) -> TableVersion:
    """The version, fresh and locked, after its tenant's audit chain: whoever decides takes the two
    in this order, so that none waits for another who waits for him."""
    audit.hold_chain(version.tenant)
    return audit.locked(version)
