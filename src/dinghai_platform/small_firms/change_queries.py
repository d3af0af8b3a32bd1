"""Reads of changes of small firms' policies."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import TenantQuerySet, visible_or_404
from dinghai_platform.small_firms.models import Change


def changes(actor: Actor) -> TenantQuerySet:
    """The changes an actor sees."""
    return whole_changes(Change.objects.visible_to(actor))


def change(actor: Actor, key: UUID) -> Change:
    """One change, or Http404."""
    found: Change = visible_or_404(whole_changes(Change.objects.all()), actor, pk=key)
    return found


def whole_changes(rows: Any) -> Any:
    """Changes with everything a page of one needs."""
    return rows.select_related("policy__firm__link", "tenant", "broker", "insured")
