"""Stages that share a loss: the insured's part, unpaid premium, other insurers, and the layers."""

from __future__ import annotations

from dinghai.foundation.money import PPM
from dinghai.terms.context import Context
from dinghai.terms.exclusions import EventEffects, heaviest
from dinghai.terms.limits import reinstated
from dinghai.terms.program import Op
from dinghai.terms.states import SectionState, applies, comes_before, cut, recovered, replace
from dinghai.wording.layers import Layer


def insured_share(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """The agreed share and the points of penalties, each group of them punished once."""
    builder = context.builder
    one = builder.constant(PPM)
    for state in states:
        agreed = state.section.insured_share_ppm
        if agreed and not applies(context, f"insured_share:{state.coverage}", state.name):
            agreed = 0
        penalties = heaviest(context, effects.shares, state.coverage)
        share = builder.minimum(one, builder.step(Op.ADD, builder.constant(agreed), penalties))
        kept = builder.step(Op.SUBTRACT, one, share)
        replace(context, state, "insured_share", builder.ratio(state.amount, kept, one),
                inputs={"share_ppm": share, "penalties_ppm": penalties})


def premium_paid(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Where instalments are unpaid: × premium paid ÷ premium due, if agreed and explained."""
    clause = context.policy.product.instalments
    if clause is None or not applies(context, "premium_paid", "event"):
        return
    builder = context.builder
    values = {"premium_due": context.value("premium.due"),
              "premium_paid": context.value("premium.paid")}
    # that nothing was paid may stand as established absent: both must be known, not both exist
    known = [builder.step(Op.KNOWN, context.fact(one)) for one in ("premium.due", "premium.paid")]
    short = builder.every([*known, builder.step(Op.LESS, values["premium_paid"],
                                                values["premium_due"])])
    for state in states:
        reduced = builder.ratio(state.amount, values["premium_paid"], values["premium_due"])
        replace(context, state, "premium_paid",
                builder.step(Op.SELECT, short, reduced, state.amount), inputs=values,
                facts=("premium.due", "premium.paid"), clause=clause.clause)


def other_insurance(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """Double insurance (保险法56条) by the product's rule; never more than the loss in all."""
    terms = context.policy.product.other_insurance
    if terms.rule == "none":
        return
    builder = context.builder
    for state in states:
        paid = _over_items(context, state, "item.other_insurance_paid")
        after = builder.less(state.amount, paid)
        inputs = {"paid_elsewhere": paid}
        if terms.rule == "sums_insured":
            own = context.amount(context.policy.sublimit(state.coverage))
            other = _over_items(context, state, "item.other_insurance_sum", Op.MAXIMUM)
            known = _any_known(context, state, "item.other_insurance_sum")
            after = _pro_rata(context, state.amount, own, other, known, after)
            inputs |= {"own_sum": own, "other_sum": other}
        elif terms.rule == "independent_liability":
            other = _over_items(context, state, "item.other_insurance_liability")
            known = _any_known(context, state, "item.other_insurance_liability")
            after = _pro_rata(context, state.amount, state.amount, other, known, after)
            inputs |= {"other_liability": other}
        open_ = builder.less(state.loss, paid)
        if comes_before(context, "recoveries", "other_insurance"):
            open_ = builder.less(open_, recovered(context, state))  # a later stage takes its own
        after = builder.minimum(after, open_)
        replace(context, state, "other_insurance", after, inputs=inputs, code=terms.rule,
                facts=("item.other_insurance_paid", "item.other_insurance_sum",
                       "item.other_insurance_liability"),
                law=("保险法56条",), clause=terms.clause)


def _over_items(context: Context, state: SectionState, name: str, op: Op = Op.ADD) -> int:
    """A fact over a section's items: added up, or the highest."""
    result = context.value(name, state.items[0])
    for item in state.items[1:]:
        result = context.builder.step(op, result, context.value(name, item))
    return result


def _any_known(context: Context, state: SectionState, name: str) -> int:
    """Truth: an item's fact is known. One that is known to be nothing is known too."""
    builder = context.builder
    return builder.certain(builder.some([
        builder.step(Op.EXISTS, context.fact(name, item)) for item in state.items]))


def _pro_rata(
    context: Context, amount: int, own: int, other: int, known: int, otherwise: int
) -> int:
    """amount × own ÷ (own + other) where the other is known, else as given."""
    builder = context.builder
    shared = builder.ratio(amount, own, builder.step(Op.ADD, own, other))
    return builder.step(Op.SELECT, known, shared, otherwise)


def layers(context: Context, effects: EventEffects, states: list[SectionState]) -> None:
    """The tower: each layer bears its slice, its participants share it, sections are cut to it."""
    tower = context.policy.schedule.layers
    group = [state for state in states if state.erodes]
    if not tower or not group:
        return
    builder = context.builder
    presented = builder.total([state.amount for state in group])
    builder.outputs["presented"] = presented
    paid = [_layer(context, one, presented) for one in tower]
    cut(context, group, builder.total(paid), "layers", "borne_by_layers")


def _layer(context: Context, layer: Layer, presented: int) -> int:
    """The register of what a layer pays in money."""
    builder = context.builder
    before = context.prior("event_presented" if layer.basis == "each_event" else "presented")
    top = _slice(context, layer, builder.step(Op.ADD, before, presented))
    borne = builder.step(Op.SUBTRACT, top, _slice(context, layer, before))
    annual = layer.limit_fen if layer.aggregate_fen is None else layer.aggregate_fen
    borne_before = context.prior(f"layer.{layer.id}")
    left = builder.less(context.amount(annual * (1 + layer.reinstatements)), borne_before)
    borne = builder.minimum(borne, left)
    builder.outputs[f"layer.{layer.id}"] = borne
    if layer.reinstatements:
        reinstated(context, layer.id, borne, borne_before, context.amount(layer.limit_fen),
                   layer.reinstatements, layer.reinstatement_premium_ppm, layer.premium_fen)
    paid = _participants(context, layer, borne)
    context.record("layer", "event", clause=layer.clause, code=layer.id,
                   inputs={"presented": presented, "presented_before": before},
                   outputs={"borne": borne, "paid": paid})
    return paid


def _slice(context: Context, layer: Layer, amount: int) -> int:
    builder = context.builder
    above = builder.less(amount, context.amount(layer.attachment_fen))
    return builder.minimum(above, context.amount(layer.limit_fen))


def _participants(context: Context, layer: Layer, borne: int) -> int:
    """Placed shares to the fen; what the insured bears itself is placed and not paid."""
    builder = context.builder
    if not layer.participants:
        return borne
    weights = [builder.constant(one.share_ppm) for one in layer.participants]
    placed = builder.ratio(borne, builder.constant(sum(one.share_ppm for one in
                                                       layer.participants)),
                           builder.constant(PPM))
    shares = builder.share(weights, placed)
    for one, share in zip(layer.participants, shares, strict=True):
        builder.outputs[f"share.{layer.id}.{one.party}"] = share
    return builder.total([share for one, share in zip(layer.participants, shares, strict=True)
                          if not one.retained])
