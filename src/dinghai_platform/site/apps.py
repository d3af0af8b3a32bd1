"""The room that dresses all others."""

from __future__ import annotations

from dinghai_platform.core.house import HouseApp


class SiteConfig(HouseApp):
    """Layout, components and static files; the style guide is its only page."""

    name = "dinghai_platform.site"
    label = "site"
    verbose_name = "Site"
    url_prefix = "styleguide/"
