"""Predicates, effects and fact values of the wording as readable words."""

from __future__ import annotations

import re
from datetime import datetime

from dinghai.documents.formats import (
    day,
    duration,
    hours,
    joined,
    moment,
    money,
    percent,
    truth,
)
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.foundation.canonical import JSON
from dinghai.foundation.clock import SHANGHAI
from dinghai.foundation.errors import InputError
from dinghai.vocabulary.facts import ABSENT, UNKNOWN, Fact, fact
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.parameters import parameters
from dinghai.vocabulary.perils import perils
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.policy import Policy
from dinghai.wording.schema import Product

Terms = Policy | Product | None
"""Where the values of agreed terms come from: a policy, a product's defaults, or nowhere."""


def fact_name(identifier: str, language: Language) -> str:
    """The name of a fact of the registry; an id it does not know stands for itself."""
    try:
        found = fact(identifier)
    except InputError:
        return identifier
    return pick(language, found.name_zh, found.name_en)


def code_value(definition: Fact, value: str, language: Language) -> str:
    """The words of one code value."""
    special = f"value.{definition.id}.{value}"
    code = special if has_phrase(special) else f"value.{value}"
    return phrase(code, language) if has_phrase(code) else value


def fact_value(identifier: str, value: JSON, language: Language) -> str:
    """A fact's JSON value in words with its unit."""
    definition = fact(identifier)
    if value is None:
        return "—"
    match definition.type:
        case "boolean":
            return truth("true" if value else "false", language)
        case "money":
            return money(value)
        case "ratio":
            return percent(value)
        case "duration":
            return duration(value, language)
        case "moment":
            found = datetime.fromisoformat(str(value))
            return moment(found if found.tzinfo else found.replace(tzinfo=SHANGHAI), language)
        case "code":
            return code_value(definition, str(value), language)
        case "list":
            return joined([_listed(str(one), language) for one in value], language)
        case "series":
            return phrase("fact_value.series", language, hours=len(value), total=money(sum(value)))
        case "count":
            return _count(definition, value, language)
    return str(value)


def _listed(code: str, language: Language) -> str:
    """An element of a list: an indicator by name, anything else as it stands."""
    known = indicators().get(code)
    return code if known is None else f"{code} {pick(language, known.name_zh, known.name_en)}"


def fact_cell(identifier: str, cell: int, language: Language) -> str:
    """The int64 cell of a fact in words."""
    if cell == UNKNOWN:
        return phrase("truth.unknown", language)
    if cell == ABSENT:
        return "—"
    definition = fact(identifier)
    if definition.type == "boolean":
        return truth("true" if cell else "false", language)
    if definition.type == "code":
        return code_value(definition, definition.values[cell], language)
    if definition.type == "moment":
        return moment(datetime.fromtimestamp(cell, tz=SHANGHAI), language)
    if definition.type in {"reference", "list"}:
        return str(cell)
    if definition.type == "series":
        return f"{cell:,} {phrase('unit.hour', language)}"
    return fact_value(identifier, cell, language)


def _count(definition: Fact, value: int, language: Language) -> str:
    unit = phrase(f"unit.{definition.unit}", language) if definition.unit else ""
    if unit.endswith("s") and value == 1 and language == "en":
        unit = unit[:-1]
    return f"{value:,} {unit}".strip()


def predicate_words(predicate: JSON, language: Language, *, terms: Terms = None) -> str:
    """A predicate as a sentence without its full stop; ``terms`` gives the agreed values."""
    if "all" in predicate:
        parts = [_nested(one, language, terms) for one in predicate["all"]]
        return ("，并且" if language == "zh" else ", and ").join(parts)
    if "any" in predicate:
        parts = [_nested(one, language, terms) for one in predicate["any"]]
        return ("，或者" if language == "zh" else ", or ").join(parts)
    if "not" in predicate:
        inner = predicate_words(predicate["not"], language, terms=terms)
        return f"并非（{inner}）" if language == "zh" else f"not ({inner})"
    return _test_words(predicate, language, terms)


def _nested(predicate: JSON, language: Language, terms: Terms) -> str:
    words = predicate_words(predicate, language, terms=terms)
    if "all" not in predicate and "any" not in predicate:
        return words
    return f"（{words}）" if language == "zh" else f"({words})"


def _test_words(test: JSON, language: Language, terms: Terms) -> str:
    definition = fact(str(test["fact"]))
    op = str(test["op"])
    if op == "gt" and test.get("value") == 0:
        op = "gt_zero"
    elif op in {"gt", "ge", "lt", "le"} and definition.type == "moment":
        op += "_moment"
    return phrase(f"operator.{op}", language, fact=fact_name(definition.id, language),
                  value=_spaced(_value_words(test, language, terms), language))


def _spaced(value: str, language: Language) -> str:
    """Chinese sets a space between a word and a number."""
    return f" {value}" if language == "zh" and value[:1].isdigit() else value


def _value_words(test: JSON, language: Language, terms: Terms) -> str:
    value, identifier = test.get("value"), str(test["fact"])
    if isinstance(value, dict) and "policy" in value:
        return term_words(str(value["policy"]), language, terms)
    if isinstance(value, list):
        return joined([_quoted(fact_value(identifier, one, language), language)
                       for one in value], language)
    if value is None:
        return ""
    words = fact_value(identifier, value, language)
    return _quoted(words, language) if fact(identifier).type == "code" else words


def _quoted(words: str, language: Language) -> str:
    return f"“{words}”" if language == "zh" else words


def term_words(key: str, language: Language, terms: Terms) -> str:
    """An agreed term by name, with its value where the policy or the product gives one."""
    known = parameters().get(key)
    name = (phrase(f"policy_term.{key}", language) if known is None
            else pick(language, known.name_zh, known.name_en))
    cell = _term_cell(key, terms)
    if cell is None:
        return name
    if known is not None:
        shown = parameter_value(key, cell, language)
    elif key == "notice_hours":
        shown = duration(cell * 3600, language)
    else:
        shown = day(datetime.fromtimestamp(cell, tz=SHANGHAI).date(), language)
    return f"{name}（{shown}）" if language == "zh" else f"{name} ({shown})"


def _term_cell(key: str, terms: Terms) -> int | None:
    if isinstance(terms, Policy):
        return terms.term(key)
    if terms is None:
        return None
    return (terms.claims_process.notice_hours if key == "notice_hours"
            else terms.parameters.get(key))


def parameter_value(key: str, value: int, language: Language) -> str:
    """The number of a parameter in its own unit."""
    match parameters()[key].type:
        case "money":
            return money(value)
        case "duration":
            return duration(value, language)
    return f"{value:,}"


def effect_words(
    effect: Effect, language: Language, *, terms: Terms = None, acts_on: str = "event"
) -> str:
    """What an exclusion does, in words; graded effects and bands are spelled out."""
    if effect.type == "graded":
        steps = [_rung(step.when, step.effect, language, terms, acts_on) for step in effect.steps]
        colon, join = ("：", "；") if language == "zh" else (": ", "; ")
        return phrase("effect.graded", language) + colon + join.join(steps)
    if effect.type == "sliding_coinsurance":
        return _bands(effect, language)
    code: str = effect.type
    if code == "deductible_uplift" and effect.mode == "multiply":
        code = "deductible_multiply"
    elif code == "coinsurance" and acts_on == "item":
        code = "coinsurance_item"
    points = percent(effect.insured_share_ppm or effect.rate_ppm).rstrip("%")
    name = fact_name(effect.fact, language) if effect.fact else ""
    return phrase(f"effect.{code}", language, fact=name, points=points, hours=effect.hours,
                  numerator=_operand(effect.numerator, language, terms),
                  denominator=_operand(effect.denominator, language, terms))


def _operand(operand: dict[str, str] | None, language: Language, terms: Terms) -> str:
    """A part of a proportion: an agreed term, or a fact."""
    if not operand:
        return ""
    ((kind, name),) = operand.items()
    return term_words(name, language, terms) if kind == "policy" else fact_name(name, language)


def _rung(when: JSON, effect: Effect, language: Language, terms: Terms, acts_on: str) -> str:
    condition = predicate_words(when, language, terms=terms)
    arrow = "的，" if language == "zh" else " → "
    return condition + arrow + effect_words(effect, language, terms=terms, acts_on=acts_on)


def _bands(effect: Effect, language: Language) -> str:
    assert effect.fact is not None  # conformance requires it
    name = fact_name(effect.fact, language)
    colon, join = ("：", "；") if language == "zh" else (": ", "; ")
    parts = []
    lower = ""
    for band in effect.bands:
        share = percent(band.insured_share_ppm)
        if band.up_to is None:
            bound = f"超过 {lower}" if language == "zh" else f"above {lower}"
        else:
            lower = fact_value(effect.fact, band.up_to, language)
            bound = f"不超过 {lower}" if language == "zh" else f"up to {lower}"
        parts.append(f"{bound}，{share}" if language == "zh" else f"{bound}, {share}")
    return phrase("effect.sliding_coinsurance", language, fact=name) + colon + join.join(parts)


def exclusion_words(
    exclusion: Exclusion, language: Language, *, terms: Terms = None
) -> tuple[str, str]:
    """When an exclusion acts and what it does, each as a sentence."""
    assert exclusion.predicate is not None and exclusion.effect is not None  # resolved
    stop = "。" if language == "zh" else "."
    when = predicate_words(exclusion.predicate, language, terms=terms)
    what = effect_words(exclusion.effect, language, terms=terms, acts_on=exclusion.acts_on)
    return _sentence(when, language) + stop, _sentence(what, language) + stop


def _sentence(words: str, language: Language) -> str:
    return words if language == "zh" else words[:1].upper() + words[1:]


def peril_name(code: str, language: Language) -> str:
    """The name of a peril; a code the vocabulary lacks stands for itself."""
    known = perils().get(code)
    return code if known is None else pick(language, known.name_zh, known.name_en)


def code_words(group: str, code: str, language: Language) -> str:
    """The words of a code that a product may also fill with a name of its own."""
    key = f"{group}.{code}"
    return phrase(key, language) if has_phrase(key) else code.replace("_", " ")


def coverage_name(product: Product, coverage: str, language: Language) -> str:
    """The name of a section or tower as the product gives it."""
    part = product.section(coverage) or product.tower(coverage)
    return coverage if part is None else pick(language, part.name_zh, part.name_en)


_ARTICLE = re.compile(r"(?P<law>[^0-9第]+)第?(?P<article>[0-9]+)条")


def law_words(law: str, language: Language) -> str:
    """A law's name as cited; in English where the table of laws has it."""
    if language == "zh":
        return law
    found = _ARTICLE.fullmatch(law)
    name = found["law"].strip() if found else law
    if not has_phrase(f"law.{name}"):
        return law
    words = phrase(f"law.{name}", language)
    return f"{words}, art. {found['article']}" if found else words


def waiting_words(seconds: int, mode: str, language: Language) -> str:
    """A waiting time with its mode: ``12 小时（取高）``."""
    return f"{duration(seconds, language)}\n{phrase(f'waiting_mode.{mode}', language)}"


def waiting_text(seconds: int, mode: str, language: Language, *, own: bool = False) -> str:
    """The clause of a waiting mode, which meets the event's deductible or the section's own."""
    which = "section" if own else "event"
    return phrase(f"waiting_mode_text.{mode}", language, hours=hours(seconds),
                  deductible=phrase(f"waiting_meets.{which}", language))
