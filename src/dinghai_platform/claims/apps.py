"""Claims as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class ClaimsConfig(HouseApp):
    """Incidents, response orders, claims, decisions and payments."""

    name = "dinghai_platform.claims"
    label = "claims"
    verbose_name = "Claims"
    url_prefix = "claims/"
    api_prefix = "claims"
    menu = (
        MenuItem(_("Report an incident"), "claims:report", "claims.report", "claims", 300,
                 "bell-ringing"),
        MenuItem(_("Incidents"), "claims:incidents", "claims.view", "claims", 310, "virus"),
        MenuItem(_("Claims"), "claims:claims", "claims.view", "claims", 320, "gavel"),
        MenuItem(_("Claims statistics"), "claims:statistics", "claims.statistics", "claims", 330,
                 "chart-bar"),
    )

    def ready(self) -> None:
        """Job handlers, and the words of this room's states."""
        super().ready()
        from dinghai_platform.claims import words  # registers on import

        words.register()
