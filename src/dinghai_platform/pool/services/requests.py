"""Releases as jobs: asked for once, made by the worker, published together with the job's end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.experience.pool_cells import TABLES, check_tables
from dinghai.experience.pool_private import Budget
from dinghai.experience.pool_release import METHOD_PRIVATE, METHOD_SUPPRESSED
from dinghai.experience.pool_rules import check_purpose
from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import Job
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.pool.models import ReleaseRequest
from dinghai_platform.pool.queries import stock
from dinghai_platform.pool.services.members import opened_pool
from dinghai_platform.pool.services.releases import (
    PRIVATE_TABLES,
    Made,
    PoolChanged,
    make_private,
    make_suppressed,
    publish,
    require_budget,
)
from dinghai_platform.pool.words import purpose_name

RELEASE: Final = "pool.release"
MOST_TRIES: Final = 3
"""So often a release is made anew when the pool changed meanwhile; then it fails."""
_UNFINISHED: Final = (Job.State.QUEUED, Job.State.RUNNING)
_STEPS: Final = 2


@transaction.atomic
def request_release(
    purpose: str, *, actor: Actor, budget: Budget | None = None,
    tables: Sequence[Sequence[str]] | None = None,
) -> ReleaseRequest:
    """Queue a release: with a budget of noisy figures, else of exact ones.

    While the same is being made, that request is answered. Raises InputError for a purpose, table
    or budget that is none, Refusal where another is being made or the year has not that much left.
    """
    require(actor, "pool.operate")
    check_purpose(purpose)
    if tables is None:
        tables = TABLES if budget is None else PRIVATE_TABLES
    wanted = [list(one) for one in check_tables(tables)]
    if budget is not None:
        budget.check()
    pool = locked(opened_pool())  # two who ask at once stand in line
    asked: dict[str, Any] = {
        "purpose": purpose, "tables": wanted,
        "method": METHOD_SUPPRESSED if budget is None else METHOD_PRIVATE,
        "epsilon_ppm": budget.epsilon_ppm if budget else 0,
        "delta_ppb": budget.delta_ppb if budget else 0}
    going = ReleaseRequest.objects.within(pool.tenant).select_related("job").filter(
        job__state__in=_UNFINISHED).first()
    if going is not None:
        if all(getattr(going, name) == value for name, value in asked.items()):
            return going
        raise Refusal("a release is being made", reasons=["follow it to its end, or stop its job"])
    if budget is not None:
        require_budget(pool, budget)
    row = ReleaseRequest(tenant=pool.tenant, requested_by=actor.user, **asked)
    row.job = jobs.start_job(
        RELEASE, {"request": str(row.pk)}, actor=actor, tenant=pool.tenant,
        title=purpose_name(purpose), total=_STEPS)
    row.save(force_insert=True)
    audit.append(actor, "pool.release_requested", row, {**asked, "job": str(row.job_id)})
    return row


def make_step(step: Step) -> Made | None:
    """Outside any transaction: nothing for the first step, the release for the second."""
    row = request_of(step)
    if step.progress == 0 or row.release_id is not None:
        return None
    require(step.actor, "pool.operate")
    _require_alone(row)
    if row.method == METHOD_SUPPRESSED:
        return make_suppressed(row.purpose, row.tables)
    return make_private(row.purpose, row.tables, _budget(row))


def publish_step(step: Step) -> Progress:
    """Say what is going to be read; then publish what was made, unless the pool changed."""
    row = request_of(step)
    if row.release_id is not None:
        return _finished(row)
    if step.progress == 0:
        held = stock()
        return Progress(1, _STEPS, _("%(records)d records in %(batches)d batches are read") % {
            "records": held.records, "batches": held.batches})
    made = step.prepared
    assert isinstance(made, Made)
    try:
        row.release = publish(made, actor=step.actor, budget=_budget(row))
    except PoolChanged:
        tries = int(step.cursor.get("tries", 0)) + 1
        if tries >= MOST_TRIES:
            raise
        return Progress(1, _STEPS, _("the pool changed: it is made anew"), {"tries": tries})
    row.save(update_fields=("release",))
    return _finished(row)


def request_of(step: Step) -> ReleaseRequest:
    """What a job is to release."""
    row: ReleaseRequest = ReleaseRequest.objects.within(step.tenant).select_related(
        "release").get(pk=step.arguments["request"])
    return row


def _finished(row: ReleaseRequest) -> Progress:
    assert row.release is not None
    return Progress(_STEPS, _STEPS, row.release.number, finished=True,
                    result={"request": str(row.pk), "release": row.release.number})


def _require_alone(row: ReleaseRequest) -> None:
    """A failed request that is tried again waits for nobody: it fails where another is at work."""
    others = ReleaseRequest.objects.within(row.tenant).filter(
        job__state__in=_UNFINISHED, id__lt=row.pk)
    if others.exists():
        raise Refusal("a release is being made", reasons=["follow it to its end, or stop its job"])


def _budget(row: ReleaseRequest) -> Budget | None:
    if row.method == METHOD_SUPPRESSED:
        return None
    return Budget(row.epsilon_ppm, row.delta_ppb)
