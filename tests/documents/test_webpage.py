"""The HTML form: escaped, self-contained, without script or style attribute."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import date
from html.parser import HTMLParser
from typing import Any

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
from dinghai.documents.report import assessment_report
from dinghai.documents.webpage import html_body, set_html, stylesheet

EVIL = '<script>alert("1")</script> & \'x\' <b onclick="y">'
BLOCKS: tuple[Block, ...] = (
    Heading(EVIL, 1, EVIL), Paragraph(EVIL, "lead"), Paragraph("line\nbreak", "small"),
    Clause(EVIL, EVIL, (EVIL,), ((EVIL, EVIL),), shaded=True, tag=EVIL, filed=(EVIL, EVIL)),
    Fields(((EVIL, EVIL),), 1),
    Table((Column(EVIL, "right"), Column(EVIL)), ((Cell(EVIL, EVIL, True, "bad"), EVIL),),
          ((EVIL, EVIL),), EVIL),
    Box(EVIL, (EVIL,), "exclusion"), Figures(((EVIL, EVIL, EVIL),)), Bullets((EVIL,)),
    Bullets((EVIL,), ordered=True), Picture(f"<svg>{EVIL}</svg>", EVIL),
    Signatures(((EVIL, (EVIL,)),)), PageBreak(), Columns(((Paragraph(EVIL),), ()), (2, 1)))
PAPER = Document(language="en", title=EVIL, subtitle=EVIL, number=EVIL, issued_on=date(2026, 3, 1),
                 issuer=EVIL, source_hash="0" * 64, meta=((EVIL, EVIL),), blocks=BLOCKS)


class _Tags(HTMLParser):
    """Collects tags, attributes, and whether every tag is closed."""

    VOID = {"meta", "br", "img"}

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(html: str) -> _Tags:
    reader = _Tags()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


def test_nothing_a_user_wrote_becomes_markup() -> None:
    found = tags_of(set_html(PAPER))
    assert "script" not in found.tags and "b" not in found.tags and "link" not in found.tags
    names = {name for name, _ in found.attributes}
    assert names <= {"lang", "charset", "name", "content", "http-equiv", "class", "scope", "src",
                     "alt"}
    assert [one for one in found.tags if one == "style"] == ["style"]


def test_texts_come_out_literally() -> None:
    texts: list[str] = []
    reader = HTMLParser()
    reader.handle_data = texts.append  # type: ignore[method-assign]
    reader.feed(html_body(PAPER))
    assert "".join(texts).count(EVIL) >= 20
    assert "line" in texts and "break" in texts


def test_the_policy_names_the_style_by_its_hash() -> None:
    html = set_html(PAPER)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None and style[1] == stylesheet()
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"sha256-{digest}" in html and "default-src &#x27;none&#x27;" in html
    assert "url(" not in style[1] and "@import" not in style[1]


def test_the_body_alone_has_no_style() -> None:
    found = tags_of(html_body(PAPER))
    assert "style" not in found.tags and "html" not in found.tags
    assert found.tags[0] == "article"


def test_a_picture_stays_a_picture(enterprise: dict[str, Any]) -> None:
    paper = assessment_report(enterprise["assessment"], organisation="A",
                              issued_on=date(2026, 3, 1))
    found = tags_of(set_html(paper))
    assert "img" in found.tags and "svg" not in found.tags


def test_same_document_same_text() -> None:
    assert set_html(PAPER) == set_html(PAPER)
