"""Leases: which worker holds a job, for how long, and which write of it still counts."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import Q

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core.models import Job


class LeaseLost(DinghaiError):
    """Another worker holds the job by now: nothing this one does may count."""


def process_identity(pid: int | None = None) -> str:
    """Names a process so that nobody else can bear its name: boot, process space, pid, start.

    Raises ProcessLookupError when there is no such process.
    """
    pid = pid or os.getpid()
    return f"{_place()}|{pid}|{_started(pid)}"


def is_dead(identity: str) -> bool:
    """Whether the process is known to be gone; False when this machine cannot tell."""
    place, _, rest = identity.rpartition("|")
    place, _, pid = place.rpartition("|")
    if place != _place() or not pid.isdecimal():
        return False
    try:
        return _started(int(pid)) != rest
    except ProcessLookupError:
        return True


def _place() -> str:
    """The machine since it was started, and the space in which its pids are counted."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return f"{socket.gethostname()}:unknown"
    return f"{socket.gethostname()}:{boot}:{space}"


def _started(pid: int) -> str:
    try:
        # Field 22 of stat; the name before it may hold blanks and brackets.
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        if Path("/proc/self/stat").exists():
            raise ProcessLookupError(pid) from error
        return "unknown"
    after_name = text.rpartition(")")[2].split()
    if after_name[0] == "Z":  # ended, and nobody has looked yet
        raise ProcessLookupError(pid)
    return after_name[19]


def claim_next(owner: str, now: datetime, lease: timedelta) -> Job | None:
    """Take the oldest job that waits, or whose lease ran out; None when there is none."""
    with transaction.atomic():
        jobs = Job.objects.unscoped("the queue is common to all tenants").filter(
            Q(state=Job.State.QUEUED) & (Q(not_before=None) | Q(not_before__lte=now))
            | Q(state=Job.State.RUNNING, lease_until__lt=now)
        )
        if connection.features.has_select_for_update_skip_locked:
            jobs = jobs.select_for_update(skip_locked=True, of=("self",))
        job: Job | None = jobs.order_by("id").first()
        if job is None:
            return None
        job.fence += 1
        job.attempts += 1
        job.state, job.reason = Job.State.RUNNING, ""
        job.lease_owner, job.lease_until = owner, now + lease
        job.started_at = job.started_at or now
        job.save(
            update_fields=(
                "fence", "attempts", "state", "reason", "lease_owner", "lease_until", "started_at",
            )
        )
        return job


def reclaim_dead(now: datetime) -> int:
    """Free the jobs of this machine's dead workers at once; how many there were."""
    freed = 0
    running = Job.objects.unscoped("the queue is common to all tenants").filter(
        state=Job.State.RUNNING
    )
    for job in running:
        if is_dead(job.lease_owner):
            freed += (
                Job.objects.unscoped("the queue is common to all tenants")
                .filter(pk=job.pk, fence=job.fence, state=Job.State.RUNNING)
                .update(lease_until=now - timedelta(seconds=1))
            )
    return freed


def held(job: Job) -> Job:
    """The job as it is now, locked. Raises LeaseLost when its fence has moved on."""
    rows = Job.objects.unscoped("the queue is common to all tenants").filter(
        pk=job.pk, fence=job.fence, state=Job.State.RUNNING
    )
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",))
    fresh: Job | None = rows.first()
    if fresh is None:
        raise LeaseLost(f"job {job.pk} is held by another worker")
    return fresh


def extend(job: Job, until: datetime) -> bool:
    """Keep the lease a while longer; False when it is lost."""
    return bool(
        Job.objects.unscoped("the queue is common to all tenants")
        .filter(pk=job.pk, fence=job.fence, state=Job.State.RUNNING)
        .update(lease_until=until)
    )
