"""A policy becomes a flat table of integer steps, for one shape of incident.

The shape is the coverage, insured and supplier of each loss item. The order of the stages after the
exclusions is the product's own (`calculation_order`); the default is DECISIONS 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dinghai.foundation.errors import InputError
from dinghai.foundation.truth import Truth
from dinghai.terms.context import Context
from dinghai.terms.erosion import note_erosion
from dinghai.terms.exclusions import (
    EventEffects,
    compile_event_exclusions,
    compile_item_exclusions,
    heaviest,
    touches,
)
from dinghai.terms.interruption import LostTime, profile
from dinghai.terms.limits import reinstate_aggregate
from dinghai.terms.program import Builder, ItemShape, Op, Program, Rule
from dinghai.terms.stages import STAGES
from dinghai.terms.states import SectionState, applies, section_name
from dinghai.terms.triggers import TOWER, covered, lawful
from dinghai.terms.valuation import ValuedItem, Waitings, compile_valuation
from dinghai.wording.penalties import choices
from dinghai.wording.policy import Policy
from dinghai.wording.sections import Section, Tower, Valuation


def compile_policy(policy: Policy, items: Sequence[str | ItemShape]) -> Program:
    """Compile a policy for loss items claimed under these coverages, in this order.

    Outputs are ``total`` (after interim payments), ``inside`` and ``outside`` the aggregate,
    ``pay.<section>`` for every section with an item, ``ground_up``, and where they apply
    ``in_kind.<section>``, ``defence.<section>``, ``layer.<id>``, ``share.<id>.<party>``,
    ``reinstated.<id>``, ``reinstatement_premium.<id>`` and ``erode.<prior>``. Raises InputError for
    a coverage that the policy does not grant, or a member it does not name.
    """
    shapes = tuple(one if isinstance(one, ItemShape) else ItemShape(one) for one in items)
    members = {one.id for one in policy.schedule.members}
    for shape in shapes:
        if not policy.grants(shape.coverage):
            raise InputError(f"the policy does not grant {shape.coverage}", field="items",
                             mend="claim it under a coverage of the policy")
        if shape.insured and shape.insured not in members:
            raise InputError(f"the policy has no member {shape.insured!r}", field="items",
                             mend="one of: " + (", ".join(sorted(members)) or "none"))
    context = Context(Builder(), policy, shapes)
    effects = compile_event_exclusions(context)
    readings = [_compile_reading(context, effects.under(one))
                for one in choices(policy.product.exclusions)]
    _choose_heaviest(context.builder, readings)
    return context.builder.build(context.items)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The terms under one choice of penalties: outputs and rules of their own."""

    outputs: dict[str, int]
    rules: list[Rule]


def _compile_reading(context: Context, effects: EventEffects) -> _Reading:
    """Everything after the event's exclusions."""
    policy, builder = context.policy, context.builder
    before = builder.rules
    builder.outputs, builder.rules = {}, list(before)
    compiled = []
    counted: dict[str, int] = {}
    for section in policy.product.sections:
        if policy.grants(section.coverage):
            parts = [_Section(context, effects, section, insured)
                     for insured in context.insureds_of(section.coverage)]
            counted |= _supplier_caps(context, parts)
            for part in parts:
                part.finish()
            compiled += parts
    states = [one.state for one in compiled]
    for stage in policy.product.calculation_order:
        if states:
            STAGES[stage](context, effects, states)
    towers: dict[str, int] = {}
    for tower in policy.product.towers:
        towers |= _compile_tower(context, effects, tower)
    defence = {one.state.name: one.defence for one in compiled if one.defence is not None}
    _finish(context, compiled, towers, defence, counted)
    reading = _Reading(builder.outputs, builder.rules[len(before):])
    builder.rules = before
    return reading


def _choose_heaviest(builder: Builder, readings: list[_Reading]) -> None:
    """The reading that leaves least, the first of several; the others' rules are not shown."""
    first, *others = readings
    chosen = [builder.truth(Truth.TRUE)]
    outputs = first.outputs
    for one in others:
        lower = builder.step(Op.LESS, one.outputs["due"], outputs["due"])
        outputs = {name: builder.step(Op.SELECT, lower, one.outputs[name], register)
                   for name, register in outputs.items()}
        higher = builder.step(Op.NOT, lower)
        chosen = [*(builder.step(Op.AND, before, higher) for before in chosen), lower]
    builder.outputs = outputs
    for one, register in zip(readings, chosen, strict=True):
        builder.rules += [replace(rule, chosen=register) if others else rule
                          for rule in one.rules]


class _Section:
    """One section of one insured: trigger, items, exclusions, and what comes to the stages."""

    def __init__(
        self, context: Context, effects: EventEffects, section: Section, insured: str
    ) -> None:
        self.context, self.effects, self.section = context, effects, section
        self.insured = insured
        self.name = section_name(section.coverage, insured)
        self.positions = context.items_of(section.coverage, insured)
        self.covered = covered(context, effects, section.coverage, section.clause,
                               section.triggers or (), section.trigger_basis, self.name)
        self.waiting = self._waiting()
        self.waited: list[tuple[int, int, int]] = []
        self.valued = [self._item(item) for item in self.positions]
        self.amounts = {item: amount for item, (amount, _one, _time)
                        in zip(self.positions, self.valued, strict=True)}

    def finish(self) -> None:
        """What comes to the stages, once suppliers' caps have cut the items."""
        context, section, builder = self.context, self.section, self.context.builder
        items = builder.total(list(self.amounts.values()))
        loss = builder.step(Op.SELECT, self.covered, items, builder.constant(0))
        context.record("section_loss", self.name, clause=section.clause,
                       inputs={"items": items, "covered": self.covered}, outputs={"amount": loss})
        loss = self._payable(loss)
        self.state = SectionState(
            section, self.insured, self.positions, self.amounts, loss, loss,
            self.waiting.seconds,
            in_kind=section.valuation is not None and section.valuation.method == "in_kind")
        self._time()
        self.defence = self._defence([one for _amount, one, _time in self.valued])

    def _waiting(self) -> Waitings:
        """The waiting time, and every length that conditions can stretch it to."""
        builder = self.context.builder
        base = self.section.waiting.seconds if self.section.waiting else 0
        extra = [(exclusion, register) for group in self.effects.waitings.values()
                 for exclusion, register in group if touches(exclusion, self.section.coverage)]
        stretch = {0}
        for exclusion, _register in extra:
            hours = [exclusion.effect.hours] if exclusion.effect else []
            hours += [step.effect.hours for step in (exclusion.effect.steps if exclusion.effect
                                                     else ())]
            stretch |= {one + 3600 * more for one in stretch for more in hours}
        lengths = {base + one: builder.constant(base + one) for one in sorted(stretch)}
        seconds = builder.constant(base)
        if extra:
            seconds = builder.step(Op.ADD, seconds, heaviest(
                self.context, self.effects.waitings, self.section.coverage))
        return Waitings(seconds, lengths if self.section.waiting else {})

    def _item(self, item: int) -> tuple[int, ValuedItem, int | None]:
        """An item's amount after its exclusions, how it was valued, and its interruption."""
        section = self.section
        assert section.valuation is not None  # a bound policy is resolved
        apart = self.context.policy.product.limits.defence == "outside"
        valued = compile_valuation(self.context, item, section.valuation, self.waiting,
                                   section.indemnity_days, section.clause, asks=section.asks,
                                   defence_apart=apart)
        result = compile_item_exclusions(
            self.context, item, section.coverage, section.exclusions or (), valued.amount,
            valued.time.interruption if valued.time else None,
            idle_already=self._idle_already(item))
        amount = _reasonable(self.context, item, result.amount, section.clause)
        if valued.time is not None and result.interruption is not None and section.waiting and (
                applies(self.context, f"waiting:{section.coverage}", self.name)):
            amount = self._longer_than_waiting(item, amount, valued.time, result.interruption)
        return amount, valued, result.interruption

    def _idle_already(self, item: int) -> int | None:
        """Seconds of the interruption that an hourly profile values at nothing."""
        assert self.section.valuation is not None  # a bound policy is resolved
        if self.section.valuation.method != "business_interruption_hourly_profile":
            return None
        return self.context.builder.step(
            Op.VALUE, profile(self.context, item, "idle", self.section.indemnity_days))

    def _longer_than_waiting(
        self, item: int, amount: int, time: LostTime, interruption: int
    ) -> int:
        """Nothing for an interruption that is not longer than the waiting time, stop by stop; what
        the waiting time costs is no more than the item itself."""
        context, builder = self.context, self.context.builder
        zero = builder.constant(0)
        buffer = builder.step(Op.SUBTRACT, time.reach, time.interruption)
        longer = builder.step(Op.LESS, self.waiting.seconds,
                              builder.step(Op.ADD, buffer, interruption))
        after = builder.step(Op.SELECT, longer, amount, zero)
        self.waited.append((longer, builder.minimum(time.waiting_amount, after), interruption))
        context.record("waiting_test", f"item[{item}]", clause=self.section.clause,
                       inputs={"before": amount, "interruption": interruption,
                               "waiting_seconds": self.waiting.seconds},
                       outputs={"exceeded": longer, "after": after})
        return after

    def _payable(self, loss: int) -> int:
        """Nothing where the law forbids to pay; the amount is shown all the same."""
        context, section = self.context, self.section
        if section.payability in {None, "covered"}:
            return loss
        allowed = lawful(context, section)
        after = context.builder.step(Op.SELECT, allowed, loss, context.builder.constant(0))
        context.record("payability", self.name, clause=section.clause, inputs={"nominal": loss},
                       outputs={"after": after, "lawful": allowed},
                       code=section.payability or "",
                       facts=("risk.jurisdiction", "risk.virtual_currency"))
        return after

    def _time(self) -> None:
        """The longest interruption that is paid, and the sum of what waiting costs."""
        builder, state = self.context.builder, self.state
        if self.waited:
            zero = builder.constant(0)
            state.waiting_amount = builder.total([amount for _longer, amount, _time
                                                  in self.waited])
            state.interruption = zero
            for longer, _amount, time in self.waited:
                state.interruption = builder.step(Op.MAXIMUM, state.interruption, builder.step(
                    Op.SELECT, longer, time, zero))

    def _defence(self, items: list[ValuedItem]) -> int | None:
        """Defence costs on top of the limits: what the items' exclusions leave of them."""
        context, builder = self.context, self.context.builder
        kept = []
        for item, valued in zip(self.positions, items, strict=True):
            if valued.defence is not None:
                kept.append(compile_item_exclusions(
                    context, item, self.section.coverage, self.section.exclusions or (),
                    valued.defence, None, quiet=True).amount)
        if not kept:
            return None
        whole = builder.total(kept)
        amount = builder.step(Op.SELECT, self.covered, whole, builder.constant(0))
        if self.section.payability not in {None, "covered"}:
            amount = builder.step(Op.SELECT, lawful(context, self.section), amount,
                                  builder.constant(0))
        context.record("defence_outside", self.name, clause=self.section.clause,
                       law=("保险法66条",), inputs={"before": whole}, outputs={"after": amount},
                       facts=("liability.defence_costs",))
        return amount


def _supplier_caps(context: Context, parts: list[_Section]) -> dict[str, int]:
    """The most for one supplier's stop, before any share and over all insureds (DECISIONS 6).

    Returns what counts against each supplier's cap, by its erosion name.
    """
    builder = context.builder
    cap = parts[0].section.per_supplier_fen if parts else None
    if cap is None:
        return {}
    counted = {}
    holder = {item: part for part in parts for item in part.positions}
    for supplier in dict.fromkeys(context.items[item].supplier for item in holder):
        group = [item for item in holder if context.items[item].supplier == supplier]
        key = f"event_supplier.{parts[0].section.coverage}.{supplier}"
        left = builder.less(context.amount(cap), context.prior(key))
        before = [holder[item].amounts[item] for item in group]
        after = builder.split(before, left)
        for item, was, now in zip(group, before, after, strict=True):
            context.record("supplier_cap", f"item[{item}]", clause=holder[item].section.clause,
                           code=supplier, inputs={"before": was, "limit_left": left},
                           outputs={"after": now})
            holder[item].amounts[item] = now
        # what is not paid uses nothing up; trigger, causes and law are the same for all insureds
        pays = parts[0].covered
        if parts[0].section.payability not in {None, "covered"}:
            pays = builder.step(Op.AND, pays, lawful(context, parts[0].section))
        counted[key] = builder.step(Op.SELECT, pays, builder.total(after), builder.constant(0))
    return counted


def _reasonable(context: Context, item: int, amount: int, clause: str) -> int:
    """Cap by the amount found necessary and reasonable, once somebody has found it."""
    builder = context.builder
    fact = context.fact("item.reasonable_amount", item)
    capped = builder.minimum(amount, builder.step(Op.VALUE, fact))
    result = builder.step(Op.SELECT, builder.step(Op.EXISTS, fact), capped, amount)
    context.record("reasonableness", f"item[{item}]", clause=clause, law=("保险法22条",),
                   inputs={"before": amount}, outputs={"after": result},
                   facts=("item.reasonable_amount",))
    return result


def _compile_tower(context: Context, effects: EventEffects, tower: Tower) -> dict[str, int]:
    """A cover outside the aggregate, by insured: no deductible, no insured's share, one cap."""
    builder = context.builder
    nothing = Waitings(builder.constant(0), {})
    spent: dict[str, tuple[int, int]] = {}
    for insured in context.insureds_of(tower.coverage):
        name = section_name(tower.coverage, insured)
        holds = covered(context, effects, tower.coverage, tower.clause, tower.triggers or (),
                        TOWER, name)
        amounts = []
        for item in context.items_of(tower.coverage, insured):
            valued = compile_valuation(context, item, Valuation(method="actual_cost"), nothing,
                                       None, tower.clause)
            amounts.append(_reasonable(context, item, valued.amount, tower.clause))
        spent[name] = (holds, builder.step(Op.SELECT, holds, builder.total(amounts),
                                           builder.constant(0)))
    paid = [before for _holds, before in spent.values()]
    if paid and tower.cap == "sum_insured":
        paid = builder.split(paid, context.amount(context.policy.schedule.aggregate_limit_fen))
    for (name, (holds, before)), after in zip(spent.items(), paid, strict=True):
        context.record("tower", name, clause=tower.clause, law=(tower.law,),
                       inputs={"before": before, "covered": holds}, outputs={"after": after})
    return dict(zip(spent, paid, strict=True))


def _finish(
    context: Context, compiled: list[_Section], towers: dict[str, int], defence: dict[str, int],
    counted: dict[str, int],
) -> None:
    builder = context.builder
    states = [one.state for one in compiled]
    zero = builder.constant(0)
    for state in states:
        if state.in_kind:
            context.record("in_kind", state.name, clause=state.section.clause,
                           inputs={"before": state.amount}, outputs={"after": zero})
            builder.outputs[f"in_kind.{state.name}"] = state.amount
        builder.outputs[f"pay.{state.name}"] = zero if state.in_kind else state.amount
    for name, register in towers.items():
        builder.outputs[f"pay.{name}"] = register
    for name, register in defence.items():
        builder.outputs[f"defence.{name}"] = register
        builder.outputs[f"pay.{name}"] = builder.step(Op.ADD, builder.outputs[f"pay.{name}"],
                                                      register)
    inside = builder.total([state.amount for state in states if state.erodes])
    beside = [state.amount for state in states if not state.erodes and not state.in_kind]
    outside = builder.total([*beside, *towers.values(), *defence.values()])
    due = builder.step(Op.ADD, inside, outside)
    interim = builder.minimum(context.prior("interim_paid"), due)
    total = builder.step(Op.SUBTRACT, due, interim)
    context.record("interim", "event", law=("保险法25条",), inputs={"due": due},
                   outputs={"interim": interim, "total": total})
    builder.outputs.update({"total": total, "inside": inside, "outside": outside, "due": due,
                            "interim": interim,
                            "ground_up": builder.total([state.loss for state in states])})
    reinstate_aggregate(context, states, inside)
    note_erosion(context, states, inside, counted)
