"""What members give and take back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from dinghai.experience.pool_credits import earned
from dinghai.experience.pool_records import (
    COLUMNS,
    MOST_ROWS,
    Contribution,
    Row,
    check_rows,
    read_contribution,
    rejected_rows,
)
from dinghai.experience.pool_rules import check_purpose, pool_rules, purposes
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Fault, InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants, locked, scope_of
from dinghai_platform.pool.models import Batch, CreditEntry, Record
from dinghai_platform.pool.queries import batches, membership
from dinghai_platform.pool.services.members import key_of, opened_pool

MOST_FAULTS_KEPT = 2_000
LONGEST_REASON = 2_000
_AT_ONCE = 1_000


def check_file(content: bytes, *, name: str, actor: Actor) -> Contribution:
    """What would become of a file, row by row; nothing is kept. Raises InputError, Refusal."""
    return _checked(_read(content, name, actor), actor)


def contribute_file(
    content: bytes, *, name: str, purposes: Sequence[str], actor: Actor
) -> Batch:
    """Take a file's good rows into the pool, for some purposes. The file itself is not kept.

    Raises InputError for a file that is none or has no good row, Refusal for who is no member
    and for what was given before.
    """
    return _keep(_read(content, name, actor), hashlib.sha256(content).hexdigest(), purposes, actor)


def check_records(records: Iterable[dict[str, Any]], *, actor: Actor) -> Contribution:
    """The same as `check_file` for records given one by one; their lines are 1, 2, 3 …"""
    return _checked(_listed(records, actor), actor)


def contribute_records(
    records: Sequence[dict[str, Any]], *, purposes: Sequence[str], actor: Actor
) -> Batch:
    """The same as `contribute_file` for records given one by one."""
    digest = sha256_hex(canonical_bytes(list(records)))
    return _keep(_listed(records, actor), digest, purposes, actor)


@transaction.atomic
def withdraw_batch(batch: Batch, *, reason: str, actor: Actor) -> Batch:
    """Take a batch out of every later release, and its credits back. Those made stay as they are.

    An organisation that is no member any more may do so too. Raises InputError without a reason,
    Refusal for a batch that was withdrawn.
    """
    require(actor, "pool.contribute")
    if batch.tenant_id != actor.organisation.pk:
        raise Refusal("only who gave a batch withdraws it")
    plain = reason.strip()
    if not plain or len(plain) > LONGEST_REASON:
        raise InputError("a withdrawal needs its reason in at most 2,000 characters",
                         field="reason", mend="say why it is withdrawn")
    with scope_of(actor, tenant=actor.organisation):
        row = locked(batch)
        if row.state == Batch.State.WITHDRAWN:
            raise Refusal("this batch was withdrawn before")
        row.state, row.withdrawn_at = Batch.State.WITHDRAWN, clock.now()
        row.withdrawal_reason = plain
        row.save(update_fields=("state", "withdrawn_at", "withdrawal_reason"))
        gained = row.credits.get(kind=CreditEntry.Kind.EARNED)
        CreditEntry.objects.create(
            tenant=row.tenant, batch=row, kind=CreditEntry.Kind.REVERSED,
            amount_milli=-gained.amount_milli)
    audit.append(actor, "pool.batch_withdrawn", row,
                 {"number": row.number, "records": row.accepted, "reason": plain},
                 tenant=_chain(actor))
    return row


@transaction.atomic
def withdraw_all(*, reason: str, actor: Actor) -> list[Batch]:
    """Withdraw every batch of the actor's organisation. Raises Refusal where there is none."""
    require(actor, "pool.contribute")
    rows = list(batches(actor).filter(state=Batch.State.ACCEPTED).order_by("id"))
    if not rows:
        raise Refusal("nothing of yours is in the pool")
    return [withdraw_batch(row, reason=reason, actor=actor) for row in rows]


def _read(content: bytes, name: str, actor: Actor) -> Contribution:
    key = _admitted(actor)
    plain = name.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not plain or len(plain) > 200 or not plain.isprintable():
        raise InputError("the file has no usable name", field="file", mend="rename the file")
    return read_contribution(content, plain, until=clock.today()).with_pseudonyms(key)


def _listed(records: Iterable[dict[str, Any]], actor: Actor) -> Contribution:
    key = _admitted(actor)
    rows: list[Row] = [
        (line, {name: "" if record.get(name) is None else str(record[name]).strip()
                for name in COLUMNS})
        for line, record in enumerate(records, start=1)
    ]
    if len(rows) > MOST_ROWS:
        raise InputError(f"more than {MOST_ROWS} records", field="records",
                         mend="send them in parts")
    return check_rows(rows, "records", until=clock.today()).with_pseudonyms(key)


def _admitted(actor: Actor) -> bytes:
    require(actor, "pool.contribute")
    pool = opened_pool()
    if membership(actor) is None:
        raise Refusal("your organisation is no member of the pool",
                      reasons=["the operator of the platform admits members"])
    return key_of(pool)


def _checked(found: Contribution, actor: Actor) -> Contribution:
    """The contribution without what the member gave before, which is listed among the faults."""
    there = dict(
        Record.objects.within(actor.organisation)
        .filter(batch__state=Batch.State.ACCEPTED)
        .values_list("fingerprint", "batch__number"))
    kept, lines, faults = [], [], list(found.rejected)
    for line, record in zip(found.lines, found.records, strict=True):
        if (number := there.get(record.fingerprint)) is None:
            kept.append(record)
            lines.append(line)
        else:
            faults.append(Fault(f"given before in batch: {number}", found.name, line,
                                None, "leave it out"))
    return Contribution(found.name, found.rows, tuple(kept), tuple(lines),
                        tuple(sorted(faults, key=lambda one: one.line or 0)))


@transaction.atomic
def _keep(
    found: Contribution, digest: str, wanted: Sequence[str], actor: Actor
) -> Batch:
    owner = actor.organisation
    allowed_for = sorted({check_purpose(one) for one in wanted}, key=list(purposes()).index)
    if not allowed_for:
        raise InputError("no purpose was chosen", field="purposes",
                         mend="choose what the records may be used for")
    content_hash = sha256_hex(canonical_bytes(sorted(one.fingerprint for one in found.records)))
    # Two at once of one member: the second stands in line behind the first.
    audit.hold_chain(_chain(actor))
    same = batches(actor).filter(state=Batch.State.ACCEPTED)
    before = same.filter(content_hash=content_hash).first() or same.filter(sha256=digest).first()
    if before is not None and found.records:
        raise Refusal(f"the same content was given before in batch: {before.number}",
                      reasons=["withdraw that batch first to give it anew"])
    found = _checked(found, actor)
    if not found.records:
        faults = found.rejected or (Fault("there is no record in it", found.name,
                                          mend="start from the template"),)
        raise InputError.of(faults)
    with crossing_tenants("an event is rare by all that the pool has"):
        kinds = list(
            Record.objects.unscoped("an event is rare by all that the pool has")
            .filter(kind="event", batch__state=Batch.State.ACCEPTED)
            .order_by().values_list("peril", "section"))
    gained = earned(found.records, kinds, clock.today().year, pool_rules().credits)
    events = sum(one.kind == "event" for one in found.records)
    with scope_of(actor, tenant=owner):
        batch = Batch.objects.create(
            tenant=owner, number=_number(actor), name=found.name, sha256=digest,
            content_hash=content_hash, purposes=allowed_for, rows=found.rows, events=events,
            covers=len(found.records) - events, firms=len({one.firm for one in found.records}),
            rejected=rejected_rows(found),
            faults=[one.to_dict() for one in found.rejected[:MOST_FAULTS_KEPT]],
            given_by=actor.user)
        Record.objects.bulk_create([
            Record(tenant=owner, batch=batch, kind=one.kind, firm=one.firm, day=one.day,
                   section=one.section, size_band=one.size_band, peril=one.peril,
                   amount_fen=one.amount_fen, records=one.records,
                   duration_hours=one.duration_hours, role=one.role, fingerprint=one.fingerprint)
            for one in found.records], batch_size=_AT_ONCE)
        CreditEntry.objects.create(
            tenant=owner, batch=batch, kind=CreditEntry.Kind.EARNED,
            amount_milli=gained.total, parts=gained.to_dict())
    audit.append(
        actor, "pool.batch_contributed", batch,
        {"number": batch.number, "sha256": digest, "content_hash": content_hash,
         "purposes": allowed_for, "rejected": batch.rejected, "credits_milli": gained.total},
        leaves=[one.fingerprint.encode() for one in found.records], tenant=_chain(actor))
    return batch


def _number(actor: Actor) -> str:
    """By member and year, without gaps; the member's chain is held."""
    year = clock.today().year
    count = batches(actor).filter(number__startswith=f"POOL-{year}-").count()
    return f"POOL-{year}-{count + 1:04}"


def _chain(actor: Actor) -> Organisation:
    """Whose audit chain a member's deed is written into: its own, or the platform's for an
    organisation that keeps no books here."""
    return actor.tenant or audit.platform_organisation()
