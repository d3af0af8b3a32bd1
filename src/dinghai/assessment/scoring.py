"""The score of one indicator from its answer and its observation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from dinghai.assessment.answers import Answer
from dinghai.assessment.observation import Observation
from dinghai.assessment.result import Conflict, IndicatorScore, Reason
from dinghai.assessment.rules import rules
from dinghai.foundation.money import PPM, apply_ppm
from dinghai.vocabulary.indicators import HIGHEST_SCORE, Indicator


@dataclass(frozen=True, slots=True)
class _Said:
    """What the questionnaire contributes."""

    answered_ppm: int | None
    counted_ppm: int | None
    cap_ppm: int | None
    confidence_ppm: int
    age_days: int | None
    reasons: tuple[Reason, ...]


def score_indicator(
    item: Indicator, weight_ppm: int, answer: Answer | None, observation: Observation | None,
    on: date,
) -> tuple[IndicatorScore, Conflict | None]:
    """The lower of what counts of the answer and what scans show, with every reason.

    Without either the score is None: missing, which is not zero.
    """
    said = _said(item, answer, on)
    seen = None if observation is None else observation.score_ppm
    reasons = list(said.reasons)
    parts = [part for part in (said.counted_ppm, seen) if part is not None]
    score = min(parts, default=None)
    conflict = _conflict(item.id, said.answered_ppm, observation)
    if seen is not None:
        reasons.extend(_seen_reasons(said, seen, observation, conflict))
    if score is None:
        reasons.append("missing")
    confidence, age, stale, dated = _trust(item, said, observation, score, on)
    reasons.extend(dated)
    ids = () if observation is None or seen is None else observation.finding_ids
    scored = IndicatorScore(
        indicator=item.id,
        domain=item.domain,
        weight_ppm=weight_ppm,
        answered_ppm=said.answered_ppm,
        counted_ppm=said.counted_ppm,
        cap_ppm=said.cap_ppm,
        observed_ppm=seen,
        score_ppm=score,
        confidence_ppm=confidence,
        stale=stale,
        age_days=age,
        rules=() if observation is None else observation.hits,
        finding_ids=ids,
        reasons=tuple(dict.fromkeys(reasons)),
    )
    return scored, conflict


def _said(item: Indicator, answer: Answer | None, on: date) -> _Said:
    if answer is None or answer.score is None:
        return _Said(None, None, None, 0, None, ("not_answered",))
    answered = answer.score * PPM // HIGHEST_SCORE
    age = (on - answer.answered_at).days
    trust = rules().evidence_confidence
    if item.scan_only:
        return _Said(answered, None, None, 0, age, ("statement_only",))
    if answer.evidence:
        return _Said(answered, answered, None, trust.evidence_ppm, age, ("answer_with_evidence",))
    if "questionnaire" not in item.measured_by:
        return _Said(answered, None, None, 0, age, ("needs_evidence",))
    cap = rules().caps.questionnaire_only_ppm
    counted = min(answered, cap)
    reasons: tuple[Reason, ...] = ("answer_only",)
    if counted < answered:
        return _Said(answered, counted, cap, trust.questionnaire_ppm, age,
                     (*reasons, "capped_without_evidence"))
    return _Said(answered, counted, None, trust.questionnaire_ppm, age, reasons)


def _conflict(code: str, answered: int | None, observation: Observation | None) -> Conflict | None:
    if observation is None or observation.score_ppm is None or answered is None:
        return None
    if not observation.hits or answered - observation.score_ppm < rules().conflict.gap_ppm:
        return None
    return Conflict(code, answered, observation.score_ppm, observation.finding_ids,
                    rules().conflict.law)


def _seen_reasons(said: _Said, seen: int, observation: Observation | None,
                  conflict: Conflict | None) -> list[Reason]:
    reasons: list[Reason] = []
    if observation is not None and not observation.hits:
        reasons.append("clean_scan")
    elif said.counted_ppm is None:
        reasons.append("observed_without_answer")
    elif seen < said.counted_ppm:
        reasons.append("lowered_by_scan")
    else:
        reasons.append("confirmed_by_scan")
    if conflict is not None:
        reasons.append("conflict")
    return reasons


def _trust(
    item: Indicator, said: _Said, observation: Observation | None, score: int | None, on: date
) -> tuple[int, int | None, bool, list[Reason]]:
    """Confidence in the score, its age in days, whether it is stale, and why.

    The part that set the score is what must be fresh; with both equal the fresher confidence wins.
    """
    if score is None:
        return 0, None, False, []
    choices: list[tuple[int, int | None, bool, list[Reason]]] = []
    if said.counted_ppm == score:
        fresh = max(item.refresh_days, rules().staleness.answer_minimum_days)
        choices.append(_aged(said.confidence_ppm, said.age_days, fresh, "answer_stale"))
    if observation is not None and observation.score_ppm == score:
        age = (None if observation.observed_on is None
               else max((on - observation.observed_on).days, 0))
        choices.append(_aged(rules().evidence_confidence.outside_in_scan_ppm, age,
                             item.refresh_days, "scan_stale"))
    return max(choices, key=lambda choice: choice[0])


def _aged(confidence: int, age: int | None, refresh_days: int,
          reason: Reason) -> tuple[int, int | None, bool, list[Reason]]:
    if age is not None and age <= refresh_days:
        return confidence, age, False, []
    lowered = apply_ppm(confidence, rules().staleness.confidence_factor_ppm)
    return lowered, age, True, [reason if age is not None else "scan_date_unknown"]
