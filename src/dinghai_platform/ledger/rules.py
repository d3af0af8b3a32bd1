"""Who sees the books, and who may post by hand (nobody: entries come from services)."""

from __future__ import annotations

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant

rules.add_perm("ledger.view", owns_tenant & (has_role(*roles.INSURER_STAFF) | is_system))
# What a role may post is decided by the verb that posts (bind, pay, refund …).
rules.add_perm(
    "ledger.post",
    owns_tenant
    & (has_role(*roles.UNDERWRITING, *roles.CLAIMS, "actuary", roles.PLATFORM_ADMIN) | is_system),
)
rules.add_perm(
    "ledger.reverse", owns_tenant & (has_role("claims_payment", roles.PLATFORM_ADMIN) | is_system)
)
