"""Underwriting as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class UnderwritingConfig(HouseApp):
    """Cases, dossiers, assessments, quotes and policies."""

    name = "dinghai_platform.underwriting"
    label = "underwriting"
    verbose_name = "Underwriting"
    url_prefix = "underwriting/"
    api_prefix = "underwriting"
    menu = (
        MenuItem(_("Cases"), "underwriting:cases", "underwriting.view", "underwriting", 100,
                 "briefcase"),
        MenuItem(_("Dossiers"), "underwriting:dossiers", "underwriting.view", "underwriting", 110,
                 "files"),
        MenuItem(_("Findings"), "underwriting:findings", "underwriting.view", "underwriting", 115,
                 "bug"),
        MenuItem(_("Quotes"), "underwriting:quotes", "underwriting.view", "underwriting", 120,
                 "report-money"),
        MenuItem(_("Policies"), "underwriting:policies", "underwriting.view", "underwriting", 130,
                 "shield-check"),
    )

    def ready(self) -> None:
        """Load the room's words besides its jobs."""
        super().ready()
        from dinghai_platform.underwriting import words

        words.register()
