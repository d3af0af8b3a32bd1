"""Jobs: each chunk commits with its progress, whoever dies when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from datetime import datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from dinghai.foundation.clock import SHANGHAI, ManualClock
from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit, jobs, leases
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.models import AuditEntry, Job, WorkerPresence
from dinghai_platform.core.worker import Worker
from tests.platform.core import handlers_for_tests

pytestmark = pytest.mark.django_db
START = datetime(2026, 5, 6, 9, tzinfo=SHANGHAI)
assert handlers_for_tests


@pytest.fixture
def clock():
    return ManualClock(START)


@pytest.fixture
def worker(clock):
    return Worker(lease_clock=clock, lease_seconds=30)


def start(tenant, kind="test.count", **arguments):
    arguments = arguments or {"total": 5}
    return jobs.start_job(kind, arguments, actor=system_actor(tenant))


def fresh(job):
    return Job.objects.unscoped("looking at the outcome").get(pk=job.pk)


def items(tenant):
    rows = AuditEntry.objects.within(tenant).filter(action="test.item").order_by("sequence")
    return list(rows.values_list("subject_id", flat=True))


def test_it_works(insurer, worker):
    job = start(insurer)
    assert job.state == Job.State.QUEUED
    worker.run_until_idle()
    done = fresh(job)
    assert (done.state, done.progress, done.total) == (Job.State.DONE, 5, 5)
    assert done.result == {"counted": 5}
    assert items(insurer) == ["0", "1", "2", "3", "4"]
    assert audit.verify_chain(insurer).holds


def test_jobs_run_oldest_first(insurer, worker):
    first, second = start(insurer), start(insurer)
    worker.run_next()
    assert fresh(first).state == Job.State.DONE
    assert fresh(second).state == Job.State.QUEUED


def test_a_job_runs_as_who_started_it(insurer, act_as, worker):
    actor = act_as("underwriter", insurer)
    jobs.start_job("test.count", {"total": 1}, actor=actor)
    worker.run_until_idle()
    entry = AuditEntry.objects.within(insurer).get(action="test.item")
    assert (entry.user, entry.role) == (actor.user, "underwriter")
    assert entry.request_id.startswith("job-")


def test_what_is_prepared_reaches_the_chunk(insurer, worker):
    job = start(insurer, "test.prepared", x=1)
    worker.run_until_idle()
    assert fresh(job).result == ["prepared 0", "prepared 1"]


def test_an_unknown_kind_is_refused(insurer):
    with pytest.raises(Refusal, match="no handler"):
        start(insurer, "test.nothing", x=1)


def test_an_auditor_starts_none(insurer, act_as):
    with pytest.raises(PermissionDenied):
        jobs.start_job("test.count", {"total": 1}, actor=act_as("auditor", insurer))


def test_a_failed_chunk_leaves_nothing_and_is_tried_again_later(insurer, worker, clock):
    job = start(insurer, "test.fail", x=1)
    worker.run_until_idle()
    waiting = fresh(job)
    assert waiting.state == Job.State.QUEUED
    assert "ZeroDivisionError" in waiting.reason
    assert jobs.why_it_waits(waiting) == waiting.reason
    for _ in range(3):
        clock.advance(seconds=60)
        worker.run_until_idle()
    failed = fresh(job)
    assert (failed.state, failed.error) == (Job.State.FAILED, "ZeroDivisionError: by zero")
    assert items(insurer) == []
    assert not worker.run_next()


def test_bad_input_is_not_tried_again(insurer, worker):
    job = start(insurer, "test.fail", input=True)
    worker.run_until_idle()
    failed = fresh(job)
    assert failed.state == Job.State.FAILED
    assert "third line" in failed.error


def test_a_failed_job_can_be_started_again(insurer, worker, act_as):
    job = start(insurer, "test.fail", input=True)
    worker.run_until_idle()
    jobs.retry_job(fresh(job), actor=act_as("underwriter", insurer))
    assert fresh(job).state == Job.State.QUEUED
    with pytest.raises(Refusal):
        jobs.retry_job(fresh(job), actor=act_as("underwriter", insurer))


def test_a_waiting_job_is_cancelled_at_once(insurer, worker, act_as):
    job = start(insurer)
    jobs.cancel_job(job, actor=act_as("underwriter", insurer))
    assert fresh(job).state == Job.State.CANCELLED
    assert not worker.run_next()
    with pytest.raises(Refusal, match="already ended"):
        jobs.cancel_job(job, actor=act_as("underwriter", insurer))


def test_a_running_job_is_cancelled_after_its_chunk(insurer, worker, clock, act_as):
    job = start(insurer)
    held = leases.claim_next(worker.identity, clock.now(), timedelta(seconds=30))
    assert held is not None
    known = jobs.handler_of("test.count")
    held = worker._chunk(held, known)
    jobs.cancel_job(fresh(job), actor=act_as("underwriter", insurer))
    worker._chunk(held, known)
    assert fresh(job).state == Job.State.CANCELLED
    assert items(insurer) == ["0", "1"]


def test_a_handlers_query_needs_its_scope_too(insurer, worker):
    job = start(insurer, "test.unscoped", x=1)
    worker.run_until_idle()
    assert "UnscopedQuery" in fresh(job).reason


def test_a_worker_that_lost_its_lease_writes_nothing(insurer, worker, clock):
    job = start(insurer)
    held = leases.claim_next("one", clock.now(), timedelta(seconds=30))
    clock.advance(seconds=31)
    other = leases.claim_next("two", clock.now(), timedelta(seconds=30))
    assert (held.pk, other.pk, other.fence) == (job.pk, job.pk, held.fence + 1)
    with pytest.raises(leases.LeaseLost):
        worker._chunk(held, jobs.handler_of("test.count"))
    assert items(insurer) == []
    assert not leases.extend(held, clock.now() + timedelta(seconds=30))
    assert leases.extend(other, clock.now() + timedelta(seconds=30))


def test_a_lease_that_runs_is_not_taken(insurer, clock):
    start(insurer)
    assert leases.claim_next("one", clock.now(), timedelta(seconds=30))
    assert leases.claim_next("two", clock.now(), timedelta(seconds=30)) is None


def test_a_job_that_kills_its_workers_fails_in_the_end(insurer, worker, clock):
    job = start(insurer)
    for _ in range(3):
        assert leases.claim_next("a worker that dies", clock.now(), timedelta(seconds=30))
        clock.advance(seconds=31)
    worker.run_until_idle()
    failed = fresh(job)
    assert failed.state == Job.State.FAILED
    assert "died 3 times" in failed.error


def test_the_dead_of_this_machine_are_known():
    assert not leases.is_dead(leases.process_identity())
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = leases.process_identity(child.pid)
    assert not leases.is_dead(identity)
    child.communicate(b"\n")
    assert leases.is_dead(identity)
    # The same pid, started at another time, is somebody else.
    assert leases.is_dead(leases.process_identity().rpartition("|")[0] + "|1")
    assert not leases.is_dead("another machine:boot:pid|1|1")
    assert not leases.is_dead("nonsense")


def test_a_dead_workers_job_is_free_at_once(insurer, worker, clock):
    job = start(insurer)
    place = leases.process_identity().rpartition("|")[0].rpartition("|")[0]
    assert leases.claim_next(f"{place}|{2**22 + 1}|1", clock.now(), timedelta(seconds=30))
    assert not worker.run_next()
    assert worker.reclaim() == 1
    worker.run_until_idle()
    assert fresh(job).state == Job.State.DONE


def test_a_waiting_job_says_why(insurer, worker, settings):
    job, second = start(insurer), start(insurer)
    assert "dinghai worker" in jobs.why_it_waits(job)
    WorkerPresence.objects.create(
        identity="x", started_at=datetime.now(SHANGHAI), seen_at=datetime.now(SHANGHAI)
    )
    assert jobs.why_it_waits(job)
    assert "1" in jobs.why_it_waits(second)
    worker.run_until_idle()
    assert jobs.why_it_waits(fresh(job)) == ""


def test_a_stopped_worker_gives_its_job_back(insurer, worker, clock):
    job = start(insurer)
    worker.stop()
    worker.run_next()
    waiting = fresh(job)
    assert (waiting.state, waiting.progress) == (Job.State.QUEUED, 2)
    assert waiting.reason
    clock.advance(seconds=1)
    Worker(lease_clock=clock).run_until_idle()
    assert fresh(job).state == Job.State.DONE
    assert items(insurer) == ["0", "1", "2", "3", "4"]


def test_a_long_job_makes_room_for_others(insurer, clock):
    worker = Worker(lease_clock=clock, turn_seconds=-1)
    long, short = start(insurer, total=6), start(insurer, total=1)
    worker.run_next()
    assert (fresh(long).state, fresh(long).progress) == (Job.State.QUEUED, 2)
    worker.run_next()
    assert fresh(short).state == Job.State.DONE


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_each_job_once(insurer):
    made = [start(insurer, total=4) for _ in range(6)]
    faults = []

    def work():
        try:
            Worker(lease_seconds=30).run_until_idle()
        except BaseException as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert {fresh(job).state for job in made} == {Job.State.DONE}
    assert sorted(items(insurer)) == sorted([str(n) for n in range(4)] * 6)
    assert audit.verify_chain(insurer).holds


WORKER = """
import json, os, sys
import django
from django.conf import settings
database = json.loads(os.environ["TEST_DATABASE"])
from dinghai_platform.settings import test as base
values = {k: getattr(base, k) for k in dir(base) if k.isupper()}
values["DATABASES"] = {"default": database}
settings.configure(**values)
django.setup()
import tests.platform.core.handlers_for_tests
from dinghai_platform.core.server import work
sys.exit(work(until_idle=len(sys.argv) > 1))
"""


def spawn(*arguments):
    """A worker process on the database of this test."""
    database = {
        name: value
        for name, value in connection.settings_dict.items()
        if name in {"ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS"}
    }
    environment = {**os.environ, "TEST_DATABASE": json.dumps(database, default=str)}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    return subprocess.Popen([sys.executable, "-c", WORKER, *arguments], env=environment)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_chunk_loses_nothing(insurer, tmp_path):
    marker = tmp_path / "marker"
    job = start(insurer, total=9, hang_at=5, marker=str(marker))
    first = spawn()
    deadline = threading.Event()
    try:
        for _ in range(600):
            if marker.exists() or first.poll() is not None:
                break
            deadline.wait(0.1)
        assert marker.exists()
        assert fresh(job).state == Job.State.RUNNING
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    # Two chunks are committed; the third had written both its rows and is gone.
    assert (fresh(job).progress, items(insurer)) == (4, ["0", "1", "2", "3"])
    Job.objects.within(insurer).filter(pk=job.pk).update(arguments={"total": 9})
    second = spawn("until idle")
    assert second.wait(60) == 0
    done = fresh(job)
    assert (done.state, done.progress) == (Job.State.DONE, 9)
    assert items(insurer) == [str(n) for n in range(9)]
    assert audit.verify_chain(insurer).holds
