"""Insurance programmes of supply chains as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class ProgrammesConfig(HouseApp):
    """Programmes with their members, certificates, shares, settlements and floating premiums."""

    name = "dinghai_platform.programmes"
    label = "programmes"
    verbose_name = "Programmes"
    url_prefix = "programmes/"
    api_prefix = "programmes"
    menu = (
        MenuItem(_("Insurance programmes"), "programmes:programmes", "programmes.view", "chains",
                 270, "umbrella"),
        MenuItem(_("My programme"), "programmes:mine", "programmes.own_membership", "chains", 271,
                 "shield-check"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs, and show programmes on the pages of chains."""
        super().ready()
        from dinghai_platform.chains.beside import show_beside
        from dinghai_platform.programmes import words
        from dinghai_platform.programmes.beside_chain import programmes_of_chain

        words.register()
        show_beside(programmes_of_chain)
