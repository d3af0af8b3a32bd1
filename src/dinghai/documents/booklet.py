"""The clause booklet (保险条款手册): the structured wording as clauses for people.

Chapters are those of the clause numbers: 2 cover, 3 costs on top, 4 calculation, 5 exclusions,
6 reducing conditions, 7 obligations, 8 services; 1, 9 and 10 are written around them, and 11 has
filed clauses that no structured clause answers. A clause keeps the number the product gives it,
whatever its form; what has none takes a free number of its chapter.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from dinghai.documents.blocks import Block, Box, Clause, Document, Heading, PageBreak, Paragraph
from dinghai.documents.booklet_exclusions import (
    exclusion_clause,
    is_condition,
    obligation_clause,
)
from dinghai.documents.booklet_sections import section_clause, service_clause, tower_clause
from dinghai.documents.booklet_terms import (
    calculation_clauses,
    clause_order,
    instalments,
    limits_words,
)
from dinghai.documents.formats import day
from dinghai.documents.phrases import Language, phrase_table
from dinghai.documents.reader import Reader, reader_of
from dinghai.documents.readings import code_words
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.vocabulary.industries import industries
from dinghai.wording.layers import FiledClause
from dinghai.wording.schema import Product


def render_clause_booklet(
    source: JSON, *, issued_on: date, language: Language = "zh"
) -> bytes:
    """The clauses of a policy or product document as PDF. Raises InputError."""
    return set_pdf(clause_booklet(source, issued_on=issued_on, language=language))


def clause_booklet(source: JSON, *, issued_on: date, language: Language = "zh") -> Document:
    """The booklet as blocks, from a policy (dinghai.policy/1) or a product (dinghai.product/1)."""
    reader = reader_of(source, language)
    say, product = reader.say, reader.product
    numbers = Numbers(product)
    chapters: list[Block] = [
        *_general(reader, numbers), *_covers(reader), *_towers(reader),
        *_calculation(reader, numbers), *_exclusions(reader), *_conditions(reader),
        *_obligations(reader), *_services(reader), *_claims(reader, numbers),
        *_definitions(reader, numbers)]
    blocks: list[Block] = [
        Box(say("booklet.how_title"), (say("booklet.how_1"), say("booklet.how_2")), "info"),
        *([Box(say("booklet.filed_title"), (say("booklet.filed_prevails"),), "info")]
          if product.filed_clauses else []),
        Paragraph(reader.pick(product.summary_zh, product.summary_en), "lead"),
        *_with_filed(chapters, reader),
    ]
    return Document(
        language=language, title=say("booklet.title"),
        subtitle=reader.pick(product.name_zh, product.name_en), number=paper_number(reader),
        issued_on=issued_on, issuer=issuer_of(reader), source_hash=document_hash(source),
        meta=paper_meta(reader, issued_on), blocks=tuple(blocks))


def paper_number(reader: Reader) -> str:
    """The policy's number, else product and version."""
    product, policy = reader.product, reader.policy
    return policy.schedule.policy_no if policy else f"{product.product_id} {product.version}"


def issuer_of(reader: Reader) -> str:
    """The insurer of a policy; a product alone has none."""
    if reader.policy is None:
        return ""
    insurer = reader.policy.schedule.insurer
    return reader.pick(insurer.name_zh, insurer.name_en)


def paper_meta(reader: Reader, issued_on: date) -> tuple[tuple[str, str], ...]:
    """What stands at the head of a paper about a product or a policy of it."""
    product, say = reader.product, reader.say
    meta = [(say("common.product"), product.product_id), (say("common.version"), product.version),
            (say("booklet.filing"), product.filing_no or say("booklet.not_filed")),
            (say("common.issued_on"), day(issued_on, reader.language))]
    if reader.policy is not None:
        meta.insert(0, (say("common.policy_no"), reader.policy.schedule.policy_no))
    return tuple(meta)


class Numbers:
    """Clause numbers: those of the product are taken, free ones are given out in order."""

    def __init__(self, product: Product) -> None:
        parts: tuple[Any, ...] = (
            *product.sections, *product.towers, *product.exclusions, *product.shared_limits,
            *product.layers, *product.obligations, *product.services, *product.filed_clauses,
            product.other_insurance)
        self._taken: set[str] = {one.clause for one in parts}
        if product.instalments is not None:
            self._taken.add(product.instalments.clause)

    def free(self, chapter: int, own: str = "") -> str:
        """The clause's own number, or the next free one of the chapter."""
        if own:
            return own
        number = next(text for index in range(1, 10_000)
                      if (text := f"{chapter}.{index}") not in self._taken)
        self._taken.add(number)
        return number


def _with_filed(blocks: list[Block], reader: Reader) -> list[Block]:
    """The blocks with each filed clause beside the first structured one of its number; what is
    left over follows as a chapter of its own."""
    left = {one.clause: one for one in reader.product.filed_clauses}
    out: list[Block] = []
    for block in blocks:
        filed = left.pop(block.number, None) if isinstance(block, Clause) else None
        out.append(block if filed is None or not isinstance(block, Clause) else replace(
            block, filed=(_filed_label(filed, reader),
                          reader.pick(filed.text_zh, filed.text_en))))
    if left:
        out += [_chapter(reader, 11), Paragraph(reader.say("booklet.filed_rest"), "keep"),
                *(Clause(one.clause, _filed_label(one, reader),
                         (reader.pick(one.text_zh, one.text_en),)) for one in left.values())]
    return out


def _filed_label(filed: FiledClause, reader: Reader) -> str:
    return reader.say("booklet.filed_label", clause=filed.clause)


def _chapter(reader: Reader, number: int) -> Heading:
    chinese = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一")[number - 1]
    label = f"第{chinese}章" if reader.language == "zh" else f"Chapter {number}"
    return Heading(reader.say(f"chapter.{number}"), number=label)


def _plain(reader: Reader, number: str, group: str, key: str, text: str = "") -> Clause:
    body = text or reader.say(f"{group}.{key}")
    return Clause(number, reader.say(f"{group}.{key}_title"), (body,))


def _general(reader: Reader, numbers: Numbers) -> list[Block]:
    product, say = reader.product, reader.say
    basis = product.basis
    jurisdictions = reader.list(code_words("value", one, reader.language)
                                for one in product.jurisdictions)
    event = say(f"aggregation.{basis.aggregation_rule}", hours=basis.hours_window)
    texts = {"contract": "", "object": say("cover.lead"), "period": "", "event": event,
             "territory": say("general.territory", jurisdictions=jurisdictions,
                              territory=code_words("territory", basis.territory,
                                                   reader.language)),
             "limits": limits_words(reader), "doubt": "", "product": _product_words(reader),
             "retroactive": _retroactive(reader)}
    return [_chapter(reader, 1), *(_plain(reader, numbers.free(1), "general", key, text)
                                   for key, text in texts.items())]


def _product_words(reader: Reader) -> str:
    product, say = reader.product, reader.say
    parts = [say("general.product_kind", line=say(f"line.{product.line}"),
                 tier=say(f"tier.{product.tier}"), currency=product.currency,
                 status=say(f"status.{product.status}"))]
    if product.targets:
        parts.append(say("general.product_for", targets=reader.list(
            code_words("target", one, reader.language) for one in product.targets)))
    if product.sectors:
        parts.append(say("general.product_sectors", sectors=reader.list(
            _sector(one, reader) for one in product.sectors)))
    if product.basis.gbt20986_families:
        parts.append(say("general.product_families", families=reader.list(
            code_words("family", one, reader.language)
            for one in product.basis.gbt20986_families)))
    for key, value in (("from", product.effective_from), ("to", product.effective_to)):
        if value is not None:
            parts.append(say(f"general.product_{key}", day=day(value, reader.language)))
    if product.revises:
        parts.append(say("general.product_revises", version=product.revises))
    return reader.sentences(parts)


def _sector(code: str, reader: Reader) -> str:
    known = industries().get(code)
    return code if known is None else f"{code} {reader.pick(known.name_zh, known.name_en)}"


def _retroactive(reader: Reader) -> str:
    basis, say = reader.product.basis, reader.say
    parts = [say(f"general.retroactive_{basis.retroactive}")]
    if reader.policy is not None:
        schedule = reader.policy.schedule
        for key, value in (("retroactive", schedule.retroactive_date),
                           ("continuity", schedule.continuity_date)):
            if value is not None:
                parts.append(say(f"general.{key}_agreed", day=day(value, reader.language)))
    if basis.extended_reporting_days:
        parts.append(say("general.reporting", days=basis.extended_reporting_days))
    return reader.sentences(parts)


def _covers(reader: Reader) -> list[Block]:
    clauses = [section_clause(one, reader) for one in reader.product.sections
               if reader.grants(one.coverage)]
    return [_chapter(reader, 2), Paragraph(reader.say("cover.lead"), "keep"), *clauses]


def _towers(reader: Reader) -> list[Block]:
    if not reader.product.towers:
        return []
    return [_chapter(reader, 3), Paragraph(reader.say("tower.lead"), "keep"),
            *(tower_clause(one, reader) for one in reader.product.towers)]


def _calculation(reader: Reader, numbers: Numbers) -> list[Block]:
    return [_chapter(reader, 4),
            *calculation_clauses(reader, lambda own: numbers.free(4, own))]


def _exclusions(reader: Reader) -> list[Block]:
    say = reader.say
    chosen = [one for one in reader.product.exclusions if not is_condition(one)]
    if not chosen:
        return []
    return [
        PageBreak(), _chapter(reader, 5), Paragraph(say("exclusion.lead"), "strong"),
        Box(say("exclusion.duty_title"), (say("exclusion.duty"),), "info"),
        Box(say("exclusion.burden_title"), (say("exclusion.burden"),), "info"),
        *(exclusion_clause(one, reader) for one in chosen)]


def _conditions(reader: Reader) -> list[Block]:
    chosen = [one for one in reader.product.exclusions if is_condition(one)]
    if not chosen:
        return []
    return [_chapter(reader, 6), Paragraph(reader.say("condition.lead"), "strong"),
            *(exclusion_clause(one, reader) for one in chosen)]


def _obligations(reader: Reader) -> list[Block]:
    if not reader.product.obligations:
        return []
    return [_chapter(reader, 7), *(obligation_clause(one, reader)
                                   for one in reader.product.obligations)]


def _services(reader: Reader) -> list[Block]:
    if not reader.product.services:
        return []
    return [_chapter(reader, 8), *(service_clause(one, reader)
                                   for one in reader.product.services)]


def _claims(reader: Reader, numbers: Numbers) -> list[Block]:
    process = reader.product.claims_process
    appeal = reader.pick(process.appeal_zh, process.appeal_en)
    days: dict[str, dict[str, object]] = {
        "notice": {"hours": process.notice_hours}, "once": {},
        "decide": {"days": process.decision_days}, "pay": {"days": process.pay_days},
        "refuse": {"days": process.refusal_days}, "interim": {"days": process.interim_days},
        "limitation": {}}
    clauses = [_plain(reader, numbers.free(9), "claims", key,
                      reader.say(f"claims.{key}", **values)) for key, values in days.items()]
    if appeal:
        clauses.append(_plain(reader, numbers.free(9), "claims", "appeal", appeal))
    clauses += instalments(reader, lambda own: numbers.free(9, own), late=True)
    clauses.sort(key=lambda one: clause_order(one.number))
    return [_chapter(reader, 9), *clauses]


def _definitions(reader: Reader, numbers: Numbers) -> list[Block]:
    """The product's own words first, then the standard ones that it does not define itself."""
    own = [(reader.pick(one.zh, one.en), reader.pick(one.text_zh, one.text_en))
           for one in reader.product.definitions]
    defined = {one.zh for one in reader.product.definitions}
    keys = [code.split(".", 1)[1] for code in phrase_table() if code.startswith("definition.")]
    standard = [(reader.say(f"definition.{key}"), reader.say(f"definition_text.{key}"))
                for key in keys if phrase_table()[f"definition.{key}"][0] not in defined]
    return [_chapter(reader, 10), *(Clause(numbers.free(10), name, (text,))
                                    for name, text in (*own, *standard))]


