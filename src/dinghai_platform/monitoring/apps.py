"""Monitoring as a room of the house."""

from __future__ import annotations

from dinghai_platform.core.house import HouseApp


class MonitoringConfig(HouseApp):
    """Policies in force under watch."""

    name = "dinghai_platform.monitoring"
    label = "monitoring"
    verbose_name = "Monitoring"
    url_prefix = "monitoring/"
    api_prefix = "monitoring"
