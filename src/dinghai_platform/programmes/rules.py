"""Who may do what with programmes: the insurer's staff, the chain owner, a member on its own."""

from __future__ import annotations

from typing import Any

import rules

from dinghai_platform.chains.rules import READERS, is_the_owner
from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant
from dinghai_platform.underwriting.rules import in_charge


@rules.predicate
def is_the_member(actor: Any, row: Any) -> bool:
    """True when the row is of the actor's own organisation as a member (or none is named)."""
    return isinstance(actor, Actor) and actor.tenant is None and (
        row is None or getattr(row, "organisation_id", None) == actor.organisation.pk)


chain_owner = is_the_owner & has_role("chain_owner")
supplier = is_the_member & has_role("supplier", *roles.INSURED)
staff = owns_tenant & has_role(*READERS, *roles.CLAIMS)
administrators = in_charge & has_role(*roles.UNDERWRITING)
adjusters = in_charge & has_role(*roles.UNDERWRITING, *roles.CLAIMS)

rules.add_perm("programmes.view", staff | chain_owner)
rules.add_perm("programmes.view_member", staff | chain_owner | supplier)
rules.add_perm("programmes.own_membership", supplier)
rules.add_perm("programmes.administer", administrators)
rules.add_perm("programmes.study", administrators | (in_charge & (has_role("actuary") | is_system)))
rules.add_perm("programmes.propose_settlement", adjusters)
rules.add_perm("programmes.approve_settlement",
               in_charge & has_role("claims_approver", "chief_underwriter"))
rules.add_perm("programmes.reverse_settlement",
               in_charge & has_role("claims_payment", roles.PLATFORM_ADMIN))
rules.add_perm("programmes.float", administrators | (in_charge & has_role("actuary")))
rules.add_perm("programmes.answer_float", supplier | chain_owner)
