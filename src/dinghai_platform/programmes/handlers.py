"""The job of programmes: a study of shares or of floating premiums."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import jobs
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.programmes.services.studies import STUDY, prepare_study, write_study


@jobs.handler(STUDY, title=_("Study of a programme"), prepare=prepare_study)
def study_chunk(step: Step) -> Progress:
    """Keep what the study found."""
    return write_study(step)
