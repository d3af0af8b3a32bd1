"""Who may see and change the catalogue."""

from __future__ import annotations

from typing import Any

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.actors import Actor
from dinghai_platform.core.models import Organisation
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant

BUYERS = (*roles.INSURED, "broker", "chain_owner", "park_operator")
"""Who chooses among products, for itself or for others."""


@rules.predicate
def is_authority(actor: Any) -> bool:
    """True for a supervisor of the market, at an authority."""
    return (
        isinstance(actor, Actor)
        and actor.role in roles.REGULATORS
        and actor.organisation.kind == Organisation.Kind.REGULATOR
    )


staff = owns_tenant & (has_role(*roles.INSURER_STAFF) | is_system)
buyer = ~owns_tenant & has_role(*BUYERS)

# Rows of a tenant's catalogue; what of them one sees is the model's `visibility`.
rules.add_perm("catalogue.view", staff | buyer)
# Reading wordings, and putting them side by side; authorities see the whole market's.
rules.add_perm("catalogue.read", staff | buyer | is_authority)
rules.add_perm("catalogue.compare", staff | buyer | is_authority)
rules.add_perm(
    "catalogue.check",
    is_authority
    | (
        owns_tenant
        & (
            has_role("product_manager", "compliance", "actuary", roles.PLATFORM_ADMIN,
                     roles.AUDITOR)
            | is_system
        )
    ),
)
# What could happen to one enterprise: those who may see its dossier.
rules.add_perm(
    "catalogue.analyse",
    (owns_tenant & has_role(*roles.INSURER_STAFF)) | (~owns_tenant & has_role(*BUYERS)),
)
_managers = owns_tenant & (has_role("product_manager", roles.PLATFORM_ADMIN) | is_system)
_compliance = owns_tenant & (has_role("compliance", roles.PLATFORM_ADMIN) | is_system)
rules.add_perm("catalogue.install", _managers)
rules.add_perm("catalogue.revise", _managers)
rules.add_perm("catalogue.file", _compliance)
rules.add_perm("catalogue.withdraw", _compliance)
rules.add_perm(
    "catalogue.load_feed",
    owns_tenant & (has_role(*roles.UNDERWRITING, "soc", roles.PLATFORM_ADMIN) | is_system),
)
