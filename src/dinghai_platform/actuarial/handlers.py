"""Jobs of the actuary's room: the impact on the book, fits, and what a day brings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.actuarial.services.decisions import enter_into_force
from dinghai_platform.actuarial.services.fits import FIT, drop_old_uploads
from dinghai_platform.actuarial.services.fitting import prepare_fit, write_fit
from dinghai_platform.actuarial.services.impacts import IMPACT, prepare_rows, write_rows
from dinghai_platform.core import jobs
from dinghai_platform.core.actors import system_actor
from dinghai_platform.core.jobs import Progress, Step

DAY = "actuarial.day"


@jobs.handler(FIT, title=_("Fit of a file"), prepare=prepare_fit)
def fit_chunk(step: Step) -> Progress:
    """Keep the fit, then its papers; the last one deletes the file."""
    return write_fit(step)


@jobs.handler(IMPACT, title=_("Impact of a table on the book"), prepare=prepare_rows)
def impact_chunk(step: Step) -> Progress:
    """Write the next few policies under both tables."""
    return write_rows(step)


@jobs.handler(DAY, title=_("Tables whose day has come"), daily=True)
def day_chunk(step: Step) -> Progress:
    """Approved versions enter into force on their day; files that nobody fitted are deleted."""
    house = system_actor(step.tenant, request_id=step.actor.request_id)
    dropped = drop_old_uploads(actor=house)  # first: it locks jobs, which come before the chain
    return Progress(1, 1, result={"entered": enter_into_force(actor=house),
                                  "files_dropped": dropped})
