"""The pool as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class PoolConfig(HouseApp):
    """The shared data pool."""

    name = "dinghai_platform.pool"
    label = "pool"
    verbose_name = "Data pool"
    url_prefix = "pool/"
    api_prefix = "pool"
    menu = (
        MenuItem(_("Data pool"), "pool:overview", "pool.view", "market", 450, "database"),
        MenuItem(_("Contributions"), "pool:batches", "pool.contribute", "market", 460, "upload"),
        MenuItem(_("Pool releases"), "pool:releases", "pool.view", "market", 470,
                 "report-analytics"),
    )

    def ready(self) -> None:
        """Register the room's words."""
        super().ready()
        from dinghai_platform.pool.words import STATES
        from dinghai_platform.site.words import register_states

        register_states(STATES)
