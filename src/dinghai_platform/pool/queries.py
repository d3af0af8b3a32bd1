"""Reads of the pool: the pool itself, members, one's own batches, releases, budget, credits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Sum
from django.http import Http404

from dinghai.experience.pool_cells import Given, Snapshot, snapshot
from dinghai.experience.pool_records import PoolRecord
from dinghai.experience.pool_release import PoolRelease
from dinghai.foundation.reading import typed
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import allowed
from dinghai_platform.core.tenancy import crossing_tenants, visible_or_404
from dinghai_platform.pool.models import (
    Batch,
    BudgetEntry,
    CreditEntry,
    Member,
    Pool,
    Record,
    Release,
    ReleasedBatch,
    ReleaseRequest,
)
from dinghai_platform.pool.rules import is_authority

ANYBODY = "the pool and its releases are open to everybody signed in"


@dataclass(frozen=True, slots=True)
class Spent:
    """A year's budget: what it may spend and what it spent (millionths and billionths)."""

    year: int
    epsilon_ppm: int
    delta_ppb: int
    most_epsilon_ppm: int
    most_delta_ppb: int

    @property
    def left_epsilon_ppm(self) -> int:
        """What is left of epsilon."""
        return self.most_epsilon_ppm - self.epsilon_ppm

    @property
    def left_delta_ppb(self) -> int:
        """What is left of delta."""
        return self.most_delta_ppb - self.delta_ppb


@dataclass(frozen=True, slots=True)
class Shown:
    """A member as others see it: who it is, and nothing of what it gave but its share of
    credits."""

    organisation: Any
    state: str
    admitted_at: Any
    credits_milli: int
    share_ppm: int


@dataclass(frozen=True, slots=True)
class Stock:
    """What the pool holds now, as sums over members."""

    members: int
    batches: int
    records: int
    by_purpose: dict[str, int]


def the_pool() -> Pool | None:
    """The pool of this site; None until the operator has opened it."""
    with crossing_tenants(ANYBODY):
        return Pool.objects.unscoped(ANYBODY).first()


def membership(actor: Actor) -> Member | None:
    """The actor's organisation's membership while it is in force."""
    return Member.objects.visible_to(actor).filter(
        organisation=actor.organisation, state=Member.State.ACTIVE).first()


def balance(organisation: Any) -> int:
    """A member's credits, in thousandths."""
    total = CreditEntry.objects.within(organisation).aggregate(total=Sum("amount_milli"))["total"]
    return int(total or 0)


def sees_detail(actor: Actor) -> bool:
    """Whether an actor sees whole releases: contributors with credits, authorities, the operator.
    """
    if allowed(actor, "pool.operate") or is_authority(actor):
        return True
    return membership(actor) is not None and balance(actor.organisation) > 0


def sees_members(actor: Actor) -> bool:
    """Whether an actor sees who the members are."""
    return (allowed(actor, "pool.operate") or is_authority(actor)
            or membership(actor) is not None)


def members() -> list[Shown]:
    """All members with their share of all credits."""
    with crossing_tenants("who takes part, and how much, is shown to those who take part"):
        rows = list(Member.objects.unscoped("all members").select_related("organisation")
                    .order_by("organisation__name_zh"))
        earned = dict(CreditEntry.objects.unscoped("all members' credits").order_by()
                      .values_list("tenant_id").annotate(total=Sum("amount_milli")))
    total = sum(earned.values())
    return [
        Shown(row.organisation, row.state, row.admitted_at, earned.get(row.organisation_id, 0),
              earned.get(row.organisation_id, 0) * 1_000_000 // total if total else 0)
        for row in rows
    ]


def stock() -> Stock:
    """Sums over what the members gave and did not withdraw."""
    with crossing_tenants("sums over all members"):
        rows = list(Batch.objects.unscoped("sums over all members")
                    .filter(state=Batch.State.ACCEPTED)
                    .values_list("events", "covers", "purposes"))
        count = Member.objects.unscoped("sums").filter(state=Member.State.ACTIVE).count()
    by_purpose: dict[str, int] = {}
    for events, covers, allowed_for in rows:
        for purpose in allowed_for:
            by_purpose[purpose] = by_purpose.get(purpose, 0) + events + covers
    return Stock(count, len(rows), sum(one[0] + one[1] for one in rows), by_purpose)


def spent(pool: Pool, year: int | None = None) -> Spent:
    """What a year (this one) has spent and may spend."""
    year = year or clock.today().year
    with crossing_tenants(ANYBODY):
        found = BudgetEntry.objects.unscoped(ANYBODY).filter(year=year).aggregate(
            epsilon=Sum("epsilon_ppm"), delta=Sum("delta_ppb"))
    return Spent(year, found["epsilon"] or 0, found["delta"] or 0,
                 pool.year_epsilon_ppm, pool.year_delta_ppb)


def batches(actor: Actor) -> QuerySet[Batch]:
    """The actor's own organisation's batches."""
    return Batch.objects.within(actor.organisation)


def batch_of(actor: Actor, key: Any) -> Batch:
    """One of them, else Http404."""
    return visible_or_404(batches(actor).select_related("given_by"), actor, pk=key)


def releases_of(batch: Batch) -> list[str]:
    """The numbers of the releases that a batch entered."""
    with crossing_tenants("into which releases one's own batch went"):
        return list(batch.releases.order_by("release__number")
                    .values_list("release__number", flat=True))


def credit_entries(actor: Actor) -> QuerySet[CreditEntry]:
    """The actor's own organisation's credits."""
    return CreditEntry.objects.within(actor.organisation).select_related("batch")


def releases(actor: Actor) -> QuerySet[Release]:
    """All releases, whose documents are left in the database."""
    return Release.objects.visible_to(actor).defer("document")


def release_of(actor: Actor, number: str) -> Release:
    """The release of a number, else Http404."""
    found = Release.objects.visible_to(actor).filter(number=number[:40]).first()
    if found is None:
        raise Http404("no such release")
    return found


def release_requests(actor: Actor) -> QuerySet[ReleaseRequest]:
    """Releases that were asked for, with their jobs, newest first."""
    return ReleaseRequest.objects.visible_to(actor).select_related("job", "release").defer(
        "release__document").order_by("-id")


def release_request_of(actor: Actor, key: Any) -> ReleaseRequest:
    """One of them, else Http404."""
    return visible_or_404(release_requests(actor), actor, pk=key)


def document_of(row: Release) -> PoolRelease:
    """The engine's release of a row."""
    return typed(row.document, PoolRelease)


def withdrawn_since(rows: Iterable[Release]) -> dict[Any, int]:
    """For releases, how many of the records they were made of were withdrawn after them."""
    keys = [row.pk for row in rows]
    with crossing_tenants("how much of a release was withdrawn is a sum over members"):
        found = (ReleasedBatch.objects.unscoped("a sum over members")
                 .filter(release__in=keys, batch__state=Batch.State.WITHDRAWN).order_by()
                 .values_list("release_id").annotate(total=Sum("records")))
        return {**dict.fromkeys(keys, 0), **dict(found)}


def accepted_batches(purpose: str) -> list[Batch]:
    """Every member's batches that allow a purpose and were not withdrawn. Inside a crossing."""
    rows = Batch.objects.unscoped("a release is made of every member's records").filter(
        state=Batch.State.ACCEPTED).order_by("id")
    return [row for row in rows if purpose in row.purposes]


def snapshot_of(keys: Iterable[Any]) -> Snapshot:
    """What stands in some batches. Inside a crossing."""
    rows = Record.objects.unscoped("a release is made of every member's records").filter(
        batch__in=list(keys)).order_by("id")
    return snapshot(Given(str(row.tenant_id), record_of(row)) for row in rows.iterator())


def record_of(row: Record) -> PoolRecord:
    """The engine's record of a row."""
    return PoolRecord(
        row.kind, row.firm, row.day, row.section, row.size_band, row.peril, row.amount_fen,
        row.records, row.duration_hours, row.role)
