"""`dinghai wording`: check products against the market standard, show them, compare versions.

Commands of the group that live in other files are registered at the end of ``register``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from dinghai.cli.comparison import register_compare
from dinghai.cli.documents import register_booklet
from dinghai.cli.output import BAD_INPUT, DONE, REFUSED, Answer, Parser, add_command, table
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import format_yuan
from dinghai.wording.conformance import ConformanceReport, check_product
from dinghai.wording.difference import Change, difference, in_words
from dinghai.wording.library import Found, find_product, find_products
from dinghai.wording.saying import (
    Language,
    carve_back_words,
    days,
    effect_words,
    joined,
    participants_words,
    percent,
    predicate_words,
    retention_words,
    section_name,
    sublimit_words,
    waiting_words,
    word,
)
from dinghai.wording.schema import Product
from dinghai.wording.sections import Section


def register(subparsers: argparse._SubParsersAction[Parser]) -> None:
    """Add the commands."""
    group = subparsers.add_parser("wording", help="check, show and compare products")
    commands = group.add_subparsers(title="commands", metavar="COMMAND", required=True,
                                    parser_class=Parser)
    check = add_command(commands, "check", _check,
                        "check products against the market standard")
    check.add_argument("places", nargs="+", metavar="PLACE",
                       help="a product.toml, a folder (walked), or a shipped product's id")
    _language(check)
    show = add_command(commands, "show", _show,
                       "a product in words: covers, limits, waiting, exclusions")
    show.add_argument("product", metavar="PRODUCT", help="a folder, an id, or either @version")
    _language(show)
    _library(show)
    differ = add_command(commands, "diff", _diff,
                         "clause by clause: what differs between two versions or products")
    differ.add_argument("old", metavar="OLD", help="a folder, an id, or either @version")
    differ.add_argument("new", metavar="NEW", help="likewise")
    _language(differ)
    _library(differ)
    register_compare(commands)
    register_booklet(commands)


def _language(parser: Parser) -> None:
    parser.add_argument("--language", choices=("zh", "en"), default="en",
                        help="of the text (JSON has both; default: en)")


def _library(parser: Parser) -> None:
    parser.add_argument("--library", action="append", default=[], type=Path, metavar="FOLDER",
                        help="where ids are looked for beside the shipped products, again for more")


def _check(arguments: argparse.Namespace) -> Answer:
    found = find_products(arguments.places)
    checked = [(one, check_product(one.product)) for one in found if one.product is not None]
    broken = [one for one in found if one.product is None]
    conforming = sum(report.conforming for _one, report in checked)
    document: dict[str, JSON] = {
        "schema": "dinghai.conformance-run/1",
        "products": len(found), "conforming": conforming,
        "not_conforming": len(checked) - conforming, "invalid": len(broken),
        "reports": [{"folder": str(one.folder), **report.to_dict()} for one, report in checked],
        "faults": [fault.to_dict() for one in broken for fault in one.faults],
    }
    code = BAD_INPUT if broken else DONE if conforming == len(checked) else REFUSED
    return Answer(document, list(_check_text(checked, broken, arguments.language)), code)


def _check_text(
    checked: Sequence[tuple[Found, ConformanceReport]], broken: Sequence[Found],
    language: Language,
) -> Iterator[str]:
    yield from table(
        ("product", "version", "kind", "conforms", "score", "errors", "warnings", "notes",
         "monotone"),
        [(report.product_id, report.version, report.kind or "-",
          "yes" if report.conforming else "NO", report.score, report.count("error"),
          report.count("warning"), report.count("note"), "yes" if report.monotone else "no")
         for _found, report in checked])
    for found, report in checked:
        shown = [one for one in report.deviations
                 if one.severity != "note" or len(checked) == 1]
        if not shown:
            continue
        yield ""
        yield f"{report.product_id} ({found.folder}): {report.sum_in_words}"
        for one in shown:
            place = f" {one.field}" if one.field else ""
            text = one.zh if language == "zh" else one.en
            yield f"  {word('severity', one.severity, language)} {one.rule}{place}: {text}"
    for lost in broken:
        yield ""
        yield f"{lost.folder}: not a product"
        for fault in lost.faults:
            yield f"  {fault}"


def _show(arguments: argparse.Namespace) -> Answer:
    product = find_product(arguments.product, library=arguments.library)
    return Answer({"schema": "dinghai.wording-in-words/1", "product_id": product.product_id,
                   "version": product.version,
                   "zh": list(_product_text(product, "zh")),
                   "en": list(_product_text(product, "en")), "product": product.to_dict()},
                  list(_product_text(product, arguments.language)))


def _product_text(product: Product, language: Language) -> Iterator[str]:
    zh = language == "zh"
    yield f"{product.name_zh if zh else product.name_en} ({product.product_id} {product.version})"
    yield product.summary_zh if zh else product.summary_en
    yield joined((word("line", product.line, language), word("tier", product.tier, language),
                  word("status", product.status, language),
                  product.filing_no or word("unit", "nothing", language)), language)
    yield ""
    limits = product.limits
    yield _named("aggregate_limit", f"{format_yuan(limits.aggregate_default_fen)} "
                 f"({format_yuan(limits.aggregate_minimum_fen)} – "
                 f"{format_yuan(limits.aggregate_maximum_fen)})", language)
    yield _named("deductible", f"{format_yuan(limits.deductible_default_fen)} "
                 f"({format_yuan(limits.deductible_minimum_fen)} – "
                 f"{format_yuan(limits.deductible_maximum_fen)}), "
                 + word("choice", limits.deductible_per, language), language)
    yield _named("defence", word("choice", limits.defence, language), language)
    yield ""
    yield from table((word("part", "sections", language), word("field", "clause", language),
                      word("field", "sublimit", language), word("field", "waiting", language),
                      word("field", "retention", language),
                      word("field", "insured_share_ppm", language),
                      word("field", "indemnity_days", language),
                      word("field", "payability", language)),
                     [_section_row(one, language) for one in product.sections])
    for tower in product.towers:
        name = tower.name_zh if zh else tower.name_en
        yield (f"{word('part', 'towers', language)}: {tower.coverage} {name} [{tower.clause}], "
               f"{word('cap', tower.cap, language)} ({tower.law})")
    for shared in product.shared_limits:
        amount = (format_yuan(shared.amount_fen) if shared.amount_fen is not None
                  else word("sublimit", "share", language, ppm=percent(
                      shared.ppm_of_aggregate or 0)))
        yield (f"{word('part', 'shared_limits', language)} {shared.id}: "
               f"{joined(shared.coverages, language)}: {amount}")
    yield from _layers(product, language)
    yield ""
    for one in product.exclusions:
        name = one.name_zh if zh else one.name_en
        yield (f"{one.code} {name} [{one.clause}]: {effect_words(one.effect, language)}; "
               f"{word('duty', one.duty or 'explain', language)}")
        yield f"    {one.plain_zh if zh else one.plain_en}"
        yield f"    {word('field', 'predicate', language)}: " + predicate_words(
            one.predicate, language)
        if one.carve_backs:
            yield f"    {word('field', 'carve_backs', language)}: " + carve_back_words(
                one.carve_backs, language)
    yield ""
    yield _named("calculation_order", " → ".join(
        word("stage", one, language) for one in product.calculation_order), language)


def _layers(product: Product, language: Language) -> Iterator[str]:
    for layer in product.layers:
        start = format_yuan(layer.attachment_fen) if layer.attachment_fen else percent(
            layer.attachment_ppm)
        size = format_yuan(layer.limit_fen) if layer.limit_fen else percent(layer.limit_ppm)
        name = layer.name_zh if language == "zh" else layer.name_en
        yield (f"{word('part', 'layers', language)} {layer.id} {name}: {size} xs {start}, "
               f"{participants_words(layer.participants, language)}")


def _section_row(section: Section, language: Language) -> tuple[str, ...]:
    return (section_name(section, language), section.clause,
            sublimit_words(section.sublimit, language), waiting_words(section.waiting, language),
            retention_words(section.retention, language), percent(section.insured_share_ppm),
            days(section.indemnity_days, language),
            word("payability", section.payability or "covered", language))


def _named(field: str, value: str, language: Language) -> str:
    return f"{word('field', field, language)}: {value}"


def _diff(arguments: argparse.Namespace) -> Answer:
    old = find_product(arguments.old, library=arguments.library)
    new = find_product(arguments.new, library=arguments.library)
    changes: tuple[Change, ...] = difference(old, new)
    document: dict[str, JSON] = {
        "schema": "dinghai.difference/1",
        "old": {"product_id": old.product_id, "version": old.version},
        "new": {"product_id": new.product_id, "version": new.version},
        "changes": [one.to_dict() for one in changes]}
    text = in_words(changes, arguments.language)
    return Answer(document, text or ["no difference"])
