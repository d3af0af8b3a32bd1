"""Write the reference pages that are tables of the vocabulary: facts, coverages, exclusions …"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from dinghai.vocabulary.clocks import clocks
from dinghai.vocabulary.coverages import coverages
from dinghai.vocabulary.exclusions import exclusions
from dinghai.vocabulary.facts import facts
from dinghai.vocabulary.indicators import indicators
from dinghai.vocabulary.industries import industries

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


def facts_page() -> str:
    """The registry of facts."""
    rows = [
        (
            f"`{one.id}`",
            one.type,
            one.unit,
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


def pages() -> dict[str, str]:
    """File name to text."""
    return {"facts.md": facts_page(), "vocabulary.md": vocabulary_page()}


if __name__ == "__main__":
    for name, text in pages().items():
        (FOLDER / name).write_text(text, "utf-8")
