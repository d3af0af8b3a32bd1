"""Paying what was determined: each decision once, one entry of the books for each batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models.fields.json import KT

from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.errors import Refusal
from dinghai.schemes.resident_claim_results import recourse_terms
from dinghai.schemes.resident_claim_tables import shipped_rules
from dinghai_platform.core import audit, clock, jobs
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.jobs import Progress, Step
from dinghai_platform.core.models import Job, Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.resident_claims.models import Claim, Decision, Payment
from dinghai_platform.resident_claims.services.common import had_stated, held, whom_to_ask
from dinghai_platform.residents.mass_rows import key_of

PAY_ALL: Final = "resident_claims.pay_all"
BATCH: Final = 500


@transaction.atomic
def pay_claim(claim: Claim, *, actor: Actor) -> Payment:
    """Pay a claim's determination; asked again it answers the payment there is.

    Raises Refusal where nothing is to be paid, and for whoever stated its facts, decided or
    approved it.
    """
    require(actor, "resident_claims.pay", claim)
    claim = held(claim)
    decision = _standing(claim.tenant, [claim])[claim.pk]
    before = Payment.objects.within(claim.tenant).filter(decision=decision).first()
    if before is not None:
        paid: Payment = before
        return paid
    if claim.state != Claim.State.APPROVED:
        raise Refusal("nothing is to be paid on this claim now")
    if why := conflict(claim, decision, actor):
        raise Refusal(why, reasons=[whom_to_ask(claim, decision, "claims_payment",
                                                colleague="ask a colleague who pays")])
    return _pay(claim.tenant, [(claim, decision)], actor)[0]


def conflict(claim: Claim, decision: Decision, actor: Actor) -> str:
    """Why this person does not pay this claim; empty where they may. A payment below the scheme's
    amount has no other second person."""
    if had_stated(claim, actor):
        return "whoever stated the facts of a claim does not pay it"
    if actor.user is not None and actor.user.pk in (decision.decided_by_id, claim.approved_by_id):
        return "whoever decided or approved a claim does not pay it"
    return ""


@transaction.atomic
def pay_all(*, actor: Actor) -> Job:
    """Start paying every claim that is to be paid. Raises Refusal where there is none."""
    require(actor, "resident_claims.pay")
    tenant = actor.own_tenant()
    waiting = Claim.objects.within(tenant).filter(state=Claim.State.APPROVED).count()
    if not waiting:
        raise Refusal("nothing is to be paid now")
    return jobs.start_job(PAY_ALL, {}, actor=actor, tenant=tenant, total=waiting)


def pay_chunk(step: Step) -> Progress:
    """Pay the next batch of the job, in the order of claims."""
    require(step.actor, "resident_claims.pay")
    audit.hold_chain(step.tenant)
    rows = Claim.objects.within(step.tenant).filter(state=Claim.State.APPROVED, deciding=False)
    if after := step.cursor.get("after"):
        rows = rows.filter(pk__gt=UUID(after))
    claims = list(rows.order_by("pk").select_related("source")[:BATCH])
    done = step.cursor.get("paid", 0)
    if not claims:
        return Progress(step.progress, finished=True, result={
            "paid": done, "amount_fen": str(step.cursor.get("amount", 0)),
            "left": step.cursor.get("left", 0)})
    decisions = _standing(step.tenant, claims)
    pairs = [(one, decisions[one.pk]) for one in claims
             if not conflict(one, decisions[one.pk], step.actor)]
    made = _pay(step.tenant, pairs, step.actor) if pairs else []
    return Progress(
        step.progress + len(claims), max(step.total or 0, step.progress + len(claims) + 1),
        cursor={
            "after": str(claims[-1].pk), "paid": done + len(made),
            "amount": step.cursor.get("amount", 0) + sum(one.amount_fen for one in made),
            "left": step.cursor.get("left", 0) + len(claims) - len(pairs)})


def _standing(tenant: Organisation, claims: Sequence[Claim]) -> dict[Any, Decision]:
    """The decision of each claim that stands, by claim, with its day and without its document."""
    rows = Decision.objects.within(tenant).filter(
        claim__in=[one.pk for one in claims]).order_by("sequence").defer("document").annotate(
        as_of=KT("document__as_of"))
    found = {one.claim_id: one for one in rows}
    if len(found) < len(claims):
        raise Refusal("this claim is not decided")
    return found


def _pay(
    tenant: Organisation, pairs: Sequence[tuple[Claim, Decision]], actor: Actor
) -> list[Payment]:
    now = clock.now()
    recourse = shipped_rules().recourse
    amounts = [claim.pay_fen - claim.paid_fen for claim, _decision in pairs]
    members = [canonical_bytes({"claim": claim.number, "decision": decision.hash,
                                "amount_fen": str(amount)})
               for (claim, decision), amount in zip(pairs, amounts, strict=True)]
    total = sum(amounts)
    single = len(pairs) == 1
    subject: Any = pairs[0][0] if single else ("resident_claims.claim", "batch")
    # The key is the decisions themselves: the same batch is never posted twice.
    key = sha256_hex("\n".join(sorted(str(one.pk) for _claim, one in pairs)).encode())
    entry = post_entry(
        [debit("claims_paid", total), credit("cash", total)], source=subject,
        key=f"resident_claims.payment:{key}", narrative="resident_claims.paid", actor=actor,
        tenant=tenant, members=members,
        details={"claim": pairs[0][0].number} if single else {"claims": len(pairs)})
    made = []
    for (claim, decision), amount in zip(pairs, amounts, strict=True):
        # A decision by hand has no row of the engine's recourse table: its terms are the same.
        last, law = recourse_terms(recourse, date.fromisoformat(decision.as_of))
        made.append(Payment(
            tenant=tenant, claim=claim, decision=decision, amount_fen=amount,
            limitation_day=last, law=law[:300],
            entry_id=entry.pk, entry_number=entry.number, paid_by=actor.user))
        claim.state, claim.paid_fen, claim.paid_at = Claim.State.PAID, claim.pay_fen, now
    Payment.objects.bulk_create(made)
    _move(pairs, now)
    audit.append(actor, "resident_claims.paid", subject, {
        "claims": len(pairs), "amount_fen": str(total), "entry": entry.number,
        **({"number": pairs[0][0].number} if single else {})}, leaves=members, tenant=tenant)
    return made


def _move(pairs: Sequence[tuple[Claim, Decision]], now: datetime) -> None:
    """The claims as they are once paid, by one prepared statement."""
    moment = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {Claim._meta.db_table} SET state = %s, paid_fen = %s, paid_at = %s"
            " WHERE id = %s",
            [(str(claim.state), claim.paid_fen, moment, key_of(claim))
             for claim, _decision in pairs])
