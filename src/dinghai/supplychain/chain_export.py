"""A chain as GraphML: attack links and goods as two graphs that yEd, Gephi and others open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, get_args
from xml.sax.saxutils import escape, quoteattr

from dinghai.supplychain.chain import Chain, Firm, Goods, Link, Provider
from dinghai.supplychain.held_products import HeldProduct

GraphName = Literal["attack", "goods"]
GRAPHS: Final[tuple[GraphName, ...]] = get_args(GraphName)
_Type = Literal["string", "int", "long", "double", "boolean"]
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NODE: Final[Mapping[str, _Type]] = {
    "firm": "string", "label": "string", "name_en": "string", "kind": "string", "role": "string",
    "tier": "int", "industry": "string", "province": "string", "revenue_fen": "long",
    "headcount": "long", "score_ppm": "long", "scores": "int", "weaknesses": "int",
    "estimated": "string"}
_EDGE: Final[Mapping[GraphName, Mapping[str, _Type]]] = {
    "attack": {"kind": "string", "privilege": "string", "mfa": "boolean", "segmented": "boolean"},
    "goods": {"item": "string", "share_ppm": "long", "weight": "double", "stock_seconds": "long",
              "substitutable_ppm": "long"}}


def graphml_of(
    chain: Chain, graphs: Sequence[GraphName] = GRAPHS, products: Sequence[HeldProduct] = ()
) -> str:
    """The document: one ``graph`` for each name asked; products stand in the attack graph, with an
    edge to each firm that holds them.

    An identifier stands once in a document of GraphML, so with both graphs the nodes of the second
    are written ``goods:ID``; the attribute ``firm`` has the identifier itself. What is not known
    has no value. Every text is escaped, and what XML cannot hold is replaced.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>',
             '<graphml xmlns="http://graphml.graphdrawing.org/xmlns" '
             'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
             'xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns '
             'http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">',
             *_keys(graphs)]
    for number, name in enumerate(graphs):
        prefix = f"{name}:" if number else ""
        lines += [f'  <graph id={_quoted(name)} edgedefault="directed">',
                  *_nodes(chain, name, prefix)]
        if name == "attack":
            for product in products:
                lines += _node(prefix + product.id, _product_values(product))
        lines += _edges(chain, name, prefix)
        if name == "attack":
            lines += _holdings(products, prefix)
        lines.append("  </graph>")
    return "\n".join([*lines, "</graphml>"]) + "\n"


def _keys(graphs: Iterable[GraphName]) -> Iterator[str]:
    for name, kind in _NODE.items():
        yield (f'  <key id="n_{name}" for="node" attr.name="{name}" attr.type="{kind}"/>')
    for graph in graphs:
        for name, kind in _EDGE[graph].items():
            yield (f'  <key id="{graph}_{name}" for="edge" attr.name="{name}" '
                   f'attr.type="{kind}"/>')


def _nodes(chain: Chain, graph: GraphName, prefix: str) -> Iterator[str]:
    totals: dict[str, list[int]] = {}
    for control in chain.controls:
        if control.score_ppm is not None:
            totals.setdefault(control.firm, []).append(control.score_ppm)
    weak: dict[str, int] = {}
    for weakness in chain.weaknesses:
        weak[weakness.firm] = weak.get(weakness.firm, 0) + 1
    for firm in chain.firms:
        scores = totals.get(firm.id, [])
        yield from _node(prefix + firm.id, {
            **_firm_values(firm), "scores": len(scores),
            "score_ppm": sum(scores) // len(scores) if scores else None,
            "weaknesses": weak.get(firm.id, 0)})
    if graph == "attack":
        for provider in chain.providers:
            yield from _node(prefix + provider.id, _provider_values(provider))


def _firm_values(firm: Firm) -> dict[str, Any]:
    return {"firm": firm.id, "label": firm.name_zh, "name_en": firm.name_en or None,
            "kind": "firm", "role": firm.role, "tier": firm.tier, "industry": firm.industry,
            "province": firm.province or None, "revenue_fen": firm.revenue_fen,
            "headcount": firm.headcount, "estimated": ";".join(firm.estimated) or None}


def _provider_values(provider: Provider) -> dict[str, Any]:
    return {"firm": provider.id, "label": provider.name_zh, "name_en": provider.name_en or None,
            "kind": f"provider.{provider.kind}"}


def _product_values(product: HeldProduct) -> dict[str, Any]:
    return {"firm": product.id, "label": product.name_zh, "name_en": product.name_en,
            "kind": "common_vulnerability"}


def _holdings(products: Iterable[HeldProduct], prefix: str) -> Iterator[str]:
    number = 0
    for product in products:
        for firm in product.firms:
            yield (f'    <edge id="product-{number}" source={_quoted(prefix + product.id)} '
                   f"target={_quoted(prefix + firm)}>")
            yield from _data("attack", {"kind": "common_vulnerability"})
            yield "    </edge>"
            number += 1


def _node(identifier: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield f"    <node id={_quoted(identifier)}>"
    yield from _data("n", values)
    yield "    </node>"


def _edges(chain: Chain, graph: GraphName, prefix: str) -> Iterator[str]:
    rows: tuple[Link | Goods, ...] = chain.links if graph == "attack" else chain.goods
    for number, one in enumerate(rows):
        values = {name: getattr(one, name) for name in _EDGE[graph]
                  if name != "weight"}
        if isinstance(one, Goods):
            values["weight"] = one.share_ppm / 1_000_000
            values["item"] = one.item or None
        yield (f'    <edge id="{graph}-{number}" source={_quoted(prefix + one.source)} '
               f"target={_quoted(prefix + one.target)}>")
        yield from _data(graph, values)
        yield "    </edge>"


def _data(scope: str, values: Mapping[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        if value is not None:
            yield f'      <data key="{scope}_{name}">{_text(value)}</data>'


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escape(_FORBIDDEN.sub("\ufffd", str(value)))


def _quoted(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text))
