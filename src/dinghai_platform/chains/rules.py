"""Who may do what with supply chains: the insurer's staff, and the chain owner with its own."""

from __future__ import annotations

from typing import Any

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant
from dinghai_platform.underwriting.rules import in_charge

READERS = (*roles.UNDERWRITING, "actuary", "product_manager", "compliance", roles.PLATFORM_ADMIN,
           roles.AUDITOR)


@rules.predicate
def is_the_owner(actor: Any, row: Any) -> bool:
    """True when the chain is that of the actor's own organisation (or none is named)."""
    return isinstance(actor, Actor) and actor.tenant is None and (
        row is None or getattr(row, "owner_id", None) == actor.organisation.pk)


chain_owner = is_the_owner & has_role("chain_owner")
staff = owns_tenant & has_role(*READERS)
keepers = in_charge & has_role(*roles.UNDERWRITING)

rules.add_perm("chains.view", staff | chain_owner)
rules.add_perm("chains.import", keepers | chain_owner)
rules.add_perm("chains.run", keepers | (in_charge & (has_role("actuary") | is_system))
               | chain_owner)
rules.add_perm("chains.withdraw", keepers | chain_owner)
# Files that nobody kept are dropped by the house.
rules.add_perm("chains.drop_imports", in_charge & is_system)
