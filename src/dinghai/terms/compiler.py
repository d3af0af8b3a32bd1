"""A policy becomes a flat table of integer steps, for one shape of incident.

The shape is the coverage of each loss item. The order of the stages after the exclusions is the
product's own (`calculation_order`); the default is DECISIONS 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dinghai.foundation.calendar import start_of
from dinghai.foundation.errors import InputError
from dinghai.foundation.truth import Truth
from dinghai.terms import stages
from dinghai.terms.context import Context
from dinghai.terms.exclusions import (
    EventEffects,
    compile_event_exclusions,
    compile_item_exclusions,
    unless_carved_back,
)
from dinghai.terms.program import Builder, Op, Program
from dinghai.terms.stages import SectionState
from dinghai.terms.valuation import compile_valuation
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Section, Tower
from dinghai.wording.words import Stage

_DAY = 86_400


def compile_policy(policy: Policy, items: Sequence[str]) -> Program:
    """Compile a policy for loss items claimed under these coverages, in this order.

    Outputs are ``total`` (after interim payments), ``inside`` and ``outside`` the aggregate,
    ``pay.<coverage>`` for every coverage with an item, and ``ground_up``. Raises InputError for a
    coverage that the policy does not grant.
    """
    for coverage in items:
        if not policy.grants(coverage):
            raise InputError(f"the policy does not grant {coverage}", field="items",
                             mend="claim it under a coverage of the policy")
    context = Context(Builder(), policy, tuple(items))
    effects = compile_event_exclusions(context)
    sections = [_compile_section(context, effects, section)
                for section in policy.product.sections
                if section.coverage in context.items and policy.grants(section.coverage)]
    for stage in policy.product.calculation_order:
        if sections:
            _STAGES[stage](context, effects, sections)
    towers = {tower.coverage: _compile_tower(context, effects, tower)
              for tower in policy.product.towers if tower.coverage in context.items}
    return _finish(context, sections, towers)


_STAGES: dict[Stage, Callable[[Context, EventEffects, list[SectionState]], None]] = {
    "recoveries": stages.recoveries,
    "average": stages.average,
    "retention": stages.retention,
    "sublimit": stages.sublimit,
    "shared_limits": stages.shared_limits,
    "event_deductible": stages.event_deductible,
    "insured_share": stages.insured_share,
    "other_insurance": stages.other_insurance,
    "each_event_limit": stages.each_event_limit,
    "aggregate_limit": stages.aggregate_limit,
}


def _compile_section(context: Context, effects: EventEffects, section: Section) -> SectionState:
    """Trigger, then each item: valuation, exclusions, reasonableness; summed for the section."""
    builder = context.builder
    covered = _covered(context, effects, section.coverage, section.clause,
                       section.triggers or (), section.trigger_basis)
    amounts, interruptions, waitings = [], [], []
    positions = context.items_of(section.coverage)
    for item in positions:
        valuation = section.valuation
        assert valuation is not None  # a bound policy is resolved
        valued = compile_valuation(context, item, valuation.method, section.waiting,
                                   valuation.window_days, section.clause)
        result = compile_item_exclusions(context, item, section.coverage,
                                         section.exclusions or (), valued.amount,
                                         valued.interruption)
        amounts.append(_reasonable(context, item, result.amount, section.clause))
        if result.interruption is not None and valued.waiting_amount is not None:
            interruptions.append(result.interruption)
            waitings.append(valued.waiting_amount)
    loss = builder.step(Op.SELECT, covered, builder.total(amounts), builder.constant(0))
    context.record("section_loss", section.coverage, clause=section.clause,
                   inputs={"items": builder.total(amounts), "covered": covered},
                   outputs={"amount": loss})
    if section.payability in {"nominal_only", "prohibited"}:
        nominal, loss = loss, builder.constant(0)
        context.record("payability", section.coverage, clause=section.clause,
                       inputs={"nominal": nominal}, outputs={"after": loss},
                       code=section.payability)
    longest = None
    for interruption in interruptions:
        longest = interruption if longest is None else builder.step(
            Op.MAXIMUM, longest, interruption)
    waiting_amount = builder.total(waitings) if waitings else None
    return SectionState(section, positions, loss, loss, longest, waiting_amount)


def _covered(
    context: Context, effects: EventEffects, coverage: str, clause: str,
    triggers: Sequence[str], basis: str | None,
) -> int:
    """Truth: triggered, in time, and not excluded as a whole."""
    builder = context.builder
    happened = builder.some([builder.step(Op.IS_TRUE, context.fact(one)) for one in triggers])
    in_time, timing_facts = _in_time(context, basis)
    triggered = builder.step(Op.AND, happened, in_time)
    context.record("trigger", coverage, clause=clause,
                   outputs={"happened": happened, "in_time": in_time, "triggered": triggered},
                   facts=(*triggers, *timing_facts), code=basis or "")
    kept = builder.truth(Truth.TRUE)
    for exclusion, applies in effects.excluded:
        here = unless_carved_back(context, exclusion, coverage, applies, None)
        kept = builder.step(Op.SELECT, here, builder.truth(Truth.FALSE), kept)
    return builder.step(Op.AND, triggered, kept)


def _in_time(context: Context, basis: str | None) -> tuple[int, tuple[str, ...]]:
    """Whether the deciding moment lies inside the policy period (or extended reporting)."""
    builder = context.builder
    schedule = context.policy.schedule
    first = int(start_of(schedule.inception).timestamp())
    end = int(start_of(schedule.expiry).timestamp()) + _DAY
    moment = {"occurrence": "incident.first_occurrence_at", "discovery": "incident.discovered_at",
              "claims_made": "claim.made_at"}.get(basis or "")
    if moment is None:
        return builder.truth(Truth.TRUE), ()
    if basis == "claims_made":
        end += context.policy.product.basis.extended_reporting_days * _DAY
    register = context.fact(moment)
    after = builder.step(Op.LESS_OR_EQUAL, builder.constant(first), register)
    before = builder.step(Op.LESS, register, builder.constant(end))
    return builder.step(Op.AND, after, before), (moment,)


def _reasonable(context: Context, item: int, amount: int, clause: str) -> int:
    """Cap by the amount found necessary and reasonable, once somebody has found it."""
    builder = context.builder
    fact = context.fact("item.reasonable_amount", item)
    capped = builder.step(Op.MINIMUM, amount, builder.step(Op.VALUE, fact))
    result = builder.step(Op.SELECT, builder.step(Op.EXISTS, fact), capped, amount)
    context.record("reasonableness", f"item[{item}]", clause=clause, law=("保险法22条",),
                   inputs={"before": amount}, outputs={"after": result},
                   facts=("item.reasonable_amount",))
    return result


def _compile_tower(context: Context, effects: EventEffects, tower: Tower) -> int:
    """A cover outside the aggregate: no deductible, no insured's share, its own cap."""
    builder = context.builder
    covered = _covered(context, effects, tower.coverage, tower.clause, tower.triggers or (), None)
    amounts = []
    for item in context.items_of(tower.coverage):
        valued = compile_valuation(context, item, "actual_cost", None, None, tower.clause)
        amounts.append(_reasonable(context, item, valued.amount, tower.clause))
    before = builder.step(Op.SELECT, covered, builder.total(amounts), builder.constant(0))
    pay = before
    if tower.cap == "sum_insured":
        cap = context.amount(context.policy.schedule.aggregate_limit_fen)
        pay = builder.step(Op.MINIMUM, before, cap)
    context.record("tower", tower.coverage, clause=tower.clause, law=(tower.law,),
                   inputs={"before": before}, outputs={"after": pay})
    return pay


def _finish(context: Context, sections: list[SectionState], towers: dict[str, int]) -> Program:
    builder = context.builder
    inside = builder.total([state.amount for state in sections])
    outside = builder.total(list(towers.values()))
    due = builder.step(Op.ADD, inside, outside)
    interim = builder.step(Op.MINIMUM, context.prior("interim_paid"), due)
    total = builder.step(Op.SUBTRACT, due, interim)
    context.record("interim", "event", law=("保险法25条",), inputs={"due": due},
                   outputs={"interim": interim, "total": total})
    builder.outputs.update({"total": total, "inside": inside, "outside": outside, "due": due,
                            "interim": interim,
                            "ground_up": builder.total([state.loss for state in sections])})
    for state in sections:
        builder.outputs[f"pay.{state.section.coverage}"] = state.amount
    for coverage, register in towers.items():
        builder.outputs[f"pay.{coverage}"] = register
    return builder.build(context.items)
