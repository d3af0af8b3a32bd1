"""Who may do what with residents' schemes."""

from __future__ import annotations

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant, same_tenant
from dinghai_platform.core.rules import at_platform

staff = owns_tenant & ~at_platform & has_role(*roles.INSURER_STAFF)
underwriting = owns_tenant & ~at_platform & has_role(*roles.UNDERWRITING)

rules.add_perm("residents.view", staff & same_tenant | is_system)
rules.add_perm("residents.open_scheme", underwriting)
rules.add_perm("residents.enrol", underwriting & same_tenant | is_system)
rules.add_perm("residents.change", underwriting & same_tenant | is_system)
rules.add_perm(
    "residents.reveal",
    owns_tenant & ~at_platform & same_tenant & has_role(*roles.UNDERWRITING, *roles.CLAIMS),
)
rules.add_perm("residents.sell", underwriting & same_tenant | is_system)
