"""The tree of reasons behind a value: it serialises, hashes and can be shown to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dinghai.foundation.canonical import JSON, canonical_bytes, sha256_hex

TraceValue = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure comes from and how far it can be trusted.

    ``confidence`` uses the marks of the domain guide: ``T`` text read, ``A`` read in a third
    party's analysis, ``M`` from memory, ``D`` design choice without a source, or a word such as
    ``high`` or ``low`` where the table gives one.
    """

    name: str
    confidence: str
    as_of: str | None = None
    interval: tuple[float, float] | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; absent keys are left out."""
        out: dict[str, JSON] = {"name": self.name, "confidence": self.confidence}
        if self.as_of is not None:
            out["as_of"] = self.as_of
        if self.interval is not None:
            out["interval"] = list(self.interval)
        return out


@dataclass(frozen=True, slots=True)
class Trace:
    """One value with what it was made of.

    ``name`` is a stable code (``frequency.ransomware``), never a sentence: pages and documents
    put it into words. ``operation`` says how the children make the value (``product``, ``sum``,
    ``maximum``, ``table`` …). ``unit`` is ``fen``, ``per_year``, ``ratio``, ``ppm`` and the like.
    """

    name: str
    value: TraceValue
    unit: str = ""
    operation: str = ""
    source: Source | None = None
    children: tuple[Trace, ...] = field(default=())

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON, children nested."""
        out: dict[str, JSON] = {"name": self.name, "value": self.value}
        if self.unit:
            out["unit"] = self.unit
        if self.operation:
            out["operation"] = self.operation
        if self.source is not None:
            out["source"] = self.source.to_dict()
        if self.children:
            out["children"] = [child.to_dict() for child in self.children]
        return out

    def walk(self, depth: int = 0) -> Iterator[tuple[int, Trace]]:
        """Every node with its depth, the root first."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)

    def find(self, name: str) -> Trace:
        """The first node of that name. Raises KeyError when there is none."""
        for _, node in self.walk():
            if node.name == name:
                return node
        raise KeyError(name)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        return sha256_hex(canonical_bytes(self.to_dict()))
