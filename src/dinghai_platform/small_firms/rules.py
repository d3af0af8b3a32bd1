"""Who may do what with small firms: the insurer's desk, a broker, the firm itself, a link."""

from __future__ import annotations

from typing import Any, Final

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant
from dinghai_platform.underwriting.rules import in_charge, is_the_insured

LINK: Final = "small_firm_link"
"""The role of whoever came by a link: no account, one firm."""


def link_scope(link: Any) -> str:
    """What in a link's actor names the one link that it came by."""
    return f"small_firms.link:{link.pk}"


@rules.predicate
def by_the_link(actor: Any, row: Any) -> bool:
    """True for whoever came by the link of this very firm."""
    if not isinstance(actor, Actor) or actor.role != LINK or row is None:
        return False
    link = getattr(getattr(row, "firm", row), "link_id", None)
    return link is not None and f"small_firms.link:{link}" in (actor.scopes or ())


@rules.predicate
def is_the_broker(actor: Any, row: Any) -> bool:
    """True when the row came through the actor's own organisation (or none is named)."""
    return isinstance(actor, Actor) and actor.tenant is None and (
        row is None or getattr(row, "broker_id", None) == actor.organisation.pk)


staff = owns_tenant & has_role(*roles.INSURER_STAFF)
desk = in_charge & (has_role(*roles.UNDERWRITING) | is_system)
broker = is_the_broker & has_role("broker")
firm = is_the_insured & has_role(*roles.INSURED)
firm_admin = is_the_insured & has_role("insured_admin")

rules.add_perm("small_firms.view", staff | broker | firm)
rules.add_perm("small_firms.see", staff | broker | firm | by_the_link)
rules.add_perm("small_firms.answer", desk | broker | firm_admin | by_the_link)
rules.add_perm("small_firms.bind", desk | broker | firm_admin | by_the_link)
rules.add_perm("small_firms.renew", desk | broker | firm_admin | by_the_link)
rules.add_perm("small_firms.change", desk | broker | firm_admin | by_the_link)
rules.add_perm("small_firms.start", desk | broker | firm_admin)
rules.add_perm("small_firms.batch", desk | broker)
rules.add_perm("small_firms.invite", desk | broker)
rules.add_perm("small_firms.report", desk | broker)
rules.add_perm("small_firms.decide", desk)
rules.add_perm("small_firms.validation", staff | broker)
# Cover starts with the money (见费出单): the insurer says that it arrived, not who owes it.
rules.add_perm("small_firms.record_payment",
               in_charge & (has_role(*roles.UNDERWRITING, roles.PLATFORM_ADMIN) | is_system))
rules.add_perm("small_firms.run_out", in_charge & is_system)
