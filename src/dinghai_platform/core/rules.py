"""Who may do what in the core."""

from __future__ import annotations

from typing import Any

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import has_role, is_signed_in, is_system, owns_tenant

is_administrator = has_role(roles.PLATFORM_ADMIN)


@rules.predicate
def at_platform(actor: Any) -> bool:
    """True for an actor of the organisation that runs the site."""
    return isinstance(actor, Actor) and actor.organisation.kind == Organisation.Kind.PLATFORM


@rules.predicate
def in_own_organisation(actor: Any, organisation: Any) -> bool:
    """True when the members are of the actor's own organisation (or none is named)."""
    return organisation is None or organisation.pk == actor.organisation.pk


may_administer = is_administrator | has_role("insured_admin")

# Members of one's own organisation; the platform's administrator manages every organisation's.
rules.add_perm(
    "core.manage_members", (may_administer & in_own_organisation) | (is_administrator & at_platform)
)
rules.add_perm("core.manage_tenants", is_administrator & at_platform)
rules.add_perm("core.introduce_organisation", owns_tenant & ~has_role(roles.AUDITOR))
rules.add_perm("core.share_row", owns_tenant & ~has_role(roles.AUDITOR))
rules.add_perm(
    "core.view_audit", owns_tenant & has_role(roles.AUDITOR, roles.PLATFORM_ADMIN, "compliance")
)
rules.add_perm("core.view_jobs", is_signed_in)
rules.add_perm("core.run_jobs", is_signed_in & ~has_role(roles.AUDITOR) | is_system)
rules.add_perm("core.store_file", is_signed_in & ~has_role(roles.AUDITOR, *roles.REGULATORS))
rules.add_perm("core.own_tokens", is_signed_in)
