"""The catalogue as a room of the house."""

from __future__ import annotations

from dinghai_platform.core.house import HouseApp


class CatalogueConfig(HouseApp):
    """Products that a tenant offers."""

    name = "dinghai_platform.catalogue"
    label = "catalogue"
    verbose_name = "Catalogue"
    url_prefix = "products/"
    api_prefix = "products"
