"""Cases as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class CasesConfig(HouseApp):
    """The dashboard of every role, and one case through the six steps."""

    name = "dinghai_platform.cases"
    label = "cases"
    verbose_name = "Cases"
    url_prefix = ""
    api_prefix = "cases"
    menu = (
        MenuItem(_("Dashboard"), "cases:dashboard", "cases.dashboard", "overview", 10,
                 "layout-dashboard"),
    )
