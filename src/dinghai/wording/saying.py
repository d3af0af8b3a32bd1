"""A product's values in words, Chinese and English: for reports, differences and listings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Final, Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import format_yuan
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.facts import facts
from dinghai.vocabulary.parameters import parameters
from dinghai.vocabulary.perils import perils
from dinghai.vocabulary.tables import read_toml_table
from dinghai.wording.exclusions import CarveBack, Effect
from dinghai.wording.layers import Participation
from dinghai.wording.sections import Retention, Section, Sublimit, Valuation, Waiting
from dinghai.wording.standard import Range

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")


@cache
def _words() -> Mapping[str, Mapping[str, tuple[str, str]]]:
    return read_toml_table("words", dict[str, dict[str, tuple[str, str]]], room="standard")


def word(group: str, key: str, language: Language, **values: str) -> str:
    """A word or phrase. Raises KeyError for a code without words: a fault of the release."""
    return _words()[group][key][0 if language == "zh" else 1].format(**values)


def has_word(group: str, key: str) -> bool:
    """Whether a code has words."""
    return key in _words().get(group, {})


def joined(parts: Iterable[str], language: Language, *, mark: str = "list") -> str:
    """Parts in a row; "none" when there are none."""
    return word("unit", mark, language).join(parts) or word("unit", "nothing", language)


def percent(ppm: int) -> str:
    """``125000`` → ``12.5%``."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + "%"


def duration(seconds: int, language: Language) -> str:
    """In the largest unit that goes into it; two days and less in hours."""
    for unit, size, least in (("days", 86_400, 172_801), ("hours", 3_600, 3_600),
                              ("minutes", 60, 60)):
        if seconds >= least and seconds % size == 0:
            return word("unit", unit, language, n=str(seconds // size))
    return word("unit", "seconds", language, n=str(seconds))


def days(count: int | None, language: Language) -> str:
    """A number of days."""
    if count is None:
        return word("unit", "nothing", language)
    return word("unit", "days", language, n=str(count))


def measured(value: int, unit: str, language: Language) -> str:
    """A number in the unit of a range."""
    if unit == "ppm":
        return percent(value)
    if unit == "seconds":
        return duration(value, language)
    return word("unit", unit, language, n=str(value))


def range_words(allowed: Range, language: Language, unit: str | None = None) -> str:
    """A range such as ``6 h to 24 h``."""
    low, high = (None if one is None else measured(one, unit or allowed.unit, language)
                 for one in (allowed.minimum, allowed.maximum))
    if low is None:
        return word("unit", "at_most", language, high=high or "")
    if high is None:
        return word("unit", "at_least", language, low=low)
    return low if low == high else word("unit", "between", language, low=low, high=high)


def coverage_name(code: str, language: Language) -> str:
    """``FP-BI 营业中断损失``."""
    standard = coverages().get(code)
    if standard is None:
        return code
    return f"{code} {standard.name_zh if language == 'zh' else standard.name_en}"


def fact_name(code: str, language: Language) -> str:
    """A fact of the registry by its name."""
    known = facts().get(code)
    if known is None:
        return code
    return known.name_zh if language == "zh" else known.name_en


def peril_name(code: str, language: Language) -> str:
    """A peril by its name."""
    known = perils().get(code)
    if known is None:
        return code
    return known.name_zh if language == "zh" else known.name_en


def parameter_name(code: str, language: Language) -> str:
    """A parameter by its name; other terms of a policy by their code."""
    known = parameters().get(code)
    if known is None:
        return code
    return known.name_zh if language == "zh" else known.name_en


def sublimit_words(own: Sublimit, language: Language) -> str:
    """How much, over what, and whose."""
    if own.amount_fen is not None:
        amount = word("sublimit", "amount", language, amount=format_yuan(own.amount_fen))
    elif own.multiple_of_fee is not None:
        amount = word("sublimit", "fee", language, count=str(own.multiple_of_fee))
    else:
        amount = word("sublimit", "share", language, ppm=percent(own.ppm_of_aggregate or 0))
    parts = [amount, word("sublimit", own.basis, language)]
    if own.per == "insured":
        parts.append(word("sublimit", "insured", language))
    return joined(parts, language)


def waiting_words(own: Waiting | None, language: Language) -> str:
    """How long, and how it meets the deductible."""
    if own is None:
        return word("unit", "nothing", language)
    parts = [duration(own.seconds, language), word("waiting_mode", own.mode, language)]
    if own.mode == "franchise_hours":
        parts.append(word("waiting_mode", own.deductible, language))
    return joined(parts, language)


def retention_words(own: Retention, language: Language) -> str:
    """What the insured bears, with its bounds."""
    parts = [word("retention", own.kind, language, amount=format_yuan(own.amount_fen),
                  ppm=percent(own.ppm), of=word("retention", own.of, language))]
    if own.minimum_fen:
        parts.append(word("retention", "minimum", language, amount=format_yuan(own.minimum_fen)))
    if own.maximum_fen is not None:
        parts.append(word("retention", "maximum", language, amount=format_yuan(own.maximum_fen)))
    if own.then_event_deductible:
        parts.append(word("retention", "then_event_deductible", language))
    if own.limit == "including":
        parts.append(word("retention", "including", language))
    return joined(parts, language)


def valuation_words(own: Valuation | None, language: Language) -> str:
    """How a loss becomes an amount."""
    if own is None:
        return word("unit", "nothing", language)
    parts = [word("valuation", own.method, language, ppm=percent(own.share_ppm or 0))]
    if own.window_days is not None:
        parts.append(word("valuation", "window", language, days=str(own.window_days)))
    if own.uplift_ppm:
        parts.append(word("valuation", "uplift", language, ppm=percent(own.uplift_ppm)))
    return joined(parts, language)


def effect_words(effect: Effect | None, language: Language) -> str:
    """What an exclusion does."""
    if effect is None:
        return word("unit", "nothing", language)
    key, values = effect.type, {"fact": fact_name(effect.fact or "", language)}
    if effect.type == "coinsurance":
        values["points"] = percent(effect.insured_share_ppm)
    elif effect.type == "deductible_uplift":
        values["points"] = percent(effect.rate_ppm)
        if effect.mode == "multiply":
            return word("effect", "deductible_multiply", language, **values)
    elif effect.type == "extend_waiting":
        values["hours"] = str(effect.hours)
    elif effect.type == "sliding_coinsurance":
        values["bands"] = joined((_band(one.up_to, one.insured_share_ppm, language)
                                  for one in effect.bands), language)
    elif effect.type == "graded":
        values["steps"] = joined((word(
            "effect", "step", language, when=predicate_words(one.when, language),
            then=effect_words(one.effect, language)) for one in effect.steps), language,
            mark="more")
    elif effect.type == "reduce_to_ratio":
        values["numerator"] = _operand(effect.numerator, language)
        values["denominator"] = _operand(effect.denominator, language)
    return word("effect", key, language, **values)


def _band(up_to: int | None, share: int, language: Language) -> str:
    if up_to is None:
        return word("effect", "last_band", language, points=percent(share))
    return word("effect", "band", language, up_to=str(up_to), points=percent(share))


def _operand(operand: dict[str, str] | None, language: Language) -> str:
    ((kind, name),) = (operand or {"policy": ""}).items()
    return parameter_name(name, language) if kind == "policy" else fact_name(name, language)


def predicate_words(predicate: Mapping[str, JSON] | None, language: Language) -> str:
    """A condition in words."""
    if predicate is None:
        return word("unit", "nothing", language)
    for key in ("all", "any"):
        if key in predicate:
            mark = word("predicate", key, language)
            space = "" if language == "zh" else " "
            return f"{space}{mark}{space}".join(
                _bracketed(one, key, language) for one in predicate[key])
    if "not" in predicate:
        return word("predicate", "not", language, part=predicate_words(predicate["not"], language))
    return word("predicate", predicate["op"], language,
                fact=fact_name(predicate["fact"], language),
                value=_value(predicate.get("value"), language))


def _bracketed(part: Mapping[str, Any], outer: str, language: Language) -> str:
    inner = "any" if outer == "all" else "all"
    text = predicate_words(part, language)
    if inner not in part:
        return text
    return f"（{text}）" if language == "zh" else f"({text})"


def _value(value: Any, language: Language) -> str:
    if isinstance(value, dict):
        return parameter_name(str(value.get("policy", "")), language)
    if isinstance(value, list):
        return joined(map(str, value), language)
    return str(value)


def carve_back_words(carved: Iterable[CarveBack] | None, language: Language) -> str:
    """Where an exclusion gives way."""
    return joined((_carve_back(one, language) for one in carved or ()), language, mark="more")


def _carve_back(own: CarveBack, language: Language) -> str:
    parts = []
    if own.coverages:
        parts.append(word("carve_back", "covers", language, coverages=joined(
            own.coverages, language)))
    if own.when is not None:
        parts.append(word("carve_back", "when", language,
                          when=predicate_words(own.when, language)))
    text = own.text_zh if language == "zh" else own.text_en
    return joined(parts, language) if parts else text


def participants_words(own: Iterable[Participation], language: Language) -> str:
    """Who bears which share of a layer."""
    return joined((_participant(one, language) for one in own), language)


def _participant(own: Participation, language: Language) -> str:
    said = f"{own.party} ({word('role', own.role, language)}) {percent(own.share_ppm)}"
    return said if own.bearer == "named" else joined(
        (said, word("bearer", own.bearer, language)), language)


def section_name(section: Section, language: Language) -> str:
    """A section by code and name, as the product calls it."""
    name = section.name_zh if language == "zh" else section.name_en
    return f"{section.coverage} {name}".strip()
