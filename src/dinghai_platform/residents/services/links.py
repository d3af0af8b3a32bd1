"""Links by which residents buy for themselves: made, and withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from django.db import transaction

from dinghai.documents.resident_terms import resident_terms
from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tokens import hash_of, new_secret
from dinghai_platform.residents.models import ResidentScheme, SaleLink
from dinghai_platform.underwriting.numbers import next_number

LONGEST_DAYS: Final = 366
MOST_SALES: Final = 1_000_000


@transaction.atomic
def make_link(
    scheme: ResidentScheme, *, plans: Sequence[str], channel: str, days: int, most: int,
    actor: Actor,
) -> tuple[SaleLink, str]:
    """A link and its secret, which is not kept.

    Raises InputError for plans that the scheme lacks, a channel without a name, a life outside 1 to
    366 days, or a product whose wording is not here: what is sold without anybody to ask must be
    explained on the page. Raises Refusal once the scheme is over.
    """
    require(actor, "residents.sell", scheme)
    terms = scheme.terms()
    known = {one.code for one in terms.plans}
    if not plans or not known >= set(plans):
        raise InputError("the scheme has no such plan", field="plans",
                         mend="one of: " + ", ".join(one.code for one in terms.plans))
    if not channel.strip():
        raise InputError("the channel has no name", field="channel",
                         mend="say where the link is shown")
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError(f"a sale link lives 1 to {LONGEST_DAYS} days", field="days",
                         mend="choose fewer days")
    if not 1 <= most <= MOST_SALES:
        raise InputError(f"a sale link sells 1 to {MOST_SALES} certificates", field="most",
                         mend="choose fewer")
    resident_terms(terms.product, "zh")
    if scheme.last_day <= clock.today():
        raise Refusal("the scheme is over", reasons=("open the scheme of the next period",))
    secret = new_secret()
    link = SaleLink.objects.create(
        tenant=scheme.tenant, scheme=scheme,
        number=next_number(SaleLink, "number", scheme.tenant, "SL"),
        channel=channel.strip()[:100],
        plans=[one.code for one in terms.plans if one.code in set(plans)],
        token_hash=hash_of(secret), expires_at=clock.machine_now() + timedelta(days=days),
        most=most, created_by=actor.user)
    audit.append(actor, "residents.link_made", link, {
        "number": link.number, "scheme": scheme.number, "plans": link.plans,
        "channel": link.channel, "most": most, "days": days})
    return link, secret


@transaction.atomic
def withdraw_link(link: SaleLink, *, actor: Actor) -> SaleLink:
    """End a link at once; what was sold stays. Asked again it answers the same."""
    require(actor, "residents.sell", link)
    link = audit.locked(link)
    if link.withdrawn_at is None:
        link.withdrawn_at = clock.machine_now()
        link.save(update_fields=("withdrawn_at",))
        audit.append(actor, "residents.link_withdrawn", link, {
            "number": link.number, "sold": link.sold})
    return link
