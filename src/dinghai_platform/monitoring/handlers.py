"""Jobs of monitoring: a new table against the policies in force, and the watch of every day."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dinghai.foundation.errors import DinghaiError
from dinghai_platform.core import clock, jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.monitoring.services.feeds import (
    MATCH,
    begin_watch,
    match_policy,
    not_read_yet,
    policies_in_force,
)
from dinghai_platform.monitoring.services.findings import sweep_overdue

DAY = "monitoring.day"


@jobs.handler(MATCH, title=_("A new threat table against the policies in force"))
def match_chunk(step: Step) -> Progress:
    """Read the next policy again; policies that have not begun wait for their own day."""
    rows = policies_in_force(step.tenant).filter(
        inception__lte=clock.today(), expiry__gte=clock.today()
    )
    if last := step.cursor.get("last"):
        rows = rows.filter(pk__gt=last)
    policy = rows.select_related("tenant", "insured", "applicant", "case", "quote").first()
    noticed = step.cursor.get("notices", 0)
    if policy is None:
        result = {"policies": step.progress, "notices": noticed}
        return Progress(step.progress, step.progress, finished=True, result=result)
    house = system_actor(step.tenant, request_id=step.actor.request_id)
    _reading, notice = match_policy(policy, actor=house)
    cursor = {"last": str(policy.pk), "notices": noticed + (notice is not None)}
    # One more than the policies so far: the chunk that finds none left ends the job.
    return Progress(
        step.progress + 1, max(step.total or 0, step.progress + 2), policy.policy_no, cursor
    )


@jobs.handler(DAY, title=_("Watch of the day"), daily=True)
def day_chunk(step: Step) -> Progress:
    """What was not mended in time becomes overdue; then policies on their first day, one per
    chunk."""
    house = system_actor(step.tenant, request_id=step.actor.request_id)
    cursor = dict(step.cursor)
    if "overdue" not in cursor:
        cursor |= {"overdue": sweep_overdue(actor=house), "notices": 0, "unread": []}
        return Progress(1, 2, cursor=cursor)
    rows = not_read_yet(step.tenant)
    if last := cursor.get("last"):
        rows = rows.filter(pk__gt=last)
    policy = rows.select_related("tenant", "insured", "quote").first()
    if policy is None:
        cursor.pop("last", None)
        return Progress(step.progress + 1, step.progress + 1, result=cursor)
    try:
        with transaction.atomic():
            cursor["notices"] += begin_watch(policy, actor=house) is not None
    except DinghaiError as error:
        # One that cannot be read must not keep the others from it; the next day tries again.
        cursor["unread"] = [*cursor["unread"], f"{policy.policy_no}: {error}"]
    cursor["last"] = str(policy.pk)
    return Progress(step.progress + 1, step.progress + 2, policy.policy_no, cursor)
