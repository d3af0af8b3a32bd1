"""Who may do what in monitoring."""

from __future__ import annotations

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, owns_tenant
from dinghai_platform.underwriting.rules import (
    in_charge,
    insured,
    insured_admin,
    insured_technical,
    underwriters,
)

watchers = underwriters | (in_charge & has_role("soc", "assessor"))

rules.add_perm("monitoring.view", (owns_tenant & has_role(*roles.INSURER_STAFF)) | insured)
rules.add_perm("monitoring.view_feeds", owns_tenant & has_role(*roles.INSURER_STAFF))
rules.add_perm("monitoring.read", watchers)
rules.add_perm("monitoring.notify", watchers)
rules.add_perm("monitoring.acknowledge", insured_technical)
rules.add_perm("monitoring.respond", insured_technical)
rules.add_perm("monitoring.verify", watchers)
rules.add_perm("monitoring.propose", underwriters)
rules.add_perm("monitoring.agree", insured_admin)
rules.add_perm("monitoring.apply", underwriters)
