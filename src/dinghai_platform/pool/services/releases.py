"""Releases: statistics for a purpose, published once and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from dinghai.experience.pool_cells import TABLES
from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_release import (
    METHOD_SUPPRESSED,
    Before,
    PoolRelease,
    counts_of,
    private_release,
    suppressed_release,
)
from dinghai.experience.pool_rules import check_purpose, pool_rules
from dinghai.foundation.errors import Refusal
from dinghai.foundation.reading import plain
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants, locked
from dinghai_platform.pool.models import Batch, BudgetEntry, Pool, Release, ReleasedBatch
from dinghai_platform.pool.queries import accepted_batches, document_of, snapshot_of, spent
from dinghai_platform.pool.services.members import opened_pool

PRIVATE_YEARS = 5
"""A private release counts this year and the four before it, whatever is there."""
PRIVATE_TABLES: tuple[tuple[str, ...], ...] = ((), ("peril",))
_WHY = "a release is made of every member's records"


@dataclass(frozen=True, slots=True)
class Made:
    """A release that was made and not published yet, and the state of the pool it rests on."""

    release: PoolRelease
    batches: tuple[Batch, ...]
    earlier: tuple[Any, ...]


class PoolChanged(Refusal):
    """The pool changed while a release was made."""


def publish_suppressed(
    purpose: str, *, actor: Actor, tables: Sequence[Sequence[str]] = TABLES
) -> Release:
    """Publish exact figures of the cells that may be told, for one purpose, at once.

    The audit is done before the transaction, which then makes sure that nothing came between.
    Raises InputError for a purpose or table that is none, Refusal where nothing may be told, too
    few firms changed, or the same was published before.
    """
    require(actor, "pool.operate")
    return publish(make_suppressed(purpose, tables), actor=actor)


def publish_private(
    purpose: str, budget: Budget, *, actor: Actor,
    tables: Sequence[Sequence[str]] = PRIVATE_TABLES,
) -> Release:
    """Publish noisy figures for one purpose, at once, and take what they spend off the year's
    budget.

    Raises InputError for a budget, purpose or table that is none, Refusal where the year has not
    that much left: two at once cannot spend the same.
    """
    require(actor, "pool.operate")
    return publish(make_private(purpose, tables, budget), actor=actor, budget=budget)


def make_suppressed(purpose: str, tables: Sequence[Sequence[str]]) -> Made:
    """Exact figures, audited against all earlier exact releases. Writes nothing."""
    check_purpose(purpose)
    opened_pool()
    with crossing_tenants(_WHY):
        rows, earlier = accepted_batches(purpose), _exact_releases()
        before = [Before(document_of(one), snapshot_of(_batches_of(one)).events)
                  for one in earlier]
        made = suppressed_release(
            snapshot_of(row.pk for row in rows), purpose=purpose, as_of=clock.today(),
            tables=tables, rules=pool_rules(), contributors=len({row.tenant_id for row in rows}),
            earlier=before)
        if any(one.document["tables"] == plain(made)["tables"] and one.purpose == purpose
               for one in earlier):
            raise Refusal("nothing has changed since the last release for this purpose")
    return Made(made, tuple(rows), tuple(one.pk for one in earlier))


def make_private(purpose: str, tables: Sequence[Sequence[str]], budget: Budget) -> Made:
    """Noisy figures. Writes nothing: what is not published has told and spent nothing."""
    check_purpose(purpose)
    budget.check()
    pool = opened_pool()
    with crossing_tenants(_WHY):
        require_budget(pool, budget)
        rows = accepted_batches(purpose)
        if not rows:
            raise Refusal("no record allows this purpose")
        year = clock.today().year
        made = private_release(
            snapshot_of(row.pk for row in rows), purpose=purpose, as_of=clock.today(),
            tables=tables, years=range(year - PRIVATE_YEARS + 1, year + 1), budget=budget,
            rules=pool_rules(), contributors=len({row.tenant_id for row in rows}))
    return Made(made, tuple(rows), ())


def publish(made: Made, *, actor: Actor, budget: Budget | None = None) -> Release:
    """Keep a release and what it spends in one transaction, in line behind others.

    Raises PoolChanged where it no longer stands for the pool, Refusal where the budget does not
    reach.
    """
    require(actor, "pool.operate")
    with crossing_tenants(_WHY), transaction.atomic():
        pool = locked(opened_pool())
        if budget is not None:
            require_budget(pool, budget)
        now = [row.pk for row in accepted_batches(made.release.purpose)]
        earlier = () if budget is not None else tuple(one.pk for one in _exact_releases())
        if now != [row.pk for row in made.batches] or earlier != made.earlier:
            raise PoolChanged("the pool changed while the release was made",
                              reasons=["try again"])
        release = _published(made.release, made.batches, pool, actor)
        if budget is not None:
            BudgetEntry.objects.create(
                tenant=pool.tenant, release=release, year=clock.today().year,
                epsilon_ppm=budget.epsilon_ppm, delta_ppb=budget.delta_ppb)
        return release


def require_budget(pool: Pool, budget: Budget) -> None:
    """Raises Refusal where this year has not that much left."""
    left = spent(pool)
    if budget.epsilon_ppm > left.left_epsilon_ppm or budget.delta_ppb > left.left_delta_ppb:
        raise Refusal("the year's privacy budget does not reach for this release",
                      reasons=["spend less, or wait for next year"])


def _exact_releases() -> list[Release]:
    return list(Release.objects.unscoped(_WHY).filter(method=METHOD_SUPPRESSED).order_by("number"))


def _batches_of(release: Release) -> list[object]:
    return list(ReleasedBatch.objects.unscoped(_WHY).filter(release=release)
                .values_list("batch_id", flat=True))


def _published(
    made: PoolRelease, rows: Sequence[Batch], pool: Pool, actor: Actor
) -> Release:
    year = clock.today().year
    count = Release.objects.unscoped(_WHY).filter(number__startswith=f"R{year}-").count()
    release = Release.objects.create(
        tenant=pool.tenant, number=f"R{year}-{count + 1:03}", purpose=made.purpose,
        method=made.method, as_of=made.as_of, document=plain(made), document_hash=made.hash,
        published_by=actor.user)
    ReleasedBatch.objects.bulk_create([
        ReleasedBatch(tenant=pool.tenant, release=release, batch=row, records=row.accepted)
        for row in rows])
    privacy = made.privacy
    audit.append(actor, "pool.release_published", release, {
        "number": release.number, "purpose": made.purpose, "method": made.method,
        "hash": made.hash, "batches": len(rows), "cells": counts_of(made),
        "epsilon_ppm": privacy.epsilon_ppm if privacy else 0,
        "delta_ppb": privacy.delta_ppb if privacy else 0})
    return release
