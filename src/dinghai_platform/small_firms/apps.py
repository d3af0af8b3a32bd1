"""Small firms as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class SmallFirmsConfig(HouseApp):
    """Small firms: plans, light answers, instant quotes, policies, batches and monthly pages."""

    name = "dinghai_platform.small_firms"
    label = "small_firms"
    verbose_name = _("Small firms")
    url_prefix = "small-firms/"
    api_prefix = "small-firms"
    menu = (
        MenuItem(_("Small firms"), "small_firms:firms", "small_firms.view", "underwriting", 150,
                 "briefcase"),
        MenuItem(_("Batches of small firms"), "small_firms:batches", "small_firms.batch",
                 "underwriting", 151, "file-import"),
        MenuItem(_("Renewals of small firms"), "small_firms:renewals", "small_firms.batch",
                 "underwriting", 152, "refresh"),
        MenuItem(_("Changes of small firms' policies"), "small_firms:change_list",
                 "small_firms.view", "underwriting", 153, "pencil"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.small_firms import words

        words.register()
