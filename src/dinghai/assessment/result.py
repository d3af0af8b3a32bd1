"""What an assessment says: scores with their reasons, conflicts, knock-outs and the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal

from dinghai.assessment.observation import RuleHit
from dinghai.assessment.rules import Grade, OutcomeCode
from dinghai.foundation.canonical import canonical_bytes, sha256_hex
from dinghai.foundation.trace import Trace
from dinghai.vocabulary.indicators import Action

ASSESSMENT_SCHEMA: Final = "dinghai.assessment/1"
Reason = Literal[
    "answer_with_evidence", "answer_only", "capped_without_evidence", "statement_only",
    "needs_evidence", "not_answered", "clean_scan", "lowered_by_scan", "confirmed_by_scan",
    "observed_without_answer", "conflict", "missing", "answer_stale", "scan_stale",
    "scan_date_unknown",
]


@dataclass(frozen=True, slots=True)
class IndicatorScore:
    """One indicator. Scores are ppm of full marks; ``score_ppm`` None is missing, not zero.

    ``answered_ppm`` is what was said, ``counted_ppm`` what of it counts after the cap,
    ``observed_ppm`` what scans show. ``weight_ppm`` is the share of the whole questionnaire.
    """

    indicator: str
    domain: str
    weight_ppm: int
    answered_ppm: int | None
    counted_ppm: int | None
    cap_ppm: int | None
    observed_ppm: int | None
    score_ppm: int | None
    confidence_ppm: int
    stale: bool
    age_days: int | None
    rules: tuple[RuleHit, ...]
    finding_ids: tuple[str, ...]
    reasons: tuple[Reason, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "indicator": self.indicator, "domain": self.domain, "weight_ppm": self.weight_ppm,
            "answered_ppm": self.answered_ppm, "counted_ppm": self.counted_ppm,
            "cap_ppm": self.cap_ppm, "observed_ppm": self.observed_ppm,
            "score_ppm": self.score_ppm, "confidence_ppm": self.confidence_ppm,
            "stale": self.stale, "age_days": self.age_days,
            "rules": [{"check": hit.check, "rule": hit.rule, "count": hit.count,
                       "score_ppm": hit.score_ppm, "finding_ids": list(hit.finding_ids)}
                      for hit in self.rules],
            "finding_ids": list(self.finding_ids), "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class DomainScore:
    """One domain; ``score_ppm`` None when none of its indicators is known."""

    domain: str
    weight_ppm: int
    known_weight_ppm: int
    score_ppm: int | None
    confidence_ppm: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"domain": self.domain, "weight_ppm": self.weight_ppm,
                "known_weight_ppm": self.known_weight_ppm, "score_ppm": self.score_ppm,
                "confidence_ppm": self.confidence_ppm}


@dataclass(frozen=True, slots=True)
class Conflict:
    """An answer contradicted by a scan: a question of disclosure (保险法16条)."""

    indicator: str
    answered_ppm: int
    observed_ppm: int
    finding_ids: tuple[str, ...]
    law: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"indicator": self.indicator, "answered_ppm": self.answered_ppm,
                "observed_ppm": self.observed_ppm, "finding_ids": list(self.finding_ids),
                "law": self.law}


@dataclass(frozen=True, slots=True)
class KnockOut:
    """A minimum requirement that is not met, and what follows."""

    indicator: str
    rule: str
    action: Action
    established: bool
    coverage: str | None
    finding_ids: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"indicator": self.indicator, "rule": self.rule, "action": self.action,
                "established": self.established, "coverage": self.coverage,
                "finding_ids": list(self.finding_ids)}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something the enterprise must still do or show for the outcome to hold."""

    code: Literal["treat", "explain_conflict", "confirm", "sublimit_zero", "refresh"]
    indicator: str
    coverage: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {"code": self.code, "indicator": self.indicator, "coverage": self.coverage}


@dataclass(frozen=True, slots=True)
class Assessment:
    """The whole assessment of one dossier on one day.

    ``posture`` is what the loss model reads: score by indicator for all 46, None where nothing is
    known (the loss model holds the one cautious prior for that). ``missing`` are indicators of
    the questionnaire without a score; ``unconfirmed`` minimum requirements that nobody could check.
    """

    dossier_sha256: str
    on: date
    light: bool
    kev_as_of: date
    epss_as_of: date | None
    rules_version: str
    checks_version: str
    indicators: Mapping[str, IndicatorScore]
    domains: Mapping[str, DomainScore]
    total_ppm: int
    grade: Grade
    confidence_ppm: int
    missing: tuple[str, ...]
    missing_weight_ppm: int
    stale: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    knock_outs: tuple[KnockOut, ...]
    unconfirmed: tuple[str, ...]
    outcome: OutcomeCode
    outcome_reasons: tuple[str, ...]
    conditions: tuple[Condition, ...]
    posture: Mapping[str, int | None]
    disregarded: tuple[str, ...]
    reasons: Callable[[], Trace] = field(compare=False)

    @property
    def trace(self) -> Trace:
        """How each score came about; worked out when asked for."""
        return self.reasons()

    def to_dict(self) -> dict[str, Any]:
        """The document ``dinghai.assessment/1``, with its own hash."""
        document: dict[str, Any] = {
            "schema": ASSESSMENT_SCHEMA,
            "dossier_sha256": self.dossier_sha256,
            "on": self.on.isoformat(),
            "light": self.light,
            "tables": {
                "rules": self.rules_version, "checks": self.checks_version,
                "kev_as_of": self.kev_as_of.isoformat(),
                "epss_as_of": None if self.epss_as_of is None else self.epss_as_of.isoformat(),
            },
            "total_ppm": self.total_ppm,
            "grade": self.grade,
            "confidence_ppm": self.confidence_ppm,
            "outcome": self.outcome,
            "outcome_reasons": list(self.outcome_reasons),
            "conditions": [item.to_dict() for item in self.conditions],
            "knock_outs": [item.to_dict() for item in self.knock_outs],
            "unconfirmed": list(self.unconfirmed),
            "conflicts": [item.to_dict() for item in self.conflicts],
            "missing": list(self.missing),
            "missing_weight_ppm": self.missing_weight_ppm,
            "stale": list(self.stale),
            "disregarded": list(self.disregarded),
            "domains": [item.to_dict() for item in self.domains.values()],
            "indicators": [item.to_dict() for item in self.indicators.values()],
            "posture": dict(self.posture),
            "trace": self.trace.to_dict(),
        }
        return {**document, "hash": sha256_hex(canonical_bytes(document))}
