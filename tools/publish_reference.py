"""Write the reference pages that are tables of the vocabulary: facts, coverages, exclusions …"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dinghai.foundation.canonical import JSON
from dinghai.terms.valuation import OPTIONAL, REQUIRED
from dinghai.vocabulary.clocks import clocks
from dinghai.vocabulary.coverages import Coverage, coverages
from dinghai.vocabulary.exclusions import Exclusion, exclusions
from dinghai.vocabulary.facts import facts
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries
from dinghai.wording.products import standard_valuation
from dinghai.wording.standard import (
    Profile,
    monotone_rules,
    profiles,
    ranges,
    rules,
    standard_terms,
)
from tools import own_experience, step_language_page
from tools.fields_page import fields_page
from tools.resident_pages import resident_claims_page

FOLDER = Path(__file__).parent.parent / "docs/reference"


def _table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [
        list(headings),
        ["---"] * len(headings),
        *([str(cell) for cell in row] for row in rows),
    ]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


_UNITS = {"money": "fen", "ratio": "ppm", "duration": "second", "count": "one",
          "series": "fen an hour"}


def facts_page() -> str:
    """The registry of facts."""
    rows = [
        (
            f"`{one.id}`",
            one.type,
            one.unit or _UNITS.get(one.type, ""),
            one.scope,
            one.prover,
            one.name_zh,
            one.name_en,
            ", ".join(one.values),
        )
        for one in facts().values()
    ]
    return "\n".join(
        [
            "# Incident facts",
            "",
            "The one registry of typed facts: valuation, predicates, simulation, claim files and",
            'forms share it. A fact left out is *unknown*; `{"absent": true}` says that it is',
            "established not to exist. Values in JSON: money in whole fen, durations in seconds,",
            "ratios in parts per million, counts in their unit, moments as ISO 8601 text, codes as",
            "one of the values listed, references as text, lists as JSON lists.",
            "",
            _table(
                ("fact", "type", "unit", "scope", "proved by", "中文", "English", "values"), rows
            ),
            "",
        ]
    )


def vocabulary_page() -> str:
    """Coverages, exclusions, indicators, industries and clocks."""
    return "\n".join(
        [
            "# Standard vocabulary",
            "",
            "Confidence marks: T the text itself was read, A read in a third party's analysis,",
            "M from memory, D a design choice without a source.",
            "",
            "## Coverages",
            "",
            _table(
                ("code", "中文", "English", "trigger", "mainland", "source", "confidence"),
                (
                    (
                        one.id,
                        one.name_zh,
                        one.name_en,
                        one.trigger.basis,
                        one.mainland,
                        one.source,
                        one.confidence,
                    )
                    for one in coverages().values()
                ),
            ),
            "",
            "## What a section takes from its coverage",
            "",
            "Where a product's section says nothing of its own, any one of these facts triggers",
            "it, these facts of the item value it (the ones in brackets may stay unknown: see",
            "[terms](../explanation/terms.md) for the formulas), and of the product's exclusions",
            "of items these apply beside those that apply to every section. A section of",
            "valuation `-` must name its own.",
            "",
            _table(("code", "trigger: any of", "valuation", "facts of the item", "exclusions"),
                   (_taken(one) for one in coverages().values())),
            "",
            "## Exclusions and reducing conditions",
            "",
            _table(
                (
                    "code",
                    "中文",
                    "English",
                    "kind",
                    "effect",
                    "explanation",
                    "source",
                    "confidence",
                ),
                (
                    (
                        one.id,
                        one.name_zh,
                        one.name_en,
                        one.kind,
                        one.effect["type"],
                        one.explanation,
                        one.source,
                        one.confidence,
                    )
                    for one in exclusions().values()
                ),
            ),
            "",
            "## What an exclusion asks and does",
            "",
            "`P.x` is a term or parameter of the policy. The exclusion acts only where the whole",
            "condition is true: an unknown fact never excludes.",
            "",
            _table(("code", "condition", "effect", "proved by", "but not where"),
                   (_asked(one) for one in exclusions().values())),
            "",
            "## Indicators",
            "",
            _table(
                ("code", "中文", "English", "weight", "light set", "source"),
                (
                    (
                        one.id,
                        one.name_zh,
                        one.name_en,
                        f"{one.weight_millis / 1000:g}",
                        "yes" if one.light else "",
                        one.source,
                    )
                    for one in indicators().values()
                ),
            ),
            "",
            "## Industries (GB/T 4754)",
            "",
            _table(
                ("section", "中文", "English", "confidence"),
                (
                    (one.id, one.name_zh, one.name_en, one.confidence)
                    for one in industries().values()
                ),
            ),
            "",
            "## Statutory clocks",
            "",
            _table(
                ("code", "中文", "English", "runs", "statute", "confidence"),
                (
                    (
                        one.id,
                        one.name_zh,
                        one.name_en,
                        f"{one.amount} {one.unit}",
                        one.statute,
                        one.confidence,
                    )
                    for one in clocks().values()
                ),
            ),
            "",
        ]
    )


def _taken(one: Coverage) -> tuple[str, ...]:
    valuation = standard_valuation(one)
    method = valuation.method if valuation else None
    required = REQUIRED.get(method, ()) if method else ()
    optional = [f"({name})" for name in OPTIONAL.get(method, ())] if method else []
    return (one.id, _codes(one.trigger.events), f"`{method}`" if method else "-",
            _codes((*required, *optional)), ", ".join(one.typical_exclusions))


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _asked(one: Exclusion) -> tuple[str, ...]:
    effect = dict(one.effect)
    kind = effect.pop("type")
    spared = ["; ".join(filter(None, (", ".join(back.coverages),
                                      _condition(back.when) if back.when else "")))
              for back in one.carve_backs]
    return (one.id, _condition(one.predicate),
            kind + (f": {_degree(effect)}" if effect else ""), one.burden_of_proof,
            " or ".join(spared))


def _condition(raw: JSON) -> str:
    """A predicate in one line."""
    for word in ("all", "any"):
        if word in raw:
            joint = " and " if word == "all" else " or "
            return "(" + joint.join(_condition(part) for part in raw[word]) + ")"
    if "not" in raw:
        return f"not {_condition(raw['not'])}"
    value = raw.get("value", "")
    if isinstance(value, dict):
        value = f"P.{value['policy']}"
    return f"`{raw['fact']} {raw['op']}{f' {value}' if value != '' else ''}`"


def _degree(effect: dict[str, JSON]) -> str:
    """The numbers of an effect in one line."""
    if "steps" in effect:
        return "; ".join(
            f"{_condition(step['when'])} → {step['effect']['type']}"
            + "".join(f" {value}" for name, value in step["effect"].items() if name != "type")
            for step in effect["steps"])
    if "bands" in effect:
        bands = [f"up to {band['up_to']}: {band['insured_share_ppm']}" if band["up_to"] is not None
                 else f"above: {band['insured_share_ppm']}" for band in effect["bands"]]
        return f"`{effect['fact']}` " + ", ".join(bands)
    return ", ".join(f"{name} {_value(value)}" for name, value in effect.items())


def _value(value: JSON) -> str:
    if isinstance(value, dict):
        return f"P.{value['policy']}" if "policy" in value else f"`{value['fact']}`"
    return f"`{value}`"


def conformance_page() -> str:
    """The market standard: rules, kinds of product, ranges, terms and breaks of monotonicity."""
    return "\n".join(
        [
            "# Market standard and conformance",
            "",
            "`dinghai wording check` (see [cli.md](cli.md)) reads a resolved product against",
            "these tables (`src/dinghai/data/standard/`). A product **conforms** when no rule",
            "of severity *error* is broken. Its **score** is 100 less, for each rule, the",
            "number of deviations times the rule's weight, at most the rule's most; never below",
            "zero. Notes cost nothing. The report (`dinghai.conformance/1`) shows this",
            "arithmetic, and of each deviation rule, severity, field, clause, what was found",
            "and expected, and a sentence in Chinese and English. Confidence marks: T the text",
            "itself was read, A read in a third party's analysis, M from memory, D a design",
            "choice without a source.",
            "",
            "A change of a standard exclusion is an error unless it is to the insured's benefit",
            "(a milder effect, a narrower condition, more carve-backs: a note), or declared as",
            "a `variant` (a warning). A product's own exclusion begins with `CX-`.",
            "",
            "## Rules",
            "",
            _table(
                ("rule", "severity", "weight", "most", "要求", "asks", "source", "confidence"),
                (
                    (
                        f"`{one.id}`",
                        one.severity,
                        one.weight,
                        one.most,
                        one.asks_zh,
                        one.asks_en,
                        one.source,
                        one.confidence,
                    )
                    for one in rules().values()
                ),
            ),
            "",
            "## Kinds of product and their core",
            "",
            "A product takes the first kind that fits: line, tier, first section (*led by*), at",
            "least one of *has*, all of *needs*, none of *without*, and at most so many sections",
            "that pay cash.",
            "",
            _table(
                ("kind", "中文", "fits", "core", "one of", "expected", "exclusions", "source"),
                (
                    (
                        f"`{one.id}`",
                        one.name_zh,
                        _fits(one),
                        ", ".join(one.core),
                        ", ".join(one.any_of),
                        ", ".join(one.expected),
                        ", ".join(one.exclusions),
                        one.source,
                    )
                    for one in profiles().values()
                ),
            ),
            "",
            "## Ranges",
            "",
            "Where a coverage has no row here, the standard vocabulary's own range is taken.",
            "",
            _table(
                ("rule", "number", "coverages", "least", "most", "unit", "source", "confidence"),
                (
                    (
                        f"`{one.rule}`",
                        one.id,
                        ", ".join(one.coverages),
                        _open(one.minimum),
                        _open(one.maximum),
                        one.unit,
                        one.source,
                        one.confidence,
                    )
                    for one in ranges()
                ),
            ),
            "",
            "## Standard terms",
            "",
            _table(
                ("code", "中文", "English", "释义", "meaning", "not", "source", "confidence"),
                (
                    (
                        f"`{one.id}`",
                        one.zh,
                        one.en,
                        one.text_zh,
                        one.text_en,
                        "、".join(one.instead_of),
                        one.source,
                        one.confidence,
                    )
                    for one in standard_terms().values()
                ),
            ),
            "",
            "## Monotone totals",
            "",
            "A product that the checker calls monotone promises of the total of one event,",
            "given what was paid before and for terms that were explained: a higher sublimit,",
            "shared, each-event or aggregate limit never pays less; a higher event deductible,",
            "own retention or waiting time never pays more; one more exclusion never pays more.",
            "It holds to within one fen for each section, because the parts of a cut are whole",
            "fen. Products made for several insureds under one policy (targets `chain` or",
            "`park`, or anything `per` insured) are judged with two insureds, others without",
            "members. What breaks a promise is named, with the sections concerned;",
            "`tests/wording/test_monotone_breaks.py` runs every example below through the",
            "engine, and holds shaken products to what they promise.",
            "",
            _table(
                ("break", "why (中文)", "why", "例", "example"),
                (
                    (
                        f"`{one.id}`",
                        one.zh.format(subject="…"),
                        one.en.format(subject="…"),
                        one.example_zh,
                        one.example_en,
                    )
                    for one in monotone_rules().values()
                ),
            ),
            "",
        ]
    )


def _fits(profile: Profile) -> str:
    """The conditions of a kind of product, in words."""
    named = (
        ("line", profile.lines),
        ("tier", profile.tiers),
        ("led by", profile.led_by),
        ("has", profile.has),
        ("needs", profile.needs),
        ("without", profile.without),
    )
    parts = [f"{name} {', '.join(codes)}" for name, codes in named if codes]
    if profile.at_most:
        parts.append(f"at most {profile.at_most} sections")
    return "; ".join(parts)


def _open(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def pages() -> dict[str, str]:
    """File name to text."""
    return {
        "resident-claims.md": resident_claims_page(_table),
        "facts.md": facts_page(),
        "vocabulary.md": vocabulary_page(),
        "fields.md": fields_page(),
        "conformance.md": conformance_page(),
        "own-experience.md": own_experience.page(_table),
        "step-language.md": step_language_page.page(_table),
    }


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
