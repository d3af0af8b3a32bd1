"""Jobs: long work in chunks, each committed together with the job's progress.

A room registers a handler in its `handlers.py`:

    @jobs.handler("underwriting.import_dossiers", title=_("Import of dossiers"))
    def import_chunk(step: Step) -> Progress:
        rows = load(step.arguments["file"])[step.progress : step.progress + 200]
        create_dossiers(rows, actor=step.actor, tenant=step.tenant)
        return Progress(step.progress + len(rows), total=len(all_rows))

A chunk runs inside one transaction that also moves the job on, so that it either happened with
its progress or not at all. It takes about a second: SQLite has one writer. Work that writes
nothing (a simulation) belongs into ``prepare``, which runs before, outside the transaction.

A handler with ``daily=True`` is started by the worker once per business day for every insurer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from django.db import transaction
from django.utils.translation import gettext as _

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import SYSTEM, Actor, system_actor
from dinghai_platform.core.models import Job, Organisation, WorkerPresence
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import Row, locked, scope_of

WORKER_SEEN_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Step:
    """What a chunk is given: the job so far and who asked for it."""

    job_id: str
    arguments: dict[str, Any]
    cursor: dict[str, Any]
    progress: int
    total: int | None
    actor: Actor
    tenant: Organisation
    prepared: Any = None


@dataclass(frozen=True, slots=True)
class Progress:
    """What a chunk answers: how far it is. It is done when ``progress`` reaches ``total``.

    ``cursor`` (plain JSON) is handed to the next chunk; None keeps the present one.
    ``finished`` ends the job whatever the figures say; ``result`` is kept at the end.
    ``pause`` gives the job back to the queue for so long: it must not go faster.
    """

    progress: int
    total: int | None = None
    message: str = ""
    cursor: dict[str, Any] | None = None
    finished: bool = False
    result: Any = None
    pause: timedelta | None = None

    @property
    def is_last(self) -> bool:
        """Whether nothing is left to do."""
        return self.finished or (self.total is not None and self.progress >= self.total)


@dataclass(frozen=True, slots=True)
class Handler:
    """A kind of job: its chunk, what it prepares outside the transaction, and its bound."""

    kind: str
    chunk: Callable[[Step], Progress]
    prepare: Callable[[Step], Any] | None = None
    title: Any = ""
    max_attempts: int = 3
    daily: bool = False


@dataclass(slots=True)
class _Registry:
    handlers: dict[str, Handler] = field(default_factory=dict)


_registry = _Registry()


def handler(
    kind: str,
    *,
    title: Any = "",
    prepare: Callable[[Step], Any] | None = None,
    max_attempts: int = 3,
    daily: bool = False,
) -> Callable[[Callable[[Step], Progress]], Callable[[Step], Progress]]:
    """Register a chunk function for a kind of job ("room.verb").

    With ``daily`` the worker starts one for every insurer on each business day.
    """

    def register(chunk: Callable[[Step], Progress]) -> Callable[[Step], Progress]:
        if kind in _registry.handlers and _registry.handlers[kind].chunk is not chunk:
            raise ValueError(f"two handlers for jobs of kind {kind!r}")
        _registry.handlers[kind] = Handler(
            kind, chunk, prepare, title, max_attempts, daily
        )
        return chunk

    return register


def handler_of(kind: str) -> Handler:
    """The handler of a kind. Raises Refusal when no room of this site has it."""
    try:
        return _registry.handlers[kind]
    except KeyError:
        raise Refusal(f"this site has no handler for jobs of kind {kind!r}") from None


@transaction.atomic
def start_job(
    kind: str,
    arguments: dict[str, Any],
    *,
    actor: Actor,
    tenant: Organisation | None = None,
    title: str = "",
    total: int | None = None,
    key: str | None = None,
) -> Job:
    """Queue a job in the present transaction; it runs as this actor, in this tenant.

    With a ``key`` it is queued once: the same key of a tenant again answers the job of before.
    """
    if actor.role != SYSTEM:
        require(actor, "core.run_jobs")
    known = handler_of(kind)
    owner = tenant or actor.own_tenant()
    with scope_of(actor, tenant=owner):
        if key is not None:
            audit.hold_chain(owner)  # two that start the same at once: the second waits here
            before = Job.objects.within(owner).filter(key=key).first()
            if before is not None:
                return before
        job = Job.objects.create(
            tenant=owner,
            kind=kind,
            key=key,
            title=title or str(known.title),
            arguments=arguments,
            total=total,
            max_attempts=known.max_attempts,
            created_by=actor.user,
            organisation=actor.organisation,
            role=actor.role,
        )
    audit.append(actor, "core.job_started", job, {"kind": kind, "title": job.title})
    return job


def start_day(tenant: Organisation, day: date) -> list[Job]:
    """Queue what is done once per business day for an insurer; the same day again adds nothing."""
    house = system_actor(tenant)
    return [
        start_job(
            known.kind, {"day": day.isoformat()}, actor=house, tenant=tenant,
            title=f"{known.title} {day}", key=f"{known.kind}:{day}",
        )
        for known in sorted(_registry.handlers.values(), key=lambda one: one.kind)
        if known.daily
    ]


@transaction.atomic
def cancel_job(job: Job, *, actor: Actor) -> Job:
    """Ask a job to stop: at once when it waits, after its present chunk when it runs.

    Raises Refusal when it has already ended.
    """
    require(actor, "core.run_jobs", job)
    job = locked(job)
    if job.has_ended:
        raise Refusal("the job has already ended")
    job.cancel_requested = True
    if job.state == Job.State.QUEUED:
        job.state, job.finished_at, job.reason = Job.State.CANCELLED, clock.machine_now(), ""
    job.save(update_fields=("cancel_requested", "state", "finished_at", "reason"))
    audit.append(actor, "core.job_cancelled", job, {"progress": job.progress})
    return job


@transaction.atomic
def retry_job(job: Job, *, actor: Actor) -> Job:
    """Queue a failed or cancelled job again; it goes on from its last committed chunk.

    Raises Refusal for a job in any other state.
    """
    require(actor, "core.run_jobs", job)
    job = locked(job)
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise Refusal("only a failed or cancelled job can be started again")
    job.state, job.attempts, job.error, job.cancel_requested = Job.State.QUEUED, 0, "", False
    job.finished_at = job.not_before = None
    job.save(
        update_fields=(
            "state", "attempts", "error", "cancel_requested", "finished_at", "not_before",
        )
    )
    audit.append(actor, "core.job_retried", job, {"progress": job.progress})
    return job


def locked_after_job(row: Row) -> Row:
    """A row that has a ``job``, as it is now: the job is locked first, as its worker does it, so
    that who gives the work up and who does it never wait for each other in a ring. Must run inside
    a transaction."""
    rows = type(row)._base_manager.filter(pk=row.pk)
    while True:
        with transaction.atomic():
            job = rows.values_list("job_id", flat=True).get()
            if job is not None:
                locked(Job(pk=job))
            fresh: Any = locked(row)
            if fresh.job_id == job:
                return cast(Row, fresh)
            transaction.set_rollback(True)  # it began another job: let go, and start with that


def why_it_waits(job: Job) -> str:
    """Why a queued job is not running; empty for any other."""
    if job.state != Job.State.QUEUED:
        return ""
    if job.reason:
        return job.reason
    seen = WorkerPresence.objects.order_by("-seen_at").first()
    if seen is None or (clock.machine_now() - seen.seen_at).total_seconds() > WORKER_SEEN_SECONDS:
        return _("no worker is running: start one with `dinghai worker`")
    before = (
        Job.objects.unscoped("the queue is common to all tenants")
        .filter(state__in=(Job.State.QUEUED, Job.State.RUNNING), id__lt=job.id)
        .count()
    )
    if not before:
        return _("a worker is about to take it")
    return _("%(count)d jobs are before it") % {"count": before}


def job_state(job: Job) -> dict[str, Any]:
    """A job as plain JSON, for the API and the page that follows it."""
    return {
        "id": str(job.pk),
        "kind": job.kind,
        "title": job.title,
        "state": job.state,
        "progress": job.progress,
        "total": job.total,
        "percent": job.percent,
        "message": job.message,
        "reason": why_it_waits(job),
        "error": job.error,
        "result": job.result,
        "created_at": job.created_at.isoformat(),
        "started_at": job.started_at.isoformat() if job.started_at else None,
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
    }
