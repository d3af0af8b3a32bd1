"""Jobs of residents' cover: a list looked through, issued, taken away, printed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import jobs
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.residents import changes_checking
from dinghai_platform.residents.changes_clearing import clear_changes
from dinghai_platform.residents.changes_staging import prepare_part, write_part
from dinghai_platform.residents.checking import keep_look, look_through
from dinghai_platform.residents.clearing import clear_part
from dinghai_platform.residents.pacing import paced
from dinghai_platform.residents.papers import keep_part, make_part
from dinghai_platform.residents.services.changes import APPLY_CHANGES, CHECK_CHANGES, CLEAR_CHANGES
from dinghai_platform.residents.services.giving_up import give_up_next
from dinghai_platform.residents.services.lists import (
    CHECK,
    CLEAR,
    GIVE_UP,
    ISSUE,
)
from dinghai_platform.residents.services.papers import PAPERS
from dinghai_platform.residents.services.streams import drop_old_streams
from dinghai_platform.residents.staging import prepare_chunk, write_chunk


@jobs.handler(CHECK, title=_("A list of residents is looked through"), prepare=look_through)
def check_list(step: Step) -> Progress:
    """Keep what the look came to."""
    return keep_look(step)


@jobs.handler(ISSUE, title=_("Certificates of a list of residents"), prepare=prepare_chunk,
              max_attempts=10)
def issue_list(step: Step) -> Progress:
    """Write the next chunk, then the seal."""
    return paced(step, write_chunk(step), step.arguments["enrolment"])


@jobs.handler(CLEAR, title=_("A list of residents is taken away"))
def clear_list(step: Step) -> Progress:
    """Take the next staged chunk away."""
    return clear_part(step)


@jobs.handler(GIVE_UP, title=_("Lists of residents that nobody issued are given up"), daily=True)
def give_up_lists(step: Step) -> Progress:
    """Cancel the next old list, or drop the next old stream: one in a transaction."""
    more = give_up_next(actor=step.actor, tenant=step.tenant) or bool(
        drop_old_streams(actor=step.actor, tenant=step.tenant, most=1))
    return Progress(step.progress + more, finished=not more)


@jobs.handler(PAPERS, title=_("Certificates of a list as PDF"), prepare=make_part)
def print_list(step: Step) -> Progress:
    """Keep the next part."""
    return keep_part(step)


@jobs.handler(CHECK_CHANGES, title=_("A list of changes of certificates is looked through"),
              prepare=changes_checking.look_through)
def check_changes(step: Step) -> Progress:
    """Keep what the look came to."""
    return changes_checking.keep_look(step)


@jobs.handler(APPLY_CHANGES, title=_("Changes of certificates by list"), prepare=prepare_part,
              max_attempts=10)
def apply_changes(step: Step) -> Progress:
    """Write the next chunk, then the seal."""
    return paced(step, write_part(step), step.arguments["changes"])


@jobs.handler(CLEAR_CHANGES, title=_("A list of changes is taken away"))
def clear_change_list(step: Step) -> Progress:
    """Take the next staged chunk away."""
    return clear_changes(step)
