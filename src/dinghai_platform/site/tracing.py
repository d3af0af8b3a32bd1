"""A trace made ready for a page: every node with its words, its value as text and its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dinghai.foundation.trace import Trace
from dinghai_platform.site.formats import source_text, value_text
from dinghai_platform.site.words import OPERATIONS, Text, traced_name


@dataclass(frozen=True, slots=True)
class TraceNode:
    """One reason as the page shows it; ``code`` is the engine's name for it."""

    code: str
    label: Text
    value: str
    operation: Text
    source: str
    confidence: str
    interval: str
    as_of: str
    children: tuple[TraceNode, ...]


def trace_node(trace: Trace | Mapping[str, Any]) -> TraceNode:
    """Read a Trace or the dict it makes."""
    data = trace.to_dict() if isinstance(trace, Trace) else trace
    source = data.get("source") or {}
    unit = data.get("unit", "")
    interval = source.get("interval")
    operation = data.get("operation", "")
    return TraceNode(
        code=data["name"],
        label=traced_name(data["name"]),
        value=value_text(data["value"], unit),
        operation=OPERATIONS.get(operation, operation),
        source=source_text(source.get("name", "")),
        confidence=source.get("confidence", ""),
        interval=" – ".join(value_text(end, unit) for end in interval) if interval else "",
        as_of=source.get("as_of") or "",
        children=tuple(trace_node(child) for child in data.get("children", ())),
    )
