"""The acknowledgement that exclusions and limits were explained (免责条款说明确认书)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dinghai.documents.blocks import (
    Block,
    Box,
    Cell,
    Column,
    Document,
    Fields,
    Heading,
    Paragraph,
    Signatures,
    Table,
)
from dinghai.documents.explained import TermWords, explained_words
from dinghai.documents.formats import day
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.documents.reader import Reader
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.calendar import shanghai_day
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.wording.policy import Policy, explained, read_policy

_OPEN, _TICKED = "□", "✓"


def render_explanation_checklist(
    policy: JSON, *, issued_on: date, language: Language = "zh"
) -> bytes:
    """Every term 保险法17条 asks to explain, with boxes to tick, as PDF. Raises InputError."""
    return set_pdf(explanation_checklist(policy, issued_on=issued_on, language=language))


def explanation_checklist(
    policy: JSON, *, issued_on: date, language: Language = "zh"
) -> Document:
    """The acknowledgement as blocks. Terms already recorded as explained are ticked."""
    read = read_policy(policy, file="policy")
    schedule = read.schedule
    terms = explained_words(read, Reader(read.product, read, language))
    exclusions = [one for one in terms if one.term.kind == "exclusion"]
    amounts = [one for one in terms if one.term.kind != "exclusion"]
    applicant = pick(language, schedule.applicant.name_zh, schedule.applicant.name_en)
    blocks: list[Block] = [
        Paragraph(phrase("explanation.lead", language)),
        Box("", (phrase("explanation.how", language),), "notice"),
        Heading(phrase("explanation.exclusions", language)),
        _table(read, exclusions, language) if exclusions
        else Paragraph(phrase("terms_list.none", language)),
    ]
    if amounts:
        blocks += [Heading(phrase("explanation.amounts", language)),
                   _table(read, amounts, language)]
    blocks += [
        Box(phrase("explanation.declaration_title", language),
            (phrase("explanation.declaration", language),), "exclusion"),
        Paragraph(phrase("explanation.copy_line", language)),
        Fields(((phrase("explanation.copied", language), "\n\n"),), columns=1),
        Signatures((
            (f"{phrase('common.applicant', language)}  {applicant}",
             (phrase("common.sign", language), phrase("common.signed_on", language))),
            (phrase("explanation.explained_by", language),
             (phrase("common.sign", language), phrase("common.signed_on", language))))),
    ]
    return Document(
        language=language, title=phrase("explanation.title", language),
        subtitle=pick(language, read.product.name_zh, read.product.name_en),
        number=schedule.policy_no, issued_on=issued_on,
        issuer=pick(language, schedule.insurer.name_zh, schedule.insurer.name_en),
        source_hash=document_hash(policy),
        meta=((phrase("common.policy_no", language), schedule.policy_no),
              (phrase("common.issued_on", language), day(issued_on, language)),
              (phrase("common.applicant", language), applicant)),
        blocks=tuple(blocks))


def _table(policy: Policy, terms: Sequence[TermWords], language: Language) -> Table:
    rows = [_row(policy, one, language) for one in terms]
    return Table(
        (Column(phrase("common.clause", language), millimetres=13),
         Column(phrase("explanation.term", language), share=5),
         Column(phrase("explanation.plain", language), share=4),
         Column(phrase("explanation.seen", language), "center", 17),
         Column(phrase("explanation.understood", language), "center", 26)), tuple(rows))


def _row(policy: Policy, words: TermWords, language: Language) -> tuple[str | Cell, ...]:
    term = words.term
    record = policy.schedule.explanations.get(term.key)
    proved = explained(policy, term.key, term.duty)
    seen = _TICKED if record is not None and record.highlighted else _OPEN
    understood = _TICKED if proved and record is not None and record.explained_at else _OPEN
    when = record.explained_at if record is not None else None
    note = "" if when is None else phrase("explanation.recorded", language,
                                          day=shanghai_day(when).isoformat())
    colon = "：" if language == "zh" else ": "
    return (term.clause or "—", Cell(f"{words.name}{colon}{words.text}", strong=True),
            words.plain, Cell(seen),
            Cell("—" if term.duty == "highlight" else understood, note))
