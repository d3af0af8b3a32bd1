"""An underwriter's refusal stands for its days; a firm may ask once that it is looked at again.

Other answers, another link or a file do not go round it: it is the firm that was refused.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.small_firms.models import Firm, Quote
from dinghai_platform.small_firms.rules import LINK
from dinghai_platform.small_firms.services.common import VALID_DAYS, books_of, given_reason

LONGEST_REQUEST: Final = 1_000
STANDS: Final = (Quote.Decision.REFUSED, Quote.Decision.AGAIN)


def refused_until(quote: Quote) -> date:
    """The last day on which a refusal stands."""
    assert quote.decided_at is not None
    return shanghai_day(quote.decided_at) + timedelta(days=VALID_DAYS)


def stands(quote: Quote) -> bool:
    """Whether a quote is refused, and the refusal is not over."""
    return quote.decision in STANDS and clock.today() <= refused_until(quote)


def refusals_of(tenant: Organisation, codes: Collection[str], firm: Firm | None = None
                ) -> list[Quote]:
    """The refusals that stand of credit codes, and of one firm under whatever code."""
    wanted = Q(firm__credit_code__in=list(codes)) | (Q() if firm is None else Q(firm=firm))
    rows = Quote.objects.within(tenant).filter(
        wanted, decision__in=STANDS,
        decided_at__gte=clock.now() - timedelta(days=VALID_DAYS + 1)).select_related(
        "firm").order_by("id")
    return [one for one in rows if stands(one)]


def require_not_refused(firm: Firm, code: str, actor: Actor) -> None:
    """Raises Refusal while an underwriter's refusal stands of a firm or its credit code. Who came
    another way, and is no staff, is not told that somebody was refused."""
    found = refusals_of(firm.tenant, [code], firm)
    own = next((one for one in found if one.firm_id == firm.pk), None)
    if own is not None:
        raise Refusal(f"an underwriter has refused this firm until: {refused_until(own)}",
                      reasons=[own.decision_reason, "ask that it is looked at again"])
    if found:
        if actor.tenant is not None and actor.role != LINK:
            raise Refusal("an underwriter has refused this firm",
                          reasons=[one.number for one in found])
        raise Refusal("this firm is priced by an underwriter", reasons=["ask your insurer"])


@transaction.atomic
def ask_again(quote: Quote, *, text: str, actor: Actor) -> Quote:
    """Ask, for the firm, that a refusal is looked at again, and say what has changed. Asked again
    while it waits it answers the same.

    Raises InputError without a text, Refusal for a quote that is not refused or no longer.
    """
    require(actor, "small_firms.answer", quote)
    said = text.strip()
    if not said or len(said) > LONGEST_REQUEST or "\0" in said:
        raise InputError("it is not said what is to be looked at", field="text",
                         mend="say in at most 1,000 characters what has changed")
    with books_of(actor, quote.tenant):
        quote = audit.locked(quote)
        if quote.decision == Quote.Decision.AGAIN:
            return quote
        if not stands(quote):
            raise Refusal("no refusal stands here", reasons=["price it again"])
        assert quote.decided_at is not None
        if quote.asked_again_at is not None and quote.asked_again_at >= quote.decided_at:
            raise Refusal("this refusal was looked at again already", reasons=["ask your insurer"])
        quote.decision, quote.asked_again, quote.asked_again_at = (
            Quote.Decision.AGAIN, said, clock.now())
        quote.save(update_fields=("decision", "asked_again", "asked_again_at"))
        audit.append(actor, "small_firms.refusal_questioned", quote, {"number": quote.number})
    return quote


@transaction.atomic
def look_again(quote: Quote, *, lift: bool, reason: str, actor: Actor) -> Quote:
    """Look at a refusal again: it is lifted, so that the quote waits for a decision anew and the
    firm may answer anew, or it stands, with the reason of now. The days do not begin anew.

    Raises InputError without a reason, PermissionDenied for whoever made the quote, Refusal for a
    quote that is not refused or no longer.
    """
    require(actor, "small_firms.decide", quote)
    said = given_reason(reason)
    quote = audit.locked(quote)
    if actor.user is not None and quote.created_by_id == actor.user.pk:
        raise PermissionDenied("small_firms.decide")
    if quote.decision != Quote.Decision.AGAIN and not stands(quote):  # a question is answered late
        raise Refusal("no refusal stands here", reasons=["decide on the quote itself"])
    before = quote.decision_reason
    if lift:
        quote.decision, quote.decision_reason = Quote.Decision.NONE, ""
        quote.decided_by, quote.decided_at = None, None
    else:
        quote.decision, quote.decision_reason = Quote.Decision.REFUSED, said
    quote.save(update_fields=("decision", "decision_reason", "decided_by", "decided_at"))
    firm = audit.locked(quote.firm)
    if lift and firm.state == Firm.State.DECLINED:
        firm.state = Firm.State.REFERRED
        firm.save(update_fields=("state",))
    audit.append(actor, f"small_firms.refusal_{'lifted' if lift else 'kept'}", quote, {
        "number": quote.number, "reason": said, "reason_before": before})
    return quote
