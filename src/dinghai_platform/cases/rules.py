"""Who sees the dashboard and a case's timeline."""

from __future__ import annotations

import rules

from dinghai_platform.core import roles
from dinghai_platform.core.permissions import has_role, is_signed_in

rules.add_perm("cases.dashboard", is_signed_in)
rules.add_perm("cases.view", has_role(*roles.INSURER_STAFF, *roles.INSURED))
