"""Verbs on what a park offers besides insurance, on who used it, and on whose member a firm is."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.parks.models import Park, ParkMember, ServiceUse, SharedService
from dinghai_platform.parks.services.common import held_in_force, in_books_of

LONGEST_NOTE: Final = 500


@transaction.atomic
def offer_service(
    park: Park, *, kind: str, name_zh: str, actor: Actor, name_en: str = "", provider: str = "",
    note: str = "",
) -> SharedService:
    """Say what the park offers to its members. Raises InputError for a service without a name."""
    require(actor, "parks.serve", park)
    name_zh, name_en, provider = name_zh.strip(), name_en.strip(), provider.strip()
    if not name_zh or max(len(name_zh), len(name_en), len(provider)) > 200:
        raise InputError("the service has no name", field="name_zh",
                         mend="name it in at most 200 characters")
    if kind not in SharedService.Kind.values:
        raise InputError("there is no such kind of service", field="kind",
                         mend="one of: " + ", ".join(SharedService.Kind.values))
    with in_books_of(park, actor):
        row = held_in_force(park)
        if SharedService.objects.within(row.tenant_id).filter(
                park=row, name_zh=name_zh, state="offered").exists():
            raise Refusal("the park offers this service already", reasons=["name it otherwise"])
        made = SharedService.objects.create(
            tenant=row.tenant, operator=row.operator, park=row, kind=kind, name_zh=name_zh,
            name_en=name_en, provider=provider, note=note.strip()[:2_000],
            offered_by=actor.user)
        audit.append(actor, "parks.service_offered", made, {
            "park": row.number, "kind": kind, "name": name_zh})
    return made


@transaction.atomic
def withdraw_service(service: SharedService, *, actor: Actor) -> SharedService:
    """Offer a service no longer; what was used of it stays. Asked again it answers the same."""
    require(actor, "parks.serve", service)
    with in_books_of(service.park, actor):
        held_in_force(service.park)
        row = locked(service)
        if row.state == SharedService.State.OFFERED:
            row.state = SharedService.State.WITHDRAWN
            row.save(update_fields=("state",))
            audit.append(actor, "parks.service_withdrawn", row, {"name": row.name_zh})
    return row


@transaction.atomic
def record_use(
    service: SharedService, member: ParkMember, *, on: date, actor: Actor, note: str = ""
) -> ServiceUse:
    """Say that a member used a service on a day; the same again answers what was recorded.

    Raises InputError for a day outside its cover, Refusal for a service that is withdrawn.
    """
    require(actor, "parks.serve", service)
    if member.park_id != service.park_id:
        raise InputError("this firm is no member of the park", field="member",
                         mend="choose one of its members")
    if not member.first <= on <= member.last:
        raise InputError("the day lies outside the member's cover", field="on",
                         mend=f"give a day from {member.first} to {member.last}")
    with in_books_of(service.park, actor):
        held_in_force(service.park)
        row = locked(service)
        if row.state != SharedService.State.OFFERED:
            raise Refusal("this service is offered no longer")
        found, made = ServiceUse.objects.within(row.tenant_id).get_or_create(
            service=row, member=member, on=on, defaults={
                "tenant": row.tenant, "operator": row.operator, "service_zh": row.name_zh,
                "service_en": row.name_en, "note": note.strip()[:LONGEST_NOTE],
                "recorded_by": actor.user})
        if made:
            audit.append(actor, "parks.service_used", found, {
                "service": str(row.pk), "member": str(member.pk), "on": on.isoformat()})
    used: ServiceUse = found
    return used


@transaction.atomic
def link_organisation(
    member: ParkMember, organisation: Organisation, *, actor: Actor
) -> ParkMember:
    """Say which organisation here a member is, so that its people see its page and certificate.

    Raises InputError for an organisation that the insurer does not deal with, Refusal where the
    member has one.
    """
    require(actor, "parks.administer", member)
    held_in_force(member.park)
    fresh = locked(member)
    if organisation.kind != Organisation.Kind.INSURED or not Relation.objects.within(
            member.tenant_id).filter(organisation=organisation).exists():
        raise InputError("this organisation is no firm you deal with", field="organisation",
                         mend="add it to your partners first")
    if fresh.organisation_id is not None:
        raise Refusal("this member has its organisation already")
    fresh.organisation = organisation
    fresh.save(update_fields=("organisation",))
    audit.append(actor, "parks.member_linked", fresh, {
        "credit_code": fresh.credit_code, "organisation": str(organisation.pk)})
    return fresh
