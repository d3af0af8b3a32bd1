"""What the page of providers shows: who uses each, and what their compromise costs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p

from dinghai.supplychain.chain_overview import shared_providers
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.nodes import Node
from dinghai_platform.chains.queries import Choice
from dinghai_platform.site.charts import bar_chart


def providers_page(choice: Choice, nodes: list[Node]) -> dict[str, Any]:
    """Providers with their clients; the losses where the version was run."""
    chain = chain_of_version(choice.version)
    known = {one.id: one for one in nodes}
    whole = sum(one.revenue_fen or 0 for one in nodes) or 1
    rows = []
    for code, firms in shared_providers(chain).items():
        clients = [known[one] for one in firms]
        revenue = sum(one.revenue_fen or 0 for one in clients)
        rows.append({
            "node": known[code], "clients": clients, "count": len(clients),
            "owner": any(one.role == "owner" for one in clients), "revenue_fen": revenue,
            "revenue_ppm": revenue * 1_000_000 // whole})
    ranked = sorted((one for one in rows if one["node"].exported_fen),
                    key=lambda one: -one["node"].exported_fen)[:12]
    return {
        "rows": rows,
        "chart": bar_chart(
            [one["node"].name for one in ranked],
            {_("Costs its clients a year"): [one["node"].exported_fen for one in ranked]},
            unit="fen", horizontal=True, first_column=_p("chain", "Provider"))
        if ranked else None}
