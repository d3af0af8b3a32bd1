"""Reads on programmes: what an actor sees, and figures of one programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from dinghai_platform.claims.models import Claim, DecisionRecord
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import visible_or_404
from dinghai_platform.programmes.models import (
    Certificate,
    Member,
    MemberFloat,
    Programme,
    Settlement,
    Standing,
    Study,
)


def programmes(actor: Actor) -> QuerySet[Programme]:
    """The programmes an actor sees, with how many members each has."""
    return Programme.objects.visible_to(actor).select_related("tenant", "owner", "chain").defer(
        "layers").annotate(enrolled=Count("members", filter=Q(members__state="enrolled")))


def programme(actor: Actor, key: Any) -> Programme:
    """One programme, or Http404."""
    rows = Programme.objects.all().select_related(
        "tenant", "owner", "chain", "version", "policy").defer("version__document")
    found: Programme = visible_or_404(rows, actor, pk=key)
    return found


def members_of(row: Programme) -> QuerySet[Member]:
    """The members of a programme in hand."""
    return Member.objects.within(row.tenant_id).filter(programme=row).select_related(
        "organisation")


def members(actor: Actor) -> QuerySet[Member]:
    """The members an actor sees: a supplier its own alone."""
    return Member.objects.visible_to(actor)


def own_members(actor: Actor) -> QuerySet[Member]:
    """The memberships of the actor's own organisation."""
    return members(actor).filter(organisation=actor.organisation)


def member(actor: Actor, key: Any) -> Member:
    """One member, or Http404."""
    found: Member = visible_or_404(
        Member.objects.all().select_related("organisation"), actor, pk=key)
    return found


def certificate(actor: Actor, key: Any) -> Certificate:
    """One certificate, or Http404."""
    rows = Certificate.objects.all().select_related("member", "tenant")
    found: Certificate = visible_or_404(rows, actor, pk=key)
    return found


def studies_of(row: Programme) -> QuerySet[Study]:
    """The studies of a programme in hand, newest first, without their documents."""
    return Study.objects.within(row.tenant_id).filter(programme=row).select_related(
        "job", "asked_by", "after").defer("document", "after__document")


def study(actor: Actor, key: Any) -> Study:
    """One study, or Http404."""
    rows = Study.objects.all().select_related(
        "tenant", "owner", "programme", "programme__version", "after", "job").defer(
            "after__document", "programme__version__document")
    found: Study = visible_or_404(rows, actor, pk=key)
    return found


def last_study(row: Programme, kind: str) -> Study | None:
    """The last finished study of a kind, with its document."""
    found: Study | None = Study.objects.within(row.tenant_id).filter(
        programme=row, kind=kind, state=Study.State.DONE).order_by("-id").first()
    return found


def settlements_of(row: Programme) -> QuerySet[Settlement]:
    """The settlements of a programme in hand, without their documents."""
    return Settlement.objects.within(row.tenant_id).filter(programme=row).select_related(
        "proposed_by", "decided_by", "decision__claim").defer("document", "decision__content")


def settlement(actor: Actor, key: Any) -> Settlement:
    """One settlement, or Http404."""
    rows = Settlement.objects.all().select_related(
        "tenant", "owner", "programme", "proposed_by", "decided_by", "decision__claim",
        "programme__chain").defer("decision__content")
    found: Settlement = visible_or_404(rows, actor, pk=key)
    return found


def decisions_to_settle(row: Programme) -> QuerySet[DecisionRecord]:
    """Issued decisions on the programme's policy that no settlement stands for."""
    if row.policy_id is None:
        return DecisionRecord.objects.within(row.tenant_id).none()
    settled = Settlement.objects.within(row.tenant_id).filter(
        programme=row, decision__isnull=False,
        state__in=("proposed", "posted")).values("decision")
    return DecisionRecord.objects.within(row.tenant_id).filter(
        claim__policy=row.policy_id, state=DecisionRecord.State.ISSUED,
        superseded_by=None).exclude(pk__in=settled).select_related("claim").defer("content")


def standings_of(row: Member) -> QuerySet[Standing]:
    """Where a member stood, newest first."""
    return Standing.objects.within(row.tenant_id).filter(member=row).order_by("-id")


def floats_of(row: Programme) -> QuerySet[MemberFloat]:
    """The floats of a programme's members."""
    return MemberFloat.objects.within(row.tenant_id).filter(
        member__programme=row).select_related("member", "proposed_by", "approved_by")


def float_row(actor: Actor, key: Any) -> MemberFloat:
    """One member's float, or Http404."""
    rows = MemberFloat.objects.all().select_related("member", "tenant", "owner", "standing")
    found: MemberFloat = visible_or_404(rows, actor, pk=key)
    return found




@dataclass(frozen=True, slots=True)
class Figures:
    """A programme at a glance. Fen; ``used_fen`` is what insurers and parties bear of the
    aggregate by what was posted."""

    enrolled: int
    left: int
    premium_fen: int
    used_fen: int
    insurance_fen: int
    contribution_fen: int
    waiting: int
    open_claims: int
    certificates: int


def figures_of(row: Programme) -> Figures:
    """What the dashboard shows of a programme in hand."""
    of_members = Member.objects.within(row.tenant_id).filter(programme=row).aggregate(
        enrolled=Count("pk", filter=Q(state="enrolled")), left=Count("pk", filter=Q(state="left")),
        premium=Sum("premium_fen", default=0))
    posted = Q(state="posted")
    settled = Settlement.objects.within(row.tenant_id).filter(programme=row).aggregate(
        used=Sum("presented_fen", filter=posted, default=0),
        insurance=Sum("insurance_fen", filter=posted, default=0),
        contribution=Sum("contribution_fen", filter=posted, default=0),
        waiting=Count("pk", filter=Q(state="proposed")))
    claims = 0 if row.policy_id is None else Claim.objects.within(row.tenant_id).filter(
        policy=row.policy_id).exclude(state__in=("closed", "paid", "withdrawn", "rejected")).count()
    certified = Certificate.objects.within(row.tenant_id).filter(
        member__programme=row).values("member").distinct().count()
    return Figures(
        of_members["enrolled"], of_members["left"], of_members["premium"], settled["used"],
        settled["insurance"], settled["contribution"], settled["waiting"], claims, certified)
