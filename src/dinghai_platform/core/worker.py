"""The worker: takes jobs one after another and moves each on, chunk by chunk."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils.translation import gettext as _

from dinghai.foundation.clock import Clock, SystemClock
from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core import audit, jobs, leases
from dinghai_platform.core import clock as business_clock
from dinghai_platform.core.actors import SYSTEM, Actor, system_actor
from dinghai_platform.core.jobs import Handler, Progress, Step, handler_of
from dinghai_platform.core.models import Job, Organisation, WorkerPresence
from dinghai_platform.core.sweeping import sweep_files
from dinghai_platform.core.tenancy import crossing_tenants, scope_of

log = logging.getLogger(__name__)


class Worker:
    """One worker process. ``lease_clock`` is the machine's time; tests hand in their own."""

    def __init__(
        self,
        *,
        lease_clock: Clock | None = None,
        lease_seconds: int | None = None,
        turn_seconds: float = 10.0,
        poll_seconds: float = 0.5,
        parent: int | None = None,
    ) -> None:
        self.identity = leases.process_identity()
        self.clock = lease_clock or SystemClock()
        self.lease = timedelta(seconds=lease_seconds or settings.DINGHAI_JOB_LEASE_SECONDS)
        self.turn_seconds = turn_seconds
        self.poll_seconds = poll_seconds
        self.parent = parent
        self.stopping = threading.Event()
        self._day: date | None = None

    def stop(self) -> None:
        """Finish the present chunk, give the job back, and end."""
        self.stopping.set()

    def run(self) -> None:
        """Work until stopped (or until the parent process is gone)."""
        log.info("worker %s is ready", self.identity)
        self.reclaim()
        while not self.stopping.is_set():
            if self.parent is not None and os.getppid() != self.parent:
                log.info("the server is gone: the worker ends")
                return
            try:
                self.start_day()
                if not self.run_next():
                    self.stopping.wait(self.poll_seconds)
            except DatabaseError:
                log.exception("the database did not answer; trying again")
                self.stopping.wait(self.poll_seconds * 4)
            finally:
                close_old_connections()

    def reclaim(self) -> int:
        """Free the jobs of this machine's dead workers; how many there were."""
        with crossing_tenants("the worker serves every tenant"):
            return leases.reclaim_dead(self.clock.now())

    def start_day(self) -> bool:
        """Queue the day's own jobs of every insurer when a business day has begun.

        True when this worker had not looked at the day before. However many workers look, and
        however often one starts again, a day's job is queued once.
        """
        day = business_clock.today()
        if day == self._day:
            return False
        with crossing_tenants("the worker serves every tenant"):
            insurers = list(
                Organisation.objects.filter(kind=Organisation.Kind.INSURER, is_active=True)
            )
        for tenant in insurers:
            jobs.start_day(tenant, day)
        self._day = day
        self._sweep()
        return True

    def _sweep(self) -> None:
        """Take away what killed processes left on disk: when this worker starts, and every day."""
        try:
            if swept := sweep_files(self.clock.now()):
                log.info("%d files that a killed process had left were taken away", swept)
        except OSError:
            log.exception("what killed processes left on disk could not be taken away")

    def run_until_idle(self) -> int:
        """Do every job that can run now; how many turns were taken. For tests and commands."""
        turns = 0
        while self.run_next():
            turns += 1
        return turns

    def run_next(self) -> bool:
        """Take one job for one turn; False when nothing waits."""
        with crossing_tenants("the worker serves every tenant"):
            self._seen()
            job = leases.claim_next(self.identity, self.clock.now(), self.lease)
            if job is None:
                return False
            try:
                self._turn(job)
            except leases.LeaseLost:
                log.warning("job %s was taken over by another worker", job.pk)
            return True

    def _turn(self, job: Job) -> None:
        known: Handler | None = None
        started = time.monotonic()
        try:
            if job.attempts > job.max_attempts:
                raise TooManyAttempts(
                    f"the worker died {job.max_attempts} times in this chunk without moving on"
                )
            known = handler_of(job.kind)
            with self._heartbeat(job):
                while True:
                    job = self._chunk(job, known)
                    if job.state != Job.State.RUNNING:
                        return None
                    if self.stopping.is_set():
                        return self._give_back(
                            job, _("the worker was stopped; it will go on from here")
                        )
                    if time.monotonic() - started > self.turn_seconds and self._others_wait():
                        return self._give_back(
                            job, _("it makes room for other jobs for a moment")
                        )
        except leases.LeaseLost:
            raise
        except Exception as error:  # whatever a handler raises is the job's, not the worker's
            self._failed(job, error)
        return None

    def _chunk(self, job: Job, known: Handler) -> Job:
        """Do one chunk and commit it with the job's progress, if the fence still holds."""
        step = step_of(job)
        if known.prepare is not None and not job.cancel_requested:
            with scope_of(step.actor, tenant=step.tenant):
                prepared = known.prepare(step)
            step = step_of(job, prepared=prepared)
        with transaction.atomic():
            fresh = leases.held(job)
            if fresh.cancel_requested:
                return self._end(fresh, Job.State.CANCELLED)
            with scope_of(step.actor, tenant=step.tenant):
                done = known.chunk(step)
            return self._move_on(fresh, done)

    def _move_on(self, job: Job, done: Progress) -> Job:
        job.progress, job.attempts = done.progress, 0
        job.total = job.total if done.total is None else done.total
        job.message = done.message[:500] or job.message
        job.cursor = job.cursor if done.cursor is None else done.cursor
        job.lease_until = self.clock.now() + self.lease
        if done.is_last:
            job.result = done.result
            return self._end(job, Job.State.DONE)
        if done.pause is not None:
            job.state, job.not_before = Job.State.QUEUED, self.clock.now() + done.pause
            job.lease_owner, job.lease_until = "", None
            job.reason = _("it keeps to the pace that was set for it")
        job.save(
            update_fields=(
                "progress", "attempts", "total", "message", "cursor", "lease_until", "lease_owner",
                "state", "not_before", "reason",
            )
        )
        return job

    def _end(self, job: Job, state: Job.State, error: str = "") -> Job:
        job.state, job.error, job.finished_at = state, error, self.clock.now()
        job.lease_owner, job.lease_until, job.reason = "", None, ""
        job.save()
        actor = system_actor(job.tenant)
        audit.append(actor, f"core.job_{state.value}", job, {"progress": job.progress})
        return job

    def _failed(self, job: Job, error: Exception) -> None:
        if is_full(error):
            error = NoRoom("the disk of the database has no room: make some, then start the job "
                           "again; it goes on from its last chunk")
        log.warning("job %s (%s): %s", job.pk, job.kind, error, exc_info=error)
        said = str(error) if isinstance(error, DinghaiError) else f"{type(error).__name__}: {error}"
        with transaction.atomic():
            fresh = leases.held(job)
            # What the input or a rule refuses will be refused again: no second try.
            final = isinstance(error, DinghaiError) or fresh.attempts >= fresh.max_attempts
            if final:
                self._end(fresh, Job.State.FAILED, said)
                return
            wait = timedelta(seconds=2**fresh.attempts)
            fresh.state, fresh.not_before = Job.State.QUEUED, self.clock.now() + wait
            fresh.lease_owner, fresh.lease_until = "", None
            fresh.reason = _(
                "attempt %(attempt)d of %(most)d failed; the next follows in %(wait)d s: %(said)s"
            ) % {
                "attempt": fresh.attempts,
                "most": fresh.max_attempts,
                "wait": int(wait.total_seconds()),
                "said": said[:300],
            }
            fresh.save()

    def _give_back(self, job: Job, reason: str) -> None:
        with transaction.atomic():
            fresh = leases.held(job)
            fresh.state, fresh.reason = Job.State.QUEUED, reason
            fresh.lease_owner, fresh.lease_until, fresh.attempts = "", None, 0
            # Behind the others: they have until then to be taken.
            fresh.not_before = self.clock.now() + timedelta(seconds=self.poll_seconds)
            fresh.save()

    def _others_wait(self) -> bool:
        return (
            Job.objects.unscoped("the queue is common to all tenants")
            .filter(state=Job.State.QUEUED)
            .exists()
        )

    def _seen(self) -> None:
        now = self.clock.now()
        last = getattr(self, "_last_seen", None)
        if last is not None and abs((now - last).total_seconds()) < 5:
            return
        self._last_seen = now
        WorkerPresence.objects.update_or_create(
            identity=self.identity,
            defaults={"seen_at": now},
            create_defaults={"seen_at": now, "started_at": now},
        )
        WorkerPresence.objects.filter(seen_at__lt=now - timedelta(days=1)).delete()

    @contextlib.contextmanager
    def _heartbeat(self, job: Job) -> Iterator[None]:
        """Keep the lease while a chunk (or its preparation) takes longer than thought.

        In a test's transaction there is nobody else to keep it from, and no second connection.
        """
        if connection.in_atomic_block:
            yield
            return
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(job, ended), daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()

    def _beat(self, job: Job, ended: threading.Event) -> None:
        try:
            while not ended.wait(self.lease.total_seconds() / 3):
                with contextlib.suppress(DatabaseError), crossing_tenants("the heart of a job"):
                    if not leases.extend(job, self.clock.now() + self.lease):
                        return
                    self._seen()
        finally:
            connection.close()


class NoRoom(DinghaiError):
    """The database could not grow: trying again at once would not help."""


def is_full(error: Exception) -> bool:
    """Whether a database refused because its disk is full (SQLITE_FULL, PostgreSQL's 53100)."""
    cause = error.__cause__
    return isinstance(error, DatabaseError) and (
        getattr(cause, "sqlite_errorname", "") == "SQLITE_FULL"
        or getattr(cause, "sqlstate", "") == "53100")


class TooManyAttempts(DinghaiError):
    """A job whose chunk kills its worker again and again."""


def step_of(job: Job, *, prepared: object = None) -> Step:
    """The job as its chunk sees it."""
    system = job.created_by is None or job.role == SYSTEM
    actor = Actor(
        user=None if system else job.created_by,
        organisation=job.organisation,
        role=job.role,
        tenant=job.organisation if job.organisation.is_tenant else None,
        request_id=f"job-{job.pk.hex}",
    )
    return Step(
        job_id=str(job.pk),
        arguments=job.arguments,
        cursor=job.cursor,
        progress=job.progress,
        total=job.total,
        actor=actor,
        tenant=job.tenant,
        prepared=prepared,
    )
