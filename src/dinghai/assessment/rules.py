"""The tables of the assessment: confidence, caps, grades and outcomes, and the scan checks."""

from __future__ import annotations

from functools import cache
from typing import Literal

import msgspec

from dinghai.vocabulary.tables import read_toml_table

Grade = Literal["A", "B", "C", "D", "E"]
OutcomeCode = Literal[
    "quote", "quote_with_conditions", "refer", "inclusive_offer", "treat_before_bind", "decline"
]


class EvidenceConfidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each way of knowing is worth, in ppm."""

    questionnaire_ppm: int
    evidence_ppm: int
    outside_in_scan_ppm: int
    onsite_ppm: int
    source: str
    confidence: str


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far an answer alone can go."""

    questionnaire_only_ppm: int
    source: str
    confidence: str


class ConflictRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which gap between answer and observation a disclosure conflict is raised."""

    gap_ppm: int
    law: str
    source: str
    confidence: str


class Staleness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What remains of the confidence of an old reading; answers stay fresh at least so long."""

    confidence_factor_ppm: int
    answer_minimum_days: int
    source: str
    confidence: str


class KnockOutRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which confidence a finding establishes a knock-out."""

    established_from_ppm: int
    source: str
    confidence: str


class InclusiveRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which firms are offered the inclusive product instead of a refusal."""

    headcount_below: int
    revenue_below_fen: int
    partly_from_ppm: int
    share_of_weight_ppm: int
    source: str
    confidence: str


class GradeBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One grade, from a total score upward."""

    grade: Grade
    from_ppm: int
    name_zh: str
    name_en: str
    outcome: OutcomeCode


class Outcome(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One outcome in words."""

    id: OutcomeCode
    name_zh: str
    name_en: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How answers and observations become scores, a grade and an outcome."""

    schema: str
    version: str
    evidence_confidence: EvidenceConfidence
    caps: Caps
    conflict: ConflictRule
    staleness: Staleness
    knock_out: KnockOutRule
    inclusive: InclusiveRule
    grades: tuple[GradeBand, ...]
    outcomes: tuple[Outcome, ...]

    def band(self, total_ppm: int) -> GradeBand:
        """The best band that a total reaches."""
        return next(band for band in self.grades if total_ppm >= band.from_ppm)


class CheckRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to count among the findings, and the score from each count upward.

    Empty tuples do not restrict. ``feed`` looks a finding's CVEs up in KEV or EPSS;
    ``knock_out`` findings break the minimum requirement of the indicator.
    """

    id: str
    indicators: tuple[str, ...]
    count: Literal["findings", "services", "cves"]
    vantages: tuple[str, ...]
    steps: tuple[tuple[int, int], ...]
    kinds: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()
    severities: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    feed: Literal["kev", "epss", ""] = ""
    knock_out: bool = False

    def score_ppm(self, count: int) -> int | None:
        """The score a count leads to, None below the first step."""
        reached = [score for least, score in self.steps if count >= least]
        return reached[-1] if reached else None


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scan check; not ``observable`` where no supported format can make it."""

    id: str
    name_zh: str
    name_en: str
    observable: bool
    clean_ppm: int
    covered_by: tuple[str, ...]
    source: str
    confidence: str
    rules: tuple[CheckRule, ...] = ()


class CheckTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All scan checks."""

    schema: str
    version: str
    checks: tuple[Check, ...]


@cache
def rules() -> Rules:
    """The rules in force."""
    return read_toml_table("rules", Rules, room="assessment")


@cache
def check_table() -> CheckTable:
    """The scan checks in force."""
    return read_toml_table("checks", CheckTable, room="assessment")
