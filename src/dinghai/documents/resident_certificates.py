"""Residents' certificates as PDF: one page each, as many in a document as are asked for.

A document of its own for each certificate would spend its time on fonts and on what all
certificates of a scheme share; in one document that is set once. People are masked.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final

from dinghai.documents.formats import day, money
from dinghai.documents.phrases import Language, phrase
from dinghai.documents.qr_marks import qr_png
from dinghai.documents.resident_terms import ResidentTerms
from dinghai.documents.typesetting import drawable, pdf_of_file
from dinghai.schemes.resident_certificate import CertificateFacts

MOST: Final = 1_000
"""Certificates in one document: more of them save nothing and take memory."""
EXPLAINED: Final = 20
"""Up to so many certificates each exclusion stands with its sentence; in a larger document with its
name, for the sentences of nine exclusions take as long as all the rest of a page."""
_WORDS: Final = ("number", "holder", "identity", "plan", "sum", "premium", "period", "coming",
                 "scheme", "applicant", "insurer", "cover", "not_covered", "steps", "steps_text",
                 "check", "check_text", "masked", "mark")


@dataclass(frozen=True, slots=True)
class ResidentPaper:
    """One certificate: what it says (masked), its plan by name, its signed code, and the names of
    the plans to come."""

    facts: CertificateFacts
    plan: str
    code: str
    coming: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedWords:
    """What all certificates of a document share."""

    scheme: str
    applicant: str
    terms: ResidentTerms | None
    """None where the product's wording is not known here: then the page names no exclusions."""


def render_certificates(
    papers: Sequence[ResidentPaper], shared: SharedWords, *, issued_on: date,
    language: Language = "zh",
) -> bytes:
    """The certificates of one insurer as PDF/A-2a, a page each, in their order. Raises ValueError
    for none and for more than `MOST`."""
    if not 1 <= len(papers) <= MOST:
        raise ValueError(f"a document holds 1 to {MOST} certificates, not {len(papers)}")
    with tempfile.TemporaryDirectory(prefix="dinghai-certificates-") as name:
        folder = Path(name)
        for place, one in enumerate(papers):
            (folder / f"{place}.png").write_bytes(qr_png(one.code))
        template = folder / "certificates.typ"
        template.write_bytes(
            files("dinghai.data").joinpath("typst/resident-certificate.typ").read_bytes())
        return pdf_of_file(template, json.dumps(_content(papers, shared, issued_on, language)))


def _content(
    papers: Sequence[ResidentPaper], shared: SharedWords, issued_on: date, language: Language
) -> dict[str, object]:
    first, terms = papers[0].facts, shared.terms
    return {
        "language": language, "title": phrase("resident_certificate.title", language),
        "date": [issued_on.year, issued_on.month, issued_on.day],
        "insurer": drawable(first.insurer), "scheme": drawable(f"{first.scheme} {shared.scheme}"),
        "applicant": drawable(shared.applicant),
        "product": terms.name if terms else drawable(first.product),
        "cover": terms.summary if terms else "",
        "excluded": [[one.name, one.plain] for one in (*terms.excluded, *terms.conditions)]
        if terms else [],
        "explained": len(papers) <= EXPLAINED,
        # A keyword stands in the file as plain letters: a check finds it without reading the PDF.
        # Those of many certificates would be longer than PDF/A lets a text be.
        "codes": [papers[0].code] if len(papers) == 1 else [],
        "words": {one: phrase(f"resident_certificate.{one}", language) for one in _WORDS},
        "certificates": [
            {"number": one.facts.number, "holder": drawable(one.facts.holder),
             "identity": one.facts.identity, "plan": drawable(one.plan),
             "sum": money(one.facts.sum_insured_fen), "premium": money(one.facts.premium_fen),
             "period": phrase("resident_certificate.period_text", language,
                              first=day(one.facts.first_day, language),
                              last=day(one.facts.last_day, language)),
             "coming": [
                 phrase("resident_certificate.coming_text", language, plan=drawable(name),
                        day=day(plan.from_day, language), sum=money(plan.sum_insured_fen))
                 for plan, name in zip(one.facts.coming, one.coming, strict=True)],
             "mark": f"{place}.png"}
            for place, one in enumerate(papers)]}
