"""Reads a CycloneDX bill of materials in JSON, tolerant of faulty components."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dinghai.evidence.cyclonedx import MEND, Bill, Component, Stated, Vulnerability, tool_names
from dinghai.evidence.gathering import (
    Gathering,
    bounded,
    mapping_of,
    moment_of,
    plain_text,
)
from dinghai.evidence.ratings import cwes_in
from dinghai.foundation.errors import InputError

_KNOWN_VERSION = re.compile(r"1\.\d{1,2}", re.ASCII)
DEPTH_LIMIT = 100


def read_cyclonedx_json(document: Mapping[str, Any], gathering: Gathering, stem: str) -> None:
    """Findings of a bill; ``stem`` names the asset when the bill names none.

    Raises InputError for a document of another format version than 1.x.
    """
    version = plain_text(document.get("specVersion"))
    if not _KNOWN_VERSION.fullmatch(version):
        raise InputError(f"CycloneDX {version or 'without a version'} is not read",
                         file=gathering.source_name, field="specVersion", mend="export it as 1.6")
    metadata = mapping_of(document.get("metadata"))
    gathering.observed_at = moment_of(metadata.get("timestamp"))
    gathering.tool = tool_names(list(_tools(metadata.get("tools"))))
    bill = Bill(gathering, stem)
    bill.observed_at = gathering.observed_at
    subject = metadata.get("component")
    if isinstance(subject, dict):
        bill.describe(_component(subject, "metadata.component"))
        _components(subject.get("components"), "metadata.component.components", bill, gathering)
    _components(document.get("components"), "components", bill, gathering)
    for reference, value in _listed(document.get("services"), "services", gathering):
        gathering.ignore(reference, "a service" if isinstance(value, dict) else "not a service")
    for reference, value in _listed(document.get("vulnerabilities"), "vulnerabilities",
                                    gathering):
        if isinstance(value, dict):
            bill.report(_vulnerability(value, reference))
        else:
            gathering.reject(reference, "a vulnerability must be an object", MEND)


def _components(value: Any, place: str, bill: Bill, gathering: Gathering) -> None:
    """The list and the lists inside its components, outer before inner."""
    pending = [(value, place, 1)]
    while pending:
        items, where, depth = pending.pop()
        if depth > DEPTH_LIMIT:
            gathering.reject(where, "components nested too deep", MEND)
            continue
        for reference, item in _listed(items, where, gathering):
            if not isinstance(item, dict):
                gathering.reject(reference, "a component must be an object", MEND)
                continue
            bill.add(_component(item, reference))
            if item.get("components") is not None:
                pending.append((item["components"], f"{reference}.components", depth + 1))


def _listed(value: Any, place: str, gathering: Gathering) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    if not isinstance(value, list):
        gathering.reject(place, "expected a list", MEND)
        return
    for number, item in enumerate(value):
        yield f"{place}[{number}]", item


def _component(item: Mapping[str, Any], reference: str) -> Component:
    own = {key: value for key, value in item.items() if key != "components"}
    return Component(
        reference=reference,
        line=None,
        bom_ref=plain_text(item.get("bom-ref")),
        group=plain_text(item.get("group")),
        name=plain_text(item.get("name")),
        version=plain_text(item.get("version")),
        purl=plain_text(item.get("purl")),
        cpe=plain_text(item.get("cpe")),
        raw=bounded(json.dumps(own, ensure_ascii=False)),
    )


def _vulnerability(item: Mapping[str, Any], reference: str) -> Vulnerability:
    aliases = (mapping_of(entry).get("id") for entry in _list(item.get("references")))
    ratings = (mapping_of(entry) for entry in _list(item.get("ratings")))
    affects = (mapping_of(entry) for entry in _list(item.get("affects")))
    return Vulnerability(
        reference=reference,
        line=None,
        identifier=plain_text(item.get("id")),
        aliases=tuple(plain_text(alias) for alias in aliases),
        ratings=tuple(
            Stated(plain_text(entry.get("method")), entry.get("score"),
                   plain_text(entry.get("vector")), plain_text(entry.get("severity")))
            for entry in ratings
        ),
        cwes=cwes_in(_list(item.get("cwes"))),
        state=plain_text(mapping_of(item.get("analysis")).get("state")),
        affects=tuple((plain_text(entry.get("ref")), _unaffected(entry)) for entry in affects),
        raw=bounded(json.dumps(item, ensure_ascii=False)),
    )


def _unaffected(target: Mapping[str, Any]) -> frozenset[str]:
    versions = (mapping_of(entry) for entry in _list(target.get("versions")))
    return frozenset(plain_text(entry.get("version")) for entry in versions
                     if entry.get("status") == "unaffected")


def _tools(value: Any) -> Iterator[dict[str, str]]:
    """A list of tools (1.0–1.4), or components and services (from 1.5)."""
    listed = value if isinstance(value, list) else _list(mapping_of(value).get("components"))
    for tool in listed:
        facts = mapping_of(tool)
        yield {key: plain_text(facts.get(key)) for key in ("name", "version")}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
