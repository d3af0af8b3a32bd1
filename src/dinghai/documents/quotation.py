"""The quotation slip (报价单), and premiums as documents split them."""

from __future__ import annotations

from datetime import date

from dinghai.documents.blocks import (
    Block,
    Box,
    Cell,
    Column,
    Document,
    Fields,
    Figures,
    Heading,
    Paragraph,
    Signatures,
    Table,
)
from dinghai.documents.formats import day, duration, factor, money, percent, period, plain_money
from dinghai.documents.inputs import PremiumSplit
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.documents.report import indicator_name
from dinghai.documents.schedule import premium_table
from dinghai.documents.typesetting import set_pdf
from dinghai.foundation.canonical import JSON
from dinghai.foundation.errors import InputError
from dinghai.foundation.reading import typed
from dinghai.wording.products import resolve
from dinghai.wording.schema import Product

_PARTS = ("pure", "parameter", "risk", "catastrophe", "service", "expense", "commission", "profit",
          "guarantee_fund")
_ADJUSTMENTS = ("market_adjustment", "no_claims_adjustment", "days_adjustment",
                "minimum_adjustment")
_BINDABLE = frozenset({"quote", "quote_with_conditions", "inclusive_offer"})


def premium_split(premium: JSON, *, parts: bool = True) -> PremiumSplit:
    """The rows of a quote's ``premium`` object; without ``parts`` net premium and VAT alone."""
    rows: list[tuple[str, int]] = []
    if parts:
        rows += [(code, premium[f"{code}_fen"]) for code in _PARTS]
        rows.append(("technical", premium["technical_net_fen"]))
        rows += [(code, premium[f"{code}_fen"]) for code in _ADJUSTMENTS
                 if premium.get(f"{code}_fen") or code == "market_adjustment"]
        rows.append(("charged", premium["charged_net_fen"]))
    else:
        rows.append(("net", premium["charged_net_fen"]))
    rows.append(("vat", premium["vat_fen"]))
    return PremiumSplit(tuple(rows), premium["gross_fen"])


def render_quotation(
    quote: JSON, product: JSON, *, number: str, applicant: str, insurer: str, issued_on: date,
    language: Language = "zh",
) -> bytes:
    """The slip of a quote document (dinghai.quote/1) under its product, as PDF.

    Raises InputError for another document or a product that is not the quote's.
    """
    return set_pdf(quotation(quote, product, number=number, applicant=applicant, insurer=insurer,
                             issued_on=issued_on, language=language))


def quotation(
    quote: JSON, product: JSON, *, number: str, applicant: str, insurer: str, issued_on: date,
    language: Language = "zh",
) -> Document:
    """The quotation slip as blocks."""
    if not isinstance(quote, dict) or quote.get("schema") != "dinghai.quote/1":
        raise InputError("this is not a quote", field="schema",
                         mend="give a document of schema dinghai.quote/1")
    wording = resolve(typed(product, Product, file="product"))
    if wording.product_id != quote["product"]["id"]:
        raise InputError("the product is not the one quoted", field="product",
                         mend=f"give {quote['product']['id']}")
    valid = day(date.fromisoformat(quote["valid_until"]), language)
    blocks: list[Block] = [
        Paragraph(phrase("quotation.lead", language)), _figures(quote, language),
        *_standing(quote, language), *_terms(quote, language),
        Heading(phrase("quotation.sections", language)), _sections(quote, wording, language),
        Heading(phrase("quotation.premium", language)),
        *premium_table(premium_split(quote["premium"]), language),
        Heading(phrase("quotation.factors", language)), _factors(quote, language),
        *_experience(quote, language),
        Box(phrase("quotation.explain_title", language), (phrase("quotation.explain", language),),
            "exclusion"),
        Signatures(((f"{insurer} {phrase('common.seal', language)}",
                     (phrase("common.sign", language), phrase("common.signed_on", language))),
                    (f"{phrase('quotation.accept', language)}  {applicant}",
                     (phrase("common.sign", language), phrase("common.signed_on", language))))),
    ]
    return Document(
        language=language, title=phrase("quotation.title", language),
        subtitle=pick(language, wording.name_zh, wording.name_en), number=number,
        issued_on=issued_on, issuer=insurer, source_hash=quote["hash"],
        meta=((phrase("common.document_no", language), number),
              (phrase("common.applicant", language), applicant),
              (phrase("common.issued_on", language), day(issued_on, language)),
              (phrase("quotation.valid_until", language), valid)),
        blocks=tuple(blocks))


def _figures(quote: JSON, language: Language) -> Figures:
    premium, terms = quote["premium"], quote["terms"]
    rate = premium["gross_fen"] * 1_000_000 // terms["aggregate_limit_fen"]
    return Figures((
        (phrase("common.aggregate_limit", language), money(terms["aggregate_limit_fen"]), ""),
        (phrase("common.gross_premium", language), money(premium["gross_fen"]), ""),
        (phrase("quotation.rate", language), percent(rate // 10 * 10),
         phrase("quotation.rate_note", language)),
        (phrase("quotation.adequacy", language), percent(premium["adequacy_ppm"] // 1000 * 1000),
         phrase("quotation.adequacy_note", language))))


def _standing(quote: JSON, language: Language) -> list[Block]:
    """The outcome with its reasons, strongly where it cannot be bound as it stands."""
    outcome = quote["outcome"]
    reasons = tuple(_reason(one, language) for one in quote["reasons"])
    title = phrase(f"assessment_outcome.{outcome}", language)
    return [Box(title, reasons, "notice" if outcome in _BINDABLE else "exclusion")]


def _reason(reason: str, language: Language) -> str:
    code, _, detail = reason.partition(":")
    if not has_phrase(f"quote_reason.{code}"):
        return reason
    return phrase(f"quote_reason.{code}", language, detail=indicator_name(detail, language))


def _terms(quote: JSON, language: Language) -> list[Block]:
    terms = quote["terms"]
    first, last = (date.fromisoformat(terms[key]) for key in ("inception", "expiry"))
    whole = period(first, last, language).replace("\n", "" if language == "zh" else " ")
    return [Heading(phrase("quotation.terms", language)), Fields((
        (phrase("common.period", language), whole),
        (phrase("common.each_event_limit", language), money(terms["each_event_limit_fen"])),
        (phrase("common.event_deductible", language), money(terms["event_deductible_fen"])),
    ), columns=1)]


def _sections(quote: JSON, product: Product, language: Language) -> Table:
    expected = quote["by_section_fen"]
    rows = []
    for one in quote["terms"]["sections"]:
        section = product.section(one["coverage"])
        if section is None:
            raise InputError(f"the product has no section {one['coverage']}", field="product",
                             mend="give the product of the quote")
        wait = duration(section.waiting.seconds, language) if section.waiting else "—"
        rows.append((section.clause,
                     Cell(pick(language, section.name_zh, section.name_en), section.coverage),
                     plain_money(one["sublimit_fen"]), wait,
                     plain_money(expected.get(section.coverage, 0))))
    for tower in product.towers:
        rows.append((tower.clause, Cell(pick(language, tower.name_zh, tower.name_en),
                                        tower.coverage),
                     phrase(f"tower_cap.{tower.cap}", language), "—",
                     plain_money(expected.get(tower.coverage, 0))))
    return Table(
        (Column(phrase("common.clause", language), millimetres=12),
         Column(phrase("common.coverage", language)),
         Column(phrase("schedule.sublimit_yuan", language), "right", 36),
         Column(phrase("common.waiting", language), millimetres=25),
         Column(phrase("quotation.expected", language), "right", 34)), tuple(rows),
        label=phrase("schedule.sections_label", language))


def _experience(quote: JSON, language: Language) -> list[Block]:
    """What the insured's own claims did to the premium; nothing without a history."""
    found = quote.get("experience")
    if found is None:
        return []
    first, last = (date.fromisoformat(found[key]) for key in ("first", "last"))
    credit = found["no_claims_credit"]
    return [Heading(phrase("quotation.experience", language)), Fields((
        (phrase("quotation.experience_years", language),
         f"{day(first, language)} – {day(last, language)}"),
        (phrase("quotation.experience_claims", language), str(found["claims_counted"])),
        (phrase("quotation.experience_expected", language),
         f"{found['expected_claims_ppb'] / 1_000_000_000:.3f}"),
        (phrase("quotation.experience_modification", language),
         percent(found["modification_ppm"])),
        (pick(language, credit["name_zh"], credit["name_en"]), phrase(
            "quotation.experience_credit", language, credit=percent(credit["credit_ppm"]),
            years=str(credit["clean_years"]))),
        (phrase("quotation.experience_table", language),
         f"{found['table']['version']} · {found['history_sha256'][:12]}"),
    ), columns=1)]


def _factors(quote: JSON, language: Language) -> Table:
    rows = tuple(
        (Cell(phrase(f"waterfall.{row['code']}", language), _source(row)),
         "—" if row["factor_ppm"] is None else factor(row["factor_ppm"]),
         plain_money(row["amount_fen"]), plain_money(row["after_fen"]))
        for row in quote["waterfall"])
    return Table(
        (Column(phrase("quotation.factor", language)),
         Column(phrase("quotation.effect", language), "right", 22),
         Column(phrase("common.amount_yuan", language), "right", 34),
         Column(phrase("decision.after", language), "right", 34)), rows)


def _source(row: JSON) -> str:
    source = row["source"]
    mark = source.get("confidence", "")
    return f"{source.get('name', source.get('source', ''))} [{mark}]" if mark else ""
