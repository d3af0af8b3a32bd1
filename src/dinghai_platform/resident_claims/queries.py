"""Looking at residents' claims: lists, one claim, recourse, figures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import BigIntegerField, Count, F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest, Least

from dinghai.foundation.calendar import start_of
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantQuerySet, visible_or_404
from dinghai_platform.resident_claims.engine import terms_of
from dinghai_platform.resident_claims.models import (
    Claim,
    ClaimImport,
    ClaimSetting,
    Decision,
    DecisionRun,
    Objection,
    Paper,
    Payment,
    Recovery,
)
from dinghai_platform.residents.models import ResidentScheme, Standing


def claims(actor: Actor) -> TenantQuerySet:
    """Submitted claims; drafts are the claimant's own, given up or not."""
    require(actor, "resident_claims.view")
    found: TenantQuerySet = Claim.objects.visible_to(actor).exclude(
        submitted_at=None).select_related("scheme")
    return found


def named(rows: TenantQuerySet) -> TenantQuerySet:
    """Claims with ``insured``: the certificate's masked name as it was put right, before the claim
    or since. ``holder`` is what it was when the claim was made."""
    now = Standing.objects.unscoped("joined to claims that are scoped").filter(
        certificate=OuterRef("certificate_id")).exclude(masked_name="").values("masked_name")
    found: TenantQuerySet = rows.annotate(
        insured=Coalesce(Subquery(now), F("certificate__masked_name")))
    return found


def claim(actor: Actor, key: Any) -> Claim:
    """One claim. Raises Http404."""
    require(actor, "resident_claims.view")
    rows = named(Claim.objects.exclude(submitted_at=None).select_related(
        "scheme", "run", "approved_by", "source", "tenant"))
    found: Claim = visible_or_404(rows, actor, pk=key)
    return found


def runs(actor: Actor) -> TenantQuerySet:
    """Mass decisions, newest first."""
    require(actor, "resident_claims.view")
    found: TenantQuerySet = DecisionRun.objects.visible_to(actor).select_related(
        "job", "created_by").order_by("-id")
    return found


def run(actor: Actor, key: Any) -> DecisionRun:
    """One mass decision. Raises Http404."""
    require(actor, "resident_claims.view")
    found: DecisionRun = visible_or_404(
        DecisionRun.objects.select_related("job", "tenant"), actor, pk=key)
    return found


def imports(actor: Actor) -> TenantQuerySet:
    """Files of channels, newest first."""
    require(actor, "resident_claims.view")
    found: TenantQuerySet = ClaimImport.objects.visible_to(actor).select_related(
        "job", "created_by").defer("faults").order_by("-id")
    return found


def import_row(actor: Actor, key: Any) -> ClaimImport:
    """One file. Raises Http404."""
    require(actor, "resident_claims.view")
    found: ClaimImport = visible_or_404(
        ClaimImport.objects.select_related("job", "file", "tenant"), actor, pk=key)
    return found


def paper(actor: Actor, key: Any) -> Paper:
    """One paper of a claim. Raises Http404."""
    require(actor, "resident_claims.reveal")
    found: Paper = visible_or_404(
        Paper.objects.select_related("claim", "file", "tenant").exclude(
            claim__submitted_at=None), actor, pk=key)
    return found


def recovery(actor: Actor, key: Any) -> Recovery:
    """One recovery. Raises Http404."""
    require(actor, "resident_claims.view")
    found: Recovery = visible_or_404(
        Recovery.objects.select_related("claim", "tenant"), actor, pk=key)
    return found


def objection(actor: Actor, key: Any) -> Objection:
    """One objection. Raises Http404."""
    require(actor, "resident_claims.view")
    found: Objection = visible_or_404(
        Objection.objects.select_related("claim", "decision", "tenant"), actor, pk=key)
    return found


def decisions_of(row: Claim) -> list[Decision]:
    """The decisions on a claim, the last first."""
    return list(Decision.objects.within(row.tenant_id).filter(claim=row).select_related(
        "decided_by", "run").order_by("-sequence"))


def settings_of(actor: Actor) -> list[tuple[ResidentScheme, ClaimSetting | None]]:
    """Each scheme with how its claims are decided."""
    require(actor, "resident_claims.view")
    known = {one.scheme_id: one for one in ClaimSetting.objects.visible_to(
        actor).select_related("changed_by")}
    return [(one, known.get(one.pk)) for one in ResidentScheme.objects.visible_to(
        actor).order_by("number")]


def recourse(actor: Actor) -> TenantQuerySet:
    """Payments with the right that each gives, less what came back to the insurer.

    What came back to a claim stands against its earliest payment first, whose limitation ends
    first; so the rights of a claim paid in parts add up to what was paid less what came back.
    """
    require(actor, "resident_claims.view")
    back = Recovery.objects.visible_to(actor).filter(claim=OuterRef("claim")).exclude(
        state=Recovery.State.DROPPED).order_by().values("claim").annotate(
        back=Sum("insurer_fen")).values("back")
    before = Payment.objects.visible_to(actor).filter(
        claim=OuterRef("claim"), decision__sequence__lt=OuterRef(
            "decision__sequence")).order_by().values("claim").annotate(
        before=Sum("amount_fen")).values("before")
    found: TenantQuerySet = Payment.objects.visible_to(actor).select_related(
        "claim__scheme").annotate(
        left_fen=Coalesce(Subquery(back), 0, output_field=BigIntegerField())
        - Coalesce(Subquery(before), 0, output_field=BigIntegerField())).annotate(
        back_fen=Greatest(
            Value(0), Least("left_fen", "amount_fen"), output_field=BigIntegerField())).annotate(
        right_fen=F("amount_fen") - F("back_fen"))
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """What residents' claims came to. Days are means from submission, None where there is none."""

    by_state: dict[str, int]
    submitted: int
    paid: int
    paid_fen: int
    to_pay_fen: int
    waiting_fen: int
    refused_by_rule: int
    refused_by_hand: int
    flagged: int
    back_fen: int
    days_to_decision: int | None
    days_to_payment: int | None
    overdue: int
    unpaid_late: int


def figures(actor: Actor, scheme: ResidentScheme | None = None) -> Figures:
    """The figures of all claims, or of one scheme's."""
    rows = claims(actor).order_by()
    if scheme is not None:
        rows = rows.filter(scheme=scheme)
    states = dict(rows.values_list("state").annotate(Count("pk")))
    sums = rows.aggregate(
        sum_fen=Coalesce(Sum("paid_fen"), 0),
        to_pay_fen=Coalesce(Sum(F("pay_fen") - F("paid_fen"), filter=Q(
            state__in=Claim.COMMITTED)), 0),
        waiting_fen=Coalesce(Sum("expected_fen", filter=Q(state=Claim.State.WAITING)), 0),
        flagged=Count("pk", filter=Q(flagged=True)), paid=Count("pk", filter=Q(paid_fen__gt=0)),
        overdue=Count("pk", filter=Q(state__in=Claim.OPEN, decide_by__lt=clock.today())),
        unpaid_late=Count("pk", filter=Q(state__in=Claim.COMMITTED) & _unpaid_late(actor)))
    hand = Decision.objects.visible_to(actor).filter(
        claim__in=rows.filter(state=Claim.State.REFUSED).values("pk"), by_hand=True,
        sequence=F("claim__decisions_made")).count()
    back = Recovery.objects.visible_to(actor).filter(
        claim__in=rows.filter(paid_fen__gt=0).values("pk")).exclude(
        state=Recovery.State.DROPPED).aggregate(sum=Coalesce(Sum("insurer_fen"), 0))["sum"]
    sums["paid_fen"] = sums.pop("sum_fen")
    return Figures(
        by_state=states, submitted=sum(states.values()), refused_by_hand=hand,
        refused_by_rule=states.get(Claim.State.REFUSED, 0) - hand, back_fen=back,
        days_to_decision=_mean_days(rows.filter(decided_at__isnull=False), "decided_at"),
        days_to_payment=_mean_days(rows.filter(paid_at__isnull=False), "paid_at"), **sums)


def _unpaid_late(actor: Actor) -> Q:
    """Determinations whose day of payment has passed, by the terms of each scheme (保险法23条)."""
    late = Q(pk=None)
    for one in ResidentScheme.objects.visible_to(actor):
        days = terms_of(one.terms().product).product.claims_process.pay_days
        late |= Q(scheme=one, decided_at__lt=start_of(clock.today() - timedelta(days=days)))
    return late


def _mean_days(rows: TenantQuerySet, until: str) -> int | None:
    """Whole days from submission, on average, of the last thousand claims: half up."""
    pairs = list(rows.filter(submitted_at__isnull=False).order_by("-pk").values_list(
        "submitted_at", until)[:1_000])
    if not pairs:
        return None
    days = sum((end - begin).days for begin, end in pairs)
    return (2 * days + len(pairs)) // (2 * len(pairs))
