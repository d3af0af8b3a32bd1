"""Jobs of the pool: making and publishing a release."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import jobs
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.pool.services.requests import RELEASE, make_step, publish_step


@jobs.handler(RELEASE, title=_("Release of the pool"), prepare=make_step)
def release_chunk(step: Step) -> Progress:
    """Publish what was made, together with the job's end."""
    return publish_step(step)
