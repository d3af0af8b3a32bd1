"""From the loss as valued to what is paid: every step that took something off or gave it back, with
what it rests on. The parts add up to the difference, to the fen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dinghai.documents.decision_steps import amounts, step_words
from dinghai.documents.phrases import phrase, pick
from dinghai.documents.readings import law_words
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.policy import Policy
from dinghai_platform.claims.fields import language
from dinghai_platform.claims.reading import presented_of

Step = Mapping[str, Any]
AGREED = frozenset({
    "waiting", "waiting_test", "retention", "sublimit", "shared_limit", "event_deductible",
    "insured_share",
    "each_event_limit", "aggregate_limit", "layers", "average", "premium_paid",
    "retention_minimum", "retention_maximum", "supplier_cap",
})
"""Rules that rest on a term of the policy rather than on a fact of the event."""
CONTRACT_LAW = "保险法23条"
"""What an agreed term rests on where no article of its own stands behind it: paid as agreed."""
_EFFECTS = {
    "section_loss": "excluded", "tower": "excluded", "insured_share": "insured_share_ppm",
    "event_deductible": "uplift_ppm", "retention": "uplift_ppm", "waiting": "waiting_seconds",
    "waiting_test": "waiting_seconds",
    "reduction": "amount",
}
"""Steps through which an exclusion established before acts, and what it sets for them."""
_WHOLE = frozenset({"section_loss", "tower"})
"""Steps in which the whole loss of a line stands or falls."""


@dataclass(frozen=True, slots=True)
class Reduction:
    """One part of the difference. ``taken_fen`` is negative where something was given back."""

    rule: str
    title: str
    taken_fen: int
    before_fen: int | None
    after_fen: int | None
    words: tuple[str, ...]
    clauses: tuple[str, ...]
    law: tuple[str, ...]
    facts: tuple[Mapping[str, Any], ...]
    """The decision's own facts, with value and evidence."""
    from_schedule: bool
    exclusions: tuple[str, ...] = ()
    """Codes of the exclusions that act here."""


def reductions_of(line: Mapping[str, Any], policy: Policy) -> tuple[Reduction, ...]:
    """The parts of a line's difference in the order of the calculation; none where all is paid."""
    found = list(_steps_that_took(line, policy))
    rest = presented_of(line) - line["payable_fen"] - sum(one.taken_fen for one in found)
    if rest:
        one = _rest(line, policy, rest)
        whole = next((step for step in line["steps"] if step["rule"] in _WHOLE), None)
        found.append(one if whole is None else _with_causes(one, whole, line, policy))
    return tuple(found)


def _steps_that_took(line: Mapping[str, Any], policy: Policy) -> Iterator[Reduction]:
    for step in line["steps"]:
        if step["rule"] == "defence_outside":
            taken = -step["outputs"]["after"]
        else:
            before, after = amounts(step)
            if step["rule"] == "valuation" or before is None or after is None:
                continue
            taken = before - after
        if taken:
            yield _with_causes(_reduction(step, line, policy, taken), step, line, policy)


def _reduction(
    step: Step, line: Mapping[str, Any], policy: Policy, taken: int
) -> Reduction:
    lang = language()
    exclusion = policy.product.exclusion(str(step.get("code", "")))
    title = phrase(f"rule.{step['rule']}", lang)
    if step["rule"] == "exclusion" and exclusion is not None:
        title = pick(lang, exclusion.name_zh, exclusion.name_en)
    elif step["rule"] == "payability":
        title = phrase(f"outcome.{line['outcome']}", lang)
    words = step_words(step, policy.product, lang).split("\n")
    if step["rule"] == "exclusion" and exclusion is not None:
        words = [_plainly(exclusion)]
    return Reduction(
        rule=step["rule"], title=title, taken_fen=taken, before_fen=amounts(step)[0],
        after_fen=amounts(step)[1],
        words=tuple(part for part in words if part),
        clauses=tuple(filter(None, (step.get("clause") or line["clause"],))),
        law=tuple(law_words(one, lang) for one in step.get("law") or (CONTRACT_LAW,)),
        facts=tuple(_facts(step.get("facts", ()), step["subject"], line)),
        from_schedule=step["rule"] in AGREED,
        exclusions=(exclusion.code,) if exclusion is not None else ())


def _with_causes(
    one: Reduction, step: Step, line: Mapping[str, Any], policy: Policy
) -> Reduction:
    """The reduction with the exclusions or penalties that act through it, their facts and law."""
    if step["rule"] not in _EFFECTS:
        return one
    lang = language()
    causes = [other for other in line["steps"] if other["rule"] == "exclusion"
              and other["outputs"].get("applies") == "true" and _acts_in(other, step, policy)]
    if not causes and one.rule in _WHOLE and not line["payable_fen"]:
        return replace(_rest(line, policy, one.taken_fen), rule=one.rule)
    words, clauses, law = list(one.words), list(one.clauses), list(one.law)
    facts, codes, title = list(one.facts), list(one.exclusions), one.title
    for cause in causes:
        exclusion = policy.product.exclusion(str(cause.get("code", "")))
        if exclusion is None:
            continue
        name = pick(lang, exclusion.name_zh, exclusion.name_en)
        words.append(f"{name}：{_plainly(exclusion)}" if lang == "zh"
                     else f"{name}: {_plainly(exclusion)}")
        clauses.append(exclusion.clause)
        law += [law_words(other, lang) for other in cause.get("law", ())]
        facts += _facts(cause.get("facts", ()), cause["subject"], line)
        codes.append(exclusion.code)
        if step["rule"] in _WHOLE:
            title = name
    return replace(
        one, title=title, words=tuple(words), clauses=tuple(dict.fromkeys(clauses)),
        law=tuple(dict.fromkeys(law)), facts=tuple(_once(facts)), exclusions=tuple(codes))


def _plainly(exclusion: Exclusion) -> str:
    """An exclusion in the product's own plain words."""
    return pick(language(), exclusion.plain_zh or exclusion.text_zh,
                exclusion.plain_en or exclusion.text_en)


def _acts_in(cause: Step, step: Step, policy: Policy) -> bool:
    """Whether an exclusion that applies takes its effect in this step."""
    found = cause["outputs"].get(_EFFECTS[step["rule"]])
    if step["rule"] in _WHOLE:
        exclusion = policy.product.exclusion(str(cause.get("code", "")))
        takes_all = exclusion is not None and exclusion.effect is not None and (
            exclusion.effect.type == "exclude_event")
        return found == "true" or takes_all
    if step["rule"] == "reduction" and step.get("code"):
        return bool(found) and cause.get("code") == step["code"]
    return bool(found)


def _rest(line: Mapping[str, Any], policy: Policy, taken: int) -> Reduction:
    """What no single step took: the line's outcome itself is the reason."""
    lang = language()
    asked = [step for step in line["steps"] if step["rule"] == "trigger"]
    names = [name for step in asked for name in step.get("facts", ())]
    return Reduction(
        rule=line["outcome"], title=phrase(f"outcome.{line['outcome']}", lang), taken_fen=taken,
        before_fen=None, after_fen=None,
        words=(phrase(f"outcome_text.{line['outcome']}", lang),),
        clauses=tuple(filter(None, (line["clause"],))),
        law=tuple(law_words(one, lang) for one in line["law"]),
        facts=tuple(_facts(names, "event", line)), from_schedule=False)


def _facts(
    names: Sequence[str], subject: str, line: Mapping[str, Any]
) -> Iterator[Mapping[str, Any]]:
    """The line's facts that a step asked for: of its own item, or of the event and all items."""
    item = int(subject.removeprefix("item ")) if subject.startswith("item ") else None
    for fact in line["facts"]:
        if fact["id"] in names and (item is None or fact.get("item") in (None, item)):
            yield fact


def _once(facts: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    seen = set()
    for fact in facts:
        key = (fact.get("item"), fact["id"])
        if key not in seen:
            seen.add(key)
            yield fact
