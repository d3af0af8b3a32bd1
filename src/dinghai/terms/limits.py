"""Stages of limits: sublimits, shared limits, one event, the year, and what each erodes by."""

from __future__ import annotations

from dinghai.foundation.money import PPM, apply_ppm
from dinghai.terms.context import Context
from dinghai.terms.exclusions import EventEffects
from dinghai.terms.program import Op
from dinghai.terms.states import SectionState, cut
from dinghai.wording.sections import SharedLimit


def sublimit(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """A section's own limit: what was not yet paid out of it in the year or for the event."""
    by_key: dict[str, list[SectionState]] = {}
    for state in states:
        by_key.setdefault(sublimit_key(state), []).append(state)
    for key, group in by_key.items():
        builder = context.builder
        section = group[0].section
        limit = context.amount(context.policy.sublimit(section.coverage))
        paid = context.prior(key)
        left = builder.less(limit, paid)
        if section.retention.limit == "including":
            kept = [state.retained for state in group if state.retained is not None]
            left = builder.less(left, builder.total(kept))
        for state in group:
            state.limit_left = left
        before = [state.amount for state in group]
        cut(context, group, left, "sublimit", "limit_left", inputs={"paid_before": paid})
        for state, amount in zip(group, before, strict=True):
            state.cut_off = builder.step(Op.SUBTRACT, amount, state.amount)


def sublimit_key(state: SectionState) -> str:
    """What a sublimit erodes by: paid in the year or for the event, by all or by this insured."""
    own = state.section.sublimit
    scope = "section" if own.basis == "annual" else "event_section"
    return f"{scope}.{state.name if own.per == 'insured' else state.coverage}"


def shared_limits(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Limits that sections share, pro rata within the group (DECISIONS 1, 8)."""
    aggregate = context.policy.schedule.aggregate_limit_fen
    for shared in context.policy.product.shared_limits:
        group = [state for state in states if state.coverage in shared.coverages]
        ppm = PPM if shared.ppm_of_aggregate is None else shared.ppm_of_aggregate
        fen = shared.amount_fen if shared.amount_fen is not None else apply_ppm(aggregate, ppm)
        if group:
            left = context.builder.less(context.amount(fen), context.prior(shared_key(shared)))
            cut(context, group, left, "shared_limit", "limit_left", code=shared.id,
                clause=shared.clause)


def shared_key(shared: SharedLimit) -> str:
    """What a shared limit erodes by."""
    return f"{'shared' if shared.basis == 'annual' else 'event_shared'}.{shared.id}"


def each_event_limit(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """The limit of one event, less what was already paid for it."""
    limit = context.amount(context.policy.schedule.each_event_limit_fen)
    left = context.builder.less(limit, context.prior("event_paid"))
    cut(context, [state for state in states if state.erodes], left, "each_event_limit",
        "limit_left")


def aggregate_limit(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """What is left of the year's aggregate with its reinstatements; it erodes by what was paid."""
    builder = context.builder
    schedule, limits = context.policy.schedule, context.policy.product.limits
    whole = context.amount(schedule.aggregate_limit_fen * (1 + limits.reinstatements))
    group = [state for state in states if state.erodes]
    paid = context.prior("aggregate_paid")
    cut(context, group, builder.less(whole, paid), "aggregate_limit", "limit_left")


def reinstate_aggregate(
    context: Context, states: list[SectionState], inside: int
) -> None:
    """What the aggregate limit gets back of what this event was paid out of it, if agreed."""
    schedule, limits = context.policy.schedule, context.policy.product.limits
    if limits.reinstatements and any(state.erodes for state in states):
        reinstated(context, "aggregate", inside, context.prior("aggregate_paid"),
                   context.amount(schedule.aggregate_limit_fen), limits.reinstatements,
                   limits.reinstatement_premium_ppm, schedule.gross_premium_fen or 0)


def reinstated(
    context: Context, name: str, used: int, used_before: int, limit: int, times: int,
    premium_ppm: int, premium_fen: int,
) -> None:
    """What a limit gets back after this event, and what that costs; shown, never deducted."""
    builder = context.builder
    whole = builder.step(Op.PRODUCT_FLOOR, limit, builder.constant(times), builder.constant(1))
    back = builder.minimum(used, builder.less(whole, used_before))
    full = builder.ratio(builder.constant(premium_fen), builder.constant(premium_ppm),
                         builder.constant(PPM))
    premium = builder.ratio(full, back, limit)
    builder.outputs[f"reinstated.{name}"] = back
    builder.outputs[f"reinstatement_premium.{name}"] = premium
    context.record("reinstatement", "event", inputs={"used": used, "limit": limit},
                   outputs={"reinstated": back, "premium": premium}, code=name)
