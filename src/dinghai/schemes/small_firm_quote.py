"""One small firm: light score, grade, the price of every plan, five fixes, and what it is offered.

Score and price are the engine's own (``assess``, ``Pricer``): there is no second formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Literal

import msgspec

from dinghai.assessment.assess import assess
from dinghai.assessment.dossier import Dossier
from dinghai.assessment.profile import Profile
from dinghai.assessment.result import Assessment
from dinghai.evidence.feed_store import FeedStore
from dinghai.evidence.feeds import EpssTable, KevTable
from dinghai.foundation.canonical import JSON
from dinghai.foundation.money import Fen
from dinghai.losses.evaluation import Evaluator
from dinghai.pricing.batch import CompiledTerms
from dinghai.pricing.experience_table import ExperienceTable
from dinghai.pricing.premium import Premium
from dinghai.pricing.quote import Pricer, Quote
from dinghai.pricing.rating import Rating
from dinghai.pricing.referral import ReferralRules, load_referral
from dinghai.pricing.repricing import Tables
from dinghai.pricing.treatment import Fix, leading_fixes
from dinghai.schemes.small_firm_dossier import Probe, ProbeState, dossier_of
from dinghai.schemes.small_firm_file import SmallFirm
from dinghai.schemes.small_firm_plans import Plan, PlanTable, plan_rating, plan_schedule
from dinghai.wording.policy import Schedule
from dinghai.wording.products import load_product
from dinghai.wording.schema import Product

FirmOutcome = Literal["offered", "referred", "treat_first", "standard_product", "declined"]
OUTCOMES: Final[tuple[FirmOutcome, ...]] = (
    "offered", "referred", "treat_first", "standard_product", "declined")
FIXES: Final = 5
_TRIED: Final = 7
_CLOSED: Final[dict[str, FirmOutcome]] = {
    "refer": "referred", "treat_before_bind": "treat_first", "decline": "declined"}


@dataclass(frozen=True, slots=True)
class PlanQuote:
    """A plan priced for a firm: fen a year, ``outcome`` as the engine's quote has it.

    ``available`` says that it can be bound without anybody else's decision; ``at_floor`` that the
    plan's premium floor, not the model, sets the premium.
    """

    plan: str
    aggregate_limit_fen: Fen
    sublimits_fen: dict[str, Fen]
    outcome: str
    reasons: tuple[str, ...]
    available: bool
    expected_loss_fen: Fen
    technical_net_fen: Fen
    charged_net_fen: Fen
    vat_fen: Fen
    gross_fen: Fen
    adequacy_ppm: int
    rate_on_line_ppm: int
    at_floor: bool
    floor_fen: Fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class FirmFix:
    """One fix: what it takes off the net charged premium of the plan, in fen a year.

    ``worth_fen`` is what the model says, ``paid_effect_fen`` what of it is left above the plan's
    premium floor. ``from_ppm`` None: nobody knows today's score.
    """

    indicator: str
    from_ppm: int | None
    to_ppm: int
    knock_out: bool
    effort: str
    worth_fen: Fen
    paid_effect_fen: Fen
    expected_loss_reduction_fen: Fen

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        return _plain(self)


@dataclass(frozen=True, slots=True)
class FirmQuote:
    """What one firm of a batch gets. Scores in ppm of full marks, money in fen a year.

    ``offered_plan`` is empty where nothing is offered; it is a smaller plan than ``wanted_plan``
    where the score does not reach the wanted one. ``reduced`` offers carry smaller sublimits and
    must be treated by ``treat_by``. ``fixes`` are worth what they are under ``priced_plan``.
    """

    line: int
    credit_code: str
    name: str
    industry: str
    score_ppm: int
    grade: str
    confidence_ppm: int
    missing: tuple[str, ...]
    knock_outs: tuple[str, ...]
    probe: ProbeState
    findings_left_out: int
    outcome: FirmOutcome
    reasons: tuple[str, ...]
    wanted_plan: str
    offered_plan: str
    priced_plan: str
    reduced: bool
    treat_by: date | None
    conditions: tuple[tuple[str, str], ...]
    plans: tuple[PlanQuote, ...]
    fixes: tuple[FirmFix, ...]
    answering_seconds: int | None

    def plan(self, code: str) -> PlanQuote | None:
        """The price of one plan, where the firm is priced at all."""
        return next((one for one in self.plans if one.plan == code), None)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON."""
        document = _plain(self)
        document["treat_by"] = None if self.treat_by is None else self.treat_by.isoformat()
        document["conditions"] = [{"code": code, "indicator": indicator}
                                  for code, indicator in self.conditions]
        document["plans"] = [one.to_dict() for one in self.plans]
        document["fixes"] = [one.to_dict() for one in self.fixes]
        return document


def _plain(value: PlanQuote | FirmFix | FirmQuote) -> dict[str, JSON]:
    return {name: list(found) if isinstance(found := getattr(value, name), tuple) else found
            for name in type(value).__slots__}


@dataclass(frozen=True, slots=True)
class DeskTables:
    """An insurer's own product version, threat feeds, rating, referral and experience tables."""

    product: Product
    kev: KevTable
    epss: EpssTable | None
    tables: Tables


def _answered(rules: ReferralRules, plans: PlanTable) -> ReferralRules:
    """The rules of referral without those that the reduced offer already answers."""
    kept = tuple(one for one in rules.rules if one.id not in plans.reduced.answered_rules)
    return msgspec.structs.replace(rules, rules=kept)


@dataclass(slots=True)
class SmallFirmDesk:
    """Quotes small firms one after another; terms and tables are made ready once."""

    plans: PlanTable
    on: date
    inception: date
    product: Product
    kev: KevTable
    epss: EpssTable | None
    compiled: CompiledTerms
    referral: ReferralRules
    answered: ReferralRules
    rating: Rating | None = None
    experience: ExperienceTable | None = None

    @classmethod
    def of(cls, plans: PlanTable, on: date, inception: date | None = None,
           given: DeskTables | None = None) -> SmallFirmDesk:
        """A desk with the feeds of the house as they stood on the day and the tables that ship,
        unless others are ``given``."""
        first = inception or on + timedelta(days=1)
        if given is not None:
            tables = given.tables
            return cls(plans, on, first, given.product, given.kev, given.epss,
                       CompiledTerms(given.product, on), tables.referral,
                       _answered(tables.referral, plans), tables.rating, tables.experience)
        product, feeds, rules = load_product(plans.product), FeedStore.of_house(), load_referral()
        return cls(plans, on, first, product, feeds.kev(on), feeds.epss(on),
                   CompiledTerms(product, on), rules, _answered(rules, plans))

    def assessed(self, firm: SmallFirm, probe: Probe) -> tuple[Dossier, Assessment]:
        """The dossier and its light assessment. Raises InputError where no answer is known."""
        dossier = dossier_of(firm, self.plans.plan(firm.plan), probe)
        return dossier, assess(dossier, kev=self.kev, epss=self.epss, on=self.on, light=True)

    def quote(self, firm: SmallFirm, probe: Probe) -> FirmQuote:
        """Everything a firm gets. Raises InputError where it cannot be scored."""
        dossier, assessment = self.assessed(firm, probe)
        against = self.plans.eligibility.reasons_against(dossier.profile)
        base = _Base(firm, probe, assessment)
        if against:
            return base.result("standard_product", (*assessment.outcome_reasons, *against))
        pricer, reduced = self._pricer(dossier, assessment)
        quoted = {plan.code: self._plan(pricer, plan, dossier.profile, reduced)
                  for plan in self.plans.plans}
        offers = {code: one.offer for code, one in quoted.items()}
        outcome, offered, reasons = _decided(self.plans, firm.plan, offers)
        focus = quoted[offered or firm.plan]
        treat_by = (self.inception + timedelta(days=self.plans.reduced.treat_within_days)
                    if reduced else None)
        return replace(
            base.result(outcome, reasons), offered_plan=offered, priced_plan=focus.offer.plan,
            reduced=reduced, treat_by=treat_by, plans=tuple(offers.values()),
            fixes=_fixes(focus))

    def price(self, firm: SmallFirm, probe: Probe, plan: Plan) -> PlanQuote | None:
        """One plan alone, as ``quote`` prices it; None for a firm that the plans do not serve."""
        dossier, assessment = self.assessed(firm, probe)
        if self.plans.eligibility.reasons_against(dossier.profile):
            return None
        pricer, reduced = self._pricer(dossier, assessment)
        return self._plan(pricer, plan, dossier.profile, reduced).offer

    def _pricer(self, dossier: Dossier, assessment: Assessment) -> tuple[Pricer, bool]:
        """The pricer, and whether the offer is the reduced one."""
        reduced = assessment.outcome == "inclusive_offer"
        return Pricer.of(dossier, assessment, self.product, self.rating,
                         self.answered if reduced else self.referral,
                         experience=self.experience), reduced

    def _plan(self, pricer: Pricer, plan: Plan, profile: Profile, reduced: bool) -> _Quoted:
        rated = replace(pricer, rating=plan_rating(self.plans, plan, pricer.rating))
        schedule = self._schedule(pricer, plan, profile, reduced)
        evaluator = self.compiled.evaluator(schedule)
        quote = rated.quote(schedule, evaluator=evaluator)
        return _Quoted(rated, evaluator, quote.premium, _offer(plan, quote, pricer.assessment))

    def _schedule(self, pricer: Pricer, plan: Plan, profile: Profile, reduced: bool) -> Schedule:
        without = frozenset(one.coverage for one in pricer.assessment.conditions
                            if one.code == "sublimit_zero" and one.coverage is not None)
        return plan_schedule(
            plan, profile, self.product, inception=self.inception, without=without,
            reduced_ppm=self.plans.reduced.sublimit_ppm if reduced else None)


@dataclass(frozen=True, slots=True)
class _Quoted:
    """A plan's price, and what a what-if on it needs."""

    pricer: Pricer
    evaluator: Evaluator
    premium: Premium
    offer: PlanQuote


@dataclass(frozen=True, slots=True)
class _Base:
    """What every outcome says of a firm."""

    firm: SmallFirm
    probe: Probe
    assessment: Assessment

    def result(self, outcome: FirmOutcome, reasons: Sequence[str]) -> FirmQuote:
        firm, found = self.firm, self.assessment
        return FirmQuote(
            line=firm.line, credit_code=firm.credit_code, name=firm.name, industry=firm.industry,
            score_ppm=found.total_ppm, grade=found.grade, confidence_ppm=found.confidence_ppm,
            missing=found.missing,
            knock_outs=tuple(one.indicator for one in found.knock_outs),
            probe=self.probe.state, findings_left_out=self.probe.left_out, outcome=outcome,
            reasons=tuple(dict.fromkeys(reasons)), wanted_plan=firm.plan, offered_plan="",
            priced_plan="", reduced=False, treat_by=None,
            conditions=tuple((one.code, one.indicator) for one in found.conditions),
            plans=(), fixes=(), answering_seconds=firm.answering_seconds)


def _offer(plan: Plan, quote: Quote, assessment: Assessment) -> PlanQuote:
    premium, schedule = quote.premium, quote.schedule
    reaches = assessment.total_ppm >= plan.minimum_score_ppm
    return PlanQuote(
        plan=plan.code, aggregate_limit_fen=schedule.aggregate_limit_fen,
        sublimits_fen={one.coverage: one.sublimit_fen for one in schedule.sections},
        outcome=quote.outcome,
        reasons=(*quote.reasons, *(() if reaches else (f"plan_score:{plan.code}",))),
        available=quote.may_bind and reaches, expected_loss_fen=premium.pure,
        technical_net_fen=premium.technical_net, charged_net_fen=premium.charged_net,
        vat_fen=premium.vat, gross_fen=premium.gross, adequacy_ppm=premium.adequacy_ppm,
        rate_on_line_ppm=quote.rate_on_line_ppm, at_floor=premium.minimum_adjustment > 0,
        floor_fen=plan.minimum_premium_fen)


def _decided(
    plans: PlanTable, wanted: str, offers: dict[str, PlanQuote]
) -> tuple[FirmOutcome, str, tuple[str, ...]]:
    """The outcome, the plan offered and why: the wanted plan, else the largest smaller one where
    only the score keeps the firm from it."""
    asked = offers[wanted]
    if asked.available:
        return "offered", wanted, asked.reasons
    if asked.outcome in _CLOSED:
        return _CLOSED[asked.outcome], "", asked.reasons
    smaller = [one for one in offers.values()
               if one.available and one.aggregate_limit_fen < asked.aggregate_limit_fen]
    if not smaller:
        return "referred", "", asked.reasons
    best = max(smaller, key=lambda one: one.aggregate_limit_fen)
    return "offered", best.plan, (*best.reasons, f"plan_score:{wanted}")


def _fixes(quoted: _Quoted) -> tuple[FirmFix, ...]:
    """The first fixes of the treatment plan, under the plan's own terms."""
    offer = quoted.offer
    found = leading_fixes(quoted.pricer, quoted.evaluator, FIXES, tried=_TRIED,
                          premium=quoted.premium)
    return tuple(_fix(one, quoted.premium, offer.floor_fen) for one in found)


def _fix(fix: Fix, premium: Premium, floor: Fen) -> FirmFix:
    """A fix with what of its worth is left above the floor."""
    unfloored = premium.charged_net - premium.minimum_adjustment
    after = max(unfloored - fix.charged_reduction_fen, floor)
    return FirmFix(
        indicator=fix.indicator, from_ppm=fix.from_ppm, to_ppm=fix.to_ppm,
        knock_out=fix.knock_out, effort=fix.effort, worth_fen=fix.charged_reduction_fen,
        paid_effect_fen=premium.charged_net - after,
        expected_loss_reduction_fen=fix.expected_loss_reduction_fen)
