"""Who may do what with parks: the insurer's staff, the park's operator, a firm on its own."""

from __future__ import annotations

from typing import Any

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant
from dinghai_platform.underwriting.rules import in_charge


@rules.predicate
def is_the_operator(actor: Any, row: Any) -> bool:
    """True when the row is of the actor's own park (or none is named)."""
    return isinstance(actor, Actor) and actor.tenant is None and (
        row is None or getattr(row, "operator_id", None) == actor.organisation.pk)


@rules.predicate
def is_the_member(actor: Any, row: Any) -> bool:
    """True when the row is of the actor's own organisation as a member (or none is named)."""
    return isinstance(actor, Actor) and actor.tenant is None and (
        row is None or (
            getattr(row, "organisation_id", None) is not None
            and row.organisation_id == actor.organisation.pk))


operator = is_the_operator & has_role("park_operator")
firm = is_the_member & has_role(*roles.INSURED)
staff = owns_tenant & has_role(*roles.INSURER_STAFF)
administrators = in_charge & has_role(*roles.UNDERWRITING)

rules.add_perm("parks.view", staff | operator)
rules.add_perm("parks.view_member", staff | operator | firm)
rules.add_perm("parks.own_membership", firm)
rules.add_perm("parks.administer", administrators)
rules.add_perm("parks.enrol", administrators | operator)
rules.add_perm("parks.pack_certificates", administrators | operator | (in_charge & is_system))
rules.add_perm("parks.serve", administrators | operator)
rules.add_perm("parks.propose_settlement",
               in_charge & has_role(*roles.UNDERWRITING, *roles.CLAIMS))
rules.add_perm("parks.approve_settlement",
               in_charge & has_role("claims_approver", "chief_underwriter"))
rules.add_perm("parks.reverse_settlement",
               in_charge & has_role("claims_payment", roles.PLATFORM_ADMIN))
