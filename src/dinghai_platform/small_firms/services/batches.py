"""Many firms of one file: looked through (a dry run), quoted by a job, bound as chosen by another.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.small_firm_file import FirmFile, firms_of_bytes
from dinghai_platform.chains.services.common import file_name
from dinghai_platform.core import audit, clock, files, jobs, tenancy
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import TenantQuerySet
from dinghai_platform.small_firms.engine import plans, product_on_sale
from dinghai_platform.small_firms.models import Batch, Quote
from dinghai_platform.small_firms.services.common import (
    books_of,
    broker_of,
    first_day,
    home_of,
    house_of,
)
from dinghai_platform.small_firms.services.policies import CHANNELS
from dinghai_platform.underwriting.numbers import next_number

QUOTE: Final = "small_firms.quote_batch"
BIND: Final = "small_firms.bind_batch"
LARGEST: Final = 8 * 1024 * 1024
MOST_ROWS: Final = 2_000
MOST_FAULTS: Final = 2_000


def look_through(content: bytes, name: str, on: date) -> FirmFile:
    """A file as the engine reads it. Raises InputError for one that is none, too large or too
    long."""
    if len(content) > LARGEST:
        raise InputError(f"the file is larger than {LARGEST} bytes", file=name, mend="split it")
    found = firms_of_bytes(content, name, plans(), on=on)
    if found.rows > MOST_ROWS:
        raise InputError(f"the file has more than {MOST_ROWS} firms", file=name, mend="split it")
    return found


def take_batch(
    content: bytes, *, name: str, actor: Actor, inception: date | None = None,
    insurer: Organisation | None = None,
) -> Batch:
    """Look a file of firms through and keep it: no firm is written and nothing is priced yet.

    The same file for the same first day answers the batch of before, unless that was given up.
    Raises InputError for a file that is none or in which no row can be read.
    """
    require(actor, "small_firms.batch")
    tenant = home_of(actor, insurer)
    day = first_day(inception)
    found = look_through(content, file_name(name), clock.today())
    if not found.firms:
        raise InputError.of(found.rejected[:50])
    return _keep(found, content, day, tenant, actor)


@transaction.atomic
def _keep(found: FirmFile, content: bytes, inception: date, tenant: Organisation, actor: Actor
          ) -> Batch:
    with books_of(actor, tenant):
        product_on_sale(tenant)
        stored = files.store_file(
            content, name=found.file, media_type="application/octet-stream",
            actor=house_of(tenant, actor), tenant=tenant)
        audit.hold_chain(tenant)
        before = Batch.objects.within(tenant).filter(
            file=stored, broker=broker_of(actor), inception=inception, on=clock.today()).exclude(
            state=Batch.State.CANCELLED).first()
        if before is not None:
            return before
        batch = Batch.objects.create(
            tenant=tenant, broker=broker_of(actor), file=stored, file_name=found.file,
            number=next_number(Batch, "number", tenant, "SB"), on=clock.today(),
            inception=inception, rows=found.rows, readable=len(found.firms),
            faults=[dict(one.to_dict()) for one in found.rejected[:MOST_FAULTS]],
            notes=list(found.notes), created_by=actor.user)
        audit.append(actor, "small_firms.batch_taken", batch, {
            "number": batch.number, "sha256": stored.sha256, "rows": batch.rows,
            "readable": batch.readable})
    return batch


@transaction.atomic
def quote_batch(batch: Batch, *, actor: Actor, all_or_nothing: bool = False) -> Batch:
    """Have the firms of a batch quoted; rows with faults are left out. One whose job failed goes
    on where it stopped. Asked again it answers the same.

    Raises Refusal for a batch that was given up, and, with ``all_or_nothing``, where a row has a
    fault.
    """
    require(actor, "small_firms.batch", batch)
    with books_of(actor, batch.tenant):
        batch = audit.locked(batch)
        if batch.state == Batch.State.QUOTED:
            return batch
        if batch.state == Batch.State.CANCELLED:
            raise Refusal("this batch was given up", reasons=["hand the file in again"])
        if batch.state == Batch.State.QUOTING and batch.job is not None:
            if batch.job.state in ("failed", "cancelled"):
                jobs.retry_job(batch.job, actor=house_of(batch.tenant, actor))
            return batch
        if all_or_nothing and batch.rejected_rows:
            raise Refusal("rows have faults, and all or none was asked for",
                          reasons=[f"{batch.rejected_rows} rows"])
        batch.state = Batch.State.QUOTING
        batch.job = jobs.start_job(
            QUOTE, {"batch": str(batch.pk)}, actor=actor, tenant=batch.tenant,
            total=batch.readable)
        batch.save(update_fields=("state", "job"))
        audit.append(actor, "small_firms.batch_started", batch, {"number": batch.number})
    return batch


@transaction.atomic
def cancel_batch(batch: Batch, *, actor: Actor) -> Batch:
    """Give a batch up; firms that were quoted meanwhile keep their quotes. Asked again it answers
    the same. Raises Refusal once all are quoted."""
    require(actor, "small_firms.batch", batch)
    with books_of(actor, batch.tenant):
        running = Batch.objects.within(batch.tenant).select_related("job").get(pk=batch.pk).job
        if running is not None:
            tenancy.locked(running)  # as its worker does: the job, then the chain, then rows
        batch = audit.locked(batch)
        if batch.state == Batch.State.CANCELLED:
            return batch
        if batch.state == Batch.State.QUOTED:
            raise Refusal("all firms of this batch are quoted already")
        if batch.job is not None and not batch.job.has_ended:
            jobs.cancel_job(batch.job, actor=house_of(batch.tenant, actor))
        batch.state = Batch.State.CANCELLED
        batch.save(update_fields=("state",))
        audit.append(actor, "small_firms.batch_given_up", batch, {"number": batch.number})
    return batch


@transaction.atomic
def bind_batch(
    batch: Batch, quotes: Collection[UUID] | None, *, confirmed_by: str, channel: str,
    explained: bool, actor: Actor,
) -> Batch:
    """Have the chosen quotes of a batch bound, each with the plan it was offered (all that are on
    offer with None). A quote that cannot be bound any more is told in the job's result and does
    not stop the others.

    Raises Refusal before all are quoted, while another binding goes on, or where nobody declares
    that the terms were explained to each applicant; InputError where nothing is chosen.
    """
    require(actor, "small_firms.batch", batch)
    require_declared(confirmed_by, channel, explained)
    with books_of(actor, batch.tenant):
        batch = audit.locked(batch)
        if batch.state != Batch.State.QUOTED:
            raise Refusal("the firms of this batch are not all quoted yet")
        if batch.binding is not None and not batch.binding.has_ended:
            raise Refusal("policies of this batch are being made already",
                          reasons=["wait for that job"])
        offered = bindable(batch)
        if quotes is not None:
            offered = offered.filter(pk__in=list(quotes))
        chosen = [str(one) for one in offered.values_list("pk", flat=True)]
        if not chosen:
            raise InputError("no quote that can be bound is chosen", field="quotes",
                             mend="choose firms that are offered a plan and not insured yet")
        batch.binding = jobs.start_job(
            BIND, {"batch": str(batch.pk), "quotes": chosen, "channel": channel,
                   "confirmed_by": confirmed_by.strip()},
            actor=actor, tenant=batch.tenant, total=len(chosen))
        batch.save(update_fields=("binding",))
        audit.append(actor, "small_firms.batch_binding", batch, {
            "number": batch.number, "quotes": len(chosen), "channel": channel})
    return batch


def require_declared(confirmed_by: str, channel: str, explained: bool) -> None:
    """The declaration under which many are bound at once. Raises InputError without a name or for
    a channel that is none, Refusal where nobody declares that the terms were explained."""
    if channel not in CHANNELS[1:]:
        raise InputError("this is no way to explain terms", field="channel",
                         mend="one of: " + ", ".join(CHANNELS[1:]))
    if not confirmed_by.strip() or len(confirmed_by) > 100:
        raise InputError("it is not said who explained the terms", field="confirmed_by",
                         mend="name the person")
    if not explained:
        raise Refusal("terms are not explained yet (Insurance Law, art. 17)",
                      reasons=["declare that they were explained to each applicant"])


def bindable(batch: Batch) -> TenantQuerySet:
    """The quotes of a batch that offer a plan, or whose referral was approved, and no policy."""
    return Quote.objects.within(batch.tenant_id).filter(batch=batch, policy=None).filter(
        Q(outcome="offered") | Q(outcome="referred", decision="approved")).order_by("line")
