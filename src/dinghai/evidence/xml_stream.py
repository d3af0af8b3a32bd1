"""Reads XML record by record: entities refused, depth bounded, what came before a break kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from dinghai.evidence.gathering import bounded, plain_text
from dinghai.foundation.errors import InputError

DEPTH_LIMIT = 100
LIVE_NODES_LIMIT = 500_000
"""Elements held in memory at once: what a record and its ancestors may consist of."""
_CHUNK = 64 * 1024


@dataclass(slots=True)
class Node:
    """One XML element without its namespace prefix, with the line it starts on."""

    tag: str
    attributes: dict[str, str]
    line: int
    parts: list[str] = field(default_factory=list)
    children: list[Node] = field(default_factory=list)
    size: int = 1

    @property
    def text(self) -> str:
        """The element's own leading text, clean and on one line."""
        return plain_text("".join(self.parts), 4_000)

    def get(self, name: str) -> str:
        """An attribute as clean text; empty when absent."""
        return plain_text(self.attributes.get(name, ""))

    def child(self, tag: str) -> Node | None:
        """The first child of that name."""
        return next((node for node in self.children if node.tag == tag), None)

    def all(self, tag: str) -> list[Node]:
        """The children of that name."""
        return [node for node in self.children if node.tag == tag]

    def below(self, *path: str) -> Node | None:
        """The first descendant along a path of names."""
        node: Node | None = self
        for tag in path:
            node = node.child(tag) if node else None
        return node

    def word(self, *path: str) -> str:
        """The clean text below a path of names; empty when absent."""
        node = self.below(*path)
        return node.text if node else ""

    def walk(self) -> Iterator[Node]:
        """The node and everything below it, in document order."""
        pending = [self]
        while pending:
            node = pending.pop()
            yield node
            pending.extend(reversed(node.children))

    def raw(self) -> str:
        """The element as text again, for the record that a finding keeps."""
        return bounded("".join(_written(self)))


def _written(node: Node) -> Iterator[str]:
    length = 0
    for piece in _pieces(node):
        yield piece
        length += len(piece)
        if length > 4_000:
            return


def _pieces(node: Node) -> Iterator[str]:
    pending: list[Node | str] = [node]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
            continue
        attributes = "".join(f' {name}="{value}"' for name, value in item.attributes.items())
        yield f"<{item.tag}{attributes}>{''.join(item.parts).strip()}"
        pending.append(f"</{item.tag}>")
        pending.extend(reversed(item.children))


Handler = Callable[[Node, Sequence[Node]], bool]
"""Called at the end of an element with its ancestors (root first). True: it may be forgotten."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where an XML document stopped being readable, and why."""

    line: int
    reason: str


class _Target:
    """Builds nodes, and hands each finished one to the handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._stack: list[Node] = []
        self._live = 0
        self.parser: DefusedXMLParser | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._live += 1
        if len(self._stack) >= DEPTH_LIMIT or self._live > LIVE_NODES_LIMIT:
            raise _TooComplexError
        line = self.parser.parser.CurrentLineNumber if self.parser else 0
        node = Node(_local(tag), {_local(name): value for name, value in attributes.items()}, line)
        self._stack.append(node)

    def data(self, text: str) -> None:
        if self._stack and not self._stack[-1].children:
            self._stack[-1].parts.append(text)

    def end(self, tag: str) -> None:
        node = self._stack.pop()
        if self._handler(node, self._stack):
            self._live -= node.size
        elif self._stack:
            self._stack[-1].children.append(node)
            self._stack[-1].size += node.size

    def close(self) -> None:
        """Nothing is returned: the handler has seen it all."""


class _TooComplexError(Exception):
    pass


def stream(data: bytes, name: str, handler: Handler) -> Break | None:
    """Feeds every finished element to the handler; returns the break of a damaged document.

    Raises InputError for entity declarations, external references and too deep nesting.
    """
    target = _Target(handler)
    parser = DefusedXMLParser(target=target, forbid_dtd=False, forbid_entities=True,
                              forbid_external=True)
    target.parser = parser
    try:
        for start in range(0, len(data), _CHUNK):
            parser.feed(data[start:start + _CHUNK])
        parser.close()
    except DefusedXmlException as error:
        raise InputError("the file declares XML entities or refers outside itself", file=name,
                         line=parser.parser.CurrentLineNumber,
                         mend="export the report again without a document type") from error
    except _TooComplexError:
        raise InputError("the XML is nested too deep or one record is too large", file=name,
                         line=parser.parser.CurrentLineNumber,
                         mend="this is not a scanner's report") from None
    except (ParseError, ValueError, LookupError) as error:
        # ValueError and LookupError: an encoding that the machine does not know.
        line = getattr(error, "position", (parser.parser.CurrentLineNumber,))[0]
        return Break(int(line), plain_text(str(error)))
    return None


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
