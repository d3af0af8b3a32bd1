"""The actuary's room as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class ActuarialConfig(HouseApp):
    """Rating and referral tables in versions, their impact on the book, calibration tables."""

    name = "dinghai_platform.actuarial"
    label = "actuarial"
    verbose_name = "Actuarial"
    url_prefix = "actuarial/"
    api_prefix = "actuarial"
    menu = (
        MenuItem(_("Rating and rules"), "actuarial:versions", "actuarial.view", "actuarial", 300,
                 "table"),
        MenuItem(_("Referral rules"), "actuarial:referral", "actuarial.view", "actuarial", 310,
                 "git-branch"),
        MenuItem(_("Adequacy of the book"), "actuarial:adequacy", "actuarial.view", "actuarial",
                 320, "gauge"),
        MenuItem(_("Calibration tables"), "actuarial:calibration", "actuarial.view", "actuarial",
                 330, "adjustments"),
        MenuItem(_("Fit reports"), "actuarial:fits", "actuarial.view", "actuarial", 335,
                 "chart-dots"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.actuarial import words

        words.register()
