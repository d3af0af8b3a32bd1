"""Parks under a master policy as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class ParksConfig(HouseApp):
    """Master policies of parks with their members, premiums, events, portraits and services."""

    name = "dinghai_platform.parks"
    label = "parks"
    verbose_name = "Parks"
    url_prefix = "parks/"
    api_prefix = "parks"
    menu = (
        MenuItem(_("Parks"), "parks:parks", "parks.view", "underwriting", 190,
                 "building-factory"),
        MenuItem(_("My park cover"), "parks:mine", "parks.own_membership", "underwriting", 191,
                 "shield-check"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.parks import words

        words.register()
