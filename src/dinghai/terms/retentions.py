"""Stages of what the insured bears first: waiting, own retention, the event deductible."""

from __future__ import annotations

from dinghai.foundation.money import PPM
from dinghai.terms.context import Context
from dinghai.terms.exclusions import EventEffects, heaviest
from dinghai.terms.limits import shared_limits, sublimit_key
from dinghai.terms.program import Op
from dinghai.terms.states import SectionState, applies, comes_before, cut, replace, retain

_OWN = frozenset({"fixed", "percentage", "higher_of", "lower_of"})


def retention(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """A section's own retention or waiting; what it takes of the event deductible is noted."""
    left: dict[str, int] = {}
    for state in states:
        own = state.section.retention.kind in _OWN
        if state.waits and own:
            _waiting(context, state, "own_retention", _own_beside_waiting(context, effects, state))
        elif state.waits:
            key = deductible_key(context, state.insured)
            if key not in left:
                left[key] = _not_yet_taken(context, effects, state.insured, states)
            used = _wait_with_event_deductible(context, state, left[key])
            left[key] = context.builder.less(left[key], used)
        elif own:
            _own_retention(context, effects, state)


def _wait_with_event_deductible(context: Context, state: SectionState, deductible: int) -> int:
    """Take the waiting time; the register of what it took of the event deductible."""
    builder = context.builder
    meets = state.section.retention.kind == "event_deductible"
    used = _waiting(context, state, "event_deductible",
                    deductible if meets else builder.constant(0))
    earlier = state.deductible_taken
    state.deductible_taken = used if earlier is None else builder.step(Op.ADD, earlier, used)
    return used


def _waiting(context: Context, state: SectionState, of: str, deductible: int) -> int:
    """Take the waiting time with the deductible it meets; the register of what it took of that.

    ``of`` names the deductible in the trace: the event's, or the section's own.
    """
    builder = context.builder
    waiting = state.section.waiting
    assert waiting is not None and state.waiting_amount is not None
    assert state.interruption is not None
    money, room = deductible, state.amount
    if waiting.mode == "higher_of":
        taken = builder.step(Op.MAXIMUM, money, state.waiting_amount)
    elif waiting.mode == "waiting_then_deductible":
        taken = builder.step(Op.ADD, state.waiting_amount, money)
        room = builder.less(state.amount, state.waiting_amount)
    elif waiting.mode == "replaces_deductible":
        taken, money = state.waiting_amount, builder.constant(0)
    else:
        taken = money = money if waiting.deductible == "kept" else builder.constant(0)
    after = builder.less(state.amount, taken)
    retain(context, state, builder.step(Op.SUBTRACT, state.amount, after))
    replace(context, state, "waiting", after, code=waiting.mode,
            inputs={"waiting_amount": state.waiting_amount, of: money, "taken": taken,
                    "interruption": state.interruption, "waiting_seconds": state.waiting})
    return builder.minimum(money, room)


def _own_beside_waiting(context: Context, effects: EventEffects, state: SectionState) -> int:
    """The section's own deductible where it also waits: shares are of what waiting left where both
    are taken, else of the loss; nothing unless explained."""
    builder = context.builder
    if not applies(context, f"retention:{state.coverage}", state.name):
        return builder.constant(0)
    waiting = state.section.waiting
    assert waiting is not None and state.waiting_amount is not None
    loss = state.amount
    if waiting.mode == "waiting_then_deductible":
        loss = builder.less(loss, state.waiting_amount)
    return _own_amount(context, effects, state, loss)[0]


def _own_retention(context: Context, effects: EventEffects, state: SectionState) -> None:
    builder = context.builder
    if not applies(context, f"retention:{state.coverage}", state.name):
        return
    taken, factor = _own_amount(context, effects, state, state.amount)
    after = builder.less(state.amount, taken)
    retain(context, state, builder.step(Op.SUBTRACT, state.amount, after))
    replace(context, state, "retention", after, code=state.section.retention.kind,
            inputs={"taken": taken, "uplift_ppm": factor})


def _own_amount(
    context: Context, effects: EventEffects, state: SectionState, loss: int
) -> tuple[int, int]:
    """The section's own deductible on a loss, uplifts included, and the uplift in ppm."""
    builder = context.builder
    own = state.section.retention
    fixed, one = builder.constant(own.amount_fen), builder.constant(PPM)
    base = loss
    if own.of == "sublimit":
        base = context.amount(context.policy.sublimit(state.coverage))
    share = builder.ratio(base, builder.constant(own.ppm), one)
    taken = {
        "fixed": lambda: fixed,
        "percentage": lambda: share,
        "higher_of": lambda: builder.step(Op.MAXIMUM, fixed, share),
        "lower_of": lambda: builder.minimum(fixed, share),
    }[own.kind]()
    if own.minimum_fen:
        taken = builder.step(Op.MAXIMUM, taken, builder.constant(own.minimum_fen))
    if own.maximum_fen is not None:
        taken = builder.minimum(taken, builder.constant(own.maximum_fen))
    factor = heaviest(context, effects.uplifts, state.coverage)
    return builder.ratio(taken, builder.step(Op.ADD, one, factor), one), factor


def _deductible_left(context: Context, effects: EventEffects, insured: str) -> int:
    """The event deductible of this event: nothing unless explained; uplifts multiply it; less what
    earlier claims of the event took."""
    builder = context.builder
    policy = context.policy
    agreed = policy.schedule.event_deductible_fen
    proved = agreed and applies(context, "event_deductible", "event")
    amount = context.amount(agreed if proved else 0)
    one = builder.constant(PPM)
    factor = builder.step(Op.ADD, one, heaviest(context, effects.uplifts))
    whole = builder.ratio(amount, factor, one)
    return builder.less(whole, context.prior(deductible_key(context, insured)))


def _not_yet_taken(
    context: Context, effects: EventEffects, insured: str, states: list[SectionState]
) -> int:
    """What is left of it where the product takes the event deductible before retentions."""
    key = deductible_key(context, insured)
    left = _deductible_left(context, effects, insured)
    for state in states:
        if state.deductible_taken is not None and deductible_key(context, state.insured) == key:
            left = context.builder.less(left, state.deductible_taken)
    return left


def deductible_key(context: Context, insured: str) -> str:
    """Whose event deductible it is: everybody's, or each insured's own."""
    own = context.policy.product.limits.deductible_per == "insured" and insured
    return f"event_deductible@{insured}" if own else "event_deductible"


def event_deductible(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Once per event (or insured), on sections without their own waiting; pro rata among them."""
    by_key: dict[str, list[SectionState]] = {}
    for state in states:
        if not state.in_kind:
            by_key.setdefault(deductible_key(context, state.insured), []).append(state)
    for group in by_key.values():
        _take_event_deductible(context, effects, group)
    _bounds(context, effects, states)


def _take_event_deductible(
    context: Context, effects: EventEffects, states: list[SectionState]
) -> None:
    builder = context.builder
    group = [state for state in states if _takes_part(state)]
    if not group:
        return
    whole = _deductible_left(context, effects, group[0].insured)
    ppm = context.policy.schedule.event_deductible_ppm
    if ppm and applies(context, "event_deductible", "event"):
        share = builder.ratio(builder.total([state.amount for state in group]),
                              builder.constant(ppm), builder.constant(PPM))
        whole = builder.step(Op.MAXIMUM, whole, share)
    left = whole
    for state in states:
        if state.deductible_taken is not None:
            left = builder.less(left, state.deductible_taken)
    before = [state.amount for state in group]
    parts = builder.split(before, builder.less(builder.total(before), left))
    for state, amount, after in zip(group, before, parts, strict=True):
        taken, earlier = builder.step(Op.SUBTRACT, amount, after), state.deductible_taken
        state.deductible_taken = taken if earlier is None else builder.step(
            Op.ADD, earlier, taken)
        retain(context, state, taken)
        replace(context, state, "event_deductible", after,
                inputs={"deductible": whole, "left_after_waiting": left, "share": taken})


def _takes_part(state: SectionState) -> bool:
    """A section without a retention or waiting of its own, or one that says so all the same."""
    own = state.section.retention
    if own.then_event_deductible:
        return True
    waiting = state.section.waiting
    # a waiting time that was not explained may not bring back a deductible that it takes away
    spared = waiting is not None and waiting.takes_deductible_away
    return own.kind == "event_deductible" and not state.waits and not spared


def _bounds(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """All retentions of one event together: at least the minimum, at most the maximum."""
    schedule = context.policy.schedule
    cash = [state for state in states if not state.in_kind]
    if schedule.retention_minimum_fen and applies(context, "retention_minimum", "event"):
        _at_least(context, cash, schedule.retention_minimum_fen)
    if schedule.retention_maximum_fen is not None:
        _at_most(context, cash, states, schedule.retention_maximum_fen)
        if comes_before(context, "shared_limits", "event_deductible"):
            shared_limits(context, effects, states)  # what was given back may not pass them


def _retained(context: Context, states: list[SectionState]) -> int:
    return context.builder.total([state.retained for state in states
                                  if state.retained is not None])


def _at_least(context: Context, states: list[SectionState], fen: int) -> None:
    builder = context.builder
    minimum = context.amount(fen)
    cut_off = builder.total([state.cut_off for state in states if state.cut_off is not None])
    missing = builder.less(builder.less(minimum, _retained(context, states)), cut_off)
    before = [state.amount for state in states]
    cut(context, states, builder.less(builder.total(before), missing), "retention_minimum",
        inputs={"minimum": minimum, "missing": missing, "cut_off": cut_off})
    for state, amount in zip(states, before, strict=True):
        retain(context, state, builder.step(Op.SUBTRACT, amount, state.amount))


def _at_most(
    context: Context, cash: list[SectionState], states: list[SectionState], fen: int
) -> None:
    """Give back by the room each section has: what it retained, but no more than its sublimit
    leaves to all who share it."""
    builder = context.builder
    zero = builder.constant(0)
    maximum = context.amount(fen)
    excess = builder.less(_retained(context, cash), maximum)
    rooms = _rooms(context, cash, states)
    given = builder.minimum(excess, builder.total(rooms))
    for state, back in zip(cash, builder.share(rooms, given), strict=True):
        retain(context, state, builder.step(Op.SUBTRACT, zero, back))
        replace(context, state, "retention_maximum", builder.step(Op.ADD, state.amount, back),
                inputs={"maximum": maximum, "excess": excess, "given_back": back})


def _rooms(
    context: Context, cash: list[SectionState], states: list[SectionState]
) -> list[int]:
    """Registers of what may be given back to each section; bounded only by sublimits that have
    been cut to already, since a later stage sees to its own."""
    builder = context.builder
    rooms = {state.name: builder.constant(0) if state.retained is None else state.retained
             for state in cash}
    if comes_before(context, "sublimit", "event_deductible"):
        for key in dict.fromkeys(sublimit_key(state) for state in cash):
            group = [state for state in states if sublimit_key(state) == key]
            takers = [state for state in group if state.name in rooms]
            limit = group[0].limit_left
            assert limit is not None  # the stage has run
            left = builder.less(limit, builder.total([state.amount for state in group]))
            kept = builder.split([rooms[state.name] for state in takers], left)
            rooms.update(zip((state.name for state in takers), kept, strict=True))
    return list(rooms.values())

