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
from dinghai.vocabulary.facts import fact
from dinghai.vocabulary.predicates import checked_predicate, facts_of, policy_terms_of
from dinghai.wording.exclusions import Effect, Exclusion
from dinghai.wording.penalties import Choice, Kind
from dinghai.wording.policy import explained

Penalties = dict[str, list[tuple[Exclusion, int]]]
"""By penalty group: exclusions with the register of what each would take."""


@dataclass(slots=True)
class EventEffects:
    """What the event's exclusions do, as registers.

    ``excluded`` are truths with the exclusion they come from; ``shares`` are extra points of the
    insured's share by penalty group, ``uplifts`` multiply deductibles, ``waitings`` are seconds on
    top of waiting times; ``reductions`` are amounts off the event's loss.
    """

    excluded: list[tuple[Exclusion, int]] = field(default_factory=list)
    shares: Penalties = field(default_factory=lambda: defaultdict(list))
    uplifts: Penalties = field(default_factory=lambda: defaultdict(list))
    waitings: Penalties = field(default_factory=lambda: defaultdict(list))
    reductions: list[tuple[Exclusion, int]] = field(default_factory=list)

    def under(self, choice: Choice) -> EventEffects:
        """The same with only the chosen kind of each group that mixes kinds."""
        def kept(kind: Kind, penalties: Penalties) -> Penalties:
            return {group: [(one, register) for one, register in members
                            if one.cumulative or choice.get(group, kind) == kind]
                    for group, members in penalties.items()}
        return EventEffects(self.excluded, kept("points", self.shares),
                            kept("multiply", self.uplifts), kept("hours", self.waitings),
                            self.reductions)


def touches(exclusion: Exclusion, coverage: str) -> bool:
    """Whether an exclusion may act on a coverage at all."""
    return not exclusion.coverages or coverage in exclusion.coverages


def heaviest(context: Context, groups: Penalties, coverage: str | None = None) -> int:
    """Points (or seconds) of all penalty groups that touch a coverage: the heaviest of each group,
    and on top of it those declared cumulative. Without a coverage, only of exclusions that touch
    all.
    """
    builder = context.builder
    zero = total = builder.constant(0)
    for members in groups.values():
        worst = zero
        for exclusion, points in members:
            if exclusion.coverages if coverage is None else not touches(exclusion, coverage):
                continue
            if exclusion.carve_backs:
                stays = unless_carved_back(context, exclusion, coverage or "",
                                           builder.truth(Truth.TRUE), None)
                points = builder.step(Op.SELECT, stays, points, zero)
            if exclusion.cumulative:
                total = builder.step(Op.ADD, total, points)
            else:
                worst = builder.step(Op.MAXIMUM, worst, points)
        total = builder.step(Op.ADD, total, worst)
    return total


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
            facts=_fact_ids(exclusion), code=exclusion.code, burden=exclusion.burden,
            **_degree(exclusion))
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
        case "extend_waiting":
            taken = builder.step(Op.SELECT, applies, builder.constant(effect.hours * 3600), zero)
            effects.waitings[group].append((exclusion, taken))
            return {"waiting_seconds": taken}
        case "graded":
            return _graded_event(context, effects, exclusion, effect, applies)
        case "decline_quote":
            return {}  # it has acted before binding, or not at all
    raise ValueError(f"{exclusion.code}: {effect.type} cannot act on an event")


def _graded_event(
    context: Context, effects: EventEffects, exclusion: Exclusion, effect: Effect, applies: int
) -> dict[str, int]:
    """The first rung whose predicate is true decides; an unknown rung is passed over."""
    builder, zero = context.builder, context.amount(0)
    never = builder.truth(Truth.FALSE)
    found = {"excluded": never, "insured_share_ppm": zero, "uplift_ppm": zero,
             "waiting_seconds": zero}
    open_ = applies
    for step in effect.steps:
        holds = compile_predicate(context, checked_predicate(step.when), None)
        here = builder.step(Op.AND, open_, holds)
        name, value = _rung(context, step.effect)
        if name:
            found[name] = builder.step(Op.SELECT, here, value, found[name])
        open_ = builder.step(Op.SELECT, here, never, open_)
    group = exclusion.penalty_group or exclusion.code
    effects.excluded.append((exclusion, found["excluded"]))
    effects.shares[group].append((exclusion, found["insured_share_ppm"]))
    if found["uplift_ppm"] != zero:
        effects.uplifts[group].append((exclusion, found["uplift_ppm"]))
    if found["waiting_seconds"] != zero:
        effects.waitings[group].append((exclusion, found["waiting_seconds"]))
    return {name: register for name, register in found.items()
            if register != zero or name == "insured_share_ppm"}


def _rung(context: Context, effect: Effect) -> tuple[str, int]:
    """What one rung sets, and to which register."""
    builder = context.builder
    match effect.type:
        case "exclude_event":
            return "excluded", builder.truth(Truth.TRUE)
        case "coinsurance":
            return "insured_share_ppm", builder.constant(effect.insured_share_ppm)
        case "deductible_uplift":
            name = "insured_share_ppm" if effect.mode == "points" else "uplift_ppm"
            return name, builder.constant(effect.rate_ppm)
        case "extend_waiting":
            return "waiting_seconds", builder.constant(effect.hours * 3600)
    return "", 0


_AMOUNTS_OFF = frozenset({"reduce_by_fact", "reduce_to_fact", "reduce_hours_by_fact"})
"""Effects that take a stated amount: once, and not again off costs that go with the item."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """Registers of an item after its exclusions."""

    amount: int
    interruption: int | None


def compile_item_exclusions(
    context: Context, item: int, coverage: str, codes: tuple[str, ...], amount: int,
    interruption: int | None, *, quiet: bool = False, idle_already: int | None = None,
) -> ItemResult:
    """Steps of the exclusions that act on one item, in the product's order.

    ``quiet`` leaves no rules: for amounts that only share the item's exclusions. ``idle_already``
    are the seconds for which an hourly profile shows itself that nothing is earned.
    """
    wanted = set(codes)
    for exclusion in context.policy.product.exclusions:
        if exclusion.acts_on != "item" or exclusion.code not in wanted or (
                not touches(exclusion, coverage)) or (
                quiet and _effect(exclusion).type in _AMOUNTS_OFF):
            continue
        applies, predicate, effective = _applies(context, exclusion, item)
        applies = unless_carved_back(context, exclusion, coverage, applies, item)
        before = amount
        amount, interruption = _item_effect(context, item, exclusion, applies, amount,
                                            interruption, idle_already)
        if quiet:
            continue
        context.record(
            "exclusion", f"item[{item}]", clause=exclusion.clause, law=_law(exclusion),
            inputs={"before": before},
            outputs={"predicate": predicate, "effective": effective, "applies": applies,
                     "after": amount},
            facts=_fact_ids(exclusion), code=exclusion.code, burden=exclusion.burden,
            **_degree(exclusion))
    return ItemResult(amount, interruption)


def _item_effect(
    context: Context, item: int, exclusion: Exclusion, applies: int, amount: int,
    interruption: int | None, idle_already: int | None,
) -> tuple[int, int | None]:
    effect = _effect(exclusion)
    builder = context.builder
    one = builder.constant(PPM)
    match effect.type:
        case "exclude_item":
            reduced = builder.constant(0)
        case "reduce_by_fact":
            taken = builder.step(Op.VALUE, _scoped_fact(context, _needs_fact(effect), item))
            reduced = builder.less(amount, taken)
        case "reduce_by_ratio_fact":
            ratio = builder.step(Op.VALUE, _scoped_fact(context, _needs_fact(effect), item))
            kept = builder.less(one, ratio)
            reduced = builder.step(Op.PRODUCT_HALF_UP, amount, kept, one)
        case "coinsurance" | "sliding_coinsurance":
            kept = builder.step(Op.SUBTRACT, one, _share(context, effect, item))
            reduced = builder.step(Op.PRODUCT_HALF_UP, amount, kept, one)
        case "reduce_to_fact":
            # without the amount that caps it, the cap cannot be applied: the insurer's burden
            cap = _scoped_fact(context, _needs_fact(effect), item)
            lower = builder.step(Op.MINIMUM, amount, builder.step(Op.VALUE, cap))
            reduced = builder.step(Op.SELECT, builder.step(Op.EXISTS, cap), lower, amount)
        case "reduce_to_ratio":
            reduced = _to_ratio(context, item, effect, amount)
        case "graded":
            reduced = _graded_item(context, item, effect, amount)
        case "reduce_hours_by_fact":
            return _idle(context, item, effect, applies, amount, interruption, idle_already)
        case _:
            raise ValueError(f"{exclusion.code}: {effect.type} cannot act on an item")
    return builder.step(Op.SELECT, applies, reduced, amount), interruption


def _to_ratio(context: Context, item: int, effect: Effect, amount: int) -> int:
    """Pays numerator ÷ denominator of the amount; not known, or above the whole: all of it."""
    builder = context.builder
    top, bottom = (_operand(context, item, one) for one in (effect.numerator, effect.denominator))
    reduced = builder.ratio(amount, builder.step(Op.VALUE, top), builder.step(Op.VALUE, bottom))
    below = builder.step(Op.LESS, top, bottom)
    return builder.step(Op.SELECT, below, reduced, amount)


def _operand(context: Context, item: int, operand: dict[str, str] | None) -> int:
    assert operand is not None  # validity requires it
    ((kind, name),) = operand.items()
    if kind == "policy":
        return context.builder.constant(context.policy.term(name) or 0)
    return context.fact(name, item if fact(name).scope == "item" else None)


def _graded_item(context: Context, item: int, effect: Effect, amount: int) -> int:
    """The first rung whose predicate is true decides for the item."""
    builder, one = context.builder, context.builder.constant(PPM)
    kept, open_ = one, builder.truth(Truth.TRUE)
    for step in effect.steps:
        holds = compile_predicate(context, checked_predicate(step.when), item)
        here = builder.step(Op.AND, open_, holds)
        share = PPM if step.effect.type == "exclude_item" else step.effect.insured_share_ppm
        kept = builder.step(Op.SELECT, here, builder.constant(PPM - share), kept)
        open_ = builder.step(Op.SELECT, here, builder.truth(Truth.FALSE), open_)
    return builder.ratio(amount, kept, one)


def _idle(
    context: Context, item: int, effect: Effect, applies: int, amount: int,
    interruption: int | None, idle_already: int | None,
) -> tuple[int, int | None]:
    """Idle hours count nothing: they shorten the interruption and take their share of the loss. Of
    hours that a profile holds at zero nothing is left to take.
    """
    if interruption is None:
        return amount, None
    builder = context.builder
    hours = builder.step(Op.VALUE, _scoped_fact(context, _needs_fact(effect), item))
    idle = builder.step(Op.PRODUCT_FLOOR, hours, builder.constant(3600), builder.constant(1))
    worked = builder.less(interruption, idle)
    earning, left = interruption, worked
    if idle_already is not None:
        earning = builder.less(interruption, idle_already)
        left = builder.minimum(worked, earning)
    reduced = builder.step(Op.PRODUCT_HALF_UP, amount, left, earning)
    return (builder.step(Op.SELECT, applies, reduced, amount),
            builder.step(Op.SELECT, applies, worked, interruption))


def _applies(context: Context, exclusion: Exclusion, item: int | None) -> tuple[int, int, int]:
    """Registers: it applies (true only), its predicate's truth, whether it was explained."""
    assert exclusion.predicate is not None  # a bound policy is resolved
    builder = context.builder
    parsed = checked_predicate(exclusion.predicate)
    predicate = compile_predicate(context, parsed, item)
    if any(context.policy.term(key) is None for key in policy_terms_of(parsed)):
        # nothing can be measured against a term that was not agreed, however it is negated
        predicate = builder.truth(Truth.FALSE)
    proved = explained(context.policy, exclusion.code, exclusion.duty)
    effective = builder.truth(Truth.of(proved))
    both = builder.step(Op.AND, predicate, effective)
    return both, predicate, effective


def unless_carved_back(
    context: Context, exclusion: Exclusion, coverage: str, applies: int, item: int | None
) -> int:
    """The truth that an exclusion applies to a coverage, its reach and carve-backs considered.

    A carve-back whose own predicate is unknown leaves the exclusion unknown: not applied.
    """
    builder = context.builder
    if coverage and not touches(exclusion, coverage):
        return builder.truth(Truth.FALSE)
    for carve_back in exclusion.carve_backs or ():
        if carve_back.coverages and coverage not in carve_back.coverages:
            continue
        if carve_back.when is not None:
            gives_way = compile_predicate(context, checked_predicate(carve_back.when), item)
            applies = builder.step(Op.AND, applies, builder.step(Op.NOT, gives_way))
        elif carve_back.coverages:
            applies = builder.truth(Truth.FALSE)
    return applies


def _share(context: Context, effect: Effect, item: int | None) -> int:
    builder = context.builder
    if effect.type == "coinsurance":
        return builder.constant(effect.insured_share_ppm)
    value = _scoped_fact(context, _needs_fact(effect), item)
    share = builder.constant(effect.bands[-1].insured_share_ppm)
    for band in reversed(effect.bands[:-1]):
        assert band.up_to is not None  # only the last band is open
        within = builder.step(Op.LESS_OR_EQUAL, value, builder.constant(band.up_to))
        share = builder.step(Op.SELECT, within, builder.constant(band.insured_share_ppm), share)
    exists = builder.step(Op.EXISTS, value)  # an unknown value reaches no band
    return builder.step(Op.SELECT, exists, share, builder.constant(0))


def _scoped_fact(context: Context, name: str, item: int | None) -> int:
    """An item's exclusion may ask about the event too."""
    return context.fact(name, item if fact(name).scope == "item" else None)


def _effect(exclusion: Exclusion) -> Effect:
    assert exclusion.effect is not None  # a bound policy is resolved
    return exclusion.effect


def _needs_fact(effect: Effect) -> str:
    assert effect.fact is not None  # conformance requires it
    return effect.fact


def _fact_ids(exclusion: Exclusion) -> tuple[str, ...]:
    assert exclusion.predicate is not None
    ids = [one.id for one in facts_of(checked_predicate(exclusion.predicate))]
    if exclusion.acts_on == "item":
        ids += carve_back_facts(exclusion)
    return tuple(dict.fromkeys((*ids, *_degree_facts(_effect(exclusion)))))


def carve_back_facts(exclusion: Exclusion) -> list[str]:
    """Facts that decide whether an exclusion gives way."""
    return [one.id for carve_back in exclusion.carve_backs or () if carve_back.when is not None
            for one in facts_of(checked_predicate(carve_back.when))]


def _degree_facts(effect: Effect) -> list[str]:
    """Facts that say how much an exclusion takes once it acts."""
    ids = [one.id for step in effect.steps for one in facts_of(checked_predicate(step.when))]
    ids += [effect.fact] if effect.fact else []
    ids += [one["fact"] for one in (effect.numerator, effect.denominator)
            if one and "fact" in one]
    return list(dict.fromkeys(ids))


def _degree(exclusion: Exclusion) -> dict[str, list[str]]:
    ids = _degree_facts(_effect(exclusion))
    return {"degree": ids} if ids else {}


def _law(exclusion: Exclusion) -> tuple[str, ...]:
    return tuple(part for part in (exclusion.law, "保险法17条") if part)
