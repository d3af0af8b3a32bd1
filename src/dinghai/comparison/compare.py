"""Products side by side for one enterprise, as one frozen document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import msgspec

from dinghai.assessment.profile import Profile
from dinghai.comparison.cliffs import cliffs
from dinghai.comparison.cover import cover_matrix
from dinghai.comparison.documents import (
    ComparedProduct,
    Comparison,
    Conformance,
    Deviation,
    Enterprise,
    Price,
    ScenarioLoss,
    ScenarioResult,
)
from dinghai.comparison.payouts import payout
from dinghai.comparison.policies import ComparedPolicy, compared_policy
from dinghai.comparison.price import modelled_facts, own_rating, price
from dinghai.comparison.scenarios import (
    Occurrence,
    Scenario,
    load_scenario,
    occur,
    shipped_scenarios,
)
from dinghai.foundation.canonical import sha256_hex
from dinghai.foundation.errors import Fault, InputError
from dinghai.foundation.money import Fen
from dinghai.losses.effects import Posture
from dinghai.losses.exposure import Exposure, exposure_of
from dinghai.losses.model import LossModel, build_loss_model
from dinghai.losses.tables import shipped_tables
from dinghai.pricing.rating import Rating
from dinghai.wording.conformance import check_product
from dinghai.wording.policy import Policy
from dinghai.wording.products import VOCABULARY_VERSION
from dinghai.wording.schema import Product

STANDARD_INCEPTION: Final = date(2026, 1, 1)
"""The policy year of a comparison unless another is asked for: a year of 365 days."""


def compare(
    products: Sequence[Product],
    enterprise: Profile,
    *,
    posture: Posture | None = None,
    scenarios: Sequence[str] | None = None,
    aggregate_limit_fen: Fen | None = None,
    event_deductible_fen: Fen | None = None,
    inception: date = STANDARD_INCEPTION,
    rating_of: Callable[[Product], Rating] = own_rating,
) -> Comparison:
    """Compare products for an enterprise. Neither products nor scenarios have an order.

    ``posture`` is the assessment's (indicator → ppm); without it the loss model's cautious priors
    stand for every control. ``scenarios`` are ids or files, all standard ones by default. Limit
    and deductible are those that the enterprise wants unless given, the same for every product as
    far as its bounds allow; ``rating_of`` gives a product's rating, the shipped one it names by
    default. Raises InputError for nothing to compare, a product twice, or one that
    no policy can be made of.
    """
    ordered = _ordered(products)
    wanted = enterprise.limits_wanted
    limit = wanted.limit_fen if aggregate_limit_fen is None else aggregate_limit_fen
    deductible = (wanted.event_deductible_fen if event_deductible_fen is None
                  else event_deductible_fen)
    compared = [compared_policy(one, enterprise, inception=inception, limit_fen=limit,
                                deductible_fen=deductible) for one in ordered]
    policies = [one.policy for one in compared]
    exposure = exposure_of(enterprise)
    model = build_loss_model(enterprise, posture or {})
    return Comparison(
        schema="dinghai.comparison/1",
        enterprise=_enterprise(enterprise, exposure, posture is not None),
        inception=inception,
        vocabulary=VOCABULARY_VERSION,
        calibration=shipped_tables().version,
        products=tuple(_product(one) for one in compared),
        cover=cover_matrix(policies),
        cliffs=cliffs(ordered),
        scenarios=tuple(_scenario(one, exposure, inception, policies)
                        for one in _scenarios(scenarios)),
        prices=_prices(policies, model, rating_of))


def _ordered(products: Sequence[Product]) -> list[Product]:
    ordered = sorted(products, key=lambda one: (one.product_id, one.version))
    keys = [(one.product_id, one.version) for one in ordered]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise InputError.of(Fault(f"{name} {version} stands twice", field="products",
                                  mend="compare it once") for name, version in twice)
    if not ordered:
        raise InputError("there is no product to compare", field="products",
                         mend="name at least one")
    return ordered


def _scenarios(names: Sequence[str] | None) -> list[Scenario]:
    chosen = [load_scenario(one) for one in (shipped_scenarios() if names is None else names)]
    ids = [one.id for one in chosen]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise InputError(f"the scenario {twice[0]} stands twice", field="scenarios",
                         mend="name it once")
    return sorted(chosen, key=lambda one: one.id)


def _enterprise(profile: Profile, exposure: Exposure, assessed: bool) -> Enterprise:
    organisation = profile.organisation
    return Enterprise(
        name_zh=organisation.name_zh, name_en=organisation.name_en, industry=exposure.industry,
        revenue_fen=exposure.revenue_fen,
        gross_profit_per_day_fen=exposure.gross_profit_per_day_fen,
        personal_records=exposure.personal_records, endpoints=exposure.endpoints,
        posture="assessed" if assessed else "unknown")


def _product(compared: ComparedPolicy) -> ComparedProduct:
    product, schedule = compared.product, compared.policy.schedule
    return ComparedProduct(
        product=product.product_id, version=product.version, name_zh=product.name_zh,
        name_en=product.name_en, line=product.line, status=product.status,
        aggregate_limit_fen=schedule.aggregate_limit_fen,
        each_event_limit_fen=schedule.each_event_limit_fen,
        event_deductible_fen=schedule.event_deductible_fen,
        retroactive_date=schedule.retroactive_date, adjusted=compared.adjusted,
        policy_sha256=_sha256(compared.policy), conformance=_conformance(product))


def _conformance(product: Product) -> Conformance:
    report = check_product(product)
    return Conformance(
        conforming=report.conforming, monotone=report.monotone, score=report.score,
        deviations=tuple(Deviation(rule=one.rule, severity=one.severity, field=one.field,
                                   clause=one.clause, zh=one.zh, en=one.en)
                         for one in report.deviations))


def _sha256(policy: Policy) -> str:
    """The policy's own hash: sorted compact JSON of texts and whole numbers is canonical JSON."""
    return sha256_hex(msgspec.json.encode(policy, order="sorted"))


def _scenario(
    scenario: Scenario, exposure: Exposure, inception: date, policies: Sequence[Policy]
) -> ScenarioResult:
    occurrence = occur(scenario, exposure, inception)
    applies = not occurrence.not_applicable
    return ScenarioResult(
        scenario=scenario.id, version=scenario.version, name_zh=scenario.name_zh,
        name_en=scenario.name_en, summary_zh=scenario.summary_zh,
        summary_en=scenario.summary_en, not_applicable=occurrence.not_applicable or None,
        loss_fen=occurrence.loss_fen, losses=_losses(occurrence),
        products=tuple(payout(occurrence, one) for one in policies) if applies else ())


def _losses(occurrence: Occurrence) -> tuple[ScenarioLoss, ...]:
    return tuple(
        ScenarioLoss(kind=incurred.kind.id, name_zh=incurred.name_zh, name_en=incurred.name_en,
                     amount_fen=incurred.amount_fen, source=item.source,
                     confidence=item.confidence)
        for incurred, item in zip(occurrence.items, occurrence.scenario.items, strict=False))


def _prices(
    policies: Sequence[Policy], model: LossModel, rating_of: Callable[[Product], Rating]
) -> tuple[Price, ...]:
    facts = modelled_facts(model)
    return tuple(price(one, model, facts, rating_of) for one in policies)
