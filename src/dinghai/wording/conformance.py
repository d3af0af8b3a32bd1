"""The regulator's check of a product against the market standard, with a score that adds up."""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.foundation.canonical import JSON
from dinghai.wording.cover_checks import check_covers
from dinghai.wording.deviations import Deviation, Findings
from dinghai.wording.exclusion_checks import check_exclusions
from dinghai.wording.monotone import MonotoneBreak, monotone_breaks
from dinghai.wording.saying import joined, word
from dinghai.wording.schema import Product
from dinghai.wording.standard import Severity, profile_of, rules
from dinghai.wording.statute_checks import check_filing, check_statute, check_texts

WHOLE = 100


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """What one rule costs: ``points`` = the lower of ``count`` × ``weight`` and ``most``."""

    rule: str
    count: int
    weight: int
    most: int
    points: int

    def __str__(self) -> str:
        capped = f" (at most {self.most})" if self.count * self.weight > self.most else ""
        return f"{self.points} for {self.rule}: {self.count} × {self.weight}{capped}"


@dataclass(frozen=True, slots=True)
class ConformanceReport:
    """What a check found. A product conforms when there is no error."""

    product_id: str
    version: str
    kind: str
    """The profile of the standard it was checked by; empty when none fits."""
    deviations: tuple[Deviation, ...]
    breaks: tuple[MonotoneBreak, ...]
    arithmetic: tuple[ScoreLine, ...]

    @property
    def conforming(self) -> bool:
        """No error."""
        return self.count("error") == 0

    @property
    def monotone(self) -> bool:
        """Whether totals are promised to be monotone (DECISIONS 9)."""
        return not self.breaks

    @property
    def score(self) -> int:
        """100 less what the rules cost, not below zero."""
        return max(0, WHOLE - sum(one.points for one in self.arithmetic))

    def count(self, severity: Severity) -> int:
        """How many deviations there are of a severity."""
        return sum(one.severity == severity for one in self.deviations)

    @property
    def sum_in_words(self) -> str:
        """The score's arithmetic in one line."""
        costs = "".join(f" − {one.points} ({one.rule})" for one in self.arithmetic)
        return f"{WHOLE}{costs} = {self.score}" if costs else f"{WHOLE}"

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.conformance/1)."""
        return {
            "schema": "dinghai.conformance/1",
            "product_id": self.product_id, "version": self.version, "kind": self.kind,
            "conforming": self.conforming, "score": self.score,
            "errors": self.count("error"), "warnings": self.count("warning"),
            "notes": self.count("note"),
            "arithmetic": [{"rule": one.rule, "count": one.count, "weight": one.weight,
                            "most": one.most, "points": one.points} for one in self.arithmetic],
            "monotone": self.monotone,
            "breaks": [{"rule": one.rule, "promises": list(one.promises),
                        "subjects": list(one.subjects), "zh": one.zh, "en": one.en,
                        "example_zh": one.example_zh, "example_en": one.example_en}
                       for one in self.breaks],
            "deviations": [one.to_dict() for one in self.deviations],
        }


def check_product(product: Product) -> ConformanceReport:
    """Check a resolved product against the market standard."""
    findings = Findings(product)
    check_covers(findings)
    check_statute(findings)
    check_filing(findings)
    check_exclusions(findings)
    check_texts(findings)
    breaks = monotone_breaks(product)
    for one in breaks:
        findings.note("MO-BREAK", "", subject=", ".join(one.subjects), expected=(one.zh, one.en),
                      found=_promises(one))
    profile = profile_of(product)
    return ConformanceReport(
        product.product_id, product.version, "" if profile is None else profile.id,
        tuple(findings.deviations), breaks, _arithmetic(findings.deviations))


def _promises(own: MonotoneBreak) -> tuple[str, str]:
    """The promises that one break touches, in words."""
    return (joined((word("promise", one, "zh") for one in own.promises), "zh"),
            joined((word("promise", one, "en") for one in own.promises), "en"))


def _arithmetic(deviations: list[Deviation]) -> tuple[ScoreLine, ...]:
    lines = []
    for rule in rules().values():
        count = sum(one.rule == rule.id for one in deviations)
        points = min(count * rule.weight, rule.most)
        if points:
            lines.append(ScoreLine(rule.id, count, rule.weight, rule.most, points))
    return tuple(lines)
