"""Monitoring as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class MonitoringConfig(HouseApp):
    """Policies in force under watch."""

    name = "dinghai_platform.monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"
    url_prefix = "monitoring/"
    api_prefix = "monitoring"
    menu = (
        MenuItem(_("Policies under watch"), "monitoring:policies", "monitoring.view",
                 "monitoring", 200, "activity"),
        MenuItem(_("Findings under watch"), "monitoring:findings", "monitoring.view",
                 "monitoring", 210, "bug"),
        MenuItem(_("Notices"), "monitoring:notices", "monitoring.view", "monitoring", 220, "mail"),
        MenuItem(_("Premium float"), "monitoring:floats", "monitoring.view", "monitoring", 230,
                 "arrows-sort"),
        MenuItem(_("Threat tables"), "monitoring:feeds", "monitoring.view_feeds", "monitoring",
                 240, "database"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.monitoring import words

        words.register()
