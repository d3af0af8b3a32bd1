"""Who may see and change the catalogue."""

from __future__ import annotations

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant

rules.add_perm("catalogue.view", owns_tenant & (has_role(*roles.INSURER_STAFF) | is_system))
rules.add_perm(
    "catalogue.install",
    owns_tenant & (has_role("product_manager", roles.PLATFORM_ADMIN) | is_system),
)
rules.add_perm(
    "catalogue.file", owns_tenant & (has_role("compliance", roles.PLATFORM_ADMIN) | is_system)
)
rules.add_perm(
    "catalogue.load_feed",
    owns_tenant & (has_role(*roles.UNDERWRITING, "soc", roles.PLATFORM_ADMIN) | is_system),
)
