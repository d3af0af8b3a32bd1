"""What the page of attack paths shows, from the engine's count of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import pgettext_lazy as _p

from dinghai_platform.chains.nodes import Node
from dinghai_platform.chains.words import LINK_KINDS, word
from dinghai_platform.site.formats import is_chinese
from dinghai_platform.site.words import traced_name

KINDS: Final[Mapping[str, Any]] = {
    "parties_along_links": _p("chain", "Between firms, along links"),
    "parties": _p("chain", "Between firms, all"),
    "steps_along_links": _p("chain", "Step by step, along links"),
    "steps": _p("chain", "Step by step, all"),
}
ORDERS: Final[Mapping[str, Any]] = {
    "by_loss": _p("chain", "By loss"), "by_frequency": _p("chain", "By frequency"),
}


def paths_page(
    document: Mapping[str, Any], nodes: Mapping[str, Node], *, kind: str, order: str
) -> dict[str, Any]:
    """The chosen paths in words, and what they are of."""
    kind = kind if kind in KINDS else next(iter(KINDS))
    order = order if order in ORDERS else next(iter(ORDERS))
    leading = document[kind]
    whole = max(document["strikes"], 1)
    return {
        "found": document, "kind": kind, "order": order, "kinds": list(KINDS.items()),
        "orders": list(ORDERS.items()), "distinct": leading["distinct"],
        "strikes_a_year": document["strikes"] / max(document["years"], 1),
        "paths": [{
            **one, "stops": [_stop(party, nodes) for party in one["parties"]],
            "by_steps": _steps(one.get("steps") or (), nodes),
            "share_ppm": one["strikes"] * 1_000_000 // whole,
            "peril_names": [str(traced_name(name) or name) for name in one["perils"]]}
            for one in leading[order]]}


def _stop(party: str, nodes: Mapping[str, Node]) -> dict[str, Any]:
    node = nodes.get(party)
    return {"id": party, "name": node.name if node else party,
            "place": node.tier_name if node else "", "known": node is not None}


def _steps(steps: Any, nodes: Mapping[str, Node]) -> list[dict[str, Any]]:
    """The steps of a path, each with its party where that changes."""
    found: list[dict[str, Any]] = []
    before = None
    for one in steps:
        found.append({
            **_stop(one["party"], nodes), "enters": one["party"] != before,
            "step": one["name_zh"] if is_chinese() else one["name_en"], "code": one["code"],
            "link": word(LINK_KINDS, one["link"]) if one.get("link") else "",
            "seconds": one["median_seconds"]})
        before = one["party"]
    return found


def likely_ways(
    document: Mapping[str, Any] | None, node: str, nodes: Mapping[str, Node]
) -> list[dict[str, Any]]:
    """The most likely single ways to a node, where the run looked for them."""
    found = (document or {}).get("nodes", {}).get(node, ())
    return [{
        **one, "stops": [_stop(party, nodes) for party in one["parties"]],
        "aim_name": str(traced_name(one["aim"]) or one["aim"]),
        "by_steps": [{
            **_stop(step["party"], nodes), "chance": step["chance"],
            "step": step["name_zh"] if is_chinese() else step["name_en"],
            "link": word(LINK_KINDS, step["link"]) if step.get("link") else "",
            "waits": step["waits_for_all"]} for step in one["steps"]]} for one in found]
