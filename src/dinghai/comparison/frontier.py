"""Controls or transfer: what each further fix leaves to insure and to bear (DECISIONS 29).

For each step of the treatment plan: effort and money spent so far, the premium that is then
charged, and the expected loss that no policy takes. Costs are the shipped judgement unless the
enterprise gives its own.
"""

from __future__ import annotations

from datetime import date

from dinghai.comparison.ground_up import GroundUp
from dinghai.comparison.needs_documents import Frontier, FrontierPoint
from dinghai.foundation.money import PPM, Fen, apply_ppm
from dinghai.losses.model import LossModel
from dinghai.pricing.budget import step_cost
from dinghai.pricing.claims_history import ClaimsHistory
from dinghai.pricing.quote import Pricer
from dinghai.pricing.rating import FixCosts, load_effort, load_fix_costs
from dinghai.pricing.treatment import treatment_plan


def frontier(
    pricer: Pricer, *, limit_fen: Fen, deductible_fen: Fen, inception: date, mean_limit_fen: Fen,
    costs: FixCosts | None = None, history: ClaimsHistory | None = None,
) -> Frontier:
    """The points from today to every control in full, in the treatment plan's order.

    ``mean_limit_fen`` limits each incident in the means. Premiums are net of VAT and without the
    filed minimum, which would hide what a fix is worth. With a history the premiums are those of
    quotes with it, and its modification moves every expected loss.
    """
    schedule = pricer.schedule(inception=inception, limit_fen=limit_fen,
                               deductible_fen=deductible_fen)
    plan = treatment_plan(pricer, schedule, history)
    table = load_effort()
    model, posture, effort = pricer.model, dict(pricer.model.posture), 0
    spent: Fen | None = 0
    today = None if plan.experience is None else plan.experience.modification_ppm
    points = [_point("", effort, spent, plan.charged_net_fen, plan.expected_loss_fen, model,
                     mean_limit_fen, today)]
    for step in plan.path:
        cost = _cost(pricer, step.indicator, step.to_ppm, costs or load_fix_costs())
        spent = None if spent is None or cost is None else spent + cost
        posture[step.indicator] = step.to_ppm
        model = model.with_posture(posture)
        effort += table.weights.of(table.classes[step.indicator])
        points.append(_point(step.indicator, effort, spent, step.charged_net_fen,
                             step.expected_loss_fen, model, mean_limit_fen,
                             step.modification_ppm))
    return Frontier(product=pricer.product.product_id, version=pricer.product.version,
                    aggregate_limit_fen=limit_fen, event_deductible_fen=deductible_fen,
                    points=tuple(points))


def _cost(pricer: Pricer, indicator: str, to_ppm: int, costs: FixCosts) -> Fen | None:
    exposure = pricer.model.exposure
    full = costs.full(indicator, endpoints=exposure.endpoints, people=exposure.headcount)
    score = pricer.model.posture.get(indicator)
    known = int(pricer.model.tables.controls["missing_prior_ppm"]) if score is None else score
    return None if full is None else step_cost(full, known, to_ppm)


def _point(
    indicator: str, effort: int, spent: Fen | None, charged: Fen, payout: Fen, model: LossModel,
    limit_fen: Fen, modification_ppm: int | None,
) -> FrontierPoint:
    ground_up = GroundUp(model)
    whole = apply_ppm(round(ground_up.together(ground_up.by_coverage).mean(limit_fen)),
                      PPM if modification_ppm is None else modification_ppm)
    return FrontierPoint(indicator=indicator, effort=effort, spent_fen=spent,
                         charged_net_fen=charged,
                         expected_payout_fen=payout, expected_loss_fen=whole,
                         kept_fen=max(whole - payout, 0))
