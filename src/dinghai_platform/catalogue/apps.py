"""The catalogue as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class CatalogueConfig(HouseApp):
    """Products that a tenant offers."""

    name = "dinghai_platform.catalogue"
    label = "catalogue"
    verbose_name = "Catalogue"
    url_prefix = "products/"
    api_prefix = "products"
    menu = (
        MenuItem(_("Products"), "catalogue:products", "catalogue.view", "underwriting", 190,
                 "book"),
    )
