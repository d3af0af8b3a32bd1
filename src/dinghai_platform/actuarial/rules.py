"""Who may do what with rating and referral tables, and with fits of one's own data."""

from __future__ import annotations

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, is_system, owns_tenant
from dinghai_platform.underwriting.rules import in_charge

READERS = (*roles.UNDERWRITING, "actuary", "product_manager", "compliance", roles.PLATFORM_ADMIN,
           roles.AUDITOR)
DECIDERS = ("actuary", "chief_underwriter", "compliance")
"""Who may approve or reject what another one proposed."""

actuary = in_charge & has_role("actuary")
deciders = in_charge & has_role(*DECIDERS)

rules.add_perm("actuarial.view", owns_tenant & has_role(*READERS))
rules.add_perm("actuarial.draft", actuary)
rules.add_perm("actuarial.propose", actuary)
rules.add_perm("actuarial.withdraw", actuary)
rules.add_perm("actuarial.run_impact", deciders)
rules.add_perm("actuarial.decide", deciders)
rules.add_perm("actuarial.fit", actuary)
# Days that come: an approved version enters into force by the calendar.
rules.add_perm("actuarial.enter_into_force", in_charge & is_system)
rules.add_perm("actuarial.drop_uploads", in_charge & is_system)
