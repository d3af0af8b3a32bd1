"""Money that comes back: before payment it lowers the loss, after it the engine shares it."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db import transaction
from django.db.models import Sum

from dinghai.foundation.errors import InputError, Refusal
from dinghai.schemes.resident_claim_recovery import share_return
from dinghai.schemes.resident_claim_tables import shipped_rules
from dinghai_platform.core import clock
from dinghai_platform.core.actors import SYSTEM, Actor
from dinghai_platform.core.keys import new_key
from dinghai_platform.core.permissions import allowed, require
from dinghai_platform.ledger.services import credit, debit, post_entry
from dinghai_platform.resident_claims.facts import with_facts
from dinghai_platform.resident_claims.models import BackStatement, Claim, Recovery
from dinghai_platform.resident_claims.services.caps import capped, still_lost
from dinghai_platform.resident_claims.services.common import held, note, stated_by

_BEFORE: Final = (Claim.State.SUBMITTED, Claim.State.WAITING, Claim.State.ASKED,
                  Claim.State.REFERRED, Claim.State.PROPOSED, Claim.State.APPROVED)


@transaction.atomic
def report_recovery(
    claim: Claim, *, amount_fen: int, returned_on: date, actor: Actor, key: str = "",
    another: bool = False,
) -> Recovery | None:
    """Say that money came back, by the claimant or a handler, once.

    Before payment it is a fact of the claim, which is then decided anew; after payment a recovery
    with the shares of both. A ``key`` (of a form, say) counts once. The same amount of the same
    day is taken for the statement of before: without a key it is answered by it, with another key
    it is refused, unless it is said to be ``another`` return. Raises InputError for that, for a key
    that was used for something else, and for an amount or a day that cannot be.
    """
    by_claimant = actor.role == SYSTEM
    require(actor, "resident_claims.claim" if by_claimant else "resident_claims.recover", claim)
    claim = held(claim)
    if key and (before := BackStatement.objects.within(claim.tenant).filter(
            claim=claim, key=key).select_related("recovery").first()) is not None:
        return _of_key(before, amount_fen, returned_on)
    _check(claim, amount_fen, returned_on)
    if claim.state not in _BEFORE and not claim.paid_fen:
        raise Refusal("nothing was paid on this claim",
                      reasons=["state it among the facts of the claim"])
    alike, same = _alike(claim, amount_fen, returned_on)
    if alike and not another:
        if key:
            raise InputError("the same amount of the same day is reported already",
                             field="amount_fen", mend="say so if it is another return")
        return same
    recovery = None
    if claim.paid_fen:
        recovery = _after(claim, amount_fen, returned_on, actor, by_claimant=by_claimant)
    else:
        _before(claim, amount_fen, returned_on, actor)
    BackStatement.objects.create(
        tenant=claim.tenant, claim=claim, key=key or str(new_key()), returned_on=returned_on,
        amount_fen=amount_fen, recovery=recovery)
    return recovery


def _of_key(before: BackStatement, amount_fen: int, returned_on: date) -> Recovery | None:
    """What a key's statement came to. Raises InputError where it was of something else, or was
    dropped: then nothing would be kept of what is said now."""
    found: Recovery | None = before.recovery
    dropped = found is not None and found.state == Recovery.State.DROPPED
    if dropped or (before.amount_fen, before.returned_on) != (amount_fen, returned_on):
        raise InputError("this was sent already with another amount or day", field="key",
                         mend="begin anew, with another key")
    return found


def _alike(claim: Claim, amount_fen: int, returned_on: date) -> tuple[bool, Recovery | None]:
    """Whether the same amount of the same day stands already, stated or as a recovery (from before
    statements were kept), and the recovery that it is."""
    wanted = {"claim": claim, "amount_fen": amount_fen, "returned_on": returned_on}
    recovery = Recovery.objects.within(claim.tenant).filter(**wanted).exclude(
        state=Recovery.State.DROPPED).first()
    stated = recovery is not None or BackStatement.objects.within(claim.tenant).filter(
        **wanted, recovery=None).exists()
    return stated, recovery


def _check(claim: Claim, amount_fen: int, returned_on: date) -> None:
    if returned_on > clock.today():
        raise InputError("this day has not come yet", field="returned_on", mend="check the day")
    if claim.loss_day is not None and returned_on < claim.loss_day:
        raise InputError("the money came back before it was lost", field="returned_on",
                         mend="check the day")
    if amount_fen <= 0:
        raise InputError("an amount is more than nothing", field="amount_fen",
                         mend="give what came back")


def _before(claim: Claim, amount_fen: int, returned_on: date, actor: Actor) -> None:
    recovered = int(claim.facts.get("recovered", 0)) + amount_fen
    if recovered > int(claim.facts.get("loss", recovered)):
        raise InputError("more came back than was lost", field="amount_fen",
                         mend="check the unit of both amounts")
    claim.facts = with_facts(claim.facts, {"recovered": recovered})
    claim.established = sorted({*(claim.established or ()), "recovered"})
    stated_by(claim, actor)
    if claim.state != Claim.State.ASKED:
        # What was determined rested on another loss: a person's look stays a person's.
        was_referred = claim.state == Claim.State.REFERRED
        claim.state = Claim.State.REFERRED if was_referred else Claim.State.SUBMITTED
        claim.approved_by, claim.wait_until = None, None
    claim.save()
    note(claim, "recovery_reported", actor, amount_fen=str(amount_fen),
         returned_on=returned_on.isoformat(), before_payment=True)


def _after(
    claim: Claim, amount_fen: int, returned_on: date, actor: Actor, *, by_claimant: bool
) -> Recovery:
    before = Recovery.objects.within(claim.tenant).filter(claim=claim).exclude(
        state=Recovery.State.DROPPED).aggregate(sum=Sum("amount_fen"))["sum"] or 0
    rule = shipped_rules().returns.rule
    shares = share_return(
        loss_fen=int(claim.facts.get("loss", 0)),
        recovered_before_fen=int(claim.facts.get("recovered", 0)), paid_fen=claim.paid_fen,
        returned_before_fen=before, returned_fen=amount_fen, rule=rule)
    recovery = Recovery.objects.create(
        tenant=claim.tenant, claim=claim, returned_on=returned_on, amount_fen=amount_fen,
        insured_fen=shares.insured_fen, insurer_fen=shares.insurer_fen, rule=rule,
        by_claimant=by_claimant)
    if claim.state in Claim.COMMITTED and claim.pay_fen > capped(
            claim.pay_fen, claim.paid_fen, still_lost(claim)):
        # A further payment was determined before this came back: it would be more than the loss.
        claim.state, claim.approved_by = Claim.State.REFERRED, None
        claim.save(update_fields=("state", "approved_by"))
    note(claim, "recovery_reported", actor, amount_fen=str(amount_fen),
         insurer_fen=str(shares.insurer_fen), before_payment=False)
    return recovery


@transaction.atomic
def receive_recovery(recovery: Recovery, *, reference: str, actor: Actor) -> Recovery:
    """The insurer's share has arrived: it is posted once. Raises InputError without the bank's
    reference, Refusal for one that was dropped."""
    require(actor, "resident_claims.recover", recovery)
    said = reference.strip()[:100]
    if not said:
        raise InputError("money that arrived has the bank's reference", field="reference",
                         mend="copy it from the statement")
    claim = held(recovery.claim)
    recovery = Recovery.objects.within(claim.tenant).get(pk=recovery.pk)
    if recovery.state == Recovery.State.RECEIVED:
        return recovery
    if recovery.state == Recovery.State.DROPPED:
        raise Refusal("this recovery was dropped")
    if recovery.insurer_fen:
        entry = post_entry(
            [debit("cash", recovery.insurer_fen),
             credit("subrogation_recovery", recovery.insurer_fen)],
            source=recovery, key=f"resident_claims.recovery:{recovery.pk}",
            narrative="resident_claims.recovered", actor=actor, tenant=claim.tenant,
            details={"claim": claim.number, "reference": said})
        recovery.entry_id = entry.pk
    recovery.state, recovery.reference = Recovery.State.RECEIVED, said
    recovery.save(update_fields=("state", "reference", "entry_id"))
    note(claim, "recovery_received", actor, insurer_fen=str(recovery.insurer_fen))
    return recovery


@transaction.atomic
def drop_recovery(recovery: Recovery, *, actor: Actor) -> Recovery:
    """A report that was wrong counts no more. The last one alone: shares of later ones rest on the
    earlier. Raises Refusal for another, and for money that was posted."""
    require(actor, "resident_claims.recover", recovery)
    claim = held(recovery.claim)
    rows = Recovery.objects.within(claim.tenant).filter(claim=claim)
    recovery = rows.get(pk=recovery.pk)
    if recovery.state == Recovery.State.DROPPED:
        return recovery
    if recovery.state == Recovery.State.RECEIVED:
        raise Refusal("this money was received", reasons=["reverse its entry in the books"])
    if rows.filter(pk__gt=recovery.pk).exclude(state=Recovery.State.DROPPED).exists():
        raise Refusal("later recoveries rest on this one", reasons=["drop the last one first"])
    recovery.state = Recovery.State.DROPPED
    recovery.save(update_fields=("state",))
    note(claim, "recovery_dropped", actor, amount_fen=str(recovery.amount_fen))
    return recovery


def may_report(actor: Actor, claim: Claim) -> bool:
    """Whether this actor may say that money came back on the claim now."""
    return ((claim.state in _BEFORE or claim.paid_fen > 0) and not claim.deciding
            and allowed(actor, "resident_claims.recover", claim))
