"""The steps of a claim decision in words: what each rule looked at and what it did."""

from __future__ import annotations

from collections.abc import Mapping

from dinghai.documents.blocks import Cell
from dinghai.documents.formats import duration, money, percent, plain_money
from dinghai.documents.phrases import Language, has_phrase, phrase, pick
from dinghai.documents.readings import (
    coverage_name,
    fact_cell,
    fact_name,
    law_words,
    waiting_text,
)
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM
from dinghai.vocabulary.facts import facts
from dinghai.wording.schema import Product


def step_row(step: JSON, product: Product, language: Language) -> tuple[str | Cell, ...]:
    """One row: the step in words, the amount before and after, clause and law.

    A step that leaves the amount as it was is set in grey.
    """
    before, after = amounts(step)
    unchanged = before is not None and before == after
    changed = after is not None and not unchanged
    title = phrase(f"rule.{step['rule']}", language)
    subject = _subject(str(step.get("subject", "")), language)
    if subject:
        title += f"（{subject}）" if language == "zh" else f" ({subject})"
    return (
        Cell(title, step_words(step, product, language), tone="muted" if unchanged else ""),
        _amount(before), Cell(_amount(after), strong=changed,
                              tone="muted" if unchanged else ""),
        _basis(step, language),
    )


def unchanged(step: JSON) -> bool:
    """Whether a stage looked at an amount and left it; what an exclusion did is always told."""
    before, after = amounts(step)
    return before is not None and before == after and step["rule"] != "exclusion"


def _amount(value: int | None) -> str:
    return "—" if value is None else plain_money(value)


def amounts(step: JSON) -> tuple[int | None, int | None]:
    """What the step found and what it left in fen, where it is about an amount."""
    inputs, outputs = step.get("inputs", {}), step.get("outputs", {})
    match step["rule"]:
        case "section_loss":
            return inputs.get("items"), outputs.get("amount")
        case "valuation":
            return None, outputs.get("amount")
        case "interim":
            return inputs.get("due"), outputs.get("total")
        case "payability":
            return inputs.get("nominal"), outputs.get("after")
    return inputs.get("before"), outputs.get("after")


def _subject(subject: str, language: Language) -> str:
    if subject.startswith("item "):
        return phrase("decision.item", language, no=subject.removeprefix("item "))
    return phrase("decision.event", language) if subject == "event" else ""


def _basis(step: JSON, language: Language) -> str:
    parts = []
    if step.get("clause"):
        parts.append(phrase("decision.clause_no", language, clause=step["clause"]))
    parts += [law_words(one, language) for one in step.get("law", [])]
    return "\n".join(parts) or "—"


def step_words(step: JSON, product: Product, language: Language) -> str:
    """What a step looked at, in one sentence."""
    rule = str(step["rule"])
    if rule == "valuation":
        return _valuation(step, language)
    if rule == "trigger" and not step.get("code"):
        step = {**step, "code": "occurrence"}
    values: dict[str, object] = {**word_values(step, language), **_names(step, product, language)}
    code = f"step_text.{rule}"
    if rule == "other_insurance" and _shares_elsewhere(step):
        code += f"_{step['code']}"
    if rule == "waiting" and _meets_own(step):
        code += "_own"
    return phrase(code, language, **values) if has_phrase(code) else _generic(step, language)


def _shares_elsewhere(step: JSON) -> bool:
    """Whether what another insurance is liable for is known, so that the rule shares with it."""
    return any(step["inputs"].get(name) for name in ("other_sum", "other_liability"))


def _meets_own(step: JSON) -> bool:
    """Whether a waiting time met the section's own deductible instead of the event's."""
    return "own_retention" in step["inputs"]


def word_values(step: JSON, language: Language) -> dict[str, str]:
    """Every input and output of a step in words, by its name."""
    both: dict[str, JSON] = {**step.get("inputs", {}), **step.get("outputs", {})}
    return {name: word_value(name, value, language) for name, value in both.items()}


def word_value(name: str, value: JSON, language: Language) -> str:
    """One input or output in words: a truth, a fact, a duration, a ratio or an amount."""
    if isinstance(value, str) and has_phrase(f"truth.{value}"):
        return phrase(f"truth.{value}", language)
    if not isinstance(value, int):
        return str(value)
    if name in facts():
        return fact_cell(name, value, language)
    kind = f"word_kind.{name}"
    match phrase(kind, "zh") if has_phrase(kind) else "amount":
        case "ratio":
            return percent(value)
        case "duration":
            return duration(value, language)
    return money(value)


def word_name(name: str, language: Language) -> str:
    """The name of an input or output: a word of the rules, or a fact."""
    code = f"word.{name}"
    return phrase(code, language) if has_phrase(code) else fact_name(name, language)


def _generic(step: JSON, language: Language) -> str:
    colon, join = ("：", "；") if language == "zh" else (": ", "; ")
    return join.join(word_name(name, language) + colon + value
                     for name, value in word_values(step, language).items()
                     if name not in {"before", "after"})


def _valuation(step: JSON, language: Language) -> str:
    colon, join = ("：", "；") if language == "zh" else (": ", "; ")
    required = step.get("required", ())
    values = [word_name(name, language) + colon + word_value(name, value, language)
              for name, value in step.get("inputs", {}).items()
              if name in required or not _says_nothing(name, value)]
    method = str(step.get("code", ""))
    text = phrase(f"valuation_text.{method}", language) if method else ""
    return f"{text}\n{join.join(values)}"


def _says_nothing(name: str, value: JSON) -> bool:
    """Whether an optional fact has the value it counts with while nobody gives it."""
    known = facts().get(name)
    return known is not None and value == (PPM if known.type == "ratio" else 0)


def _names(step: JSON, product: Product, language: Language) -> dict[str, str]:
    """Names that a step's code stands for."""
    code, rule = str(step.get("code", "")), step["rule"]
    exclusion = product.exclusion(code)
    names = {"name": code if exclusion is None
             else pick(language, exclusion.name_zh, exclusion.name_en),
             "more": _more(step.get("outputs", {}), language)}
    if rule == "trigger":
        names["basis"] = phrase(f"trigger_basis.{code}", language)
    elif rule == "waiting":
        seconds = int(step["inputs"].get("waiting_seconds", 0))
        names["mode"] = waiting_text(seconds, code, language,
                                     own=_meets_own(step)).rstrip("。.")
    elif rule == "unexplained":
        names["name"] = _term_name(code, product, language)
    elif rule == "retention":
        names["kind"] = phrase(f"retention.{code}", language)
    return names


def _term_name(key: str, product: Product, language: Language) -> str:
    """A term by the key it is explained under: ``waiting:FP-BI``."""
    kind, _, coverage = key.partition(":")
    rule = phrase(f"rule.{kind}", language) if has_phrase(f"rule.{kind}") else kind
    if not coverage:
        return rule
    name = coverage_name(product, coverage, language)
    return f"{name}：{rule}" if language == "zh" else f"{name}: {rule}"


def _more(outputs: Mapping[str, JSON], language: Language) -> str:
    """What an exclusion that applies adds beyond taking the whole loss."""
    if outputs.get("excluded") == "true":
        return phrase("step_text.more_excluded", language)
    for name, code in (("insured_share_ppm", "more_share"), ("uplift_ppm", "more_uplift")):
        if outputs.get(name):
            return phrase(f"step_text.{code}", language, share=percent(outputs[name]))
    if outputs.get("amount"):
        return phrase("step_text.more_amount", language, amount=money(outputs["amount"]))
    return ""
