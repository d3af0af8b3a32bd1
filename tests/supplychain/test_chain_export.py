"""GraphML: well-formed, typed, and the whole chain, whatever stands in its texts."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import msgspec
from hypothesis import given, settings

from dinghai.supplychain.chain import Chain, Goods
from dinghai.supplychain.chain_export import GRAPHS, GraphName, graphml_of
from dinghai.supplychain.chain_file import read_chain
from dinghai.supplychain.chain_overview import (
    depended_on,
    firm_overview,
    overview,
    shared_providers,
    single_sources,
)
from tests.supplychain.chains import chains, write_files

NAMESPACE = {"g": "http://graphml.graphdrawing.org/xmlns"}
TYPES = {"string": str, "int": int, "long": int, "double": float,
         "boolean": lambda text: {"true": True, "false": False}[text]}


def parsed(text: str) -> dict[str, tuple[dict, list]]:  # type: ignore[type-arg]
    """By graph: nodes by id with their values, and edges, read as any program would."""
    root = ElementTree.fromstring(text.encode())
    keys = {one.get("id"): one for one in root.findall("g:key", NAMESPACE)}

    def values(element: ElementTree.Element, scope: str) -> dict[str, object]:
        found = {}
        for one in element.findall("g:data", NAMESPACE):
            key = keys[one.get("key")]
            assert key.get("for") == scope
            found[key.get("attr.name")] = TYPES[key.get("attr.type")](one.text or "")
        return found

    graphs = {}
    for graph in root.findall("g:graph", NAMESPACE):
        assert graph.get("edgedefault") == "directed"
        nodes = {one.get("id"): values(one, "node") for one in graph.findall("g:node", NAMESPACE)}
        edges = [(one.get("source"), one.get("target"), values(one, "edge"))
                 for one in graph.findall("g:edge", NAMESPACE)]
        assert all(source in nodes and target in nodes for source, target, _ in edges)
        graphs[graph.get("id")] = (nodes, edges)
    names = [name for nodes, _ in graphs.values() for name in nodes]
    assert len(names) == len(set(names)), "an id stands once in a document"
    return graphs


@given(chains())
@settings(max_examples=60, deadline=None)
def test_every_chain_is_well_formed_and_whole(chain: Chain) -> None:
    graphs = parsed(graphml_of(chain))
    assert tuple(graphs) == GRAPHS
    nodes, edges = graphs["attack"]
    assert {values["firm"]: values["label"] for values in nodes.values()} == {
        one.id: _held(one.name_zh) for one in (*chain.firms, *chain.providers)}
    assert [(source, target, values["kind"], values.get("mfa")) for source, target, values in edges
            ] == [(one.source, one.target, one.kind, one.mfa) for one in chain.links]
    nodes, edges = graphs["goods"]
    assert {values["firm"]: values["revenue_fen"] for values in nodes.values()} == {
        one.id: one.revenue_fen for one in chain.firms}
    assert [(nodes[source]["firm"], nodes[target]["firm"], values["share_ppm"],
             values.get("stock_seconds")) for source, target, values in edges] == [
        (one.source, one.target, one.share_ppm, one.stock_seconds) for one in chain.goods]
    for name in GRAPHS:
        alone = parsed(graphml_of(chain, (name,)))
        assert tuple(alone) == (name,)
        assert set(alone[name][0]) <= {*chain.firm, *(one.id for one in chain.providers)}


def _held(text: str) -> str:
    """What XML can hold of a text."""
    return "".join("\ufffd" if one in "\ufffe\uffff" else one for one in text)


def test_marks_of_xml_are_escaped(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    nasty = '<b>"甲"&amp;]]></data><!-- \ufffe'
    firms = (msgspec.structs.replace(chain.firms[0], name_zh=nasty), *chain.firms[1:])
    nodes, _ = parsed(graphml_of(msgspec.structs.replace(chain, firms=firms)))["attack"]
    assert nodes["own"]["label"] == nasty.replace("\ufffe", "\ufffd")


def test_what_is_known_of_a_firm_is_on_its_node(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    which: tuple[GraphName, ...] = ("goods",)
    nodes, edges = parsed(graphml_of(chain, which))["goods"]
    assert nodes["own"]["score_ppm"] == 750_000
    assert "score_ppm" not in nodes["sup"] and nodes["sup"]["weaknesses"] == 1
    assert edges[0] == ("sup", "own", {"item": "压缩机", "share_ppm": 300_000, "weight": 0.3,
                                       "stock_seconds": 259_200, "substitutable_ppm": 200_000})


def test_the_overview_counts_by_hand(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    found = overview(chain)
    assert found["by_role"] == {"owner": 1, "supplier": 2}
    assert found["by_tier"] == {"0": 1, "1": 1, "2": 1}
    assert found["firms_without_controls"] == ["sub"]
    assert found["estimated"]["headcount"] == 2
    assert depended_on(chain) == [("sub", 500_000, ("sup",)), ("sup", 240_000, ("own",))]
    assert shared_providers(chain) == {"cloud": ("sup",)}
    assert [(one.source, one.item) for one in single_sources(chain)] == [("sub", "铜")]
    firm = firm_overview(chain, chain.firm["sup"])
    assert firm["links_in"] == [{"from": "cloud", "kind": "shared_provider", "mfa": None}]
    assert [one["from"] for one in firm["buys_from"]] == ["sub"]
    assert msgspec.json.decode(msgspec.json.encode(found)) == found


def test_a_second_source_is_no_single_source(tmp_path: Path) -> None:
    chain = read_chain(write_files(tmp_path / "c"))
    two = msgspec.structs.replace(chain, goods=(
        Goods("sub", "sup", 500_000, None, None, "铜"),
        Goods("own", "sup", 100_000, None, 0, "铜")))
    assert single_sources(two) == ()
