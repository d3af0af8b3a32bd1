"""From a dossier to scores, a grade and an outcome: a pure function of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import date
from functools import partial

from dinghai.assessment.decide import conditions_of, decide, minimum_requirements
from dinghai.assessment.dossier import Dossier
from dinghai.assessment.observation import Observation, observe
from dinghai.assessment.result import Assessment, Conflict, DomainScore, IndicatorScore
from dinghai.assessment.rules import check_table, rules
from dinghai.assessment.scoring import score_indicator
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import PPM, multiply_divide
from dinghai.foundation.trace import Source, Trace
from dinghai.vocabulary.indicators import Indicator, domains, indicators, light_indicators


def assess(
    dossier: Dossier,
    *,
    kev: KevTable,
    epss: EpssTable | None = None,
    on: date,
    light: bool = False,
    disregarded: Set[str] = frozenset(),
) -> Assessment:
    """Assess a dossier on a day, with the threat feeds in force that day.

    ``light`` asks only the 28 light indicators, reweighted to 100. ``disregarded`` are findings
    marked as false positives: they count nowhere. Raises InputError for answers after ``on``, and
    when not one indicator can be scored.
    """
    _refuse_future(dossier, on)
    asked = light_indicators() if light else indicators()
    findings = [item for item in dossier.findings if item.finding_id not in disregarded]
    observed = observe(dossier.readings, findings, kev=kev, epss=epss,
                       indicators={code: item.scan_only for code, item in asked.items()})
    weights = _weights(asked)
    scores: dict[str, IndicatorScore] = {}
    conflicts: list[Conflict] = []
    for code, item in asked.items():
        scored, conflict = score_indicator(item, weights[code], dossier.answers.get(code),
                                           observed.get(code), on)
        scores[code] = scored
        if conflict is not None:
            conflicts.append(conflict)
    by_domain = {code: _domain(code, asked, scores) for code in domains()
                 if any(item.domain == code for item in asked.values())}
    total = _mean(asked, scores, tuple(asked))
    if total is None:
        raise InputError("not one indicator can be scored", file="answers.csv",
                         mend="answer at least one indicator or add a scan")
    knock_outs, unconfirmed = minimum_requirements(dossier.profile, asked, scores, observed)
    decision = decide(dossier.profile, total, asked, scores, knock_outs, unconfirmed, conflicts)
    missing = tuple(code for code, item in scores.items() if item.score_ppm is None)
    stale = tuple(code for code, item in scores.items() if item.stale)
    return Assessment(
        dossier_sha256=dossier.sha256,
        on=on,
        light=light,
        kev_as_of=kev.as_of,
        epss_as_of=None if epss is None else epss.as_of,
        rules_version=rules().version,
        checks_version=check_table().version,
        indicators=scores,
        domains=by_domain,
        total_ppm=total,
        grade=rules().band(total).grade,
        confidence_ppm=_confidence(asked, scores, tuple(asked)),
        missing=missing,
        missing_weight_ppm=PPM - _share(asked, scores),
        stale=stale,
        conflicts=tuple(conflicts),
        knock_outs=knock_outs,
        unconfirmed=unconfirmed,
        outcome=decision.outcome,
        outcome_reasons=decision.reasons,
        conditions=conditions_of(decision.outcome, asked, scores, knock_outs, unconfirmed,
                                 conflicts),
        posture={code: scores[code].score_ppm if code in scores else None
                 for code in indicators()},
        disregarded=tuple(sorted(disregarded & {item.finding_id for item in dossier.findings})),
        reasons=partial(_trace, total, asked, scores, by_domain, observed),
    )


def _refuse_future(dossier: Dossier, on: date) -> None:
    faults = [
        Fault(f"the answer of {answer.answered_at} lies after {on}", "answers.csv", None, code,
              "assess on a later day, or mend the date")
        for code, answer in dossier.answers.items() if answer.answered_at > on
    ]
    if faults:
        raise InputError.of(faults)


def _weights(asked: Mapping[str, Indicator]) -> dict[str, int]:
    """Shares of the questionnaire in ppm; the rounding that is left goes to the last."""
    whole = sum(item.weight_millis for item in asked.values())
    shares: dict[str, int] = {}
    running = 0
    for code, item in asked.items():
        before = multiply_divide(running, PPM, whole, "half_up")
        running += item.weight_millis
        shares[code] = multiply_divide(running, PPM, whole, "half_up") - before
    return shares


def _mean(asked: Mapping[str, Indicator], scores: Mapping[str, IndicatorScore],
          codes: Sequence[str]) -> int | None:
    """Mean of the known scores by weight: a missing one is left out, not scored zero."""
    known = [(asked[code].weight_millis, scored) for code in codes
             if (scored := scores[code].score_ppm) is not None]
    whole = sum(weight for weight, _ in known)
    if whole == 0:
        return None
    return multiply_divide(sum(weight * scored for weight, scored in known), 1, whole, "half_up")


def _confidence(asked: Mapping[str, Indicator], scores: Mapping[str, IndicatorScore],
                codes: Sequence[str]) -> int:
    """Mean confidence by weight over all that was asked: a missing indicator counts as none."""
    whole = sum(asked[code].weight_millis for code in codes)
    return multiply_divide(sum(asked[code].weight_millis * scores[code].confidence_ppm
                               for code in codes), 1, whole, "half_up")


def _share(asked: Mapping[str, Indicator], scores: Mapping[str, IndicatorScore]) -> int:
    known = sum(item.weight_millis for code, item in asked.items()
                if scores[code].score_ppm is not None)
    return multiply_divide(known, PPM, sum(item.weight_millis for item in asked.values()),
                           "half_up")


def _domain(code: str, asked: Mapping[str, Indicator],
            scores: Mapping[str, IndicatorScore]) -> DomainScore:
    members = tuple(name for name, item in asked.items() if item.domain == code)
    known = tuple(name for name in members if scores[name].score_ppm is not None)
    return DomainScore(
        domain=code,
        weight_ppm=sum(scores[name].weight_ppm for name in members),
        known_weight_ppm=sum(scores[name].weight_ppm for name in known),
        score_ppm=_mean(asked, scores, members),
        confidence_ppm=_confidence(asked, scores, members),
    )


def _trace(total: int, asked: Mapping[str, Indicator], scores: Mapping[str, IndicatorScore],
           by_domain: Mapping[str, DomainScore], observed: Mapping[str, Observation]) -> Trace:
    return Trace(
        "score.total", total, "ppm", "weighted_mean", None,
        tuple(
            Trace(f"score.{code}", domain.score_ppm, "ppm", "weighted_mean",
                  Source(domains()[code].source, domains()[code].confidence),
                  tuple(_indicator_trace(asked[name], scores[name], observed.get(name))
                        for name, item in asked.items() if item.domain == code))
            for code, domain in by_domain.items()),
    )


def _indicator_trace(item: Indicator, scored: IndicatorScore,
                     observation: Observation | None) -> Trace:
    parts = [Trace("weight", scored.weight_ppm, "ppm", "table",
                   Source(item.source, item.confidence))]
    if scored.answered_ppm is not None:
        parts.append(Trace("answered", scored.answered_ppm, "ppm", "given"))
    if scored.cap_ppm is not None:
        parts.append(Trace("cap", scored.cap_ppm, "ppm", "table",
                           Source(rules().caps.source, rules().caps.confidence)))
    if observation is not None and observation.score_ppm is not None:
        parts.append(Trace("observed", observation.score_ppm, "ppm", "minimum", observation.source,
                           tuple(Trace(hit.rule, hit.score_ppm, "ppm", "table", None,
                                       (Trace("count", hit.count, "count"),))
                                 for hit in observation.hits)))
    parts.append(Trace("confidence", scored.confidence_ppm, "ppm", "table"))
    return Trace(f"score.{item.id}", scored.score_ppm, "ppm", "minimum", None, tuple(parts))
