"""Subsidies of premiums as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class SubsidiesConfig(HouseApp):
    """Subsidies: rules, applications, public lists, payments, what goes back, reports."""

    name = "dinghai_platform.subsidies"
    label = "subsidies"
    verbose_name = "Subsidies"
    url_prefix = "subsidies/"
    api_prefix = "subsidies"
    menu = (
        MenuItem(_("Premium subsidies"), "subsidies:desk", "subsidies.view_register", "market",
                 480, "building-bank"),
        MenuItem(_("Subsidies on offer"), "subsidies:open", "subsidies.apply", "market", 481,
                 "coins"),
        MenuItem(_("Subsidy applications"), "subsidies:applications",
                 "subsidies.view_applications", "market", 482, "file-text"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.subsidies import words

        words.register()
