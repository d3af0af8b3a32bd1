"""Where data of a fit come from, and what of them was not used, in words."""

from __future__ import annotations

from collections.abc import Mapping

from dinghai.documents.blocks import Block, Column, Paragraph, Table
from dinghai.documents.phrases import Language, has_phrase, phrase
from dinghai.documents.source_words import source_words
from dinghai.foundation.trace import Source


def origin_rows(source: Source, licence: str, language: Language) -> list[tuple[str, str]]:
    """Where data come from, with which licence and mark."""
    mark = f"confidence_mark.{source.confidence}"
    return [(phrase("fit.source", language), source_words(source.name, language)),
            (phrase("fit.licence", language), licence or phrase("fit.licence_unknown", language)),
            (phrase("fit.confidence", language),
             phrase(mark, language) if has_phrase(mark)
             else source.confidence or phrase("fit.licence_unknown", language)),
            (phrase("fit.as_of", language), source.as_of or "—")]


def screened_table(reasons: Mapping[str, int], language: Language) -> list[Block]:
    """How many rows were left out, and why."""
    if not reasons:
        return [Paragraph(phrase("fit.screened_none", language))]
    return [Table((Column(phrase("fit.reason", language), share=4),
                   Column(phrase("fit.rows", language), "right")),
                  tuple((reason_words(reason, language), f"{count:,}")
                        for reason, count in reasons.items()),
                  label=phrase("fit.screened", language))]


def reason_words(reason: str, language: Language) -> str:
    """Why a row was screened; the reason itself where no words are known."""
    code = f"screen_reason.{reason.replace(' ', '_')}"
    return phrase(code, language) if has_phrase(code) else reason
