"""What every template is given: who acts, as what else they could, the menu, permissions."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from dinghai_platform.core import clock
from dinghai_platform.core.house import menu_for
from dinghai_platform.core.permissions import Maybe


def house(request: HttpRequest) -> dict[str, Any]:
    """``actor``, ``membership``, ``memberships``, ``menu``, ``may`` and ``business_day``."""
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "membership": getattr(request, "membership", None),
        "memberships": getattr(request, "memberships", []),
        "menu": menu_for(actor) if actor else [],
        "may": Maybe(actor),
        "business_day": clock.today(),
    }
