"""Residents' cover as a room of the house. It has no pages yet: lists come through its API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp


class ResidentsConfig(HouseApp):
    """Residents' anti-fraud cover."""

    name = "dinghai_platform.residents"
    label = "residents"
    verbose_name = _("Residents' cover")
    api_prefix = "residents"
    mass_uploads = (r"/(api/v1/)?residents/schemes/[0-9a-f-]{36}/lists/?",)
