"""Residents' claims as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class ResidentClaimsConfig(HouseApp):
    """Claims of residents on their anti-fraud cover."""

    name = "dinghai_platform.resident_claims"
    label = "resident_claims"
    verbose_name = _("Residents' claims")
    url_prefix = "resident-claims/"
    api_prefix = "resident-claims"
    menu = (
        MenuItem(_("Residents' claims"), "resident_claims:claims", "resident_claims.view",
                 "claims", 340, "users"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.resident_claims import words

        words.register()
