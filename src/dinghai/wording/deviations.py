"""Deviations from the market standard, and how a check notes them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dinghai.foundation.canonical import JSON
from dinghai.wording.schema import Product
from dinghai.wording.standard import Severity, rules

Said = str | tuple[str, str]
"""A value in words: the same in both languages, or Chinese and English."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """One place where a product departs from the standard."""

    rule: str
    severity: Severity
    field: str
    """Path in the product, such as ``sections[1].waiting.seconds``."""
    clause: str
    found: str
    expected: str
    found_zh: str
    expected_zh: str
    zh: str
    en: str

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {"rule": self.rule, "severity": self.severity, "field": self.field,
                "clause": self.clause, "found": self.found, "expected": self.expected,
                "found_zh": self.found_zh, "expected_zh": self.expected_zh,
                "zh": self.zh, "en": self.en}


@dataclass(slots=True)
class Findings:
    """A check under way: the product and what was found so far."""

    product: Product
    deviations: list[Deviation] = field(default_factory=list)

    def note(
        self, rule: str, place: str, *, subject: Said = "", found: Said = "", expected: Said = "",
        clause: str = "",
    ) -> None:
        """Note one deviation from a rule at a place of the product."""
        asked = rules()[rule]
        zh, en = ({"subject": _side(subject, side), "found": _side(found, side),
                   "expected": _side(expected, side)} for side in (0, 1))
        self.deviations.append(Deviation(
            rule, asked.severity, place, clause, en["found"], en["expected"],
            zh["found"], zh["expected"],
            asked.zh.format(**zh), asked.en.format(**en)))


def _side(said: Said, side: int) -> str:
    return said if isinstance(said, str) else said[side]


def listed(codes: Iterable[str]) -> tuple[str, str]:
    """Codes in a row, in both languages."""
    codes = tuple(codes)
    return "、".join(codes), ", ".join(codes)
