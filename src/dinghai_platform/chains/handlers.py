"""Jobs of supply chains: a run part by part, and what a day brings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.chains.services.imports import drop_old_imports
from dinghai_platform.chains.services.runs import RUN, prepare_part, write_part
from dinghai_platform.core import jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.jobs import Progress, Step

DAY = "chains.day"


@jobs.handler(RUN, title=_("Run of a supply chain"), prepare=prepare_part)
def run_chunk(step: Step) -> Progress:
    """Keep the next part of the run."""
    return write_part(step)


@jobs.handler(DAY, title=_("Uploads of chains that nobody kept"), daily=True)
def day_chunk(step: Step) -> Progress:
    """Drop uploads that wait too long."""
    house = system_actor(step.tenant, request_id=step.actor.request_id)
    return Progress(1, 1, result={"imports_dropped": drop_old_imports(actor=house)})
