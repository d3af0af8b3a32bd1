"""Supply chains as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class ChainsConfig(HouseApp):
    """Chains with their versions, runs of their twin, the map, the storyboard and the fixes."""

    name = "dinghai_platform.chains"
    label = "chains"
    verbose_name = "Supply chains"
    url_prefix = "chains/"
    api_prefix = "chains"
    menu = (
        MenuItem(_("Supply chains"), "chains:chains", "chains.view", "chains", 260,
                 "affiliate"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.chains import words

        words.register()
