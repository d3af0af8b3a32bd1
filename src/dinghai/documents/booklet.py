"""The clause booklet (保险条款手册): the structured wording as clauses for people.

Chapters are those of the clause numbers: 2 cover, 3 costs on top, 4 calculation, 5 exclusions,
6 reducing conditions, 7 obligations, 8 services; 1, 9 and 10 are written around them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dinghai.documents.blocks import Block, Box, Clause, Document, Heading, PageBreak, Paragraph
from dinghai.documents.booklet_terms import (
    calculation_clauses,
    exclusion_clause,
    obligation_clause,
    section_clause,
    service_clause,
    tower_clause,
)
from dinghai.documents.formats import day, joined
from dinghai.documents.phrases import Language, phrase, phrase_table, pick
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import typed
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.policy import Policy, read_policy
from dinghai.wording.products import resolve
from dinghai.wording.schema import Product


def render_clause_booklet(
    source: JSON, *, issued_on: date, language: Language = "zh"
) -> bytes:
    """The clauses of a policy or product document as PDF. Raises InputError."""
    return set_pdf(clause_booklet(source, issued_on=issued_on, language=language))


@dataclass(frozen=True, slots=True)
class _Reader:
    """What every chapter needs."""

    product: Product
    policy: Policy | None
    language: Language

    def say(self, code: str, **values: object) -> str:
        return phrase(code, self.language, **values)


def clause_booklet(source: JSON, *, issued_on: date, language: Language = "zh") -> Document:
    """The booklet as blocks, from a policy (dinghai.policy/1) or a product (dinghai.product/1)."""
    policy, product = _read(source)
    reader = _Reader(product, policy, language)
    say = reader.say
    blocks: list[Block] = [
        Box(say("booklet.how_title"), (say("booklet.how_1"), say("booklet.how_2")), "info"),
        Paragraph(pick(language, product.summary_zh, product.summary_en), "lead"),
        *_general(reader), *_covers(reader), *_towers(reader), *_calculation(reader),
        *_exclusions(reader), *_conditions(reader), *_obligations(reader), *_services(reader),
        *_claims(reader), *_definitions(reader),
    ]
    insurer = "" if policy is None else pick(
        language, policy.schedule.insurer.name_zh, policy.schedule.insurer.name_en)
    number = policy.schedule.policy_no if policy else f"{product.product_id} {product.version}"
    meta = [(say("common.product"), product.product_id), (say("common.version"), product.version),
            (say("booklet.filing"), product.filing_no or say("booklet.not_filed")),
            (say("common.issued_on"), day(issued_on, language))]
    if policy is not None:
        meta.insert(0, (say("common.policy_no"), policy.schedule.policy_no))
    return Document(
        language=language, title=say("booklet.title"),
        subtitle=pick(language, product.name_zh, product.name_en), number=number,
        issued_on=issued_on, issuer=insurer, source_hash=document_hash(source),
        meta=tuple(meta), blocks=tuple(blocks))


def _read(source: JSON) -> tuple[Policy | None, Product]:
    schema = source.get("schema") if isinstance(source, dict) else None
    if schema == "dinghai.policy/1":
        policy = read_policy(source, file="policy")
        return policy, policy.product
    if schema == "dinghai.product/1":
        return None, resolve(typed(source, Product, file="product"))
    raise InputError("a booklet is made from a policy or a product", field="schema",
                     mend="give a document of schema dinghai.policy/1 or dinghai.product/1")


def _chapter(reader: _Reader, number: int) -> Heading:
    title = reader.say(f"chapter.{number}")
    chinese = "一二三四五六七八九十"[number - 1]
    label = f"第{chinese}章" if reader.language == "zh" else f"Chapter {number}"
    return Heading(title, number=label)


def _plain(reader: _Reader, number: str, group: str, key: str, text: str = "",
           **values: object) -> Clause:
    body = text or reader.say(f"{group}.{key}", **values)
    return Clause(number, reader.say(f"{group}.{key}_title"), (body,))


def _general(reader: _Reader) -> list[Block]:
    product, say = reader.product, reader.say
    basis = product.basis
    jurisdictions = joined([say(f"value.{one}") for one in product.jurisdictions],
                           reader.language)
    event = say(f"aggregation.{basis.aggregation_rule}", hours=basis.hours_window)
    return [
        _chapter(reader, 1),
        _plain(reader, "1.1", "general", "contract"),
        _plain(reader, "1.2", "general", "object", say("cover.lead")),
        _plain(reader, "1.3", "general", "period"),
        _plain(reader, "1.4", "general", "event", event),
        _plain(reader, "1.5", "general", "territory",
               territory=say(f"territory.{basis.territory}"), jurisdictions=jurisdictions),
        _plain(reader, "1.6", "general", "limits",
               defence=say(f"defence.{product.limits.defence}")),
        _plain(reader, "1.7", "general", "doubt"),
    ]


def _granted(reader: _Reader, coverage: str) -> bool:
    return reader.policy is None or reader.policy.grants(coverage)


def _covers(reader: _Reader) -> list[Block]:
    clauses = [section_clause(one, reader.product, reader.policy, reader.language)
               for one in reader.product.sections if _granted(reader, one.coverage)]
    return [_chapter(reader, 2), Paragraph(reader.say("cover.lead"), "keep"), *clauses]


def _towers(reader: _Reader) -> list[Block]:
    if not reader.product.towers:
        return []
    return [_chapter(reader, 3), Paragraph(reader.say("tower.lead"), "keep"),
            *(tower_clause(one, reader.policy, reader.language) for one in reader.product.towers)]


def _calculation(reader: _Reader) -> list[Block]:
    return [_chapter(reader, 4),
            *calculation_clauses(reader.product, reader.policy, reader.language)]


def _is_condition(exclusion: Exclusion) -> bool:
    return exclusion.clause.split(".")[0] == "6"


def _exclusions(reader: _Reader) -> list[Block]:
    say = reader.say
    chosen = [one for one in reader.product.exclusions if not _is_condition(one)]
    return [
        PageBreak(), _chapter(reader, 5), Paragraph(say("exclusion.lead"), "strong"),
        Box(say("exclusion.duty_title"), (say("exclusion.duty"),), "info"),
        Box(say("exclusion.burden_title"), (say("exclusion.burden"),), "info"),
        *(exclusion_clause(one, reader.product, reader.policy, reader.language)
          for one in chosen)]


def _conditions(reader: _Reader) -> list[Block]:
    chosen = [one for one in reader.product.exclusions if _is_condition(one)]
    if not chosen:
        return []
    return [_chapter(reader, 6), Paragraph(reader.say("condition.lead"), "strong"),
            *(exclusion_clause(one, reader.product, reader.policy, reader.language)
              for one in chosen)]


def _obligations(reader: _Reader) -> list[Block]:
    return [_chapter(reader, 7), *(obligation_clause(one, reader.product, reader.language)
                                   for one in reader.product.obligations)]


def _services(reader: _Reader) -> list[Block]:
    if not reader.product.services:
        return []
    return [_chapter(reader, 8), *(service_clause(one, reader.language)
                                   for one in reader.product.services)]


def _claims(reader: _Reader) -> list[Block]:
    process = reader.product.claims_process
    appeal = pick(reader.language, process.appeal_zh, process.appeal_en)
    return [
        _chapter(reader, 9),
        _plain(reader, "9.1", "claims", "notice", hours=process.notice_hours),
        _plain(reader, "9.2", "claims", "once"),
        _plain(reader, "9.3", "claims", "decide", days=process.decision_days),
        _plain(reader, "9.4", "claims", "pay", days=process.pay_days),
        _plain(reader, "9.5", "claims", "refuse", days=process.refusal_days),
        _plain(reader, "9.6", "claims", "interim", days=process.interim_days),
        _plain(reader, "9.7", "claims", "limitation"),
        *([_plain(reader, "9.8", "claims", "appeal", appeal)] if appeal else []),
    ]


def _definitions(reader: _Reader) -> list[Block]:
    keys = [code.split(".", 1)[1] for code in phrase_table() if code.startswith("definition.")]
    return [_chapter(reader, 10), *(
        Clause(f"10.{index}", reader.say(f"definition.{key}"),
               (reader.say(f"definition_text.{key}"),))
        for index, key in enumerate(keys, start=1))]
