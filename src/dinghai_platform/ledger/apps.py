"""The ledger as a room of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from dinghai_platform.core.house import HouseApp, MenuItem


class LedgerConfig(HouseApp):
    """Double entry: the only way money moves."""

    name = "dinghai_platform.ledger"
    label = "ledger"
    verbose_name = "Ledger"
    url_prefix = "ledger/"
    api_prefix = "ledger"
    menu = (
        MenuItem(_("Journal"), "ledger:entries", "ledger.view", "books", 800, "book"),
        MenuItem(_("Balances"), "ledger:balances", "ledger.view", "books", 810, "scale"),
    )
