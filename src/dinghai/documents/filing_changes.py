"""What changed in a rating (费率变更说明), with the impact on the reference firms."""

from __future__ import annotations

from dinghai.documents.blocks import Block, Cell, Column, Document, Heading, Paragraph, Table
from dinghai.documents.filing_charts import signed
from dinghai.documents.filing_report import filing_meta, outside_filing, signatures
from dinghai.documents.filing_words import industry_name, rating_field, rating_value
from dinghai.documents.formats import short_number
from dinghai.documents.phrases import Language, phrase, pick
from dinghai.pricing.filing import FilingStudy
from dinghai.vocabulary.industries import industries


def filing_changes(study: FilingStudy, *, language: Language = "zh") -> Document:
    """The paper as blocks; a first filing says that it is one."""
    old = study.against
    blocks: list[Block] = []
    if old is None:
        blocks.append(Paragraph(phrase("filing.changes_first", language), "lead"))
    else:
        blocks += [Paragraph(phrase(
            "filing.changes_text", language, old=old.id, old_version=old.version,
            new=study.rating.id, new_version=study.rating.version, count=len(study.changes)))]
        blocks += _changes(study, language)
        blocks += _impact(study, language)
    place = sum(isinstance(one, Heading) for one in blocks) + 1
    blocks += [Heading(phrase("filing.sign", language), 1, str(place)), signatures(language)]
    return Document(
        language=language, title=phrase("filing.changes_title", language),
        subtitle=pick(language, study.product.name_zh, study.product.name_en),
        number=f"{study.rating.id} {study.rating.version}", issued_on=study.on, issuer="",
        source_hash=str(study.to_dict()["hash"]), meta=filing_meta(study, language),
        blocks=tuple(blocks))


def _changes(study: FilingStudy, language: Language) -> list[Block]:
    if not study.changes:
        return [Paragraph(phrase("filing.changes_none", language))]
    rows = tuple(
        (Cell(rating_field(one.field, language), one.field),
         rating_value(one.field, one.old, language),
         Cell(rating_value(one.field, one.new, language), strong=True)) for one in study.changes)
    return [Heading(phrase("filing.changes_list", language), 1, "1"),
            Table((Column(phrase("filing.field", language)), Column(phrase("filing.old", language)),
                   Column(phrase("filing.new", language))), rows)]


def _impact(study: FilingStudy, language: Language) -> list[Block]:
    changes = [one.change for one in study.impacts]
    found = {(one.priced.firm.industry, one.priced.firm.revenue_fen): one.change
             for one in study.impacts}
    revenues = study.grid_table.revenues_fen
    rows = tuple((f"{code} {industry_name(code, language)}",
                  *(signed(found[code, revenue]) for revenue in revenues))
                 for code in sorted(industries()))
    up, down = (sum(sign * one > 0.0 for one in changes) for sign in (1, -1))
    return [
        Heading(phrase("filing.impact", language), 1, "2" if study.changes else "1"),
        Paragraph(phrase(
            "filing.impact_text", language, low=signed(min(changes)),
            mean=signed(sum(changes) / len(changes)), high=signed(max(changes)), up=up, down=down,
            same=len(changes) - up - down)),
        Paragraph(phrase("filing.filed_outside", language,
                         count=sum(outside_filing(study, one) for one in study.grid))),
        Table((Column("", share=1), *(Column(
            phrase("filing.revenue_is", language, revenue=short_number(one / 100, language)),
            "right", 27) for one in revenues)), rows,
            label=phrase("filing.impact_label", language))]
