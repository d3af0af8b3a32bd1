"""Starting a mass decision, and letting claims go that one holds which has ended early."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from dinghai.foundation.errors import Refusal
from dinghai.schemes.resident_claim_tables import rules_hash, shipped_rules
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantQuerySet
from dinghai_platform.resident_claims.models import Claim, ClaimSetting, DecisionRun

DECIDE = "resident_claims.decide_all"
MOST = 200_000
"""Claims of one run; more are for the next one."""


def ready(tenant: Organisation) -> TenantQuerySet:
    """Claims that a run may decide today: submitted ones, and those whose wait is over.

    One that was paid before and is decided anew is decided alone: in a run its payment would count
    neither as paid to the other claims of its certificate nor as its own.
    """
    found: TenantQuerySet = Claim.objects.within(tenant).filter(
        Q(state=Claim.State.SUBMITTED)
        | Q(state=Claim.State.WAITING, wait_until__lte=clock.today()), deciding=False, paid_fen=0)
    return found


def not_said(tenant: Organisation) -> int:
    """How many of them are of schemes of which nobody has said whether terms were explained."""
    return ready(tenant).exclude(
        scheme__in=ClaimSetting.objects.within(tenant).values("scheme")).count()


@transaction.atomic
def start_run(*, actor: Actor, tenant: Organisation | None = None) -> DecisionRun:
    """Begin to decide everything that is ready; a run that goes on is answered instead.

    Raises Refusal where nothing is ready.
    """
    require(actor, "resident_claims.decide")
    owner = tenant or actor.own_tenant()
    audit.hold_chain(owner)
    going = DecisionRun.objects.within(owner).select_related("job", "tenant").filter(
        state=DecisionRun.State.RUNNING).first()
    if going is not None and going.job is not None and going.job.has_ended:
        let_go(going, actor=actor)  # its job failed or was cancelled: nobody works on it any more
    elif going is not None:
        found: DecisionRun = going
        return found
    run = DecisionRun.objects.create(
        tenant=owner, as_of=clock.today(), rules_hash=rules_hash(shipped_rules()),
        created_by=actor.user)
    rows = ready(owner).filter(scheme__in=ClaimSetting.objects.within(owner).values("scheme"))
    if rows[MOST:MOST + 1]:
        last = rows.order_by("pk").values_list("pk", flat=True)[MOST - 1]
        rows = rows.filter(pk__lte=last)
    run.claims = rows.update(run=run, deciding=True)
    if not run.claims:
        raise Refusal("no claim is ready to be decided",
                      reasons=["say for each scheme whether its terms were explained"]
                      if not_said(owner) else [])
    run.job = jobs.start_job(DECIDE, {"run": str(run.pk)}, actor=actor, tenant=owner,
                             total=run.claims + 1)
    run.save()
    audit.append(actor, "resident_claims.run_started", run, {"claims": run.claims,
                                                            "as_of": run.as_of.isoformat()})
    return run


@transaction.atomic
def let_go(run: DecisionRun, *, actor: Actor) -> DecisionRun:
    """Let claims go that a run still holds whose job failed or was cancelled.

    Raises Refusal while the job goes on. Asked again it answers the same.
    """
    require(actor, "resident_claims.decide", run)
    audit.hold_chain(run.tenant)
    run = DecisionRun.objects.within(run.tenant).select_related("job").get(pk=run.pk)
    if run.state != DecisionRun.State.RUNNING:
        return run
    if run.job is not None and not run.job.has_ended:
        raise Refusal("the run goes on", reasons=["cancel its job first"])
    run.left += Claim.objects.within(run.tenant).filter(run=run, deciding=True).update(
        deciding=False)
    run.state, run.finished_at = DecisionRun.State.ENDED, clock.now()
    run.save()
    audit.append(actor, "resident_claims.run_ended", run, {"decided": run.decided,
                                                          "left": run.left})
    return run
