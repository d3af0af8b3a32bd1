"""How fast a mass job may go, so that the site stays usable: a setting that may change on the way.

After each chunk the job goes back to the queue until its rows are due; no worker waits for it.
"""

from __future__ import annotations

import dataclasses
from datetime import timedelta

from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.residents.models import ChangeList, Enrolment, Pace


def pace_of(subject: Enrolment | ChangeList) -> int | None:
    """How many rows a second a list may take; None: as many as it can."""
    found: int | None = Pace.objects.within(subject.tenant_id).filter(
        subject=subject.pk).values_list("rows_a_second", flat=True).first()
    return found


def paced(step: Step, done: Progress, subject: str) -> Progress:
    """What a chunk answers, with the pause that its list's pace asks for."""
    pace = Pace.objects.within(step.tenant).filter(subject=subject).values_list(
        "rows_a_second", flat=True).first()
    rows = done.progress - step.progress
    if not pace or done.is_last or rows <= 0:
        return done
    return dataclasses.replace(done, pause=timedelta(seconds=rows / pace))
