"""The audit chain: every write appends one link to its tenant's chain in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any, TypeVar

from django.db import connection, models

from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.chain import GENESIS, link_hash, merkle_root
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import AuditChain, AuditEntry, Organisation
from dinghai_platform.core.tenancy import TenantRow, crossing_tenants, scope_of
from dinghai_platform.core.tenancy import locked as row_locked

Row = TypeVar("Row", bound=TenantRow)


def append(
    actor: Actor,
    action: str,
    subject: models.Model | tuple[str, str],
    payload: dict[str, Any],
    *,
    leaves: Sequence[bytes] | None = None,
    tenant: Organisation | None = None,
) -> AuditEntry:
    """Append one link. Must run inside the transaction of the write it records.

    ``action`` is "room.verb" in the past tense ("ledger.entry_posted"); ``subject`` a model
    row or (type, id); ``payload`` plain JSON. A batch gives its members as ``leaves``: the
    link keeps their Merkle root and count. The tenant is the one given, else the subject's,
    else the actor's, else the platform itself.
    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an audit entry belongs to the transaction of the write it records")
    owner = tenant or _tenant_of(subject) or actor.tenant or platform_organisation()
    # The chain belongs to its tenant whoever acts: an insured's deed is written into it too.
    with scope_of(actor, tenant=owner):
        return _linked(actor, action, named(subject), payload, leaves, owner)


def _linked(
    actor: Actor,
    action: str,
    subject: tuple[str, str],
    payload: dict[str, Any],
    leaves: Sequence[bytes] | None,
    owner: Organisation,
) -> AuditEntry:
    chain = hold_chain(owner)
    entry = AuditEntry(
        tenant=owner,
        sequence=chain.length + 1,
        at=clock.now().astimezone(UTC),
        user=actor.user,
        organisation=actor.organisation,
        role=actor.role,
        action=action,
        subject_type=subject[0],
        subject_id=subject[1],
        payload=canonical_bytes(payload).decode(),
        leaf_count=None if leaves is None else len(leaves),
        merkle_root="" if leaves is None else merkle_root(leaves),
        request_id=actor.request_id,
        previous_hash=chain.head,
    )
    entry.hash = link_hash(chain.head, linked_bytes(entry))
    entry.save(force_insert=True)
    AuditChain.objects.filter(pk=owner.pk).update(length=entry.sequence, head=entry.hash)
    return entry


def linked_bytes(entry: AuditEntry) -> bytes:
    """The canonical bytes a link's hash is taken over: every column but the hashes.

    Raises ValueError when the payload is not JSON any more.
    """
    return canonical_bytes(
        {
            "action": entry.action,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "id": str(entry.pk),
            "leaf_count": entry.leaf_count,
            "merkle_root": entry.merkle_root,
            "organisation": str(entry.organisation_id),
            "payload": json.loads(entry.payload),
            "request": entry.request_id,
            "role": entry.role,
            "sequence": entry.sequence,
            "subject": [entry.subject_type, entry.subject_id],
            "tenant": str(entry.tenant_id),
            "user": str(entry.user_id) if entry.user_id else None,
        }
    )


def platform_organisation() -> Organisation:
    """The operator of this site, whose chain holds what belongs to no insurer."""
    found = Organisation.objects.filter(kind=Organisation.Kind.PLATFORM).first()
    if found is None:
        found = Organisation.objects.create(
            kind=Organisation.Kind.PLATFORM, name_zh="定海平台", name_en="Dinghai platform"
        )
    return found


@dataclass(frozen=True, slots=True)
class ChainReading:
    """What the walk over one tenant's chain found; `sequence` names the first broken link."""

    tenant: str
    name: str
    length: int
    head: str
    sequence: int | None = None
    reason: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every link holds."""
        return self.reason is None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "tenant": self.tenant,
            "name": self.name,
            "length": self.length,
            "head": self.head,
            "holds": self.holds,
            "first_broken": None
            if self.holds
            else {"sequence": self.sequence, "reason": self.reason},
        }


def verify_chain(tenant: Organisation, *, expected: tuple[int, str] | None = None) -> ChainReading:
    """Walk one chain from its start; ``expected`` is (length, head) of a checkpoint to meet."""
    with crossing_tenants("verification reads a whole chain whoever asks for it"):
        return _walk(tenant, expected)


def _walk(tenant: Organisation, expected: tuple[int, str] | None) -> ChainReading:
    length, head = 0, GENESIS

    def broken(sequence: int, reason: str) -> ChainReading:
        return ChainReading(str(tenant.pk), tenant.name_zh, length, head, sequence, reason)

    for entry in _entries(tenant):
        fault = _fault_of(entry, length + 1, head)
        if fault is None and expected and entry.sequence == expected[0]:
            fault = None if entry.hash == expected[1] else "is not the link the checkpoint signed"
        if fault:
            return broken(length + 1, fault)
        length, head = entry.sequence, entry.hash
    if expected and length < expected[0]:
        return broken(length + 1, f"is missing: the checkpoint signed {expected[0]} links")
    kept = AuditChain.objects.filter(pk=tenant.pk).first()
    if (kept.length, kept.head) != (length, head) if kept else length:
        return broken(length + 1, "is missing: the chain's head does not match its last link")
    return ChainReading(str(tenant.pk), tenant.name_zh, length, head)


def _fault_of(entry: AuditEntry, sequence: int, head: str) -> str | None:
    if entry.sequence != sequence:
        return "is missing"
    if entry.previous_hash != head:
        return "does not follow the link before it"
    try:
        own = link_hash(head, linked_bytes(entry))
    except ValueError:
        return "its content cannot be read"
    return None if own == entry.hash else "its content does not give its hash"


def _entries(tenant: Organisation) -> Iterator[AuditEntry]:
    return AuditEntry.objects.within(tenant).order_by("sequence").iterator(chunk_size=2_000)


def locked(row: Row) -> Row:
    """A tenant's row as it is now, locked after the tenant's chain until the transaction ends.

    The one order of the house is a job, then the chain, then rows: two writers of a tenant meet
    at the chain, and never hold a row that the other waits for. SQLite has one writer anyway.
    """
    if connection.features.has_select_for_update:
        hold_chain(row.tenant)
    return row_locked(row)


def hold_chain(tenant: Organisation) -> AuditChain:
    """Lock one tenant's chain until the transaction ends: its writers stand in line here."""
    chains = AuditChain.objects.filter(pk=tenant.pk)
    if connection.features.has_select_for_update:
        chains = chains.select_for_update()
        held = chains.first()  # all but a tenant's first write find it
        if held is not None:
            return held
    # Where rows are not locked, this write takes the place in the line.
    AuditChain.objects.bulk_create(
        [AuditChain(tenant=tenant, length=0, head=GENESIS)], ignore_conflicts=True
    )
    return chains.get()


def _tenant_of(subject: Any) -> Organisation | None:
    if isinstance(subject, TenantRow):
        return subject.tenant
    if isinstance(subject, Organisation) and subject.is_tenant:
        return subject
    return None


def named(subject: models.Model | tuple[str, str]) -> tuple[str, str]:
    """A row (or a pair) as its type and its key in text."""
    if isinstance(subject, models.Model):
        return subject._meta.label_lower, str(subject.pk)
    subject_type, subject_id = subject
    return subject_type, str(subject_id)
