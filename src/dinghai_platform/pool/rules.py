"""Who may do what with the pool. Whether an organisation is a member, services ask."""

from __future__ import annotations

import rules

from dinghai_platform.catalogue.rules import is_authority
from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, owns_tenant
from dinghai_platform.core.rules import at_platform

staff = owns_tenant & has_role(*roles.INSURER_STAFF)
elsewhere = ~owns_tenant & has_role("reinsurer", "broker", "park_operator")
"""Who speaks for organisations other than insurers that the operator may admit."""
operator = at_platform & has_role(roles.PLATFORM_ADMIN)

rules.add_perm("pool.view", staff | elsewhere | is_authority)
rules.add_perm(
    "pool.contribute",
    (owns_tenant & ~at_platform & has_role("actuary", roles.PLATFORM_ADMIN)) | elsewhere,
)
rules.add_perm("pool.operate", operator)
