"""Underwriting as a room of the house."""

from __future__ import annotations

from dinghai_platform.core.house import HouseApp


class UnderwritingConfig(HouseApp):
    """Cases, dossiers, assessments, quotes and policies."""

    name = "dinghai_platform.underwriting"
    label = "underwriting"
    verbose_name = "Underwriting"
    url_prefix = "underwriting/"
    api_prefix = "underwriting"
