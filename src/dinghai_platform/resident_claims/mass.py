"""A mass decision in chunks: decided once for the whole run, kept some hundreds at a time.

The engine decides all claims of a run together, since a ring is only seen in the whole. What it
found stays with the worker between chunks; another worker, or this one after a restart, decides
again the same claims as they were held. A chunk takes whole certificates, so that it can see
whether anything else was determined on one of them meanwhile: such claims are left for the next
run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from dinghai_platform.core import audit, clock
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import Organisation
from dinghai_platform.resident_claims import engine
from dinghai_platform.resident_claims.engine import FIELDS, Determined, Schemes
from dinghai_platform.resident_claims.history import of_late
from dinghai_platform.resident_claims.models import Claim, DecisionRun
from dinghai_platform.resident_claims.services.keeping import Standing, keep_all

CHUNK: Final = 2_000
_CERTIFICATE: Final = FIELDS.index("certificate_id")
_NUMBER: Final = FIELDS.index("number")


@dataclass(frozen=True, slots=True)
class Whole:
    """A run decided: its claims by certificate, what the engine says, what it knew of before."""

    groups: Sequence[tuple[int, Sequence[str]]]
    found: dict[str, Determined]
    prior: dict[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """What a chunk keeps: certificates from ``start`` to ``end`` of the whole."""

    whole: Whole
    groups: Sequence[tuple[int, Sequence[str]]]
    end: int


_held: dict[UUID, Whole] = {}


def prepare_part(step: Step) -> Part | None:
    """The next certificates of a run; None where it is over. Takes long the first time, and writes
    nothing."""
    run = run_of(step)
    if run.state != DecisionRun.State.RUNNING:
        return None
    whole = _held.get(run.pk)
    if whole is None:
        _held.clear()  # one run at a time
        whole = _held[run.pk] = _decide(run)
    start, end, count = step.cursor.get("certificates", 0), 0, 0
    for end in range(start, len(whole.groups)):
        count += len(whole.groups[end][1])
        if count >= CHUNK:
            break
    return Part(whole, whole.groups[start:end + 1], end + 1)


def run_of(step: Step) -> DecisionRun:
    """The run that a job is about."""
    found: DecisionRun = DecisionRun.objects.within(step.tenant).get(pk=step.arguments["run"])
    return found


def _decide(run: DecisionRun) -> Whole:
    schemes = Schemes.of(run.tenant)
    values = list(Claim.objects.within(run.tenant).filter(run=run).order_by(
        "certificate_id", "pk").values_list(*FIELDS))
    groups: list[tuple[int, list[str]]] = []
    for one in values:
        if not groups or groups[-1][0] != one[_CERTIFICATE]:
            groups.append((one[_CERTIFICATE], []))
        groups[-1][1].append(one[_NUMBER])
    prior = engine.committed(run.tenant, [one for one, _numbers in groups], without=Q(run=run))
    known = of_late(run.tenant, run, run.as_of, schemes)
    found = engine.decide_rows(values, schemes, prior, run.as_of, known)
    return Whole(groups, found, prior)


def keep_part(step: Step) -> Progress:
    """Keep what was determined of some certificates, or end the run after the last."""
    audit.hold_chain(step.tenant)
    run = audit.locked(run_of(step))
    part: Part | None = step.prepared
    if part is None or run.state != DecisionRun.State.RUNNING:
        return Progress(step.progress, finished=True, result=_said(run))
    if not part.groups:
        _held.pop(run.pk, None)
        _end(run, step)
        return Progress(run.claims + 1, run.claims + 1, result=_said(run))
    kept, left = _choose(step.tenant, run, part)
    leaves = keep_all(step.tenant, kept, Schemes.of(step.tenant), run=run,
                      user=run.created_by) if kept else []
    if left:
        Claim.objects.within(step.tenant).filter(pk__in=left).update(deciding=False)
    run.decided += len(kept)
    run.left += len(left)
    run.outcomes = dict(Counter(run.outcomes) + Counter(one.outcome for _at, one in kept))
    run.pay_fen += sum(one.pay_fen for _at, one in kept)
    run.save()
    if kept:
        audit.append(step.actor, "resident_claims.decided_in_mass", run, {
            "claims": len(kept), "left": len(left),
            "pay_fen": str(sum(one.pay_fen for _at, one in kept))}, leaves=leaves)
    return Progress(step.progress + len(kept) + len(left), run.claims + 1,
                    cursor={"certificates": part.end})


def _choose(
    tenant: Organisation, run: DecisionRun, part: Part
) -> tuple[list[tuple[Standing, Determined]], list[Any]]:
    """Which claims of a part are kept, and which are left for another run."""
    before = engine.committed(tenant, [one for one, _numbers in part.groups], without=Q(run=run))
    kept: list[tuple[Standing, Determined]] = []
    left: list[Any] = []
    rows = {number: Standing(*rest) for number, *rest in Claim.objects.within(tenant).filter(
        run=run, deciding=True, certificate_id__gte=part.groups[0][0],
        certificate_id__lte=part.groups[-1][0]).values_list(
        "number", "pk", "scheme", "decisions_made", "paid_fen", "asked_on")}
    for certificate, numbers in part.groups:
        same = before.get(certificate, 0) == part.whole.prior.get(certificate, 0)
        for number in numbers:
            claim = rows.get(number)
            if claim is None:
                continue
            found = part.whole.found.get(number)
            if found is None or not same:
                left.append(claim.pk)
            else:
                kept.append((claim, found))
    return kept, left


def _end(run: DecisionRun, step: Step) -> None:
    run.left += Claim.objects.within(step.tenant).filter(run=run, deciding=True).update(
        deciding=False)
    run.state, run.finished_at = DecisionRun.State.DONE, clock.now()
    run.save()
    audit.append(step.actor, "resident_claims.run_done", run, _said(run))


def _said(run: DecisionRun) -> dict[str, Any]:
    return {"claims": run.claims, "decided": run.decided, "left": run.left,
            "outcomes": run.outcomes, "pay_fen": str(run.pay_fen)}
