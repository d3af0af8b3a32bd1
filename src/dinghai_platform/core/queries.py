"""Reads on organisations, people and the audit chain."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from dinghai.foundation.clock import SHANGHAI
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import (
    ApiToken,
    AuditEntry,
    Invitation,
    Membership,
    Organisation,
    Relation,
    User,
)
from dinghai_platform.core.permissions import allowed


def memberships_of(user: User) -> QuerySet[Membership]:
    """What a user may act as, oldest first."""
    return (
        Membership.objects.filter(user=user, is_active=True, organisation__is_active=True)
        .select_related("organisation", "user")
        .order_by("id")
    )


def organisations_visible_to(actor: Actor) -> QuerySet[Organisation]:
    """The actor's own organisation, those its tenant deals with, and the tenants that deal with
    it; all of them for the platform's administrator."""
    if allowed(actor, "core.manage_tenants"):
        return Organisation.objects.all()
    relations = Relation.objects.visible_to(actor)
    return Organisation.objects.filter(
        Q(pk=actor.organisation.pk)
        | Q(pk__in=relations.values("organisation_id"))
        | Q(pk__in=relations.values("tenant_id"))
    )


def members_visible_to(actor: Actor) -> QuerySet[Membership]:
    """The members of the organisations whose members the actor manages."""
    members = Membership.objects.select_related("user", "organisation").order_by(
        "organisation__name_zh", "user__username", "role"
    )
    if allowed(actor, "core.manage_tenants"):
        return members
    return members.filter(organisation=actor.organisation)


def open_invitations(actor: Actor, moment: datetime) -> QuerySet[Invitation]:
    """Invitations that were not used yet, in the organisations the actor manages."""
    found = Invitation.objects.select_related("organisation").filter(
        used_at=None, withdrawn_at=None, expires_at__gt=moment
    )
    if allowed(actor, "core.manage_tenants"):
        return found
    return found.filter(organisation=actor.organisation)


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """The actor's own tokens."""
    return ApiToken.objects.filter(membership__user=actor.user).select_related(
        "membership__organisation"
    )


def audit_entries(actor: Actor, filters: dict[str, Any]) -> QuerySet[AuditEntry]:
    """The entries the actor sees, newest first, narrowed by action, subject, user and days."""
    entries = (
        AuditEntry.objects.visible_to(actor).select_related("user", "organisation")
        .order_by("-sequence")
    )
    if action := filters.get("action"):
        entries = entries.filter(action__startswith=action)
    if subject := filters.get("subject"):
        entries = entries.filter(Q(subject_id=subject) | Q(subject_type__startswith=subject))
    if user := filters.get("user"):
        entries = entries.filter(user__username=user)
    if text := filters.get("text"):
        entries = entries.filter(payload__contains=text)
    if since := filters.get("since"):
        entries = entries.filter(at__gte=_start_of(since))
    if until := filters.get("until"):
        entries = entries.filter(at__lt=_start_of(until + timedelta(days=1)))
    return entries


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=SHANGHAI)
