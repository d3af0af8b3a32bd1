"""One line of a claim decision as plain text: every step in words, with clause and law."""

from __future__ import annotations

from dinghai.documents.decision_steps import amounts, step_words, unchanged
from dinghai.documents.formats import plain_money
from dinghai.documents.phrases import Language, phrase
from dinghai.documents.readings import coverage_name, fact_name, fact_value, law_words
from dinghai.foundation.canonical import JSON
from dinghai.wording.policy import read_policy
from dinghai.wording.schema import Product


def explain_line(decision: JSON, line: JSON, language: Language) -> list[str]:
    """The line in words: outcome, facts with their evidence, steps, and what could not be applied.

    Raises InputError when the decision's own policy cannot be read.
    """
    product = read_policy(decision["inputs"]["policy"], file="policy").product
    name = coverage_name(product, line["coverage"], language) if line["coverage"] else ""
    title = " ".join(filter(None, (str(line["no"]), line["coverage"], name,
                                   line.get("insured", ""))))
    return [
        f"{title}: {phrase('outcome.' + line['outcome'], language)} "
        f"{plain_money(line['payable_fen'])}",
        phrase(f"outcome_text.{line['outcome']}", language),
        *(_fact(one, language) for one in line["facts"]),
        *(row for step in line["steps"] if not unchanged(step)
          for row in _step(step, product, language)),
        *_unchanged(line["steps"], language),
        *(_flag(one, language) for one in line["flags"]),
    ]


def _fact(fact: JSON, language: Language) -> str:
    value = (phrase("truth.false", language) if fact.get("absent")
             else fact_value(fact["id"], fact["value"], language))
    evidence = f" [{', '.join(fact['evidence'])}]" if fact["evidence"] else ""
    return f"  · {fact_name(fact['id'], language)} = {value}{evidence}"


def _unchanged(steps: list[JSON], language: Language) -> list[str]:
    """The steps that left the amount as it was, by name only."""
    names = dict.fromkeys(phrase(f"rule.{step['rule']}", language)
                          for step in steps if unchanged(step))
    if not names:
        return []
    joint = "、" if language == "zh" else ", "
    return [f"  {phrase('step_text.unchanged', language)}{joint.join(names)}"]


def _step(step: JSON, product: Product, language: Language) -> list[str]:
    before, after = amounts(step)
    moved = "" if after is None else (
        f" {plain_money(before)} → {plain_money(after)}" if before is not None
        else f" → {plain_money(after)}")
    basis = [f"§{step['clause']}"] if step.get("clause") else []
    basis += [law_words(one, language) for one in step.get("law", [])]
    head = f"  {phrase('rule.' + step['rule'], language)}{moved}"
    words = step_words(step, product, language).replace("\n", " ")
    return [f"{head} ({'; '.join(basis)})" if basis else head, f"      {words}"]


def _flag(flag: JSON, language: Language) -> str:
    names = ", ".join(fact_name(one, language) for one in flag["facts"])
    return (f"  ! {phrase('flag.' + flag['kind'], language)}: {flag['code']} "
            f"({phrase('burden.' + flag['burden'], language)}) {names}")
