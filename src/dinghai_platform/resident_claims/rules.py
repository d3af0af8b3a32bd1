"""Who may do what with residents' claims. Claimants act through the house itself, each on the
certificate that they have shown to be theirs."""

from __future__ import annotations

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant, same_tenant
from dinghai_platform.core.rules import at_platform

own = owns_tenant & ~at_platform & same_tenant
handler = own & has_role("claims_handler", "claims_approver")

rules.add_perm("resident_claims.view", own & has_role(*roles.INSURER_STAFF) | is_system)
rules.add_perm("resident_claims.claim", own & is_system)
rules.add_perm("resident_claims.handle", handler)
rules.add_perm("resident_claims.decide", handler | own & is_system)
rules.add_perm("resident_claims.approve", own & has_role("claims_approver"))
rules.add_perm("resident_claims.pay", own & has_role("claims_payment"))
rules.add_perm("resident_claims.recover", own & has_role(*roles.CLAIMS))
rules.add_perm("resident_claims.import", handler)
rules.add_perm("resident_claims.reveal", own & has_role(*roles.CLAIMS))
rules.add_perm("resident_claims.set",
               own & has_role("chief_underwriter", roles.PLATFORM_ADMIN))
