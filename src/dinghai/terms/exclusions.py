"""Exclusions and reducing conditions as steps.

Cause exclusions act on the whole event, item exclusions on one item: the two live in different
functions and cannot be mixed up. An exclusion acts only when its predicate is *true* and its duty
of explanation is proved; unknown never excludes (保险法30条, 17条).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from dinghai.foundation.money import PPM
from dinghai.foundation.truth import Truth
from dinghai.terms.context import Context, compile_predicate
from dinghai.terms.program import Op
from dinghai.vocabulary.predicates import facts_of, parse_predicate
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.policy import explained


@dataclass(slots=True)
class EventEffects:
    """What the event's exclusions do, as registers.

    ``excluded`` are truths with the exclusion they come from; ``shares`` are extra points of the
    insured's share by penalty group, ``uplifts`` multiply the event deductible; ``reductions``
    are amounts off the event's loss.
    """

    excluded: list[tuple[Exclusion, int]] = field(default_factory=list)
    shares: dict[str, list[tuple[Exclusion, int]]] = field(
        default_factory=lambda: defaultdict(list))
    uplifts: dict[str, list[tuple[Exclusion, int]]] = field(
        default_factory=lambda: defaultdict(list))
    reductions: list[tuple[Exclusion, int]] = field(default_factory=list)


def compile_event_exclusions(context: Context) -> EventEffects:
    """Steps of every exclusion that acts on the event."""
    effects = EventEffects()
    for exclusion in context.policy.product.exclusions:
        if exclusion.acts_on != "event":
            continue
        applies, predicate, effective = _applies(context, exclusion, None)
        result = _event_effect(context, effects, exclusion, applies)
        context.record(
            "exclusion", "event", clause=exclusion.clause, law=_law(exclusion),
            inputs={}, outputs={"predicate": predicate, "effective": effective,
                                "applies": applies, **result},
            facts=_fact_ids(exclusion), code=exclusion.code, burden=exclusion.burden)
    return effects


def _event_effect(
    context: Context, effects: EventEffects, exclusion: Exclusion, applies: int
) -> dict[str, int]:
    effect = _effect(exclusion)
    builder, zero = context.builder, context.amount(0)
    group = exclusion.penalty_group or exclusion.code
    match effect.type:
        case "exclude_event":
            effects.excluded.append((exclusion, applies))
            return {}
        case "reduce_by_fact":
            amount = builder.step(Op.VALUE, context.fact(_needs_fact(effect)))
            taken = builder.step(Op.SELECT, applies, amount, zero)
            effects.reductions.append((exclusion, taken))
            return {"amount": taken}
        case "coinsurance" | "sliding_coinsurance":
            share = _share(context, effect, None)
            taken = builder.step(Op.SELECT, applies, share, zero)
            effects.shares[group].append((exclusion, taken))
            return {"insured_share_ppm": taken}
        case "deductible_uplift":
            taken = builder.step(Op.SELECT, applies, builder.constant(effect.rate_ppm), zero)
            target = effects.shares if effect.mode == "points" else effects.uplifts
            target[group].append((exclusion, taken))
            return {"uplift_ppm": taken}
        case "graded":
            return _graded_event(context, effects, exclusion, effect, applies)
    raise ValueError(f"{exclusion.code}: {effect.type} cannot act on an event")


def _graded_event(
    context: Context, effects: EventEffects, exclusion: Exclusion, effect: Effect, applies: int
) -> dict[str, int]:
    """The first rung whose predicate is true decides; an unknown rung is passed over."""
    builder, zero = context.builder, context.amount(0)
    share, excluded, open_ = zero, builder.truth(Truth.FALSE), applies
    for step in effect.steps:
        holds = compile_predicate(context, parse_predicate(step.when), None)
        here = builder.step(Op.AND, open_, holds)
        if step.effect.type == "exclude_event":
            excluded = builder.step(Op.SELECT, here, builder.truth(Truth.TRUE), excluded)
        elif step.effect.type in {"coinsurance", "deductible_uplift"}:
            points = step.effect.insured_share_ppm or step.effect.rate_ppm
            share = builder.step(Op.SELECT, here, builder.constant(points), share)
        open_ = builder.step(Op.SELECT, here, builder.truth(Truth.FALSE), open_)
    effects.excluded.append((exclusion, excluded))
    effects.shares[exclusion.penalty_group or exclusion.code].append((exclusion, share))
    return {"insured_share_ppm": share, "excluded": excluded}


@dataclass(frozen=True, slots=True)
class ItemResult:
    """Registers of an item after its exclusions."""

    amount: int
    interruption: int | None


def compile_item_exclusions(
    context: Context, item: int, coverage: str, codes: tuple[str, ...], amount: int,
    interruption: int | None,
) -> ItemResult:
    """Steps of the exclusions that act on one item, in the product's order."""
    wanted = set(codes)
    for exclusion in context.policy.product.exclusions:
        if exclusion.acts_on != "item" or exclusion.code not in wanted:
            continue
        applies, predicate, effective = _applies(context, exclusion, item)
        applies = unless_carved_back(context, exclusion, coverage, applies, item)
        before = amount
        amount, interruption = _item_effect(context, item, exclusion, applies, amount,
                                            interruption)
        context.record(
            "exclusion", f"item[{item}]", clause=exclusion.clause, law=_law(exclusion),
            inputs={"before": before},
            outputs={"predicate": predicate, "effective": effective, "applies": applies,
                     "after": amount},
            facts=_fact_ids(exclusion), code=exclusion.code, burden=exclusion.burden)
    return ItemResult(amount, interruption)


def _item_effect(
    context: Context, item: int, exclusion: Exclusion, applies: int, amount: int,
    interruption: int | None,
) -> tuple[int, int | None]:
    effect = _effect(exclusion)
    builder = context.builder
    one = builder.constant(PPM)
    match effect.type:
        case "exclude_item":
            reduced = builder.constant(0)
        case "reduce_by_fact":
            fact = builder.step(Op.VALUE, context.fact(_needs_fact(effect), item))
            reduced = builder.not_below_zero(builder.step(Op.SUBTRACT, amount, fact))
        case "reduce_by_ratio_fact":
            ratio = builder.step(Op.VALUE, context.fact(_needs_fact(effect), item))
            kept = builder.not_below_zero(builder.step(Op.SUBTRACT, one, ratio))
            reduced = builder.step(Op.PRODUCT_HALF_UP, amount, kept, one)
        case "coinsurance" | "sliding_coinsurance":
            kept = builder.step(Op.SUBTRACT, one, _share(context, effect, item))
            reduced = builder.step(Op.PRODUCT_HALF_UP, amount, kept, one)
        case "reduce_to_fact":
            # without the amount that caps it, the cap cannot be applied: the insurer's burden
            cap = context.fact(_needs_fact(effect), item)
            lower = builder.step(Op.MINIMUM, amount, builder.step(Op.VALUE, cap))
            reduced = builder.step(Op.SELECT, builder.step(Op.EXISTS, cap), lower, amount)
        case "reduce_hours_by_fact":
            return _idle(context, item, effect, applies, amount, interruption)
        case _:
            raise ValueError(f"{exclusion.code}: {effect.type} cannot act on an item")
    return builder.step(Op.SELECT, applies, reduced, amount), interruption


def _idle(
    context: Context, item: int, effect: Effect, applies: int, amount: int,
    interruption: int | None,
) -> tuple[int, int | None]:
    """Idle hours count nothing: they shorten the interruption and take their share of the loss."""
    if interruption is None:
        return amount, None
    builder = context.builder
    hours = builder.step(Op.VALUE, context.fact(_needs_fact(effect), item))
    idle = builder.step(Op.PRODUCT_FLOOR, hours, builder.constant(3600), builder.constant(1))
    worked = builder.not_below_zero(builder.step(Op.SUBTRACT, interruption, idle))
    reduced = builder.step(Op.PRODUCT_HALF_UP, amount, worked, interruption)
    return (builder.step(Op.SELECT, applies, reduced, amount),
            builder.step(Op.SELECT, applies, worked, interruption))


def _applies(context: Context, exclusion: Exclusion, item: int | None) -> tuple[int, int, int]:
    """Registers: it applies (true only), its predicate's truth, whether it was explained."""
    assert exclusion.predicate is not None  # a bound policy is resolved
    builder = context.builder
    predicate = compile_predicate(context, parse_predicate(exclusion.predicate), item)
    proved = explained(context.policy, exclusion.code, exclusion.duty)
    effective = builder.truth(Truth.of(proved))
    both = builder.step(Op.AND, predicate, effective)
    return both, predicate, effective


def unless_carved_back(
    context: Context, exclusion: Exclusion, coverage: str, applies: int, item: int | None
) -> int:
    """The truth that an exclusion applies to a coverage, its carve-backs considered.

    A carve-back whose own predicate is unknown leaves the exclusion unknown: not applied.
    """
    builder = context.builder
    for carve_back in exclusion.carve_backs or ():
        if carve_back.coverages and coverage not in carve_back.coverages:
            continue
        if carve_back.when is not None:
            gives_way = compile_predicate(context, parse_predicate(carve_back.when), item)
            applies = builder.step(Op.AND, applies, builder.step(Op.NOT, gives_way))
        elif carve_back.coverages:
            applies = builder.truth(Truth.FALSE)
    return applies


def _share(context: Context, effect: Effect, item: int | None) -> int:
    builder = context.builder
    if effect.type == "coinsurance":
        return builder.constant(effect.insured_share_ppm)
    value = context.fact(_needs_fact(effect), item)
    share = builder.constant(effect.bands[-1].insured_share_ppm)
    for band in reversed(effect.bands[:-1]):
        assert band.up_to is not None  # only the last band is open
        within = builder.step(Op.LESS_OR_EQUAL, value, builder.constant(band.up_to))
        share = builder.step(Op.SELECT, within, builder.constant(band.insured_share_ppm), share)
    return share


def _effect(exclusion: Exclusion) -> Effect:
    assert exclusion.effect is not None  # a bound policy is resolved
    return exclusion.effect


def _needs_fact(effect: Effect) -> str:
    assert effect.fact is not None  # conformance requires it
    return effect.fact


def _fact_ids(exclusion: Exclusion) -> tuple[str, ...]:
    assert exclusion.predicate is not None
    effect = _effect(exclusion)
    ids = [one.id for one in facts_of(parse_predicate(exclusion.predicate))]
    for step in effect.steps:
        ids.extend(one.id for one in facts_of(parse_predicate(step.when)))
    if effect.fact:
        ids.append(effect.fact)
    return tuple(dict.fromkeys(ids))


def _law(exclusion: Exclusion) -> tuple[str, ...]:
    return tuple(part for part in (exclusion.law, "保险法17条") if part)
