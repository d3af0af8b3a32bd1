"""What the verbs on claims share: a claim held for writing, its notes in the audit chain."""

from __future__ import annotations

from typing import Any, Final

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit
from dinghai_platform.core.actors import SYSTEM, Actor
from dinghai_platform.core.models import Membership
from dinghai_platform.resident_claims.models import Claim, Decision

LONGEST_REASON: Final = 2_000


def held(claim: Claim) -> Claim:
    """The claim as it is now, its tenant's writers standing in line. Raises Refusal while a mass
    decision holds it."""
    audit.hold_chain(claim.tenant)
    fresh = audit.locked(claim)
    if fresh.deciding:
        raise Refusal("this claim is being decided now", reasons=["try again in a minute"])
    return fresh


def given_reason(reason: str) -> str:
    """A reason that says something. Raises InputError."""
    said = reason.strip()
    if not said:
        raise InputError("this needs a reason", field="reason", mend="say why")
    if len(said) > LONGEST_REASON:
        raise InputError(f"a reason has at most {LONGEST_REASON} characters", field="reason",
                         mend="shorten it")
    return said


def stated_by(claim: Claim, actor: Actor) -> None:
    """Remember on the claim who of the house stated facts of it; a claimant is none of the house.
    """
    before = claim.facts_by or []
    if actor.user is not None and str(actor.user.pk) not in before:
        claim.facts_by = [*before, str(actor.user.pk)]


def had_stated(claim: Claim, actor: Actor) -> bool:
    """Whether this person stated facts of the claim, or uploaded the file it came in."""
    if actor.user is None:
        return False
    uploaded = claim.source is not None and claim.source.created_by_id == actor.user.pk
    return uploaded or str(actor.user.pk) in (claim.facts_by or ())


def whom_to_ask(claim: Claim, decision: Decision, *roles: str, colleague: str) -> str:
    """How to mend what four eyes refuse: the colleague to ask, or that nobody in one of these roles
    is left who had no part in the claim."""
    part = {claim.source.created_by_id if claim.source else None, claim.approved_by_id,
            decision.decided_by_id, *(claim.facts_by or ())} - {None}
    free = Membership.objects.filter(
        organisation=claim.tenant_id, role__in=roles, is_active=True,
        user__is_active=True).exclude(user__in=part)
    return colleague if free.exists() else (
        "nobody else here may: have the role given to somebody who had no part in it")


def note(claim: Claim, what: str, actor: Actor, **details: Any) -> None:
    """Say in the audit chain what was done: numbers and codes, nothing that names a person."""
    by = {"by": "claimant"} if actor.role == SYSTEM and what in CLAIMANTS else {}
    audit.append(actor, f"resident_claims.{what}", claim, {
        "number": claim.number, "state": claim.state, **by, **details})


CLAIMANTS: Final = frozenset({
    "started", "saved", "paper_added", "paper_taken_back", "submitted", "withdrawn",
    "recovery_reported", "objected"})
