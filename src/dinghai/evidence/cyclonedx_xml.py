"""Reads a CycloneDX bill of materials in XML, component by component."""

from __future__ import annotations

from collections.abc import Sequence

from dinghai.evidence.cyclonedx import MEND, Bill, Component, Stated, Vulnerability, tool_names
from dinghai.evidence.gathering import Gathering, moment_of
from dinghai.evidence.ratings import cwes_in
from dinghai.evidence.xml_stream import Node, stream

_INVENTORY = {"bom", "metadata", "components", "component"}


def read_cyclonedx_xml(data: bytes, gathering: Gathering, stem: str) -> None:
    """Findings of a bill; ``stem`` names the asset when the bill names none."""
    reader = _Reader(gathering, stem)
    broken = stream(data, gathering.source_name, reader.finished)
    reader.report()
    if broken:
        gathering.reject("document", f"the XML breaks off: {broken.reason}", MEND, broken.line)


class _Reader:
    def __init__(self, gathering: Gathering, stem: str) -> None:
        self._gathering = gathering
        self._bill = Bill(gathering, stem)
        self._vulnerabilities: list[Vulnerability] = []

    def finished(self, node: Node, ancestors: Sequence[Node]) -> bool:
        place = [item.tag for item in ancestors]
        if node.tag == "component" and _INVENTORY.issuperset(place):
            self._component(node, place)
            return True
        if node.tag == "metadata" and place == ["bom"]:
            return True
        if place == ["bom", "metadata"]:
            self._metadata(node)
            return node.tag != "component"
        if place == ["bom", "vulnerabilities"]:
            if node.tag == "vulnerability":
                self._vulnerabilities.append(_vulnerability(node))
            return True
        if place == ["bom", "services"]:
            self._gathering.ignore(f"line {node.line} {node.tag}", "a service")
            return True
        # Dependencies, compositions and the like say nothing here.
        return len(place) == 1

    def report(self) -> None:
        """The vulnerabilities, once every component is known."""
        for vulnerability in self._vulnerabilities:
            self._bill.report(vulnerability)

    def _metadata(self, node: Node) -> None:
        if node.tag == "timestamp":
            self._gathering.observed_at = self._bill.observed_at = moment_of(node.text)
        elif node.tag == "tools":
            listed = [*node.all("tool"), *(item for group in node.all("components")
                                           for item in group.all("component"))]
            self._gathering.tool = tool_names(
                [{"name": tool.word("name"), "version": tool.word("version")} for tool in listed])

    def _component(self, node: Node, place: list[str]) -> None:
        component = _read_component(node)
        if place[-1] == "metadata":
            self._bill.describe(component)
        elif place[-1] == "components":
            self._bill.add(component)
        else:
            return
        for group in node.all("vulnerabilities"):
            for item in group.all("vulnerability"):
                self._bill.report(_vulnerability(item), component)


def _read_component(node: Node) -> Component:
    name = node.word("name")
    return Component(
        reference=f"line {node.line} component {name}".strip(),
        line=node.line,
        bom_ref=node.get("bom-ref"),
        group=node.word("group"),
        name=name,
        version=node.word("version"),
        purl=node.word("purl"),
        cpe=node.word("cpe"),
        raw=node.raw(),
    )


def _vulnerability(node: Node) -> Vulnerability:
    """From the schema's own section (1.4 on) or the 1.0 extension (1.1 to 1.3)."""
    identifier = node.word("id")
    return Vulnerability(
        reference=f"line {node.line} vulnerability {identifier}".strip(),
        line=node.line,
        identifier=identifier,
        aliases=tuple(item.word("id") for group in node.all("references")
                      for item in group.all("reference")),
        ratings=tuple(_rating(item) for group in node.all("ratings")
                      for item in group.all("rating")),
        cwes=cwes_in(item.text for group in node.all("cwes") for item in group.all("cwe")),
        state=node.word("analysis", "state"),
        affects=_affects(node),
        raw=node.raw(),
    )


def _rating(node: Node) -> Stated:
    return Stated(node.word("method"), node.word("score", "base") or node.word("score"),
                  node.word("vector"), node.word("severity"))


def _affects(node: Node) -> tuple[tuple[str, frozenset[str]], ...]:
    targets = [target for group in node.all("affects") for target in group.all("target")]
    if not targets and node.get("ref"):
        return ((node.get("ref"), frozenset()),)
    return tuple((target.word("ref"), _unaffected(target)) for target in targets)


def _unaffected(target: Node) -> frozenset[str]:
    listed = [item for group in target.all("versions") for item in group.all("version")]
    return frozenset(item.word("version") for item in listed
                     if item.word("status") == "unaffected")
