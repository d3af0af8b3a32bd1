"""What a document is made of: a few kinds of block, independent of how they are set.

Every text is plain text. The templates receive it as JSON and never as source, so that nothing a
user wrote can become markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from dinghai.documents.phrases import Language
from dinghai.foundation.canonical import JSON

Align = Literal["left", "right", "center"]
Tone = Literal["", "good", "warn", "bad", "muted"]
BoxStyle = Literal["notice", "exclusion", "info"]
Layout = Literal["pages", "landscape", "one_page"]
"""``one_page`` is set smaller until it fits one A4 page, as far as it stays legible."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table; ``note`` stands below in small type."""

    text: str
    note: str = ""
    strong: bool = False
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its label, alignment, and width in millimetres or (0) as a share of the rest."""

    label: str
    align: Align = "left"
    millimetres: float = 0
    share: int = 1


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading. Level 1 is a chapter; numbers are text, given by the wording."""

    text: str
    level: int = 1
    number: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. ``keep`` stays on the page of what follows."""

    text: str
    style: Literal["normal", "keep", "lead", "small", "strong"] = "normal"


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered clause: ``body`` paragraphs, small ``notes`` below; shaded as 保险法17条 asks.

    ``filed`` is the insurer's own filed text, label and text, to stand beside it.
    """

    number: str
    title: str
    body: tuple[str, ...]
    notes: tuple[tuple[str, str], ...] = ()
    shaded: bool = False
    tag: str = ""
    filed: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """Labels and values in a grid."""

    rows: tuple[tuple[str, str], ...]
    columns: Literal[1, 2] = 2


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a repeated head; ``foot`` rows are sums. ``label`` names it for readers.

    ``whole`` keeps a short table on one page.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    foot: tuple[tuple[str | Cell, ...], ...] = ()
    label: str = ""
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A framed notice."""

    title: str
    paragraphs: tuple[str, ...]
    style: BoxStyle = "notice"


@dataclass(frozen=True, slots=True)
class Figures:
    """A row of key figures: label, value, note."""

    items: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list; ``ordered`` numbers it."""

    items: tuple[str, ...]
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing. ``alternative`` says in words what it shows. ``keep`` stays on the page of what
    follows."""

    svg: str
    alternative: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Signatures:
    """Places to sign: who, and the lines below the name."""

    places: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class PageBreak:
    """What follows begins a new page."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Blocks side by side, as wide as their shares; on a narrow screen one below the other."""

    parts: tuple[tuple[Block, ...], ...]
    shares: tuple[int, ...]


Block = (Heading | Paragraph | Clause | Fields | Table | Box | Figures | Bullets | Picture
         | Signatures | PageBreak | Columns)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document, ready to be set.

    ``source_hash`` is the SHA-256 of the engine's document it was read from.
    """

    language: Language
    title: str
    number: str
    issued_on: date
    issuer: str
    source_hash: str
    subtitle: str = ""
    meta: tuple[tuple[str, str], ...] = ()
    blocks: tuple[Block, ...] = field(default=())
    layout: Layout = "pages"
    smallest_percent: int = 100
    """How small one page may be set."""

    def to_dict(self) -> dict[str, JSON]:
        """What the template reads."""
        return {
            "language": self.language, "title": self.title, "subtitle": self.subtitle,
            "number": self.number, "issuer": self.issuer, "source_hash": self.source_hash,
            "date": [self.issued_on.year, self.issued_on.month, self.issued_on.day],
            "meta": [list(pair) for pair in self.meta], "layout": self.layout,
            "smallest": self.smallest_percent,
            "blocks": [block_to_dict(one) for one in self.blocks],
        }


def block_to_dict(block: Block) -> dict[str, JSON]:
    """One block as the template reads it."""
    match block:
        case Heading(text, level, number):
            return {"kind": "heading", "text": text, "level": level, "number": number}
        case Paragraph(text, style):
            return {"kind": "paragraph", "text": text, "style": style}
        case Clause():
            return {"kind": "clause", "number": block.number, "title": block.title,
                    "body": list(block.body), "notes": [list(note) for note in block.notes],
                    "shaded": block.shaded, "tag": block.tag,
                    "filed": None if block.filed is None else list(block.filed)}
        case Fields(rows, columns):
            return {"kind": "fields", "rows": [list(row) for row in rows], "columns": columns}
        case Table():
            return {"kind": "table", "label": block.label, "whole": block.whole,
                    "columns": [_column(one) for one in block.columns],
                    "rows": _rows(block.rows), "foot": _rows(block.foot)}
        case Box(title, paragraphs, style):
            return {"kind": "box", "title": title, "paragraphs": list(paragraphs), "style": style}
        case Figures(items):
            return {"kind": "figures", "items": [list(item) for item in items]}
        case Bullets(items, ordered):
            return {"kind": "bullets", "items": list(items), "ordered": ordered}
        case Picture(svg, alternative, keep):
            return {"kind": "picture", "svg": svg, "alternative": alternative, "keep": keep}
        case Signatures(places):
            return {"kind": "signatures",
                    "places": [{"who": who, "lines": list(lines)} for who, lines in places]}
        case PageBreak():
            return {"kind": "break"}
        case Columns(parts, shares):
            return {"kind": "columns", "shares": list(shares),
                    "parts": [[block_to_dict(one) for one in part] for part in parts]}


def _column(column: Column) -> dict[str, JSON]:
    return {"label": column.label, "align": column.align, "millimetres": column.millimetres,
            "share": column.share}


def _rows(rows: Sequence[Sequence[str | Cell]]) -> list[JSON]:
    return [[_cell(cell) for cell in row] for row in rows]


def _cell(cell: str | Cell) -> dict[str, JSON]:
    whole = cell if isinstance(cell, Cell) else Cell(cell)
    return {"text": whole.text, "note": whole.note, "strong": whole.strong, "tone": whole.tone}
