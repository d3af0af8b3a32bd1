"""Binding a quote, the premium, and endorsements."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from django.db import transaction

from dinghai.foundation.canonical import document_hash
from dinghai.foundation.errors import InputError, Refusal
from dinghai.vocabulary.lifecycle import machines
from dinghai.wording.policy import ExplanationRecord, read_policy, with_explanations
from dinghai.wording.policy import Policy as EnginePolicy
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.models import JournalEntry
from dinghai_platform.ledger.services import credit, debit, post_entry, reverse_entry
from dinghai_platform.underwriting.models import (
    Case,
    Endorsement,
    Explanation,
    Policy,
    Quote,
)
from dinghai_platform.underwriting.numbers import next_number
from dinghai_platform.underwriting.services.cases import reach_step
from dinghai_platform.underwriting.services.explanations import require_explained
from dinghai_platform.underwriting.services.quotes import check_filing, party_of
from dinghai_platform.underwriting.services.screenings import check_no_later_hit


@transaction.atomic
def bind_policy(quote: Quote, *, actor: Actor) -> Policy:
    """Make the contract of an accepted quote, invoice it and post the premium due.

    The policy carries the record of every explanation; a term that was waived does not apply.
    Binding again answers the policy that is there. Raises Refusal for a quote that is not
    accepted, whose terms are neither explained nor waived, that breaks its filing, or that knows
    nothing of a hit on a sanctions list recorded since.
    """
    require(actor, "underwriting.bind", quote)
    quote = audit.locked(quote)
    before = Policy.objects.within(quote.tenant).filter(quote=quote).first()
    if before is not None:
        return before
    if quote.state != "accepted":
        raise Refusal("only an accepted quote is bound")
    if clock.today() > quote.inception:
        raise Refusal(
            "the first day of cover has passed",
            reasons=["cover starts when the premium is paid: price the risk again"],
        )
    require_explained(quote)
    check_filing(quote)
    check_no_later_hit(quote)
    number = next_number(Policy, "policy_no", quote.tenant, "P")
    contract = _contract(quote, number)
    document = contract.to_dict()
    policy = Policy.objects.create(
        tenant=quote.tenant,
        insured=quote.insured,
        applicant=quote.insured,
        case=quote.case,
        quote=quote,
        policy_no=number,
        state=machines()["policy"].initial,
        document=document,
        document_hash=document_hash(document),
        inception=quote.inception,
        expiry=quote.expiry,
        aggregate_limit_fen=quote.limit_fen,
        net_premium_fen=quote.charged_fen,
        vat_fen=quote.vat_fen,
        gross_premium_fen=quote.gross_fen,
    )
    audit.append(
        actor, "underwriting.policy_bound", policy,
        {"policy_no": number, "quote": quote.number, "hash": policy.document_hash},
    )
    _invoice(policy, actor)
    return policy


def _contract(quote: Quote, number: str) -> EnginePolicy:
    draft = read_policy(quote.policy_document)
    schedule = msgspec.structs.replace(
        draft.schedule, policy_no=number, insurer=party_of(quote.tenant),
        concluded_at=clock.now(),
    )
    contract = msgspec.structs.replace(draft, schedule=schedule)
    records = Explanation.objects.within(quote.tenant).filter(quote=quote)
    for row in records.order_by("id"):
        contract = with_explanations(
            contract,
            (row.key,),
            ExplanationRecord(
                highlighted=row.highlighted,
                explained_at=row.explained_at,
                channel=row.channel,
                confirmed_by=row.confirmed_name,
                evidence=row.shown_sha256,
            ),
        )
    return contract


def _invoice(policy: Policy, actor: Actor) -> None:
    post_entry(
        (
            debit("premium_receivable", policy.gross_premium_fen),
            credit("premium_income", policy.net_premium_fen),
            credit("vat_payable", policy.vat_fen),
        ),
        source=policy,
        key=f"policy:{policy.pk}:bound",
        narrative="premium.bound",
        details={"policy_no": policy.policy_no},
        actor=actor,
        tenant=policy.tenant,
    )
    _move(policy, "invoice", actor, {"gross_fen": str(policy.gross_premium_fen)})


@transaction.atomic
def pay_premium(policy: Policy, *, reference: str, actor: Actor) -> Policy:
    """The whole premium has arrived: cover begins as agreed (见费出单).

    ``reference`` is the bank's. Raises InputError without one, Refusal when the first day has
    passed unpaid or nothing is due.
    """
    require(actor, "underwriting.record_payment", policy)
    if not reference.strip():
        raise InputError(
            "the payment has no reference", field="reference", mend="copy it from the bank"
        )
    policy = audit.locked(policy)
    machines()["policy"].step(policy.state, "pay")
    if clock.today() > policy.inception:
        raise Refusal(
            "the first day of cover passed unpaid",
            reasons=["cover starts when the premium is paid: price the risk again"],
        )
    post_entry(
        (
            debit("cash", policy.gross_premium_fen),
            credit("premium_receivable", policy.gross_premium_fen),
        ),
        source=policy,
        key=f"policy:{policy.pk}:paid",
        narrative="premium.received",
        details={"policy_no": policy.policy_no, "reference": reference.strip()},
        actor=actor,
        tenant=policy.tenant,
    )
    policy.paid_at = clock.now()
    policy.save(update_fields=("paid_at",))
    _move(policy, "pay", actor, {"reference": reference.strip()})
    reach_step(policy.case, Case.Step.WATCH, actor=actor)
    return policy


@transaction.atomic
def lapse_policy(policy: Policy, *, actor: Actor) -> Policy:
    """The first day of cover went by unpaid: the contract lapses, its premium is taken back.

    The entry of the invoice is reversed, so that nothing is owed and nothing was earned. A
    policy that has lapsed is answered as it is. Raises Refusal for one that is paid, or whose
    first day has not passed.
    """
    require(actor, "underwriting.run_out", policy)
    policy = audit.locked(policy)
    if policy.state == "lapsed":
        return policy
    machines()["policy"].step(policy.state, "overdue")
    if clock.today() <= policy.inception:
        raise Refusal(f"the premium may be paid until {policy.inception}")
    entry = JournalEntry.objects.within(policy.tenant).get(
        idempotency_key=f"policy:{policy.pk}:bound"
    )
    reversal = reverse_entry(
        entry, reason=f"{policy.policy_no}: unpaid on the first day of cover", actor=actor
    )
    _move(policy, "overdue", actor, {"reversal": reversal.number})
    return policy


@transaction.atomic
def lapse_policies(*, actor: Actor) -> int:
    """Let every policy lapse whose first day of cover went by unpaid; how many there were."""
    require(actor, "underwriting.run_out")
    rows = Policy.objects.within(actor.own_tenant()).filter(
        state="premium_due", inception__lt=clock.today()
    )
    return sum(1 for row in rows.order_by("id") if lapse_policy(row, actor=actor))


@transaction.atomic
def expire_policies(*, actor: Actor) -> int:
    """Let every policy in force expire whose last day has passed; how many there were.

    Claims of its time may still come: an expired policy answers for them.
    """
    require(actor, "underwriting.run_out")
    rows = Policy.objects.within(actor.own_tenant()).filter(
        state="in_force", expiry__lt=clock.today()
    )
    over = list(rows.order_by("id"))
    for row in over:
        _move(audit.locked(row), "expire", actor, {"expiry": row.expiry.isoformat()})
    return len(over)


@transaction.atomic
def endorse_policy(
    policy: Policy,
    *,
    kind: str,
    document: dict[str, Any],
    amount_fen: int,
    effective: date,
    actor: Actor,
) -> Endorsement:
    """Change a policy by written agreement (保险法20条). ``amount_fen`` negative is a refund.

    Raises Refusal for a policy that is not in force.
    """
    require(actor, "underwriting.bind", policy)
    policy = audit.locked(policy)
    machines()["policy"].step(policy.state, "endorse")
    count = Endorsement.objects.within(policy.tenant).filter(policy=policy).count()
    endorsement = Endorsement.objects.create(
        tenant=policy.tenant,
        insured=policy.insured,
        policy=policy,
        number=f"{policy.policy_no}-E{count + 1:02d}",
        kind=kind,
        document=document,
        document_hash=document_hash(document),
        amount_fen=amount_fen,
        effective=effective,
    )
    audit.append(
        actor, "underwriting.policy_endorsed", endorsement,
        {"number": endorsement.number, "kind": kind, "amount_fen": str(amount_fen),
         "hash": endorsement.document_hash},
    )
    return endorsement


def _move(policy: Policy, event: str, actor: Actor, details: dict[str, object]) -> None:
    policy.state = machines()["policy"].step(policy.state, event).target
    policy.save(update_fields=("state",))
    audit.append(
        actor, f"underwriting.policy_{policy.state}", policy,
        {"policy_no": policy.policy_no, **details},
    )
