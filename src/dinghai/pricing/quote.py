"""A quote: the explained price of one dossier under one product, limit and deductible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from dinghai.assessment.dossier import Dossier
from dinghai.assessment.profile import Profile
from dinghai.assessment.result import Assessment
from dinghai.foundation.calendar import start_of, year_later
from dinghai.foundation.canonical import JSON, document_hash
from dinghai.foundation.errors import Refusal
from dinghai.foundation.money import PPM, Fen, apply_ppm, multiply_divide, split
from dinghai.foundation.trace import Source, Trace
from dinghai.losses.evaluation import Evaluator, LossEvaluation
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.losses.severity import evidence_traces
from dinghai.losses.tables import PERILS
from dinghai.pricing.claims_history import ClaimsHistory
from dinghai.pricing.experience_rating import ExperienceRating, rate_experience, without_history
from dinghai.pricing.experience_table import ExperienceTable, load_experience_table
from dinghai.pricing.explaining import Explanation, explain
from dinghai.pricing.premium import Premium, make_premium, whole_fen
from dinghai.pricing.rating import Rating, load_rating, rating_hash
from dinghai.pricing.referral import (
    ReferralReading,
    ReferralRules,
    apply_rules,
    load_referral,
)
from dinghai.pricing.referral_facts import AssessedFigures, QuotedFigures, facts_of
from dinghai.pricing.screening import Screening
from dinghai.pricing.waterfall import WaterfallRow, waterfall
from dinghai.wording.explaining import terms_to_explain
from dinghai.wording.policy import (
    ExplanationRecord,
    Party,
    Policy,
    Schedule,
    bind,
    scheduled_layers,
    scheduled_sections,
    with_explanations,
)
from dinghai.wording.schema import Product

QUOTE_SCHEMA = "dinghai.quote/1"
_RISK_OPERATIONS = {"variance": "variance_over_tolerance",
                    "tail_value_at_risk": "cost_of_tail_capital", "wang": "wang_distortion",
                    "proportional_hazard": "proportional_hazard_distortion"}


@dataclass(frozen=True, slots=True, eq=False)
class Quote:
    """A priced offer, or a price for information when the outcome does not allow to bind.

    ``outcome`` is the assessment's, made stricter by the rules of referral; ``reasons`` are
    codes. ``by_section`` and ``by_peril`` add up to the pure premium, in fen.
    """

    product: str
    product_version: str
    rating: str
    rating_version: str
    rating_sha256: str
    tables: str
    dossier_sha256: str
    on: date
    valid_until: date
    schedule: Schedule
    outcome: str
    reasons: tuple[str, ...]
    referral: ReferralReading
    premium: Premium
    rate_on_line_ppm: int
    by_section: Mapping[str, Fen]
    by_peril: Mapping[str, Fen]
    evaluation: LossEvaluation
    model: LossModel
    steps: Callable[[], tuple[WaterfallRow, ...]] = field(repr=False)
    tree: Callable[[], Trace] = field(repr=False)
    reasons_why: Callable[[], Explanation] = field(repr=False)
    experience: ExperienceRating | None = None
    screening: Screening | None = None

    @property
    def explanation(self) -> Explanation:
        """From the industry's average firm to this price, before experience rating; worked out
        when first read."""
        return self.reasons_why()

    @property
    def waterfall(self) -> tuple[WaterfallRow, ...]:
        """The steps from the book's average to the gross premium; worked out when first read."""
        return self.steps()

    @property
    def trace(self) -> Trace:
        """The factor tree; worked out when first read."""
        return self.tree()

    @property
    def expected_loss_fen(self) -> Fen:
        """Expected payments of a year by the model, before any experience rating: the base of a
        float by the model. Without a claims history it is the pure premium."""
        return whole_fen(self.evaluation.expected)

    @property
    def may_bind(self) -> bool:
        """Whether it can be bound without anybody else's decision."""
        return self.outcome in ("quote", "quote_with_conditions", "inclusive_offer")

    def require_bindable(self) -> None:
        """Raises Refusal with the reasons when the quote may not be bound as it stands."""
        if not self.may_bind:
            raise Refusal(f"the quote cannot be bound: {self.outcome}", reasons=self.reasons)

    def to_dict(self) -> dict[str, JSON]:
        """Plain JSON (schema dinghai.quote/1) with its own hash."""
        schedule = self.schedule
        document: dict[str, JSON] = {
            "schema": QUOTE_SCHEMA,
            "product": {"id": self.product, "version": self.product_version},
            "rating": {"id": self.rating, "version": self.rating_version,
                       "sha256": self.rating_sha256},
            "tables": self.tables,
            "dossier_sha256": self.dossier_sha256,
            "on": self.on.isoformat(),
            "valid_until": self.valid_until.isoformat(),
            "terms": {
                "inception": schedule.inception.isoformat(),
                "expiry": schedule.expiry.isoformat(),
                "aggregate_limit_fen": schedule.aggregate_limit_fen,
                "each_event_limit_fen": schedule.each_event_limit_fen,
                "event_deductible_fen": schedule.event_deductible_fen,
                "sections": [{"coverage": one.coverage, "sublimit_fen": one.sublimit_fen}
                             for one in schedule.sections],
            },
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "referral": self.referral.to_dict(),
            "premium": self.premium.to_dict(),
            "rate_on_line_ppm": self.rate_on_line_ppm,
            "by_section_fen": dict(self.by_section),
            "by_peril_fen": dict(self.by_peril),
            "waterfall": [row.to_dict() for row in self.waterfall],
            "losses": self.evaluation.to_dict(),
            "trace": self.trace.to_dict(),
        }
        if self.experience is not None:
            document["experience"] = self.experience.to_dict()
        if self.screening is not None:
            document["screening"] = self.screening.to_dict()
        return {**document, "hash": document_hash(document)}


@dataclass(frozen=True, slots=True)
class Priced:
    """A loss model through terms and loads: with a history, the model that reads its indicator
    where it has no effect, and the experience rating."""

    model: LossModel
    evaluation: LossEvaluation
    premium: Premium
    experience: ExperienceRating | None


@dataclass(slots=True)
class Pricer:
    """One assessed dossier under one product: builds the loss model once, prices many terms."""

    dossier: Dossier
    assessment: Assessment
    product: Product
    rating: Rating
    model: LossModel
    referral: ReferralRules = field(default_factory=load_referral)
    screening: Screening | None = None
    experience: ExperienceTable = field(default_factory=load_experience_table)
    day: date | None = None

    @classmethod
    def of(
        cls, dossier: Dossier, assessment: Assessment, product: Product,
        rating: Rating | None = None, referral: ReferralRules | None = None,
        screening: Screening | None = None, experience: ExperienceTable | None = None,
        day: date | None = None,
    ) -> Pricer:
        """The pricer of a dossier. The rating is the product's own, the rules of referral and the
        table of experience rating those that ship unless others are given; ``screening`` is what
        is known of a sanctions screening, read on ``day`` (the assessment's unless given)."""
        rating = rating or load_rating(product.rating.table)
        model = build_loss_model(dossier.profile, assessment.posture)
        return cls(dossier, assessment, product, rating, model, referral or load_referral(),
                   screening, experience or load_experience_table(), day)

    def schedule(
        self,
        *,
        inception: date,
        limit_fen: Fen | None = None,
        deductible_fen: Fen | None = None,
    ) -> Schedule:
        """A draft schedule: what is asked for, else what the dossier wants."""
        wanted = self.dossier.profile.limits_wanted
        zeroed = frozenset(
            condition.coverage for condition in self.assessment.conditions
            if condition.code == "sublimit_zero" and condition.coverage is not None)
        return draft_schedule(
            self.dossier.profile, self.product, inception=inception,
            limit_fen=wanted.limit_fen if limit_fen is None else limit_fen,
            deductible_fen=(wanted.event_deductible_fen if deductible_fen is None
                            else deductible_fen),
            without=zeroed)

    def quote(
        self, schedule: Schedule, history: ClaimsHistory | None = None,
        evaluator: Evaluator | None = None,
    ) -> Quote:
        """Price a schedule, by experience where a claims history is given. Raises InputError for a
        schedule that the product does not allow.

        ``evaluator`` is one of a policy with the same terms, where one is at hand.
        """
        if evaluator is None:
            evaluator = Evaluator.of(priced_policy(self.product, schedule, self.assessment.on))
        found = self.priced(evaluator, self.model, history)
        model, priced, experience = found.model, found.evaluation, found.experience
        premium = found.premium
        evaluation = priced if history is None else evaluator.evaluate(self.model)
        rate = multiply_divide(premium.charged_net, PPM, schedule.aggregate_limit_fen, "half_up")
        referral = self.referred(schedule, premium, rate)
        return Quote(
            product=self.product.product_id,
            product_version=self.product.version,
            rating=self.rating.id,
            rating_version=self.rating.version,
            rating_sha256=rating_hash(self.rating),
            tables=self.model.tables.version,
            dossier_sha256=self.assessment.dossier_sha256,
            on=self.assessment.on,
            valid_until=self.assessment.on + timedelta(days=self.rating.validity.quote_days),
            schedule=schedule,
            outcome=referral.stricter(str(self.assessment.outcome)),
            reasons=(*self.assessment.outcome_reasons, *referral.reasons),
            referral=referral,
            premium=premium,
            rate_on_line_ppm=rate,
            by_section=_shared(premium.pure, priced.by_section),
            by_peril=_shared(premium.pure, priced.by_peril),
            evaluation=evaluation,
            model=self.model,
            steps=cache(lambda: waterfall(
                model, priced, evaluator.evaluate(model, neutral=True), premium,
                self.rating, experience)),
            tree=cache(lambda: _trace(model, priced, premium, self.rating, experience)),
            reasons_why=cache(lambda: explain(model, evaluator, self.rating)),
            experience=experience,
            screening=self.screening,
        )

    def priced(
        self, evaluator: Evaluator, model: LossModel, history: ClaimsHistory | None = None
    ) -> Priced:
        """A model of the enterprise, under any posture, priced as a quote prices it."""
        experience = None
        if history is not None:
            model = without_history(model, self.experience)
            experience = rate_experience(model, history, self.experience)
        evaluation = evaluator.evaluate(model)
        return Priced(model, evaluation, make_premium(
            evaluation, self.rating, revenue_fen=model.exposure.revenue_fen,
            days=evaluator.policy.days,
            history=None if experience is None else experience.effect), experience)

    def fixable(self, history: ClaimsHistory | None = None) -> Iterator[str]:
        """The indicators that a fix may raise: with a history not the one that asks for it."""
        for indicator in self.assessment.indicators:
            if history is None or indicator != self.experience.history.indicator:
                yield indicator

    def referred(self, schedule: Schedule, premium: Premium, rate: int) -> ReferralReading:
        """What the rules of referral say of a price: filing, authority, appetite, evidence."""
        assessment = self.assessment
        return apply_rules(self.referral, facts_of(
            self.dossier.profile,
            AssessedFigures(
                confidence_ppm=assessment.confidence_ppm, score_ppm=assessment.total_ppm,
                grade=assessment.grade, knock_outs=len(assessment.knock_outs),
                unconfirmed=len(assessment.unconfirmed), conflicts=len(assessment.conflicts)),
            QuotedFigures(
                aggregate_limit_fen=schedule.aggregate_limit_fen,
                event_deductible_fen=schedule.event_deductible_fen,
                charged_net_fen=premium.charged_net, rate_on_line_ppm=rate,
                adequacy_ppm=premium.adequacy_ppm),
            self.rating,
            None if self.screening is None else self.screening.facts(self.day or assessment.on)))


def quote(
    dossier: Dossier,
    assessment: Assessment,
    product: Product,
    schedule: Schedule,
    rating: Rating | None = None,
) -> Quote:
    """Price one schedule. To price several limits and deductibles keep a ``Pricer``."""
    return Pricer.of(dossier, assessment, product, rating).quote(schedule)


def draft_schedule(
    profile: Profile,
    product: Product,
    *,
    inception: date,
    limit_fen: Fen,
    deductible_fen: Fen,
    policy_no: str = "DRAFT",
    insurer: Party | None = None,
    without: frozenset[str] = frozenset(),
) -> Schedule:
    """One year of the product for an enterprise, with the product's own sublimits."""
    organisation = profile.organisation
    party = Party(name_zh=organisation.name_zh, name_en=organisation.name_en,
                  credit_code=organisation.credit_code)
    return Schedule(
        policy_no=policy_no,
        applicant=party,
        insured=party,
        insurer=insurer or Party(name_zh="待定", name_en="to be named"),
        inception=inception,
        expiry=year_later(inception),
        aggregate_limit_fen=limit_fen,
        each_event_limit_fen=apply_ppm(limit_fen, product.limits.each_event_ppm),
        event_deductible_fen=deductible_fen,
        sections=scheduled_sections(product, limit_fen, without=without),
        layers=scheduled_layers(product, limit_fen),
        retroactive_date=profile.limits_wanted.retroactive_date,
        providers=tuple(provider.id for provider in profile.providers),
    )


def priced_policy(product: Product, schedule: Schedule, on: date) -> Policy:
    """The policy as it is priced: every term that needs explaining counts as explained.

    The price assumes that the insurer does its duty (保险法17条). A policy bound without it pays
    more, and that is not charged for.
    """
    policy = bind(product, schedule)
    keys = tuple(term.key for term in terms_to_explain(policy))
    record = ExplanationRecord(highlighted=True, explained_at=start_of(on), channel="pricing")
    return with_explanations(policy, keys, record)


def _shared(total: Fen, values: Mapping[str, float]) -> dict[str, Fen]:
    """Whole fen that add up to the total."""
    weights = [round(value * 1000.0) for value in values.values()]
    return dict(zip(values, split(total, weights), strict=True))


def _trace(
    model: LossModel, evaluation: LossEvaluation, premium: Premium, rating: Rating,
    experience: ExperienceRating | None = None,
) -> Trace:
    """The factor tree: where every number comes from."""
    by_claims = () if experience is None else (experience.trace,)
    credit = () if experience is None else (
        Trace("premium.no_claims_credit", premium.no_claims_adjustment, "fen", "share_of_charged",
              experience.table.no_claims.origin()),)
    pure = Trace("premium.pure", premium.pure, "fen", "frequency_times_payment", None, tuple(
        Trace(f"pure.{peril}", evaluation.by_peril[peril], "fen", "product", None,
              (_peril_trace(model, peril),))
        for peril in PERILS) + by_claims)
    expenses = tuple(Trace(f"premium.{name}", getattr(premium, name), "fen", "share_of_net",
                           share.origin()) for name, share in rating.expenses.items())
    loads = rating.loads
    technical = Trace("premium.technical_net", premium.technical_net, "fen", "sum", None, (
        pure,
        Trace("premium.parameter", premium.parameter, "fen", "share_of_pure",
              loads.parameter.origin()),
        Trace("premium.risk", premium.risk, "fen", _RISK_OPERATIONS[loads.risk.principle],
              loads.risk.origin(),
              (Trace("standard_deviation", evaluation.standard_deviation, "fen"),)),
        Trace("premium.catastrophe", premium.catastrophe, "fen", "share_of_common",
              loads.catastrophe.origin(), (Trace("common", evaluation.common, "fen"),)),
        Trace("premium.service", premium.service, "fen", "table", rating.service.origin()),
        *expenses,
    ))
    charged = Trace("premium.charged_net", premium.charged_net, "fen", "product", None, (
        technical,
        Trace("market_factor", premium.market_factor_ppm, "ppm", "table",
              rating.market.origin()),
        *credit,
    ))
    return Trace("premium.gross", premium.gross, "fen", "sum", None, (
        charged, Trace("premium.vat", premium.vat, "fen", "share_of_net", rating.tax.origin())))


def _peril_trace(model: LossModel, peril: str) -> Trace:
    one = model.perils[peril]
    row = model.tables.perils[peril]
    severity = Trace(
        "severity", model.ground_up_mean(peril, 10_000_000_000), "fen", "limited_mean",
        row.source, (Trace("limit", 10_000_000_000, "fen"),
                     Trace("severity_industry", model.industry.severity, "ratio", "table",
                           model.industry.severity_source or model.industry.source),
                     *evidence_traces(model.tables, peril),
                     *(factor.trace for factor in one.severity_controls.values()
                       if factor.trace.children)))
    return Trace(f"peril.{peril}", one.frequency.per_year, "per_year", "", Source(
        "Loss model through the policy's own terms", "D"), (one.frequency.trace, severity))
