"""Links: a small firm needs no account. The secret is shown once; its hash alone is kept."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from dinghai.foundation.errors import InputError, Refusal
from dinghai_platform.core import audit, clock
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import require
from dinghai_platform.core.tenancy import crossing_tenants
from dinghai_platform.core.tokens import hash_of, new_secret
from dinghai_platform.small_firms.engine import product_on_sale
from dinghai_platform.small_firms.models import Firm, Link
from dinghai_platform.small_firms.rules import LINK, link_scope
from dinghai_platform.small_firms.services.common import books_of, broker_of, home_of

LONGEST_DAYS: Final = 60
CLAIM_VERBS: Final = ("claims.report", "claims.add_evidence", "claims.step.receive",
                      "claims.step.agree", "claims.step.dispute", "claims.step.appeal")
"""What a firm may do about its own incident; on which one, its contract says."""
MOST_OPEN: Final = 2_000
"""So many links of one house may wait at once."""


@transaction.atomic
def make_link(
    *, label: str, days: int, actor: Actor, insurer: Organisation | None = None
) -> tuple[Link, str]:
    """A link that leads one firm to the plans, and its secret, which is not kept.

    Raises InputError for a life outside 1 to 60 days, Refusal where too many wait or the insurer
    does not sell the plans.
    """
    require(actor, "small_firms.invite")
    if not 1 <= days <= LONGEST_DAYS:
        raise InputError("a link lives 1 to 60 days", field="days", mend="shorten it")
    if len(label.strip()) > 100:
        raise InputError("the note has more than 100 characters", field="label", mend="shorten it")
    tenant = home_of(actor, insurer)
    with books_of(actor, tenant):
        product_on_sale(tenant)
        audit.hold_chain(tenant)
        waiting = Link.objects.within(tenant).filter(
            broker=broker_of(actor), opened_at=None, revoked_at=None,
            expires_at__gt=clock.machine_now()).count()
        if waiting >= MOST_OPEN:
            raise Refusal("too many links wait already",
                          reasons=["withdraw some, or wait until they are over"])
        secret = new_secret()
        link = Link.objects.create(
            tenant=tenant, broker=broker_of(actor), label=label.strip(),
            token_hash=hash_of(secret),
            expires_at=clock.machine_now() + timedelta(days=days), made_by=actor.user)
        audit.append(actor, "small_firms.link_made", link, {"days": days})
    return link, secret


@transaction.atomic
def revoke_link(link: Link, *, actor: Actor) -> Link:
    """End a link at once; a policy that was bought by it stays. Asked again it answers the same."""
    require(actor, "small_firms.invite", link)
    with books_of(actor, link.tenant):
        link = audit.locked(link)
        if link.revoked_at is None:
            link.revoked_at = clock.machine_now()
            link.save(update_fields=("revoked_at",))
            audit.append(actor, "small_firms.link_revoked", link, {})
    return link


def live_link(secret: str) -> Link | None:
    """The link of a secret if it still leads somewhere."""
    return _live(token_hash=hash_of(secret))


def link_held(key: str) -> Link | None:
    """The link that a browser has been let in by, if it still leads somewhere."""
    return _live(pk=key)


def _live(**which: str) -> Link | None:
    with crossing_tenants("a link is all that its bearer shows"):
        found: Link | None = Link.objects.filter(
            **which, revoked_at=None, tenant__is_active=True).filter(
            Q(open_until__gte=clock.today())
            | Q(open_until=None, expires_at__gt=clock.machine_now())).select_related(
            "tenant", "broker").first()
        return found


@transaction.atomic
def note_opened(link: Link) -> None:
    """Note when a link was first opened."""
    if link.opened_at is None:
        link.opened_at = clock.machine_now()
        link.save(update_fields=("opened_at",))


def keep_link_open(firm: Firm, until: date) -> None:
    """Let a firm's link lead to it until a day at least: what was bought and reported by it is
    followed there. A link that was withdrawn stays so."""
    Link.objects.within(firm.tenant_id).filter(
        Q(open_until=None) | Q(open_until__lt=until), pk=firm.link_id).update(open_until=until)


def actor_of_link(link: Link) -> Actor:
    """Whoever holds a link: no person the house knows, one firm, and the verbs on it."""
    return Actor(
        user=None, organisation=link.tenant, role=LINK, tenant=link.tenant,
        scopes=frozenset({"small_firms.see", "small_firms.answer", "small_firms.bind",
                          "small_firms.renew", "small_firms.change", *CLAIM_VERBS,
                          link_scope(link)}))
