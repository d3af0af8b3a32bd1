"""What the page of providers shows: who uses each, and what their compromise costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext as _p
from django.utils.translation import pgettext_lazy

from dinghai.supplychain.chain_overview import shared_providers
from dinghai_platform.chains import queries
from dinghai_platform.chains.documents import chain_of_version
from dinghai_platform.chains.nodes import Node
from dinghai_platform.chains.queries import Choice
from dinghai_platform.site.charts import bar_chart
from dinghai_platform.site.formats import is_chinese

MOST_SHOWN: Final = 30
_REACHED: Final = 5
GRAPHS: Final[Mapping[str, Any]] = {
    "attack": pgettext_lazy("chain", "attack links"), "goods": pgettext_lazy("chain", "deliveries")}


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
    blast = queries.part(choice.run, "blast") if choice.run else None
    of_node = {one["id"]: one for one in (blast or {}).get("nodes", ())}
    for row in rows:
        row["blast"] = of_node.get(row["node"].id)
    ranked = sorted((one for one in rows if one["node"].exported_fen),
                    key=lambda one: -one["node"].exported_fen)[:12]
    return {
        "rows": rows, "blast": blast, **_reach_and_points(blast, known),
        "chart": bar_chart(
            [one["node"].name for one in ranked],
            {_("Costs its clients a year"): [one["node"].exported_fen for one in ranked]},
            unit="fen", horizontal=True, first_column=_p("chain", "Provider"))
        if ranked else None}


def _reach_and_points(
    blast: Mapping[str, Any] | None, known: Mapping[str, Node]
) -> dict[str, Any]:
    """The nodes whose compromise costs most, and the single points of failure."""
    if blast is None:
        return {}

    def shown(one: Mapping[str, Any]) -> dict[str, Any]:
        node = known.get(one["id"])
        own = one["name_zh"] if is_chinese() else one["name_en"] or one["name_zh"]
        return {**one, "name": node.name if node else own, "known": node is not None}

    return {
        "reaches": [{**shown(one), "others_shown": len(one["reached"][1:_REACHED]), "leading": [
            (known[other["id"]].name if other["id"] in known else other["id"], other)
            for other in one["reached"][:_REACHED]]}
            for one in blast["nodes"][:MOST_SHOWN] if one["loss_fen"]],
        "points": [{**shown(one), "graph_name": GRAPHS[one["graph"]], "cut": [
            known[other].name if other in known else other for other in one["cuts_off"][:8]],
            "cut_count": len(one["cuts_off"])}
            for one in blast["single_points"][:MOST_SHOWN]]}
