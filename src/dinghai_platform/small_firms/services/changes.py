"""Changes of one policy by agreement: it is cancelled, gets another plan, or its name is mended.

What is asked for is reckoned first (`reckoning`), the same for the dry view and for the change.
Before its first day a change can be taken back; one whose additional premium is not there by then
falls away (见费出单).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import msgspec
from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import Refusal
from dinghai.wording.policy import Policy as EnginePolicy
from dinghai.wording.policy import read_policy
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.models import Change, Policy
from dinghai_platform.small_firms.reckoning import Reckoned, cancellation_of, reckon
from dinghai_platform.small_firms.services.change_postings import post_change, unpost_change
from dinghai_platform.small_firms.services.common import books_of, given_reason
from dinghai_platform.small_firms.services.policies import (
    ONLINE,
    concluded,
    confirming,
    draft_of,
    move_policy,
    require_explained,
    stand_uninsured,
)
from dinghai_platform.underwriting.numbers import next_number

Kind = Change.Kind
State = Change.State
PREFIX: Final = "SE"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who at the firm asks for a change, how, and why."""

    reason: str
    confirmed_by: str = ""
    channel: str = ONLINE


def preview_change(
    policy: Policy, kind: str, *, actor: Actor, day: date | None = None, value: str = ""
) -> Reckoned:
    """What a change would come to; nothing is written. Raises as the change itself does."""
    require(actor, "small_firms.change", policy)
    with books_of(actor, policy.tenant):
        return reckon(policy, kind, day=day, value=value)


@transaction.atomic
def cancel_policy(policy: Policy, asked: Asked, *, actor: Actor, day: date | None = None
                  ) -> Change:
    """End a policy at the applicant's request (保险法15条、54条), from a day on: before its first
    day as a whole. What is left of the premium by day goes back to the applicant; a premium that
    was never paid is taken back. Asked again for the same day it answers the same.

    Raises InputError for a day before today or after the period, without a reason or the name of
    who asks; Refusal where nothing is covered any more or another cancellation stands.
    """
    require(actor, "small_firms.change", policy)
    with books_of(actor, policy.tenant):
        policy = _held(policy)
        stands = cancellation_of(policy)
        if stands is not None and (day is None or day == stands.effective):
            return stands
        found = reckon(policy, Kind.CANCEL, day=day)
        for one in found.falling:
            _fall(one, "the policy was cancelled", actor, paid_back=True)
        change = _made(policy, found, asked, actor)
        post_change(change, actor)
        if found.unpaid or found.effective <= max(clock.today(), found.period.first):
            take_effect(change, actor)
        elif found.effective > found.period.first:
            policy.expiry = found.effective - timedelta(days=1)
            policy.save(update_fields=("expiry",))
    return change


@transaction.atomic
def change_plan(
    policy: Policy, plan: str, read: Collection[str], asked: Asked, *, actor: Actor,
    day: date | None = None,
) -> Change:
    """Give a policy another plan from a day on, at that plan's premium in the quote that the policy
    rests on; the difference by day is charged, or goes back. ``read`` names the terms of the new
    plan that were highlighted and explained (保险法17条).

    Raises as ``cancel_policy``, and Refusal for a plan that is not on offer to the firm, while
    terms are not explained or another change of the plan waits.
    """
    require(actor, "small_firms.change", policy)
    with books_of(actor, policy.tenant):
        policy = _held(policy)
        found = reckon(policy, Kind.PLAN, day=day, value=plan)
        draft = draft_of(policy.quote, plan)
        require_explained(draft, read)
        name = confirming(asked.confirmed_by, asked.channel, actor)
        contract = concluded(
            policy.firm, policy.quote, plan, draft, name=name, channel=asked.channel,
            policy_no=policy.policy_no)
        change = _made(policy, found, asked, actor, contract=contract)
        post_change(change, actor)
        if change.state == State.STANDING and change.has_begun(clock.today()):
            take_effect(change, actor)
    return change


@transaction.atomic
def correct_name(policy: Policy, name: str, asked: Asked, *, actor: Actor, day: date | None = None
                 ) -> Change:
    """Mend the name of a policy's firm from today on; its credit code and its premium stay.

    Raises InputError for a name that is none or the same, Refusal for a policy not in force.
    """
    require(actor, "small_firms.change", policy)
    with books_of(actor, policy.tenant):
        policy = _held(policy)
        change = _made(policy, reckon(policy, Kind.NAME, day=day, value=name), asked, actor)
        take_effect(change, actor)
    return change


@transaction.atomic
def take_back(change: Change, *, reason: str, actor: Actor) -> Change:
    """Take a change back before its first day: the policy stays as it was. Asked again it answers
    the same.

    Raises Refusal for one that is in force, or whose additional premium is paid.
    """
    require(actor, "small_firms.change", change)
    said = given_reason(reason)
    with books_of(actor, change.tenant):
        policy = _held(change.policy)
        change = audit.locked(change)
        if change.state == State.FALLEN:
            return change
        if change.state not in Change.OPEN:
            raise Refusal("this change is in force", reasons=["ask for another change"])
        if change.paid_at is not None:
            raise Refusal("the additional premium of this change is paid",
                          reasons=["let it begin, then change the plan again"])
        if change.kind == Kind.CANCEL:
            policy.expiry = date.fromisoformat(change.document["period"]["last"])
            policy.save(update_fields=("expiry",))
        _fall(change, said, actor)
    return change


def run_changes(*, actor: Actor) -> tuple[int, int]:
    """Let changes whose day has come take effect, and those fall away whose additional premium is
    not there: how many of each."""
    require(actor, "small_firms.run_out")
    rows = Change.objects.within(actor.own_tenant()).select_related("policy").order_by(
        "effective", "id")
    late = list(rows.filter(state=State.DUE, effective__lt=clock.today()))
    begun = list(rows.filter(state=State.STANDING, effective__lte=clock.today()))
    done = fallen = 0
    for one in late:
        with transaction.atomic():
            _held(one.policy)
            change = audit.locked(one)
            if change.state == State.DUE:
                _fall(change, "the additional premium was not there by its first day", actor)
                fallen += 1
    for one in begun:
        with transaction.atomic():
            _held(one.policy)
            change = audit.locked(one)
            if change.state == State.STANDING:
                take_effect(change, actor)
                done += 1
    return done, fallen


def take_effect(change: Change, actor: Actor) -> None:
    """Let a change hold. Must run inside the transaction that holds its policy."""
    policy = audit.locked(change.policy)
    if change.kind == Kind.CANCEL:
        if not change.is_unpaid_cover and change.effective > period_first(change):
            policy.expiry = change.effective - timedelta(days=1)
            policy.save(update_fields=("expiry",))
        move_policy(policy, "cancel_by_insured", actor, {
            "endorsement": change.number, "effective": change.effective.isoformat(),
            "amount_fen": str(change.amount_fen)})
        stand_uninsured(policy)
    else:
        contract = _contract_after(policy, change)
        document = contract.to_dict()
        if change.kind == Kind.PLAN:
            policy.earlier = [*policy.earlier, {"before": change.effective.isoformat(),
                                                "document": policy.document}]
        policy.document, policy.document_hash = document, document_hash(document)
        policy.aggregate_limit_fen = contract.schedule.aggregate_limit_fen
        if change.kind == Kind.PLAN:
            policy.plan = change.after
        policy.save(update_fields=("document", "document_hash", "earlier", "aggregate_limit_fen",
                                   "plan"))
        if change.kind == Kind.NAME:
            _rename(policy, change.after)
        move_policy(policy, "endorse", actor, {
            "endorsement": change.number, "hash": policy.document_hash})
    change.policy = policy
    change.state = State.DONE
    change.save(update_fields=("state",))


def period_first(change: Change) -> date:
    """The first day of cover of a change's policy."""
    return date.fromisoformat(change.document["period"]["first"])


def _contract_after(policy: Policy, change: Change) -> EnginePolicy:
    """The contract that holds from a change on. A name that was mended meanwhile stays mended."""
    now = read_policy(policy.document)
    if change.kind == Kind.PLAN:
        new = read_policy(change.document["contract"])
        return msgspec.structs.replace(new, schedule=msgspec.structs.replace(
            new.schedule, insured=now.schedule.insured, applicant=now.schedule.applicant))
    named = {role: msgspec.structs.replace(getattr(now.schedule, role), name_zh=change.after)
             for role in ("insured", "applicant")}
    return msgspec.structs.replace(now, schedule=msgspec.structs.replace(now.schedule, **named))


def _rename(policy: Policy, name: str) -> None:
    firm = audit.locked(policy.firm)
    firm.name, firm.draft = name, {**firm.draft, "name": name}
    firm.save(update_fields=("name", "draft"))


def _held(policy: Policy) -> Policy:
    """A policy in hand, locked, with its changes as they are now."""
    held = audit.locked(policy)
    row: Policy = Policy.objects.within(held.tenant_id).select_related(
        "firm__link", "tenant", "broker", "insured", "quote__answers", "quote__product").get(
        pk=held.pk)
    return row


def _made(
    policy: Policy, found: Reckoned, asked: Asked, actor: Actor,
    contract: EnginePolicy | None = None,
) -> Change:
    document: dict[str, Any] = found.document()
    if contract is not None:
        document["contract"] = contract.to_dict()
    step = found.step
    due = found.kind == Kind.PLAN and found.amount_fen > 0
    change = Change.objects.create(
        tenant=policy.tenant, broker=policy.broker, insured=policy.insured, policy=policy,
        number=next_number(Change, "number", policy.tenant, PREFIX), kind=found.kind,
        state=State.DUE if due else State.STANDING, effective=found.effective,
        before=found.before, after=found.after, reason=given_reason(asked.reason),
        asked_by=confirming(asked.confirmed_by, asked.channel, actor), channel=asked.channel,
        document=document, document_hash=document_hash(document), amount_fen=found.amount_fen,
        net_fen=0 if step is None else step.net_fen, vat_fen=0 if step is None else step.vat_fen,
        created_by=actor.user)
    audit.append(actor, "small_firms.change_agreed", change, {
        "number": change.number, "policy_no": policy.policy_no, "kind": str(found.kind),
        "effective": change.effective.isoformat(), "amount_fen": str(change.amount_fen),
        "hash": change.document_hash})
    return change


def _fall(change: Change, why: str, actor: Actor, *, paid_back: bool = False) -> None:
    """Let a change fall away. One that was paid stays in the books where its money goes back with
    the refund of what it fell for."""
    if not (paid_back and change.paid_at is not None):
        unpost_change(change, actor)
    change.state, change.fallen_why = State.FALLEN, why
    change.save(update_fields=("state", "fallen_why"))
    audit.append(actor, "small_firms.change_fallen", change, {
        "number": change.number, "why": why})
