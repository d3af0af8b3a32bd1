"""What a product costs for what it is expected to pay, or the reason why nobody can say.

The expected payout comes from the loss model through the product's own terms. A product that
grants what the model does not know has no expected payout: a part of it would make the product
look dearer than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from dinghai.comparison.documents import Price, Reason
from dinghai.foundation.errors import InputError
from dinghai.foundation.money import multiply_divide
from dinghai.losses.evaluation import ITEM_FACTS, Evaluator, LossEvaluation
from dinghai.losses.model import LossModel
from dinghai.pricing.premium import Premium, make_premium
from dinghai.pricing.rating import Rating, load_rating
from dinghai.terms.interruption import PROFILE
from dinghai.terms.valuation import REQUIRED
from dinghai.vocabulary.coverages import coverages
from dinghai.wording.policy import Policy
from dinghai.wording.schema import Product

_MILLION_YUAN = 100_000_000
ModelledFacts = Mapping[str, frozenset[str]]

Code = Literal["coverages_not_modelled", "valuation_not_modelled", "nothing_modelled",
               "no_expected_payout", "no_rating"]
_WORDS: dict[Code, tuple[str, str]] = {
    "coverages_not_modelled": (
        "损失模型不涉及这些保障，期望赔付无从得出",
        "the loss model does not know these coverages, so there is no expected payout"),
    "valuation_not_modelled": (
        "损失模型不提供这些保障的定损方式所需的事实",
        "the loss model lacks facts that the valuation of these coverages asks for"),
    "nothing_modelled": ("损失模型不涉及该产品的任何保障",
                         "the loss model knows none of the product's coverages"),
    "no_expected_payout": ("按此限额与免赔额，期望赔付为零",
                           "with this limit and deductible the expected payout is nothing"),
    "no_rating": ("该产品的费率表不存在", "there is no rating table of this name"),
}


def modelled_facts(model: LossModel) -> ModelledFacts:
    """The item facts that the loss model brings, by coverage."""
    events = next(iter(model.perils.values())).events
    return {code: frozenset(facts(events, lambda: events.duration_seconds))
            for code, facts in ITEM_FACTS.items()}


def own_rating(product: Product) -> Rating:
    """The shipped rating that a product names. Raises InputError where there is none."""
    return load_rating(product.rating.table)


def price(
    policy: Policy, model: LossModel, facts: ModelledFacts,
    rating_of: Callable[[Product], Rating] = own_rating,
) -> Price:
    """Premium, expected payout and the price of ¥1m of it; reasons where there is none."""
    reasons = _gaps(policy, facts)
    unvalued = {code for one in reasons if one.code == "valuation_not_modelled"
                for code in one.coverages}
    known = [code for code in facts if policy.grants(code) and code not in unvalued]
    evaluation = Evaluator.of(policy).evaluate(model) if known else None
    modelled = {code: round(evaluation.by_section[code]) for code in known
                } if evaluation is not None else {}
    premium = None
    if evaluation is None:
        reasons = [_reason("nothing_modelled")]
    elif not reasons:
        premium, reasons = _premium(policy, model, evaluation, rating_of)
    return _priced(policy, premium, modelled, reasons)


def _priced(
    policy: Policy, premium: Premium | None, modelled: dict[str, int], reasons: list[Reason]
) -> Price:
    expected = premium.pure if premium is not None else None
    per_million = None
    if premium is not None and expected:
        per_million = multiply_divide(premium.gross, _MILLION_YUAN, expected, "half_up")
    elif premium is not None:
        reasons = [*reasons, _reason("no_expected_payout")]
    return Price(
        product=policy.product.product_id,
        version=policy.product.version,
        gross_premium_fen=premium.gross if premium is not None else None,
        charged_net_fen=premium.charged_net if premium is not None else None,
        expected_payout_fen=expected,
        per_million_fen=per_million,
        modelled_payout_fen=sum(modelled.values()) if expected is None else expected,
        modelled_by_coverage_fen=modelled,
        reasons=tuple(reasons))


def _premium(
    policy: Policy, model: LossModel, evaluation: LossEvaluation,
    rating_of: Callable[[Product], Rating],
) -> tuple[Premium | None, list[Reason]]:
    try:
        rating = rating_of(policy.product)
    except InputError:
        return None, [_reason("no_rating", detail=policy.product.rating.table)]
    return make_premium(evaluation, rating, revenue_fen=model.exposure.revenue_fen,
                        days=policy.days), []


def _gaps(policy: Policy, facts: ModelledFacts) -> list[Reason]:
    """Coverages that pay cash and that the model does not know, or not as they are valued."""
    unknown, unvalued = [], []
    for section in policy.product.sections:
        if not policy.grants(section.coverage) or not _pays(section.coverage, section.payability):
            continue
        method = section.valuation.method if section.valuation is not None else None
        if section.coverage not in facts:
            unknown.append(section.coverage)
        elif method is not None and not facts[section.coverage].issuperset(
                set(REQUIRED[method]) - {PROFILE}):  # the model spreads a loss over its hours
            unvalued.append(section.coverage)
    unknown += [one.coverage for one in policy.product.towers if one.coverage not in facts]
    reasons = []
    if unknown:
        reasons.append(_reason("coverages_not_modelled", tuple(unknown)))
    if unvalued:
        reasons.append(_reason("valuation_not_modelled", tuple(unvalued)))
    return reasons


def _pays(coverage: str, payability: str | None) -> bool:
    """Whether it can pay money on the mainland; a service in kind is no payout."""
    in_kind = coverages()[coverage].coverage_class == "service"
    return not in_kind and payability not in {"nominal_only", "prohibited"}


def _reason(code: Code, about: tuple[str, ...] = (), detail: str = "") -> Reason:
    zh, en = _WORDS[code]
    names = ", ".join(about) or detail
    return Reason(code=code, coverages=about, zh=f"{zh}：{names}" if names else zh,
                  en=f"{en}: {names}" if names else en)
