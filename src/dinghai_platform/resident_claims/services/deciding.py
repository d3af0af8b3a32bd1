"""Deciding one claim: by the rule where facts are complete, by hand with a reason, by two people
above the scheme's amount."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from dinghai.foundation.canonical import canonical_bytes
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.resident_claims import engine
from dinghai_platform.resident_claims.engine import Determined, Schemes
from dinghai_platform.resident_claims.history import tied_to
from dinghai_platform.resident_claims.models import Claim, Decision, Objection
from dinghai_platform.resident_claims.services.caps import cap_document, capped, still_lost
from dinghai_platform.resident_claims.services.common import (
    given_reason,
    had_stated,
    held,
    note,
    whom_to_ask,
)
from dinghai_platform.resident_claims.services.keeping import Standing, keep_all

DECIDABLE: Final = (Claim.State.SUBMITTED, Claim.State.WAITING, Claim.State.ASKED,
                    Claim.State.REFERRED)


def preview(claim: Claim) -> Determined:
    """What the engine says of a claim today; nothing is kept. Raises InputError where nobody has
    said whether the terms were explained."""
    tenant = claim.tenant
    schemes = Schemes.of(tenant)
    values = list(Claim.objects.within(tenant).filter(pk=claim.pk).values_list(*engine.FIELDS))
    prior = engine.committed(tenant, [claim.certificate_id], without=Q(pk=claim.pk))
    found = engine.decide_rows(values, schemes, prior, clock.today(),
                               tied_to(tenant, values, schemes))
    if claim.number not in found:
        raise InputError("the claim has a day that has not come yet", field="facts",
                         mend="check its days")
    return found[claim.number]


@transaction.atomic
def decide_claim(claim: Claim, *, actor: Actor) -> Claim:
    """Decide a claim by the engine's rules: pay, wait, ask once, refer, or nothing payable.

    A claim that a person looks at is decided by hand. Raises Refusal in any other state.
    """
    require(actor, "resident_claims.decide", claim)
    claim = held(claim)
    if claim.state not in DECIDABLE or claim.state == Claim.State.REFERRED:
        raise Refusal("this claim does not wait for the rule",
                      reasons=["decide it by hand"] if claim.state == Claim.State.REFERRED else [])
    found = preview(claim)
    return _kept(claim, found, actor, "decided")


@transaction.atomic
def ask_papers(claim: Claim, *, actor: Actor) -> Claim:
    """Ask once for everything that is missing. Raises Refusal where it was asked before, or where
    nothing is missing (保险法22条)."""
    require(actor, "resident_claims.handle", claim)
    claim = held(claim)
    if claim.state not in DECIDABLE:
        raise Refusal("this claim is determined")
    if claim.asked_on is not None:
        raise Refusal("papers were asked for already: the law lets the insurer ask once",
                      reasons=["decide on what there is"])
    found = preview(claim)
    if "requests" not in found.document:
        raise Refusal("nothing is missing", reasons=["decide the claim"])
    return _kept(claim, found, actor, "asked")


@transaction.atomic
def decide_by_hand(claim: Claim, *, pay: bool, reason: str, actor: Actor) -> Claim:
    """A person decides: the amount that the terms give, or nothing, with a reason either way.

    What is to be paid above the scheme's amount waits for a second person. Raises Refusal where the
    terms give nothing yet, for a claim that is determined, and for whoever would refuse again what
    an objection to the own decision was upheld against.
    """
    require(actor, "resident_claims.handle", claim)
    said = given_reason(reason)
    claim = held(claim)
    if claim.state not in DECIDABLE:
        raise Refusal("this claim is determined")
    if not pay:
        _check_not_again(claim, actor)
    found = preview(claim)
    if pay and found.outcome == "wait":
        raise Refusal("the wait is not over: the terms give nothing yet",
                      reasons=[f"it ends on {found.wait_until}"])
    if pay and found.terms_fen <= 0:
        raise Refusal("the terms give nothing on these facts",
                      reasons=["establish the facts first, or decide that nothing is payable"])
    by_hand = {"reason": said, "engine_outcome": found.outcome}
    lost = still_lost(claim)
    amount = capped(found.terms_fen, claim.paid_fen, lost) if pay else 0
    said_of_cap = cap_document(found.terms_fen, claim.paid_fen, lost) if pay else {}
    made = Determined(
        found.number, "pay" if pay else "refused", amount, found.terms_fen,
        found.expected_fen, found.prior_fen, None, found.decide_by, found.flagged,
        canonical_bytes({**found.document, "by_hand": by_hand, **said_of_cap}))
    return _kept(claim, made, actor, "decided_by_hand", by_hand=True)


def _check_not_again(claim: Claim, actor: Actor) -> None:
    """Raise Refusal for whoever made the decision that stands and was successfully objected to."""
    objection = Objection.objects.within(claim.tenant).select_related("decision").filter(
        claim=claim, upheld=True, decision__sequence=claim.decisions_made,
        decision__decided_by=actor.user).first()
    if actor.user is not None and objection is not None:
        raise Refusal(
            "an objection to your decision was upheld: somebody else decides whether to refuse",
            reasons=[whom_to_ask(claim, objection.decision, "claims_handler", "claims_approver",
                                 colleague="ask a colleague")])


def _kept(
    claim: Claim, found: Determined, actor: Actor, what: str, *, by_hand: bool = False
) -> Claim:
    schemes = Schemes.of(claim.tenant)
    standing = Standing(claim.pk, claim.scheme_id, claim.decisions_made, claim.paid_fen,
                        claim.asked_on)
    [leaf] = keep_all(claim.tenant, [(standing, found)], schemes, by_hand=by_hand, user=actor.user)
    fresh = audit.locked(claim)
    note(fresh, what, actor, outcome=found.outcome, pay_fen=str(fresh.pay_fen), hash=leaf.hex())
    return fresh


@transaction.atomic
def approve_claim(claim: Claim, *, actor: Actor) -> Claim:
    """A second person lets a payment above the scheme's amount go. Asked again it answers the same.

    Raises Refusal for whoever decided it or stated its facts.
    """
    require(actor, "resident_claims.approve", claim)
    claim = held(claim)
    if claim.state == Claim.State.APPROVED:
        return claim
    if claim.state != Claim.State.PROPOSED:
        raise Refusal("this claim does not wait for approval")
    decision = last_decision(claim)
    decided = actor.user is None or decision.decided_by_id == actor.user.pk
    if decided or had_stated(claim, actor):
        raise Refusal(
            "whoever decided a claim does not approve it" if decided
            else "whoever stated the facts of a claim does not approve it",
            reasons=[whom_to_ask(claim, decision, "claims_approver",
                                 colleague="ask a colleague with this authority")])
    claim.state, claim.approved_by = Claim.State.APPROVED, actor.user
    claim.save(update_fields=("state", "approved_by"))
    note(claim, "approved", actor, pay_fen=str(claim.pay_fen))
    return claim


@transaction.atomic
def send_back(claim: Claim, *, reason: str, actor: Actor) -> Claim:
    """A determination that is not paid yet goes back to a person, with a reason."""
    require(actor, "resident_claims.approve", claim)
    said = given_reason(reason)
    claim = held(claim)
    if claim.state not in Claim.COMMITTED:
        raise Refusal("only what is not paid yet goes back")
    claim.state, claim.approved_by = Claim.State.REFERRED, None
    claim.save(update_fields=("state", "approved_by"))
    note(claim, "sent_back", actor, reason=said)
    return claim


def last_decision(claim: Claim) -> Decision:
    """The decision that stands."""
    found: Any = Decision.objects.within(claim.tenant_id).filter(claim=claim).order_by(
        "-sequence").first()
    if found is None:
        raise Refusal("this claim is not decided")
    decision: Decision = found
    return decision
