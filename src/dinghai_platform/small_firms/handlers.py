"""Jobs of small firms: a batch quoted, offers bound, monthly pages, days that run out."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core import jobs
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.small_firms.batching import bind_chunk, work_out, write_quotes
from dinghai_platform.small_firms.services.batches import BIND, QUOTE
from dinghai_platform.small_firms.services.changes import run_changes
from dinghai_platform.small_firms.services.months import MONTHS, prepare_months, write_months
from dinghai_platform.small_firms.services.policies import run_out
from dinghai_platform.small_firms.services.renewals import (
    RENEW,
    prepare_renewals,
    write_renewals,
)


@jobs.handler(QUOTE, title=_("Quotes of a batch of small firms"), prepare=work_out,
              max_attempts=5)
def quote_batch(step: Step) -> Progress:
    """Keep the next quotes."""
    return write_quotes(step)


@jobs.handler(BIND, title=_("Policies of a batch of small firms"), max_attempts=5)
def bind_batch(step: Step) -> Progress:
    """Bind the next offers."""
    return bind_chunk(step)


@jobs.handler(MONTHS, title=_("Monthly pages of small firms"), prepare=prepare_months,
              max_attempts=5)
def make_months(step: Step) -> Progress:
    """Keep the next pages, then their ZIP."""
    return write_months(step)


@jobs.handler(RENEW, title=_("Renewals of small firms"), prepare=prepare_renewals, max_attempts=5)
def renew(step: Step) -> Progress:
    """Keep the next renewals."""
    return write_renewals(step)


@jobs.handler("small_firms.days", title=_("Policies of small firms that run out"), daily=True)
def days(step: Step) -> Progress:
    """Changes whose day has come, policies that were not paid in time, and those that are over."""
    changed, fallen = run_changes(actor=step.actor)
    lapsed, expired = run_out(actor=step.actor)
    return Progress(1, 1, result={"lapsed": lapsed, "expired": expired, "changed": changed,
                                  "fallen": fallen})
