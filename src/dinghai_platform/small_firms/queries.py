"""Reads of small firms: what an actor sees, in a few statements each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, OuterRef, Q, Subquery, Sum

from dinghai.foundation.calendar import shanghai_day
from dinghai.vocabulary.clocks import clocks
from dinghai_platform.claims.models import Claim
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.tenancy import TenantQuerySet, visible_or_404
from dinghai_platform.small_firms.models import (
    Batch,
    Firm,
    Link,
    Month,
    MonthRun,
    Paper,
    Policy,
    Quote,
    Renewal,
    RenewalRun,
)
from dinghai_platform.small_firms.rules import LINK
from dinghai_platform.small_firms.services.policies import COVERED

PARTIAL_LOSS: Final = "CLK-CXL-PART"


def firms(actor: Actor) -> TenantQuerySet:
    """The firms an actor sees, each with the end of its cover."""
    cover = Policy.objects.unscoped("a sub-query within the firm's own rows").filter(
        firm=OuterRef("pk"), state__in=COVERED).order_by("-expiry").values("expiry")[:1]
    return Firm.objects.visible_to(actor).defer("draft").select_related(
        "broker", "tenant").annotate(covered_until=Subquery(cover))


def firm(actor: Actor, key: UUID) -> Firm:
    """One firm, or Http404."""
    found: Firm = visible_or_404(Firm.objects.select_related("tenant", "broker", "insured", "link"),
                                 actor, pk=key)
    return found


def quote(actor: Actor, key: UUID) -> Quote:
    """One quote with its firm, or Http404."""
    found: Quote = visible_or_404(whole_quotes(Quote.objects.all()), actor, pk=key)
    return found


def whole_quotes(rows: Any) -> Any:
    """Quotes with everything a page of one needs."""
    return rows.select_related("firm__link", "tenant", "broker", "insured", "answers", "product",
                               "batch", "decided_by")


def last_quote(row: Firm) -> Quote | None:
    """The quote that stands."""
    found: Quote | None = whole_quotes(row.quotes).order_by("-id").first()
    return found


def policy(actor: Actor, key: UUID) -> Policy:
    """One policy, or Http404."""
    found: Policy = visible_or_404(whole_policies(Policy.objects.all()), actor, pk=key)
    return found


def whole_policies(rows: Any) -> Any:
    """Policies with everything a page of one needs."""
    return rows.select_related("firm__link", "tenant", "broker", "insured", "quote")


def policies(actor: Actor) -> TenantQuerySet:
    """The policies an actor sees."""
    return Policy.objects.visible_to(actor).defer("document", "earlier").select_related(
        "firm", "broker")


def batches(actor: Actor) -> TenantQuerySet:
    """The batches an actor sees, each with how many of it are insured."""
    return Batch.objects.visible_to(actor).defer("faults").select_related(
        "job", "broker").annotate(bound=Count("quotes__policy"))


def batch(actor: Actor, key: UUID) -> Batch:
    """One batch, or Http404."""
    found: Batch = visible_or_404(
        Batch.objects.select_related("tenant", "broker", "job", "binding"), actor, pk=key)
    return found


def quotes_of(row: Batch) -> TenantQuerySet:
    """The quotes of a batch in the file's order, with their firms and policies."""
    return Quote.objects.within(row.tenant_id).filter(batch=row).select_related("firm", "policy")


def referrals(actor: Actor) -> TenantQuerySet:
    """Quotes that wait, or waited, for an underwriter; of each firm only the last quote waits."""
    later = Quote.objects.unscoped("a sub-query within the firm's own rows").filter(
        firm=OuterRef("firm")).order_by("-id").values("pk")[:1]
    return Quote.objects.visible_to(actor).filter(outcome="referred").filter(
        Q(pk=Subquery(later)) | ~Q(decision="")).select_related("firm", "broker", "decided_by")


def renewal_runs(actor: Actor) -> TenantQuerySet:
    """The runs of renewals an actor sees, each with how many of it are bound."""
    return RenewalRun.objects.visible_to(actor).select_related("job", "broker").annotate(
        bound=Count("renewals__quote__policy"))


def renewal_run(actor: Actor, key: UUID) -> RenewalRun:
    """One run of renewals, or Http404."""
    found: RenewalRun = visible_or_404(RenewalRun.objects.select_related(
        "tenant", "broker", "job", "binding"), actor, pk=key)
    return found


def renewals_of(row: RenewalRun) -> TenantQuerySet:
    """What became of the policies of a run in hand."""
    return Renewal.objects.within(row.tenant_id).filter(run=row).select_related(
        "policy__firm", "quote__policy")


def links(actor: Actor) -> TenantQuerySet:
    """The links that an actor's house made."""
    rows = Link.objects.visible_to(actor)
    return rows.select_related("firm", "broker", "made_by")


def runs(actor: Actor) -> TenantQuerySet:
    """Runs of monthly pages."""
    return MonthRun.objects.visible_to(actor).select_related("job", "archive", "broker")


def months(actor: Actor) -> TenantQuerySet:
    """Monthly pages without their documents."""
    return Month.objects.visible_to(actor).defer("document").select_related("firm")


def month(actor: Actor, key: UUID) -> Month:
    """One monthly page, or Http404."""
    found: Month = visible_or_404(
        Month.objects.select_related("firm__link", "tenant"), actor, pk=key)
    return found


@dataclass(frozen=True, slots=True)
class Used:
    """What claims have taken out of a policy's limit of the year, in fen."""

    claims: int
    paid_fen: int
    limit_fen: int

    @property
    def left_fen(self) -> int:
        """What is left of the limit."""
        return max(self.limit_fen - self.paid_fen, 0)


def used_of(row: Policy) -> Used:
    """What claims have taken out of the limit of a policy in hand. What the law has the insurer pay
    on top of it (outside the limit) does not count."""
    payments = row.payments.all()  # a few; lists fetch them with the policies
    return Used(len({one.claim_id for one in payments}),
                sum(one.amount_fen - one.outside_fen for one in payments),
                row.aggregate_limit_fen)


@dataclass(frozen=True, slots=True)
class Beside:
    """Claims that stand beside a cancellation: those that are open, how many were paid and how
    much, and the last day of the thirty after it (保险法58条); None where nothing was paid."""

    open: tuple[str, ...]
    paid: int
    paid_fen: int
    until: date | None

    @property
    def any(self) -> bool:
        """Whether there is something to think of."""
        return bool(self.open or self.paid)


def claims_beside(row: Policy) -> Beside:
    """The claims under a policy that is to be cancelled, for who cancels it at the insurer."""
    rows = list(row.claims.prefetch_related("payments").order_by("id"))
    payments = [each for one in rows for each in one.payments.all()]
    last = max((each.paid_at for each in payments), default=None)
    # The clock ends at 24:00 of its last day, which is the beginning of the next.
    until = None if last is None else shanghai_day(
        clocks()[PARTIAL_LOSS].due(last)) - timedelta(days=1)
    return Beside(
        tuple(one.number for one in rows if one.is_open), len({one.claim_id for one in payments}),
        sum(each.amount_fen for each in payments), until)


@dataclass(frozen=True, slots=True)
class Known:
    """Claims that the insurer itself holds of a firm, by its credit code. Money in fen."""

    claims: int
    open: int
    paid_fen: int


def known_claims(row: Firm, actor: Actor) -> Known | None:
    """Claims of a firm's credit code in the insurer's books, for its staff alone: anybody may type
    a credit code. The plans' price does not know them; an underwriter reads them here."""
    if actor.tenant is None or actor.role == LINK or not row.credit_code:
        return None
    rows = Claim.objects.within(row.tenant_id).filter(
        Q(insured__credit_code=row.credit_code) | Q(firm_policy__firm__credit_code=row.credit_code))
    found = rows.annotate(paid=Sum("payments__amount_fen")).values_list("state", "paid")
    return Known(len(found), sum(1 for state, _paid in found if state in Claim.OPEN),
                 sum(paid or 0 for _state, paid in found))


def papers_of(row: Policy) -> dict[tuple[str, str], Paper]:
    """The papers of a policy that were made, by kind and language."""
    return {(one.kind, one.language): one for one in row.papers.all()}


@dataclass(frozen=True, slots=True)
class Book:
    """Small firms in figures. Money in fen."""

    firms: int
    waiting: int
    insured: int
    gross_fen: int
    limit_fen: int


def book(actor: Actor) -> Book:
    """What an actor's small firms come to."""
    rows = Policy.objects.visible_to(actor).filter(state__in=COVERED)
    figures = rows.aggregate(number=Count("pk"), gross=Sum("gross_premium_fen"),
                             limit=Sum("aggregate_limit_fen"))
    waiting = Firm.objects.visible_to(actor).filter(state=Firm.State.REFERRED).count()
    return Book(Firm.objects.visible_to(actor).count(), waiting, figures["number"],
                figures["gross"] or 0, figures["limit"] or 0)
