"""Jobs of the actuary's room: the impact on the book, and versions whose day has come."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.actuarial.services.decisions import enter_into_force
from dinghai_platform.actuarial.services.impacts import IMPACT, prepare_rows, write_rows
from dinghai_platform.core import jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.jobs import Progress, Step

DAY = "actuarial.day"


@jobs.handler(IMPACT, title=_("Impact of a table on the book"), prepare=prepare_rows)
def impact_chunk(step: Step) -> Progress:
    """Write the next few policies under both tables."""
    return write_rows(step)


@jobs.handler(DAY, title=_("Tables whose day has come"), daily=True)
def day_chunk(step: Step) -> Progress:
    """Approved versions enter into force on their day."""
    house = system_actor(step.tenant, request_id=step.actor.request_id)
    return Progress(1, 1, result={"entered": enter_into_force(actor=house)})
