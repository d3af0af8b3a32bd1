"""The product guide (产品说明书): one A4 page on what is covered, what not, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Literal

from dinghai.documents.blocks import (
    Block,
    Bullets,
    Cell,
    Column,
    Columns,
    Document,
    Figures,
    Heading,
    Paragraph,
    Table,
)
from dinghai.documents.booklet import issuer_of, paper_meta, paper_number
from dinghai.documents.booklet_sections import retention_words
from dinghai.documents.booklet_terms import shared_limit_words
from dinghai.documents.formats import duration, money, percent
from dinghai.documents.phrases import Language
from dinghai.documents.reader import Reader, reader_of
from dinghai.documents.typesetting import set_one_page
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.sections import Section

Detail = Literal[0, 1, 2, 3, 4]
"""How much a page bears: 0 everything, 1 exclusions in running text, 2 exclusions by name only,
3 covers without their text too, 4 covers in running text."""
_SMALLEST: dict[Detail, int] = {0: 72, 1: 72, 2: 70, 3: 64, 4: 58}
"""How small a page may be set, in per cent, before it rather says less."""
_WHOLE = frozenset({"exclude_event"})
_ITEM = frozenset({"exclude_item"})


def render_product_guide(
    source: JSON, *, issued_on: date, language: Language = "zh"
) -> bytes:
    """The guide of a policy or product document as a PDF of one A4 page. Raises InputError."""
    return set_one_page(product_guide(source, issued_on=issued_on, language=language,
                                      detail=one) for one in _SMALLEST)


def product_guide(
    source: JSON, *, issued_on: date, language: Language = "zh", detail: Detail = 0
) -> Document:
    """The guide as blocks; a higher ``detail`` says less."""
    reader = reader_of(source, language)
    product = reader.product
    left, right = _not_covered(reader, detail), [*_after(reader), *_decided(reader)]
    if detail < 2:
        right = [*_retained(reader), *right]
    else:
        left += _retained(reader)
    blocks: list[Block] = [
        Paragraph(reader.pick(product.summary_zh, product.summary_en)),
        Figures(tuple(_figures(reader))), *_covers(reader, detail),
        Columns((tuple(left), tuple(right)), (4, 3) if detail < 2 else (1, 1)),
        Paragraph(reader.say("guide.foot", amounts=reader.say(
            "guide.foot_usual" if reader.policy is None else "guide.foot_agreed")), "small"),
    ]
    return Document(
        language=language, title=reader.say("guide.title"),
        subtitle=reader.pick(product.name_zh, product.name_en), number=paper_number(reader),
        issued_on=issued_on, issuer=issuer_of(reader), source_hash=document_hash(source),
        meta=paper_meta(reader, issued_on), blocks=tuple(blocks), layout="one_page",
        smallest_percent=_SMALLEST[detail])


def _figures(reader: Reader) -> Iterator[tuple[str, str, str]]:
    limits, policy = reader.product.limits, reader.policy
    if policy is None:
        aggregate, deductible = limits.aggregate_default_fen, limits.deductible_default_fen
        event = aggregate * limits.each_event_ppm // 1_000_000
        note = reader.say("guide.usual")
    else:
        schedule = policy.schedule
        aggregate, event = schedule.aggregate_limit_fen, schedule.each_event_limit_fen
        deductible, note = schedule.event_deductible_fen, reader.say("guide.agreed")
    yield reader.say("common.aggregate_limit"), money(aggregate), note
    yield reader.say("common.each_event_limit"), money(event), note
    yield reader.say("common.event_deductible"), money(deductible), note
    hours = reader.product.claims_process.notice_hours
    yield (reader.say("guide.notice"), reader.say("guide.hours", hours=hours),
           reader.say("guide.notice_note"))


def _sections(reader: Reader) -> list[Section]:
    return [one for one in reader.product.sections if reader.grants(one.coverage)]


def _covers(reader: Reader, detail: Detail) -> list[Block]:
    covers = Paragraph(reader.clauses(
        reader.say("guide.cover_run", name=reader.coverage(one.coverage),
                   limit=_limit(one, reader), bears=bears_words(one, reader))
        for one in _sections(reader))) if detail == 4 else _cover_table(reader, detail)
    notes = _cover_notes(reader)
    return [Heading(reader.say("guide.covers")), covers,
            *([Paragraph(reader.sentences(notes), "small")] if notes else [])]


def _cover_table(reader: Reader, detail: Detail) -> Table:
    columns = [Column(reader.say("guide.cover"), share=11)]
    if detail < 3:
        columns.append(Column(reader.say("guide.pays"), share=19))
    columns += [Column(reader.say("guide.limit"), share=9),
                Column(reader.say("guide.bears"), share=9)]
    return Table(tuple(columns),
                 tuple(_cover_row(one, reader, detail) for one in _sections(reader)))


def _cover_notes(reader: Reader) -> list[str]:
    notes = []
    for shared in reader.product.shared_limits:
        notes.append(reader.say(
            "guide.shared", limit=shared_limit_words(shared, reader),
            names=reader.list(reader.coverage(one) for one in shared.coverages)))
    if reader.product.towers:
        notes.append(reader.say("guide.towers", names=reader.list(
            reader.pick(one.name_zh, one.name_en) for one in reader.product.towers)))
    if reader.product.services:
        standard = [coverages()[one.code] for one in reader.product.services]
        notes.append(reader.say("guide.services", names=reader.list(
            reader.pick(one.name_zh, one.name_en) for one in standard)))
    return notes


def _cover_row(section: Section, reader: Reader, detail: Detail) -> tuple[str | Cell, ...]:
    name = reader.pick(section.name_zh, section.name_en)
    if not section.mandatory:
        name += reader.say("guide.optional")
    row: list[str | Cell] = [Cell(name, strong=True)]
    if detail < 3:
        row.append(reader.pick(section.plain_zh, section.plain_en))
    return (*row, _limit(section, reader), bears_words(section, reader))


def _limit(section: Section, reader: Reader) -> str:
    """The sublimit in few words."""
    own, policy = section.sublimit, reader.policy
    if policy is not None:
        amount = money(policy.sublimit(section.coverage))
    elif own.amount_fen is not None:
        amount = money(own.amount_fen)
    elif own.multiple_of_fee is not None:
        amount = reader.say("guide.limit_fee", count=own.multiple_of_fee)
    else:
        share = own.ppm_of_aggregate
        amount = reader.say("guide.limit_share", percent=percent(
            1_000_000 if share is None else share))
    whose = "insured" if own.per == "insured" else own.basis
    return reader.say(f"guide.limit_{whose}", amount=amount)


def bears_words(section: Section, reader: Reader) -> str:
    """What the insured bears of one section, in few words."""
    parts = []
    if section.waiting is not None:
        parts.append(reader.say("guide.bear_waiting_short",
                                time=duration(section.waiting.seconds, reader.language)))
    own = section.retention
    if own.kind == "event_deductible":
        if section.waiting is None or section.waiting.mode in {"higher_of",
                                                               "waiting_then_deductible"}:
            parts.append(reader.say("guide.bear_event"))
    elif own.kind != "none":
        parts.append(retention_words(own, reader))
    if section.insured_share_ppm:
        parts.append(reader.say("guide.bear_share_short",
                                percent=percent(section.insured_share_ppm)))
    return reader.clauses(parts) or "—"


def _told(exclusion: Exclusion, reader: Reader) -> str:
    return reader.label(reader.pick(exclusion.name_zh, exclusion.name_en),
                        reader.pick(exclusion.plain_zh, exclusion.plain_en))


def _named(chosen: list[Exclusion], reader: Reader, detail: Detail) -> str:
    if detail == 1:
        return reader.clauses(_told(one, reader).rstrip("。.") for one in chosen)
    return reader.list(reader.pick(one.name_zh, one.name_en) for one in chosen)


def _not_covered(reader: Reader, detail: Detail) -> list[Block]:
    groups: dict[str, list[Exclusion]] = {"event": [], "item": [], "part": [], "placement": []}
    for one in reader.product.exclusions:
        assert one.effect is not None  # resolved
        key = ("placement" if one.effect.type == "decline_quote" else
               "event" if one.effect.type in _WHOLE else
               "item" if one.effect.type in _ITEM else "part")
        groups[key].append(one)
    if detail == 0:
        items = [_told(one, reader) for chosen in groups.values() for one in chosen]
    else:
        items = [reader.say(f"guide.excluded_{key}", names=_named(chosen, reader, detail))
                 for key, chosen in groups.items() if chosen]
    unpaid = [reader.pick(one.name_zh, one.name_en) for one in _sections(reader)
              if one.payability in {"nominal_only", "prohibited"}]
    if unpaid:
        items.append(reader.say("guide.unpaid", names=reader.list(unpaid)))
    return [Heading(reader.say("guide.excluded")),
            Bullets(tuple(items) or (reader.say("guide.excluded_none"),))]


def _retained(reader: Reader) -> list[Block]:
    product, policy = reader.product, reader.policy
    amount = (product.limits.deductible_default_fen if policy is None
              else policy.schedule.event_deductible_fen)
    items = []
    if amount:
        items.append(reader.sentences([
            reader.say("guide.bear_deductible", amount=money(amount)),
            reader.say("guide.bear_insured") if product.limits.deductible_per == "insured"
            else ""]))
    waits = [reader.say("guide.bear_wait", name=reader.coverage(one.coverage),
                        time=duration(one.waiting.seconds, reader.language))
             for one in _sections(reader) if one.waiting is not None]
    if waits:
        items.append(reader.say("guide.bear_waiting", waits=reader.list(waits)))
    shares = [f"{reader.coverage(one.coverage)} {percent(one.insured_share_ppm)}"
              for one in _sections(reader) if one.insured_share_ppm]
    if shares:
        items.append(reader.say("guide.bear_share", shares=reader.list(shares)))
    penalties = [reader.pick(one.name_zh, one.name_en) for one in product.exclusions
                 if one.effect is not None and one.effect.type in {
                     "coinsurance", "sliding_coinsurance", "deductible_uplift", "graded",
                     "extend_waiting"}]
    if penalties:
        items.append(reader.say("guide.bear_conditions", names=reader.list(penalties)))
    if product.instalments is not None:
        items.append(reader.say("guide.bear_instalments"))
    return [Heading(reader.say("guide.retained")),
            Bullets(tuple(items) or (reader.say("guide.bear_nothing"),))]


def _after(reader: Reader) -> list[Block]:
    process = reader.product.claims_process
    consent = [reader.pick(one.name_zh, one.name_en) for one in _sections(reader)
               if one.prior_consent != "none" or one.vendor_rule != "any"]
    items = [reader.say("guide.after_notice", hours=process.notice_hours),
             reader.say("guide.after_keep")]
    if consent:
        items.append(reader.say("guide.after_consent", names=reader.list(consent)))
    items += [reader.say("guide.after_claim"), reader.say("guide.after_papers")]
    return [Heading(reader.say("guide.after")), Bullets(tuple(items), ordered=True)]


def _decided(reader: Reader) -> list[Block]:
    process = reader.product.claims_process
    return [Heading(reader.say("guide.decided")), Bullets((
        reader.say("guide.decided_days", days=process.decision_days, pay=process.pay_days,
                   interim=process.interim_days),
        reader.say("guide.decided_unknown"), reader.say("guide.decided_lines"),
        reader.say("guide.decided_appeal")))]
