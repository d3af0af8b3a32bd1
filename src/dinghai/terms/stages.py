"""The stages of the calculation after the exclusions, each over all sections at once.

A stage reads and replaces ``state.amount``; it leaves a rule for the trace on every section.
"""

from __future__ import annotations

from dataclasses import dataclass

from dinghai.foundation.money import PPM
from dinghai.terms.context import Context
from dinghai.terms.exclusions import EventEffects
from dinghai.terms.program import Op
from dinghai.wording.exclusions import Exclusion
from dinghai.wording.policy import explained
from dinghai.wording.sections import Section


@dataclass(slots=True)
class SectionState:
    """One section under way. Registers: the loss, the amount so far, the longest interruption and
    the gross profit of the waiting time; ``deductible_taken`` is what its own retention already
    took of the event deductible.
    """

    section: Section
    items: tuple[int, ...]
    loss: int
    amount: int
    interruption: int | None
    waiting_amount: int | None
    deductible_taken: int | None = None

    @property
    def waits(self) -> bool:
        """Whether the section has a waiting time of its own."""
        return self.section.waiting is not None and self.waiting_amount is not None


def recoveries(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Recoveries already received and amounts lost by late notice come off the loss."""
    builder = context.builder
    for state in states:
        received = builder.total([
            builder.step(Op.VALUE, context.fact("item.recovered", item)) for item in state.items])
        _replace(context, state, "recoveries", builder.not_below_zero(
            builder.step(Op.SUBTRACT, state.amount, received)),
            inputs={"recovered": received}, facts=("item.recovered",), law=("保险法60条",))
    for exclusion, taken in effects.reductions:
        amounts = [state.amount for state in states]
        left = builder.not_below_zero(builder.step(Op.SUBTRACT, builder.total(amounts), taken))
        for state, after in zip(states, builder.split(amounts, left), strict=True):
            _replace(context, state, "reduction", after, inputs={"taken_of_event": taken},
                     code=exclusion.code, clause=exclusion.clause,
                     law=tuple(filter(None, (exclusion.law,))))


def average(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Under-insurance, only where the product declares it (保险法55条)."""
    builder = context.builder
    for state in states:
        if not state.section.average:
            continue
        insured = context.amount(context.policy.sublimit(state.section.coverage))
        insurable = builder.constant(0)
        for item in state.items:
            value = builder.step(Op.VALUE, context.fact("bi.insurable_amount", item))
            insurable = builder.step(Op.MAXIMUM, insurable, value)
        reduced = builder.step(Op.PRODUCT_HALF_UP, state.amount, insured, insurable)
        under = builder.step(Op.LESS, insured, insurable)
        _replace(context, state, "average",
                 builder.step(Op.SELECT, under, reduced, state.amount),
                 inputs={"sum_insured": insured, "insurable": insurable},
                 facts=("bi.insurable_amount",), law=("保险法55条",))


def retention(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """A section's own retention or waiting; what it takes of the event deductible is noted."""
    deductible = _event_deductible(context, effects)
    for state in states:
        if state.waits and explained(context.policy, f"waiting:{state.section.coverage}",
                                     "explain"):
            _waiting(context, state, deductible)
        elif state.section.retention.kind in {"fixed", "percentage", "higher_of", "lower_of"}:
            _own_retention(context, state)


def _waiting(context: Context, state: SectionState, deductible: int) -> None:
    builder = context.builder
    waiting = state.section.waiting
    assert waiting is not None and state.waiting_amount is not None
    assert state.interruption is not None
    zero = builder.constant(0)
    money = deductible if state.section.retention.kind == "event_deductible" else zero
    if waiting.mode == "higher_of":
        taken = builder.step(Op.MAXIMUM, money, state.waiting_amount)
    elif waiting.mode == "waiting_then_deductible":
        taken = builder.step(Op.ADD, state.waiting_amount, money)
    elif waiting.mode == "replaces_deductible":
        taken, money = state.waiting_amount, zero
    else:
        money = money if waiting.deductible == "kept" else zero
        taken = money
    left = builder.not_below_zero(builder.step(Op.SUBTRACT, state.amount, taken))
    exceeded = builder.step(Op.LESS, builder.constant(waiting.seconds), state.interruption)
    after = builder.step(Op.SELECT, exceeded, left, zero)
    used = builder.step(Op.MINIMUM, money, state.amount)
    state.deductible_taken = builder.step(Op.SELECT, exceeded, used, zero)
    _replace(context, state, "waiting", after, code=waiting.mode,
             inputs={"waiting_amount": state.waiting_amount, "event_deductible": money,
                     "taken": taken, "exceeded": exceeded, "interruption": state.interruption},
             waiting_seconds=waiting.seconds)


def _own_retention(context: Context, state: SectionState) -> None:
    builder = context.builder
    own = state.section.retention
    if not explained(context.policy, f"retention:{state.section.coverage}", "explain"):
        return
    fixed = builder.constant(own.amount_fen)
    share = builder.step(Op.PRODUCT_HALF_UP, state.amount, builder.constant(own.ppm),
                         builder.constant(PPM))
    taken = {
        "fixed": lambda: fixed,
        "percentage": lambda: share,
        "higher_of": lambda: builder.step(Op.MAXIMUM, fixed, share),
        "lower_of": lambda: builder.step(Op.MINIMUM, fixed, share),
    }[own.kind]()
    after = builder.not_below_zero(builder.step(Op.SUBTRACT, state.amount, taken))
    _replace(context, state, "retention", after, code=own.kind, inputs={"taken": taken})


def _event_deductible(context: Context, effects: EventEffects) -> int:
    """The event deductible of this event: nothing unless explained; uplifts multiply it."""
    builder = context.builder
    policy = context.policy
    proved = explained(policy, "event_deductible", "explain")
    amount = context.amount(policy.schedule.event_deductible_fen if proved else 0)
    factor = _heaviest(context, effects.uplifts)
    one = builder.constant(PPM)
    return builder.step(Op.PRODUCT_HALF_UP, amount, builder.step(Op.ADD, one, factor), one)


def sublimit(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """The section's own limit; an annual one is what was not yet paid out of it."""
    builder = context.builder
    for state in states:
        coverage = state.section.coverage
        limit = context.amount(context.policy.sublimit(coverage))
        paid = builder.constant(0)
        if state.section.sublimit.basis == "annual":
            paid = context.prior(f"section.{coverage}")
            limit = builder.not_below_zero(builder.step(Op.SUBTRACT, limit, paid))
        _replace(context, state, "sublimit", builder.step(Op.MINIMUM, state.amount, limit),
                 inputs={"limit_left": limit, "paid_before": paid})


def shared_limits(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Limits that sections share, pro rata within the group (DECISIONS 1, 8)."""
    builder = context.builder
    aggregate = context.policy.schedule.aggregate_limit_fen
    for shared in context.policy.product.shared_limits:
        group = [state for state in states if state.section.coverage in shared.coverages]
        if not group:
            continue
        fen = (shared.amount_fen if shared.amount_fen is not None
               else aggregate * (shared.ppm_of_aggregate or PPM) // PPM)
        left = builder.not_below_zero(builder.step(
            Op.SUBTRACT, context.amount(fen), context.prior(f"shared.{shared.id}")))
        _cut(context, group, left, "shared_limit", "limit_left", code=shared.id,
             clause=shared.clause)


def event_deductible(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Once per event, on sections without their own waiting; pro rata among them."""
    builder = context.builder
    group = [state for state in states if state.deductible_taken is None
             and state.section.retention.kind == "event_deductible"]
    if not group:
        return
    whole = _event_deductible(context, effects)
    taken = [state.deductible_taken for state in states if state.deductible_taken is not None]
    left = whole
    for one in taken:
        left = builder.not_below_zero(builder.step(Op.SUBTRACT, left, one))
    total = builder.total([state.amount for state in group])
    kept = builder.not_below_zero(builder.step(Op.SUBTRACT, total, left))
    before = [state.amount for state in group]
    for state, was, after in zip(group, before, builder.split(before, kept), strict=True):
        share = builder.step(Op.SUBTRACT, was, after)
        _replace(context, state, "event_deductible", after,
                 inputs={"deductible": whole, "left_after_waiting": left, "share": share})


def insured_share(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """The insured's own share: agreed points and penalties; one fact is punished once."""
    builder = context.builder
    penalties = _heaviest(context, effects.shares)
    one = builder.constant(PPM)
    for state in states:
        agreed = state.section.insured_share_ppm
        if agreed and not explained(
                context.policy, f"insured_share:{state.section.coverage}", "explain"):
            agreed = 0
        share = builder.step(Op.MINIMUM, one, builder.step(
            Op.ADD, builder.constant(agreed), penalties))
        kept = builder.step(Op.SUBTRACT, one, share)
        _replace(context, state, "insured_share",
                 builder.step(Op.PRODUCT_HALF_UP, state.amount, kept, one),
                 inputs={"share_ppm": share, "penalties_ppm": penalties})


def other_insurance(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """What other insurance has paid for the same loss (保险法56条)."""
    builder = context.builder
    for state in states:
        paid = builder.total([
            builder.step(Op.VALUE, context.fact("item.other_insurance_paid", item))
            for item in state.items])
        _replace(context, state, "other_insurance", builder.not_below_zero(
            builder.step(Op.SUBTRACT, state.amount, paid)),
            inputs={"paid_elsewhere": paid}, facts=("item.other_insurance_paid",),
            law=("保险法56条",))


def each_event_limit(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """The limit of one event, less what was already paid for it."""
    builder = context.builder
    limit = context.amount(context.policy.schedule.each_event_limit_fen)
    left = builder.not_below_zero(builder.step(Op.SUBTRACT, limit, context.prior("event_paid")))
    _cut(context, states, left, "each_event_limit", "limit_left")


def aggregate_limit(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """What is left of the year's aggregate; it erodes by what was paid out of it."""
    builder = context.builder
    limit = context.amount(context.policy.schedule.aggregate_limit_fen)
    left = builder.not_below_zero(
        builder.step(Op.SUBTRACT, limit, context.prior("aggregate_paid")))
    _cut(context, states, left, "aggregate_limit", "limit_left")


def _heaviest(context: Context, groups: dict[str, list[tuple[Exclusion, int]]]) -> int:
    """Points of all penalty groups: the heaviest of each group, unless declared cumulative."""
    builder = context.builder
    total = builder.constant(0)
    for members in groups.values():
        heaviest = builder.constant(0)
        for exclusion, points in members:
            op = Op.ADD if exclusion.cumulative else Op.MAXIMUM
            heaviest = builder.step(op, heaviest, points)
        total = builder.step(Op.ADD, total, heaviest)
    return total


def _cut(
    context: Context, group: list[SectionState], left: int, name: str, word: str, *,
    code: str = "", clause: str = "",
) -> None:
    before = [state.amount for state in group]
    for state, after in zip(group, context.builder.split(before, left), strict=True):
        _replace(context, state, name, after, inputs={word: left}, code=code, clause=clause)


def _replace(
    context: Context, state: SectionState, name: str, after: int, *,
    inputs: dict[str, int], facts: tuple[str, ...] = (), law: tuple[str, ...] = (),
    code: str = "", clause: str = "", **details: object,
) -> None:
    context.record(name, state.section.coverage, clause=clause or state.section.clause, law=law,
                   inputs={"before": state.amount, **inputs}, outputs={"after": after},
                   facts=facts, code=code, **details)
    state.amount = after
