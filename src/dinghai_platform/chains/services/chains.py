"""Verbs on a whole chain: withdraw it."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.errors import Refusal
from dinghai_platform.chains.models import ChainImport, ChainRun, SupplyChain
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked, scope_of


@transaction.atomic
def withdraw_chain(chain: SupplyChain, *, reason: str, actor: Actor) -> SupplyChain:
    """Take a chain out of use: no new version, no new run; what was kept stays readable.

    Runs that go on are cancelled and waiting uploads dropped. Raises InputError without a reason,
    Refusal for one that was withdrawn.
    """
    require(actor, "chains.withdraw", chain)
    reason = given_reason(reason)
    with scope_of(actor, tenant=chain.tenant):
        audit.hold_chain(chain.tenant)
        chain = locked(chain)
        if not chain.is_active:
            raise Refusal("this chain was withdrawn before")
        going = ChainRun.objects.within(chain.tenant_id).filter(
            chain=chain, state=ChainRun.State.RUNNING).select_related("job")
        for run in going:
            if run.job is not None and not run.job.has_ended:
                jobs.cancel_job(run.job, actor=actor)
        ChainImport.objects.within(chain.tenant_id).filter(
            chain=chain, state=ChainImport.State.READ).update(
                state=ChainImport.State.DROPPED, content=None, document="")
        chain.state, chain.withdrawn_by, chain.withdrawn_at = (
            SupplyChain.State.WITHDRAWN, actor.user, clock.now())
        chain.withdrawal_reason = reason
        chain.save(update_fields=("state", "withdrawn_by", "withdrawn_at", "withdrawal_reason"))
        audit.append(actor, "chains.chain_withdrawn", chain, {
            "chain": chain.code, "versions": chain.latest, "reason": reason})
    return chain
