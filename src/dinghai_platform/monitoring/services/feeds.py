"""Loading a threat table, and holding every policy in force against it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction

from dinghai_platform.catalogue.models import FeedTable
from dinghai_platform.catalogue.queries import epss_in_force, kev_in_force
from dinghai_platform.catalogue.services import keep_feed_table
from dinghai_platform.core import clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.monitoring.models import Notice, Reading
from dinghai_platform.monitoring.services.findings import watch_exploited
from dinghai_platform.monitoring.services.readings import ensure_baseline, take_reading
from dinghai_platform.underwriting.models import Assessment, Policy

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


def not_read_yet(tenant: Organisation) -> Any:
    """Policies whose cover has begun and that nobody has read: paid before their first day, they
    were left out of every table loaded until then."""
    today = clock.today()
    return policies_in_force(tenant).filter(
        inception__lte=today, expiry__gte=today, readings__isnull=True
    )


@transaction.atomic
def begin_watch(policy: Policy, *, actor: Actor) -> Notice | None:
    """The first reading of a policy whose cover has begun: as it was priced, and as it is now.

    What the tables of today know and those of its price did not comes under watch with a written
    notice, as if they had been loaded today. Where no table has changed the first reading is all.
    """
    require(actor, "monitoring.read", policy)
    first = ensure_baseline(policy, actor=actor)
    if not _tables_changed(policy.tenant, first.assessment, clock.today()):
        return None
    _reading, notice = match_policy(policy, actor=actor)
    return notice


def _tables_changed(tenant: Organisation, priced: Assessment, today: date) -> bool:
    if kev_in_force(tenant, today).as_of != priced.kev_as_of:
        return True
    return _epss_day(tenant, today) != _epss_day(tenant, priced.as_of)


def _epss_day(tenant: Organisation, day: date) -> date | None:
    table = epss_in_force(tenant, day)
    return None if table is None else table.as_of


@transaction.atomic
def match_policy(policy: Policy, *, actor: Actor) -> tuple[Reading, Notice | None]:
    """Read one policy again under the tables in force now; what is newly known to be exploited
    comes under watch, with one written notice for all of it."""
    reading = take_reading(policy, cause=Reading.Cause.FEED, actor=actor)
    return reading, watch_exploited(policy, reading, actor=actor)
