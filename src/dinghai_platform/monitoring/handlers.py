"""Jobs of monitoring: a new table is held against the policies in force, one per chunk."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import clock, jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.monitoring.services.feeds import MATCH, match_policy, policies_in_force


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
