"""The stages of the calculation after the exclusions, each over all sections at once.

A stage reads and replaces ``state.amount``; it leaves a rule for the trace on every section.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from dinghai.foundation.truth import Truth
from dinghai.terms.context import Context
from dinghai.terms.exclusions import EventEffects, touches, unless_carved_back
from dinghai.terms.limits import aggregate_limit, each_event_limit, shared_limits, sublimit
from dinghai.terms.program import Op
from dinghai.terms.retentions import event_deductible, retention
from dinghai.terms.sharing import insured_share, layers, other_insurance, premium_paid
from dinghai.terms.states import SectionState, applies, recovered, replace
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.words import Stage


def recoveries(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Recoveries already received and amounts lost by late notice come off the loss."""
    builder = context.builder
    for state in states:
        received = recovered(context, state)
        replace(context, state, "recoveries", builder.less(state.amount, received),
                inputs={"recovered": received}, facts=("item.recovered",), law=("保险法60条",))
    for exclusion, taken in effects.reductions:
        _reduce(context, exclusion, taken,
                [state for state in states if touches(exclusion, state.coverage)])


def _reduce(
    context: Context, exclusion: Exclusion, taken: int, group: list[SectionState]
) -> None:
    """An amount off the event, pro rata over the sections that the exclusion does not spare."""
    builder, zero = context.builder, context.builder.constant(0)
    if not group:
        return
    parts = []
    for state in group:
        stays = unless_carved_back(context, exclusion, state.coverage,
                                   builder.truth(Truth.TRUE), None)
        parts.append(builder.step(Op.SELECT, stays, state.amount, zero))
    kept = builder.split(parts, builder.less(builder.total(parts), taken))
    for state, part, left in zip(group, parts, kept, strict=True):
        lost = builder.step(Op.SUBTRACT, part, left)
        replace(context, state, "reduction", builder.step(Op.SUBTRACT, state.amount, lost),
                code=exclusion.code, clause=exclusion.clause, inputs={"taken_of_event": taken},
                law=tuple(filter(None, (exclusion.law,))))


def average(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Under-insurance, only where the product declares it (保险法55条) and explained it: a clause
    that pays in proportion is one that limits liability (解释二9条)."""
    builder = context.builder
    names = ("bi.insurable_amount", "property.insurable_amount")
    for state in states:
        if not state.section.average or not applies(
                context, f"average:{state.coverage}", state.name):
            continue
        insured = context.amount(context.policy.sublimit(state.coverage))
        insurable = builder.constant(0)
        for item in state.items:
            for name in names:
                insurable = builder.step(Op.MAXIMUM, insurable, context.value(name, item))
        reduced = builder.ratio(state.amount, insured, insurable)
        under = builder.step(Op.LESS, insured, insurable)
        replace(context, state, "average", builder.step(Op.SELECT, under, reduced, state.amount),
                inputs={"sum_insured": insured, "insurable": insurable}, facts=names,
                law=("保险法55条",))


STAGES: Final[dict[Stage, Callable[[Context, EventEffects, list[SectionState]], None]]] = {
    "recoveries": recoveries,
    "average": average,
    "retention": retention,
    "sublimit": sublimit,
    "shared_limits": shared_limits,
    "event_deductible": event_deductible,
    "insured_share": insured_share,
    "premium_paid": premium_paid,
    "other_insurance": other_insurance,
    "each_event_limit": each_event_limit,
    "aggregate_limit": aggregate_limit,
    "layers": layers,
}
