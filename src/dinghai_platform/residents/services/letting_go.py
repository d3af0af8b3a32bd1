"""Files of people are let go of once nobody needs them: name, size and hash stay."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from dinghai_platform.core import audit
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import forget_file
from dinghai_platform.core.permissions import require
from dinghai_platform.residents.models import ChangeList, Enrolment

_OPEN_LISTS: Final = (
    Enrolment.State.READING, Enrolment.State.CHECKED, Enrolment.State.ISSUING)
_OPEN_CHANGES: Final = (
    ChangeList.State.READING, ChangeList.State.CHECKED, ChangeList.State.APPLYING)


@transaction.atomic
def let_go_of_file(ended: Enrolment | ChangeList, *, actor: Actor) -> None:
    """Let go of a list's bytes once it is done or cleared, unless another list still needs them.

    What became of every row stands in the register.
    """
    require(actor, "residents.enrol" if isinstance(ended, Enrolment) else "residents.change", ended)
    if ended.file is None:
        return
    # Whoever takes the same bytes stands in this line too: before it, nobody knows who needs them.
    audit.hold_chain(ended.tenant)
    needed = [
        rows.within(ended.tenant).filter(file=ended.file_id, state__in=states).exclude(pk=ended.pk)
        for rows, states in ((Enrolment.objects, _OPEN_LISTS), (ChangeList.objects, _OPEN_CHANGES))]
    if not any(one.exists() for one in needed):
        forget_file(ended.file, actor=actor, reason=f"residents.{ended.state}")
