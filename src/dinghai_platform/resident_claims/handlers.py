"""Jobs of residents' claims: a mass decision, payments, a file looked through and taken in, the
day."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.resident_claims.import_reading import (
    look_through,
    prepare_rows,
    take_rows,
)
from dinghai_platform.resident_claims.mass import keep_part, prepare_part
from dinghai_platform.resident_claims.services.imports import CHECK, TAKE, keep_look
from dinghai_platform.resident_claims.services.paying import PAY_ALL, pay_chunk
from dinghai_platform.resident_claims.services.runs import DECIDE, ready, start_run

DAY = "resident_claims.day"


@jobs.handler(DECIDE, title=_("Residents' claims are decided"), prepare=prepare_part,
              max_attempts=10)
def decide_part(step: Step) -> Progress:
    """Keep the next part of a mass decision."""
    return keep_part(step)


@jobs.handler(PAY_ALL, title=_("Residents' claims are paid"), max_attempts=10)
def pay_part(step: Step) -> Progress:
    """Pay the next batch."""
    return pay_chunk(step)


@jobs.handler(CHECK, title=_("A file of residents' claims is looked through"),
              prepare=look_through)
def check_file(step: Step) -> Progress:
    """Keep what the look came to."""
    return keep_look(step)


@jobs.handler(TAKE, title=_("A file of residents' claims is taken in"), prepare=prepare_rows,
              max_attempts=10)
def take_part(step: Step) -> Progress:
    """Take the next rows in."""
    return take_rows(step)


@jobs.handler(DAY, title=_("Residents' claims whose wait is over"), daily=True)
def day(step: Step) -> Progress:
    """Begin a mass decision where a claim is ready; nothing otherwise."""
    started = 0
    if ready(step.tenant).exists():
        try:
            started = start_run(actor=system_actor(step.tenant), tenant=step.tenant).claims
        except Refusal:  # of schemes of which nobody has said how they are decided
            started = 0
    return Progress(1, 1, result={"claims": started})
