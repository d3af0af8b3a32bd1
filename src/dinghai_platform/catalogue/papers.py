"""Papers about a product: clause booklet, guide, list of exclusions, worked examples.

They are set when somebody asks for one and kept in the process by what went in.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy as _

from dinghai.documents.blocks import Document
from dinghai.documents.booklet import clause_booklet, render_clause_booklet
from dinghai.documents.guide import product_guide, render_product_guide
from dinghai.documents.phrases import LANGUAGES
from dinghai.documents.terms_list import render_terms_list, terms_list
from dinghai.documents.webpage import set_html, stylesheet
from dinghai.documents.worked_sheet import render_worked_examples, worked_sheet
from dinghai_platform.catalogue.offers import Offer
from dinghai_platform.catalogue.words import language
from dinghai_platform.core import clock
from dinghai_platform.underwriting.engine import Kept

_papers = Kept(24)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of paper: its name, its blocks for a page, its PDF."""

    name: Any
    icon: str
    blocks: Callable[..., Document]
    pdf: Callable[..., bytes]


KINDS: Mapping[str, Kind] = {
    "guide": Kind(_("Guide on one page"), "file-text", product_guide, render_product_guide),
    "booklet": Kind(_("Clause booklet"), "book", clause_booklet, render_clause_booklet),
    "exclusions": Kind(_("List of exclusions and conditions"), "list-check", terms_list,
                       render_terms_list),
    "examples": Kind(_("Worked examples"), "calculator", worked_sheet, render_worked_examples),
}


def papers_of(offer: Offer) -> list[dict[str, Any]]:
    """Links to the papers in the page's language."""
    return [
        {"name": kind.name, "icon": kind.icon,
         **{form: _address(offer, code, form) for form in ("html", "pdf")}}
        for code, kind in KINDS.items()
    ]


def _address(offer: Offer, code: str, form: str) -> str:
    asked = urlencode({"p": offer.key, "kind": code, "as": form, "in": language()})
    return f"{reverse('catalogue:paper')}?{asked}"


def paper_answer(offer: Offer, code: str, form: str, tongue: str) -> HttpResponse:
    """One paper as a web page of its own or as a PDF. Raises Http404 for what there is not."""
    kind = KINDS.get(code)
    if kind is None or form not in ("html", "pdf") or tongue not in LANGUAGES:
        raise Http404("no such paper")
    day = clock.today()
    make = kind.pdf if form == "pdf" else _page_of(kind)
    content = _papers.get(
        (offer.document_hash, code, form, tongue, day),
        lambda: make(offer.product.to_dict(), issued_on=day, language=tongue))
    response = HttpResponse(content, content_type={
        "pdf": "application/pdf", "html": "text/html; charset=utf-8"}[form])
    name = f"{offer.product.product_id}-{offer.product.version}-{code}-{tongue}.{form}"
    response["Content-Disposition"] = content_disposition_header(form == "pdf", name)
    # Its one style element is named by its hash; it runs no script and goes nowhere.
    style = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'sha256-{style}'; img-src data:; sandbox"
        if form == "html" else "default-src 'none'; sandbox")
    return response


def _page_of(kind: Kind) -> Callable[..., str]:
    def make(source: Any, **given: Any) -> str:
        return set_html(kind.blocks(source, **given))

    return make
