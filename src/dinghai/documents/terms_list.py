"""The list of exclusions and reducing terms (责任免除和减轻责任条款清单), highlighted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from dinghai.documents.blocks import Block, Clause, Document, Heading, Paragraph
from dinghai.documents.booklet import issuer_of, paper_meta, paper_number
from dinghai.documents.booklet_exclusions import is_condition
from dinghai.documents.explained import TermWords, explained_words
from dinghai.documents.phrases import Language
from dinghai.documents.reader import Reader, reader_of
from dinghai.documents.readings import exclusion_words
from dinghai.documents.specimen import specimen_policy
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.vocabulary.exclusions import exclusions as standard_exclusions
from dinghai.wording.exclusions import Exclusion


def render_terms_list(
    source: JSON, *, issued_on: date, language: Language = "zh"
) -> bytes:
    """The list of a policy or product document as PDF. Raises InputError."""
    return set_pdf(terms_list(source, issued_on=issued_on, language=language))


def terms_list(source: JSON, *, issued_on: date, language: Language = "zh") -> Document:
    """The list as blocks: everything that must be explained, and what the law says itself."""
    reader = reader_of(source, language)
    policy = reader.policy or specimen_policy(reader.product)
    words = explained_words(policy, reader)
    amounts = [one for one in words if one.term.kind != "exclusion"]
    listed = [one for one in reader.product.exclusions if one.duty != "none"]
    statutory = [one for one in reader.product.exclusions if one.duty == "none"]
    conditions = [one for one in listed if is_condition(one)]
    exclusions = [one for one in listed if not is_condition(one)]
    say = reader.say
    blocks: list[Block] = [
        Paragraph(say("terms_list.lead"), "strong"),
        Paragraph(say("terms_list.count", all=len(words) + len(statutory),
                      exclusions=len(exclusions), conditions=len(conditions),
                      amounts=len(amounts), statutory=len(statutory))),
        *_chapter("exclusions", (_exclusion(one, reader) for one in exclusions), reader),
        *_chapter("conditions", (_exclusion(one, reader) for one in conditions), reader),
        *_chapter("amounts", (_amount(one) for one in amounts), reader)]
    if amounts and reader.policy is None:
        blocks.append(Paragraph(say("terms_list.specimen"), "small"))
    if statutory:
        blocks += [Heading(say("terms_list.statutory")),
                   Paragraph(say("terms_list.statutory_lead"), "keep"),
                   *(_exclusion(one, reader) for one in statutory)]
    return Document(
        language=language, title=say("terms_list.title"),
        subtitle=reader.pick(reader.product.name_zh, reader.product.name_en),
        number=paper_number(reader), issued_on=issued_on, issuer=issuer_of(reader),
        source_hash=document_hash(source), meta=paper_meta(reader, issued_on),
        blocks=tuple(blocks))


def _chapter(key: str, clauses: Iterable[Clause], reader: Reader) -> list[Block]:
    found: list[Block] = [*clauses]
    return [Heading(reader.say(f"terms_list.{key}")),
            *(found or [Paragraph(reader.say("terms_list.none"))])]


def _exclusion(exclusion: Exclusion, reader: Reader) -> Clause:
    """Its text in bold; when it acts, what it does, the plain text and the standard's case."""
    when, what = exclusion_words(exclusion, reader.language, terms=reader.terms)
    notes = [(reader.say("exclusion.when"), when), (reader.say("exclusion.what"), what),
             (reader.say("exclusion.plain"), reader.pick(exclusion.plain_zh, exclusion.plain_en))]
    if exclusion.coverages:
        notes.append((reader.say("condition.confined"),
                      reader.list(reader.coverage(one) for one in exclusion.coverages)))
    standard = standard_exclusions().get(exclusion.code)
    if standard is not None and exclusion.effect is not None and (
            standard.effect["type"] == exclusion.effect.type):
        notes.append((reader.say("terms_list.example"),
                      reader.pick(standard.example_zh, standard.example_en)))
    return Clause(exclusion.clause, reader.pick(exclusion.name_zh, exclusion.name_en),
                  (reader.pick(exclusion.text_zh, exclusion.text_en),), tuple(notes),
                  shaded=exclusion.duty != "none", tag=reader.say(f"duty.{exclusion.duty}"))


def _amount(words: TermWords) -> Clause:
    return Clause(words.term.clause or "—", words.name, (words.text,),
                  (("", words.plain),), shaded=True)
