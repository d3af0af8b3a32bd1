"""The treatment plan: what each fix takes off the expected loss and off the premium.

Every what-if runs on the same grid of events, so a better control never costs more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import PPM, Fen
from dinghai.losses.effects import score_of
from dinghai.losses.evaluation import Evaluator
from dinghai.losses.model import LossModel
from dinghai.losses.tables import PERILS
from dinghai.pricing.claims_history import ClaimsHistory
from dinghai.pricing.experience_rating import ExperienceRating
from dinghai.pricing.posture_value import FREQUENCY, PostureValue
from dinghai.pricing.premium import Premium
from dinghai.pricing.quote import Pricer, priced_policy
from dinghai.pricing.rating import EffortClass, load_effort
from dinghai.vocabulary.indicators import HIGHEST_SCORE, indicators
from dinghai.wording.policy import Schedule


@dataclass(frozen=True, slots=True)
class Fix:
    """One step of treatment: an indicator raised to its next anchor or to full marks.

    Reductions are against today, one fix at a time, in fen a year; technical and charged premium
    are net of VAT and fall in the same ratio. ``from_ppm`` None means nobody knows the score: the
    model reads its cautious prior. ``worth_per_effort_fen`` is the charged reduction divided by
    the weight of the effort class.
    """

    indicator: str
    level: Literal["next", "full"]
    from_ppm: int | None
    to_ppm: int
    knock_out: bool
    effort: EffortClass
    expected_loss_reduction_fen: Fen
    technical_reduction_fen: Fen
    charged_reduction_fen: Fen
    worth_per_effort_fen: Fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {name: getattr(self, name) for name in Fix.__slots__}


@dataclass(frozen=True, slots=True)
class PathStep:
    """One more fix on top of all before it: what is left, and what this one takes off."""

    indicator: str
    to_ppm: int
    expected_loss_fen: Fen
    technical_net_fen: Fen
    charged_net_fen: Fen
    expected_loss_reduction_fen: Fen
    charged_reduction_fen: Fen
    modification_ppm: int | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON; the modification only where a history made one."""
        return {name: value for name in PathStep.__slots__
                if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class Bundle:
    """Several indicators raised to full marks together: what is left, and what that takes off.

    ``code`` is ``knock_outs``, ``low_effort``, a domain of the questionnaire, or ``everything``.
    """

    code: str
    indicators: tuple[str, ...]
    expected_loss_fen: Fen
    technical_net_fen: Fen
    charged_net_fen: Fen
    expected_loss_reduction_fen: Fen
    charged_reduction_fen: Fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return {name: list(value) if isinstance(value := getattr(self, name), tuple) else value
                for name in Bundle.__slots__}


@dataclass(frozen=True, slots=True)
class TreatmentPlan:
    """Fixes in the order in which they are worth doing, the path that follows it, and bundles.

    With a claims history every amount is that of a quote with it: expected losses after the
    experience modification, which each posture has its own of, and premiums after the no-claims
    credit. ``experience`` is today's.
    """

    fixes: tuple[Fix, ...]
    path: tuple[PathStep, ...]
    bundles: tuple[Bundle, ...]
    expected_loss_fen: Fen
    technical_net_fen: Fen
    charged_net_fen: Fen
    experience: ExperienceRating | None = None

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.treatment/1)."""
        return {
            **({} if self.experience is None else {"experience": self.experience.brief()}),
            "schema": "dinghai.treatment/1",
            "expected_loss_fen": self.expected_loss_fen,
            "technical_net_fen": self.technical_net_fen,
            "charged_net_fen": self.charged_net_fen,
            "fixes": [fix.to_dict() for fix in self.fixes],
            "path": [step.to_dict() for step in self.path],
            "bundles": [bundle.to_dict() for bundle in self.bundles],
        }


@dataclass(frozen=True, slots=True)
class _Reading:
    """Prices of one posture, without the filed minimum: a floor would hide what a fix is worth."""

    premium: Premium
    experience: ExperienceRating | None = None

    @property
    def modification(self) -> int | None:
        return None if self.experience is None else self.experience.modification_ppm

    @property
    def charged(self) -> Fen:
        return self.premium.charged_net - self.premium.minimum_adjustment


@dataclass(slots=True)
class _Desk:
    """Prices postures of one dossier under one schedule."""

    pricer: Pricer
    evaluator: Evaluator
    history: ClaimsHistory | None

    def price(self, model: LossModel) -> _Reading:
        found = self.pricer.priced(self.evaluator, model, self.history)
        return _Reading(found.premium, found.experience)


def treatment_plan(
    pricer: Pricer, schedule: Schedule, history: ClaimsHistory | None = None
) -> TreatmentPlan:
    """Every fix below full marks with its worth, knock-outs first, then by worth per effort.

    With a history a fix is worth what two quotes with it differ by; the indicator that asks for
    the history is then no fix, since the claims themselves stand in its place.
    """
    policy = priced_policy(pricer.product, schedule, pricer.assessment.on)
    desk = _Desk(pricer, Evaluator.of(policy), history)
    today = desk.price(pricer.model)
    fixes = sorted((_fix(desk, today, indicator, level, target)
                    for indicator, level, target in _targets(desk)), key=_order)
    path = tuple(_path(desk, today, fixes))
    return TreatmentPlan(tuple(fixes), path, tuple(_bundles(desk, today, fixes)),
                         today.premium.pure, today.premium.technical_net, today.charged,
                         today.experience)


def leading_fixes(
    pricer: Pricer, evaluator: Evaluator, most: int, *, tried: int,
    premium: Premium | None = None,
) -> tuple[Fix, ...]:
    """The first fixes to full marks of the plan, in its order, without pricing all others.

    Every knock-out and the ``tried`` others that promise most for their effort are priced as the
    plan prices them. What a fix promises is estimated, so that a fix which comes close to the
    last of them may be passed over; what is said of those shown is exact. ``premium`` is today's
    where the pricer has priced it already.
    """
    desk = _Desk(pricer, evaluator, None)
    knocked = {one.indicator for one in pricer.assessment.knock_outs}
    effort = load_effort()
    promised = {one: worth / effort.weights.of(effort.classes[one])
                for one, worth in _promised(pricer, evaluator).items()}
    ranked = sorted(promised, key=lambda one: (-promised[one], one))
    chosen = [*(one for one in ranked if one in knocked),
              *[one for one in ranked if one not in knocked][:tried]]
    today = desk.price(pricer.model) if premium is None else _Reading(premium, None)
    fixes = sorted((_fix(desk, today, one, "full", PPM) for one in chosen), key=_order)
    return tuple(fixes[:most])


def _promised(pricer: Pricer, evaluator: Evaluator) -> dict[str, float]:
    """About how far each fix to full marks lowers the expected payments, in fen a year.

    Frequencies are exact. What all fixes together take off a mean payment is given to each by its
    part of the log effects on that peril's severity: two evaluations instead of one for each fix.
    """
    model = pricer.model
    value = PostureValue(model, evaluator)
    scores = {one: score_of(model.posture, one, model.tables)[0] for one in pricer.fixable(None)}
    steps = {one: value.steps(one, score, 1.0) for one, score in scores.items() if score < 1.0}
    raised = model.with_posture({**model.posture, **dict.fromkeys(steps, PPM)})
    today, best = (_mean_payments(one, evaluator) for one in (model, raised))
    logs = value.logs(model.posture)
    promised = dict.fromkeys(steps, 0.0)
    for peril in PERILS:
        whole = sum(_of_severity(one.get(peril, {})) for one in steps.values())
        rate = value.rate(peril, logs[peril][FREQUENCY])
        for indicator, change in steps.items():
            part = change.get(peril, {})
            share = _of_severity(part) / whole if whole else 0.0
            after = today[peril] - (today[peril] - best[peril]) * share
            promised[indicator] += rate * today[peril] - value.rate(
                peril, logs[peril][FREQUENCY] + part.get(FREQUENCY, 0.0)) * after
    return promised


def _of_severity(change: Mapping[str, float]) -> float:
    return sum(part for target, part in change.items() if target != FREQUENCY)


def _mean_payments(model: LossModel, evaluator: Evaluator) -> dict[str, float]:
    """Mean payment of one event of each peril in fen."""
    weights = model.latent.event_weights
    return {peril: sum(w * m for w, m in zip(weights, paid.mean["total"], strict=True))
            for peril, paid in evaluator.payments_of(model).items()}


def _targets(desk: _Desk) -> Iterable[tuple[str, Literal["next", "full"], int]]:
    """Indicators of the questionnaire below full marks: the next anchor, and full marks."""
    pricer = desk.pricer
    for indicator in pricer.fixable(desk.history):
        score = pricer.model.posture.get(indicator)
        known = int(pricer.model.tables.controls["missing_prior_ppm"]) if score is None else score
        if known >= PPM:
            continue
        anchor = (known * HIGHEST_SCORE // PPM + 1) * PPM // HIGHEST_SCORE
        if anchor < PPM:
            yield indicator, "next", anchor
        yield indicator, "full", PPM


def _fix(
    desk: _Desk, today: _Reading, indicator: str, level: Literal["next", "full"], target: int
) -> Fix:
    effort_table = load_effort()
    effort = effort_table.classes[indicator]
    posture = desk.pricer.model.posture
    after = desk.price(desk.pricer.model.with_posture({**posture, indicator: target}))
    charged = today.charged - after.charged
    knocked = {one.indicator for one in desk.pricer.assessment.knock_outs}
    return Fix(
        indicator=indicator, level=level, from_ppm=posture.get(indicator), to_ppm=target,
        knock_out=indicator in knocked, effort=effort,
        expected_loss_reduction_fen=today.premium.pure - after.premium.pure,
        technical_reduction_fen=today.premium.technical_net - after.premium.technical_net,
        charged_reduction_fen=charged,
        worth_per_effort_fen=charged // effort_table.weights.of(effort),
    )


def _order(fix: Fix) -> tuple[bool, Fraction, str, str]:
    worth = Fraction(fix.charged_reduction_fen, load_effort().weights.of(fix.effort))
    return (not fix.knock_out, -worth, fix.indicator, fix.level)


def _path(desk: _Desk, today: _Reading, fixes: Iterable[Fix]) -> Iterable[PathStep]:
    """Raise the indicators one after another to full marks, in the plan's order."""
    posture = dict(desk.pricer.model.posture)
    model = desk.pricer.model
    before = today
    for fix in fixes:
        if fix.level != "full":
            continue
        posture[fix.indicator] = fix.to_ppm
        model = model.with_posture(posture)
        after = desk.price(model)
        yield PathStep(
            indicator=fix.indicator, to_ppm=fix.to_ppm,
            expected_loss_fen=after.premium.pure,
            technical_net_fen=after.premium.technical_net,
            charged_net_fen=after.charged,
            expected_loss_reduction_fen=before.premium.pure - after.premium.pure,
            charged_reduction_fen=before.charged - after.charged,
            modification_ppm=after.modification,
        )
        before = after


def _bundles(desk: _Desk, today: _Reading, fixes: Iterable[Fix]) -> Iterable[Bundle]:
    """The bundles that have a fix, each to full marks on today's posture."""
    full = [fix for fix in fixes if fix.level == "full"]
    groups = {"knock_outs": [fix for fix in full if fix.knock_out],
              "low_effort": [fix for fix in full if fix.effort == "low"]}
    for fix in full:
        groups.setdefault(indicators()[fix.indicator].domain, []).append(fix)
    groups["everything"] = full
    for code, members in groups.items():
        if not members:
            continue
        raised = {fix.indicator: fix.to_ppm for fix in members}
        posture = {**desk.pricer.model.posture, **raised}
        after = desk.price(desk.pricer.model.with_posture(posture))
        yield Bundle(
            code=code, indicators=tuple(sorted(raised)),
            expected_loss_fen=after.premium.pure,
            technical_net_fen=after.premium.technical_net,
            charged_net_fen=after.charged,
            expected_loss_reduction_fen=today.premium.pure - after.premium.pure,
            charged_reduction_fen=today.charged - after.charged,
        )
