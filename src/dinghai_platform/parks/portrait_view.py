"""The portrait of a park's members on a day, from its rows."""

from __future__ import annotations

from datetime import date
from typing import Any

from dinghai.schemes.park_portrait import portrait, portrait_document
from dinghai_platform.core import clock
from dinghai_platform.parks import queries
from dinghai_platform.parks.engine import policy_of, roll_of
from dinghai_platform.parks.models import Park


def portrait_of(row: Park, on: date) -> tuple[dict[str, Any], dict[str, str]]:
    """The engine's portrait on a day, and the firms' names by credit code."""
    policy = policy_of(row)
    members = list(queries.members_of(row).order_by("sequence"))
    found = portrait_document(policy, portrait(policy, roll_of(members, policy), on))
    return found, {one.credit_code: one.name for one in members}


def day_of(text: str, row: Park) -> date:
    """The day that is asked for, inside the policy; today, or the nearest day, without one."""
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        asked = clock.today()
    return min(max(asked, row.inception), row.expiry)
