"""Sets a document as HTML: one file that needs nothing else, or its body for a page.

Every text is escaped, so that nothing a user wrote becomes markup. There is no script and no style
attribute; the one style element is named by its hash in the file's own Content-Security-Policy.
The body alone uses class names only, for pages that bring their own style.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from importlib.resources import files

from dinghai.documents.blocks import (
    Block,
    Box,
    Bullets,
    Cell,
    Clause,
    Column,
    Columns,
    Document,
    Fields,
    Figures,
    Heading,
    PageBreak,
    Paragraph,
    Picture,
    Signatures,
    Table,
)
from dinghai.documents.formats import day
from dinghai.documents.phrases import Language, phrase

_STYLES = {"normal": "", "keep": "", "lead": "lead", "small": "small", "strong": "strong"}


def set_html(document: Document) -> str:
    """The document as one self-contained file."""
    title = " · ".join(part for part in (document.title, document.subtitle) if part)
    return html_file(html_body(document), title=title, language=document.language)


def html_file(body: str, *, title: str, language: Language) -> str:
    """What ``html_body`` made as one self-contained file."""
    style = stylesheet()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:"
    tongue = "zh-CN" if language == "zh" else "en-GB"
    return "\n".join((
        "<!doctype html>", f'<html lang="{tongue}">', "<head>", '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{_text(policy)}">',
        f"<title>{_text(title)}</title>", f"<style>{style}</style>", "</head>", "<body>",
        body, "</body>", "</html>", ""))


@cache
def stylesheet() -> str:
    """The style of documents, for files and for pages that want it."""
    return files("dinghai.data").joinpath("typst/document.css").read_text("utf-8")


def html_body(document: Document) -> str:
    """The document as one ``article`` with class names and nothing else."""
    head = [f'<p class="paper-issuer">{_text(document.issuer)}</p>' if document.issuer else "",
            f"<h1>{_text(document.title)}</h1>",
            f'<p class="paper-subtitle">{_text(document.subtitle)}</p>'
            if document.subtitle else ""]
    meta = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"
                   for name, value in document.meta)
    foot = " · ".join(_text(part) for part in (
        document.issuer, document.number, day(document.issued_on, document.language)) if part)
    return "\n".join((
        f'<article class="paper {document.layout.replace("_", "-")}">',
        f'<header class="paper-head">{"".join(head)}</header>',
        f'<dl class="meta">{meta}</dl>' if meta else "",
        *(block_html(one) for one in document.blocks),
        f'<footer class="paper-foot">{foot}<br>{_text(phrase("common.hash", document.language))} '
        f'<span class="hash">{_text(document.source_hash)}</span></footer>',
        "</article>"))


def block_html(block: Block) -> str:
    """One block."""
    match block:
        case Heading(text, level, number):
            mark = f'<span class="number">{_text(number)}</span>' if number else ""
            return f"<h{level + 1}>{mark}{_text(text)}</h{level + 1}>"
        case Paragraph(text, style):
            return f"<p{_class(_STYLES[style])}>{_text(text)}</p>"
        case Clause():
            return _clause(block)
        case Fields(rows, columns):
            cells = "".join(f"<dt>{_text(name)}</dt><dd>{_text(value)}</dd>"
                            for name, value in rows)
            return f'<dl class="fields{" one" if columns == 1 else ""}">{cells}</dl>'
        case Table():
            return _table(block)
        case Box(title, paragraphs, style):
            head = f'<p class="box-title">{_text(title)}</p>' if title else ""
            return f'<aside class="box {style}">{head}{_paragraphs(paragraphs)}</aside>'
        case Figures(items):
            return '<dl class="figures">' + "".join(
                f'<div><dt>{_text(name)}</dt><dd class="value">{_text(value)}</dd>'
                f'<dd class="note">{_text(note)}</dd></div>'
                for name, value, note in items) + "</dl>"
        case Bullets(items, ordered):
            kind = "ol" if ordered else "ul"
            return f"<{kind}>" + "".join(f"<li>{_text(one)}</li>" for one in items) + f"</{kind}>"
        case Picture(svg, alternative, _):
            data = base64.b64encode(svg.encode()).decode()
            return (f'<p class="picture"><img src="data:image/svg+xml;base64,{data}" '
                    f'alt="{_text(alternative)}"></p>')
        case Signatures(places):
            return '<div class="signatures">' + "".join(
                f"<div><strong>{_text(who)}</strong>" + "".join(
                    f'<div class="sign">{_text(line)}</div>' for line in lines) + "</div>"
                for who, lines in places) + "</div>"
        case Columns(parts):
            return '<div class="columns">' + "".join(
                "<div>" + "".join(block_html(one) for one in part) + "</div>"
                for part in parts) + "</div>"
        case PageBreak():
            return ""


def _clause(block: Clause) -> str:
    kinds = ["clause", "shaded" if block.shaded else "", "with-filed" if block.filed else ""]
    tag = f'<span class="tag">{_text(block.tag)}</span>' if block.tag else ""
    notes = "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>" for name, text in block.notes)
    filed = "" if block.filed is None else (
        f'<div class="filed"><span class="note">{_text(block.filed[0])}</span>'
        f"{_text(block.filed[1])}</div>")
    return (f'<section class="{" ".join(one for one in kinds if one)}">'
            f'<div class="clause-number">{_text(block.number)}</div><div class="clause-body">'
            f'<div class="clause-title">{_text(block.title)}{tag}</div>'
            f"{_paragraphs(block.body)}"
            + (f'<dl class="notes">{notes}</dl>' if notes else "") + f"</div>{filed}</section>")


def _table(block: Table) -> str:
    head = "".join(f'<th scope="col"{_class(_align(one))}>{_text(one.label)}</th>'
                   for one in block.columns)
    caption = f"<caption>{_text(block.label)}</caption>" if block.label else ""
    foot = f"<tfoot>{_rows(block.foot, block.columns)}</tfoot>" if block.foot else ""
    wide = " wide" if len(block.columns) > 9 else ""
    return (f'<div class="table{wide}"><table>{caption}<thead><tr>{head}</tr></thead>'
            f"<tbody>{_rows(block.rows, block.columns)}</tbody>{foot}</table></div>")


def _rows(rows: Sequence[Sequence[str | Cell]], columns: Sequence[Column]) -> str:
    return "".join("<tr>" + "".join(_cell(cell, column) for cell, column in
                                    zip(row, columns, strict=True)) + "</tr>" for row in rows)


def _cell(cell: str | Cell, column: Column) -> str:
    whole = cell if isinstance(cell, Cell) else Cell(cell)
    text = f"<strong>{_text(whole.text)}</strong>" if whole.strong else _text(whole.text)
    note = f'<br><span class="note">{_text(whole.note)}</span>' if whole.note else ""
    kinds = " ".join(one for one in (_align(column), whole.tone) if one)
    return f"<td{_class(kinds)}>{text}{note}</td>"


def _align(column: Column) -> str:
    return "" if column.align == "left" else column.align


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{_text(one)}</p>" for one in texts)


def _class(names: str) -> str:
    return f' class="{names}"' if names else ""


def _text(text: str) -> str:
    """Escaped; line breaks stay."""
    return escape(text, quote=True).replace("\n", "<br>")
