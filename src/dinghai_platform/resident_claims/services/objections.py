"""What a claimant says against a determination, answered by somebody who had no part in it."""

from __future__ import annotations

from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.resident_claims.models import Claim, Objection
from dinghai_platform.resident_claims.sealing import seal, unseal
from dinghai_platform.resident_claims.services.common import (
    LONGEST_REASON,
    given_reason,
    had_stated,
    held,
    note,
    whom_to_ask,
)
from dinghai_platform.resident_claims.services.deciding import last_decision

OPEN_TO_OBJECTION = (Claim.State.REFUSED, Claim.State.APPROVED, Claim.State.PROPOSED,
                     Claim.State.PAID)


@transaction.atomic
def object_to(claim: Claim, *, text: str, actor: Actor) -> Objection:
    """A claimant objects to the determination that stands, once to each."""
    require(actor, "resident_claims.claim", claim)
    said = text.strip()
    if not said or len(said) > LONGEST_REASON:
        raise InputError("an objection has words, and no more than 2000 characters", field="text",
                         mend="say what is wrong in the decision")
    claim = held(claim)
    if claim.state not in OPEN_TO_OBJECTION:
        raise Refusal("nothing is determined yet")
    decision = last_decision(claim)
    before = Objection.objects.within(claim.tenant).filter(decision=decision).first()
    if before is not None:
        found: Objection = before
        return found
    made = Objection.objects.create(
        tenant=claim.tenant, claim=claim, decision=decision,
        sealed=seal(claim.tenant_id, said.encode(), purpose="objection"))
    note(claim, "objected", actor, decision=decision.sequence)
    return made


@transaction.atomic
def answer_objection(
    objection: Objection, *, upheld: bool, answer: str, actor: Actor
) -> Objection:
    """Answer an objection. Upheld, the claim goes to a person, who decides by hand, unless what
    was objected to stands no more (it is with a person already, or was taken back).

    Raises Refusal for whoever stated facts, decided or approved, and where it is answered already.
    """
    require(actor, "resident_claims.handle", objection)
    said = given_reason(answer)
    claim = held(objection.claim)
    objection = Objection.objects.within(claim.tenant).select_related("decision").get(
        pk=objection.pk)
    if objection.answered_at is not None:
        raise Refusal("this objection is answered")
    if actor.user is None or had_stated(claim, actor) or actor.user.pk in (
            objection.decision.decided_by_id, claim.approved_by_id):
        raise Refusal("an objection is answered by somebody who had no part in the decision",
                      reasons=[whom_to_ask(claim, objection.decision, "claims_handler",
                                           "claims_approver", colleague="ask a colleague")])
    objection.answer = seal(claim.tenant_id, said.encode(), purpose="answer")
    objection.upheld, objection.answered_at = upheld, clock.now()
    objection.answered_by = actor.user
    objection.save()
    if upheld and claim.state in OPEN_TO_OBJECTION:
        claim.state, claim.approved_by = Claim.State.REFERRED, None
        claim.save(update_fields=("state", "approved_by"))
    note(claim, "objection_answered", actor, upheld=upheld)
    return objection


def words_of(objection: Objection) -> tuple[str, str]:
    """The objection and its answer (empty while there is none)."""
    said = unseal(objection.tenant_id, bytes(objection.sealed), purpose="objection").decode()
    answer = objection.answer
    return said, (unseal(objection.tenant_id, bytes(answer), purpose="answer").decode()
                  if answer else "")
