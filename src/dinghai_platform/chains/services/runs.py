"""Runs of a chain's twin: asked for by a verb, made part by part by a job.

Each part is one chunk: it is computed outside any transaction and kept together with the job's
progress, so that a run that was killed goes on with the part it had reached, and says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai_platform.catalogue.queries import epss_in_force, kev_in_force
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.models import ChainRun, ChainVersion, RunDocument
from dinghai_platform.chains.parts import (
    EXPECTED,
    Earlier,
    Part,
    Tables,
    Workshop,
    parts_of,
    workshop_of,
)
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import scope_of

RUN: Final = "chains.run"
LEAST_YEARS: Final = 100
MOST_YEARS: Final = 200_000
MOST_SEED: Final = 2_147_483_647
MOST_BUDGET: Final = 10**15


@transaction.atomic
def start_run(
    version: ChainVersion, *, years: int, seed: int, actor: Actor, day: date | None = None,
    budget_fen: int | None = None,
) -> ChainRun:
    """Queue years of a version's twin. While a run of the same question goes on, it is answered.

    ``day`` is that of the threat tables (today unless stated). Raises InputError for figures out
    of bounds, Refusal while another run of this version and seed goes on, and for a chain that was
    withdrawn.
    """
    require(actor, "chains.run", version)
    _check(years, seed, budget_fen)
    tenant = version.tenant
    with scope_of(actor, tenant=tenant):
        audit.hold_chain(tenant)  # two that ask at once get one run
        chain = version.chain
        chain.refresh_from_db()
        if not chain.is_active:
            raise Refusal("this chain was withdrawn", reasons=["begin another one"])
        asked = day or clock.today()
        going = ChainRun.objects.within(tenant).filter(
            version=version, seed=seed, state=ChainRun.State.RUNNING,
            job__state__in=("queued", "running")).select_related("job").first()
        if going is not None:
            if (going.years, going.day, going.budget_fen) == (years, asked, budget_fen):
                return going
            raise Refusal("another run of this version and seed goes on",
                          reasons=["wait for it, cancel its job, or choose another seed"])
        kev, epss = kev_in_force(tenant, asked), epss_in_force(tenant, asked)
        run = ChainRun(
            tenant=tenant, owner=version.owner, chain=chain, version=version, years=years,
            seed=seed, day=asked, kev_as_of=kev.as_of, epss_as_of=epss.as_of if epss else None,
            budget_fen=budget_fen, since=_earlier(version, asked), asked_by=actor.user)
        made = parts_of_run(run)
        run.lacks = [name for name in EXPECTED if name not in {one.name for one in made}]
        run.save(force_insert=True)
        run.job = jobs.start_job(
            RUN, {"run": str(run.pk)}, actor=actor, tenant=tenant,
            title=f"{chain.code} v{version.number}", total=len(made))
        run.save(update_fields=("job",))
        audit.append(actor, "chains.run_started", run, {
            "chain": chain.code, "version": version.number, "hash": version.document_hash,
            "years": years, "seed": seed, "day": asked.isoformat(), "budget_fen": budget_fen})
    return run


def _check(years: int, seed: int, budget_fen: int | None) -> None:
    if not LEAST_YEARS <= years <= MOST_YEARS:
        raise InputError(f"{years} years are not simulated here", field="years",
                         mend=f"give {LEAST_YEARS} to {MOST_YEARS}")
    if not 0 <= seed <= MOST_SEED:
        raise InputError("there is no such seed", field="seed",
                         mend=f"give a whole number from 0 to {MOST_SEED}")
    if budget_fen is not None and not 0 <= budget_fen <= MOST_BUDGET:
        raise InputError("there is no such budget", field="budget_fen",
                         mend="give an amount of zero or more")


def _earlier(version: ChainVersion, day: date) -> ChainRun | None:
    """The last run of the chain that says something else: of another version or another day."""
    found: ChainRun | None = ChainRun.objects.within(version.tenant_id).filter(
        chain=version.chain_id, state=ChainRun.State.DONE).exclude(
            version=version, day=day).order_by("-id").first()
    return found


def parts_of_run(run: ChainRun) -> tuple[Part, ...]:
    """The parts that a run makes."""
    return parts_of(budget=run.budget_fen is not None, earlier=run.since_id is not None)


@dataclass(frozen=True, slots=True)
class Made:
    """What a chunk prepared: the document of a part, or why there is none."""

    part: Part
    document: Mapping[str, Any] | None
    fault: Fault | None = None


@dataclass(slots=True)
class _Bench:
    """The workshop of the run that this worker is at: parts of one run follow each other."""

    run: str = ""
    shop: Workshop | None = None


_bench = _Bench()


def prepare_part(step: Step) -> Made | None:
    """Compute the next part, outside any transaction; None for a run that is over."""
    run = run_of(step)
    parts = parts_of_run(run)
    if run.state != ChainRun.State.RUNNING or step.progress >= len(parts):
        return None
    part = parts[step.progress]
    try:
        document = part.make(_shop_of(run))
    except InputError as error:
        return Made(part, None, error.fault)
    return Made(part, document)


def _shop_of(run: ChainRun) -> Workshop:
    if _bench.run != str(run.pk) or _bench.shop is None:
        _bench.run, _bench.shop = "", None  # the room of the former one, before the next is built
        since = run.since
        _bench.shop = workshop_of(
            chain_of_version(run.version), _tables(run), years=run.years, seed=run.seed,
            budget_fen=run.budget_fen, earlier=None if since is None else Earlier(
                chain_of_version(since.version), _tables(since)))
        _bench.run = str(run.pk)
    return _bench.shop


def _tables(run: ChainRun) -> Tables:
    return Tables(run.day, kev_in_force(run.tenant, run.day), epss_in_force(run.tenant, run.day))


def _clear() -> None:
    _bench.run, _bench.shop = "", None


def write_part(step: Step) -> Progress:
    """Keep the part that was prepared; with the last one the run is done."""
    run, made = run_of(step), step.prepared
    if made is None or run.state != ChainRun.State.RUNNING:
        return Progress(step.progress, finished=True, result={"run": str(run.pk)})
    if made.document is None:
        assert made.fault is not None
        run.state, run.fault, run.finished_at = (
            ChainRun.State.FAILED, made.fault.to_dict(), clock.now())
        run.save(update_fields=("state", "fault", "finished_at"))
        audit.append(step.actor, "chains.run_failed", run, {"part": made.part.name})
        _clear()
        return Progress(step.progress, finished=True,
                        result={"run": str(run.pk), "state": run.state})
    document = dict(made.document)
    kept = RunDocument.objects.create(
        tenant=run.tenant, owner=run.owner, run=run, part=made.part.name, document=document,
        document_hash=document_hash(document))
    run.holds = [*run.holds, made.part.name]
    if made.part.name == "simulation":
        run.mean_fen = document["loss"]["mean_fen"]
        run.tail_fen = document["loss"]["tvar_fen"]["0.99"]
        run.paid_fen = document["programme"]["mean_fen"]
    total = len(parts_of_run(run))
    progress = step.progress + 1
    if progress >= total:
        run.state, run.finished_at = ChainRun.State.DONE, clock.now()
        _clear()
    run.save(update_fields=("holds", "mean_fen", "tail_fen", "paid_fen", "state", "finished_at"))
    audit.append(step.actor, "chains.run_part_kept", run, {
        "part": kept.part, "hash": kept.document_hash})
    return Progress(progress, total, str(made.part.title),
                    result={"run": str(run.pk), "state": run.state})


def run_of(step: Step) -> ChainRun:
    """The run a job works on."""
    found: ChainRun = ChainRun.objects.within(step.tenant).select_related(
        "tenant", "owner", "version", "job", "since", "since__tenant", "since__version").defer(
            "version__document", "since__version__document").get(pk=step.arguments["run"])
    return found
