"""An underwriter decides on a firm that the rules of referral send to one."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.models import Firm, Quote
from dinghai_platform.small_firms.services.common import given_reason

NEVER: Final = ("decline", "treat_before_bind")


def approvable_plans(quote: Quote) -> tuple[str, ...]:
    """Plans of a referred quote that an underwriter may approve: never one that the engine
    declines or asks to treat first."""
    return tuple(one["plan"] for one in quote.document["plans"] if one["outcome"] not in NEVER)


@transaction.atomic
def decide_referral(
    quote: Quote, *, approve: bool, reason: str, actor: Actor, plan: str = ""
) -> Quote:
    """Approve one plan of a referred quote, or refuse it. The same decision again changes nothing.

    Raises InputError without a reason or a plan that may be approved, PermissionDenied for whoever
    made the quote, Refusal for a quote that does not wait or is not the firm's last.
    """
    require(actor, "small_firms.decide", quote)
    said = given_reason(reason)
    quote = audit.locked(quote)
    wanted = Quote.Decision.APPROVED if approve else Quote.Decision.REFUSED
    if quote.decision == wanted and (not approve or quote.decided_plan == plan):
        return quote
    if quote.outcome != "referred" or quote.decision:
        raise Refusal("this quote does not wait for a decision")
    if quote.firm.quotes.order_by("-id").values_list("pk", flat=True)[0] != quote.pk:
        raise Refusal("a later quote stands in the place of this one",
                      reasons=["decide on the last quote"])
    if actor.user is not None and quote.created_by_id == actor.user.pk:
        raise PermissionDenied("small_firms.decide")
    if approve and plan not in approvable_plans(quote):
        raise InputError("this plan cannot be approved", field="plan",
                         mend="one of: " + ", ".join(approvable_plans(quote)))
    quote.decision, quote.decision_reason = wanted, said
    quote.decided_plan = plan if approve else ""
    quote.decided_by, quote.decided_at = actor.user, clock.now()
    quote.save(update_fields=("decision", "decision_reason", "decided_plan", "decided_by",
                              "decided_at"))
    firm = audit.locked(quote.firm)
    if firm.state != Firm.State.BOUND:
        firm.state = Firm.State.OFFERED if approve else Firm.State.DECLINED
        firm.on_offer_fen = next(
            (one["gross_fen"] for one in quote.document["plans"] if one["plan"] == plan),
            None) if approve else None
        firm.save(update_fields=("state", "on_offer_fen"))
    audit.append(actor, f"small_firms.referral_{wanted}", quote, {
        "number": quote.number, "plan": quote.decided_plan, "reason": said})
    return quote
