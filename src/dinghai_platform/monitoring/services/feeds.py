"""Loading a threat table, and holding every policy in force against it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from dinghai_platform.catalogue.models import FeedTable
from dinghai_platform.catalogue.services import keep_feed_table
from dinghai_platform.core import jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.monitoring.models import Notice, Reading
from dinghai_platform.monitoring.services.findings import watch_exploited
from dinghai_platform.monitoring.services.readings import take_reading
from dinghai_platform.underwriting.models import Policy

MATCH = "monitoring.match_feed"


@transaction.atomic
def load_feed(
    content: bytes, *, name: str, kind: str, actor: Actor, as_of: date | None = None
) -> FeedTable:
    """Keep a KEV or EPSS table and queue the job that reads every policy in force again.

    The same table again answers the one that is there. Raises InputError for a faulty file.
    """
    table = keep_feed_table(content, name=name, kind=kind, as_of=as_of, actor=actor)
    if table.job_id is None:
        table.job = jobs.start_job(
            MATCH,
            {"feed": str(table.pk)},
            actor=actor,
            title=f"{table.get_kind_display()} {table.as_of}",
            total=policies_in_force(table.tenant).count(),
        )
        table.save(update_fields=("job",))
    return table


def policies_in_force(tenant: Organisation) -> Any:
    """A tenant's policies in force, in the order they were made."""
    return Policy.objects.within(tenant).filter(state="in_force").order_by("id")


@transaction.atomic
def match_policy(policy: Policy, *, actor: Actor) -> tuple[Reading, Notice | None]:
    """Read one policy again under the tables in force now; what is newly known to be exploited
    comes under watch, with one written notice for all of it."""
    reading = take_reading(policy, cause=Reading.Cause.FEED, actor=actor)
    return reading, watch_exploited(policy, reading, actor=actor)
