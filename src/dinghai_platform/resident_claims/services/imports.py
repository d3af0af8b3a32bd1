"""A file of claims of a channel: looked through first, taken in when somebody says so."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from dinghai.foundation.errors import Refusal
from dinghai_platform.core import audit, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.files import store_file
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import locked
from dinghai_platform.resident_claims.models import ClaimImport

CHECK = "resident_claims.check_file"
TAKE = "resident_claims.take_file"


@transaction.atomic
def take_file(content: bytes, *, name: str, actor: Actor) -> ClaimImport:
    """Keep a file of claims and have it looked through: a dry run, no claim is made.

    The same file again answers the import of before, unless that was cancelled. Raises InputError
    for a file that is too large.
    """
    require(actor, "resident_claims.import")
    owner = actor.own_tenant()
    stored = store_file(content, name=name, media_type="application/octet-stream", actor=actor,
                        tenant=owner, largest=settings.DINGHAI_UPLOAD_MAXIMUM_BYTES)
    audit.hold_chain(owner)
    before = ClaimImport.objects.within(owner).filter(file=stored).exclude(
        state=ClaimImport.State.CANCELLED).first()
    if before is not None:
        found: ClaimImport = before
        return found
    row = ClaimImport.objects.create(tenant=owner, file=stored, file_name=stored.name,
                                     created_by=actor.user)
    row.job = jobs.start_job(CHECK, {"import": str(row.pk)}, actor=actor, tenant=owner)
    row.save(update_fields=("job",))
    audit.append(actor, "resident_claims.file_taken", row, {
        "file": stored.name, "sha256": stored.sha256})
    return row


def keep_look(step: Step) -> Progress:
    """Keep what looking through a file came to, unless it was cancelled meanwhile."""
    row = locked(ClaimImport.objects.within(step.tenant).get(pk=step.arguments["import"]))
    looked = step.prepared
    if row.state == ClaimImport.State.READING:
        row.state = ClaimImport.State.CHECKED
        row.rows, row.accepted, row.rejected = looked.rows, looked.accepted, looked.rejected
        row.faults, row.notes = looked.faults, looked.notes
        row.save()
        audit.append(step.actor, "resident_claims.file_checked", row, {
            "rows": row.rows, "accepted": row.accepted, "rejected": row.rejected})
    return Progress(1, 1, result={"accepted": row.accepted, "rejected": row.rejected})


@transaction.atomic
def take_in(row: ClaimImport, *, actor: Actor) -> ClaimImport:
    """Make claims of the rows that can be taken; the others are left out.

    Raises Refusal before the file was looked through, and where no row can be taken. Asked again
    it answers the same.
    """
    require(actor, "resident_claims.import", row)
    audit.hold_chain(row.tenant)
    row = locked(row)
    if row.state in (ClaimImport.State.TAKING, ClaimImport.State.TAKEN):
        return row
    if row.state != ClaimImport.State.CHECKED:
        raise Refusal("the file has not been looked through yet"
                      if row.state == ClaimImport.State.READING else "the import was cancelled")
    if not row.accepted:
        raise Refusal("no row of the file can be taken in", reasons=["mend the file"])
    row.state = ClaimImport.State.TAKING
    row.job = jobs.start_job(TAKE, {"import": str(row.pk)}, actor=actor, tenant=row.tenant,
                             total=row.accepted + 1)
    row.save(update_fields=("state", "job"))
    audit.append(actor, "resident_claims.import_started", row, {"accepted": row.accepted})
    return row


@transaction.atomic
def cancel_import(row: ClaimImport, *, actor: Actor) -> ClaimImport:
    """Give a file up before any claim is made of it. Asked again it answers the same."""
    require(actor, "resident_claims.import", row)
    audit.hold_chain(row.tenant)
    row = locked(row)
    if row.state == ClaimImport.State.CANCELLED:
        return row
    if row.state not in (ClaimImport.State.READING, ClaimImport.State.CHECKED):
        raise Refusal("its claims are made already")
    if row.job is not None and not row.job.has_ended:
        jobs.cancel_job(row.job, actor=actor)
    row.state = ClaimImport.State.CANCELLED
    row.save(update_fields=("state",))
    audit.append(actor, "resident_claims.import_cancelled", row, {})
    return row
