"""Verbs on a master policy: open it, put its document right, bind it, close it."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes import park_file
from dinghai_platform.chains.services.common import given_reason
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation, Relation
from dinghai_platform.core.permissions import require
from dinghai_platform.parks.engine import document_of
from dinghai_platform.parks.models import EventSettlement, MemberChange, Park
from dinghai_platform.parks.services.common import held, held_in_force
from dinghai_platform.underwriting.numbers import next_number


@transaction.atomic
def open_park(
    policy: park_file.Park, *, actor: Actor, operator: Organisation | None = None,
    file: str = "",
) -> Park:
    """Open a master policy as a draft. Its number stands for a policy number that it lacks, and
    the insurer's name for one that it does not give.

    Raises InputError for an operator that the insurer does not deal with, Refusal where another
    policy of this id is open.
    """
    require(actor, "parks.administer")
    tenant = actor.own_tenant()
    audit.hold_chain(tenant)
    _check_operator(operator, tenant)
    _check_code(policy.id, tenant, None)
    row = Park(tenant=tenant, operator=operator, file_name=file, opened_by=actor.user,
               number=next_number(Park, "number", tenant, "PK"))
    _take(row, policy)
    row.save(force_insert=True)
    audit.append(actor, "parks.opened", row, _said(row))
    return row


@transaction.atomic
def replace_document(
    park: Park, policy: park_file.Park, *, actor: Actor, operator: Organisation | None = None,
    file: str = "",
) -> Park:
    """Put another document in a draft's place; lists that were looked through are dropped.

    Raises Refusal once the policy is bound.
    """
    require(actor, "parks.administer", park)
    row = held(park)
    if row.state != Park.State.DRAFT:
        raise Refusal("a bound policy's document stands", reasons=["open another one"])
    _check_operator(operator, row.tenant)
    _check_code(policy.id, row.tenant, row)
    row.operator, row.file_name = operator, file
    _take(row, policy)
    row.save()
    MemberChange.objects.within(row.tenant_id).filter(park=row, state="checked").update(
        state=MemberChange.State.DROPPED, decided_at=clock.now(), decided_by=actor.user,
        operator=operator)
    MemberChange.objects.within(row.tenant_id).filter(park=row).update(operator=operator)
    audit.append(actor, "parks.document_replaced", row, _said(row))
    return row


@transaction.atomic
def bind_park(park: Park, *, actor: Actor) -> Park:
    """Bind a draft: from now on firms join, premiums are posted and events are settled.

    Raises Refusal for a policy that is no draft.
    """
    require(actor, "parks.administer", park)
    row = held(park)
    if row.state != Park.State.DRAFT:
        raise Refusal("only a draft is bound")
    row.state, row.bound_by, row.bound_at = Park.State.IN_FORCE, actor.user, clock.now()
    row.save(update_fields=("state", "bound_by", "bound_at"))
    audit.append(actor, "parks.bound", row, _said(row))
    return row


@transaction.atomic
def close_park(park: Park, *, reason: str, actor: Actor) -> Park:
    """Close a bound policy: nobody joins, leaves or is settled any more; all stays readable.

    Raises Refusal while a settlement waits for approval.
    """
    require(actor, "parks.administer", park)
    reason = given_reason(reason)
    row = held_in_force(park)
    if EventSettlement.objects.within(row.tenant_id).filter(park=row, state="proposed").exists():
        raise Refusal("a settlement of this park waits for approval",
                      reasons=["approve or reject it first"])
    row.state, row.closed_at, row.closing_reason = Park.State.CLOSED, clock.now(), reason
    row.save(update_fields=("state", "closed_at", "closing_reason"))
    audit.append(actor, "parks.closed", row, {"number": row.number, "reason": reason})
    return row


def _take(row: Park, policy: park_file.Park) -> None:
    policy = msgspec.structs.replace(
        policy, policy_no=policy.policy_no or row.number,
        insurer=policy.insurer or row.tenant.name_zh)
    row.document = document_of(policy)
    row.document_hash = document_hash(row.document)
    row.code, row.name_zh, row.name_en = policy.id, policy.name_zh, policy.name_en
    row.policy_no, row.product_id = policy.policy_no, policy.product
    row.inception, row.expiry = policy.inception, policy.expiry


def _check_operator(operator: Organisation | None, tenant: Organisation) -> None:
    if operator is not None and (
            operator.kind != Organisation.Kind.PARK
            or not Relation.objects.within(tenant).filter(organisation=operator).exists()):
        raise InputError("this organisation is no park operator you deal with", field="operator",
                         mend="add it to your partners first")


def _check_code(code: str, tenant: Organisation, row: Park | None) -> None:
    others = Park.objects.within(tenant).filter(code=code).exclude(state="closed")
    if row is not None:
        others = others.exclude(pk=row.pk)
    if others.exists():
        raise Refusal("another open policy has this identifier",
                      reasons=["give the document another id, or close the other one"])


def _said(row: Park) -> dict[str, Any]:
    return {"number": row.number, "code": row.code, "hash": row.document_hash,
            "operator": None if row.operator_id is None else str(row.operator_id),
            "inception": row.inception.isoformat(), "expiry": row.expiry.isoformat()}
