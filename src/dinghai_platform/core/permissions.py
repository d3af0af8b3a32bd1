"""Permissions: named rules over (actor, object), declared by each room in its `rules.py`.

A room writes ``rules.add_perm("ledger.view", has_role("auditor", "actuary"))``; services ask
``require(actor, "ledger.view", row)``; templates ask ``{% if may.ledger.view %}``.
"""

from __future__ import annotations

from typing import Any

import rules
from django.core.exceptions import PermissionDenied
from rules.predicates import Predicate

from dinghai_platform.core.actors import SYSTEM, Actor


def has_role(*roles: str) -> Predicate:
    """True for an actor in one of these roles."""
    wanted = frozenset(roles)

    @rules.predicate(f"has_role:{'|'.join(sorted(wanted))}")
    def predicate(actor: Any) -> bool:
        return isinstance(actor, Actor) and actor.role in wanted

    return predicate


@rules.predicate
def is_system(actor: Any) -> bool:
    """True for the house itself."""
    return isinstance(actor, Actor) and actor.role == SYSTEM


@rules.predicate
def is_signed_in(actor: Any) -> bool:
    """True for anyone who acts for an organisation."""
    return isinstance(actor, Actor)


@rules.predicate
def owns_tenant(actor: Any) -> bool:
    """True for an actor of an insurer (or of the platform), who keeps rows of its own."""
    return isinstance(actor, Actor) and actor.tenant is not None


@rules.predicate
def same_tenant(actor: Any, row: Any) -> bool:
    """True when the row belongs to the actor's tenant; with no row, when there is a tenant."""
    if not isinstance(actor, Actor) or actor.tenant is None:
        return False
    return row is None or row.tenant_id == actor.tenant.pk


def allowed(actor: Actor | None, permission: str, subject: Any = None) -> bool:
    """Whether the actor may. A name that no room declared is a programming error: KeyError."""
    if not rules.perm_exists(permission):
        raise KeyError(f"no room declares the permission {permission!r}")
    if actor is None:
        return False
    if actor.scopes is not None and not _in_scope(permission, actor.scopes):
        return False
    return bool(rules.has_perm(permission, actor, subject))


def require(actor: Actor | None, permission: str, subject: Any = None) -> None:
    """Raise PermissionDenied unless the actor may."""
    if not allowed(actor, permission, subject):
        raise PermissionDenied(permission)


def _in_scope(permission: str, scopes: frozenset[str]) -> bool:
    room = permission.split(".", 1)[0]
    return permission in scopes or f"{room}.*" in scopes or "*" in scopes


class Maybe:
    """``{% if may.ledger.view %}`` in a template: permissions of the actor, without a subject."""

    def __init__(self, actor: Actor | None, room: str | None = None) -> None:
        self._actor = actor
        self._room = room

    def __getitem__(self, name: str) -> Any:
        if self._room is None:
            return Maybe(self._actor, name)
        return allowed(self._actor, f"{self._room}.{name}")

    def __contains__(self, permission: str) -> bool:
        return allowed(self._actor, permission)

    def __iter__(self) -> Any:
        raise TypeError("permissions are asked one by one")
