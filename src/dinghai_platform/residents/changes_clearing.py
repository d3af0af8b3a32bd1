"""Taking away what was staged of a list of changes that was given up."""

from __future__ import annotations

from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.residents.changes_source import changes_of
from dinghai_platform.residents.models import Change, ChangeChunk, ChangeList
from dinghai_platform.residents.services.letting_go import let_go_of_file


def clear_changes(step: Step) -> Progress:
    """Take the last staged chunk of a list that was given up away. The new certificates of a
    renewal are taken away with their enrolment."""
    changes = changes_of(step)
    assert changes.state == ChangeList.State.CANCELLED
    chunk = ChangeChunk.objects.within(step.tenant).filter(changes=changes).order_by(
        "-number").first()
    if chunk is None:
        let_go_of_file(changes, actor=step.actor)
        return Progress(step.progress, finished=True, result={"chunks": step.progress})
    if changes.kind != ChangeList.Kind.RENEWAL:
        Change.objects.within(step.tenant).filter(
            id__gte=chunk.first, id__lt=chunk.first + chunk.accepted).delete()
    chunk.delete()
    return Progress(step.progress + 1)
