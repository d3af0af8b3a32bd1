"""Reads on parks: what an actor sees, and figures of one park."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.parks.models import (
    CertificatePack,
    EventSettlement,
    MemberChange,
    MemberClaim,
    Park,
    ParkCertificate,
    ParkMember,
    PremiumStep,
    ServiceUse,
    SharedService,
)


def parks(actor: Actor) -> QuerySet[Park]:
    """The parks an actor sees, with how many members each has and what they pay."""
    inside = Q(members__state="enrolled")
    return Park.objects.visible_to(actor).select_related("tenant", "operator").defer(
        "document").annotate(
            enrolled=Count("members", filter=inside),
            premium=Sum(F("members__net_fen") + F("members__vat_fen"), default=0))


def park(actor: Actor, key: Any) -> Park:
    """One park, or Http404."""
    found: Park = visible_or_404(
        Park.objects.all().select_related("tenant", "operator"), actor, pk=key)
    return found


def members_of(row: Park) -> QuerySet[ParkMember]:
    """The members of a park in hand."""
    return ParkMember.objects.within(row.tenant_id).filter(park=row)


def members(actor: Actor) -> QuerySet[ParkMember]:
    """The members an actor sees: a firm its own alone."""
    return ParkMember.objects.visible_to(actor)


def own_members(actor: Actor) -> QuerySet[ParkMember]:
    """The memberships of the actor's own organisation."""
    return members(actor).filter(organisation=actor.organisation)


def member(actor: Actor, key: Any) -> ParkMember:
    """One member, or Http404."""
    found: ParkMember = visible_or_404(
        ParkMember.objects.all().select_related("organisation", "tenant"), actor, pk=key)
    return found


def steps_of(row: ParkMember) -> QuerySet[PremiumStep]:
    """The steps of a member's premium, by day."""
    return PremiumStep.objects.within(row.tenant_id).filter(member=row).order_by(
        "on", "cover", "place")


def certificates_of(row: ParkMember) -> QuerySet[ParkCertificate]:
    """The revisions of a member's certificate, newest first, without their documents."""
    return ParkCertificate.objects.within(row.tenant_id).filter(member=row).order_by(
        "-revision").defer("document")


def certificate(actor: Actor, key: Any) -> ParkCertificate:
    """One certificate, or Http404."""
    found: ParkCertificate = visible_or_404(
        ParkCertificate.objects.all().select_related("member", "tenant"), actor, pk=key)
    return found


def claims_of_member(row: ParkMember) -> QuerySet[MemberClaim]:
    """What a member was paid of events, newest first."""
    return MemberClaim.objects.within(row.tenant_id).filter(member=row).order_by("-id")


def uses_of_member(row: ParkMember) -> QuerySet[ServiceUse]:
    """The shared services that a member used, newest first."""
    return ServiceUse.objects.within(row.tenant_id).filter(member=row).order_by("-on", "-id")


def changes_of(row: Park) -> QuerySet[MemberChange]:
    """The changes of a park's members, newest first, without their documents."""
    return MemberChange.objects.within(row.tenant_id).filter(park=row).select_related(
        "asked_by", "decided_by").defer("outcome", "preview")


def change(actor: Actor, key: Any) -> MemberChange:
    """One change, or Http404."""
    found: MemberChange = visible_or_404(
        MemberChange.objects.all().select_related(
            "park", "tenant", "file", "asked_by", "decided_by"), actor, pk=key)
    return found


def settlements_of(row: Park) -> QuerySet[EventSettlement]:
    """The settlements of a park, without their documents."""
    return EventSettlement.objects.within(row.tenant_id).filter(park=row).select_related(
        "proposed_by", "decided_by").defer("document", "claims")


def settlement(actor: Actor, key: Any) -> EventSettlement:
    """One settlement, or Http404."""
    found: EventSettlement = visible_or_404(
        EventSettlement.objects.all().select_related(
            "park", "park__operator", "tenant", "proposed_by", "decided_by"), actor, pk=key)
    return found


def packs_of(row: Park) -> QuerySet[CertificatePack]:
    """The packs of certificates of a park, newest first."""
    return CertificatePack.objects.within(row.tenant_id).filter(park=row).select_related(
        "job", "file", "asked_by").order_by("-id")


def pack(actor: Actor, key: Any) -> CertificatePack:
    """One pack of certificates, or Http404."""
    found: CertificatePack = visible_or_404(
        CertificatePack.objects.all().select_related("file", "tenant", "park"), actor, pk=key)
    return found


def services_of(row: Park) -> QuerySet[SharedService]:
    """What a park offers, with how often and by how many it was used."""
    return SharedService.objects.within(row.tenant_id).filter(park=row).annotate(
        times=Count("uses"), users=Count("uses__member", distinct=True))


def service(actor: Actor, key: Any) -> SharedService:
    """One shared service, or Http404."""
    found: SharedService = visible_or_404(
        SharedService.objects.all().select_related("park", "tenant"), actor, pk=key)
    return found


def uses_of(row: Park) -> QuerySet[ServiceUse]:
    """Who used which service of a park."""
    return ServiceUse.objects.within(row.tenant_id).filter(member__park=row).select_related(
        "member", "recorded_by")


def statement_of(row: Park) -> list[dict[str, Any]]:
    """The premium of a park by change and day: what was charged, given back and posted."""
    charged = Q(net_fen__gt=0) | Q(net_fen=0, vat_fen__gt=0)
    return list(PremiumStep.objects.within(row.tenant_id).filter(member__park=row).order_by(
        "change__number", "on").values(
            "change", "change__number", "change__kind", "on").annotate(
                count=Count("pk"), firms=Count("member", distinct=True),
                net=Sum("net_fen"), vat=Sum("vat_fen"),
                up=Sum(F("net_fen") + F("vat_fen"), filter=charged, default=0),
                down=-Sum(F("net_fen") + F("vat_fen"), filter=~charged, default=0)))


@dataclass(frozen=True, slots=True)
class Figures:
    """One park in figures, amounts in fen."""

    enrolled: int
    left: int
    net_fen: int
    vat_fen: int
    paid_fen: int
    waiting: int
    changes: int
    linked: int


def figures_of(row: Park) -> Figures:
    """The figures of a park in hand."""
    of_members = members_of(row).aggregate(
        enrolled=Count("pk", filter=Q(state="enrolled")), left=Count("pk", filter=Q(state="left")),
        net=Sum("net_fen", default=0), vat=Sum("vat_fen", default=0),
        linked=Count("organisation"))
    settled = EventSettlement.objects.within(row.tenant_id).filter(park=row).aggregate(
        paid=Sum("due_fen", filter=Q(state="posted"), default=0),
        waiting=Count("pk", filter=Q(state="proposed")))
    changes = MemberChange.objects.within(row.tenant_id).filter(
        park=row, state="checked").count()
    return Figures(of_members["enrolled"], of_members["left"], of_members["net"],
                   of_members["vat"], settled["paid"], settled["waiting"], changes,
                   of_members["linked"])
