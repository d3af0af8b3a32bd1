"""Minimum requirements, and the outcome that follows from the grade and from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dinghai.assessment.observation import Observation
from dinghai.assessment.profile import Profile
from dinghai.assessment.result import Condition, Conflict, IndicatorScore, KnockOut
from dinghai.assessment.rules import OutcomeCode, rules
from dinghai.foundation.money import PPM
from dinghai.vocabulary.indicators import HIGHEST_SCORE, Action, Indicator, Minimum


@dataclass(frozen=True, slots=True)
class OutcomeDecision:
    """The outcome and the codes of what led to it."""

    outcome: OutcomeCode
    reasons: tuple[str, ...]


def minimum_requirements(
    profile: Profile,
    asked: Mapping[str, Indicator],
    scores: Mapping[str, IndicatorScore],
    observed: Mapping[str, Observation],
) -> tuple[tuple[KnockOut, ...], tuple[str, ...]]:
    """Requirements that are not met, and those that nobody could check.

    Unknown is not false: what could not be checked knocks nobody out, it must be confirmed.
    """
    knock_outs: list[KnockOut] = []
    unconfirmed: list[str] = []
    for code, item in asked.items():
        if item.minimum is None:
            continue
        applies = _applies(item.minimum, profile)
        if applies is False:
            continue
        if item.minimum.kind == "no_finding":
            broken, known = _by_finding(code, item.minimum, observed.get(code))
        else:
            broken, known = _by_score(code, item.minimum, scores[code])
        if not known or applies is None:
            unconfirmed.append(code)
        elif broken is not None:
            knock_outs.append(broken)
    return tuple(knock_outs), tuple(unconfirmed)


def _applies(minimum: Minimum, profile: Profile) -> bool | None:
    if minimum.applies_when is None:
        return True
    value = getattr(profile, minimum.applies_when.fact.removeprefix("profile."))
    return None if value is None else bool(value >= minimum.applies_when.value)


def _by_score(code: str, minimum: Minimum,
              scored: IndicatorScore) -> tuple[KnockOut | None, bool]:
    if scored.score_ppm is None or minimum.score is None:
        return None, False
    if scored.score_ppm * HIGHEST_SCORE >= minimum.score * PPM:
        return None, True
    return KnockOut(code, f"score_at_least:{minimum.score}", minimum.action, True,
                    minimum.coverage, scored.finding_ids), True


def _by_finding(code: str, minimum: Minimum,
                observation: Observation | None) -> tuple[KnockOut | None, bool]:
    if observation is None:
        return None, False
    hits = [hit for hit in observation.hits if hit.knock_out]
    if not hits:
        return None, observation.covered
    established = any(hit.confidence_ppm >= rules().knock_out.established_from_ppm for hit in hits)
    action: Action = minimum.action if established else "refer"
    ids = tuple(dict.fromkeys(name for hit in hits for name in hit.finding_ids))
    return KnockOut(code, f"no_finding:{minimum.check}", action, established, minimum.coverage,
                    ids), True


def decide(
    profile: Profile,
    total_ppm: int,
    asked: Mapping[str, Indicator],
    scores: Mapping[str, IndicatorScore],
    knock_outs: Sequence[KnockOut],
    unconfirmed: Sequence[str],
    conflicts: Sequence[Conflict],
) -> OutcomeDecision:
    """The outcome: the grade's own, made stricter by knock-outs and by what is still open."""
    band = rules().band(total_ppm)
    stops = [item for item in knock_outs if item.action == "decline_until_fixed"]
    refers = [item for item in knock_outs if item.action == "refer"]
    reasons = [f"grade:{band.grade}", *(f"knock_out:{item.indicator}" for item in knock_outs),
               *(f"unconfirmed:{code}" for code in unconfirmed),
               *(f"conflict:{item.indicator}" for item in conflicts)]
    if band.outcome == "decline":
        return OutcomeDecision("decline", tuple(reasons))
    if stops:
        return OutcomeDecision("treat_before_bind", tuple(reasons))
    if band.outcome == "treat_before_bind" or refers:
        if partly_everywhere(profile, asked, scores):
            return OutcomeDecision("inclusive_offer", (*reasons, "small_and_partly_everywhere"))
        outcome: OutcomeCode = (
            "treat_before_bind" if band.outcome == "treat_before_bind" else "refer")
        return OutcomeDecision(outcome, tuple(reasons))
    if band.outcome == "quote" and (unconfirmed or conflicts or knock_outs):
        return OutcomeDecision("quote_with_conditions", tuple(reasons))
    return OutcomeDecision(band.outcome, tuple(reasons))


def partly_everywhere(profile: Profile, asked: Mapping[str, Indicator],
                      scores: Mapping[str, IndicatorScore]) -> bool:
    """Whether a small firm has at least half of nearly every control that is known of it."""
    rule = rules().inclusive
    if (profile.headcount >= rule.headcount_below
            or profile.revenue_fen >= rule.revenue_below_fen):
        return False
    known = partly = 0
    for code, item in asked.items():
        score = scores[code].score_ppm
        if score is not None:
            known += item.weight_millis
            partly += item.weight_millis if score >= rule.partly_from_ppm else 0
    return known > 0 and partly * PPM >= known * rule.share_of_weight_ppm


def conditions_of(
    outcome: OutcomeCode,
    asked: Mapping[str, Indicator],
    scores: Mapping[str, IndicatorScore],
    knock_outs: Sequence[KnockOut],
    unconfirmed: Sequence[str],
    conflicts: Sequence[Conflict],
) -> tuple[Condition, ...]:
    """What is still to do or to show: knock-outs, conflicts, unconfirmed and stale minimums."""
    if outcome == "decline":
        return ()
    found = [
        Condition("sublimit_zero", item.indicator, item.coverage)
        if item.action == "sublimit_zero_without" else Condition("treat", item.indicator)
        for item in knock_outs
    ]
    found.extend(Condition("explain_conflict", item.indicator) for item in conflicts)
    found.extend(Condition("confirm", code) for code in unconfirmed)
    found.extend(Condition("refresh", code) for code, item in asked.items()
                 if item.minimum is not None and scores[code].stale)
    return tuple(dict.fromkeys(found))
