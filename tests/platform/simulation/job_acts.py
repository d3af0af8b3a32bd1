"""Jobs: done in one go, or with a worker that dies, a chunk delivered twice, a write that fails."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from dinghai_platform.core import jobs, leases
from dinghai_platform.core.models import Job
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.core.worker import Worker
from tests.platform.simulation.digest import changed, digest_of_everything
from tests.platform.simulation.faults import Fuse, InjectedFault, _failing_write

if TYPE_CHECKING:
    from tests.platform.simulation.world import Simulation

LEASE = 30


def waiting() -> int:
    """How many jobs are not done."""
    return Job.objects.unscoped("the queue is common").filter(
        state__in=("queued", "running")).count()


def work(sim: Simulation) -> str:
    """Do what waits, in one of five ways; the way that was taken."""
    way = sim.random.choice(("plain", "dies", "twice", "fails", "plain"))
    if way in ("dies", "twice"):
        _interrupted(sim, twice=way == "twice")
    elif way == "fails":
        _failing(sim)
    finish(sim)
    return way


def finish(sim: Simulation) -> None:
    """A sound worker does all the rest; nothing is left waiting or failed."""
    worker = _worker(sim)
    for _ in range(6):
        sim.machine.advance(seconds=LEASE * 2)
        worker.run_until_idle()
        if not waiting():
            break
    assert not waiting(), "a job is still waiting"
    failed = Job.objects.unscoped("the queue is common").filter(state="failed").first()
    assert failed is None, f"a job failed: {failed.error}"


def _worker(sim: Simulation) -> Worker:
    return Worker(lease_clock=sim.machine, lease_seconds=LEASE)


def _interrupted(sim: Simulation, *, twice: bool) -> None:
    """A worker takes a job, does a few chunks and is gone; its late writes must not count."""
    first, second = _worker(sim), _worker(sim)
    with crossing_tenants("the worker serves every tenant"):
        held = leases.claim_next("first", sim.machine.now(), timedelta(seconds=LEASE))
        assert held is not None
        known = jobs.handler_of(held.kind)
        stale = held
        for _ in range(sim.random.randint(0, 2)):
            held = first._chunk(held, known)
            if held.state != Job.State.RUNNING:
                return
        # The lease runs out and another worker takes over.
        sim.machine.advance(seconds=LEASE + 1)
        taken = leases.claim_next("second", sim.machine.now(), timedelta(seconds=LEASE))
        assert taken is not None and taken.fence > held.fence
        if twice:
            taken = second._chunk(taken, known)
        before = digest_of_everything()
        for late in (held, stale):
            try:
                first._chunk(late, known)
            except leases.LeaseLost:
                continue
            raise AssertionError("a stale fence was let through")
        after = digest_of_everything()
        assert not changed(before, after), f"a stale worker wrote: {changed(before, after)}"
        assert not leases.extend(held, sim.machine.now() + timedelta(days=1))


def _failing(sim: Simulation) -> None:
    """One write inside a chunk fails: nothing of the chunk stays, the job is tried again."""
    worker = _worker(sim)
    with crossing_tenants("the worker serves every tenant"):
        held = leases.claim_next(worker.identity, sim.machine.now(), timedelta(seconds=LEASE))
        assert held is not None
        known = jobs.handler_of(held.kind)
        before = digest_of_everything()
        fuse = Fuse(Random(sim.random.random()).randint(1, 4))
        from django.db import connection

        try:
            with connection.execute_wrapper(_failing_write(fuse)):
                worker._chunk(held, known)
        except InjectedFault as error:
            after = digest_of_everything()
            assert not changed(before, after), f"half a chunk stayed: {changed(before, after)}"
            worker._failed(held, error)
