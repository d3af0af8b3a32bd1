"""The catalogue as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class CatalogueConfig(HouseApp):
    """Products that a tenant offers, and wordings side by side."""

    name = "dinghai_platform.catalogue"
    label = "catalogue"
    verbose_name = "Catalogue"
    url_prefix = "products/"
    api_prefix = "products"
    menu = (
        MenuItem(_("Products"), "catalogue:products", "catalogue.read", "market", 400, "book"),
        MenuItem(_("Compare products"), "catalogue:compare", "catalogue.compare", "market", 410,
                 "scale"),
        MenuItem(_("Needs"), "catalogue:needs", "catalogue.analyse", "market", 420, "target"),
        MenuItem(_("Conformance"), "catalogue:conformance", "catalogue.check", "market", 430,
                 "checklist"),
        MenuItem(_("Versions compared"), "catalogue:difference", "catalogue.compare", "market",
                 440, "git-branch"),
    )

    def ready(self) -> None:
        """Register the room's words."""
        super().ready()
        from dinghai_platform.catalogue.words import STATES
        from dinghai_platform.site.words import register_states

        register_states(STATES)
