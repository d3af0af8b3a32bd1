"""What nobody finished is given up in time, so that it blocks no scheme and keeps nobody's data."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from dinghai_platform.core import clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Job, Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import Row
from dinghai_platform.residents.models import ChangeList, Enrolment
from dinghai_platform.residents.services.changes import cancel_changes
from dinghai_platform.residents.services.lists import KEPT_DAYS, cancel_list


@transaction.atomic
def give_up_next(*, actor: Actor, tenant: Organisation) -> bool:
    """Give up the next list, of residents or of changes, that was looked through long ago and never
    done, or whose job failed long ago and was not started again; False where there is none.

    One at a time: each is locked behind its own job, and the audit chain after both.
    """
    require(actor, "residents.change")
    changes = _next(ChangeList, tenant, _is_old(
        ChangeList.State.CHECKED, ChangeList.State.READING, ChangeList.State.APPLYING))
    if changes is not None:
        cancel_changes(changes, actor=actor)
        return True
    enrolment = _next(Enrolment, tenant, _is_old(
        Enrolment.State.CHECKED, Enrolment.State.READING, Enrolment.State.ISSUING))
    if enrolment is not None:
        cancel_list(enrolment, actor=actor)
    return enrolment is not None


def _next(model: type[Row], tenant: Organisation, old: Q) -> Row | None:
    """The next old list, locked; None where somebody took it up at this moment."""
    rows = model.objects.within(tenant).filter(old)
    found = rows.order_by("pk").first()
    if found is None:
        return None
    held = jobs.locked_after_job(found)
    return held if rows.filter(pk=held.pk).exists() else None


def _is_old(waiting: str, *working: str) -> Q:
    kept = timedelta(days=KEPT_DAYS)
    return Q(state=waiting, created_at__lt=clock.now() - kept) | Q(
        state__in=working, job__state__in=(Job.State.FAILED, Job.State.CANCELLED),
        job__finished_at__lt=clock.machine_now() - kept)
