"""Taking away what was staged of a list that was given up."""

from __future__ import annotations

from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.residents.checking import enrolment_of
from dinghai_platform.residents.models import Certificate, Enrolment, EnrolmentChunk
from dinghai_platform.residents.services.letting_go import let_go_of_file


def clear_part(step: Step) -> Progress:
    """Take the last staged chunk of a cancelled list away; its numbers are not given again."""
    enrolment = enrolment_of(step)
    assert enrolment.state == Enrolment.State.CANCELLED
    chunk = EnrolmentChunk.objects.within(step.tenant).filter(enrolment=enrolment).order_by(
        "-number").first()
    if chunk is None:
        let_go_of_file(enrolment, actor=step.actor)
        return Progress(step.progress, finished=True, result={"chunks": step.progress})
    Certificate.objects.within(step.tenant).filter(
        id__gte=chunk.first, id__lt=chunk.first + sum(chunk.accepted)).delete()
    chunk.delete()
    return Progress(step.progress + 1)
